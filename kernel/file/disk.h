/* Disks and their partitions: struct gendisk, struct block_device (struct hd_struct before). */
#pragma once

#include "kernel/kernel.h"

#define DISK_NAME_LEN 64

enum disk_op { DISK_READ, DISK_WRITE, DISK_DISCARD, DISK_FLUSH, DISK_OPS };

struct disk_part {
	char name[DISK_NAME_LEN];
	uint64_t disk;	   /* struct gendisk */
	unsigned int part; /* 0: all of the disk */
	uint64_t major, minor;
	uint64_t sectors; /* of 512 bytes */
	uint64_t stats;	  /* per-CPU struct disk_stats */
	uint64_t hd;	  /* struct hd_struct; 0: this kernel has none */
};

struct disk_stats {
	uint64_t ios[DISK_OPS], merges[DISK_OPS], sectors[DISK_OPS];
	uint64_t ns[DISK_OPS];
	size_t ops;	    /* how many of them this kernel counts */
	uint64_t busy;	    /* ticks with something to do */
	uint64_t queued_ns; /* of all that was ever in flight */
	int64_t in_flight;
	bool counts_flight; /* else .in_flight is not known: it counts when it is asked */
};

/* Every disk, then its partitions, in the order in which they came. Not 0: stop, and disks_each()
 * returns it. */
typedef int disk_fn(void *arg, const struct disk_part *p);
int disks_each(struct kernel *k, disk_fn *fn, void *arg);

int disk_stats_of(struct kernel *k, const struct disk_part *p, struct disk_stats *ret);

/* The name of the disk that the bio at @bio is for. */
int disk_of_bio(struct kernel *k, uint64_t bio, char ret[DISK_NAME_LEN]);

/* The name of the struct block_device at @bdev: a disk or a partition. */
int disk_of_bdev(struct kernel *k, uint64_t bdev, char ret[DISK_NAME_LEN]);
