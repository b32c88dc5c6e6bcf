/* An existing dump as a memory to be written in another form. */
#include "tests/image/dump_image.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"

/* The parts of a page that can be read; the rest, where RAM begins or ends within it, is zeros. */
static void read_page(void *arg, uint64_t pfn, void *page)
{
	struct dump *d = arg;
	uint64_t size = dump_facts(d)->page_size, at = pfn * size, end = at + size;
	struct extent e;

	memset(page, 0, size);
	for (; at < end; at = e.end) {
		uint64_t n;

		if (dump_extent(d, at, &e) < 0)
			die("%#lx: %s", at, why());
		n = (e.end < end ? e.end : end) - at;
		if (extent_readable(&e) &&
		    dump_read(d, at, (char *)page + (at - pfn * size), n) < 0)
			die("%#lx: %s", at, why());
	}
}

static enum fill fill_of(const struct extent *e)
{
	if (e->status == PAGE_PRESENT)
		return FILL_SOURCE;
	return e->status == PAGE_ZERO ? FILL_ZERO : FILL_NONE;
}

/* Pages of which only a part is readable are readable pages. */
static void add_extent(struct image *img, const struct extent *e)
{
	uint64_t size = img->page_size, up = size - 1, start, end, next = image_end(img);

	start = (extent_readable(e) ? e->start : e->start + up) / size;
	end = (extent_readable(e) ? e->end + up : e->end) / size;
	start = start < next ? next : start;
	if (start < end && e->status != PAGE_NO_RAM)
		image_add(img, start * size, (end - start) * size, fill_of(e), CLASS_KERNEL, NULL);
}

static void take_facts(struct image *img, const struct dump_facts *facts)
{
	img->page_size = facts->page_size;
	img->machine = facts->machine ? facts->machine : img->machine;
	img->nr_cpus = facts->nr_cpus ? facts->nr_cpus : img->nr_cpus;
	img->time = facts->time;
	img->phys_base = facts->phys_base;
	snprintf(img->nodename, sizeof(img->nodename), "%s", facts->nodename);
	snprintf(img->release, sizeof(img->release), "%s", facts->release);
	snprintf(img->version, sizeof(img->version), "%s", facts->version);
	if (facts->arch[0])
		snprintf(img->arch, sizeof(img->arch), "%s", facts->arch);
	else if (img->machine == EM_AARCH64)
		snprintf(img->arch, sizeof(img->arch), "aarch64");
}

static void take_notes(struct image *img, struct dump *d)
{
	const struct vmcoreinfo *vi;
	const struct note *notes;
	size_t n = dump_notes(d, &notes);

	for (size_t i = 0; i < n; i++)
		if (strcmp(notes[i].name, "VMCOREINFO"))
			note_add(&img->notes, notes[i].name, notes[i].type, notes[i].desc,
				 notes[i].desc_len);
	if (dump_vmcoreinfo(d, &vi) < 0)
		return;
	blob_add(&img->vmcoreinfo, vi->text, vi->len);
	vmcoreinfo_number(vi, "phys_base", &img->phys_base);
}

void image_of_dump(struct image *img, struct dump *d)
{
	uint64_t end = dump_facts(d)->end;
	struct extent e = { 0 };

	take_facts(img, dump_facts(d));
	img->read_page = read_page;
	img->arg = d;
	for (uint64_t at = 0; at < end; at = e.end) {
		if (dump_extent(d, at, &e) < 0)
			die("%#lx: %s", at, why());
		add_extent(img, &e);
	}
	take_notes(img, d);
}
