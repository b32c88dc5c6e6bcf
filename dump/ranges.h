/* Physical ranges that lie somewhere in a file as they are: what ELF and LiME dumps consist of. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dump/dump.h"
#include "dump/file.h"

struct range {
	uint64_t paddr, size; /* physical bytes */
	uint64_t off;	      /* of the first in the file */
	uint64_t saved;	      /* <= size: how many are in the file; the rest was left out */
};

struct ranges {
	struct file *file;
	struct range *v; /* sorted, not overlapping once ranges_settle() is done */
	size_t n, room;
};

int ranges_add(struct ranges *rs, const struct range *range);

/* Sort, and let each address belong to one range: the one that has its bytes in the file. */
int ranges_settle(struct ranges *rs);
void ranges_fini(struct ranges *rs);

/* One past the last address. */
uint64_t ranges_end(const struct ranges *rs);

int ranges_read(const struct ranges *rs, uint64_t paddr, void *buf, size_t len);
void ranges_extent(const struct ranges *rs, uint64_t paddr, struct extent *ret);
