#include "tests/unit/made_slab.h"

#include <stdio.h>

#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

static const char common[] = "list_head 16 ptr next@0 ptr prev@8\n"
			     "slab_sheaf 64 list_head barn_list@0 u32 size@16 ptr[0] objects@24\n"
			     "node_barn 32 list_head sheaves_full@0\n"
			     "kmem_cache_per_node_ptrs 16 ptr barn@0 ptr node@8\n"
			     "slub_percpu_sheaves 32 ptr main@0 ptr spare@8 ptr rcu_free@16\n";

#define CACHE_PARTS                                                                 \
	"list_head list@0 ptr name@16 u32 size@24 u32 object_size@28 u32 align@32 " \
	"u32 offset@36 u32 oo@40 s32 refcount@56 u32 red_left_pad@60 ptr cpu_slab@64 "

static void put_direct(struct fake *f, uint64_t va, uint64_t value)
{
	fake_put(f, va - DIRECT + FAKE_BASE, value, 8);
}

uint64_t made_object(const struct made_slab *m, unsigned int i)
{
	return SLAB + SIZE * i + (m->how & PADDED ? 32 : 0);
}

void made_put_next(const struct made_slab *m, unsigned int i, uint64_t next)
{
	uint64_t at = made_object(m, i) + FREE_AT;

	if (m->how & HARDENED)
		next ^= KEY ^ (m->how & TURNED ? __builtin_bswap64(at) : at);
	put_direct(m->f, at, next);
}

uint64_t made_put_chain(const struct made_slab *m, const int *chain)
{
	for (const int *i = chain; *i >= 0; i++)
		made_put_next(m, (unsigned int)*i,
			      i[1] < 0 ? 0 : made_object(m, (unsigned int)i[1]));
	return *chain < 0 ? 0 : made_object(m, (unsigned int)*chain);
}

/* Tables that map 2 MiB as the image and 1 GiB where all memory is. */
static void put_tables(struct fake *f)
{
	const uint64_t pa = TABLES - FAKE_BASE;

	fake_put(f, TABLES + 8 * 511, (pa + 0x1000) | 0x63, 8);
	fake_put(f, TABLES + 0x1000 + 8 * 510, (pa + 0x2000) | 0x63, 8);
	fake_put(f, TABLES + 0x2000, 0xe3, 8);
	fake_put(f, TABLES + 8 * 273, (pa + 0x3000) | 0x63, 8);
	fake_put(f, TABLES + 0x3000, 0xe3, 8);
	put(&f->vmcoreinfo, "SYMBOL(init_top_pgt)=%llx\n", TABLES);
}

static void put_symbols(struct fake *f)
{
	static const char *const masks[] = { "possible", "present", "online" };

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++)
		put(&f->vmcoreinfo, "SYMBOL(__cpu_%s_mask)=%llx\n", masks[i], MASK);
	fake_put(f, MASK, 1, 8);
	put(&f->vmcoreinfo, "SYMBOL(vmemmap_base)=%llx\nSYMBOL(slab_caches)=%llx\n", VARS, CACHES);
	put(&f->vmcoreinfo, "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-129\n");
	fake_put(f, VARS, PAGES, 8);
}

static void put_cache(const struct made_slab *m)
{
	struct fake *f = m->f;

	fake_put(f, CACHES, CACHE, 8);
	fake_put(f, CACHE, CACHES, 8);
	fake_put(f, CACHE + 16, NAME, 8);
	memcpy(fake_at(f, NAME), "things", 7);
	fake_put(f, CACHE + 24, SIZE, 4);
	fake_put(f, CACHE + 28, 80, 4);
	fake_put(f, CACHE + 32, 8, 4);
	fake_put(f, CACHE + 36, FREE_AT, 4);
	fake_put(f, CACHE + 40, NR, 4);
	fake_put(f, CACHE + 48, KEY, 8);
	fake_put(f, CACHE + 56, 1, 4);
	fake_put(f, CACHE + 60, m->how & PADDED ? 32 : 0, 4);
	fake_put(f, CACHE + 72, NODE, 8);
	fake_put(f, CACHE + 80, NODE, 8); /* per_node: the barn before it */
}

struct made_slab made_slab(unsigned int how, const int *chain)
{
	struct made_slab m = { fake_new(), how };

	put_tables(m.f);
	put_symbols(m.f);
	put_cache(&m);
	for (unsigned int i = 0; i < FAKE_PAGES; i++)
		fake_put(m.f, PAGES + 64 * i + 48, 0xffffffff, 4);
	fake_put(m.f, PAGE + 48, 0xffffff7f, 4);
	fake_put(m.f, PAGE + 8, how & OLD ? 0 : CACHE, 8);
	fake_put(m.f, PAGE + 24, how & OLD ? CACHE : 0, 8);
	fake_put(m.f, PAGE + 32, made_put_chain(&m, chain), 8);
	fake_put(m.f, PAGE + 40, NR, 2);
	fake_put(m.f, PAGE + 42, NR, 2);
	return m;
}

struct kernel *made_slab_open(struct made_slab *m)
{
	char text[2048];

	fake_open(m->f);
	snprintf(text, sizeof(text),
		 "%s%skmem_cache_cpu 24 ptr freelist@0 ptr %s@16\n"
		 "kmem_cache_node 128 list_head partial@16 u64 nr_slabs@32 u64 total_objects@40%s\n"
		 "kmem_cache 128 " CACHE_PARTS "%s%s%s\n",
		 common,
		 m->how & OLD ? "page 64 u64 flags@0 u64 compound_head@8 ptr slab_cache@24 "
				"ptr freelist@32 u16 objects@40 u16 inuse@42 u32 page_type@48 "
				"list_head lru@16\n"
			      : "page 64 u64 flags@0 u64 compound_head@8 u32 page_type@48\n"
				"slab 64 u64 flags@0 ptr slab_cache@8 list_head slab_list@16 "
				"ptr freelist@32 u16 objects@40 u16 inuse@42\n",
		 m->how & OLD ? "page" : "slab",
		 m->how & SHEAFED && !(m->how & PER_NODE) ? " ptr barn@64" : "",
		 m->how & HARDENED ? "u64 random@48 " : "",
		 m->how & SHEAFED ? "ptr cpu_sheaves@112 " : "",
		 m->how & PER_NODE ? "kmem_cache_per_node_ptrs[1] per_node@80" : "ptr[1] node@72");
	fake_structs(m->f, text);
	return m->f->kernel;
}
