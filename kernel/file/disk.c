#include "kernel/file/disk.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/bus.h"
#include "kernel/walk/list.h"
#include "kernel/walk/xarray.h"

#define MINOR_BITS 20
#define PARTS_MAX  65536

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
	struct disk_part p = { .disk = disk, .part = part };
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

static int sum_ops(struct kernel *k, uint64_t stats, enum field f, uint64_t ret[DISK_OPS])
{
	uint64_t at, n;
	int64_t sum;
	int r = field_addr(k, stats, f, &at);

	if (r >= 0)
		r = field_count(k, f, &n);
	for (size_t i = 0; r >= 0 && i < DISK_OPS && i < n; i++) {
		r = percpu_sum(k, at + 8 * i, 8, &sum);
		ret[i] = (uint64_t)sum;
	}
	return r;
}

int disk_stats_of(struct kernel *k, const struct disk_part *p, struct disk_stats *ret)
{
	uint64_t at;
	int64_t n = 0;
	int r;

	*ret = (struct disk_stats){ 0 };
	r = sum_ops(k, p->stats, F_disk_stats_ios, ret->ios);
	if (r >= 0)
		r = sum_ops(k, p->stats, F_disk_stats_merges, ret->merges);
	if (r >= 0)
		r = sum_ops(k, p->stats, F_disk_stats_sectors, ret->sectors);
	if (r >= 0)
		r = sum_ops(k, p->stats, F_disk_stats_nsecs, ret->ns);
	if (r >= 0)
		r = field_addr(k, p->stats, F_disk_stats_io_ticks, &at);
	if (r >= 0)
		r = percpu_sum(k, at, 8, &n);
	ret->busy = (uint64_t)n;
	if (r >= 0)
		r = field_addr(k, p->stats, F_disk_stats_in_flight, &at);
	for (size_t i = 0; r >= 0 && i < 2; i++) {
		r = percpu_sum(k, at + 8 * i, 8, &n);
		ret->in_flight += n;
	}
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
