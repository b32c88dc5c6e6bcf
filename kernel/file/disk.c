#include "kernel/file/disk.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/bus.h"
#include "kernel/sys/vitals.h"
#include "kernel/walk/list.h"
#include "kernel/walk/xarray.h"

#define MINOR_BITS   20
#define PARTS_MAX    65536
#define NSEC_PER_SEC 1000000000ull

struct walk {
	struct kernel *k;
	disk_fn *fn;
	void *arg;
	uint64_t part0; /* of the disk at hand: the device that its class has */
};

/* As the kernel names a partition: sda1, but nvme0n1p1. */
static int name_part(struct kernel *k, struct disk_part *p)
{
	size_t len;
	int r = field_str(k, p->disk, F_gendisk_name, p->name, 32);

	if (r < 0 || !p->part)
		return r;
	len = strlen(p->name);
	snprintf(p->name + len, sizeof(p->name) - len, "%s%u",
		 len && isdigit((unsigned char)p->name[len - 1]) ? "p" : "", p->part);
	return 0;
}

/* A struct block_device. */
static int give_bdev(struct walk *w, uint64_t disk, uint64_t bdev, unsigned int part)
{
	struct disk_part p = { .disk = disk, .part = part };
	uint64_t dev;
	int r = name_part(w->k, &p);

	if (r >= 0)
		r = field_u64(w->k, bdev, F_bdev_dev, &dev);
	if (r >= 0)
		r = field_u64(w->k, bdev, F_bdev_nr_sectors, &p.sectors);
	if (r >= 0)
		r = field_u64(w->k, bdev, F_bdev_stats, &p.stats);
	if (r < 0)
		return within(r, "partition at %#lx", bdev);
	p.major = dev >> MINOR_BITS;
	p.minor = dev & ((1u << MINOR_BITS) - 1);
	return part && !p.sectors ? 0 : w->fn(w->arg, &p);
}

static int each_bdev(struct walk *w, uint64_t bdev0)
{
	uint64_t disk, table, index, bdev;
	struct xa_walk x;
	int r = field_u64(w->k, bdev0, F_bdev_disk, &disk);

	if (r >= 0)
		r = field_addr(w->k, disk, F_gendisk_part_tbl, &table);
	if (r >= 0)
		r = xa_begin(&x, w->k, table);
	while (r >= 0 && (r = xa_next(&x, &index, &bdev)) > 0) {
		r = give_bdev(w, disk, bdev, (unsigned int)index);
		if (r)
			break;
	}
	return r;
}

/* Before 0d02129e76ed (v5.11): struct hd_struct, the first of them in the disk itself. */
static int give_hd(struct walk *w, uint64_t disk, uint64_t hd, unsigned int part)
{
	struct disk_part p = { .disk = disk, .part = part, .hd = hd };
	uint64_t dev;
	int r = name_part(w->k, &p);

	if (r >= 0)
		r = field_u64(w->k, disk, F_gendisk_major, &p.major);
	if (r >= 0)
		r = field_u64(w->k, disk, F_gendisk_first_minor, &p.minor);
	if (r >= 0)
		r = field_u64(w->k, hd, F_hd_nr_sects, &p.sectors);
	if (r >= 0)
		r = field_u64(w->k, hd, F_hd_dkstats, &p.stats);
	if (r < 0)
		return within(r, "partition at %#lx", hd);
	p.minor += part;
	/* Where the disk has no more minors of its own it is another number. */
	if (field_exists(w->k, F_hd_devt) && field_u64(w->k, hd, F_hd_devt, &dev) == 0) {
		p.major = dev >> MINOR_BITS;
		p.minor = dev & ((1u << MINOR_BITS) - 1);
	}
	return part && !p.sectors ? 0 : w->fn(w->arg, &p);
}

static int each_hd(struct walk *w, uint64_t part0)
{
	uint64_t disk, table, len, at, hd;
	int r = field_owner(w->k, part0, F_gendisk_part0, &disk);

	if (r >= 0)
		r = field_u64(w->k, disk, F_gendisk_part_tbl, &table);
	if (r >= 0)
		r = field_u64(w->k, table, F_part_tbl_len, &len);
	if (r >= 0)
		r = field_addr(w->k, table, F_part_tbl_part, &at);
	for (unsigned int i = 0; r == 0 && i < len && i < PARTS_MAX; i++) {
		r = kernel_read_uint(w->k, at + 8 * i, 8, &hd);
		if (r == 0 && hd)
			r = give_hd(w, disk, hd, i);
	}
	return r;
}

/* A device of the class: whole disks, and partitions of which the disk tells. */
static int give_device(struct walk *w, uint64_t private)
{
	uint64_t device, type, disk_type, part0;
	int r = field_u64(w->k, private, F_device_private_device, &device);

	if (r >= 0)
		r = field_u64(w->k, device, F_device_type, &type);
	if (r >= 0)
		r = symbol_addr(w->k, "disk_type", &disk_type);
	if (r < 0 || type != disk_type)
		return r;
	if (field_exists(w->k, F_bdev_nr_sectors)) {
		r = field_owner(w->k, device, F_bdev_device, &part0);
		return r < 0 ? r : each_bdev(w, part0);
	}
	r = field_owner(w->k, device, F_hd_dev, &part0);
	return r < 0 ? r : each_hd(w, part0);
}

int disks_each(struct kernel *k, disk_fn *fn, void *arg)
{
	struct walk walk = { .k = k, .fn = fn, .arg = arg };
	uint64_t subsys, head, private;
	struct list_walk w;
	int r = class_subsys(k, "block_class", &subsys);

	if (r >= 0)
		r = field_addr(k, subsys, F_subsys_klist_devices, &head);
	if (r >= 0)
		r = list_begin(&w, k, head, F_device_private_knode_class);
	while (r >= 0 && (r = list_next(&w, &private)) > 0) {
		r = give_device(&walk, private);
		if (r)
			break;
	}
	return r < 0 ? within(r, "disks") : r;
}

/* @ret_n: how many the kernel has. */
static int sum_ops(struct kernel *k, uint64_t stats, enum field f, uint64_t ret[DISK_OPS],
		   size_t *ret_n)
{
	uint64_t at, n = 0;
	int64_t sum;
	int r = field_addr(k, stats, f, &at);

	if (r >= 0)
		r = field_count(k, f, &n);
	for (size_t i = 0; r >= 0 && i < DISK_OPS && i < n; i++) {
		r = percpu_sum(k, at + 8 * i, 8, &sum);
		ret[i] = (uint64_t)sum;
	}
	*ret_n = n < DISK_OPS ? (size_t)n : DISK_OPS;
	return r;
}

static int sum_one(struct kernel *k, uint64_t stats, enum field f, size_t i, uint64_t *ret)
{
	uint64_t at;
	int64_t sum = 0;
	int r = field_addr(k, stats, f, &at);

	if (r >= 0)
		r = percpu_sum(k, at + 8 * i, 8, &sum);
	*ret = (uint64_t)sum;
	return r;
}

static uint64_t ticks_to_ns(uint64_t ticks, uint64_t hz)
{
	return ticks / hz * NSEC_PER_SEC + ticks % hz * NSEC_PER_SEC / hz;
}

/* How long requests took; in ticks at first. */
static int sum_times(struct kernel *k, uint64_t stats, uint64_t hz, struct disk_stats *ret)
{
	size_t n;
	int r;

	if (field_exists(k, F_disk_stats_nsecs))
		return sum_ops(k, stats, F_disk_stats_nsecs, ret->ns, &n);
	r = sum_ops(k, stats, F_disk_stats_ticks, ret->ns, &n);
	for (size_t i = 0; i < DISK_OPS; i++)
		ret->ns[i] = ticks_to_ns(ret->ns[i], hz);
	return r;
}

/* Before v5.0 the partition counts what is in flight; a queue of blk-mq does not since
 * v4.14, which has a function for it that looks at all its tags. */
static int count_flight(struct kernel *k, const struct disk_part *p, struct disk_stats *ret)
{
	uint64_t at, n, queue, mq_ops = 0, function;
	int r = 0;

	ret->counts_flight = true;
	if (!p->hd || !field_exists(k, F_hd_in_flight)) {
		for (size_t i = 0; r >= 0 && i < 2; i++) {
			r = sum_one(k, p->stats, F_disk_stats_in_flight, i, &n);
			ret->in_flight += (int64_t)n;
		}
		return r;
	}
	if (symbol_addr(k, "blk_mq_in_flight", &function) == 0) {
		r = field_u64(k, p->disk, F_gendisk_queue, &queue);
		if (r >= 0)
			r = field_u64(k, queue, F_queue_mq_ops, &mq_ops);
	}
	ret->counts_flight = !mq_ops;
	if (r >= 0)
		r = field_addr(k, p->hd, F_hd_in_flight, &at);
	for (size_t i = 0; r >= 0 && !mq_ops && i < 2; i++) {
		r = kernel_read_uint(k, at + 4 * i, 4, &n);
		ret->in_flight += (int32_t)n;
	}
	return r;
}

/* As part_round_stats() does before the kernel shows them: what is in flight is so until now. */
static int round_stats(struct kernel *k, const struct disk_part *p, struct disk_stats *ret,
		       uint64_t *queued)
{
	uint64_t stamp, now;
	int r;

	if (!p->hd || !field_exists(k, F_hd_in_flight) || ret->in_flight <= 0)
		return 0;
	r = field_u64(k, p->hd, F_hd_stamp, &stamp);
	if (r >= 0)
		r = symbol_u64(k, "jiffies", 8, &now);
	if (r < 0 || now <= stamp)
		return r;
	*queued += (uint64_t)ret->in_flight * (now - stamp);
	ret->busy += now - stamp;
	return 0;
}

/* Before v5.7 it has a counter of its own, of ticks. */
static int sum_queued(struct kernel *k, const struct disk_part *p, uint64_t hz,
		      struct disk_stats *ret)
{
	uint64_t ticks;
	int r;

	if (!field_exists(k, F_disk_stats_time_in_queue)) {
		for (size_t i = 0; i < DISK_OPS; i++)
			ret->queued_ns += ret->ns[i];
		return 0;
	}
	r = sum_one(k, p->stats, F_disk_stats_time_in_queue, 0, &ticks);
	if (r >= 0)
		r = round_stats(k, p, ret, &ticks);
	if (r >= 0)
		ret->queued_ns = ticks_to_ns(ticks, hz);
	return r;
}

int disk_stats_of(struct kernel *k, const struct disk_part *p, struct disk_stats *ret)
{
	uint64_t hz;
	int r = kernel_hz(k, &hz);

	*ret = (struct disk_stats){ 0 };
	if (r >= 0)
		r = sum_ops(k, p->stats, F_disk_stats_ios, ret->ios, &ret->ops);
	if (r >= 0)
		r = sum_ops(k, p->stats, F_disk_stats_merges, ret->merges, &ret->ops);
	if (r >= 0)
		r = sum_ops(k, p->stats, F_disk_stats_sectors, ret->sectors, &ret->ops);
	if (r >= 0)
		r = sum_times(k, p->stats, hz, ret);
	if (r >= 0)
		r = sum_one(k, p->stats, F_disk_stats_io_ticks, 0, &ret->busy);
	if (r >= 0)
		r = count_flight(k, p, ret);
	if (r >= 0)
		r = sum_queued(k, p, hz, ret);
	return r < 0 ? within(r, "counters of %s", p->name) : 0;
}

int disk_of_bio(struct kernel *k, uint64_t bio, char ret[DISK_NAME_LEN])
{
	uint64_t disk;
	int r;

	if (field_exists(k, F_bio_disk)) {
		r = field_u64(k, bio, F_bio_disk, &disk);
	} else {
		r = field_u64(k, bio, F_bio_bdev, &disk);
		if (r >= 0)
			r = field_u64(k, disk, F_bdev_disk, &disk);
	}
	return r < 0 ? r : field_str(k, disk, F_gendisk_name, ret, DISK_NAME_LEN);
}

/* Its number among the partitions: of v6.11 on with bits above it, before v5.11 in its struct hd_struct. */
static int part_of_bdev(struct kernel *k, uint64_t bdev, uint64_t *ret)
{
	int r;

	if (field_exists(k, F_bdev_flags)) {
		r = field_u64(k, bdev, F_bdev_flags, ret);
		*ret &= 0xff;
		return r;
	}
	if (field_exists(k, F_bdev_partno))
		return field_u64(k, bdev, F_bdev_partno, ret);
	r = field_u64(k, bdev, F_bdev_part, ret);
	return r < 0 ? r : field_u64(k, *ret, F_hd_partno, ret);
}

int disk_of_bdev(struct kernel *k, uint64_t bdev, char ret[DISK_NAME_LEN])
{
	struct disk_part p = { 0 };
	uint64_t part;
	int r = field_u64(k, bdev, F_bdev_disk, &p.disk);

	if (r >= 0)
		r = part_of_bdev(k, bdev, &part);
	if (r < 0)
		return within(r, "block device at %#lx", bdev);
	p.part = (unsigned int)part;
	r = name_part(k, &p);
	if (r >= 0)
		memcpy(ret, p.name, DISK_NAME_LEN);
	return r;
}
