/* ELF cores as /proc/vmcore, makedumpfile -E and QEMU write them: program headers, the notes, then
 * the memory. Pages that are left out are the tails of segments with p_filesz < p_memsz. */
#include "tests/image/write.h"

#include <stdlib.h>
#include <string.h>

#define PT_LOAD	 1
#define PT_NOTE	 4
#define PN_XNUM	 0xffff
#define TEXT_MAP 0xffffffff80000000 /* where x86 maps its kernel image */
#define LINEAR	 0xffff888000000000 /* and all memory */

struct segment_plan {
	uint64_t pfn, present, left_out; /* in pages */
};

struct plan {
	struct segment_plan *segs;
	size_t n, room;
};

static struct segment_plan *new_segment(struct plan *plan, uint64_t pfn)
{
	if (plan->n == plan->room) {
		plan->room = plan->room ? 2 * plan->room : 64;
		plan->segs = realloc(plan->segs, plan->room * sizeof(*plan->segs));
		if (!plan->segs)
			die("no memory for %zu segments", plan->room);
	}
	plan->segs[plan->n] = (struct segment_plan){ .pfn = pfn };
	return &plan->segs[plan->n++];
}

/* A segment goes on while RAM does, and until pages return after some were left out. */
static void plan_run(const struct image *img, const struct run *run, const struct shape *shape,
		     void *page, struct plan *plan)
{
	struct segment_plan *seg = new_segment(plan, run->pfn);

	if (run->fill == FILL_NONE) {
		seg->left_out = run->count;
		return;
	}
	for (uint64_t pfn = run->pfn; pfn < run->pfn + run->count; pfn++) {
		if (!page_wanted(img, run, pfn, shape->level, page)) {
			seg->left_out++;
			continue;
		}
		if (seg->left_out)
			seg = new_segment(plan, pfn);
		seg->present++;
	}
}

struct elf {
	const struct image *img;
	const struct shape *shape;
	struct sink *sink;
	struct plan plan;
	struct blob notes;
	unsigned char *phdrs;
	size_t nr_phdrs, phdr_size;
	uint64_t first_data;
};

static void put_phdr(struct elf *e, uint32_t type, uint64_t off, const uint64_t addr[2],
		     uint64_t filesz, uint64_t memsz)
{
	unsigned char *p = e->phdrs + e->nr_phdrs++ * e->phdr_size;

	put_uint(p, type, 4);
	if (e->shape->elf32) {
		uint64_t fields[] = { off, addr[0], addr[1], filesz, memsz, 7, 0 };

		for (size_t i = 0; i < 7; i++)
			put_uint(p + 4 + 4 * i, fields[i], 4);
		return;
	}
	put_uint(p + 4, 7, 4);
	put_uint(p + 8, off, 8);
	put_uint(p + 16, addr[0], 8);
	put_uint(p + 24, addr[1], 8);
	put_uint(p + 32, filesz, 8);
	put_uint(p + 40, memsz, 8);
}

static void put_phdrs(struct elf *e, uint64_t notes_off)
{
	uint64_t page_size = e->img->page_size, off = e->first_data;
	bool text = e->shape->text_map && e->plan.n;

	put_phdr(e, PT_NOTE, notes_off, (uint64_t[2]){ 0, 0 }, e->notes.len, e->notes.len);
	if (text) {
		const struct segment_plan *s = &e->plan.segs[0];

		put_phdr(e, PT_LOAD, off, (uint64_t[2]){ TEXT_MAP, s->pfn * page_size },
			 s->present * page_size, s->present * page_size);
	}
	for (size_t i = 0; i < e->plan.n; i++) {
		const struct segment_plan *s = &e->plan.segs[i];
		uint64_t paddr = s->pfn * page_size;

		put_phdr(e, PT_LOAD, off,
			 (uint64_t[2]){ e->shape->zero_vaddr ? 0 : LINEAR + paddr, paddr },
			 s->present * page_size, (s->present + s->left_out) * page_size);
		off += s->present * page_size;
	}
}

static void put_ehdr(struct elf *e, unsigned char *h, uint64_t shoff)
{
	bool wide = !e->shape->elf32, xnum = e->shape->xnum || e->nr_phdrs >= PN_XNUM;
	size_t w = wide ? 8 : 4, head = wide ? 64 : 52, at = 24 + 3 * w;

	memcpy(h, "\177ELF", 4);
	h[4] = wide ? 2 : 1;
	h[5] = h[6] = 1;
	put_uint(h + 16, 4, 2); /* ET_CORE */
	put_uint(h + 18, e->img->machine, 2);
	put_uint(h + 20, 1, 4);
	put_uint(h + 24 + w, head, w);
	put_uint(h + 24 + 2 * w, xnum ? shoff : 0, w);
	put_uint(h + at, e->shape->keep_pages ? 1 : 0, 4); /* makedumpfile: incomplete */
	put_uint(h + at + 4, head, 2);
	put_uint(h + at + 6, e->phdr_size, 2);
	put_uint(h + at + 8, xnum ? PN_XNUM : e->nr_phdrs, 2);
	put_uint(h + at + 10, wide ? 64 : 40, 2);
	put_uint(h + at + 12, xnum ? 1 : 0, 2);
}

/* The count of program headers that e_phnum has no room for is section header 0's sh_info. */
static void put_shdr(struct elf *e, unsigned char *h)
{
	put_uint(h + (e->shape->elf32 ? 28 : 44), e->nr_phdrs, 4);
}

static void write_pages(struct elf *e)
{
	struct stream *out = must_alloc(sizeof(*out));
	uint64_t left = e->shape->keep_pages ? e->shape->keep_pages : UINT64_MAX;
	void *page = must_alloc(e->img->page_size);

	stream_init(out, e->sink, e->first_data);
	for (size_t i = 0; i < e->plan.n && left; i++) {
		const struct segment_plan *s = &e->plan.segs[i];
		const struct run *run = image_run(e->img, s->pfn);

		for (uint64_t n = 0; n < s->present && left; n++, left--) {
			image_page(e->img, run, s->pfn + n, page);
			stream_put(out, page, e->img->page_size);
		}
	}
	stream_flush(out);
	free(page);
	free(out);
}

void write_elf(const struct image *img, const struct shape *shape, struct sink *sink)
{
	struct elf e = { .img = img, .shape = shape, .sink = sink };
	size_t ehdr_size = shape->elf32 ? 52 : 64, shdr_size = shape->elf32 ? 40 : 64, n, phdrs_len;
	uint64_t notes_off;
	void *page = must_alloc(img->page_size);
	unsigned char head[64] = { 0 }, shdr[64] = { 0 };

	for (size_t i = 0; i < img->nr_runs; i++)
		plan_run(img, &img->runs[i], shape, page, &e.plan);
	notes_build(img, shape, &e.notes);
	n = e.plan.n + 1 + (shape->text_map && e.plan.n);
	e.phdr_size = shape->elf32 ? 32 : 56;
	phdrs_len = n * e.phdr_size;
	e.phdrs = must_alloc(phdrs_len);
	notes_off = ehdr_size + phdrs_len + shdr_size;
	e.first_data = notes_off + e.notes.len + img->page_size - 1;
	e.first_data -= e.first_data % img->page_size;
	put_phdrs(&e, notes_off);
	put_ehdr(&e, head, ehdr_size + phdrs_len);
	put_shdr(&e, shdr);
	sink->write(sink, 0, head, ehdr_size);
	sink->write(sink, ehdr_size, e.phdrs, phdrs_len);
	sink->write(sink, ehdr_size + phdrs_len, shdr, shdr_size);
	while (notes_off + e.notes.len < e.first_data)
		blob_add(&e.notes, "", 1);
	sink->write(sink, notes_off, e.notes.data, e.notes.len);
	write_pages(&e);
	blob_fini(&e.notes);
	free(e.plan.segs);
	free(e.phdrs);
	free(page);
}
