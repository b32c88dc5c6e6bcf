/* The page compressions of makedumpfile, through the libraries that it uses. */
#include "tests/image/write.h"

#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

typedef size_t compress_fn(const void *page, size_t len, void *out);

static size_t by_zlib(const void *page, size_t len, void *out)
{
	uLongf size = 2 * len;

	return compress2(out, &size, page, len, 1) == Z_OK ? size : 0;
}

static size_t by_lzo(const void *page, size_t len, void *out)
{
	static unsigned char work[LZO1X_1_MEM_COMPRESS] __attribute__((aligned(16)));
	lzo_uint size = 0;

	return lzo1x_1_compress(page, len, out, &size, work) == LZO_E_OK ? size : 0;
}

static size_t by_snappy(const void *page, size_t len, void *out)
{
	size_t size = 2 * len;

	return snappy_compress(page, len, out, &size) == SNAPPY_OK ? size : 0;
}

static size_t by_zstd(const void *page, size_t len, void *out)
{
	size_t size = ZSTD_compress(out, 2 * len, page, len, 1);

	return ZSTD_isError(size) ? 0 : size;
}

static const struct {
	const char *name;
	compress_fn *compress;
} packs[] = {
	[PACK_RAW] = { "raw", NULL },	   [PACK_ZLIB] = { "zlib", by_zlib },
	[PACK_LZO] = { "lzo", by_lzo },	   [PACK_SNAPPY] = { "snappy", by_snappy },
	[PACK_ZSTD] = { "zstd", by_zstd }, [PACK_MIXED] = { "mixed", NULL },
};

enum pack pack_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(packs) / sizeof(packs[0]); i++)
		if (!strcmp(packs[i].name, name))
			return (enum pack)i;
	die("no such compression: %s", name);
}

const char *pack_name(enum pack pack)
{
	return packs[pack].name;
}

size_t pack_page(enum pack pack, const void *page, size_t len, void *out)
{
	size_t size = packs[pack].compress ? packs[pack].compress(page, len, out) : 0;

	return size < len ? size : 0;
}
