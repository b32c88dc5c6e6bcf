/* Slabs as kernels of several times have them: freelists plain and mixed, on CPUs, in sheaves; and each
 * way in which they may be broken. */
#include "kernel/mem/slab.h"

#include <errno.h>

#include "tests/unit/made_slab.h"
#include "tests/unit/unit.h"

static int read_it(struct kernel *k, struct slab *ret)
{
	const struct slab_place *places;
	struct slab_view v;
	size_t n;
	int r = slab_view_open(k, CACHE, &v);

	if (r < 0)
		return r;
	assert_ok(slabs_of_cache(k, CACHE, &places, &n));
	assert_int_equal(n, 1);
	assert_int_equal(places[0].page, PAGE);
	r = slab_read(&v, PAGE, ret);
	slab_view_close(&v);
	return r;
}

static bool is_in(const int *chain, int i)
{
	for (; *chain >= 0; chain++)
		if (*chain == i)
			return true;
	return false;
}

static const int none[] = { -1 }, chain[] = { 3, 7, 5, 31, 0, -1 };

/* Each object is as the freelist says, and each of its bytes leads to it. */
static void freelists(void **state)
{
	static const unsigned int ways[] = { 0,
					     HARDENED,
					     HARDENED | TURNED,
					     OLD,
					     OLD | HARDENED,
					     OLD | HARDENED | TURNED,
					     PADDED,
					     PADDED | HARDENED | TURNED };

	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		struct made_slab m = made_slab(ways[w], chain);
		struct kernel *k = made_slab_open(&m);
		struct slab_object o;
		struct slab s;

		assert_ok(read_it(k, &s));
		assert_int_equal(s.base, SLAB);
		assert_int_equal(s.objects, NR);
		assert_int_equal(s.free, 5);
		for (int i = 0; i < NR; i++) {
			assert_int_equal(slab_is_free(&s, (uint32_t)i), is_in(chain, i));
			assert_ok(slab_object_at(k, made_object(&m, (unsigned int)i) + 79, &o));
			assert_int_equal(o.start, made_object(&m, (unsigned int)i));
			assert_int_equal(o.is_free, is_in(chain, i));
			assert_string_equal(o.cache.name, "things");
			assert_int_equal(o.cache.object_size, 80);
		}
		fake_free(m.f);
	}
}

/* Before the first object is its red zone; other pages are of no slab. */
static void no_object(void **state)
{
	struct made_slab m = made_slab(PADDED, none);
	struct kernel *k = made_slab_open(&m);
	struct slab_object o;

	(void)state;
	assert_fails(slab_object_at(k, SLAB + 31, &o), -ENOENT, "is in no object of its slab");
	assert_fails(slab_object_at(k, SLAB + 4096, &o), -ENOENT, "is in no slab");
	assert_fails(slab_object_at(k, SLAB - 1, &o), -ENOENT, "is in no slab");
	assert_fails(slab_object_at(k, PAGE, &o), -ENOENT, "not in the direct map");
	fake_free(m.f);
}

/* The slab that a CPU allocates from has two freelists. */
static void on_cpu(void **state)
{
	static const int of_cpu[] = { 10, 12, -1 };

	(void)state;
	for (unsigned int old = 0; old <= OLD; old += OLD) {
		struct made_slab m = made_slab(HARDENED | TURNED | old, chain);
		struct slab s;

		fake_put(m.f, CACHE + 64, CPU, 8);
		fake_put(m.f, CPU, made_put_chain(&m, of_cpu), 8);
		fake_put(m.f, CPU + 16, PAGE, 8);
		assert_ok(read_it(made_slab_open(&m), &s));
		assert_int_equal(s.free, 5);
		assert_int_equal(s.on_cpu, 2);
		for (int i = 0; i < NR; i++)
			assert_int_equal(slab_is_free(&s, (uint32_t)i),
					 is_in(chain, i) || is_in(of_cpu, i));
		fake_free(m.f);
	}
}

static void put_sheaf(const struct made_slab *m, unsigned int at, unsigned int first,
		      unsigned int n)
{
	fake_put(m->f, SHEAF(at) + 16, n, 4);
	for (unsigned int i = 0; i < n; i++)
		fake_put(m->f, SHEAF(at) + 24 + 8 * i, made_object(m, first + i), 8);
}

/* Three sheaves of a CPU and two of a node: objects 8 to 18. */
static struct made_slab make_sheaves(unsigned int how)
{
	struct made_slab m = made_slab(how | SHEAFED, chain);

	fake_put(m.f, CACHE + 112, SHEAVES, 8);
	for (unsigned int i = 0; i < 3; i++)
		fake_put(m.f, SHEAVES + 8 * i, SHEAF(i), 8);
	for (unsigned int i = 0; i < 5; i++)
		put_sheaf(&m, i, 8 + 2 * i, i == 4 ? 3 : 2);
	fake_put(m.f, how & PER_NODE ? CACHE + 80 : NODE + 64, BARN, 8);
	fake_put(m.f, CACHE + 88, NODE, 8);
	fake_put(m.f, BARN, SHEAF(3), 8);
	fake_put(m.f, SHEAF(3), SHEAF(4), 8);
	fake_put(m.f, SHEAF(4), BARN, 8);
	return m;
}

static void sheaves(void **state)
{
	(void)state;
	for (unsigned int per_node = 0; per_node <= PER_NODE; per_node += PER_NODE) {
		struct made_slab m = make_sheaves(HARDENED | TURNED | per_node);
		struct slab s;

		assert_ok(read_it(made_slab_open(&m), &s));
		assert_int_equal(s.free, 5);
		assert_int_equal(s.cached, 11);
		for (int i = 0; i < NR; i++)
			assert_int_equal(slab_is_free(&s, (uint32_t)i),
					 is_in(chain, i) || (i >= 8 && i < 19));
		fake_free(m.f);
	}
}

static void broken_sheaves(void **state)
{
	struct made_slab m = make_sheaves(0);
	struct slab s;

	(void)state;
	fake_put(m.f, SHEAF(1) + 16, 0x10000000, 4);
	assert_fails(read_it(made_slab_open(&m), &s), -EBADMSG, "has 268435456 objects");
	fake_free(m.f);
	m = make_sheaves(0);
	fake_put(m.f, SHEAF(4), SHEAF(3), 8);
	assert_fails(read_it(made_slab_open(&m), &s), -ELOOP, "comes again");
	fake_free(m.f);
	m = make_sheaves(0);
	fake_put(m.f, SHEAVES, 0x4141414141414141, 8);
	assert_fails(read_it(made_slab_open(&m), &s), -EFAULT, "");
	fake_free(m.f);
	/* What a sheaf holds that is no object of a slab is no object of this one either. */
	m = make_sheaves(0);
	fake_put(m.f, SHEAF(0) + 24, SLAB + 4096, 8);
	fake_put(m.f, SHEAF(0) + 32, made_object(&m, 8) + 1, 8);
	assert_ok(read_it(made_slab_open(&m), &s));
	assert_int_equal(s.cached, 9);
	fake_free(m.f);
}

/* What the third object of the freelist leads to. */
static void broken_freelists(void **state)
{
	static const struct {
		uint64_t next;
		int code;
		const char *text;
	} cases[] = {
		{ SLAB + SIZE * 3, -ELOOP, "is twice on the freelist" },
		{ SLAB + SIZE * 5, -ELOOP, "is twice on the freelist" },
		{ SLAB + SIZE * 5 + 8, -EBADMSG, "leads to" },
		{ SLAB + 4096, -EBADMSG, "leads to" },
		{ SLAB - SIZE, -EBADMSG, "leads to" },
		{ 0x4141414141414141, -EBADMSG, "leads to" },
		{ 1, -EBADMSG, "leads to" },
		{ ~0ull, -EBADMSG, "leads to" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases) * 3; i++) {
		static const unsigned int ways[] = { 0, HARDENED, HARDENED | TURNED };
		const size_t c = i / 3;
		struct made_slab m = made_slab(ways[i % 3], chain);
		struct slab_object o;
		struct kernel *k;
		struct slab s;

		made_put_next(&m, 5, cases[c].next);
		k = made_slab_open(&m);
		assert_fails(read_it(k, &s), cases[c].code, cases[c].text);
		assert_int_equal(s.free, 3);
		assert_fails(slab_object_at(k, SLAB, &o), cases[c].code, cases[c].text);
		fake_free(m.f);
	}
}

/* A page that is not there, and slabs and caches that cannot be. */
static void broken_slabs(void **state)
{
	static const struct {
		uint64_t at, value;
		size_t size;
		int code;
		const char *text;
	} cases[] = {
		{ PAGE + 40, 0, 2, -EBADMSG, "has 0 objects" },
		{ PAGE + 40, 0xffff, 2, -EBADMSG, "has 65535 objects" },
		{ CACHE + 24, 0, 4, -EBADMSG, "contradicts itself" },
		{ CACHE + 24, 0xffffffff, 4, -EBADMSG, "contradicts itself" },
		{ CACHE + 24, 64, 4, -EBADMSG, "contradicts itself" },
		{ CACHE + 36, 4096, 4, -EBADMSG, "contradicts itself" },
		{ CACHE + 60, 4096, 4, -EBADMSG, "contradicts itself" },
		{ CACHE + 16, 0x1000, 8, -EFAULT, "cache at" },
		{ CACHE + 64, 0x10, 8, -EFAULT, "" },
		{ NAME, 0, 8, -EBADMSG, "contradicts itself" },
	};
	struct made_slab m = made_slab(0, chain);
	struct slab_object o;
	struct slab s;

	(void)state;
	m.f->missing[FRAME] = true;
	assert_fails(slab_object_at(made_slab_open(&m), SLAB, &o), -ENODATA, "");
	fake_free(m.f);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		m = made_slab(0, chain);
		fake_put(m.f, cases[i].at, cases[i].value, cases[i].size);
		assert_fails(read_it(made_slab_open(&m), &s), cases[i].code, cases[i].text);
		fake_free(m.f);
	}
}

/* A slab's struct page that names no cache is a slab of none. */
static void unknown_cache(void **state)
{
	struct made_slab m = made_slab(0, none);
	char name[SLAB_NAME_MAX];
	struct slab_object o;
	struct kernel *k;

	(void)state;
	fake_put(m.f, PAGE + 8, 0x123456788, 8);
	k = made_slab_open(&m);
	assert_fails(slab_cache_name(k, SLAB, name), -EFAULT, "");
	assert_fails(slab_object_at(k, SLAB, &o), -EFAULT, "cache at 0x123456788");
	fake_free(m.f);
}

UNIT_TESTS(cmocka_unit_test(freelists), cmocka_unit_test(no_object), cmocka_unit_test(on_cpu),
	   cmocka_unit_test(sheaves), cmocka_unit_test(broken_sheaves),
	   cmocka_unit_test(broken_freelists), cmocka_unit_test(broken_slabs),
	   cmocka_unit_test(unknown_cache))
