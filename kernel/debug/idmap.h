/* From 64-bit keys, which are hashes or addresses, to ids. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap {
	struct idmap_slot *slots;
	size_t nr_slots, n;
};

void idmap_fini(struct idmap *m);

bool idmap_get(const struct idmap *m, uint64_t key, uint32_t *ret);

/* In place of what the key had. -ENOMEM. */
int idmap_put(struct idmap *m, uint64_t key, uint32_t id);
