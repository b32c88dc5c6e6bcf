#include "tests/unit/unit.h"
#include "tests/unit/made.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "dump/base/cancel.h"
#include "dump/base/trouble.h"

static const char memory[] = "vmcoreinfo OSRELEASE=6.1.0\n"
			     "vmcoreinfo PAGESIZE=4096\n"
			     "vmcoreinfo SYMBOL(x)=ffffffff82000000\n"
			     "pages 0..3000p pattern\n"
			     "page 3000p vmcoreinfo\n"
			     "page 3001p bytes \"OSRELEASE=not one\\n\"\n"
			     "pages 3002p..5000p zero\n"
			     "page 5000p excluded\n"
			     "page 5001p vmcoreinfo\n"
			     "pages 5002p..9000p random\n";

static struct dump *open_without(struct image *img, struct made *m)
{
	image_init(img);
	image_parse(img, memory);
	*m = made_dump(img, &(struct shape){ .version = 6, .no_vmcoreinfo = true }, write_kdump,
		       -1);
	return must_open(m, 1);
}

/* Two pages fit: the lower one is taken, by however many threads, every time. */
static void lowest_wins(void **state)
{
	const struct vmcoreinfo *vi, *again;
	struct image img;
	struct made m;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct dump *d = open_without(&img, &m);

		assert_ok(dump_vmcoreinfo(d, &vi));
		assert_string_equal(vi->origin, "memory");
		assert_int_equal(vi->paddr, 3000 * 4096);
		assert_string_equal(vi->text, (char *)img.vmcoreinfo.data);
		assert_int_equal(vi->len, img.vmcoreinfo.len);
		assert_ok(dump_vmcoreinfo(d, &again));
		assert_ptr_equal(again->text, vi->text);
		dump_close(d);
		made_close(&m);
		image_fini(&img);
	}
}

/* Who knows where it is spares the scan; a page that has none changes nothing. */
static void pointed_at(void **state)
{
	const struct vmcoreinfo *vi;

	(void)state;
	for (int right = 0; right < 2; right++) {
		struct image img;
		struct made m;
		struct dump *d = open_without(&img, &m);

		dump_vmcoreinfo_at(d, (right ? 5001 : 5000) * 4096);
		assert_fails(dump_vmcoreinfo_told(d, &vi), -ENOENT, "no VMCOREINFO in the notes");
		assert_ok(dump_vmcoreinfo(d, &vi));
		assert_int_equal(vi->paddr, (right ? 5001 : 3000) * 4096);
		assert_string_equal(vi->text, (char *)img.vmcoreinfo.data);
		assert_int_equal(vi->len, img.vmcoreinfo.len);
		assert_fails(dump_vmcoreinfo_told(d, &vi), -ENOENT, "no VMCOREINFO in the notes");
		dump_close(d);
		made_close(&m);
		image_fini(&img);
	}
}

static void none(void **state)
{
	const struct vmcoreinfo *vi;
	struct image img;
	struct dump *d;
	struct made m;

	(void)state;
	image_init(&img);
	image_parse(&img, "pages 0..100p pattern\npages 200p..300p zero\n");
	m = made_dump(&img, &(struct shape){ .version = 6 }, write_kdump, -1);
	d = must_open(&m, 1);
	assert_fails(dump_vmcoreinfo(d, &vi), -ENOENT, "no VMCOREINFO");
	assert_fails(dump_vmcoreinfo(d, &vi), -ENOENT, "no VMCOREINFO");
	dump_close(d);
	made_close(&m);
	image_fini(&img);
}

/* Before v4.13 it begins within a page, of two the one with the time of the crash is meant. */
static void within_a_page(void **state)
{
	static const char text[] = "OSRELEASE=3.10.0\nPAGESIZE=4096\nSYMBOL(x)=ffffffff82000000\n",
			  time[] = "CRASHTIME=1\n";
	const struct vmcoreinfo *vi;

	(void)state;
	for (int dated = 0; dated < 2; dated++) {
		unsigned char *pages = calloc(8, 4096);
		struct image img;
		struct dump *d;
		struct made m;

		image_init(&img);
		/* not behind a NUL; whole; over the end of a page, and with the time */
		memset(pages + 0x100, 'x', 8);
		memcpy(pages + 0x108, text, sizeof(text));
		memcpy(pages + 4096 + 0x640, text, sizeof(text));
		memcpy(pages + 3 * 4096 - 20, text, sizeof(text));
		if (dated)
			memcpy(pages + 3 * 4096 - 20 + sizeof(text) - 1, time, sizeof(time));
		for (size_t i = 0; i < 8; i++) {
			unsigned char *page = must_alloc(4096);

			memcpy(page, pages + 4096 * i, 4096);
			image_add(&img, 4096 * i, 4096, FILL_BYTES, CLASS_KERNEL, page);
		}
		free(pages);
		m = made_dump(&img, &(struct shape){ .version = 6 }, write_kdump, -1);
		d = must_open(&m, 1);
		assert_ok(dump_vmcoreinfo(d, &vi));
		assert_int_equal(vi->paddr, dated ? 3 * 4096 - 20 : 4096 + 0x640);
		assert_int_equal(vi->len, sizeof(text) - 1 + (dated ? sizeof(time) - 1 : 0));
		dump_close(d);
		made_close(&m);
		image_fini(&img);
	}
}

/* Who gives up has not learnt that there is none: the next one finds it. */
static void interrupted(void **state)
{
	const struct vmcoreinfo *vi;
	atomic_bool stop = true;
	struct image img;
	struct made m;
	struct dump *d;

	(void)state;
	d = open_without(&img, &m);
	cancel_arm(&stop);
	assert_fails(dump_vmcoreinfo(d, &vi), -EINTR, "interrupted");
	cancel_arm(NULL);
	assert_ok(dump_vmcoreinfo(d, &vi));
	dump_close(d);
	made_close(&m);
	image_fini(&img);
}

/* Nor has who could not read, in whichever thread. */
static void unreadable(void **state)
{
	const struct vmcoreinfo *vi;
	struct image img;
	struct made m;
	struct dump *d;
	uint64_t size;
	int before;
	char *whole;

	(void)state;
	d = open_without(&img, &m);
	size = made_size(&m);
	whole = must_alloc(size);
	assert_int_equal(pread(m.fd, whole, size, 0), size);
	made_cut(&m, 8192);
	before = trouble_begin();
	assert_fails(dump_vmcoreinfo(d, &vi), -EIO, "could not be read");
	assert_int_equal(trouble(), -EIO);
	trouble_begin();
	made_patch(&m, 0, whole, size);
	assert_ok(dump_vmcoreinfo(d, &vi));
	assert_int_equal(vi->paddr, 3000 * 4096);
	assert_int_equal(trouble(), 0);
	trouble_end(before);
	free(whole);
	dump_close(d);
	made_close(&m);
	image_fini(&img);
}

UNIT_TESTS(cmocka_unit_test(lowest_wins), cmocka_unit_test(pointed_at), cmocka_unit_test(none),
	   cmocka_unit_test(within_a_page), cmocka_unit_test(interrupted),
	   cmocka_unit_test(unreadable))
