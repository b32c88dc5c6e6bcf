#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/cancel.h"
#include "fs/dump/pieces.h"
#include "tests/unit/made.h"

#define PAGE 4096ull

/* A memory of @runs runs of two pages, four pages apart, and the dump of it. */
struct fixture {
	struct image image;
	struct made made;
	struct dump *dump;
};

static void open_comb(struct fixture *f, size_t runs)
{
	static const struct shape shape = { .version = 6 };

	image_init(&f->image);
	for (size_t i = 0; i < runs; i++)
		image_add(&f->image, 4 * i * PAGE, 2 * PAGE, FILL_ZERO, CLASS_KERNEL, NULL);
	f->made = made_dump(&f->image, &shape, write_kdump, -1);
	f->dump = must_open(&f->made, 1);
}

static void close_comb(struct fixture *f)
{
	dump_close(f->dump);
	made_close(&f->made);
	image_fini(&f->image);
}

static void check_walk(const struct pieces *p, size_t runs)
{
	struct cursor c = { { 0 } };
	struct piece piece;

	assert_int_equal(pieces_count(p), runs);
	assert_int_equal(pieces_end(p), runs * 2 * PAGE);
	for (size_t i = 0; i < runs; i++) {
		assert_int_equal(c.at[BY_INDEX], i);
		assert_int_equal(pieces_next(p, &c, &piece), 1);
		assert_int_equal(piece.paddr, 4 * i * PAGE);
		assert_int_equal(piece.size, 2 * PAGE);
		assert_int_equal(piece.offset, 2 * i * PAGE);
	}
	assert_int_equal(pieces_next(p, &c, &piece), 0);
}

static void check_seeks(const struct pieces *p, size_t runs)
{
	struct cursor c;

	for (size_t i = 0; i < runs; i++) {
		assert_ok(pieces_seek(p, BY_INDEX, i, &c));
		assert_int_equal(c.at[BY_INDEX], i);
		assert_ok(pieces_seek(p, BY_PADDR, 4 * i * PAGE, &c));
		assert_int_equal(c.at[BY_INDEX], i);
		assert_ok(pieces_seek(p, BY_PADDR, (4 * i + 2) * PAGE - 1, &c));
		assert_int_equal(c.at[BY_INDEX], i);
		assert_ok(pieces_seek(p, BY_PADDR, (4 * i + 2) * PAGE, &c));
		assert_int_equal(c.at[BY_INDEX], i + 1);
		assert_ok(pieces_seek(p, BY_OFFSET, 2 * i * PAGE, &c));
		assert_int_equal(c.at[BY_INDEX], i);
		assert_ok(pieces_seek(p, BY_OFFSET, 2 * (i + 1) * PAGE - 1, &c));
		assert_int_equal(c.at[BY_INDEX], i);
	}
	assert_ok(pieces_seek(p, BY_INDEX, runs + 100, &c));
	assert_int_equal(c.at[BY_INDEX], runs);
}

static void finds_pieces_by_every_key(void **state)
{
	static const size_t sizes[] = { 1, 15, 16, 17, 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct pieces *p;
		struct fixture f;

		open_comb(&f, sizes[i]);
		assert_ok(pieces_new(f.dump, NULL, 0, &p));
		check_walk(p, sizes[i]);
		check_seeks(p, sizes[i]);
		pieces_free(p);
		close_comb(&f);
	}
}

static void splits_where_virtual_addresses_jump(void **state)
{
	/* Runs 0 and 1 by one mapping, half of run 2 by another, the rest by none. */
	static const struct segment segments[] = {
		{ .vaddr = 0xffff000000000000 + 8 * PAGE, .paddr = 8 * PAGE, .size = PAGE },
		{ .vaddr = 0xffff888000000000, .paddr = 0, .size = 8 * PAGE },
	};
	static const struct piece expected[] = {
		{ 0 * PAGE, 2 * PAGE, 0 * PAGE, 0xffff888000000000 },
		{ 4 * PAGE, 2 * PAGE, 2 * PAGE, 0xffff888000004000 },
		{ 8 * PAGE, 1 * PAGE, 4 * PAGE, 0xffff000000008000 },
		{ 9 * PAGE, 1 * PAGE, 5 * PAGE, 0 },
		{ 12 * PAGE, 2 * PAGE, 6 * PAGE, 0 },
	};
	struct cursor c = { { 0 } };
	struct piece piece;
	struct pieces *p;
	struct fixture f;

	(void)state;
	open_comb(&f, 4);
	assert_ok(pieces_new(f.dump, segments, ARRAY_SIZE(segments), &p));
	assert_int_equal(pieces_count(p), ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(pieces_next(p, &c, &piece), 1);
		assert_memory_equal(&piece, &expected[i], sizeof(piece));
	}
	pieces_free(p);
	close_comb(&f);
}

/* makedumpfile -E writes a segment for each run of pages: still two mappings. */
static void joins_segments_of_one_mapping(void **state)
{
	struct segment segments[200];
	const struct alias *alias;
	struct pieces *p;
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		segments[i] = (struct segment){ .vaddr = 0xffff888000000000 + 4 * i * PAGE,
						.paddr = 4 * i * PAGE,
						.size = 2 * PAGE };
		segments[100 + i] = segments[i];
		segments[100 + i].vaddr = 0xffffffff81000000 + 4 * i * PAGE;
	}
	open_comb(&f, 100);
	/* The second mapping begins inside run 10 and ends inside run 19. */
	segments[110].vaddr += PAGE;
	segments[110].paddr += PAGE;
	segments[110].size -= PAGE;
	segments[119].size -= PAGE;
	memmove(&segments[100], &segments[110], 10 * sizeof(segments[0]));
	assert_ok(pieces_new(f.dump, segments, 110, &p));
	assert_int_equal(pieces_count(p), 100);
	assert_int_equal(pieces_aliases(p, &alias), 1);
	assert_int_equal(alias->first, 10);
	assert_int_equal(alias->count, 10);
	assert_int_equal(alias->range.paddr, 41 * PAGE);
	assert_int_equal(alias->range.paddr + alias->range.size, 77 * PAGE);
	pieces_free(p);
	close_comb(&f);
}

static void empty_memory(void **state)
{
	struct cursor c;
	struct piece piece;
	struct pieces *p;
	struct fixture f;
	static const struct shape shape = { .version = 6 };

	(void)state;
	image_init(&f.image);
	image_add(&f.image, 0, PAGE, FILL_NONE, CLASS_USER, NULL);
	f.made = made_dump(&f.image, &shape, write_kdump, -1);
	f.dump = must_open(&f.made, 1);
	assert_ok(pieces_new(f.dump, NULL, 0, &p));
	assert_int_equal(pieces_count(p), 0);
	assert_int_equal(pieces_end(p), 0);
	assert_ok(pieces_seek(p, BY_OFFSET, 5, &c));
	assert_int_equal(pieces_next(p, &c, &piece), 0);
	pieces_free(p);
	close_comb(&f);
}

static void is_cancelled(void **state)
{
	atomic_bool stop = true;
	struct pieces *p;
	struct fixture f;

	(void)state;
	open_comb(&f, 10);
	cancel_arm(&stop);
	assert_fails(pieces_new(f.dump, NULL, 0, &p), -EINTR, "interrupted");
	cancel_arm(NULL);
	close_comb(&f);
}

UNIT_TESTS(cmocka_unit_test(finds_pieces_by_every_key),
	   cmocka_unit_test(splits_where_virtual_addresses_jump),
	   cmocka_unit_test(joins_segments_of_one_mapping), cmocka_unit_test(empty_memory),
	   cmocka_unit_test(is_cancelled))
