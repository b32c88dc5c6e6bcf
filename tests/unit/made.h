/* Dumps made on the spot, in memory, and what must be read back from them. */
#pragma once

#include "dump/dump.h"
#include "tests/image/write.h"

/* A file without a name; open it by .path. */
struct made {
	int fd;
	char path[32];
};

struct made made_empty(void);
struct made made_bytes(const void *bytes, size_t len);

/* Write @img; @order < 0: not flattened. */
struct made made_dump(const struct image *img, const struct shape *shape, write_fn *write,
		      int order);
void made_close(struct made *m);
uint64_t made_size(const struct made *m);
void made_patch(const struct made *m, uint64_t off, const void *bytes, size_t len);
void made_cut(const struct made *m, uint64_t size);

/* A memory with every kind of page, a VMCOREINFO and notes, in about 200 pages. */
void sample_memory(struct image *img, uint32_t page_size);

/* The same without pages whose content nobody saved, as makedumpfile sees RAM. */
void sample_ram(struct image *img, uint32_t page_size);

struct dump *must_open(const struct made *m, size_t n);

/* Every page of @d has the status and the bytes that writing @img so must leave. */
void check_dump(struct dump *d, const struct image *img, const struct shape *shape,
		write_fn *write);

/* A damaged dump: it may lose pages, but what it serves as present is right. Returns how many pages
 * are. */
uint64_t check_honest(struct dump *d, const struct image *img);

/* Go over all of a dump that may be anything: every extent moves on, every read returns. */
void touch_dump(struct dump *d);
