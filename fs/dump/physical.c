/* /memory/physical: the dump's memory at its physical addresses. What is not there is a hole, which
 * reads as zeros; what is there but broken is an error. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/dump/pages.h"

static int physical_extent(const struct raw *raw, uint64_t off, bool *ret_data, uint64_t *ret_end)
{
	struct extent e;
	int r = dump_extent(raw->priv, off, &e);

	if (r < 0)
		return r;
	*ret_data = extent_readable(&e);
	*ret_end = e.end < raw->size ? e.end : raw->size;
	return 0;
}

static int physical_read(const struct raw *raw, uint64_t off, void *buf, size_t len)
{
	struct extent e;
	size_t n;
	int r;

	for (; len; off += n, buf = (char *)buf + n, len -= n) {
		r = dump_extent(raw->priv, off, &e);
		if (r < 0)
			return r;
		n = e.end - off < len ? (size_t)(e.end - off) : len;
		if (extent_readable(&e))
			r = dump_read(raw->priv, off, buf, n);
		else
			memset(buf, 0, n);
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct raw_ops physical_ops = { .read = physical_read, .extent = physical_extent };

int raw_physical(struct render *r, struct raw *ret)
{
	struct dump *d = kernel_dump(r->k);
	struct page_bytes bytes;
	int e = count_pages(d, &bytes);

	if (e < 0)
		return e;
	*ret = (struct raw){
		.ops = &physical_ops,
		.size = dump_facts(d)->end,
		.stored = bytes_readable(&bytes),
		.priv = d,
	};
	return 0;
}
