/* Reads of any length at any address, by one and by many threads. */
#include "tests/unit/unit.h"
#include "tests/unit/made.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static const char memory[] = "pages 1p..9p pattern\n"
			     "pages 9p..20p zero\n"
			     "pages 20p..24p random\n"
			     "page 24p excluded\n"
			     "pages 25p..30p random\n";

/* Pages 1 to 23 in one piece. */
static void whole(const struct image *img, unsigned char *ret)
{
	for (uint64_t pfn = 1; pfn < 24; pfn++)
		image_page(img, image_run(img, pfn), pfn, ret + pfn * 4096);
}

static void random_reads(struct dump *d, const unsigned char *want, unsigned int seed, int n)
{
	unsigned char *got = malloc(24 * 4096);

	for (int i = 0; i < n; i++) {
		size_t at = 4096 + (size_t)rand_r(&seed) % (23 * 4096);
		size_t len = (size_t)rand_r(&seed) % (24 * 4096 - at + 1);

		if (rand_r(&seed) % 2)
			len %= 100;
		assert_ok(dump_read(d, at, got, len));
		assert_memory_equal(got, want + at, len);
	}
	free(got);
}

static void any_place(void **state)
{
	static const struct {
		write_fn *write;
		struct shape shape;
	} forms[] = {
		{ write_elf, { 0 } },
		{ write_lime, { 0 } },
		{ write_kdump, { .version = 6, .pack = PACK_MIXED } },
	};
	static unsigned char want[24 * 4096];
	struct image img;

	(void)state;
	image_init(&img);
	image_parse(&img, memory);
	whole(&img, want);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct made m = made_dump(&img, &forms[i].shape, forms[i].write, -1);
		struct dump *d = must_open(&m, 1);

		random_reads(d, want, 1, 300);
		dump_close(d);
		made_close(&m);
	}
	image_fini(&img);
}

static void across_what_is_missing(void **state)
{
	unsigned char buf[3 * 4096];
	struct image img;
	struct dump *d;
	struct made m;

	(void)state;
	image_init(&img);
	image_parse(&img, memory);
	m = made_dump(&img, &(struct shape){ .version = 6 }, write_kdump, -1);
	d = must_open(&m, 1);
	assert_ok(dump_read(d, 23 * 4096, buf, 4096));
	assert_fails(dump_read(d, 23 * 4096, buf, 4097), -ENODATA, "0x18000 was excluded");
	assert_fails(dump_read(d, 24 * 4096 + 5, buf, 1), -ENODATA, "0x18005 was excluded");
	assert_fails(dump_read(d, 0, buf, 8), -ENODATA, "no memory at physical address 0");
	assert_fails(dump_read(d, 30 * 4096 - 1, buf, 2), -ENODATA,
		     "no memory at physical address 0x1e000");
	assert_fails(dump_read(d, UINT64_MAX - 1, buf, 4), -ENODATA, "no memory");
	assert_ok(dump_read(d, 0, buf, 0));
	dump_close(d);
	made_close(&m);
	image_fini(&img);
}

struct reader {
	struct dump *dump;
	const unsigned char *want;
	unsigned int seed;
};

static void *read_much(void *arg)
{
	struct reader *r = arg;

	random_reads(r->dump, r->want, r->seed, 200);
	return NULL;
}

static void threads(void **state)
{
	static unsigned char want[24 * 4096];
	struct reader readers[8];
	pthread_t ids[8];
	struct image img;
	struct dump *d;
	struct made m;

	(void)state;
	image_init(&img);
	image_parse(&img, memory);
	whole(&img, want);
	m = made_dump(&img, &(struct shape){ .version = 6, .pack = PACK_MIXED }, write_kdump,
		      FLAT_OVERWRITE);
	d = must_open(&m, 1);
	for (unsigned int i = 0; i < 8; i++) {
		readers[i] = (struct reader){ d, want, i };
		assert_int_equal(pthread_create(&ids[i], NULL, read_much, &readers[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(ids[i], NULL);
	dump_close(d);
	made_close(&m);
	image_fini(&img);
}

UNIT_TESTS(cmocka_unit_test(any_place), cmocka_unit_test(across_what_is_missing),
	   cmocka_unit_test(threads))
