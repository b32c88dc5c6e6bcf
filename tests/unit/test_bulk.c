#include "tests/unit/unit.h"
#include "tests/unit/made.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "dump/base/cancel.h"
#include "kernel/mem/bulk.h"
#include "kernel/mem/space.h"

#define DIRECT 0xffff888000000000ull
#define SIZE   (4u << 20)
#define HOLE   (SIZE - 0x123000)

/* Of SIZE bytes of memory one page is missing. */
struct memory {
	struct made made;
	struct dump *dump;
	struct space space;
	unsigned char *bulk, *plain;
};

static void memory_init(struct memory *m)
{
	struct shape shape = { .version = 6, .pack = PACK_ZLIB };
	struct image img;

	image_init(&img);
	img.machine = EM_X86_64;
	image_add(&img, 0, HOLE, FILL_PATTERN, CLASS_KERNEL, NULL);
	image_add(&img, HOLE, 4096, FILL_NONE, CLASS_KERNEL, NULL);
	image_add(&img, HOLE + 4096, SIZE - HOLE - 4096, FILL_RANDOM, CLASS_KERNEL, NULL);
	m->made = made_dump(&img, &shape, write_kdump, -1);
	image_fini(&img);
	m->dump = must_open(&m->made, 1);
	m->space = (struct space){
		.direct = { .first = DIRECT, .last = DIRECT + SIZE - 1, .delta = -DIRECT },
		.page_shift = 12,
	};
	m->bulk = must_alloc(SIZE);
	m->plain = must_alloc(SIZE);
}

static void memory_fini(struct memory *m)
{
	dump_close(m->dump);
	made_close(&m->made);
	free(m->bulk);
	free(m->plain);
}

/* The same as the plain way. */
static void same(struct memory *m, uint64_t at, size_t len)
{
	const size_t want = space_read_some(&m->space, m->dump, DIRECT + at, m->plain, len);

	memset(m->bulk, 0xee, len);
	assert_int_equal(bulk_read_some(&m->space, m->dump, DIRECT + at, m->bulk, len), want);
	assert_memory_equal(m->bulk, m->plain, want);
	if (want == len)
		assert_ok(bulk_read(&m->space, m->dump, DIRECT + at, m->bulk, len));
	else
		assert_fails(bulk_read(&m->space, m->dump, DIRECT + at, m->bulk, len), -ENODATA,
			     "was excluded from the dump");
}

static void as_space_read(void **state)
{
	static const struct {
		uint64_t at;
		size_t len;
	} reads[] = {
		{ 0, 1 },
		{ 0, SIZE },
		{ 123, SIZE - 123 },
		{ 0, HOLE },
		{ 7, HOLE - 7 },
		{ 7, HOLE - 6 },
		{ HOLE, SIZE - HOLE },
		{ HOLE + 4095, SIZE - HOLE - 4095 },
		{ HOLE + 4096, SIZE - HOLE - 4096 },
		{ HOLE - 100, 300000 },
		{ 1, 256 << 10 },
		{ 1, (256 << 10) + 1 },
	};
	struct memory m;

	(void)state;
	memory_init(&m);
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
		same(&m, reads[i].at, reads[i].len);
	memory_fini(&m);
}

/* What is missing is zeros, and nothing else is. */
static void sparse(void **state)
{
	static const uint64_t from[] = { 0, 5, HOLE, HOLE + 77, HOLE + 4096, SIZE - 100 };
	struct memory m;

	(void)state;
	memory_init(&m);
	assert_ok(space_read(&m.space, m.dump, DIRECT, m.plain, HOLE));
	memset(m.plain + HOLE, 0, 4096);
	assert_ok(space_read(&m.space, m.dump, DIRECT + HOLE + 4096, m.plain + HOLE + 4096,
			     SIZE - HOLE - 4096));
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		memset(m.bulk, 0xee, SIZE);
		assert_ok(bulk_read_sparse(&m.space, m.dump, DIRECT + from[i], m.bulk,
					   SIZE - from[i]));
		assert_memory_equal(m.bulk, m.plain + from[i], SIZE - from[i]);
	}
	memory_fini(&m);
}

static void given_up(void **state)
{
	atomic_bool flag = true;
	struct memory m;

	(void)state;
	memory_init(&m);
	cancel_arm(&flag);
	/* Who reads that little at a time asks only now and then. */
	for (int i = 0; i < 1000; i++)
		cancelled_at_times();
	assert_fails(bulk_read(&m.space, m.dump, DIRECT, m.bulk, HOLE), -EINTR, "interrupted");
	assert_fails(bulk_read_sparse(&m.space, m.dump, DIRECT, m.bulk, HOLE), -EINTR,
		     "interrupted");
	cancel_arm(NULL);
	memory_fini(&m);
}

UNIT_TESTS(cmocka_unit_test(as_space_read), cmocka_unit_test(sparse), cmocka_unit_test(given_up))
