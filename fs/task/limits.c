/* The short files of /tasks/<pid> that procfs has, byte for byte: limits, io, and the single numbers. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/task/id_map.h"
#include "kernel/task/signal.h"
#include "kernel/task/task.h"

/* By RLIMIT_*. */
static const struct {
	const char *name, *unit;
} limit_names[RLIMITS] = {
	{ "Max cpu time", "seconds" },	   { "Max file size", "bytes" },
	{ "Max data size", "bytes" },	   { "Max stack size", "bytes" },
	{ "Max core file size", "bytes" }, { "Max resident set", "bytes" },
	{ "Max processes", "processes" },  { "Max open files", "files" },
	{ "Max locked memory", "bytes" },  { "Max address space", "bytes" },
	{ "Max file locks", "locks" },	   { "Max pending signals", "signals" },
	{ "Max msgqueue size", "bytes" },  { "Max nice priority", NULL },
	{ "Max realtime priority", NULL }, { "Max realtime timeout", "us" },
};

static void put_limit(struct strbuf *out, uint64_t limit)
{
	if (limit == UINT64_MAX)
		put(out, "%-20s ", "unlimited");
	else
		put(out, "%-20lu ", limit);
}

int gen_task_limits(struct render *r)
{
	struct rlimit limits[RLIMITS];
	int e = task_rlimits(r->k, key_task(r), limits);

	if (e < 0)
		return e;
	put(r->out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (size_t i = 0; i < RLIMITS; i++) {
		put(r->out, "%-25s ", limit_names[i].name);
		put_limit(r->out, limits[i].soft);
		put_limit(r->out, limits[i].hard);
		if (limit_names[i].unit)
			put(r->out, "%-10s", limit_names[i].unit);
		put_str(r->out, "\n");
	}
	return 0;
}

static const struct {
	const char *name;
	enum field f;
} io_counters[] = {
	{ "rchar", F_ioac_rchar },
	{ "wchar", F_ioac_wchar },
	{ "syscr", F_ioac_syscr },
	{ "syscw", F_ioac_syscw },
	{ "read_bytes", F_ioac_read_bytes },
	{ "write_bytes", F_ioac_write_bytes },
	{ "cancelled_write_bytes", F_ioac_cancelled_write_bytes },
};

#define IO_COUNTERS (sizeof(io_counters) / sizeof(io_counters[0]))

struct io {
	struct kernel *k;
	uint64_t n[IO_COUNTERS];
};

/* Add the struct task_io_accounting that is the member @ioac of @owner. */
static int add_io(struct io *io, uint64_t owner, enum field ioac)
{
	uint64_t at, v;
	int r = field_addr(io->k, owner, ioac, &at);

	for (size_t i = 0; r >= 0 && i < IO_COUNTERS; i++) {
		r = field_u64(io->k, at, io_counters[i].f, &v);
		if (r >= 0)
			io->n[i] += v;
	}
	return r;
}

static int add_io_of_task(void *arg, uint64_t task)
{
	return add_io(arg, task, F_task_ioac);
}

/* A process has that of all threads that it has and had. */
int gen_task_io(struct render *r)
{
	struct io io = { .k = r->k };
	uint64_t task = key_task(r), signal;
	int e;

	if (key_is_thread(r, 0)) {
		e = add_io_of_task(&io, task);
	} else {
		e = field_u64(r->k, task, F_task_signal, &signal);
		if (e >= 0)
			e = add_io(&io, signal, F_signal_ioac);
		if (e >= 0)
			e = task_threads(r->k, task, add_io_of_task, &io);
	}
	for (size_t i = 0; e >= 0 && i < IO_COUNTERS; i++)
		put(r->out, "%s: %lu\n", io_counters[i].name, io.n[i]);
	return e;
}

int gen_task_oom_score_adj(struct render *r)
{
	uint64_t signal, adj;
	int e = field_u64(r->k, key_task(r), F_task_signal, &signal);

	if (e >= 0)
		e = field_u64(r->k, signal, F_signal_oom_score_adj, &adj);
	if (e >= 0)
		put(r->out, "%d\n", (int)adj);
	return e;
}

int gen_task_personality(struct render *r)
{
	uint64_t personality;
	int e = field_u64(r->k, key_task(r), F_task_personality, &personality);

	if (e >= 0)
		put(r->out, "%08x\n", (unsigned int)personality);
	return e;
}

/* These two have no newline. */
int gen_task_loginuid(struct render *r)
{
	uint64_t uid;
	int e = field_u64(r->k, key_task(r), F_task_loginuid, &uid);

	if (e >= 0)
		put(r->out, "%u", (unsigned int)uid);
	return e;
}

int gen_task_sessionid(struct render *r)
{
	uint64_t id;
	int e = field_u64(r->k, key_task(r), F_task_sessionid, &id);

	if (e >= 0)
		put(r->out, "%u", (unsigned int)id);
	return e;
}

static int put_id_map(struct render *r, enum id_kind kind)
{
	struct id_map map;
	int e = task_id_map(r->k, key_task(r), kind, &map);

	for (size_t i = 0; e >= 0 && i < map.n; i++)
		put(r->out, "%10u %10u %10u\n", map.extent[i].first, map.extent[i].lower_first,
		    map.extent[i].count);
	return e;
}

int gen_task_uid_map(struct render *r)
{
	return put_id_map(r, ID_USER);
}

int gen_task_gid_map(struct render *r)
{
	return put_id_map(r, ID_GROUP);
}

int gen_task_projid_map(struct render *r)
{
	return put_id_map(r, ID_PROJECT);
}
