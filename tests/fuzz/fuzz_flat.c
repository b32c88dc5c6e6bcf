#include "dump/flat.h"

#include "tests/fuzz/fuzz.h"
#include "tests/image/mem_file.h"

/* All of it in odd pieces, and its end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char buf[777];
	struct mem_file mem;
	struct file *f;
	bool complete;
	size_t n;

	flat_probe(data, size);
	if (flat_open(mem_file(&mem, data, size), &f, &complete) < 0)
		return 0;
	for (uint64_t at = 0; at < f->size && at < 300 * sizeof(buf); at += sizeof(buf))
		file_read_some(f, at, buf, sizeof(buf), &n);
	file_read_some(f, f->size - f->size / 2, buf, sizeof(buf), &n);
	file_read_some(f, f->size - 1, buf, sizeof(buf), &n);
	file_close(f);
	return 0;
}
