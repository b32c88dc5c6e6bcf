/* What programs, /proc and /sys say, copied file by file into a tar stream. Programs go first, they
 * change what is counted; then what stands still, the tasks, and what always moves last, as close to
 * the crash as can be.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define MAX_DEPTH     16
#define MAX_LOAD_JSON (2 << 20)
/* From here on a process is one of thousands of sleepers: the files in brief[] do. */
#define FULL_TASKS 500

struct copy {
	struct tar *tar;
	const char *const *skip; /* paths below the directory being copied that are left out */
	size_t root;		 /* length of that directory's path */
	char *buf;
	size_t room;
	FILE *errors;
	char *errors_text;
	size_t errors_len;
	char netns[64][32]; /* network namespaces whose net/ is in the truth already */
	unsigned int nr_netns;
};

/* Blocks when read, is memory rather than text, or is copied on its own. */
static const char *const proc_skip[] = {
	"kcore",	 "kmsg", "kpagecount", "kpageflags", "kpagecgroup", "vmcore",
	"sysrq-trigger", "acpi", "net",	       "self",	     "thread-self", NULL,
};
static const char *const proc_late[] = {
	"sched_debug", "timer_list", "vmallocinfo", "slabinfo", "pagetypeinfo",
	"zoneinfo",    "buddyinfo",  "diskstats",   "locks",	"interrupts",
	"softirqs",    "schedstat",  "pressure",    "loadavg",	"meminfo",
	"vmstat",      "stat",	     "uptime",	    NULL,
};
static const char *const sys_dirs[] = {
	"/sys/module",
	"/sys/kernel",
	"/sys/fs/cgroup",
	"/sys/class/net",
	"/sys/class/block",
	"/sys/block",
	"/sys/devices/virtual/net",
	"/sys/devices/virtual/block",
	"/sys/devices/virtual/bdi",
	"/sys/devices/virtual/workqueue",
	"/sys/devices/system/cpu",
	"/sys/devices/system/node",
	"/sys/devices/system/clocksource",
	"/sys/power",
	NULL,
};
static const char *const sys_skip[] = {
	"debug", "tracing", "security", "slab", "btf", "config", NULL,
};
static const char *const task_skip[] = {
	"mem", "pagemap", "clear_refs", "task", "net", NULL,
};
/* Of debugfs: what tells of the scheduler, of disks and of what else the dump shows too. */
static const char *const debug_names[] = {
	"bdi", "block", "sched", "kprobes", "wakeup_sources", "extfrag", "dma_buf", NULL,
};
/* What threads share with their process is in the truth once. */
static const char *const thread_skip[] = {
	"mem",	"pagemap", "clear_refs", "net",	 "smaps",     "smaps_rollup", "numa_maps",
	"maps", "environ", "cmdline",	 "auxv", "mountinfo", "mounts",	      "mountstats",
	"fd",	"fdinfo",  "map_files",	 "attr", "ns",	      "timers",	      NULL,
};
static const char *const nothing[] = { NULL };
static const char *const brief[] = { "stat", "status", "comm", "stack", "cmdline", NULL };

static bool is_in(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static bool is_number(const char *name)
{
	return isdigit((unsigned char)name[0]);
}

static void failed(struct copy *c, const char *path)
{
	fprintf(c->errors, "%s: %s\n", path, strerror(errno));
}

/* The path of a member of the stream: without the slash that it starts with. */
static const char *inside(const char *path)
{
	return path + 1;
}

static void grow(struct copy *c)
{
	c->room = c->room ? 2 * c->room : 1 << 20;
	c->buf = realloc(c->buf, c->room);
	if (!c->buf)
		die("no memory for the truth");
}

/* Reads to the end; -errno only if nothing could be read. */
static ssize_t read_all(struct copy *c, int fd)
{
	size_t len = 0;

	for (;;) {
		ssize_t n;

		if (len == c->room)
			grow(c);
		n = read(fd, c->buf + len, c->room - len);
		if (n < 0 && !len)
			return -errno;
		if (n <= 0)
			return len;
		len += n;
	}
}

static void copy_file_as(struct copy *c, const char *path, const char *name)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st = { 0 };
	ssize_t n;

	if (fd < 0)
		return failed(c, path);
	fstat(fd, &st);
	n = read_all(c, fd);
	close(fd);
	if (n < 0) {
		errno = -n;
		return failed(c, path);
	}
	tar_file(c->tar, name, &st, c->buf, n);
}

static void copy_link(struct copy *c, const char *path)
{
	char target[PATH_MAX + 64];
	struct stat st = { 0 };
	ssize_t n = readlink(path, target, sizeof(target));

	if (n < 0)
		return failed(c, path);
	lstat(path, &st);
	tar_link(c->tar, inside(path), &st, target, n);
}

static void copy_dir_as(struct copy *c, const char *path, const char *name, int depth);

static void copy_entry(struct copy *c, const char *path, const char *name, int type, int depth)
{
	struct stat st;

	if (type == DT_UNKNOWN && !lstat(path, &st))
		type = IFTODT(st.st_mode);
	if (type == DT_LNK)
		copy_link(c, path);
	else if (type == DT_REG)
		copy_file_as(c, path, name);
	else if (type == DT_DIR && depth < MAX_DEPTH)
		copy_dir_as(c, path, name, depth + 1);
}

static void copy_dir_as(struct copy *c, const char *path, const char *name, int depth)
{
	char child[PATH_MAX], child_name[PATH_MAX];
	DIR *dir = opendir(path);
	struct dirent *e;
	struct stat st = { 0 };

	if (!dir)
		return failed(c, path);
	fstat(dirfd(dir), &st);
	tar_dir(c->tar, name, &st);
	while ((e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if ((size_t)snprintf(child, sizeof(child), "%s/%s", path, e->d_name) >=
			    sizeof(child) ||
		    (size_t)snprintf(child_name, sizeof(child_name), "%s/%s", name, e->d_name) >=
			    sizeof(child_name))
			continue;
		if (!is_in(c->skip, child + c->root + 1))
			copy_entry(c, child, child_name, e->d_type, depth);
	}
	closedir(dir);
}

static void leave_out(struct copy *c, const char *const *skip, size_t root)
{
	c->skip = skip;
	c->root = root;
}

static void copy_dir(struct copy *c, const char *path, const char *const *skip)
{
	leave_out(c, skip, strlen(path));
	copy_dir_as(c, path, inside(path), 0);
}

/* A file, link or directory named in one of the lists above. */
static void copy_named(struct copy *c, const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (access(path, F_OK))
		return;
	leave_out(c, nothing, 0);
	copy_entry(c, path, inside(path), DT_UNKNOWN, 0);
}

/* What links like those of /sys/block lead to; virtual devices are in sys_dirs. */
static void copy_devices(struct copy *c, const char *pattern)
{
	char path[PATH_MAX];
	glob_t found;

	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (realpath(found.gl_pathv[i], path) && !strstr(path, "/virtual/"))
			copy_dir(c, path, nothing);
	globfree(&found);
}

static void copy_still(struct copy *c)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;

	for (size_t i = 0; sys_dirs[i]; i++)
		if (!access(sys_dirs[i], F_OK))
			copy_dir(c, sys_dirs[i], sys_skip);
	copy_devices(c, "/sys/block/*");
	copy_devices(c, "/sys/class/net/*");
	bpf_copy(c->tar);
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && !is_number(e->d_name) && !is_in(proc_skip, e->d_name) &&
		    !is_in(proc_late, e->d_name))
			copy_named(c, "/proc", e->d_name);
	if (dir)
		closedir(dir);
	if (!access("/proc/crashme", F_OK))
		copy_file_as(c, "/proc/crashme", "crashme");
}

static void copy_late(struct copy *c)
{
	for (size_t i = 0; debug_names[i]; i++)
		copy_named(c, "/sys/kernel/debug", debug_names[i]);
	leave_out(c, nothing, 0);
	copy_dir_as(c, "/proc/1/net", "proc/net", 0);
	for (size_t i = 0; proc_late[i]; i++)
		copy_named(c, "/proc", proc_late[i]);
}

/* Tells whether this task is the first seen in its network namespace. */
static bool new_netns(struct copy *c, const char *dir)
{
	char path[PATH_MAX], name[32] = "";

	snprintf(path, sizeof(path), "%s/ns/net", dir);
	if (readlink(path, name, sizeof(name) - 1) < 0)
		return false;
	for (unsigned int i = 0; i < c->nr_netns; i++)
		if (!strcmp(c->netns[i], name))
			return false;
	if (c->nr_netns == ARRAY_SIZE(c->netns))
		return false;
	memcpy(c->netns[c->nr_netns++], name, sizeof(name));
	return true;
}

static void copy_threads(struct copy *c, const char *dir)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *threads;

	snprintf(path, sizeof(path), "%s/task", dir);
	threads = opendir(path);
	if (!threads)
		return failed(c, path);
	while ((e = readdir(threads))) {
		snprintf(path, sizeof(path), "%s/task/%s", dir, e->d_name);
		if (is_number(e->d_name))
			copy_dir(c, path, thread_skip);
	}
	closedir(threads);
}

static void copy_task(struct copy *c, const char *pid, bool full)
{
	char dir[300];

	snprintf(dir, sizeof(dir), "/proc/%s", pid);
	if (!full) {
		for (size_t i = 0; brief[i]; i++)
			copy_named(c, dir, brief[i]);
		return;
	}
	copy_dir(c, dir, task_skip);
	copy_threads(c, dir);
	pagemap_copy(c->tar, pid);
	/* The first process stands for the initial namespace, which is in proc/net. */
	if (new_netns(c, dir) && strcmp(pid, "1"))
		copy_named(c, dir, "net");
}

static void copy_tasks(struct copy *c)
{
	DIR *dir = opendir("/proc");
	unsigned int n = 0;
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (is_number(e->d_name))
			copy_task(c, e->d_name, n++ < FULL_TASKS);
	if (dir)
		closedir(dir);
}

static void add_clock(const char *key, clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	fact_num(slot_find("truth"), key, now.tv_sec * 1000000000ll + now.tv_nsec);
}

static void copy_text(struct copy *c, const char *name, const char *text, size_t len)
{
	const struct stat st = { .st_mode = 0644, .st_mtime = time(NULL) };

	tar_file(c->tar, name, &st, text, len);
}

static void copy_load_json(struct copy *c)
{
	char *json = malloc(MAX_LOAD_JSON);

	if (!json)
		die("no memory for load.json");
	copy_text(c, "load.json", json, slots_json(json, MAX_LOAD_JSON));
	free(json);
}

uint64_t truth_copy(int fd, uint64_t room)
{
	struct copy c = { .tar = tar_open(fd, room) };

	c.errors = open_memstream(&c.errors_text, &c.errors_len);
	if (!c.errors)
		die("no memory for the truth");
	programs_copy(c.tar);
	add_clock("realtime_begin", CLOCK_REALTIME);
	add_clock("boottime_begin", CLOCK_MONOTONIC);
	copy_still(&c);
	add_clock("realtime_tasks", CLOCK_REALTIME);
	copy_tasks(&c);
	add_clock("realtime_late", CLOCK_REALTIME);
	copy_late(&c);
	add_clock("realtime_end", CLOCK_REALTIME);
	add_clock("boottime_end", CLOCK_MONOTONIC);
	fclose(c.errors);
	copy_text(&c, "errors", c.errors_text, c.errors_len);
	copy_load_json(&c);
	free(c.errors_text);
	free(c.buf);
	return tar_close(c.tar);
}
