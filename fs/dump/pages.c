#include "fs/dump/pages.h"

#include <errno.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"

int count_pages(struct dump *d, struct page_bytes *ret)
{
	struct page_bytes bytes = { { 0 } };
	uint64_t end = dump_facts(d)->end;
	struct extent e;

	for (uint64_t paddr = 0; paddr < end; paddr = e.end) {
		int r = dump_extent(d, paddr, &e);

		if (r < 0)
			return r;
		if (cancelled())
			return fail(-EINTR, "interrupted");
		if (e.end > end)
			e.end = end;
		bytes.of[e.status] += e.end - paddr;
	}
	*ret = bytes;
	return 0;
}
