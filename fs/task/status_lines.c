/* The lines of /tasks/<pid>/status that are more than a number. */
#include <errno.h>
#include <stdlib.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/mask.h"
#include "fs/task/status.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/task/pid.h"
#include "kernel/task/speculation.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

#define NODES_MAX 1024	       /* MAX_NUMNODES */
#define NO_THP	  (1ull << 24) /* MMF_DISABLE_THP */
#define SHSTK	  (1ull << 0)  /* ARCH_SHSTK_SHSTK */
#define WRSS	  (1ull << 1)

int status_name(struct status *s, const struct line *l)
{
	char name[TASK_NAME_LEN];
	int r = task_name(s->k, s->task, name);

	(void)l;
	for (const char *p = name; r >= 0 && *p; p++) {
		if (*p == '\n' || *p == '\\')
			put(s->out, "\\%c", *p == '\n' ? 'n' : '\\');
		else
			put_bytes(s->out, p, 1);
	}
	return r;
}

int status_umask(struct status *s, const struct line *l)
{
	uint64_t fs, umask;
	int r = field_u64(s->k, s->task, F_task_fs, &fs);

	(void)l;
	if (r >= 0 && !fs)
		return LEFT_OUT;
	if (r >= 0)
		r = field_u64(s->k, fs, F_fs_umask, &umask);
	if (r >= 0)
		put(s->out, "%#04o", (unsigned int)umask);
	return r;
}

int status_state(struct status *s, const struct line *l)
{
	char state;
	int r = task_state(s->k, s->task, &state);

	(void)l;
	if (r >= 0)
		put(s->out, "%c (%s)", state, task_state_name(state));
	return r;
}

int status_fd_size(struct status *s, const struct line *l)
{
	uint64_t files, table, n = 0;
	int r = field_u64(s->k, s->task, F_task_files, &files);

	(void)l;
	if (r >= 0 && files) {
		r = field_u64(s->k, files, F_files_fdt, &table);
		if (r >= 0)
			r = field_u64(s->k, table, F_fdtable_max_fds, &n);
	}
	if (r >= 0)
		put(s->out, "%lu", n);
	return r;
}

int status_groups(struct status *s, const struct line *l)
{
	struct groups *groups = malloc(sizeof(*groups));
	int r;

	(void)l;
	if (!groups)
		return fail(-ENOMEM, "groups");
	r = cred_groups(s->k, s->cred.addr, groups);
	for (size_t i = 0; r >= 0 && i < groups->n; i++)
		put(s->out, "%s%u", i ? " " : "", groups->gid[i]);
	/* Each of them has a space behind it, and f7a5f132b447 (v4.9), which brought .gid too, a last one. */
	if (r >= 0 && (groups->n || field_exists(s->k, F_group_info_gid)))
		put_str(s->out, " ");
	free(groups);
	return r;
}

/* The number of a pid in the namespaces of the task's own, from the initial one down. */
int status_ns_pids(struct status *s, const struct line *l)
{
	struct pid_numbers own, p = { 0 };
	uint64_t pid;
	int r = task_pid_struct(s->k, s->task, PID_TASK, &pid);

	if (r >= 0 && !pid)
		return LEFT_OUT;
	if (r >= 0)
		r = pid_numbers(s->k, pid, &own);
	if (r >= 0)
		r = task_pid_struct(s->k, s->task, l->what, &pid);
	if (r >= 0 && pid)
		r = pid_numbers(s->k, pid, &p);
	for (size_t i = 0; r >= 0 && i < own.n; i++)
		put(s->out, "%s%u", i ? "\t" : "",
		    i < p.n && p.ns[i] == own.ns[i] ? p.number[i] : 0);
	return r;
}

int status_kthread(struct status *s, const struct line *l)
{
	uint64_t flags;
	int r = field_u64(s->k, s->task, F_task_flags, &flags);

	(void)l;
	if (r >= 0)
		put_str(s->out, flags & PF_KTHREAD ? "1" : "0");
	return r;
}

int status_core_dumping(struct status *s, const struct line *l)
{
	uint64_t signal, state;
	int r;

	(void)l;
	if (field_exists(s->k, F_signal_core_state)) {
		r = field_u64(s->k, s->task, F_task_signal, &signal);
		if (r >= 0)
			r = field_u64(s->k, signal, F_signal_core_state, &state);
	} else {
		r = field_u64(s->k, s->mm, F_mm_core_state, &state);
	}
	if (r >= 0)
		put_str(s->out, state ? "1" : "0");
	return r;
}

int status_thp_enabled(struct status *s, const struct line *l)
{
	uint64_t flags, va;
	int r = field_u64(s->k, s->mm, F_mm_flags, &flags);

	(void)l;
	if (r >= 0)
		put_str(s->out,
			symbol_addr(s->k, "do_huge_pmd_anonymous_page", &va) < 0 || flags & NO_THP
				? "0"
				: "1");
	return r;
}

/* All ones where addresses carry no tags; of arm64 the highest byte is one. */
int status_untag_mask(struct status *s, const struct line *l)
{
	uint64_t mask =
		field_exists(s->k, F_task_thread_cpu_context) ? UINT64_MAX >> 8 : UINT64_MAX;
	int r = 0;

	(void)l;
	if (field_exists(s->k, F_mm_untag_mask))
		r = field_u64(s->k, s->mm, F_mm_untag_mask, &mask);
	if (r >= 0)
		put(s->out, "%#lx", mask);
	return r;
}

int status_signal_queue(struct status *s, const struct line *l)
{
	enum { SIGPENDING = 11 };
	struct rlimit limits[RLIMITS] = { 0 };
	uint64_t queued = 0;
	int r = 0;

	(void)l;
	if (s->signals.threads) {
		r = status_load(s, OF_CRED);
		if (r >= 0)
			r = cred_queued_signals(s->k, s->cred.addr, &queued);
		if (r >= 0)
			r = task_rlimits(s->k, s->task, limits);
	}
	if (r >= 0)
		put(s->out, "%u/%lu", (unsigned int)queued, limits[SIGPENDING].soft);
	return r;
}

int status_no_new_privs(struct status *s, const struct line *l)
{
	uint64_t flags;
	/* a member of its own until v3.16 */
	int r = field_u64(s->k, s->task,
			  field_exists(s->k, F_task_no_new_privs) ? F_task_no_new_privs
								  : F_task_atomic_flags,
			  &flags);

	(void)l;
	if (r >= 0)
		put(s->out, "%lu", flags & 1);
	return r;
}

/* What prctl(2) says of a task, in words. */
static const struct {
	unsigned int spec;
	const char *store, *branch;
} spec_words[] = {
	{ SPEC_NOT_AFFECTED, "not vulnerable", "not affected" },
	{ SPEC_PRCTL | SPEC_FORCE_DISABLE, "thread force mitigated", "conditional force disabled" },
	{ SPEC_PRCTL | SPEC_DISABLE, "thread mitigated", "conditional disabled" },
	{ SPEC_PRCTL | SPEC_ENABLE, "thread vulnerable", "conditional enabled" },
	{ SPEC_PRCTL | SPEC_NOEXEC, "vulnerable", "unknown" },
	{ SPEC_DISABLE, "globally mitigated", "always disabled" },
	{ SPEC_ENABLE, "vulnerable", "always enabled" },
	{ SPEC_UNKNOWN, "vulnerable", "unknown" },
};

#define SPEC_WORDS (sizeof(spec_words) / sizeof(spec_words[0]))

static size_t spec_row(unsigned int spec)
{
	size_t i = 0;

	while (i + 1 < SPEC_WORDS && spec_words[i].spec != spec)
		i++;
	return i;
}

/* This kernel has no such choice; or it keeps its variables' names to itself, and then nobody knows. */
static int unless_hidden(struct status *s, int r)
{
	if (r == -ENODATA && symbols_lack_data(s->k))
		put_str(s->out, "?");
	else if (r != -EOPNOTSUPP)
		return r;
	return 0;
}

int status_spec_store(struct status *s, const struct line *l)
{
	unsigned int spec;
	int r = task_spec_store(s->k, s->task, &spec);

	(void)l;
	if (r >= 0)
		put_str(s->out, spec_words[spec_row(spec)].store);
	else if (r == -EOPNOTSUPP)
		put_str(s->out, "unknown");
	return unless_hidden(s, r);
}

int status_spec_branch(struct status *s, const struct line *l)
{
	unsigned int spec;
	int r = task_spec_branch(s->k, s->task, &spec);

	(void)l;
	if (r >= 0)
		put_str(s->out, spec_words[spec_row(spec)].branch);
	else if (r == -EOPNOTSUPP)
		put_str(s->out, "unsupported");
	return unless_hidden(s, r);
}

/* Read a mask of @nr bits, a member of the task. */
static int read_mask(struct status *s, enum field f, size_t nr, uint64_t *ret)
{
	unsigned char raw[LIMIT_CPUS / 8];
	uint64_t at, size;
	int r = field_addr(s->k, s->task, f, &at);

	if (r >= 0)
		r = field_size(s->k, f, &size);
	if (r >= 0 && (size < nr / 8 || nr > LIMIT_CPUS))
		r = fail(-EBADMSG, "a mask of %zu bits in %lu bytes", nr, size);
	if (r >= 0)
		r = kernel_read(s->k, at, raw, (nr + 63) / 64 * 8);
	for (size_t i = 0; r >= 0 && i < (nr + 63) / 64; i++)
		ret[i] = load_le64(raw + 8 * i);
	return r;
}

static int put_cpus(struct status *s, void (*form)(struct strbuf *, const uint64_t *, size_t))
{
	uint64_t words[LIMIT_CPUS / 64];
	const struct cpus *c;
	int r = cpus_get(s->k, &c);

	if (r >= 0)
		r = read_mask(s, F_task_cpus_mask, c->nr, words);
	if (r >= 0)
		form(s->out, words, c->nr);
	return r;
}

int status_cpus(struct status *s, const struct line *l)
{
	(void)l;
	return put_cpus(s, put_mask);
}

int status_cpus_list(struct status *s, const struct line *l)
{
	(void)l;
	return put_cpus(s, put_mask_list);
}

/* MAX_NUMNODES: what node_data[] has room for; one where there are no nodes. 0: not known. */
static size_t node_count(struct status *s)
{
	struct symbol nodes;

	if (symbol_find(s->k, "node_data", &nodes) < 0)
		return 1;
	if (nodes.size < 8)
		return nodes.size;
	return nodes.size / 8 < NODES_MAX ? nodes.size / 8 : NODES_MAX;
}

static int put_mems(struct status *s, void (*form)(struct strbuf *, const uint64_t *, size_t))
{
	uint64_t words[NODES_MAX / 64], size = 0;
	size_t n = node_count(s);
	int r;

	/* A list needs no width. */
	if (!n && form == put_mask) {
		put_str(s->out, "?");
		return 0;
	}
	r = n ? 0 : field_size(s->k, F_task_mems_allowed, &size);
	n = n ? n : size < NODES_MAX / 8 ? 8 * (size_t)size : NODES_MAX;
	if (r >= 0)
		r = read_mask(s, F_task_mems_allowed, n, words);
	if (r >= 0)
		form(s->out, words, n);
	return r;
}

int status_mems(struct status *s, const struct line *l)
{
	(void)l;
	return put_mems(s, put_mask);
}

int status_mems_list(struct status *s, const struct line *l)
{
	(void)l;
	return put_mems(s, put_mask_list);
}

int status_features(struct status *s, const struct line *l)
{
	uint64_t features;
	int r = field_u64(s->k, s->task, l->what, &features);

	if (r >= 0)
		put(s->out, "%s%s", features & SHSTK ? "shstk " : "",
		    features & WRSS ? "wrss " : "");
	return r;
}
