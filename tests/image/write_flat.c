/* makedumpfile's flattened stream: a header of 4096 bytes, then records of a big-endian offset and
 * length with the bytes that belong there. A later record wins over an earlier one. */
#include "tests/image/write.h"

#include <stdlib.h>
#include <string.h>

#define MAX_RECORD 65536
#define MAX_HELD   32

struct record {
	uint64_t off;
	size_t len;
	unsigned char *bytes;
};

struct flat_sink {
	struct sink sink;
	struct stream out;
	struct sink *below;
	enum flat_order order;
	struct record held[MAX_HELD]; /* disjoint */
	size_t nr_held;
};

static void put_be64(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (56 - 8 * i));
}

static void put_record(struct flat_sink *f, uint64_t off, const void *bytes, size_t len)
{
	unsigned char head[16];

	put_be64(head, off);
	put_be64(head + 8, len);
	stream_put(&f->out, head, sizeof(head));
	stream_put(&f->out, bytes, len);
}

static void release(struct flat_sink *f)
{
	while (f->nr_held) {
		struct record *r = &f->held[--f->nr_held];

		put_record(f, r->off, r->bytes, r->len);
		free(r->bytes);
	}
}

static bool overlaps_held(const struct flat_sink *f, uint64_t off, size_t len)
{
	for (size_t i = 0; i < f->nr_held; i++) {
		const struct record *r = &f->held[i];

		if (off < r->off + r->len && r->off < off + len)
			return true;
	}
	return false;
}

/* Garbage over what is written next. Its borders are others: it begins within the bytes. What it
 * spoils of an earlier record would be lost, so it never goes beyond them. */
static void spoil(struct flat_sink *f, uint64_t off, size_t len)
{
	unsigned char *garbage = must_alloc(len);
	size_t skip = len / 3;

	memset(garbage, 0xa5, len);
	put_record(f, off + skip, garbage, len - skip);
	if (len > 8)
		put_record(f, off + 1, garbage, len / 2);
	free(garbage);
}

static void hold(struct flat_sink *f, uint64_t off, const void *bytes, size_t len)
{
	struct record *r;

	if (f->nr_held == MAX_HELD || overlaps_held(f, off, len))
		release(f);
	r = &f->held[f->nr_held++];
	*r = (struct record){ .off = off, .len = len, .bytes = must_alloc(len) };
	memcpy(r->bytes, bytes, len);
}

static void flat_write(struct sink *s, uint64_t off, const void *bytes, size_t len)
{
	struct flat_sink *f = (struct flat_sink *)s;

	while (len) {
		/* Odd lengths: records need not end where pages do. */
		size_t n = f->order == FLAT_PLAIN ? MAX_RECORD : 9001;

		n = n < len ? n : len;
		if (f->order == FLAT_OVERWRITE)
			spoil(f, off, n);
		if (f->order == FLAT_PLAIN)
			put_record(f, off, bytes, n);
		else
			hold(f, off, bytes, n);
		bytes = (const char *)bytes + n;
		off += n;
		len -= n;
	}
}

static void flat_close(struct sink *s)
{
	struct flat_sink *f = (struct flat_sink *)s;
	unsigned char end[16];

	release(f);
	memset(end, 0xff, sizeof(end));
	stream_put(&f->out, end, sizeof(end));
	stream_flush(&f->out);
	sink_close(f->below);
	free(f);
}

struct sink *sink_flat(struct sink *below, enum flat_order order)
{
	struct flat_sink *f = must_alloc(sizeof(*f));
	static unsigned char head[4096];

	f->sink = (struct sink){ .write = flat_write, .close = flat_close, .no_gaps = true };
	f->below = below;
	f->order = order;
	stream_init(&f->out, below, 0);
	memcpy(head, "makedumpfile", 12);
	put_be64(head + 16, 1);
	put_be64(head + 24, 1);
	stream_put(&f->out, head, sizeof(head));
	return &f->sink;
}
