#include "tests/unit/made_btf.h"

#include "dump/base/bytes.h"
#include "tests/image/write.h"
#include "tests/unit/unit.h"

static void add_word(struct blob *to, uint32_t word)
{
	unsigned char raw[4];

	put_uint(raw, word, sizeof(raw));
	blob_add(to, raw, sizeof(raw));
}

void btf_init(struct made_btf *b, const struct made_btf *base)
{
	*b = (struct made_btf){ 0 };
	if (base) {
		b->nr = base->nr;
		b->first_string = base->first_string + (uint32_t)base->strings.len;
	} else {
		blob_add(&b->strings, "", 1);
	}
}

void btf_fini(struct made_btf *b)
{
	blob_fini(&b->types);
	blob_fini(&b->strings);
	blob_fini(&b->layout);
}

static uint32_t add_string(struct made_btf *b, const char *s)
{
	uint32_t at = b->first_string + (uint32_t)b->strings.len;

	if (!*s)
		return 0;
	blob_add(&b->strings, s, strlen(s) + 1);
	return at;
}

void btf_word(struct made_btf *b, uint32_t word)
{
	add_word(&b->types, word);
}

uint32_t btf_type(struct made_btf *b, uint32_t kind, const char *name, uint32_t size_or_type)
{
	b->last = b->types.len;
	btf_word(b, add_string(b, name));
	btf_word(b, kind << 24);
	btf_word(b, size_or_type);
	return ++b->nr;
}

uint32_t btf_int(struct made_btf *b, const char *name, uint32_t size, uint32_t how)
{
	uint32_t id = btf_type(b, MADE_INT, name, size);

	btf_word(b, how & 0xff ? how : how | size * 8);
	return id;
}

uint32_t btf_array(struct made_btf *b, uint32_t of, uint32_t nr)
{
	uint32_t id = btf_type(b, MADE_ARRAY, "", 0);

	btf_word(b, of);
	btf_word(b, 0);
	btf_word(b, nr);
	return id;
}

/* One element more; the last type's kind. */
static uint32_t count_one(struct made_btf *b)
{
	unsigned char *info = b->types.data + b->last + 4;
	uint32_t v = load_le32(info) + 1;

	put_uint(info, v, 4);
	return v >> 24 & 0x7f;
}

void btf_flag(struct made_btf *b)
{
	b->types.data[b->last + 7] |= 0x80;
}

void btf_member(struct made_btf *b, const char *name, uint32_t type, uint32_t bit_offset,
		int bit_size)
{
	count_one(b);
	if (bit_size >= 0)
		btf_flag(b);
	btf_word(b, add_string(b, name));
	btf_word(b, type);
	btf_word(b, bit_size >= 0 ? (uint32_t)bit_size << 24 | bit_offset : bit_offset);
}

void btf_value(struct made_btf *b, const char *name, uint64_t value)
{
	uint32_t kind = count_one(b);

	btf_word(b, add_string(b, name));
	btf_word(b, (uint32_t)value);
	if (kind == MADE_ENUM64)
		btf_word(b, (uint32_t)(value >> 32));
}

void btf_param(struct made_btf *b, const char *name, uint32_t type)
{
	count_one(b);
	btf_word(b, add_string(b, name));
	btf_word(b, type);
}

struct blob btf_bytes(const struct made_btf *b)
{
	uint32_t types = (uint32_t)b->types.len, strings = (uint32_t)b->strings.len;
	struct blob file = { 0 };

	blob_add(&file, "\x9f\xeb\1\0", 4);
	add_word(&file, b->wide ? 32 : 24);
	add_word(&file, 0);
	add_word(&file, types);
	add_word(&file, types);
	add_word(&file, strings);
	if (b->wide) {
		add_word(&file, types + strings);
		add_word(&file, (uint32_t)b->layout.len);
	}
	blob_add(&file, b->types.data, types);
	blob_add(&file, b->strings.data, strings);
	blob_add(&file, b->layout.data, b->layout.len);
	return file;
}

struct types *btf_types(const struct made_btf *b, const struct types *base)
{
	struct blob file = btf_bytes(b);
	struct types *ts;

	assert_ok(btf_load(file.data, file.len, base, &ts));
	blob_fini(&file);
	return ts;
}
