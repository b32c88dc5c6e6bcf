/* What producers of a type graph fill in. */
#pragma once

#include "kernel/types/type.h"

struct types {
	const struct types *base; /* names and ids go on from there; NULL: from nothing */
	struct type *types;
	size_t nr;
	struct member *members;
	struct enumerator *values;
	char *strings;
	size_t strings_len;
	uint32_t *buckets, *next; /* by name: 1 + index into .types, 0 ends */
	size_t nr_buckets;
	char problem[128]; /* "" none */
};

/* Index the names; the last step of building. -ENOMEM. */
int types_index(struct types *ts);
