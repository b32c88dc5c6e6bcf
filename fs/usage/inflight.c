/* /inflight-io: requests that block devices have not done yet, by device. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/usage/inode.h"
#include "fs/usage/top.h"
#include "kernel/fields.h"
#include "kernel/file/disk.h"
#include "kernel/file/requests.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"
#include "kernel/task/task.h"

#define NSEC_PER_MSEC 1000000

struct table {
	struct render *r;
	uint64_t now; /* nanoseconds of the monotonic clock; 0: not known */
	const struct disk_part *disk;
	struct super_memo memo;
};

/* Milliseconds since then. */
static void put_age(struct table *t, uint64_t since)
{
	if (!since || !t->now)
		put(t->r->out, " %10s", "-");
	else
		put(t->r->out, " %10lu", t->now > since ? (t->now - since) / NSEC_PER_MSEC : 0);
}

/* The bits of REQ_* are not the same in all kernels. */
static void put_flags(struct table *t, uint64_t flags)
{
	static const char *const names[] = { "SYNC",	 "META",   "PRIO",	 "FUA",
					     "PREFLUSH", "RAHEAD", "BACKGROUND", "NOWAIT" };
	STRBUF(text);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t bit;
		STRBUF(name);

		put(&name, "__REQ_%s", names[i]);
		if (kernel_enumerator(t->r->k, name.data, &bit) >= 0 && flags >> (bit & 63) & 1)
			put(&text, "%s%s", text.len ? "," : "", names[i]);
	}
	put(t->r->out, "  %-12s", text.len ? text.data : "-");
}

/* Who waits for it, as "pid/comm". */
static int put_task(struct table *t, uint64_t bio)
{
	struct kernel *k = t->r->k;
	char comm[TASK_COMM_LEN];
	uint64_t task, pid;
	STRBUF(text);
	int e = bio ? bio_waiter(k, bio, &task) : -ENOENT;

	if (e >= 0)
		e = field_u64(k, task, F_task_pid, &pid);
	if (e >= 0)
		e = task_comm(k, task, comm);
	if (e >= 0) {
		put(&text, "%lu/", pid);
		put_escaped(&text, comm, strlen(comm), " ");
	}
	put(t->r->out, " %-20s", text.len ? text.data : "-");
	return e == -EINTR ? e : 0;
}

static int put_end_io(struct table *t, uint64_t bio)
{
	uint64_t end_io;
	STRBUF(text);
	int e = bio ? field_u64(t->r->k, bio, F_bio_end_io, &end_io) : -ENOENT;

	if (e >= 0 && end_io)
		put_symbol(&text, t->r->k, end_io);
	put(t->r->out, "  %-24s", text.len ? text.data : "-");
	return e == -EINTR ? e : 0;
}

static int put_file(struct table *t, uint64_t bio)
{
	uint64_t inode, sb;
	STRBUF(text);
	int e = bio ? bio_inode(t->r->k, bio, &inode) : -ENOENT;

	if (e >= 0)
		e = field_u64(t->r->k, inode, F_inode_sb, &sb);
	if (e >= 0)
		e = put_inode_name(&text, t->r->k, &t->memo, sb, inode);
	put(t->r->out, "  %s\n", e >= 0 && text.len ? text.data : "-");
	return e == -EINTR ? e : 0;
}

static int put_request(void *arg, const struct io_request *rq)
{
	static const char *const states[] = {
		[IO_QUEUED] = "queued",
		[IO_IN_FLIGHT] = "in-flight",
		[IO_COMPLETE] = "complete",
	};
	struct table *t = arg;
	char op[IO_OP_LEN];
	int e;

	request_op(t->r->k, rq, op);
	put(t->r->out, "%4lu:%-4lu %-12s %-12s %12lu %10lu  %-9s", t->disk->major, t->disk->minor,
	    t->disk->name, op, rq->sector, rq->bytes, states[rq->state]);
	put_age(t, rq->start);
	put_age(t, rq->issued);
	put(t->r->out, " %4lu %5d  %016lx", rq->hwq, rq->tag, rq->addr);
	put_flags(t, rq->flags);
	e = put_end_io(t, rq->bio);
	if (e >= 0)
		e = put_task(t, rq->bio);
	return e < 0 ? e : put_file(t, rq->bio);
}

/* Devices made of others count what they have under way, and have no requests. */
static int put_count(struct table *t)
{
	struct disk_stats s;
	int e = disk_stats_of(t->r->k, t->disk, &s);

	if (e >= 0 && s.in_flight > 0)
		put(t->r->out,
		    "%4lu:%-4lu %-12s %-12s %12s %10s  %-9s %10s %10s %4s %5s  %016lx  %ld "
		    "bios under way to devices below\n",
		    t->disk->major, t->disk->minor, t->disk->name, "-", "-", "-", "in-flight", "-",
		    "-", "-", "-", t->disk->disk, s.in_flight);
	return e;
}

static int put_disk(void *arg, const struct disk_part *p)
{
	struct table *t = arg;
	uint64_t queue;
	int e;

	if (p->part)
		return 0;
	t->disk = p;
	e = field_u64(t->r->k, p->disk, F_gendisk_queue, &queue);
	if (e >= 0 && queue)
		e = requests_each(t->r->k, queue, put_request, t);
	if (e == -EOPNOTSUPP)
		e = put_count(t);
	if (e >= 0 || e == -EINTR)
		return e;
	put(t->r->out, "!! %s: %s\n", p->name, why());
	return 0;
}

int gen_inflight_io(struct render *r)
{
	struct table t = { .r = r };
	struct clocks c;

	if (kernel_clocks(r->k, &c) >= 0)
		t.now = c.mono;
	put_str(r->out,
		" DEV      NAME         OP                 SECTOR      BYTES  STATE         AGE_ms"
		"  ISSUED_ms  HWQ   TAG  REQUEST           FLAGS         END_IO"
		"                   WAITER               FILE\n");
	return disks_each(r->k, put_disk, &t);
}
