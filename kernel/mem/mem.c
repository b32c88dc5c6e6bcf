#include "kernel/mem/mem.h"

#include <string.h>

#define PIECE 64 /* divides every page size, so that no piece reaches into a page not needed */

int kernel_read_str(struct kernel *k, uint64_t va, char *ret, size_t size)
{
	size_t at = 0;

	while (at + 1 < size) {
		char piece[PIECE];
		size_t n = PIECE - (size_t)(va + at) % PIECE, room = size - 1 - at, len;
		int r = kernel_read(k, va + at, piece, n);

		if (r < 0 && !at)
			return r;
		if (r < 0)
			break;
		n = n < room ? n : room;
		len = strnlen(piece, n);
		memcpy(ret + at, piece, len);
		at += len;
		if (len < n)
			break;
	}
	if (size)
		ret[at] = 0;
	return 0;
}
