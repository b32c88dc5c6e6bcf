/* Some equal things that are costly to make, such as buffers, kept for the next who needs one. It holds
 * a few, whatever the number of threads; who finds none makes one, who finds it full frees his. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define SPARES 8 /* more threads than that rarely work at once */

/* All zeros is empty. */
struct spares {
	_Atomic(void *) slot[SPARES];
};

/* One of them, the caller's now; NULL: there is none. */
static inline void *spares_take(struct spares *s)
{
	for (size_t i = 0; i < SPARES; i++) {
		void *p = atomic_load_explicit(&s->slot[i], memory_order_relaxed)
				  ? atomic_exchange(&s->slot[i], NULL)
				  : NULL;

		if (p)
			return p;
	}
	return NULL;
}

/* Keep @p, which is taken over. False: it is full. */
static inline bool spares_give(struct spares *s, void *p)
{
	for (size_t i = 0; i < SPARES; i++) {
		void *none = NULL;

		if (atomic_compare_exchange_strong(&s->slot[i], &none, p))
			return true;
	}
	return false;
}
