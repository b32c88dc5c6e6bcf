#include "dump/kdump_header.h"

#include "tests/fuzz/fuzz.h"
#include "tests/image/mem_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kdump_header h;
	struct mem_file mem;

	kdump_header_probe(data, size);
	kdump_header_read(mem_file(&mem, data, size), &h);
	return 0;
}
