/* Files of disks, of their partitions and queues: block/genhd.c, partitions/core.c, blk-sysfs.c. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/sys/attr.h"
#include "kernel/file/disk.h"
#include "kernel/file/path.h"
#include "kernel/mem/counts.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"
#include "kernel/walk/list.h"

#define LENGTH(a)      (sizeof(a) / sizeof((a)[0]))
#define BD_READ_ONLY   (1u << 8)
#define BD_PARTNO      0xff
#define DISK_MAX_PARTS 256
#define NSEC_PER_MSEC  1000000

/* What /proc/diskstats has of it, in columns. */
static int put_stat(struct sysfile *a, const struct disk_part *p)
{
	struct disk_stats s;
	uint64_t hz, ms[DISK_OPS];
	int r = disk_stats_of(a->k, p, &s);

	if (r >= 0)
		r = kernel_hz(a->k, &hz);
	if (r < 0)
		return r;
	for (size_t i = 0; i < DISK_OPS; i++)
		ms[i] = s.ns[i] / NSEC_PER_MSEC;
	for (size_t i = 0; i <= DISK_WRITE; i++)
		put(a->out, "%8lu %8lu %8lu %8u ", s.ios[i], s.merges[i], s.sectors[i],
		    (unsigned int)ms[i]);
	if (s.counts_flight)
		put(a->out, "%8u ", s.in_flight > 0 ? (unsigned int)s.in_flight : 0);
	else
		put(a->out, "%8s ", "?");
	put(a->out, "%8u %8u", (unsigned int)(s.busy * 1000 / hz),
	    (unsigned int)(s.queued_ns / NSEC_PER_MSEC));
	if (s.ops > DISK_DISCARD)
		put(a->out, " %8lu %8lu %8lu %8u", s.ios[DISK_DISCARD], s.merges[DISK_DISCARD],
		    s.sectors[DISK_DISCARD], (unsigned int)ms[DISK_DISCARD]);
	if (s.ops > DISK_FLUSH)
		put(a->out, " %8lu %8u", s.ios[DISK_FLUSH], (unsigned int)ms[DISK_FLUSH]);
	put_str(a->out, "\n");
	return 1;
}

static int put_if_it(void *arg, const struct disk_part *p)
{
	struct sysfile *a = arg;

	if (strcmp(p->name, a->dir) != 0)
		return 0;
	return strcmp(a->name, "size") ? put_stat(a, p) : put_attr_number(a, ATTR_UDEC, p->sectors);
}

/* Was it made read-only itself? Of a struct block_device, or hd_struct before. */
static int own_read_only(struct kernel *k, uint64_t part, uint64_t *ret)
{
	int r;

	if (field_exists(k, F_bdev_flags)) {
		r = field_u64(k, part, F_bdev_flags, ret);
		*ret &= BD_READ_ONLY;
		return r;
	}
	return field_u64(k, part,
			 field_exists(k, F_bdev_read_only) ? F_bdev_read_only : F_hd_policy, ret);
}

/* Is it read-only? Also when its driver said so of all of the disk: 52f019d43c22 (v5.12). */
static int read_only(struct kernel *k, uint64_t part, uint64_t *ret)
{
	enum { GD_READ_ONLY = 2 };
	uint64_t disk, state, part0;
	int r = own_read_only(k, part, ret);

	if (r < 0 || *ret || !field_exists(k, F_gendisk_state))
		return r;
	r = field_u64(k, part, F_bdev_disk, &disk);
	if (r >= 0)
		r = field_u64(k, disk, F_gendisk_state, &state);
	if (r >= 0)
		r = field_u64(k, disk, F_gendisk_part0, &part0);
	if (r < 0)
		return r;
	*ret = state & GD_READ_ONLY;
	return *ret || part0 == part ? 0 : own_read_only(k, part0, ret);
}

static int part0_of(struct sysfile *a, uint64_t *ret)
{
	return field_exists(a->k, F_hd_policy) ? field_addr(a->k, a->of, F_gendisk_part0, ret)
					       : field_u64(a->k, a->of, F_gendisk_part0, ret);
}

/* The bits of gendisk.flags were numbered anew when they became an enumeration: v5.17. */
static int put_flag(struct sysfile *a, const char *name, uint64_t old)
{
	uint64_t flags, bit;
	int r = field_u64(a->k, a->of, F_gendisk_flags, &flags);

	if (kernel_enumerator(a->k, name, &bit) < 0)
		bit = old;
	return r < 0 ? r : put_attr_number(a, ATTR_BOOL, flags & bit);
}

static int put_ext_range(struct sysfile *a)
{
	const bool is_new = kernel_enumerator(a->k, "GENHD_FL_NO_PART", &(uint64_t){ 0 }) >= 0;
	uint64_t flags, bit, minors;
	int r = field_u64(a->k, a->of, F_gendisk_flags, &flags);

	if (r >= 0)
		r = field_u64(a->k, a->of, F_gendisk_minors, &minors);
	if (r < 0)
		return r;
	if (is_new && kernel_enumerator(a->k, "GENHD_FL_NO_PART", &bit) >= 0)
		minors = flags & bit ? 1 : DISK_MAX_PARTS;
	else if (flags & 0x40) /* GENHD_FL_EXT_DEVT */
		minors = DISK_MAX_PARTS;
	return put_attr_number(a, ATTR_UDEC, minors);
}

static int put_of_queue(struct sysfile *a, enum field f)
{
	uint64_t queue, v;
	int r = field_u64(a->k, a->of, F_gendisk_queue, &queue);

	if (r >= 0)
		r = field_u64(a->k, queue, f, &v);
	return r < 0 ? r : put_attr_number(a, ATTR_DEC, v);
}

/* The driver of loop devices. */
static int put_loop_attr(struct sysfile *a)
{
	static const struct attr_member members[] = {
		{ "offset", ATTR_UDEC, F_loop_offset },
		{ "sizelimit", ATTR_UDEC, F_loop_sizelimit },
	};
	static const struct {
		const char *name;
		uint64_t bit; /* LO_FLAGS_* */
	} flags[] = { { "autoclear", 4 }, { "partscan", 8 }, { "dio", 16 } };
	struct path p, root;
	uint64_t loop, v;
	int r = field_u64(a->k, a->of, F_gendisk_private, &loop);

	for (size_t i = 0; r >= 0 && i < LENGTH(flags); i++) {
		if (strcmp(flags[i].name, a->name) != 0)
			continue;
		r = field_u64(a->k, loop, F_loop_flags, &v);
		return r < 0 ? r : put_attr_number(a, ATTR_BOOL, v & flags[i].bit);
	}
	if (r < 0 || strcmp(a->name, "backing_file") != 0)
		return r < 0 ? r : put_attr_member(a, loop, members, LENGTH(members));
	r = field_u64(a->k, loop, F_loop_file, &v);
	if (r < 0 || !v)
		return r < 0 ? r : 1;
	r = path_of_init(a->k, &root);
	if (r >= 0)
		r = path_of_file(a->k, v, &p);
	if (r >= 0)
		r = put_path(a->out, a->k, &p, &root, "");
	put_str(a->out, "\n");
	return r < 0 ? r : 1;
}

/* No longer told since the flags are an enumeration: v5.17. */
static int put_capability(struct sysfile *a)
{
	uint64_t flags;
	int r = field_u64(a->k, a->of, F_gendisk_flags, &flags);

	if (kernel_enumerator(a->k, "GENHD_FL_NO_PART", &(uint64_t){ 0 }) >= 0)
		flags = 0;
	if (r >= 0)
		put(a->out, "%lx\n", flags);
	return r < 0 ? r : 1;
}

int put_disk_attr(struct sysfile *a)
{
	static const struct attr_member members[] = {
		{ "diskseq", ATTR_UDEC, F_gendisk_diskseq },
		{ "range", ATTR_DEC, F_gendisk_minors },
	};
	uint64_t part, v;
	int r;

	if (a->group)
		return strcmp(a->dir, "loop") ? 0 : put_loop_attr(a);
	if (!strcmp(a->name, "size") || !strcmp(a->name, "stat"))
		return disks_each(a->k, put_if_it, a);
	if (!strcmp(a->name, "capability"))
		return put_capability(a);
	if (!strcmp(a->name, "removable"))
		return put_flag(a, "GENHD_FL_REMOVABLE", 1);
	if (!strcmp(a->name, "hidden"))
		return put_flag(a, "GENHD_FL_HIDDEN", 0x400);
	if (!strcmp(a->name, "ext_range"))
		return put_ext_range(a);
	if (!strcmp(a->name, "alignment_offset"))
		return put_of_queue(a, F_queue_alignment_offset);
	if (!strcmp(a->name, "discard_alignment"))
		return put_of_queue(a, F_queue_discard_alignment);
	if (!strcmp(a->name, "ro")) {
		r = part0_of(a, &part);
		if (r >= 0)
			r = read_only(a->k, part, &v);
		return r < 0 ? r : put_attr_number(a, ATTR_BOOL, v);
	}
	return put_attr_member(a, a->of, members, LENGTH(members));
}

int put_part_attr(struct sysfile *a)
{
	static const struct attr_member old[] = {
		{ "partition", ATTR_DEC, F_hd_partno },
		{ "start", ATTR_UDEC, F_hd_start_sect },
	};
	static const struct attr_member members[] = {
		{ "partition", ATTR_DEC, F_bdev_partno },
		{ "start", ATTR_UDEC, F_bdev_start_sect },
	};
	uint64_t v;
	int r;

	if (a->group)
		return 0;
	if (!strcmp(a->name, "size") || !strcmp(a->name, "stat"))
		return disks_each(a->k, put_if_it, a);
	if (!strcmp(a->name, "ro")) {
		r = read_only(a->k, a->of, &v);
		return r < 0 ? r : put_attr_number(a, ATTR_BOOL, v);
	}
	if (!strcmp(a->name, "partition") && field_exists(a->k, F_bdev_flags)) {
		r = field_u64(a->k, a->of, F_bdev_flags, &v);
		return r < 0 ? r : put_attr_number(a, ATTR_DEC, v & BD_PARTNO);
	}
	return field_exists(a->k, F_hd_partno)
		       ? put_attr_member(a, a->of, old, LENGTH(old))
		       : put_attr_member(a, a->of, members, LENGTH(members));
}

/* A bit of the queue: of queue_flags, until it became one of the features in v6.11. */
static const struct bit {
	const char *name;
	unsigned int flag, feature;
	bool inverse; /* the flag was the opposite */
} bits[] = {
	{ "add_random", 10, 3, false },	   { "dax", 19, 8, false },
	{ "iostats", 7, 4, false },	   { "rotational", 6, 2, true },
	{ "stable_writes", 15, 5, false },
};

static int read_bit(struct sysfile *a, const struct bit *b, bool *ret)
{
	const bool is_new = field_exists(a->k, F_queue_features);
	uint64_t v;
	int r = field_u64(a->k, a->of, is_new ? F_queue_features : F_queue_flags, &v);

	if (r >= 0)
		*ret = is_new ? v >> b->feature & 1 : (v >> b->flag & 1) != b->inverse;
	return r;
}

/* A cache of writes that may be switched off. */
static int has_write_cache(struct sysfile *a, bool *ret)
{
	static const struct bit cache = { "write_cache", 17, 0, false };
	uint64_t flags;
	int r = read_bit(a, &cache, ret);

	if (r >= 0 && field_exists(a->k, F_queue_limit_flags)) {
		r = field_u64(a->k, a->of, F_queue_limit_flags, &flags);
		*ret &= r >= 0 && !(flags & 1); /* BLK_FLAG_WRITE_CACHE_DISABLED */
	}
	return r;
}

static int put_write_cache(struct sysfile *a)
{
	static const struct bit fua = { "fua", 18, 1, false };
	bool back, is_fua;
	int r = has_write_cache(a, &back);

	if (r >= 0 && !strcmp(a->name, "fua")) {
		r = read_bit(a, &fua, &is_fua);
		if (field_exists(a->k, F_queue_features))
			is_fua &= back;
		return r < 0 ? r : put_attr_number(a, ATTR_BOOL, is_fua);
	}
	if (r < 0)
		return r;
	put_str(a->out, back ? "write back\n" : "write through\n");
	return 1;
}

/* Since v5.15 the disk has it. */
static int put_read_ahead(struct sysfile *a)
{
	uint64_t disk, bdi, pages;
	int r;

	if (field_exists(a->k, F_queue_bdi)) {
		r = field_u64(a->k, a->of, F_queue_bdi, &bdi);
	} else {
		r = field_exists(a->k, F_gendisk_queue_kobj)
			    ? field_owner(a->k, a->kobj, F_gendisk_queue_kobj, &disk)
			    : field_u64(a->k, a->of, F_queue_disk, &disk);
		if (r >= 0)
			r = field_u64(a->k, disk, F_gendisk_bdi, &bdi);
	}
	if (r >= 0)
		r = field_u64(a->k, bdi, F_bdi_ra_pages, &pages);
	return r < 0 ? r : put_attr_number(a, ATTR_UDEC, pages * page_kb(a->k));
}

static int put_zoned(struct sysfile *a)
{
	static const char *const models[] = { "none", "host-aware", "host-managed" };
	uint64_t v;
	int r;

	if (field_exists(a->k, F_queue_features)) {
		r = field_u64(a->k, a->of, F_queue_features, &v);
		v = v >> 10 & 1 ? 2 : 0; /* BLK_FEAT_ZONED */
	} else {
		r = field_u64(a->k, a->of, F_queue_zoned, &v);
	}
	if (r < 0 || v > 2)
		return r < 0 ? r : fail(-EBADMSG, "zones of kind %lu", v);
	put(a->out, "%s\n", models[v]);
	return 1;
}

static int put_write_same(struct sysfile *a)
{
	uint64_t v = 0;
	int r = field_exists(a->k, F_queue_max_write_same)
			? field_u64(a->k, a->of, F_queue_max_write_same, &v)
			: 0;

	return r < 0 ? r : put_attr_number(a, ATTR_SECTORS, v);
}

static int put_zero(struct sysfile *a)
{
	return put_attr_number(a, ATTR_UDEC, 0);
}

static void put_elevator(struct sysfile *a, const char *name, bool chosen)
{
	put(a->out, chosen ? "[%s] " : "%s ", name);
}

/* Does its driver want no scheduler? */
static int refuses_scheduler(struct sysfile *a, bool *ret)
{
	uint64_t set, flags, bit;
	int r = field_u64(a->k, a->of, F_queue_tag_set, &set);

	*ret = false;
	if (r < 0 || !set || kernel_enumerator(a->k, "BLK_MQ_F_NO_SCHED", &bit) < 0)
		return r;
	r = field_u64(a->k, set, F_tag_set_flags, &flags);
	*ret = r >= 0 && flags & bit;
	return r;
}

/* Those that there are, the queue's in brackets; "none" is first, and was last where another was chosen. */
static int put_scheduler(struct sysfile *a)
{
	const bool is_new = field_exists(a->k, F_queue_features);
	uint64_t ops, own, type = 0, head, at;
	struct list_walk w;
	char name[32];
	bool none;
	int r = field_u64(a->k, a->of, F_queue_mq_ops, &ops);

	if (r >= 0)
		r = refuses_scheduler(a, &none);
	if (r >= 0 && (!ops || none)) {
		/* With brackets, as of one that has a choice, until v5.15 or so. */
		put_str(a->out,
			ops && !field_exists(a->k, F_gendisk_diskseq) ? "[none] \n" : "none\n");
		return 1;
	}
	if (r >= 0)
		r = field_u64(a->k, a->of, F_queue_elevator, &own);
	if (r >= 0 && own)
		r = field_u64(a->k, own, F_elevator_type, &type);
	if (r >= 0)
		r = symbol_addr(a->k, "elv_list", &head);
	if (r >= 0 && (!own || is_new))
		put_elevator(a, "none", !own);
	if (r >= 0)
		r = list_begin(&w, a->k, head, F_elevator_list);
	while (r >= 0 && (r = list_next(&w, &at)) > 0) {
		r = field_str(a->k, at, F_elevator_name, name, sizeof(name));
		if (r >= 0)
			put_elevator(a, name, at == type);
	}
	if (r >= 0 && own && !is_new)
		put_elevator(a, "none", false);
	put_str(a->out, "\n");
	return r < 0 ? r : 1;
}

static const struct {
	const char *name;
	attr_fn *put;
} of_queue[] = {
	{ "discard_zeroes_data", put_zero }, /* since v4.12 */
	{ "fua", put_write_cache },
	{ "read_ahead_kb", put_read_ahead },
	{ "scheduler", put_scheduler },
	{ "write_cache", put_write_cache },
	{ "write_same_max_bytes", put_write_same },
	{ "zoned", put_zoned },
};

static const struct attr_member limits[] = {
	{ "chunk_sectors", ATTR_UDEC, F_queue_chunk_sectors },
	{ "discard_granularity", ATTR_UDEC, F_queue_discard_granularity },
	{ "discard_max_bytes", ATTR_SECTORS, F_queue_max_discard },
	{ "discard_max_hw_bytes", ATTR_SECTORS, F_queue_max_hw_discard },
	{ "dma_alignment", ATTR_UDEC, F_queue_dma_alignment },
	{ "hw_sector_size", ATTR_UDEC, F_queue_logical_block },
	{ "logical_block_size", ATTR_UDEC, F_queue_logical_block },
	{ "max_discard_segments", ATTR_UDEC, F_queue_max_discard_segments },
	{ "max_hw_sectors_kb", ATTR_HALF, F_queue_max_hw_sectors },
	{ "max_integrity_segments", ATTR_UDEC, F_queue_max_integrity_segments },
	{ "max_sectors_kb", ATTR_HALF, F_queue_max_sectors },
	{ "max_segment_size", ATTR_UDEC, F_queue_max_segment_size },
	{ "max_segments", ATTR_UDEC, F_queue_max_segments },
	{ "minimum_io_size", ATTR_UDEC, F_queue_io_min },
	{ "nr_requests", ATTR_UDEC, F_queue_nr_requests },
	{ "optimal_io_size", ATTR_UDEC, F_queue_io_opt },
	{ "physical_block_size", ATTR_UDEC, F_queue_physical_block },
	{ "virt_boundary_mask", ATTR_UDEC, F_queue_virt_boundary },
	{ "write_zeroes_max_bytes", ATTR_SECTORS, F_queue_max_write_zeroes },
	{ "zone_append_max_bytes", ATTR_SECTORS, F_queue_max_zone_append },
	{ "zone_write_granularity", ATTR_UDEC, F_queue_zone_write_granularity },
};

int put_queue_attr(struct sysfile *a)
{
	bool on;
	int r;

	for (size_t i = 0; i < LENGTH(of_queue); i++)
		if (!strcmp(of_queue[i].name, a->name))
			return of_queue[i].put(a);
	for (size_t i = 0; i < LENGTH(bits); i++) {
		if (strcmp(bits[i].name, a->name) != 0)
			continue;
		r = read_bit(a, &bits[i], &on);
		return r < 0 ? r : put_attr_number(a, ATTR_BOOL, on);
	}
	return put_attr_member(a, a->of, limits, LENGTH(limits));
}
