#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/codec.h"
#include "tests/image/write.h"

#define PAGE 4096

static const uint32_t flags_of[NR_PACKS] = { CODEC_RAW, CODEC_ZLIB, CODEC_LZO, CODEC_SNAPPY,
					     CODEC_ZSTD };

/* Built with it? */
static const bool built[NR_PACKS] = {
	[PACK_RAW] = true,    [PACK_ZLIB] = true,
#ifdef HAVE_LZO
	[PACK_LZO] = true,
#endif
#ifdef HAVE_SNAPPY
	[PACK_SNAPPY] = true,
#endif
#ifdef HAVE_ZSTD
	[PACK_ZSTD] = true,
#endif
};

/* As a thread does it: page after page. */
static int expand(uint32_t flags, const void *in, size_t in_len, void *out, size_t out_len)
{
	static struct codec_work *work;

	if (!work)
		work = codec_work_new();
	assert_non_null(work);
	return codec_expand(work, flags, in, in_len, out, out_len);
}

static void pattern(unsigned char *page, size_t size)
{
	for (size_t i = 0; i < size; i++)
		page[i] = (unsigned char)(i / 64 * 7 + i % 3);
}

/* Memory of exactly @len bytes: one over is seen. */
static unsigned char *exact(const unsigned char *bytes, size_t len)
{
	unsigned char *p = malloc(len + !len);

	memcpy(p, bytes, len);
	return p;
}

static void expands(void **state)
{
	static const size_t sizes[] = { 4096, 16384, 65536 };
	static unsigned char page[65536], packed[2 * 65536], out[65536];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int p = PACK_ZLIB; p < NR_PACKS; p++) {
			unsigned char *in;
			size_t n;

			if (!built[p])
				continue;
			pattern(page, sizes[i]);
			n = pack_page((enum pack)p, page, sizes[i], packed);
			assert_true(n > 0 && n < sizes[i]);
			in = exact(packed, n);
			assert_ok(expand(flags_of[p], in, n, out, sizes[i]));
			assert_memory_equal(out, page, sizes[i]);
			/* another length than a page is corrupt */
			assert_fails(expand(flags_of[p], in, n, out, sizes[i] - 1), -EBADMSG,
				     pack_name((enum pack)p));
			free(in);
			in = exact(packed, n - 1);
			assert_fails(expand(flags_of[p], in, n - 1, out, sizes[i]), -EBADMSG,
				     "corrupt");
			free(in);
		}
}

static void raw(void **state)
{
	unsigned char page[PAGE], out[PAGE];

	(void)state;
	pattern(page, PAGE);
	assert_ok(expand(CODEC_RAW, page, PAGE, out, PAGE));
	assert_memory_equal(out, page, PAGE);
	assert_fails(expand(CODEC_RAW, page, PAGE - 1, out, PAGE), -EBADMSG, "corrupt raw");
	assert_fails(expand(CODEC_RAW, page, 0, out, PAGE), -EBADMSG, "corrupt raw");
}

static void unknown(void **state)
{
	static const uint32_t flags[] = { 3, 8, 0x10, 0x21, UINT32_MAX };
	unsigned char page[PAGE] = { 0 }, out[PAGE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		assert_fails(expand(flags[i], page, PAGE, out, PAGE), -EBADMSG,
			     "unknown page compression");
}

/* What was left out at build time is named. */
static void not_built_in(void **state)
{
	unsigned char page[PAGE] = { 0 }, out[PAGE];

	(void)state;
	for (int p = 0; p < NR_PACKS; p++) {
		int r = expand(flags_of[p], page, PAGE, out, PAGE);

		assert_int_equal(r == -EOPNOTSUPP, !built[p]);
		if (!built[p])
			assert_fails(r, -EOPNOTSUPP, pack_name((enum pack)p));
	}
}

/* Damage at random places: an error or a page, never a byte outside of either buffer. */
static void damaged(void **state)
{
	unsigned char page[PAGE], packed[2 * PAGE];

	(void)state;
	pattern(page, PAGE);
	srandom(3);
	for (int p = PACK_ZLIB; p < NR_PACKS; p++) {
		size_t n = pack_page((enum pack)p, page, PAGE, packed);

		for (int i = 0; built[p] && i < 3000; i++) {
			unsigned char *in = exact(packed, n), *out = malloc(PAGE);
			int r;

			for (long hits = 1 + random() % 4; hits; hits--)
				in[(size_t)random() % n] = (unsigned char)random();
			r = expand(flags_of[p], in, n, out, PAGE);
			assert_true(r == 0 || r == -EBADMSG);
			free(in);
			free(out);
		}
	}
}

static void noise(void **state)
{
	(void)state;
	srandom(4);
	for (int p = PACK_ZLIB; p < NR_PACKS; p++)
		for (int i = 0; built[p] && i < 3000; i++) {
			size_t n = (size_t)random() % 200;
			unsigned char *in = malloc(n + 1), *out = malloc(PAGE);
			int r;

			for (size_t j = 0; j < n; j++)
				in[j] = (unsigned char)random();
			r = expand(flags_of[p], in, n, out, PAGE);
			assert_true(r == 0 || r == -EBADMSG);
			free(in);
			free(out);
		}
}

UNIT_TESTS(cmocka_unit_test(expands), cmocka_unit_test(raw), cmocka_unit_test(unknown),
	   cmocka_unit_test(not_built_in), cmocka_unit_test(damaged), cmocka_unit_test(noise))
