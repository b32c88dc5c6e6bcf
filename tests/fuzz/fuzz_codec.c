#include "dump/codec.h"

#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

/* The first byte is the compression, the second chooses the page's size. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t out_len = 4096;
	struct codec_work *work;
	void *out;

	if (size < 2)
		return 0;
	out_len <<= data[1] % 5;
	out = malloc(out_len);
	work = codec_work_new();
	codec_expand(work, data[0], data + 2, size - 2, out, out_len);
	codec_work_free(work);
	free(out);
	return 0;
}
