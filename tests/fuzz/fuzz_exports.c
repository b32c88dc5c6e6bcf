#include "kernel/symbol/exports.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define FIRST 0xffffffff82000000ull
#define TEXT  0xffffffff81000000ull

static int use(void *arg, const char *name, size_t len, uint64_t value)
{
	(void)arg;
	fuzz_use((uint64_t)name[0] + name[len - 1] + value);
	return 0;
}

/* The constant data of a kernel. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct constant c = { FIRST, size, malloc(size + 1) };
	const struct region image = { .first = TEXT, .last = FIRST + size };
	struct exports e;

	if (!c.bytes)
		return 0;
	memcpy(c.bytes, data, size);
	if (exports_find(&c, &image, use, NULL, &e) >= 0)
		fuzz_use(e.n);
	constant_free(&c);
	return 0;
}
