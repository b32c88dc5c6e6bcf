/* What the parts of /address share. */
#pragma once

#include "fs/gen.h"
#include "kernel/mem/space.h"

/* What they are about. */
struct subject {
	struct render *r;
	const struct space *space;
	uint64_t va;	   /* of a physical address: where the kernel maps all memory */
	bool has_physical; /* .pa is where it is */
	uint64_t pa;
};

/* The beginning of a row. */
void address_key(struct subject *s, const char *key);

/* The page that it lies in; and if it is a struct page, which page that is of. -EINTR, -ENOMEM. */
int address_page(struct subject *s);
int address_of_page(struct subject *s);
