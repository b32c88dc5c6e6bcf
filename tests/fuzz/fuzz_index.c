/* The index of a debug file, as it may lie on disk. The length and the checksum are made right, so that
 * what they guard is reached. */
#include <stdlib.h>
#include <string.h>

#include "kernel/debug/index.h"
#include "kernel/debug/index_format.h"
#include "kernel/types/decl.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX (64u << 10)

static void put_le64(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static void look(const struct index *ix)
{
	struct declaration d, found;
	STRBUF(out);

	for (size_t i = 0; i < index_count(ix); i++) {
		index_at(ix, i, &d);
		fuzz_use(d.line + strlen(d.file) + type_size(d.type));
		if (index_find(ix, d.addr, d.name, &found))
			fuzz_use(found.addr);
		if (index_find_declared(ix, d.name, d.is_function, &found))
			fuzz_use(found.line);
		if (out.len < TEXT_MAX)
			put_declaration(&out, d.type, d.name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *bytes = malloc(size + 1);
	struct index *ix;

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	if (size >= INDEX_HEADER) {
		put_le64(bytes + INDEX_AT_LEN, size);
		put_le64(bytes + INDEX_AT_SUM, index_sum(bytes, size));
	}
	if (index_load(bytes, size, NULL, &ix) < 0)
		return 0;
	look(ix);
	index_close(ix);
	return 0;
}
