#include <string.h>

#include "kernel/symbol/symbols.h"
#include "tests/fuzz/fuzz.h"

/* Every symbol can be found again by its number, its name and, if it has an extent, its address. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel *k = fuzz_kernel(data, size);
	uint64_t cursor = 0, va;
	struct symbol s, found;

	if (!k)
		return 0;
	while (symbol_next(k, &cursor, &s) == 1) {
		fuzz_use(strlen(s.name) + s.size);
		if (symbol_get(k, s.id, &found) < 0 || found.name != s.name)
			__builtin_trap();
		if (symbol_addr(k, s.name, &va) < 0 || symbol_find(k, s.name, &found) < 0 ||
		    strcmp(found.name, s.name))
			__builtin_trap();
		if (symbol_at(k, s.addr, &found) == 0 && found.addr != s.addr)
			__builtin_trap();
	}
	fuzz_kernel_close(k);
	return 0;
}
