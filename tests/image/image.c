#include "tests/image/image.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *must_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		die("no memory for %zu bytes", size);
	return p;
}

void blob_add(struct blob *b, const void *bytes, size_t len)
{
	if (b->len + len + 1 > b->room) {
		b->room = 2 * (b->len + len) + 64;
		b->data = realloc(b->data, b->room);
		if (!b->data)
			die("no memory for %zu bytes", b->room);
	}
	if (len)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = 0;
}

void blob_fini(struct blob *b)
{
	free(b->data);
	*b = (struct blob){ 0 };
}

void image_init(struct image *img)
{
	*img = (struct image){
		.page_size = 4096,
		.machine = 62,
		.nr_cpus = 1,
		.arch = "x86_64",
	};
}

void image_fini(struct image *img)
{
	for (size_t i = 0; i < img->nr_runs; i++)
		free(img->runs[i].bytes);
	free(img->runs);
	blob_fini(&img->notes);
	blob_fini(&img->vmcoreinfo);
}

void image_add(struct image *img, uint64_t paddr, uint64_t size, enum fill fill, unsigned int class,
	       unsigned char *bytes)
{
	if (paddr % img->page_size || size % img->page_size || !size)
		die("%#lx+%#lx is not made of pages", paddr, size);
	if (paddr / img->page_size < image_end(img))
		die("%#lx does not ascend", paddr);
	if (img->nr_runs == img->room) {
		img->room = img->room ? 2 * img->room : 16;
		img->runs = realloc(img->runs, img->room * sizeof(*img->runs));
		if (!img->runs)
			die("no memory for %zu runs", img->room);
	}
	img->runs[img->nr_runs++] = (struct run){
		.pfn = paddr / img->page_size,
		.count = size / img->page_size,
		.fill = fill,
		.class = class,
		.bytes = bytes,
	};
}

void note_add(struct blob *notes, const char *name, uint32_t type, const void *desc, size_t len)
{
	uint32_t head[3] = { (uint32_t)strlen(name) + 1, (uint32_t)len, type };
	static const unsigned char pad[4];

	blob_add(notes, head, sizeof(head));
	blob_add(notes, name, head[0]);
	blob_add(notes, pad, -head[0] & 3);
	blob_add(notes, desc, len);
	blob_add(notes, pad, -len & 3);
}

uint64_t image_end(const struct image *img)
{
	const struct run *last;

	if (!img->nr_runs)
		return 0;
	last = &img->runs[img->nr_runs - 1];
	return last->pfn + last->count;
}

const struct run *image_run(const struct image *img, uint64_t pfn)
{
	size_t lo = 0, hi = img->nr_runs;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (img->runs[mid].pfn + img->runs[mid].count <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < img->nr_runs && img->runs[lo].pfn <= pfn ? &img->runs[lo] : NULL;
}

/* splitmix64: any 64-bit number to an unrelated one. */
static uint64_t scramble(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static void fill_words(uint64_t paddr, uint64_t *words, size_t n, bool random)
{
	for (size_t i = 0; i < n; i++)
		words[i] = random ? scramble(paddr + 8 * i) : paddr + 8 * i;
}

void image_page(const struct image *img, const struct run *run, uint64_t pfn, void *page)
{
	size_t size = img->page_size;

	switch (run->fill) {
	case FILL_BYTES:
		memcpy(page, run->bytes, size);
		break;
	case FILL_ZERO:
		memset(page, 0, size);
		break;
	case FILL_PATTERN:
	case FILL_RANDOM:
		fill_words(pfn * size, page, size / 8, run->fill == FILL_RANDOM);
		break;
	case FILL_SOURCE:
		img->read_page(img->arg, pfn, page);
		break;
	case FILL_NONE:
		die("page %#lx has no content", pfn);
	}
}

bool page_is_zero(const void *page, size_t size)
{
	const unsigned char *p = page;

	return !p[0] && !memcmp(p, p + 1, size - 1);
}
