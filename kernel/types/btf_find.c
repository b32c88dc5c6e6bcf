/* The kernel's BTF, by its header: where no symbol tells the place. */
#include <string.h>

#include "dump/base/bytes.h"
#include "kernel/types/btf.h"
#include "kernel/types/btf_format.h"

#define BTF_VERSION 1
#define HEADER_MAX  256
#define SMALLEST    (64u << 10) /* bytes of a kernel's types; theirs are millions */

/* Its length, or 0: there is none. Strings begin and end with a NUL, the first type is behind the header. */
static size_t header_at(const unsigned char *p, size_t left)
{
	uint64_t header, types, types_len, strings, strings_len, end;

	if (left < BTF_HEADER_MIN || (p[0] | p[1] << 8) != BTF_MAGIC || p[2] != BTF_VERSION || p[3])
		return 0;
	header = load_le32(p + 4);
	types = load_le32(p + 8);
	types_len = load_le32(p + 12);
	strings = load_le32(p + 16);
	strings_len = load_le32(p + 20);
	if (header < BTF_HEADER_MIN || header > HEADER_MAX || types || strings < types_len ||
	    !strings_len)
		return 0;
	end = header + strings + strings_len;
	if (end > left || end < SMALLEST || p[header + strings] || p[end - 1])
		return 0;
	return (size_t)end;
}

bool btf_find(const void *data, size_t len, size_t *ret_at, size_t *ret_size)
{
	const unsigned char magic[] = { BTF_MAGIC & 0xff, BTF_MAGIC >> 8, BTF_VERSION, 0 },
			    *p = data, *at = p;

	while ((at = memmem(at, len - (size_t)(at - p), magic, sizeof(magic)))) {
		size_t size = header_at(at, len - (size_t)(at - p));

		if (size) {
			*ret_at = (size_t)(at - p);
			*ret_size = size;
			return true;
		}
		at++;
	}
	return false;
}
