/* A kernel with one cache of one slab, spoiled: the first byte of the input says which time's layout it has,
 * then come words to overwrite: where, of 2 bytes, in units of 2 bytes; and what, of 8 bytes. */
#include <string.h>

#include "kernel/mem/slab.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/made_slab.h"

#define WAYS (HARDENED | TURNED | OLD | PADDED | SHEAFED | PER_NODE)
#define WORD 10
#define MOST 1000 /* caches */
#define STEP 97	  /* from one address that is looked at to the next */

static void spoil(struct fake *f, const uint8_t *data, size_t size)
{
	for (; size >= WORD; data += WORD, size -= WORD) {
		size_t at = (size_t)(data[0] | data[1] << 8) * 2;

		memcpy(f->mem + (at < FAKE_SIZE - 8 ? at : FAKE_SIZE - 8), data + 2, 8);
	}
}

static void read_slabs(struct kernel *k, uint64_t cache)
{
	const struct slab_place *places;
	struct slab_counts counts;
	struct slab_view v;
	struct slab s;
	uint64_t free;
	size_t n;

	if (slab_cache_counts(k, cache, &counts) >= 0)
		fuzz_use(counts.slabs + counts.objects + counts.free);
	if (slab_view_open(k, cache, &v) < 0)
		return;
	if (slab_free_in_nodes(&v, &free) >= 0)
		fuzz_use(free);
	if (slabs_of_cache(k, cache, &places, &n) >= 0)
		for (size_t i = 0; i < n; i++)
			if (slab_read(&v, places[i].page, &s) >= 0)
				for (uint32_t o = 0; o < s.objects; o++)
					fuzz_use(slab_object(&v, &s, o) + slab_is_free(&s, o));
	slab_view_close(&v);
}

static void read_caches(struct kernel *k)
{
	struct slab_cache c;
	struct list_walk w;
	const char *type;
	uint64_t at;

	if (slab_caches_begin(&w, k) < 0)
		return;
	for (size_t i = 0; i < MOST && list_next(&w, &at) > 0; i++) {
		if (slab_cache_read(k, at, &c) >= 0)
			fuzz_use(c.size + strlen(c.name) + (slab_cache_type(k, &c, &type) >= 0));
		read_slabs(k, at);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int chain[] = { 3, 7, 5, 31, 0, -1 };
	struct slab_object o;
	struct made_slab m;
	struct kernel *k;

	if (!size)
		return 0;
	m = made_slab(data[0] & WAYS, chain);
	fake_put(m.f, CACHE + 64, CPU, 8);
	fake_put(m.f, CPU + 16, PAGE, 8);
	fake_put(m.f, CACHE + 112, SHEAVES, 8);
	fake_put(m.f, SHEAVES, SHEAF(0), 8);
	fake_put(m.f, SHEAF(0) + 16, 3, 4);
	for (unsigned int i = 0; i < 3; i++)
		fake_put(m.f, SHEAF(0) + 24 + 8 * i, made_object(&m, 8 + i), 8);
	spoil(m.f, data + 1, size - 1);
	k = made_slab_open(&m);
	read_caches(k);
	for (uint64_t at = SLAB; at < SLAB + 4096; at += STEP)
		if (slab_object_at(k, at, &o) >= 0)
			fuzz_use(o.start + o.is_free);
	fake_free(m.f);
	return 0;
}
