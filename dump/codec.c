#include "dump/codec.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <zlib.h>
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

/* True: the output was filled, all of it. */
typedef bool expand_fn(const void *in, size_t in_len, void *out, size_t out_len);

static bool expand_raw(const void *in, size_t in_len, void *out, size_t out_len)
{
	if (in_len != out_len)
		return false;
	memcpy(out, in, out_len);
	return true;
}

static bool expand_zlib(const void *in, size_t in_len, void *out, size_t out_len)
{
	uLongf n = out_len;

	return uncompress(out, &n, in, in_len) == Z_OK && n == out_len;
}

#ifdef HAVE_LZO
static bool expand_lzo(const void *in, size_t in_len, void *out, size_t out_len)
{
	lzo_uint n = out_len;

	return lzo1x_decompress_safe(in, in_len, out, &n, NULL) == LZO_E_OK && n == out_len;
}
#else
#define expand_lzo NULL
#endif

#ifdef HAVE_SNAPPY
static bool expand_snappy(const void *in, size_t in_len, void *out, size_t out_len)
{
	size_t n;

	if (snappy_uncompressed_length(in, in_len, &n) != SNAPPY_OK || n != out_len)
		return false;
	return snappy_uncompress(in, in_len, out, &n) == SNAPPY_OK && n == out_len;
}
#else
#define expand_snappy NULL
#endif

#ifdef HAVE_ZSTD
static bool expand_zstd(const void *in, size_t in_len, void *out, size_t out_len)
{
	return ZSTD_decompress(out, out_len, in, in_len) == out_len;
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

int codec_expand(uint32_t flags, const void *in, size_t in_len, void *out, size_t out_len)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		if (codecs[i].flags != flags)
			continue;
		if (!codecs[i].expand)
			return fail(-EOPNOTSUPP, "pages compressed with %s: built without it",
				    codecs[i].name);
		if (!codecs[i].expand(in, in_len, out, out_len))
			return fail(-EBADMSG, "corrupt %s page", codecs[i].name);
		return 0;
	}
	return fail(-EBADMSG, "unknown page compression %#x", flags);
}
