/* Physical reads: across pages and extents, through the cache. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/open.h"

static int load_page(void *arg, uint64_t pfn, void *page)
{
	struct dump *d = arg;
	const size_t page_size = d->opened.facts.page_size;

	if (d->format->read_page)
		return d->format->read_page(d->opened.priv, pfn, page);
	return d->format->read(d->opened.priv, pfn * page_size, page, page_size);
}

/* Bytes within one page that is present as a whole. All of them go straight to the reader: bulk
 * reads must not push what the walkers need out of the cache. */
static int read_in_page(struct dump *d, uint64_t pfn, size_t off, void *buf, size_t len)
{
	if (len < d->opened.facts.page_size)
		return cache_read(d->pages, pfn, off, buf, len, load_page, d);
	if (cache_peek(d->pages, pfn, 0, buf, len))
		return 0;
	return load_page(d, pfn, buf);
}

static int read_pages(struct dump *d, uint64_t paddr, char *buf, size_t len)
{
	const size_t page_size = d->opened.facts.page_size;

	while (len) {
		size_t off = paddr % page_size, n = page_size - off;
		int r;

		if (n > len)
			n = len;
		r = read_in_page(d, paddr / page_size, off, buf, n);
		if (r < 0)
			return r;
		paddr += n;
		buf += n;
		len -= n;
	}
	return 0;
}

/* Bytes of one PAGE_PRESENT extent that starts at @paddr. A format that reads bytes is asked
 * directly, but for small reads: the walkers come back to the same pages. */
static int read_present(struct dump *d, uint64_t paddr, void *buf, size_t len)
{
	const uint64_t page_size = d->opened.facts.page_size, start = paddr & ~(page_size - 1);
	struct extent e;

	if (d->format->read_page)
		return read_pages(d, paddr, buf, len);
	if (paddr + len <= start + page_size && len < page_size &&
	    d->format->extent(d->opened.priv, start, &e) == 0 && e.status == PAGE_PRESENT &&
	    e.end >= start + page_size)
		return read_pages(d, paddr, buf, len);
	return d->format->read(d->opened.priv, paddr, buf, len);
}

static int missing(uint64_t paddr, enum page_status status)
{
	switch (status) {
	case PAGE_NO_RAM:
		return fail(-ENODATA, "no memory at physical address %#lx", paddr);
	case PAGE_TRUNCATED:
		return fail(-ENODATA, "%#lx lies beyond the end of the incomplete dump", paddr);
	default:
		return fail(-ENODATA, "%#lx was excluded from the dump", paddr);
	}
}

/* The usual small read: what is cached is present, and what a format of pages has need not be told
 * from what it lacks. False: it takes more. */
static bool read_simply(struct dump *d, uint64_t paddr, void *buf, size_t len)
{
	const size_t page_size = d->opened.facts.page_size, off = paddr % page_size;

	if (!len || off + len > page_size)
		return false;
	if (len < page_size && d->format->read_page)
		return read_in_page(d, paddr / page_size, off, buf, len) == 0;
	return cache_peek(d->pages, paddr / page_size, off, buf, len);
}

int dump_read(struct dump *d, uint64_t paddr, void *buf, size_t len)
{
	const struct format *f = d->format;
	struct extent e;
	size_t n;
	int r;

	if (len > UINT64_MAX - paddr)
		return fail(-ENODATA, "no memory at physical address %#lx", paddr);
	if (read_simply(d, paddr, buf, len))
		return 0;
	for (; len; paddr += n, buf = (char *)buf + n, len -= n) {
		r = f->extent(d->opened.priv, paddr, &e);
		if (r < 0)
			return r;
		if (!extent_readable(&e))
			return missing(paddr, e.status);
		n = e.end - paddr < len ? (size_t)(e.end - paddr) : len;
		if (e.status == PAGE_ZERO)
			memset(buf, 0, n);
		else
			r = read_present(d, paddr, buf, n);
		if (r < 0)
			return r;
	}
	return 0;
}

int dump_extent(struct dump *d, uint64_t paddr, struct extent *ret)
{
	return d->format->extent(d->opened.priv, paddr, ret);
}
