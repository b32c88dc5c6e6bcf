/* kdump-compressed, as makedumpfile writes it. In blocks of the page size:
 *
 *	0		header
 *	1		sub header, VMCOREINFO text, notes
 *	1 + s		bitmap of RAM, a bit per page frame
 *	1 + s + b/2	bitmap of pages in the dump
 *	1 + s + b	a descriptor per page in the dump, ascending
 *	...		page data
 *
 * All zero pages share one block of data. The page data begins behind room for as many descriptors
 * as there could be, so that one pass over the memory does. */
#include "tests/image/write.h"

#include <stdlib.h>
#include <string.h>

#define DESC_SIZE	  24
#define SUB_HEADER_SIZE	  104
#define STATUS_INCOMPLETE 8

struct bits {
	struct stream out;
	uint64_t block; /* which block .bytes is */
	size_t block_size;
	bool dirty;
	unsigned char *bytes;
};

struct kdump {
	const struct image *img;
	const struct shape *shape;
	struct sink *sink;
	struct bits *ram, *dumped;
	struct stream *descs, *data;
	uint64_t start_pfn, end_pfn;	    /* of this part */
	uint64_t seen, written;		    /* pages */
	uint64_t zero_page;		    /* where the shared zeros are; 0: not yet */
	uint64_t sub_blocks, bitmap_blocks; /* of one bitmap */
	struct blob notes;
	unsigned char *packed;
};

static struct bits *bits_new(const struct kdump *k, uint64_t at)
{
	struct bits *b = must_alloc(sizeof(*b));

	stream_init(&b->out, k->sink, at);
	b->block_size = k->img->page_size;
	b->bytes = must_alloc(b->block_size);
	return b;
}

static void bits_flush(struct bits *b)
{
	if (!b->dirty && !b->out.sink->no_gaps) {
		stream_flush(&b->out);
		b->out.off += b->block_size;
		return;
	}
	stream_put(&b->out, b->bytes, b->block_size);
	memset(b->bytes, 0, b->block_size);
	b->dirty = false;
}

static void bits_goto(struct bits *b, uint64_t block)
{
	for (; b->block < block; b->block++)
		bits_flush(b);
}

static void bits_set(struct bits *b, uint64_t pfn, uint64_t count)
{
	uint64_t per_block = 8 * b->block_size;

	while (count) {
		uint64_t bit = pfn % per_block, n = per_block - bit;

		bits_goto(b, pfn / per_block);
		n = n < count ? n : count;
		pfn += n;
		count -= n;
		b->dirty = true;
		for (; n && (bit % 8 || n < 8); n--, bit++)
			b->bytes[bit / 8] |= (unsigned char)(1 << bit % 8);
		memset(b->bytes + bit / 8, 0xff, n / 8);
		for (bit += n & ~7ull, n %= 8; n; n--, bit++)
			b->bytes[bit / 8] |= (unsigned char)(1 << bit % 8);
	}
}

/* The last block is written whatever it holds: the file reaches to the bitmap's end. */
static void bits_free(struct bits *b, uint64_t blocks)
{
	bits_goto(b, blocks - 1);
	b->dirty = true;
	bits_flush(b);
	stream_flush(&b->out);
	free(b->bytes);
	free(b);
}

static enum pack pack_of_page(const struct kdump *k, uint64_t pfn)
{
	if (k->shape->pack != PACK_MIXED)
		return k->shape->pack;
	return (enum pack)(pfn % NR_PACKS);
}

static void put_desc(struct kdump *k, uint64_t off, size_t size, enum pack pack)
{
	static const uint32_t flags[NR_PACKS] = { 0, 1, 2, 4, 0x20 };
	unsigned char desc[DESC_SIZE] = { 0 };

	put_uint(desc, off, 8);
	put_uint(desc + 8, size, 4);
	put_uint(desc + 12, flags[pack], 4);
	stream_put(k->descs, desc, sizeof(desc));
}

static void write_page(struct kdump *k, uint64_t pfn, const void *page)
{
	size_t page_size = k->img->page_size, size;
	enum pack pack = pack_of_page(k, pfn);
	bool zero = page_is_zero(page, page_size);
	uint64_t at = stream_pos(k->data);
	static const unsigned char nothing[DESC_SIZE];

	if (k->shape->keep_pages && k->written == k->shape->keep_pages) {
		stream_put(k->descs, nothing, sizeof(nothing));
		return;
	}
	k->written++;
	if (zero && k->zero_page) {
		put_desc(k, k->zero_page, page_size, PACK_RAW);
		return;
	}
	size = zero ? 0 : pack_page(pack, page, page_size, k->packed);
	put_desc(k, at, size ? size : page_size, size ? pack : PACK_RAW);
	stream_put(k->data, size ? k->packed : page, size ? size : page_size);
	if (zero)
		k->zero_page = at;
}

static void write_run(struct kdump *k, const struct run *run, unsigned char *page)
{
	if (!k->shape->same_bitmaps)
		bits_set(k->ram, run->pfn, run->count);
	if (run->fill == FILL_NONE)
		return;
	for (uint64_t pfn = run->pfn; pfn < run->pfn + run->count; pfn++) {
		if (!page_wanted(k->img, run, pfn, k->shape->level, page))
			continue;
		bits_set(k->dumped, pfn, 1);
		if (k->shape->same_bitmaps)
			bits_set(k->ram, pfn, 1);
		if (pfn >= k->start_pfn && pfn < k->end_pfn)
			write_page(k, pfn, page);
	}
}

/* Number @n of the pages that could be in the dump: where a split set is cut. */
static uint64_t nth_page(const struct image *img, uint64_t n)
{
	for (size_t i = 0; i < img->nr_runs; i++) {
		const struct run *run = &img->runs[i];

		if (run->fill == FILL_NONE)
			continue;
		if (n < run->count)
			return run->pfn + n;
		n -= run->count;
	}
	return image_end(img);
}

static uint64_t count_pages(const struct image *img)
{
	uint64_t n = 0;

	for (size_t i = 0; i < img->nr_runs; i++)
		n += img->runs[i].fill == FILL_NONE ? 0 : img->runs[i].count;
	return n;
}

static void cut(struct kdump *k)
{
	unsigned int parts = k->shape->parts, part = k->shape->part;
	uint64_t pages = count_pages(k->img);

	k->start_pfn = parts && part ? nth_page(k->img, pages * part / parts) : 0;
	k->end_pfn = parts && part + 1 < parts ? nth_page(k->img, pages * (part + 1) / parts)
					       : image_end(k->img);
}

static void write_header(struct kdump *k)
{
	const struct image *img = k->img;
	uint64_t max_mapnr = image_end(img);
	/* struct timeval and its alignment: 408..424, or 404..412 with 32 bits */
	size_t time = k->shape->header32 ? 404 : 408, wide = k->shape->header32 ? 4 : 8;
	unsigned char h[512] = { 0 }, *p = h + time + 2 * wide;
	const char *const uts[] = { "Linux",	  img->nodename, img->release,
				    img->version, img->arch,	 "(none)" };

	memcpy(h, "KDUMP   ", 8);
	put_uint(h + 8, (uint64_t)k->shape->version, 4);
	for (size_t i = 0; i < 6; i++)
		memcpy(h + 12 + 65 * i, uts[i], strlen(uts[i]));
	put_uint(h + time, img->time, wide);
	put_uint(p,
		 (k->shape->pack == PACK_ZLIB ? 1 : 0) |
			 (k->shape->keep_pages ? STATUS_INCOMPLETE : 0),
		 4);
	put_uint(p + 4, img->page_size, 4);
	put_uint(p + 8, k->sub_blocks, 4);
	put_uint(p + 12, 2 * k->bitmap_blocks, 4);
	put_uint(p + 16, max_mapnr > UINT32_MAX ? UINT32_MAX : max_mapnr, 4);
	put_uint(p + 28, k->written, 4);
	put_uint(p + 36, img->nr_cpus, 4);
	k->sink->write(k->sink, 0, h, sizeof(h));
}

/* Offsets within the sub header: 64 bits, and 32 bits with the alignment of x86. */
enum {
	SUB_PHYS_BASE,
	SUB_LEVEL,
	SUB_SPLIT,
	SUB_START,
	SUB_END,
	SUB_INFO_OFF,
	SUB_INFO_SIZE,
	SUB_NOTE_OFF,
	SUB_NOTE_SIZE,
	SUB_START64,
	SUB_END64,
	SUB_MAX64,
	SUB_FIELDS,
};

static const unsigned char sub_offsets[2][SUB_FIELDS] = {
	{ 0, 8, 12, 16, 24, 32, 40, 48, 56, 80, 88, 96 },
	{ 0, 4, 8, 12, 16, 20, 28, 32, 40, 56, 64, 72 },
};

static void write_sub_header(struct kdump *k)
{
	unsigned char h[SUB_HEADER_SIZE] = { 0 };
	const unsigned char *at = sub_offsets[k->shape->header32];
	size_t wide = k->shape->header32 ? 4 : 8;
	uint64_t info = k->img->page_size + SUB_HEADER_SIZE;
	uint64_t info_len = k->shape->no_vmcoreinfo ? 0 : k->img->vmcoreinfo.len;
	uint64_t notes = (info + info_len + 3) & ~3ull;
	const struct {
		int since; /* header version */
		int field;
		uint64_t value;
		size_t size;
	} fields[] = {
		{ 0, SUB_PHYS_BASE, k->img->phys_base, wide },
		{ 1, SUB_LEVEL, (uint64_t)k->shape->level, 4 },
		{ 2, SUB_SPLIT, k->shape->parts > 1, 4 },
		{ 2, SUB_START, k->shape->parts > 1 ? k->start_pfn : 0, wide },
		{ 2, SUB_END, k->shape->parts > 1 ? k->end_pfn : 0, wide },
		{ 3, SUB_INFO_OFF, info_len ? info : 0, 8 },
		{ 3, SUB_INFO_SIZE, info_len, wide },
		{ 4, SUB_NOTE_OFF, k->notes.len ? notes : 0, 8 },
		{ 4, SUB_NOTE_SIZE, k->notes.len, wide },
		{ 6, SUB_START64, k->shape->parts > 1 ? k->start_pfn : 0, 8 },
		{ 6, SUB_END64, k->shape->parts > 1 ? k->end_pfn : 0, 8 },
		{ 6, SUB_MAX64, image_end(k->img), 8 },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (k->shape->version >= fields[i].since)
			put_uint(h + at[fields[i].field], fields[i].value, fields[i].size);
	k->sink->write(k->sink, k->img->page_size, h, sizeof(h));
	if (k->shape->version >= 3 && info_len)
		k->sink->write(k->sink, info, k->img->vmcoreinfo.data, info_len);
	if (k->shape->version >= 4 && k->notes.len)
		k->sink->write(k->sink, notes, k->notes.data, k->notes.len);
}

static void plan(struct kdump *k)
{
	uint64_t bs = k->img->page_size, pages = count_pages(k->img), base;

	notes_build(k->img, k->shape, &k->notes);
	k->sub_blocks = (SUB_HEADER_SIZE + k->img->vmcoreinfo.len + k->notes.len + bs + 3) / bs;
	k->bitmap_blocks = (image_end(k->img) + 8 * bs - 1) / (8 * bs);
	base = (1 + k->sub_blocks) * bs;
	k->ram = bits_new(k, base);
	k->dumped = bits_new(k, base + k->bitmap_blocks * bs);
	base += 2 * k->bitmap_blocks * bs;
	k->descs = must_alloc(sizeof(*k->descs));
	k->data = must_alloc(sizeof(*k->data));
	stream_init(k->descs, k->sink, base);
	stream_init(k->data, k->sink, base + (pages * DESC_SIZE + bs - 1) / bs * bs);
	cut(k);
}

void write_kdump(const struct image *img, const struct shape *shape, struct sink *sink)
{
	struct kdump k = { .img = img, .shape = shape, .sink = sink };
	unsigned char *page = must_alloc(img->page_size);
	static const unsigned char zeros[65536];

	k.packed = must_alloc(2 * img->page_size);
	plan(&k);
	for (uint64_t at = 0; at < (1 + k.sub_blocks) * img->page_size; at += img->page_size)
		sink->write(sink, at, zeros, img->page_size);
	for (size_t i = 0; i < img->nr_runs; i++)
		write_run(&k, &img->runs[i], page);
	bits_free(k.ram, k.bitmap_blocks);
	bits_free(k.dumped, k.bitmap_blocks);
	stream_flush(k.descs);
	stream_flush(k.data);
	write_sub_header(&k);
	write_header(&k);
	free(k.descs);
	free(k.data);
	free(k.packed);
	free(page);
	blob_fini(&k.notes);
}
