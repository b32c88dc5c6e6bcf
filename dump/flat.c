/* The stream
 *
 *   4096 bytes   "makedumpfile\0...", s64 type 1, s64 version 1   (numbers big-endian)
 *   records      s64 offset, s64 size, then size bytes that belong at offset of the real file
 *   end          offset -1, size -1
 *
 * (makedumpfile's struct makedumpfile_header and makedumpfile_data_header.) The writer goes back to
 * rewrite its headers, so a later record wins over an earlier one. The index is one pass over the
 * record headers; it keeps 24 bytes a record. */
#include "dump/flat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"

#define STREAM_START	 4096
#define RECORD_SIZE	 16
#define SIGNATURE	 "makedumpfile"
#define END_MARK	 UINT64_MAX
#define READ_AHEAD_BELOW 2048 /* bytes a record: beyond, reading all costs more than seeking */

struct piece {
	uint64_t off, size; /* in the real file */
	uint64_t pos;	    /* in the stream; also tells which of two is later */
};

struct flat {
	struct file file;
	struct file *under;
	struct piece *v; /* sorted by .off, not overlapping */
	size_t n, room;
	bool complete;
};

bool flat_probe(const unsigned char *head, size_t len)
{
	return len >= 32 && !memcmp(head, SIGNATURE, sizeof(SIGNATURE)) &&
	       load_be64(head + 16) == 1;
}

static int append(struct flat *fl, struct piece piece)
{
	size_t room = fl->room ? 2 * fl->room : 1024;
	struct piece *more;

	if (fl->n == fl->room) {
		more = realloc(fl->v, room * sizeof(*more));
		if (!more)
			return fail(-ENOMEM, "index of %zu records", room);
		fl->v = more;
		fl->room = room;
	}
	fl->v[fl->n++] = piece;
	return 0;
}

/* Record headers, read ahead while the records are small. */
struct window {
	uint64_t pos;
	size_t len;
	unsigned char buf[64 << 10];
};

/* The header at @pos, of a stream whose last record had @size bytes. */
static int read_header(struct file *f, struct window *w, uint64_t pos, uint64_t size,
		       const unsigned char **ret)
{
	int r;

	if (pos < w->pos || pos + RECORD_SIZE > w->pos + w->len) {
		w->pos = pos;
		r = file_read_some(f, pos, w->buf,
				   size < READ_AHEAD_BELOW ? sizeof(w->buf) : RECORD_SIZE, &w->len);
		if (r < 0)
			return r;
		if (w->len < RECORD_SIZE)
			return fail(-ENODATA, "the file ends within a record header");
	}
	*ret = w->buf + (pos - w->pos);
	return 0;
}

/* Collect the records. The stream may end anywhere: what is there is kept. */
static int read_records(struct flat *fl)
{
	struct file *f = fl->under;
	uint64_t pos = STREAM_START, off, size = 0;
	struct window w = { 0 };
	const unsigned char *raw;
	int r;

	while (f->size >= RECORD_SIZE && pos <= f->size - RECORD_SIZE) {
		r = read_header(f, &w, pos, size, &raw);
		if (r < 0)
			return r;
		off = load_be64(raw);
		size = load_be64(raw + 8);
		if (off == END_MARK) {
			fl->complete = true;
			return 0;
		}
		if (off > INT64_MAX || size > INT64_MAX - off || !size)
			return fail(-EBADMSG,
				    "flattened dump: record at %#lx says %#lx bytes at %#lx", pos,
				    size, off);
		if (fl->n == LIMIT_FLAT_RECORDS)
			return fail(-EBADMSG,
				    "flattened dump: more than %u records; rearrange it "
				    "with makedumpfile -R",
				    LIMIT_FLAT_RECORDS);
		pos += RECORD_SIZE;
		if (size > f->size - pos)
			size = f->size - pos;
		r = size ? append(fl, (struct piece){ off, size, pos }) : 0;
		if (r < 0)
			return r;
		pos += size;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return x->pos < y->pos ? -1 : x->pos > y->pos;
}

static bool sorted(const struct flat *fl)
{
	for (size_t i = 1; i < fl->n; i++)
		if (fl->v[i - 1].off + fl->v[i - 1].size > fl->v[i].off)
			return false;
	return true;
}

/* A max-heap of pieces by .pos: the latest of those that cover an address is at its top. */
struct heap {
	struct piece *v;
	size_t n;
};

static void heap_push(struct heap *h, struct piece piece)
{
	size_t i = h->n++;

	for (; i && h->v[(i - 1) / 2].pos < piece.pos; i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = piece;
}

static void heap_pop(struct heap *h)
{
	struct piece last = h->v[--h->n];
	size_t i = 0, child;

	for (; (child = 2 * i + 1) < h->n; i = child) {
		if (child + 1 < h->n && h->v[child + 1].pos > h->v[child].pos)
			child++;
		if (h->v[child].pos <= last.pos)
			break;
		h->v[i] = h->v[child];
	}
	h->v[i] = last;
}

/* Sweep over the offsets: the latest piece there is shows, until it ends or a later one begins. */
static int sweep(struct flat *out, const struct piece *in, size_t n, struct heap *h)
{
	uint64_t at = 0;
	int r;

	for (size_t i = 0; i < n || h->n;) {
		const struct piece *top;
		uint64_t end;

		if (!h->n && at < in[i].off)
			at = in[i].off;
		while (i < n && in[i].off <= at)
			heap_push(h, in[i++]);
		top = &h->v[0];
		end = top->off + top->size;
		if (end <= at) {
			heap_pop(h);
			continue;
		}
		if (i < n && in[i].off < end)
			end = in[i].off;
		r = append(out, (struct piece){ at, end - at, top->pos + (at - top->off) });
		if (r < 0)
			return r;
		at = end;
	}
	return 0;
}

static int resolve(struct flat *fl)
{
	struct flat out = { 0 };
	struct heap heap = { 0 };
	int r;

	if (sorted(fl))
		return 0;
	qsort(fl->v, fl->n, sizeof(*fl->v), compare);
	if (sorted(fl))
		return 0;
	heap.v = malloc(fl->n * sizeof(*heap.v));
	r = heap.v ? sweep(&out, fl->v, fl->n, &heap)
		   : fail(-ENOMEM, "index of %zu records", fl->n);
	free(heap.v);
	free(fl->v);
	fl->v = out.v;
	fl->n = out.n;
	fl->room = out.room;
	return r;
}

/* The piece that holds @off, or the next one; n beyond all. */
static size_t locate(const struct flat *fl, uint64_t off)
{
	size_t lo = 0, hi = fl->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (fl->v[mid].off + fl->v[mid].size <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Between two records the file that the writer had in mind is sparse, zeros; unless the records that
 * filled it may be among those that are missing. */
static int64_t flat_read(struct file *f, uint64_t off, void *buf, size_t len)
{
	struct flat *fl = (struct flat *)f;
	size_t i = locate(fl, off), got;
	const struct piece *p = &fl->v[i];
	uint64_t n;
	int r;

	if (i == fl->n || (off < p->off && !fl->complete))
		return 0;
	n = off < p->off ? p->off - off : p->size - (off - p->off);
	if (n > len)
		n = len;
	if (off < p->off) {
		memset(buf, 0, n);
		return (int64_t)n;
	}
	r = file_read_some(fl->under, p->pos + (off - p->off), buf, n, &got);
	return r < 0 ? r : (int64_t)got;
}

static void flat_close(struct file *f)
{
	struct flat *fl = (struct flat *)f;

	file_close(fl->under);
	free(fl->v);
	free(fl);
}

static const struct file_ops flat_ops = { .read = flat_read, .close = flat_close };

int flat_open(struct file *under, struct file **ret, bool *ret_complete)
{
	struct flat *fl = calloc(1, sizeof(*fl));
	int r;

	if (!fl) {
		file_close(under);
		return fail(-ENOMEM, "flattened dump");
	}
	fl->under = under;
	fl->file = (struct file){ .ops = &flat_ops, .name = under->name };
	r = read_records(fl);
	if (r == 0)
		r = resolve(fl);
	if (r == 0 && !fl->n)
		r = fail(-ENODATA, "flattened dump without records");
	if (r < 0) {
		flat_close(&fl->file);
		return r;
	}
	fl->file.size = fl->v[fl->n - 1].off + fl->v[fl->n - 1].size;
	*ret_complete = fl->complete;
	*ret = &fl->file;
	return 0;
}
