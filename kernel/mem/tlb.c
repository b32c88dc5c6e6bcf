#include "kernel/mem/tlb.h"

#include <stdatomic.h>
#include <stdlib.h>

#define SLOTS 4096 /* 64 KiB: a walker's working set is far below 4096 pages */

/* Pages are remembered in these two sizes; a larger one by its pieces. */
#define SMALL 12
#define LARGE 21

struct tlb {
	struct {
		_Atomic uint64_t check, value; /* check = mix(value) ^ key */
	} slot[SLOTS];
};

/* Spread, so that the halves of two neighbours' translations never make up a third. */
static uint64_t mix(uint64_t value)
{
	return (value ^ value >> 29) * 0xbf58476d1ce4e5b9ull;
}

struct tlb *tlb_new(void)
{
	return calloc(1, sizeof(struct tlb));
}

void tlb_free(struct tlb *t)
{
	free(t);
}

/* Not 0, which is the key of an empty slot. */
static uint64_t key_of(uint64_t va, uint8_t shift)
{
	return va >> shift << shift | shift;
}

static uint64_t slot_of(uint64_t va, uint8_t shift)
{
	return (va >> shift) * 0x9e3779b97f4a7c15ull >> 52;
}

_Static_assert(SLOTS == 1 << (64 - 52), "slot_of() yields an index");

bool tlb_find(struct tlb *t, uint64_t va, uint64_t *ret, uint64_t *ret_left)
{
	static const uint8_t shifts[] = { LARGE, SMALL };

	for (int i = 0; i < 2; i++) {
		uint64_t s = slot_of(va, shifts[i]), offset = va & ((1ull << shifts[i]) - 1);
		uint64_t value = atomic_load_explicit(&t->slot[s].value, memory_order_relaxed);
		uint64_t check = atomic_load_explicit(&t->slot[s].check, memory_order_relaxed);

		if ((check ^ mix(value)) != key_of(va, shifts[i]))
			continue;
		*ret = value + offset;
		*ret_left = (1ull << shifts[i]) - offset;
		return true;
	}
	return false;
}

void tlb_add(struct tlb *t, uint64_t va, uint64_t pa, uint8_t shift)
{
	uint8_t kept = shift >= LARGE ? LARGE : SMALL;
	uint64_t s = slot_of(va, kept), value = pa & ~((1ull << kept) - 1);

	if (shift < SMALL)
		return;
	atomic_store_explicit(&t->slot[s].value, value, memory_order_relaxed);
	atomic_store_explicit(&t->slot[s].check, mix(value) ^ key_of(va, kept),
			      memory_order_relaxed);
}
