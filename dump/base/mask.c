#include "dump/base/mask.h"

static bool has(const uint64_t *words, size_t i)
{
	return words[i / 64] >> i % 64 & 1;
}

void put_mask(struct strbuf *out, const uint64_t *words, size_t nr)
{
	static const char digits[] = "0123456789abcdef";
	char text[9]; /* a group and its comma */
	size_t len = 0;

	for (size_t i = (nr + 3) / 4; i--;) {
		unsigned int digit = words[i / 16] >> 4 * (i % 16) & 0xf;

		if (4 * i + 4 > nr)
			digit &= (1u << (nr - 4 * i)) - 1;
		text[len++] = digits[digit];
		if (i % 8)
			continue;
		if (i)
			text[len++] = ',';
		put_bytes(out, text, len);
		len = 0;
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
