#include "kernel/mem/bulk.h"

#include <errno.h>
#include <stdatomic.h>

#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/crew.h"
#include "dump/base/err.h"
#include "kernel/mem/space.h"

/* A piece is large beside a thread's start, and small beside what is read. */
#define PIECE (128u << 10)

/* What is begun anew when something of it is missing. */
#define SPARSE (1u << 20)

struct bulk {
	const struct space *s;
	struct dump *d;
	uint64_t va;
	unsigned char *buf;
	size_t len;
	_Atomic size_t next; /* first byte that nobody has taken */
	_Atomic size_t done; /* first byte of the first piece that was not read whole */
};

static size_t piece(const struct bulk *b, size_t at)
{
	return b->len - at < PIECE ? b->len - at : PIECE;
}

static void read_pieces(void *arg)
{
	struct bulk *b = arg;
	size_t at, done;

	while ((at = atomic_fetch_add(&b->next, PIECE)) < b->len && at < b->done) {
		if (space_read(b->s, b->d, b->va + at, b->buf + at, piece(b, at)) == 0)
			continue;
		done = b->done;
		while (at < done && !atomic_compare_exchange_weak(&b->done, &done, at))
			;
		return;
	}
}

/* Whatever failed in another thread is tried in this one, whose errors and trouble count. */
size_t bulk_read_some(const struct space *s, struct dump *d, uint64_t va, void *buf, size_t len)
{
	struct bulk b = { .s = s, .d = d, .va = va, .buf = buf, .len = len, .done = len };

	if (len < (size_t)2 * PIECE)
		return space_read_some(s, d, va, buf, len);
	crew_run((unsigned int)(len / PIECE < CREW_MOST ? len / PIECE : CREW_MOST), read_pieces,
		 &b);
	if (b.done == len)
		return len;
	return b.done + space_read_some(s, d, va + b.done, b.buf + b.done, len - b.done);
}

int bulk_read(const struct space *s, struct dump *d, uint64_t va, void *buf, size_t len)
{
	const size_t done = bulk_read_some(s, d, va, buf, len);

	return done == len ? 0 : space_read(s, d, va + done, (char *)buf + done, len - done);
}

/* One page after the other, from where something is missing. */
static void read_pages(const struct space *s, struct dump *d, uint64_t va, unsigned char *buf,
		       size_t len)
{
	const size_t page = (size_t)1 << s->page_shift;

	for (size_t at = 0, n; at < len; at += n) {
		n = page - (va + at) % page < len - at ? page - (va + at) % page : len - at;
		if (space_read(s, d, va + at, buf + at, n) < 0)
			memset(buf + at, 0, n);
	}
}

int bulk_read_sparse(const struct space *s, struct dump *d, uint64_t va, void *buf, size_t len)
{
	unsigned char *p = buf;

	for (size_t at = 0, n; at < len; at += n) {
		size_t got;

		if (cancelled())
			return fail(-EINTR, "interrupted");
		n = len - at < SPARSE ? len - at : SPARSE;
		got = bulk_read_some(s, d, va + at, p + at, n);
		read_pages(s, d, va + at + got, p + at + got, n - got);
	}
	return 0;
}
