/* kdump-compressed dumps (makedumpfile -c -l -p -z, QEMU's kdump-*): a bitmap says which pages were
 * saved, and the n-th saved page has the n-th descriptor
 *
 *   s64 offset  u32 size  u32 flags (compression)  u64 page flags
 *
 * Files of a split set hold the bitmaps whole and the descriptors of [start_pfn, end_pfn). */
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/trouble.h"
#include "dump/base/limits.h"
#include "dump/base/spares.h"
#include "dump/bitmap.h"
#include "dump/cache.h"
#include "dump/codec.h"
#include "dump/format.h"
#include "dump/kdump_header.h"

#define DESC_SIZE  24
#define PROMISES   64 /* descriptors of an incomplete dump that are looked at for one extent */
#define DESC_BLOCK (170 * DESC_SIZE) /* descriptors read at once: about a page of them */

struct part {
	struct file *file;
	uint64_t start_pfn, end_pfn;
	uint64_t descs; /* byte offset of the first descriptor */
};

struct kdump {
	struct kdump_header header; /* of the first part */
	uint32_t page_size;
	struct bitmap *ram, *saved;
	struct cache *descs; /* key: part number << 40 | block of descriptors */
	size_t nr_parts;
	struct part *parts;   /* by start_pfn */
	struct spares work;   /* struct work */
	pthread_mutex_t lock; /* of the two below */
	bool tail_checked;
	_Atomic bool
		check_descs; /* data are missing: ask each descriptor whether its page is there */
	_Atomic uint64_t
		zero_off; /* offset of a raw page of zeros, which many share; 0: none yet */
};

/* What expanding a page takes. */
struct work {
	struct codec_work *codec;
	unsigned char in[]; /* a page */
};

struct desc {
	uint64_t off;
	uint32_t size, flags;
};

static bool kdump_probe(const unsigned char *head, size_t len)
{
	return kdump_header_probe(head, len);
}

static int by_start(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return x->start_pfn < y->start_pfn ? -1 : x->start_pfn > y->start_pfn;
}

static uint64_t bitmap_off(const struct kdump_header *h)
{
	return (1 + (uint64_t)h->sub_hdr_size) * h->block_size;
}

/* The headers of every file; they must belong together. */
static int read_parts(struct kdump *k, struct file *const *files, size_t n)
{
	struct kdump_header h;

	k->parts = calloc(n, sizeof(*k->parts));
	if (!k->parts)
		return fail(-ENOMEM, "%zu files", n);
	for (size_t i = 0; i < n; i++) {
		int r = kdump_header_read(files[i], &h);

		if (r < 0)
			return n > 1 ? within(r, "%s", files[i]->name) : r;
		if (i == 0)
			k->header = h;
		if (n > 1 && !h.split)
			return fail(-EINVAL, "%s is not of a split set; give one dump",
				    files[i]->name);
		if (h.max_mapnr != k->header.max_mapnr || h.block_size != k->header.block_size ||
		    h.bitmap_blocks != k->header.bitmap_blocks || h.time != k->header.time)
			return fail(-EINVAL, "%s and %s are not of the same split set",
				    files[0]->name, files[i]->name);
		k->parts[i] = (struct part){ .file = files[i],
					     .start_pfn = h.split ? h.start_pfn : 0,
					     .end_pfn = h.split ? h.end_pfn : h.max_mapnr,
					     .descs = bitmap_off(&h) +
						      (uint64_t)h.bitmap_blocks * h.block_size };
	}
	k->nr_parts = n;
	qsort(k->parts, n, sizeof(*k->parts), by_start);
	return 0;
}

/* Split files must cover all page frames, once. */
static int check_parts(struct kdump *k, struct dump_facts *facts)
{
	uint64_t at = 0;

	for (size_t i = 0; i < k->nr_parts; i++) {
		const struct part *p = &k->parts[i];

		if (p->start_pfn < at || p->end_pfn < p->start_pfn)
			return fail(-EINVAL, "%s: page frames %#lx-%#lx are in another file too",
				    p->file->name, p->start_pfn, p->end_pfn);
		if (p->start_pfn > at)
			problem(facts,
				"page frames %#lx-%#lx are in a file of the split set that "
				"was not given",
				at, p->start_pfn);
		at = p->end_pfn;
	}
	if (at < k->header.max_mapnr)
		problem(facts,
			"page frames %#lx-%#lx are in a file of the split set that was not "
			"given",
			at, k->header.max_mapnr);
	if (facts->problems.len)
		facts->incomplete = true;
	return 0;
}

/* Two bitmaps of equal length, unless the space is too small for two: then it is bitmap 2 alone, as
 * crash reads it (dumps of makedumpfile's -d without bitmap 1). */
static int open_bitmaps(struct kdump *k, struct dump_facts *facts)
{
	const struct kdump_header *h = &k->header;
	struct file *f = k->parts[0].file;
	uint64_t off = bitmap_off(h), bytes = (uint64_t)h->bitmap_blocks * h->block_size;
	uint64_t need = (h->max_mapnr + 7) / 8, half = bytes / 2, nbits = h->max_mapnr;
	bool two = half >= need;
	int r;

	if (!two)
		half = 0;
	if (need > bytes - half) {
		nbits = 8 * (bytes - half);
		problem(facts, "%u bitmap blocks are too few for %#lx page frames",
			h->bitmap_blocks, h->max_mapnr);
	}
	if (off > f->size || bytes > f->size - off)
		return fail(-ENODATA, "%s: ends at %#lx, within its page bitmaps (to %#lx)",
			    f->name, f->size, off + bytes);
	r = bitmap_open(f, off, nbits, &k->ram);
	return r < 0 ? r : bitmap_open(f, off + half, nbits, &k->saved);
}

static struct part *part_of(const struct kdump *k, uint64_t pfn)
{
	for (size_t i = 0; i < k->nr_parts; i++)
		if (pfn >= k->parts[i].start_pfn && pfn < k->parts[i].end_pfn)
			return &k->parts[i];
	return NULL;
}

struct desc_request {
	const struct part *part;
	uint64_t block;
};

/* What lies beyond the end of the file reads as zeros: offset 0, a page that was not written. */
static int load_descs(void *arg, uint64_t key, void *block)
{
	const struct desc_request *req = arg;
	size_t len;
	int r = file_read_some(req->part->file, req->part->descs + req->block * DESC_BLOCK, block,
			       DESC_BLOCK, &len);

	(void)key;
	if (r < 0)
		return within(r, "page descriptors");
	len -= len % DESC_SIZE;
	memset((char *)block + len, 0, DESC_BLOCK - len);
	return 0;
}

/* The descriptor of a page frame whose bit is set; -ENODATA: its data are not in the file. */
static int read_desc(struct kdump *k, uint64_t pfn, struct part **ret_part, struct desc *ret)
{
	struct part *part = part_of(k, pfn);
	struct desc_request req = { .part = part };
	unsigned char raw[DESC_SIZE];
	uint64_t rank, before;
	struct desc d;
	int r;

	if (!part)
		return fail(-ENODATA, "page frame %#lx is in no file given", pfn);
	r = bitmap_rank(k->saved, pfn, &rank);
	if (r < 0)
		return r;
	r = bitmap_rank(k->saved, part->start_pfn, &before);
	if (r < 0)
		return r;
	rank -= before;
	req.block = rank * DESC_SIZE / DESC_BLOCK;
	r = cache_read(k->descs, (uint64_t)(part - k->parts) << 40 | req.block,
		       rank * DESC_SIZE % DESC_BLOCK, raw, sizeof(raw), load_descs, &req);
	if (r < 0)
		return r;
	d = (struct desc){ .off = load_le64(raw),
			   .size = load_le32(raw + 8),
			   .flags = load_le32(raw + 12) };
	if (!d.off)
		return fail(-ENODATA, "page %#lx was not written: the dump is incomplete",
			    pfn * k->page_size);
	if (d.off > part->file->size || d.size > part->file->size - d.off)
		return fail(-ENODATA, "page %#lx lies beyond the end of the file",
			    pfn * k->page_size);
	*ret_part = part;
	*ret = d;
	return 0;
}

static bool is_zero(const unsigned char *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

static void work_free(struct work *w)
{
	if (!w)
		return;
	codec_work_free(w->codec);
	free(w);
}

static struct work *work_take(struct kdump *k)
{
	struct work *w = spares_take(&k->work);

	if (w)
		return w;
	w = malloc(sizeof(*w) + k->page_size);
	if (!w)
		return NULL;
	w->codec = codec_work_new();
	if (w->codec)
		return w;
	work_free(w);
	return NULL;
}

static void work_give(struct kdump *k, struct work *w)
{
	if (!spares_give(&k->work, w))
		work_free(w);
}

static int expand_raw(struct kdump *k, struct part *part, const struct desc *d, void *page)
{
	int r = file_read(part->file, d->off, page, k->page_size);

	if (r == 0 && !k->zero_off && is_zero(page, k->page_size))
		k->zero_off = d->off;
	return r;
}

static int expand(struct kdump *k, struct part *part, const struct desc *d, void *page)
{
	struct work *w;
	int r;

	if (d->flags == CODEC_RAW && d->size == k->page_size)
		return expand_raw(k, part, d, page);
	if (d->size > k->page_size)
		return fail(-EBADMSG, "%u bytes of compressed data", d->size);
	w = work_take(k);
	if (!w)
		return fail(-ENOMEM, "page");
	r = file_read(part->file, d->off, w->in, d->size);
	if (r == 0)
		r = codec_expand(w->codec, d->flags, w->in, d->size, page, k->page_size);
	work_give(k, w);
	return r;
}

static int kdump_read_page(void *priv, uint64_t pfn, void *page)
{
	struct kdump *k = priv;
	struct part *part;
	struct desc d;
	bool saved;
	int r = bitmap_test(k->saved, pfn, &saved);

	if (r < 0)
		return r;
	if (!saved)
		return fail(-ENODATA, "page %#lx is not in the dump", pfn * k->page_size);
	r = read_desc(k, pfn, &part, &d);
	if (r < 0)
		return r;
	/* One file only: an offset means nothing in another. */
	if (k->zero_off && d.off == k->zero_off && d.flags == CODEC_RAW && k->nr_parts == 1) {
		memset(page, 0, k->page_size);
		return 0;
	}
	r = expand(k, part, &d, page);
	return r < 0 ? within(r, "page %#lx", pfn * k->page_size) : 0;
}

/* Are data missing at the end? The writer goes from low to high pages, so the last descriptors tell;
 * many of them may share one page of zeros, hence a block of them. */
static int tail_missing(struct kdump *k, const struct part *part, bool *ret)
{
	unsigned char raw[DESC_BLOCK];
	uint64_t before, upto, n;
	size_t len;
	int r = bitmap_rank(k->saved, part->start_pfn, &before);

	if (r >= 0)
		r = bitmap_rank(k->saved, part->end_pfn, &upto);
	if (r < 0)
		return r;
	n = upto - before < DESC_BLOCK / DESC_SIZE ? upto - before : DESC_BLOCK / DESC_SIZE;
	r = file_read_some(part->file, part->descs + (upto - before - n) * DESC_SIZE, raw,
			   n * DESC_SIZE, &len);
	if (r < 0)
		return r;
	*ret = len < n * DESC_SIZE;
	for (size_t i = 0; i < n && !*ret; i++) {
		uint64_t off = load_le64(raw + i * DESC_SIZE),
			 size = load_le32(raw + i * DESC_SIZE + 8);

		*ret = !off || off > part->file->size || size > part->file->size - off;
	}
	return 0;
}

/* Who gives up, or cannot read for now, has seen nothing. */
static bool is_passing(int r)
{
	return r == -EINTR || r == -ENOMEM || trouble() < 0;
}

static bool kdump_truncated(void *priv)
{
	struct kdump *k = priv;
	int before = trouble_begin(), r = 0;
	bool missing = false;

	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < k->nr_parts && !k->tail_checked && !k->check_descs; i++) {
		r = tail_missing(k, &k->parts[i], &missing);
		if (r < 0 && is_passing(r))
			break;
		k->check_descs = r < 0 || missing;
		r = 0;
	}
	k->tail_checked |= r == 0;
	pthread_mutex_unlock(&k->lock);
	trouble_end(before);
	return k->check_descs;
}

/* In an incomplete dump a set bit is a promise: look which descriptors keep it, of some at a time, for
 * who reads a few bytes asks too. */
static int present_run(struct kdump *k, uint64_t pfn, uint64_t end, struct extent *ret)
{
	enum page_status status = PAGE_PRESENT, next;
	struct part *part;
	struct desc d;
	uint64_t i;
	int r;

	if (!kdump_truncated(k)) {
		ret->status = PAGE_PRESENT;
		ret->end = end;
		return 0;
	}
	if (end - pfn > PROMISES)
		end = pfn + PROMISES;
	for (i = pfn; i < end; i++) {
		r = read_desc(k, i, &part, &d);
		if (r < 0 && r != -ENODATA)
			return r;
		next = r < 0 ? PAGE_TRUNCATED : PAGE_PRESENT;
		if (i > pfn && next != status)
			break;
		status = next;
	}
	ret->status = status;
	ret->end = i;
	return 0;
}

static int kdump_extent(void *priv, uint64_t paddr, struct extent *ret)
{
	struct kdump *k = priv;
	uint64_t pfn = paddr / k->page_size, end, ram_end;
	bool saved, ram;
	int r;

	ret->start = paddr;
	if (pfn >= k->header.max_mapnr) {
		ret->end = UINT64_MAX;
		ret->status = PAGE_NO_RAM;
		return 0;
	}
	r = bitmap_run(k->saved, pfn, UINT64_MAX, &saved, &end);
	if (r == 0 && saved) {
		r = present_run(k, pfn, end, ret);
		ret->end *= k->page_size;
		return r;
	}
	if (r == 0)
		r = bitmap_run(k->ram, pfn, end, &ram, &ram_end);
	if (r < 0)
		return r;
	/* A bitmap that is too short says nothing of the page frames beyond it. */
	if (end <= pfn) {
		end = ram_end = k->header.max_mapnr;
		ram = false;
	}
	ret->end = (ram_end < end ? ram_end : end) * k->page_size;
	/* With -d 1 nothing but pages of zeros is left out. */
	ret->status = !ram ? PAGE_NO_RAM : k->header.dump_level == 1 ? PAGE_ZERO : PAGE_EXCLUDED;
	return 0;
}

/* A blob that the sub header points at; a bad pointer costs that blob only. */
static void read_blob(struct kdump *k, uint64_t off, uint64_t size, uint64_t limit,
		      const char *what, void *ret, size_t *ret_len, struct dump_facts *facts)
{
	unsigned char *blob;
	size_t len = 0;

	if (!off || !size)
		return;
	if (size > limit || off > INT64_MAX) {
		problem(facts, "%s of %lu bytes at %#lx: ignored", what, size, off);
		return;
	}
	blob = malloc(size + 1);
	if (!blob || file_read_some(k->parts[0].file, off, blob, size, &len) < 0)
		len = 0;
	if (len < size)
		problem(facts, "%s: %zu of %lu bytes are there", what, len, size);
	if (!blob)
		return;
	blob[len] = 0;
	*(void **)ret = blob;
	*ret_len = len;
}

static const struct {
	const char *arch;
	uint16_t machine;
} machines[] = {
	{ "x86_64", EM_X86_64 },
	{ "aarch64", EM_AARCH64 },
};

static void take_facts(const struct kdump_header *h, struct dump_facts *facts)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (!strcmp(machines[i].arch, h->machine))
			facts->machine = machines[i].machine;
	facts->page_size = h->block_size;
	facts->end = h->max_mapnr * h->block_size;
	facts->dump_level = h->dump_level;
	facts->incomplete |= (h->status & KDUMP_STATUS_INCOMPLETE) != 0;
	facts->nr_cpus = h->nr_cpus;
	facts->time = h->time;
	/* QEMU writes 0, which may be true only without KASLR: the kernel layer checks it. */
	facts->has_phys_base = h->phys_base != 0;
	facts->phys_base = h->phys_base;
	memcpy(facts->nodename, h->nodename, sizeof(facts->nodename));
	memcpy(facts->release, h->release, sizeof(facts->release));
	memcpy(facts->version, h->os_version, sizeof(facts->version));
	memcpy(facts->arch, h->machine, sizeof(facts->arch));
	if (h->dump_level > 31)
		problem(facts, "dump level %d is more than 31", h->dump_level);
	if (!facts->machine && h->machine[0])
		problem(facts, "machine \"%s\" is not one whose kernel can be read", h->machine);
	if (h->status & KDUMP_STATUS_INCOMPLETE)
		problem(facts, "the dump is incomplete: its writer says so");
}

static void describe(const struct kdump *k, struct dump_facts *facts)
{
	const struct kdump_header *h = &k->header;

	header_row(facts, "header_version", "%d", h->version);
	header_row(facts, "utsname", "%s %s %s %s %s", h->sysname, h->nodename, h->release,
		   h->os_version, h->machine);
	header_row(facts, "timestamp", "%lu", h->time);
	header_row(facts, "status", "%#x", h->status);
	header_row(facts, "block_size", "%u", h->block_size);
	header_row(facts, "sub_hdr_size", "%u", h->sub_hdr_size);
	header_row(facts, "bitmap_blocks", "%u", h->bitmap_blocks);
	header_row(facts, "max_mapnr", "%#lx", h->max_mapnr);
	header_row(facts, "nr_cpus", "%u", h->nr_cpus);
	header_row(facts, "phys_base", "%#lx", h->phys_base);
	header_row(facts, "dump_level", "%d", h->dump_level);
	header_row(facts, "split", "%d", h->split);
	header_row(facts, "offset_vmcoreinfo", "%#lx", h->vmcoreinfo_off);
	header_row(facts, "size_vmcoreinfo", "%lu", h->vmcoreinfo_size);
	header_row(facts, "offset_note", "%#lx", h->note_off);
	header_row(facts, "size_note", "%lu", h->note_size);
	header_row(facts, "offset_eraseinfo", "%#lx", h->erase_off);
	header_row(facts, "size_eraseinfo", "%lu", h->erase_size);
	for (size_t i = 0; k->nr_parts > 1 && i < k->nr_parts; i++)
		header_row(facts, "part", "page frames %#lx-%#lx in %s", k->parts[i].start_pfn,
			   k->parts[i].end_pfn, k->parts[i].file->name);
}

static int kdump_open(struct file *const *files, size_t n, struct opened *ret)
{
	struct kdump *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return fail(-ENOMEM, "kdump");
	ret->priv = k;
	pthread_mutex_init(&k->lock, NULL);
	r = read_parts(k, files, n);
	if (r < 0)
		return r;
	k->page_size = k->header.block_size;
	r = check_parts(k, &ret->facts);
	if (r < 0)
		return r;
	r = open_bitmaps(k, &ret->facts);
	if (r < 0)
		return n > 1 ? within(r, "%s", k->parts[0].file->name) : r;
	r = cache_new(DESC_BLOCK, BLOCK_CACHE_BYTES, &k->descs);
	if (r < 0)
		return r;
	take_facts(&k->header, &ret->facts);
	k->check_descs = ret->facts.incomplete;
	read_blob(k, k->header.note_off, k->header.note_size, LIMIT_NOTES, "notes", &ret->notes,
		  &ret->notes_len, &ret->facts);
	read_blob(k, k->header.vmcoreinfo_off, k->header.vmcoreinfo_size, LIMIT_VMCOREINFO,
		  "VMCOREINFO", &ret->vmcoreinfo, &ret->vmcoreinfo_len, &ret->facts);
	describe(k, &ret->facts);
	return 0;
}

static void kdump_close(void *priv)
{
	struct kdump *k = priv;

	if (!k)
		return;
	bitmap_close(k->ram);
	bitmap_close(k->saved);
	cache_free(k->descs);
	for (struct work *w; (w = spares_take(&k->work));)
		work_free(w);
	pthread_mutex_destroy(&k->lock);
	free(k->parts);
	free(k);
}

const struct format format_kdump = {
	.name = "kdump-compressed",
	.probe = kdump_probe,
	.open = kdump_open,
	.read_page = kdump_read_page,
	.extent = kdump_extent,
	.truncated = kdump_truncated,
	.close = kdump_close,
	.splits = true,
};
