#include <unistd.h>

#include "dump/identify.h"
#include "tests/fuzz/fuzz.h"

/* A whole file, of any format, flattened or not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum file_kind kind;
	char path[32];
	const char *paths[] = { path };
	int fd = fuzz_file(data, size, path);
	struct dump *d;

	identify(path, &kind);
	if (dump_open(paths, 1, &d) == 0) {
		fuzz_dump(d);
		dump_close(d);
	}
	close(fd);
	return 0;
}
