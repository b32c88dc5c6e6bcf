#include "kernel/debug/idmap.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/err.h"

struct idmap_slot {
	uint64_t key;
	uint32_t id;
	bool used;
};

void idmap_fini(struct idmap *m)
{
	free(m->slots);
	*m = (struct idmap){ 0 };
}

static struct idmap_slot *slot(const struct idmap *m, uint64_t key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15ull >> 17) & (m->nr_slots - 1);

	while (m->slots[i].used && m->slots[i].key != key)
		i = (i + 1) & (m->nr_slots - 1);
	return &m->slots[i];
}

bool idmap_get(const struct idmap *m, uint64_t key, uint32_t *ret)
{
	const struct idmap_slot *s = m->nr_slots ? slot(m, key) : NULL;

	if (!s || !s->used)
		return false;
	*ret = s->id;
	return true;
}

static int grow(struct idmap *m)
{
	struct idmap more = { .nr_slots = m->nr_slots ? 2 * m->nr_slots : 1024, .n = m->n };

	more.slots = calloc(more.nr_slots, sizeof(*more.slots));
	if (!more.slots)
		return fail(-ENOMEM, "map of %zu", more.nr_slots);
	for (size_t i = 0; i < m->nr_slots; i++)
		if (m->slots[i].used)
			*slot(&more, m->slots[i].key) = m->slots[i];
	free(m->slots);
	*m = more;
	return 0;
}

int idmap_put(struct idmap *m, uint64_t key, uint32_t id)
{
	struct idmap_slot *s;
	int r = 2 * (m->n + 1) > m->nr_slots ? grow(m) : 0;

	if (r < 0)
		return r;
	s = slot(m, key);
	m->n += !s->used;
	*s = (struct idmap_slot){ key, id, true };
	return 0;
}
