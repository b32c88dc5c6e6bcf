#include "fs/offline/copy.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"

#define PIECE (1u << 20) /* bytes at a time */

static int put_bytes_at(const struct raw *raw, uint64_t at, uint64_t end,
			const struct copy_sink *sink, char *buf)
{
	while (at < end) {
		size_t len = end - at < PIECE ? (size_t)(end - at) : PIECE;
		int r = raw_read(raw, at, buf, len);

		if (r < 0)
			return r;
		if (sink->write(sink->arg, buf, len) < 0)
			return COPY_SINK_FAILED;
		at += len;
	}
	return 0;
}

/* The holes are skipped where the sink has holes. */
static int put_extents(const struct raw *raw, const struct copy_sink *sink, char *buf)
{
	bool holes = sink->hole && raw->ops && raw->ops->extent;
	uint64_t at = 0, data, end;
	int r = 0;

	if (!holes)
		return put_bytes_at(raw, 0, raw->size, sink, buf);
	while (at < raw->size && r == 0) {
		r = raw_seek(raw, at, true, &data);
		if (r == -ENXIO) {
			data = raw->size;
			r = 0;
		}
		if (r < 0)
			return r;
		if (data > at && sink->hole(sink->arg, data - at) < 0)
			return COPY_SINK_FAILED;
		if (data >= raw->size)
			break;
		r = raw_seek(raw, data, false, &end);
		if (r == 0)
			r = put_bytes_at(raw, data, end, sink, buf);
		at = end;
	}
	return r;
}

int copy_file(struct fs *fs, struct node *n, const struct copy_sink *sink, bool *ret_partial)
{
	_free_ char *buf = malloc(PIECE);
	const struct raw *raw;
	const char *bytes;
	int r;

	if (!buf)
		return fail(-ENOMEM, "%u bytes", PIECE);
	if (node_kind(n) == RULE_WINDOW)
		return fail(-EINVAL, "it has no size: it is read at addresses, when mounted");
	r = fs_pin(fs, n, &raw);
	if (r < 0)
		return r;
	*ret_partial = raw->partial;
	bytes = raw_bytes(raw);
	if (sink->begin && sink->begin(sink->arg, raw->size) < 0)
		r = COPY_SINK_FAILED;
	else if (bytes)
		r = sink->write(sink->arg, bytes, (size_t)raw->size) < 0 ? COPY_SINK_FAILED : 0;
	else
		r = put_extents(raw, sink, buf);
	fs_unpin_last(fs, n);
	return r;
}
