/* The kernel log in its two layouts, whole, wrapped and damaged. */
#include "kernel/log/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

/* Where the tests put things. */
#define VAR   FAKE_BASE		   /* variables */
#define RING  (FAKE_BASE + 0x100)  /* struct printk_ringbuffer */
#define DESCS (FAKE_BASE + 0x1000) /* 8 descriptors of 24 bytes */
#define INFOS (FAKE_BASE + 0x2000) /* 8 infos of 88 bytes */
#define DATA  (FAKE_BASE + 0x3000) /* 256 bytes of text, or the record buffer */
#define COUNT 8
#define BITS  8

struct seen {
	size_t n, stop_after;
	char text[32][64];
	struct log_record record[32]; /* text and dict do not outlive the call */
};

static int take_record(void *arg, const struct log_record *r)
{
	struct seen *s = arg;

	snprintf(s->text[s->n], sizeof(s->text[0]), "%.*s", (int)r->text_len, r->text);
	s->record[s->n] = *r;
	return ++s->n == s->stop_after ? 7 : 0;
}

static struct fake *new_prb(uint64_t tail, uint64_t head)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo,
	    "SYMBOL(prb)=%llx\n"
	    "OFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(printk_ringbuffer.text_data_ring)=48\n"
	    "OFFSET(prb_desc_ring.count_bits)=0\nOFFSET(prb_desc_ring.descs)=8\n"
	    "OFFSET(prb_desc_ring.infos)=16\nOFFSET(prb_desc_ring.head_id)=24\n"
	    "OFFSET(prb_desc_ring.tail_id)=32\n"
	    "SIZE(prb_desc)=24\nOFFSET(prb_desc.state_var)=0\nOFFSET(prb_desc.text_blk_lpos)=8\n"
	    "OFFSET(prb_data_blk_lpos.begin)=0\nOFFSET(prb_data_blk_lpos.next)=8\n"
	    "SIZE(printk_info)=88\nOFFSET(printk_info.seq)=0\nOFFSET(printk_info.ts_nsec)=8\n"
	    "OFFSET(printk_info.text_len)=16\nOFFSET(printk_info.caller_id)=20\n"
	    "OFFSET(printk_info.dev_info)=24\nOFFSET(dev_printk_info.subsystem)=0\n"
	    "OFFSET(dev_printk_info.device)=16\n"
	    "OFFSET(prb_data_ring.size_bits)=0\nOFFSET(prb_data_ring.data)=8\n",
	    VAR);
	fake_put(f, VAR, RING, 8);
	fake_put(f, RING, 3, 4);
	fake_put(f, RING + 8, DESCS, 8);
	fake_put(f, RING + 16, INFOS, 8);
	fake_put(f, RING + 24, head, 8);
	fake_put(f, RING + 32, tail, 8);
	fake_put(f, RING + 48, BITS, 4);
	fake_put(f, RING + 56, DATA, 8);
	return f;
}

/* A record of @id whose block begins at @begin; returns where the next block would. */
static uint64_t add_prb(struct fake *f, uint64_t id, int state, uint64_t begin, const char *text)
{
	size_t len = strlen(text), block = (8 + len + 7) & ~7ul;
	uint64_t desc = DESCS + id % COUNT * 24, info = INFOS + id % COUNT * 88, at = begin & 255;
	uint64_t next = begin + block;

	if (begin >> BITS != (next - 1) >> BITS) {
		at = 0;
		next = (((begin >> BITS) + 1) << BITS) + block;
	}
	fake_put(f, desc, id & ((1ull << 62) - 1), 8);
	fake_put(f, desc + 7, (uint64_t)state << 6 | (id >> 56 & 0x3f), 1);
	fake_put(f, desc + 8, begin, 8);
	fake_put(f, desc + 16, next, 8);
	fake_put(f, info, id, 8);
	fake_put(f, info + 8, 1000 * id, 8);
	fake_put(f, info + 16, len, 2);
	fake_put(f, info + 18, 3, 1);
	fake_put(f, info + 19, 6 << 5 | LOG_NEWLINE, 1);
	fake_put(f, info + 20, 0x80000001, 4);
	memcpy(fake_at(f, info + 24), "pci", 4);
	memcpy(fake_at(f, info + 40), "+pci:0000", 10);
	fake_put(f, DATA + at, id, 8);
	memcpy(fake_at(f, DATA + at + 8), text, len);
	return next;
}

static void test_prb(void **state)
{
	struct fake *f = new_prb(5, 8);
	struct seen s = { 0 };
	uint64_t at = 16;

	(void)state;
	at = add_prb(f, 5, 2, at, "first");
	at = add_prb(f, 6, 0, at, "reserved, not written yet");
	at = add_prb(f, 7, 2, at, "third");
	add_prb(f, 8, 1, at, "fourth\nof two lines");
	fake_open(f);
	assert_ok(log_read(f->kernel, take_record, &s));
	assert_int_equal(s.n, 3);
	assert_string_equal(s.text[0], "first");
	assert_string_equal(s.text[1], "third");
	assert_string_equal(s.text[2], "fourth\nof two lines");
	assert_int_equal(s.record[0].seq, 5);
	assert_int_equal(s.record[0].ts_nsec, 5000);
	assert_int_equal(s.record[0].level, 6);
	assert_int_equal(s.record[0].facility, 3);
	assert_int_equal(s.record[0].flags, LOG_NEWLINE);
	assert_true(s.record[0].has_caller);
	assert_false(s.record[0].shows_caller);
	assert_int_equal(s.record[0].caller_id, 0x80000001);
	assert_string_equal(s.record[0].subsystem, "pci");
	assert_string_equal(s.record[0].device, "+pci:0000");
	fake_free(f);
}

static void test_prb_wraps(void **state)
{
	struct fake *f = new_prb(14, 18);
	struct seen s = { .stop_after = 0 };
	uint64_t at = 3 * 256 + 160;

	(void)state;
	for (uint64_t id = 14; id <= 18; id++)
		at = add_prb(f, id, 2, at, id == 16 ? "" : "twenty-four characters..");
	fake_open(f);
	assert_ok(log_read(f->kernel, take_record, &s));
	assert_int_equal(s.n, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(s.text[i], i == 2 ? "" : "twenty-four characters..");
	fake_free(f);
}

static void test_prb_dataless(void **state)
{
	struct fake *f = new_prb(1, 2);
	struct seen s = { 0 };

	(void)state;
	add_prb(f, 1, 2, 0, "lost");
	fake_put(f, DESCS + 24 + 8, 1, 8);
	fake_put(f, DESCS + 24 + 16, 1, 8);
	add_prb(f, 2, 2, 64, "kept");
	fake_open(f);
	assert_ok(log_read(f->kernel, take_record, &s));
	assert_int_equal(s.n, 2);
	assert_string_equal(s.text[0], "");
	assert_string_equal(s.text[1], "kept");
	fake_free(f);
}

/* A text length that leaves its block must not show the neighbour's bytes. */
static void test_prb_lies_about_length(void **state)
{
	struct fake *f = new_prb(1, 1);
	struct seen s = { 0 };

	(void)state;
	add_prb(f, 1, 2, 0, "sixteen bytes...");
	memcpy(fake_at(f, DATA + 24), "secret", 6);
	fake_put(f, INFOS + 88 + 16, 0xffff, 2);
	fake_open(f);
	assert_ok(log_read(f->kernel, take_record, &s));
	assert_string_equal(s.text[0], "sixteen bytes...");
	fake_free(f);
}

static void test_prb_page_missing(void **state)
{
	struct fake *f = new_prb(1, 2);
	struct seen s = { 0 };

	(void)state;
	fake_put(f, RING + 56, DATA + 0x1000 - 64, 8);
	add_prb(f, 1, 2, 0, "x");
	add_prb(f, 2, 2, 64, "y");
	fake_put(f, DATA + 0x1000 - 64, 1, 8);
	*(char *)fake_at(f, DATA + 0x1000 - 56) = 'x';
	f->missing[4] = true;
	fake_open(f);
	assert_fails(log_read(f->kernel, take_record, &s), -ENODATA, "1 of 2 records lost");
	assert_int_equal(s.n, 1);
	assert_string_equal(s.text[0], "x");
	fake_free(f);
}

static void test_prb_hostile_geometry(void **state)
{
	static const struct {
		uint64_t va, value;
		size_t size;
		int code;
		const char *text;
	} cases[] = {
		{ RING, 60, 4, -EBADMSG, "2^60 records" },
		{ RING + 48, 63, 4, -EBADMSG, "2^63 bytes" },
		{ RING + 24, 1000, 8, -EBADMSG, "more than 2^3 records" },
		{ VAR, 0x1234, 8, -EFAULT, "0x1234" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = new_prb(1, 1);
		struct seen s = { 0 };

		add_prb(f, 1, 2, 0, "text");
		fake_put(f, cases[i].va, cases[i].value, cases[i].size);
		fake_open(f);
		assert_fails(log_read(f->kernel, take_record, &s), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

static void test_reader_stops(void **state)
{
	struct fake *f = new_prb(1, 3);
	struct seen s = { .stop_after = 2 };
	uint64_t at = 0;

	(void)state;
	for (uint64_t id = 1; id <= 3; id++)
		at = add_prb(f, id, 2, at, "text");
	fake_open(f);
	assert_int_equal(log_read(f->kernel, take_record, &s), 7);
	assert_int_equal(s.n, 2);
	fake_free(f);
}

static void test_no_log(void **state)
{
	struct fake *f = fake_new();
	struct seen s = { 0 };

	(void)state;
	put(&f->vmcoreinfo, "SYMBOL(init_uts_ns)=%llx\n", FAKE_BASE);
	fake_open(f);
	assert_fails(log_read(f->kernel, take_record, &s), -ENOENT, "names no log buffer");
	fake_free(f);
}

/* 3.5 to 5.9 */
static struct fake *new_records(const char *name, unsigned int header, uint64_t len, uint64_t first,
				uint64_t next)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo,
	    "SYMBOL(log_buf)=%llx\nSYMBOL(log_buf_len)=%llx\nSYMBOL(log_first_idx)=%llx\n"
	    "SYMBOL(log_next_idx)=%llx\nSIZE(%s)=%u\nOFFSET(%s.ts_nsec)=0\nOFFSET(%s.len)=8\n"
	    "OFFSET(%s.text_len)=10\nOFFSET(%s.dict_len)=12\n",
	    VAR, VAR + 8, VAR + 16, VAR + 24, name, header, name, name, name, name);
	fake_put(f, VAR, DATA, 8);
	fake_put(f, VAR + 8, len, 4);
	fake_put(f, VAR + 16, first, 4);
	fake_put(f, VAR + 24, next, 4);
	return f;
}

static uint64_t add_record(struct fake *f, uint64_t at, unsigned int header, const char *text,
			   const char *dict, size_t dict_len)
{
	size_t text_len = strlen(text), len = (header + text_len + dict_len + 3) & ~3ul;

	fake_put(f, DATA + at, 77000, 8);
	fake_put(f, DATA + at + 8, len, 2);
	fake_put(f, DATA + at + 10, text_len, 2);
	fake_put(f, DATA + at + 12, dict_len, 2);
	fake_put(f, DATA + at + 14, 1, 1);
	fake_put(f, DATA + at + 15, 4 << 5 | LOG_NEWLINE, 1);
	if (header > 16)
		fake_put(f, DATA + at + 16, 42, 4);
	memcpy(fake_at(f, DATA + at + header), text, text_len);
	memcpy(fake_at(f, DATA + at + header + text_len), dict, dict_len);
	return at + len;
}

static void test_records(void **state)
{
	static const struct {
		const char *name;
		unsigned int header;
	} layouts[] = { { "log", 16 }, { "printk_log", 16 }, { "printk_log", 20 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		unsigned int header = layouts[i].header;
		struct fake *f = new_records(layouts[i].name, header, 256, 128, 0);
		struct seen s = { 0 };
		uint64_t at = add_record(f, 128, header, "oldest", "SUBSYSTEM=pci", 13);

		/* Behind it a mark that sends the reader to the start. */
		fake_put(f, DATA + at + 8, 0, 2);
		at = add_record(f, 0, header, "newer", "", 0);
		fake_put(f, VAR + 24, add_record(f, at, header, "newest", "", 0), 4);
		fake_open(f);
		assert_ok(log_read(f->kernel, take_record, &s));
		assert_int_equal(s.n, 3);
		assert_string_equal(s.text[0], "oldest");
		assert_string_equal(s.text[1], "newer");
		assert_string_equal(s.text[2], "newest");
		assert_int_equal(s.record[0].dict_len, 13);
		assert_int_equal(s.record[0].level, 4);
		assert_int_equal(s.record[0].ts_nsec, 77000);
		assert_int_equal(s.record[0].shows_caller, header == 20);
		assert_int_equal(s.record[0].caller_id, header == 20 ? 42 : 0);
		fake_free(f);
	}
}

static void test_records_damaged(void **state)
{
	struct fake *f = new_records("printk_log", 16, 256, 0, 64);
	struct seen s = { 0 };

	(void)state;
	fake_put(f, DATA + 8, 8, 2); /* shorter than its header */
	fake_open(f);
	assert_fails(log_read(f->kernel, take_record, &s), -EBADMSG, "record at 0");
	fake_free(f);

	/* The end is never met: two records and a mark, again and again. */
	f = new_records("printk_log", 16, 256, 0, 4);
	fake_put(f, DATA + add_record(f, 0, 16, "round", "", 0) + 8, 0, 2);
	fake_open(f);
	s.n = 0;
	assert_fails(log_read(f->kernel, take_record, &s), -ELOOP, "do not end");
	assert_true(s.n <= 2);
	fake_free(f);

	f = new_records("printk_log", 16, 256, 250, 0);
	fake_open(f);
	assert_fails(log_read(f->kernel, take_record, &s), -EBADMSG, "leaves the buffer");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(test_prb), cmocka_unit_test(test_prb_wraps),
	   cmocka_unit_test(test_prb_dataless), cmocka_unit_test(test_prb_lies_about_length),
	   cmocka_unit_test(test_prb_page_missing), cmocka_unit_test(test_prb_hostile_geometry),
	   cmocka_unit_test(test_reader_stops), cmocka_unit_test(test_no_log),
	   cmocka_unit_test(test_records), cmocka_unit_test(test_records_damaged))
