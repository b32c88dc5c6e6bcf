#include "dump/codec.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_DEFLATE
#include <libdeflate.h>
#else
#include <zlib.h>
#endif
#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "dump/base/err.h"

/* Each is made when the first page wants it; without these libraries there is nothing to keep. */
struct codec_work {
#ifdef HAVE_DEFLATE
	struct libdeflate_decompressor *deflate;
#endif
#ifdef HAVE_ZSTD
	ZSTD_DCtx *zstd;
#endif
};

struct codec_work *codec_work_new(void)
{
	return calloc(1, sizeof(struct codec_work));
}

void codec_work_free(struct codec_work *w)
{
	if (!w)
		return;
#ifdef HAVE_DEFLATE
	libdeflate_free_decompressor(w->deflate);
#endif
#ifdef HAVE_ZSTD
	ZSTD_freeDCtx(w->zstd);
#endif
	free(w);
}

/* True: the output was filled, all of it. */
typedef bool expand_fn(struct codec_work *w, const void *in, size_t in_len, void *out,
		       size_t out_len);

static bool expand_raw(struct codec_work *w, const void *in, size_t in_len, void *out,
		       size_t out_len)
{
	(void)w;
	if (in_len != out_len)
		return false;
	memcpy(out, in, out_len);
	return true;
}

#ifdef HAVE_DEFLATE
/* Reads what zlib wrote, in half the time: a page is there as a whole. */
static bool expand_zlib(struct codec_work *w, const void *in, size_t in_len, void *out,
			size_t out_len)
{
	if (!w->deflate)
		w->deflate = libdeflate_alloc_decompressor();
	return w->deflate && libdeflate_zlib_decompress(w->deflate, in, in_len, out, out_len,
							NULL) == LIBDEFLATE_SUCCESS;
}
#else
static bool expand_zlib(struct codec_work *w, const void *in, size_t in_len, void *out,
			size_t out_len)
{
	uLongf n = out_len;

	(void)w;
	return uncompress(out, &n, in, in_len) == Z_OK && n == out_len;
}
#endif

#ifdef HAVE_LZO
static bool expand_lzo(struct codec_work *w, const void *in, size_t in_len, void *out,
		       size_t out_len)
{
	lzo_uint n = out_len;

	(void)w;
	return lzo1x_decompress_safe(in, in_len, out, &n, NULL) == LZO_E_OK && n == out_len;
}
#else
#define expand_lzo NULL
#endif

#ifdef HAVE_SNAPPY
static bool expand_snappy(struct codec_work *w, const void *in, size_t in_len, void *out,
			  size_t out_len)
{
	size_t n;

	(void)w;
	if (snappy_uncompressed_length(in, in_len, &n) != SNAPPY_OK || n != out_len)
		return false;
	return snappy_uncompress(in, in_len, out, &n) == SNAPPY_OK && n == out_len;
}
#else
#define expand_snappy NULL
#endif

#ifdef HAVE_ZSTD
static bool expand_zstd(struct codec_work *w, const void *in, size_t in_len, void *out,
			size_t out_len)
{
	if (!w->zstd)
		w->zstd = ZSTD_createDCtx();
	return w->zstd && ZSTD_decompressDCtx(w->zstd, out, out_len, in, in_len) == out_len;
}
#else
#define expand_zstd NULL
#endif

static const struct codec {
	uint32_t flags;
	const char *name;
	expand_fn *expand; /* NULL: known, but not built in */
} codecs[] = {
	{ CODEC_RAW, "raw", expand_raw },    { CODEC_ZLIB, "zlib", expand_zlib },
	{ CODEC_LZO, "lzo", expand_lzo },    { CODEC_SNAPPY, "snappy", expand_snappy },
	{ CODEC_ZSTD, "zstd", expand_zstd },
};

int codec_expand(struct codec_work *w, uint32_t flags, const void *in, size_t in_len, void *out,
		 size_t out_len)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		if (codecs[i].flags != flags)
			continue;
		if (!codecs[i].expand)
			return fail(-EOPNOTSUPP, "pages compressed with %s: built without it",
				    codecs[i].name);
		if (!codecs[i].expand(w, in, in_len, out, out_len))
			return fail(-EBADMSG, "corrupt %s page", codecs[i].name);
		return 0;
	}
	return fail(-EBADMSG, "unknown page compression %#x", flags);
}
