/* pids.*, cpuset.*, io.*: the other controllers of a control group. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "dump/base/mask.h"
#include "fs/sys/cgroup_file.h"
#include "kernel/file/disk.h"
#include "kernel/cpu/cpu.h"
#include "kernel/walk/list.h"

#define PIDS_MAX   (4194304 + 1) /* PID_MAX_LIMIT and one more: no limit */
#define MINOR_BITS 20
#define SECTOR	   512

static int pids_member(struct cgroup_file *f, enum field member, int64_t *ret)
{
	uint64_t at, v;
	int r = f->css ? field_owner(f->k, f->css, F_pids_css, &at)
		       : fail(-ENODATA, "the group has no controller of pids");

	if (r >= 0)
		r = field_u64(f->k, at, member, &v);
	if (r >= 0)
		*ret = (int64_t)v;
	return r;
}

static int put_pids_current(struct cgroup_file *f)
{
	int64_t v;
	int r = pids_member(f, F_pids_counter, &v);

	if (r >= 0)
		put(f->out, "%" PRId64 "\n", v);
	return r;
}

static int put_pids_max(struct cgroup_file *f)
{
	int64_t v;
	int r = pids_member(f, F_pids_limit, &v);

	if (r < 0)
		return r;
	if (v >= PIDS_MAX)
		put_str(f->out, "max\n");
	else
		put(f->out, "%" PRId64 "\n", v);
	return 0;
}

static int put_pids_peak(struct cgroup_file *f)
{
	int64_t v;
	int r = pids_member(f, F_pids_watermark, &v);

	if (r >= 0)
		put(f->out, "%" PRId64 "\n", v);
	return r;
}

/* The first of the events, or the only one. */
static int put_pids_events_of(struct cgroup_file *f, enum field member)
{
	uint64_t at, v;
	int r = f->css ? field_owner(f->k, f->css, F_pids_css, &at)
		       : fail(-ENODATA, "the group has no controller of pids");

	if (r >= 0)
		r = field_addr(f->k, at, member, &at);
	if (r >= 0)
		r = kernel_read_uint(f->k, at, 8, &v);
	if (r >= 0)
		put(f->out, "max %" PRIu64 "\n", v);
	return r;
}

static int put_pids_events(struct cgroup_file *f)
{
	return put_pids_events_of(f, F_pids_events);
}

static int put_pids_events_local(struct cgroup_file *f)
{
	return put_pids_events_of(f, F_pids_events_local);
}

/* A set of @most, in the member itself or where that leads to. */
static int put_set(struct cgroup_file *f, enum field member, size_t most, bool is_pointer)
{
	uint64_t words[LIMIT_CPUS / 64] = { 0 };
	uint64_t at;
	int r = f->css ? field_owner(f->k, f->css, F_cpuset_css, &at)
		       : fail(-ENODATA, "the group has no controller of CPUs");

	if (r >= 0)
		r = is_pointer ? field_u64(f->k, at, member, &at)
			       : field_addr(f->k, at, member, &at);
	for (size_t i = 0; r >= 0 && i < (most + 63) / 64; i++)
		r = kernel_read_uint(f->k, at + 8 * i, 8, &words[i]);
	if (r < 0)
		return r;
	put_mask_list(f->out, words, most);
	put_str(f->out, "\n");
	return 0;
}

static int put_cpus(struct cgroup_file *f, enum field member)
{
	const struct cpus *c;
	uint64_t own, set;
	int r = cpus_get(f->k, &c);

	if (r >= 0)
		r = field_size(f->k, member, &own);
	if (r >= 0)
		r = kernel_sizeof(f->k, "cpumask", &set);
	/* CONFIG_CPUMASK_OFFSTACK, which large masks ask for */
	return r < 0 ? r : put_set(f, member, c->nr, own == 8 && set > 8);
}

static int put_mems(struct cgroup_file *f, enum field member)
{
	uint64_t bytes;
	int r = kernel_sizeof(f->k, "nodemask_t", &bytes);

	if (r >= 0 && 8 * bytes > LIMIT_NODES)
		r = fail(-EBADMSG, "a set of %lu nodes", 8 * bytes);
	return r < 0 ? r : put_set(f, member, 8 * bytes, false);
}

static int put_cpuset_cpus(struct cgroup_file *f)
{
	return put_cpus(f, F_cpuset_cpus);
}

static int put_cpuset_effective_cpus(struct cgroup_file *f)
{
	return put_cpus(f, F_cpuset_effective_cpus);
}

static int put_cpuset_mems(struct cgroup_file *f)
{
	return put_mems(f, F_cpuset_mems);
}

static int put_cpuset_effective_mems(struct cgroup_file *f)
{
	return put_mems(f, F_cpuset_effective_mems);
}

/* io.stat */
enum { READ, WRITE, DISCARD, KINDS };

struct io {
	uint64_t bytes[KINDS], ios[KINDS];
};

struct io_search {
	struct cgroup_file *f;
	uint64_t disk; /* struct gendisk; 0: any */
	struct io io;
	struct disk_part part;
};

/* Of the disk that a struct request_queue is of. */
static int is_disk(void *arg, const struct disk_part *p)
{
	struct io_search *s = arg;
	struct disk_stats stats;
	uint64_t queue;
	int r = field_u64(s->f->k, p->disk, F_gendisk_queue, &queue);

	if (r < 0 || p->part || queue != s->disk)
		return r;
	r = disk_stats_of(s->f->k, p, &stats);
	if (r < 0)
		return r;
	s->part = *p;
	for (size_t i = 0; i < KINDS; i++) {
		s->io.bytes[i] = stats.sectors[i] * SECTOR;
		s->io.ios[i] = stats.ios[i];
	}
	return 1;
}

/* Where a group's counts for a request_queue are: struct blkcg_gq. 0: it has none. */
static int blkg_of(struct kernel *k, uint64_t cgroup, uint64_t queue, uint64_t *ret)
{
	uint64_t css, at, blkg, q;
	struct list_walk w;
	int r = cgroup_css(k, cgroup, "io", &css);

	*ret = 0;
	if (r < 0 || !css)
		return r;
	r = field_owner(k, css, F_blkcg_css, &at);
	if (r >= 0)
		r = field_addr(k, at, F_blkcg_list, &at);
	if (r >= 0)
		r = hlist_begin(&w, k, at, F_blkg_node);
	while (r >= 0 && (r = hlist_next(&w, &blkg)) > 0) {
		r = field_u64(k, blkg, F_blkg_queue, &q);
		if (r >= 0 && q == queue) {
			*ret = blkg;
			return 0;
		}
	}
	return r;
}

/* Number .i of struct blkg_iostat: bytes, then ios, of each kind. */
static int iostat_at(struct cgroup_count *c, uint64_t iostat, uint64_t *ret)
{
	return field_addr(c->k, iostat, c->i < KINDS ? F_iostat_bytes : F_iostat_ios, ret) < 0
		       ? -ENOENT
		       : (*ret += 8 * (c->i % KINDS), 0);
}

static int own_io(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret)
{
	uint64_t blkg, at, percpu, now, then, more;
	int r = blkg_of(c->k, cgroup, c->key, &blkg);

	*ret = 0;
	if (r < 0 || !blkg)
		return r;
	r = field_addr(c->k, blkg, F_blkg_iostat, &at);
	if (r >= 0)
		r = iostat_at(c, at, &at);
	if (r >= 0)
		r = kernel_read_uint(c->k, at, 8, ret);
	if (r >= 0)
		r = field_u64(c->k, blkg, F_blkg_iostat_cpu, &percpu);
	if (r >= 0)
		r = field_addr(c->k, percpu, F_iostat_set_cur, &now);
	if (r >= 0)
		r = iostat_at(c, now, &now);
	if (r >= 0)
		r = field_addr(c->k, percpu, F_iostat_set_last, &then);
	if (r >= 0)
		r = iostat_at(c, then, &then);
	if (r >= 0)
		r = percpu_growth(c->k, now, then, &more);
	if (r >= 0)
		*ret += more;
	return r;
}

static int taken_io(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret)
{
	uint64_t blkg, at;
	int r = blkg_of(c->k, cgroup, c->key, &blkg);

	*ret = 0;
	if (r < 0 || !blkg)
		return r;
	r = field_addr(c->k, blkg, F_blkg_iostat_last, &at);
	if (r >= 0)
		r = iostat_at(c, at, &at);
	return r < 0 ? r : kernel_read_uint(c->k, at, 8, ret);
}

static int put_io_line(struct cgroup_file *f, uint64_t queue)
{
	struct cgroup_count c = { .k = f->k, .own = own_io, .taken = taken_io, .key = queue };
	struct io_search s = { .f = f, .disk = queue };
	struct io *io = &s.io;
	bool used;
	int r = disks_each(f->k, is_disk, &s);

	if (r <= 0)
		return r;
	for (c.i = 0; r >= 0 && !f->root && c.i < 2 * KINDS; c.i++)
		r = cgroup_total(&c, f->cgroup,
				 c.i < KINDS ? &io->bytes[c.i] : &io->ios[c.i - KINDS]);
	if (r < 0)
		return r;
	used = io->bytes[READ] || io->bytes[WRITE] || io->ios[READ] || io->ios[WRITE];
	/* Since v5.15 or so also those that were not used have a line. */
	if (!used && !field_exists(f->k, F_gendisk_diskseq))
		return 0;
	put(f->out, "%lu:%lu ", s.part.major, s.part.minor);
	if (used)
		put(f->out, "rbytes=%lu wbytes=%lu rios=%lu wios=%lu dbytes=%lu dios=%lu",
		    io->bytes[READ], io->bytes[WRITE], io->ios[READ], io->ios[WRITE],
		    io->bytes[DISCARD], io->ios[DISCARD]);
	put_str(f->out, "\n");
	return 0;
}

static int put_io_stat(struct cgroup_file *f)
{
	uint64_t at, blkg, queue;
	struct list_walk w;
	int r;

	if (!f->css)
		return fail(-ENODATA, "the group has no controller of I/O");
	r = field_owner(f->k, f->css, F_blkcg_css, &at);
	if (r >= 0)
		r = field_addr(f->k, at, F_blkcg_list, &at);
	if (r >= 0)
		r = hlist_begin(&w, f->k, at, F_blkg_node);
	while (r >= 0 && (r = hlist_next(&w, &blkg)) > 0) {
		r = field_u64(f->k, blkg, F_blkg_queue, &queue);
		if (r >= 0)
			r = put_io_line(f, queue);
	}
	return r;
}

const struct cgroup_file_kind cgroup_other_files[] = {
	{ "cpuset.cpus", put_cpuset_cpus },
	{ "cpuset.cpus.effective", put_cpuset_effective_cpus },
	{ "cpuset.mems", put_cpuset_mems },
	{ "cpuset.mems.effective", put_cpuset_effective_mems },
	{ "io.stat", put_io_stat },
	{ "pids.current", put_pids_current },
	{ "pids.events", put_pids_events },
	{ "pids.events.local", put_pids_events_local },
	{ "pids.max", put_pids_max },
	{ "pids.peak", put_pids_peak },
	{ NULL, NULL },
};
