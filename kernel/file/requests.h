/* Requests of block devices that were given out and are not back: struct request of blk-mq. */
#pragma once

#include "kernel/kernel.h"

enum io_state {
	IO_QUEUED,    /* it waits: in the scheduler, in a task's plug, or for the driver */
	IO_IN_FLIGHT, /* the driver has it */
	IO_COMPLETE,  /* the driver is done, who waits does not know yet */
};

#define IO_NO_SECTOR UINT64_MAX

struct io_request {
	uint64_t addr, queue;
	uint64_t flags; /* cmd_flags: the lowest byte tells the operation */
	uint64_t sector;
	uint64_t bytes;	 /* that are left */
	uint64_t start;	 /* nanoseconds of the monotonic clock when it was made; 0: not kept */
	uint64_t issued; /* when the driver got it; 0: not yet, or not kept */
	uint64_t hwq;	 /* the hardware queue, by number */
	uint64_t bio;	 /* the first struct bio of it; 0: none */
	int32_t tag;	 /* of the driver; negative: none yet */
	enum io_state state;
};

/* Each of the struct request_queue at @queue. Not 0: stop, and requests_each() returns it. -EOPNOTSUPP:
 * the queue has no requests, as that of a device made of others. */
typedef int request_fn(void *arg, const struct io_request *rq);
int requests_each(struct kernel *k, uint64_t queue, request_fn *fn, void *arg);

/* Each struct blk_mq_tags of the queue: the schedulers' and the drivers', some more than once. */
typedef int tags_fn(void *arg, uint64_t tags);
int request_tags_each(struct kernel *k, uint64_t queue, tags_fn *fn, void *arg);

/* Pages that hold the requests of the struct blk_mq_tags at @tags. */
int tags_pages(struct kernel *k, uint64_t tags, uint64_t *ret);

/* The same of all disks. */
int request_pages(struct kernel *k, uint64_t *ret);

/* "READ", "DRV_IN"; "op 99". */
#define IO_OP_LEN 24
void request_op(struct kernel *k, const struct io_request *rq, char ret[IO_OP_LEN]);

/* The task that sleeps until the struct bio at @bio is done. -ENOENT: none does, or not in a way that is
 * known here. */
int bio_waiter(struct kernel *k, uint64_t bio, uint64_t *ret);

/* The inode whose page the struct bio at @bio begins with. -ENOENT: it is no page of a file. */
int bio_inode(struct kernel *k, uint64_t bio, uint64_t *ret);
