/* Decoding the tables. */
#include "kernel/symbol/kallsyms.h"

#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"

#define TOKENS 256

static const struct encoding {
	const char *name;
	uint8_t width; /* bytes of an entry */
} encodings[KALLSYMS_ENCODINGS] = {
	[KALLSYMS_ABSOLUTE] = { "absolute", 8 },
	[KALLSYMS_RELATIVE] = { "relative to a base", 4 },
	[KALLSYMS_PERCPU] = { "relative to a base, per-CPU ones absolute", 4 },
	[KALLSYMS_PLACE] = { "relative to their place", 4 },
};

const char *kallsyms_encoding_name(enum kallsyms_encoding encoding)
{
	return encodings[encoding].name;
}

/* How many of the symbols have an address. */
static size_t addressed(const struct kallsyms *ks)
{
	size_t n = ks->addresses_len / encodings[ks->encoding].width;

	return n < ks->nr ? n : ks->nr;
}

static uint64_t address(const struct kallsyms *ks, size_t i)
{
	uint64_t place = ks->addresses_va + 4 * i;
	int32_t offset;

	if (ks->encoding == KALLSYMS_ABSOLUTE)
		return load_le64(ks->addresses + 8 * i);
	offset = (int32_t)load_le32(ks->addresses + 4 * i);
	switch (ks->encoding) {
	case KALLSYMS_RELATIVE:
		return ks->relative_base + (uint32_t)offset;
	case KALLSYMS_PERCPU:
		return offset >= 0 ? (uint64_t)offset : ks->relative_base - 1 - (int64_t)offset;
	default:
		return place + (uint64_t)(int64_t)offset;
	}
}

bool kallsyms_ascending(const struct kallsyms *ks)
{
	size_t n = addressed(ks);
	uint64_t last = n ? address(ks, 0) : 0, first = last;

	for (size_t i = 1; i < n; i++) {
		uint64_t addr = address(ks, i);

		if (addr < last)
			return false;
		last = addr;
	}
	/* Zeros rise as well when each is relative to its place. */
	return last - first > (ks->encoding == KALLSYMS_PLACE ? 4 * n : 0);
}

/* Most are short, and copied in one go. */
#define AT_ONCE 8

struct token {
	const char *text;
	size_t len;
	char head[AT_ONCE]; /* of .text, and zeros */
};

static int read_tokens(const struct kallsyms *ks, struct token *ret)
{
	for (size_t i = 0; i < TOKENS; i++) {
		size_t at = ks->index[2 * i] | (size_t)ks->index[2 * i + 1] << 8;
		const unsigned char *end;

		if (at >= ks->tokens_len)
			return fail(-EBADMSG, "kallsyms: token %zu is outside of its table", i);
		end = memchr(ks->tokens + at, 0, ks->tokens_len - at);
		if (!end)
			return fail(-EBADMSG, "kallsyms: token %zu does not end", i);
		ret[i].text = (const char *)ks->tokens + at;
		ret[i].len = (size_t)(end - ks->tokens) - at;
		memcpy(ret[i].head, ret[i].text, ret[i].len < AT_ONCE ? ret[i].len : AT_ONCE);
	}
	return 0;
}

/* The next symbol's tokens, or NULL when they are not all there. A length of two bytes has bit 7 of
 * the first set: 73bbb94466fd (v6.1). Before that no name had 128 tokens. */
static const unsigned char *next_name(struct bytes *names, size_t *ret_len)
{
	const unsigned char *p = bytes_take(names, 1);
	size_t len = p ? *p : 0;

	if (len & 0x80) {
		p = bytes_take(names, 1);
		if (p)
			len = (len & 0x7f) | (size_t)*p << 7;
	}
	*ret_len = len;
	return len ? bytes_take(names, len) : NULL;
}

/* Expand @n tokens into @buf of LIMIT_SYMBOL_NAME + AT_ONCE bytes. 0: too long. */
static size_t expand(const struct token *tokens, const unsigned char *p, size_t n, char *buf)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const struct token *t = &tokens[p[i]];

		if (t->len > LIMIT_SYMBOL_NAME - len)
			return 0;
		memcpy(buf + len, t->head, AT_ONCE);
		if (t->len > AT_ONCE)
			memcpy(buf + len, t->text, t->len);
		len += t->len;
	}
	return len;
}

int kallsyms_decode(const struct kallsyms *ks, struct symtab *ret)
{
	struct bytes names = bytes_of(ks->names, ks->names_len);
	const size_t nr = addressed(ks), before = ret->n;
	struct token tokens[TOKENS] = { 0 };
	char buf[LIMIT_SYMBOL_NAME + AT_ONCE];
	int r = read_tokens(ks, tokens);

	if (r < 0)
		return r;
	r = symtab_reserve(ret, before + nr, 0);
	for (size_t i = 0, n; r == 0 && i < nr; i++) {
		const unsigned char *p = next_name(&names, &n);
		size_t len = p ? expand(tokens, p, n, buf) : 0;

		if (len < 2)
			break;
		r = symtab_add(ret, address(ks, i), buf + 1, len - 1, buf[0], 0);
	}
	if (r < 0)
		return r;
	return ret->n > before ? 0 : fail(-EBADMSG, "kallsyms: no symbol can be read");
}
