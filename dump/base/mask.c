#include "dump/base/mask.h"

static bool has(const uint64_t *words, size_t i)
{
	return words[i / 64] >> i % 64 & 1;
}

void put_mask(struct strbuf *out, const uint64_t *words, size_t nr)
{
	size_t groups = (nr + 31) / 32;

	for (size_t i = groups; i--;) {
		uint64_t group = words[i / 2] >> 32 * (i % 2) & 0xffffffff;
		size_t bits = i + 1 == groups ? nr - 32 * i : 32;

		if (bits < 32)
			group &= (1ull << bits) - 1;
		put(out, "%s%0*lx", i + 1 < groups ? "," : "", (int)(bits + 3) / 4, group);
	}
}

void put_mask_list(struct strbuf *out, const uint64_t *words, size_t nr)
{
	const char *sep = "";

	for (size_t first = 0, end; first < nr; first = end + 1) {
		for (end = first; end < nr && has(words, end);)
			end++;
		if (end == first)
			continue;
		put(out, "%s%zu", sep, first);
		if (end - first > 1)
			put(out, "-%zu", end - 1);
		sep = ",";
	}
}
