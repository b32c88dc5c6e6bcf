/* A line of /proc/<pid>/maps. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/mem/vma.h"

#define MAP_NAME_COLUMN 73 /* from 0 on */

/* What a table of mappings is about. */
struct map_view {
	struct kernel *k;
	struct strbuf *out;
	uint64_t task, mm; /* mm 0: none */
	struct mm_marks marks;
	struct path root; /* names are as init sees them */
};

int map_view_open(struct kernel *k, struct strbuf *out, uint64_t task, struct map_view *ret);

int put_map_line(const struct map_view *w, const struct vma *v);
