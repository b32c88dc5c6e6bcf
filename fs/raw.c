#include "fs/raw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"

static int text_read(const struct raw *raw, uint64_t off, void *buf, size_t len)
{
	memcpy(buf, (const char *)raw->priv + off, len);
	return 0;
}

static void text_close(struct raw *raw)
{
	free(raw->priv);
}

/* What an allocation costs at least: most texts are one word. */
#define TEXT_OVERHEAD 64

static const struct raw_ops text_ops = { .read = text_read, .close = text_close };

struct raw raw_of_text(char *text, size_t len)
{
	return (struct raw){
		.ops = &text_ops,
		.size = len,
		.stored = len,
		.weight = len + TEXT_OVERHEAD,
		.priv = text,
	};
}

void raw_close(struct raw *raw)
{
	if (raw->ops && raw->ops->close)
		raw->ops->close(raw);
	*raw = (struct raw){ 0 };
}

const char *raw_bytes(const struct raw *raw)
{
	return raw->ops == &text_ops ? raw->priv : NULL;
}

int raw_read(const struct raw *raw, uint64_t off, void *buf, size_t len)
{
	if (off > raw->size || len > raw->size - off)
		return fail(-EINVAL, "%zu bytes at %#jx leave the file", len, (uintmax_t)off);
	return len ? raw->ops->read(raw, off, buf, len) : 0;
}

int raw_seek(const struct raw *raw, uint64_t off, bool data, uint64_t *ret)
{
	while (off < raw->size && raw->ops->extent) {
		uint64_t end;
		bool is_data;
		int r = raw->ops->extent(raw, off, &is_data, &end);

		if (r < 0)
			return r;
		if (is_data == data)
			break;
		if (cancelled())
			return fail(-EINTR, "interrupted");
		off = end;
	}
	/* Every file ends in a hole. */
	if (!data && (off >= raw->size || !raw->ops->extent))
		off = raw->size;
	if (data && off >= raw->size)
		return fail(-ENXIO, "no data at or after the offset");
	*ret = off;
	return 0;
}
