/* /proc: its directories of processes, and the small files at its top. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/task/task_key.h"
#include "kernel/cpu/cpu_time.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/cred.h"
#include "kernel/task/task.h"
#include "kernel/sys/uts.h"
#include "kernel/sys/vitals.h"
#include "kernel/walk/list.h"

#define BANNER_LEN  512
#define FS_NAME_LEN 64

static int add_processes(struct render *r, struct names *names)
{
	return list_tasks.list(r, names);
}

static int find_process(struct render *r, const char *name, uint64_t *ret)
{
	return list_tasks.lookup(r, name, ret);
}

/* The process that stands for whoever reads: the first, for readers differ and a file does not. */
static int first_process(struct render *r, uint64_t *ret_task, uint64_t *ret_pid)
{
	const struct task_list *l;
	int e = task_find(r->k, 1, ret_task);

	*ret_pid = 1;
	if (e >= 0)
		return 0;
	e = tasks_get(r->k, &l);
	for (size_t i = 0; e >= 0 && i < l->n; i++) {
		if (l->v[i].idle || l->v[i].pid != l->v[i].tgid)
			continue;
		*ret_task = l->v[i].task;
		*ret_pid = l->v[i].pid;
		return 0;
	}
	return e < 0 ? e : fail(-ENOENT, "there are no processes");
}

static int find_reader(struct render *r, uint64_t *ret)
{
	uint64_t pid;

	return first_process(r, ret, &pid);
}

/* pstree and lsof take whose a process is from there. */
static int attr_of_task(struct render *r, struct attr *ret)
{
	struct cred cred;
	int e = task_cred(r->k, key_task(r), &cred);

	if (e < 0)
		return e;
	ret->mode = 0555; /* whoever owns it: anyone who sees the tree may look */
	ret->uid = cred.uid[ID_EFFECTIVE];
	ret->gid = cred.gid[ID_EFFECTIVE];
	return 0;
}

const struct lister list_proc = {
	.list = add_processes,
	.lookup = find_process,
	.reader = find_reader,
	.attr = attr_of_task,
};

static int add_threads(struct render *r, struct names *names)
{
	return list_threads.list(r, names);
}

static int find_thread(struct render *r, const char *name, uint64_t *ret)
{
	return list_threads.lookup(r, name, ret);
}

const struct lister list_proc_threads = {
	.list = add_threads,
	.lookup = find_thread,
	.attr = attr_of_task,
	.like = "/proc/{pid}",
};

int gen_proc_self(struct render *r)
{
	uint64_t task, pid;
	int e = first_process(r, &task, &pid);

	if (e >= 0)
		put(r->out, "%lu", pid);
	return e;
}

int gen_proc_thread_self(struct render *r)
{
	uint64_t task, pid;
	int e = first_process(r, &task, &pid);

	if (e >= 0)
		put(r->out, "%lu/task/%lu", pid, pid);
	return e;
}

int gen_proc_mounts(struct render *r)
{
	put_str(r->out, "self/mounts");
	return 0;
}

int gen_proc_cmdline(struct render *r)
{
	char line[LIMIT_CMDLINE];
	uint64_t at;
	int e = symbol_u64(r->k, "saved_command_line", 8, &at);

	if (e >= 0)
		e = kernel_read_str(r->k, at, line, sizeof(line));
	if (e < 0)
		return within(e, "saved_command_line");
	put(r->out, "%s\n", line);
	return 0;
}

/* The banner has a %s for each of three names, and who built it between the last two. */
int gen_proc_version(struct render *r)
{
	char banner[BANNER_LEN], *p = banner, *hole;
	struct uts uts;
	const char *const names[] = { uts.sysname, uts.release, uts.version };
	uint64_t at;
	int e = symbol_addr(r->k, "linux_proc_banner", &at);

	if (e >= 0)
		e = kernel_read_str(r->k, at, banner, sizeof(banner));
	if (e < 0)
		return within(e, "linux_proc_banner");
	kernel_uts(r->k, &uts);
	for (size_t i = 0; i < 3 && (hole = strstr(p, "%s")); i++) {
		put_bytes(r->out, p, (size_t)(hole - p));
		put_str(r->out, names[i]);
		p = hole + 2;
	}
	put_str(r->out, p);
	return 0;
}

int gen_proc_loadavg(struct render *r)
{
	struct cpu_counts counts;
	uint64_t threads, ns, last;
	unsigned int load[3];
	int e = kernel_load(r->k, load);

	if (e >= 0)
		e = cpu_counts(r->k, &counts);
	if (e >= 0)
		e = symbol_u64(r->k, "nr_threads", 4, &threads);
	if (e >= 0)
		e = symbol_addr(r->k, "init_pid_ns", &ns);
	if (e >= 0)
		e = field_u64(r->k, ns, F_pid_ns_last, &last);
	if (e < 0)
		return e;
	for (size_t i = 0; i < 3; i++)
		put(r->out, "%u.%02u ", load[i] / 100, load[i] % 100);
	put(r->out, "%lu/%lu %lu\n", counts.running, threads,
	    field_is_newest(r->k, F_pid_ns_last) ? last - 1 : last);
	return 0;
}

int gen_proc_uptime(struct render *r)
{
	struct clocks clocks;
	uint64_t idle;
	int e = kernel_clocks(r->k, &clocks);

	if (e >= 0)
		e = cpu_idle_time(r->k, &idle);
	if (e < 0)
		return e;
	put(r->out, "%lu.%02lu %lu.%02lu\n", clocks.boot / 1000000000, clocks.boot / 10000000 % 100,
	    idle / 1000000000, idle / 10000000 % 100);
	return 0;
}

static int put_fs_type(struct render *r, uint64_t type)
{
	enum { FS_REQUIRES_DEV = 1 };
	char name[FS_NAME_LEN];
	uint64_t flags;
	int e = field_u64(r->k, type, F_fs_type_flags, &flags);

	if (e >= 0)
		e = field_str(r->k, type, F_fs_type_name, name, sizeof(name));
	if (e >= 0)
		put(r->out, "%s\t%s\n", flags & FS_REQUIRES_DEV ? "" : "nodev", name);
	return e;
}

int gen_proc_filesystems(struct render *r)
{
	uint64_t head, type;
	struct guard guard = { 0 };
	struct list_walk w;
	int e = symbol_addr(r->k, "file_systems", &head);

	if (e >= 0 && field_exists(r->k, F_fs_type_list)) {
		e = hlist_begin(&w, r->k, head, F_fs_type_list);
		while (e >= 0 && (e = hlist_next(&w, &type)) > 0)
			e = put_fs_type(r, type);
		return e;
	}
	if (e >= 0)
		e = kernel_read_uint(r->k, head, 8, &type);
	while (e >= 0 && type) {
		e = guard_step(&guard, type);
		if (e >= 0)
			e = put_fs_type(r, type);
		if (e >= 0)
			e = field_u64(r->k, type, F_fs_type_next, &type);
	}
	return e;
}

bool has_proc_execdomains(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "execdomains_proc_show", &va) >= 0;
}

/* The only one since 973f911f55a0 (v4.1), which left the file for programs that read it. */
int gen_proc_execdomains(struct render *r)
{
	put_str(r->out, "0-0\tLinux           \t[kernel]\n");
	return 0;
}
