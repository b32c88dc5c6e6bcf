/* The table of exported symbols by its content: all forms, two sections, what is damaged or only looks like it. */
#include "kernel/symbol/exports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

#define DATA	0xffffffff82000000ull
#define TEXT	0xffffffff81000000ull
#define SIZE	(256u << 10)
#define TABLE	0x8000 /* in the data */
#define STRINGS 0x20000
#define NR	400
#define KNOWN	123 /* which of them is init_task */

struct made {
	size_t word, words;
	size_t second; /* from this entry on the second section, which begins the order anew; 0: none */
	size_t gap; /* bytes between them */
};

static void store(unsigned char *p, size_t size, uint64_t v)
{
	for (size_t i = 0; i < size; i++, v >>= 8)
		p[i] = (unsigned char)v;
}

static void name_of(const struct made *m, size_t i, char name[16])
{
	if (i == KNOWN)
		snprintf(name, 16, "init_task");
	else
		/* In order before and behind "init_task". */
		snprintf(name, 16, "%c%04zu",
			 i < KNOWN || (m->second && i >= m->second) ? 'a' : 'x', i);
}

static size_t place_of(const struct made *m, size_t i)
{
	return TABLE + i * m->word * m->words + (m->second && i >= m->second ? m->gap : 0);
}

static void point(struct constant *c, const struct made *m, size_t at, uint64_t to)
{
	store(c->bytes + at, m->word, m->word == 8 ? to : to - (c->first + at));
}

static struct constant make(const struct made *m)
{
	struct constant c = { DATA, SIZE, calloc(1, SIZE) };

	assert_non_null(c.bytes);
	for (size_t i = 0; i < NR; i++) {
		size_t at = place_of(m, i), text = STRINGS + 16 * i;
		char name[16] = "";

		name_of(m, i, name);
		memcpy(c.bytes + text, name, 16);
		point(&c, m, at, TEXT + 64 * i);
		point(&c, m, at + m->word, DATA + text);
		if (m->words == 3 && i % 3 == 0)
			point(&c, m, at + 2 * m->word, DATA + STRINGS);
	}
	/* Where the text is, but no entry leads to. */
	memcpy(c.bytes + 0x100, "swapper_init_task", 18);
	return c;
}

struct seen {
	const struct made *made;
	size_t n, first;
	int stop;
};

static int see(void *arg, const char *name, size_t len, uint64_t value)
{
	struct seen *s = arg;
	char expected[16];

	name_of(s->made, s->first + s->n, expected);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(name, expected, len);
	assert_int_equal(value, TEXT + 64 * (s->first + s->n));
	s->n++;
	return s->stop;
}

static const struct region image = { .first = TEXT, .last = DATA + SIZE - 1 };

/* Expect those from @first on, @n of them. */
static void expect(const struct constant *c, const struct made *m, size_t first, size_t n)
{
	struct seen seen = { .made = m, .first = first };
	struct exports e;

	assert_ok(exports_find(c, &image, see, &seen, &e));
	assert_int_equal(seen.n, n);
	assert_int_equal(e.n, n);
	assert_int_equal(e.at, DATA + place_of(m, first));
}

static const struct made forms[] = {
	{ 4, 3, 0, 0 },	  { 4, 2, 0, 0 },   { 8, 3, 0, 0 },   { 8, 2, 0, 0 },
	{ 4, 3, 300, 0 }, { 4, 3, 300, 4 }, { 4, 2, 300, 4 }, { 8, 3, 300, 0 },
};

static void each_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct constant c = make(&forms[i]);

		expect(&c, &forms[i], 0, NR);
		constant_free(&c);
	}
}

/* It begins behind, or ends before, what is no entry. */
static void damaged(void **state)
{
	const struct made *m = &forms[0];
	const size_t at = place_of(m, 60);

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct constant c = make(m);

		if (i == 0) /* a value outside of the image */
			point(&c, m, at, TEXT - 1);
		if (i == 1) /* no name */
			c.bytes[STRINGS + 16 * 60] = 0;
		if (i == 2) /* a name that has other bytes */
			c.bytes[STRINGS + 16 * 60 + 2] = '\n';
		if (i == 3) /* a name elsewhere */
			point(&c, m, at + m->word, DATA - 16);
		if (i == 4) /* a namespace elsewhere */
			point(&c, m, at + 2 * m->word, DATA + SIZE);
		expect(&c, m, 61, NR - 61);
		constant_free(&c);
	}
}

static void is_none(void **state)
{
	const struct made *m = &forms[0];
	struct seen seen = { .made = m };
	struct exports e;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct constant c = make(m);

		if (i == 0) /* nobody leads to the name */
			memset(c.bytes + STRINGS + 16 * KNOWN, 0, 16);
		if (i == 1) /* too few in a row */
			for (size_t n = 100; n < NR; n += 100)
				point(&c, m, place_of(m, n), TEXT - 1);
		if (i == 2) { /* in no order */
			for (size_t n = 0; n < NR; n += 2)
				if (n != KNOWN)
					c.bytes[STRINGS + 16 * n] = 'z';
		}
		if (i == 3)
			c.len = 0;
		assert_fails(exports_find(&c, &image, see, &seen, &e), -ENOENT,
			     "no table of exported");
		constant_free(&c);
	}
	assert_int_equal(seen.n, 0);
}

static void stops(void **state)
{
	const struct made *m = &forms[0];
	struct seen seen = { .made = m, .stop = -ENOMEM };
	struct constant c = make(m);
	struct exports e;

	(void)state;
	assert_int_equal(exports_find(&c, &image, see, &seen, &e), -ENOMEM);
	assert_int_equal(seen.n, 1);
	constant_free(&c);
}

UNIT_TESTS(cmocka_unit_test(each_form), cmocka_unit_test(damaged), cmocka_unit_test(is_none),
	   cmocka_unit_test(stops))
