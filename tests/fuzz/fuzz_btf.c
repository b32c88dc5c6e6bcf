#include "kernel/types/btf.h"

#include "tests/fuzz/fuzz.h"

static int use(void *arg, const char *name, size_t len, uint32_t offset)
{
	(void)arg;
	fuzz_use((uint64_t)name[0] + name[len - 1] + offset);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct types *ts;
	size_t at, len;
	uint32_t bytes;

	if (btf_find(data, size, &at, &len))
		fuzz_use(data[at] + data[at + len - 1]);
	btf_section(data, size, ".data..percpu", use, NULL, &bytes);

	if (btf_load(data, size, NULL, &ts) < 0)
		return 0;
	for (size_t i = 0; i < types_count(ts); i++) {
		const struct type *t = types_at(ts, i);

		fuzz_use(type_size(t) + type_strip(t)->kind);
		types_find(ts, (enum type_kind)t->kind, t->name, NULL);
		for (uint32_t m = 0; type_is_aggregate(t) && m < t->nr; m++)
			fuzz_use(t->members[m].bit_offset + type_size(t->members[m].type));
	}
	types_problem(ts);
	types_close(ts);
	return 0;
}
