/* /proc/partitions, diskstats, swaps: disks. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/file/disk.h"
#include "kernel/fields.h"
#include "kernel/file/path.h"
#include "kernel/mem/counts.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"

#define NSEC_PER_MSEC 1000000

static int put_partition(void *arg, const struct disk_part *p)
{
	struct render *r = arg;

	if (p->sectors)
		put(r->out, "%4lu  %7lu %10lu %s\n", p->major, p->minor, p->sectors / 2, p->name);
	return 0;
}

int gen_proc_partitions(struct render *r)
{
	put_str(r->out, "major minor  #blocks  name\n\n");
	return disks_each(r->k, put_partition, r);
}

/* Kernels have shown what they count: discarding since bdca3c87fb7a (v4.19), flushing since b68663186577
 * (v5.5). */
static int put_disk_stats(void *arg, const struct disk_part *p)
{
	struct render *r = arg;
	struct strbuf *out = r->out;
	struct disk_stats s;
	uint64_t ms[DISK_OPS], hz;
	int e = kernel_hz(r->k, &hz);

	if (e >= 0)
		e = disk_stats_of(r->k, p, &s);
	if (e < 0)
		return e;
	for (size_t i = 0; i < DISK_OPS; i++)
		ms[i] = s.ns[i] / NSEC_PER_MSEC;
	put(out, "%4lu %7lu %s", p->major, p->minor, p->name);
	for (size_t i = 0; i <= DISK_WRITE; i++)
		put(out, " %lu %lu %lu %u", s.ios[i], s.merges[i], s.sectors[i],
		    (unsigned int)ms[i]);
	if (s.counts_flight)
		put(out, " %u", s.in_flight > 0 ? (unsigned int)s.in_flight : 0);
	else
		put_str(out, " ?");
	put(out, " %u %u", (unsigned int)(s.busy * 1000 / hz),
	    (unsigned int)(s.queued_ns / NSEC_PER_MSEC));
	if (s.ops > DISK_DISCARD)
		put(out, " %lu %lu %lu %u", s.ios[DISK_DISCARD], s.merges[DISK_DISCARD],
		    s.sectors[DISK_DISCARD], (unsigned int)ms[DISK_DISCARD]);
	if (s.ops > DISK_FLUSH)
		put(out, " %lu %u", s.ios[DISK_FLUSH], (unsigned int)ms[DISK_FLUSH]);
	put_str(out, "\n");
	return 0;
}

int gen_proc_diskstats(struct render *r)
{
	return disks_each(r->k, put_disk_stats, r);
}

/* The type of what is swapped to. */
static int is_partition(struct kernel *k, uint64_t file, bool *ret)
{
	enum { TYPE_MASK = 0170000, BLOCK = 0060000 };
	uint64_t mapping, host, mode;
	int r = field_u64(k, file, F_file_mapping, &mapping);

	if (r >= 0)
		r = field_u64(k, mapping, F_mapping_host, &host);
	if (r >= 0)
		r = field_u64(k, host, F_inode_mode, &mode);
	if (r >= 0)
		*ret = (mode & TYPE_MASK) == BLOCK;
	return r;
}

static int put_swap(struct render *r, uint64_t swap)
{
	enum { SWP_USED = 1 };
	uint64_t flags, file, pages, used, prio;
	struct path root, path;
	bool partition;
	STRBUF(name);
	int e = field_u64(r->k, swap, F_swap_flags, &flags);

	if (e >= 0)
		e = field_u64(r->k, swap, F_swap_file, &file);
	if (e < 0 || !(flags & SWP_USED) || !file)
		return e;
	e = field_u64(r->k, swap, F_swap_pages, &pages);
	if (e >= 0)
		e = field_u64(r->k, swap, F_swap_inuse_pages, &used);
	if (e >= 0)
		e = field_u64(r->k, swap, F_swap_prio, &prio);
	if (e >= 0)
		e = is_partition(r->k, file, &partition);
	if (e >= 0)
		e = path_of_init(r->k, &root);
	if (e >= 0)
		e = path_of_file(r->k, file, &path);
	if (e >= 0)
		e = put_path(&name, r->k, &path, &root, " \t\n\\");
	if (e < 0)
		return e;
	used &= ~(1ull << 40); /* 7.x: a mark of a device that is being taken out of use */
	pages *= page_kb(r->k);
	used *= page_kb(r->k);
	put(r->out, "%s%*s%s\t%lu\t%s%lu\t%s%d\n", name.data,
	    name.len < 40 ? 40 - (int)name.len : 1, " ", partition ? "partition" : "file\t", pages,
	    pages < 10000000 ? "\t" : "", used, used < 10000000 ? "\t" : "", (int)(int16_t)prio);
	return 0;
}

int gen_proc_swaps(struct render *r)
{
	enum { SWAPS_MAX = 32 };
	uint64_t table, n, swap;
	int e = symbol_addr(r->k, "swap_info", &table);

	if (e >= 0)
		e = symbol_u64(r->k, "nr_swapfiles", 4, &n);
	if (e < 0)
		return e;
	put_str(r->out, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	for (size_t i = 0; e >= 0 && i < n && i < SWAPS_MAX; i++) {
		e = kernel_read_uint(r->k, table + 8 * i, 8, &swap);
		if (e >= 0 && swap)
			e = put_swap(r, swap);
	}
	return e;
}
