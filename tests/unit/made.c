#include "tests/unit/made.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

struct made made_empty(void)
{
	struct made m = { .fd = memfd_create("dump", MFD_CLOEXEC) };

	assert_true(m.fd >= 0);
	snprintf(m.path, sizeof(m.path), "/proc/self/fd/%d", m.fd);
	return m;
}

struct made made_bytes(const void *bytes, size_t len)
{
	struct made m = made_empty();

	made_patch(&m, 0, bytes, len);
	return m;
}

struct made made_dump(const struct image *img, const struct shape *shape, write_fn *write,
		      int order)
{
	struct made m = made_empty();
	struct sink *sink = sink_file(m.fd);

	if (order >= 0)
		sink = sink_flat(sink, (enum flat_order)order);
	write(img, shape, sink);
	sink_close(sink);
	return m;
}

void made_close(struct made *m)
{
	close(m->fd);
}

uint64_t made_size(const struct made *m)
{
	struct stat st;

	assert_int_equal(fstat(m->fd, &st), 0);
	return (uint64_t)st.st_size;
}

void made_patch(const struct made *m, uint64_t off, const void *bytes, size_t len)
{
	assert_int_equal(pwrite(m->fd, bytes, len, (off_t)off), (ssize_t)len);
}

void made_cut(const struct made *m, uint64_t size)
{
	assert_int_equal(ftruncate(m->fd, (off_t)size), 0);
}

/* In pages, so that it is the same at every page size. */
static const char facts[] = "set nodename lost-host\n"
			    "set release 6.1.0-13-test\n"
			    "set version #1 SMP Test\n"
			    "set cpus 2\n"
			    "set time 1700000000\n"
			    "set phys_base 0x1000000\n"
			    "vmcoreinfo OSRELEASE=6.1.0-13-test\n"
			    "vmcoreinfo PAGESIZE=4096\n"
			    "vmcoreinfo SYMBOL(init_uts_ns)=ffffffff82013500\n"
			    "vmcoreinfo NUMBER(phys_base)=16777216\n"
			    "note CORE 1 0*112 1 2 3 0*221\n"
			    "note CORE 1 0*112 4 5 6 0*221\n"
			    "note QEMU 0 1 0*439\n";

static const char ram[] = "page 0p zero\n"
			  "page 1p u64 0x2067 0*511\n"
			  "page 2p vmcoreinfo\n"
			  "page 3p bytes \"hello\\n\" 0*90 0xff\n"
			  "pages 5p..9p pattern\n"
			  "pages 10p..12p user random\n"
			  "page 12p user zero\n"
			  "pages 16p..32p zero\n"
			  "pages 32p..40p cache pattern\n"
			  "pages 40p..48p private random\n"
			  "pages 48p..64p free pattern\n"
			  "pages 64p..71p random\n"
			  "page 71p zero\n"
			  "pages 4090p..4100p pattern\n"
			  "pages 32760p..32780p random\n"
			  "page 70001p pattern\n";

void sample_ram(struct image *img, uint32_t page_size)
{
	image_init(img);
	img->page_size = page_size;
	image_parse(img, facts);
	image_parse(img, ram);
}

void sample_memory(struct image *img, uint32_t page_size)
{
	sample_ram(img, page_size);
	image_parse(img, "pages 70002p..70005p excluded\npage 70005p random\n"
			 "pages 70010p..70012p excluded\n");
}

struct dump *must_open(const struct made *m, size_t n)
{
	const char *paths[64];
	struct dump *d;

	for (size_t i = 0; i < n; i++)
		paths[i] = m[i].path;
	assert_ok(dump_open(paths, n, &d));
	return d;
}

/* Is this page among what a writer at this level leaves out, and does the reader know it is zero? */
static enum page_status status_of(const struct image *img, const struct shape *shape,
				  write_fn *write, const struct run *run, uint64_t pfn, void *page)
{
	if (!run)
		return PAGE_NO_RAM;
	if (write == write_lime)
		return run->fill == FILL_NONE ? PAGE_NO_RAM : PAGE_PRESENT;
	if (page_wanted(img, run, pfn, shape->level, page))
		return PAGE_PRESENT;
	if (write == write_kdump && shape->same_bitmaps)
		return PAGE_NO_RAM;
	if (write == write_kdump && shape->level == 1)
		return PAGE_ZERO;
	return PAGE_EXCLUDED;
}

static void check_bytes(struct dump *d, const struct image *img, const struct run *run,
			uint64_t pfn)
{
	static unsigned char want[65536], got[65536];
	uint64_t size = img->page_size;

	image_page(img, run, pfn, want);
	assert_ok(dump_read(d, pfn * size, got, size));
	assert_memory_equal(got, want, size);
	assert_ok(dump_read(d, pfn * size + 100, got, 1000));
	assert_memory_equal(got, want + 100, 1000);
}

static void check_page(struct dump *d, const struct image *img, uint64_t pfn, enum page_status want)
{
	unsigned char byte;
	struct extent e;

	assert_ok(dump_extent(d, pfn * img->page_size, &e));
	if (e.status != want)
		test_failed("page %#lx is %s, not %s", pfn, page_status_name(e.status),
			    page_status_name(want));
	assert_int_equal(e.start, pfn * img->page_size);
	assert_true(e.end > e.start);
	if (extent_readable(&e))
		check_bytes(d, img, image_run(img, pfn), pfn);
	else
		assert_fails(dump_read(d, pfn * img->page_size, &byte, 1), -ENODATA, "");
}

/* Extents from 0 on: each begins where the last one ended and tells the truth of its last page. */
static void check_walk(struct dump *d, const struct image *img)
{
	struct extent e, last;

	for (uint64_t at = 0; at < image_end(img) * img->page_size; at = e.end) {
		assert_ok(dump_extent(d, at, &e));
		assert_int_equal(e.start, at);
		assert_true(e.end > at);
		assert_ok(dump_extent(d, e.end - 1, &last));
		assert_int_equal(last.status, e.status);
	}
	assert_ok(dump_extent(d, UINT64_MAX - 1, &e));
	assert_int_equal(e.status, PAGE_NO_RAM);
	assert_int_equal(e.end, UINT64_MAX);
}

void check_dump(struct dump *d, const struct image *img, const struct shape *shape, write_fn *write)
{
	static unsigned char page[65536];
	uint64_t written = 0, pfn = 0;

	for (size_t i = 0; i < img->nr_runs; i++) {
		const struct run *run = &img->runs[i];

		if (pfn < run->pfn)
			check_page(d, img, run->pfn - 1, PAGE_NO_RAM);
		for (pfn = run->pfn; pfn < run->pfn + run->count; pfn++) {
			enum page_status status = status_of(img, shape, write, run, pfn, page);

			if (status == PAGE_PRESENT && shape->keep_pages &&
			    written++ >= shape->keep_pages)
				status = PAGE_TRUNCATED;
			check_page(d, img, pfn, status);
		}
	}
	check_page(d, img, image_end(img), PAGE_NO_RAM);
	check_walk(d, img);
}

uint64_t check_honest(struct dump *d, const struct image *img)
{
	uint64_t n = 0, size = img->page_size;
	struct extent e;

	for (size_t i = 0; i < img->nr_runs; i++) {
		const struct run *run = &img->runs[i];

		for (uint64_t pfn = run->pfn; pfn < run->pfn + run->count; pfn++) {
			assert_ok(dump_extent(d, pfn * size, &e));
			if (e.status != PAGE_PRESENT || e.end < (pfn + 1) * size)
				continue;
			check_bytes(d, img, run, pfn);
			n++;
		}
	}
	return n;
}

void touch_dump(struct dump *d)
{
	static unsigned char page[65536];
	const struct vmcoreinfo *vi;
	uint64_t at = 0;
	struct extent e;

	for (int i = 0; i < 2000 && at < UINT64_MAX; i++, at = e.end) {
		if (dump_extent(d, at, &e) < 0)
			return;
		assert_int_equal(e.start, at);
		assert_true(e.end > at);
		assert_true(e.status < PAGE_STATUSES);
		if (extent_readable(&e))
			dump_read(d, at, page, e.end - at < 4096 ? e.end - at : 4096);
	}
	dump_vmcoreinfo(d, &vi);
}
