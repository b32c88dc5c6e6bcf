/* Definitions and member paths. The input is the length of a BTF in two bytes, the BTF, and a member
 * path. */
#include <stdio.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "kernel/types/btf.h"
#include "kernel/types/decl.h"
#include "kernel/types/scalar.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX (64u << 10)

static void find(const struct type *t, const char *path)
{
	static const unsigned char bytes[SCALAR_BYTES_MAX];
	struct place p;
	size_t len;

	if (member_find(t, path, &p) == 0 && scalar_bytes(&p, &len) == 0 && len <= sizeof(bytes))
		fuzz_use(scalar_value(&p, bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = bytes_of(data, size);
	size_t len = bytes_u16(&b);
	const void *btf = bytes_take(&b, len);
	struct types *ts;
	char path[64];
	STRBUF(out);

	if (!btf || btf_load(btf, len, NULL, &ts) < 0)
		return 0;
	snprintf(path, sizeof(path), "%.*s", (int)(b.len - b.pos), (const char *)b.p + b.pos);
	for (size_t i = 0; i < types_count(ts) && out.len < TEXT_MAX; i++) {
		put_definition(&out, types_at(ts, i));
		find(types_at(ts, i), path);
	}
	types_close(ts);
	return 0;
}
