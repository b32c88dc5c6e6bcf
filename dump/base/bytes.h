/* A bounds-checked little-endian cursor over untrusted bytes. A read beyond the end returns zeros
 * and sets .short_: the caller checks once, after the last field. It owns nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const unsigned char *p;
	size_t len, pos;
	bool short_;
};

static inline struct bytes bytes_of(const void *p, size_t len)
{
	return (struct bytes){ .p = p, .len = len };
}

/* Move to @pos, counted from the start. */
static inline void bytes_seek(struct bytes *b, uint64_t pos)
{
	if (pos > b->len) {
		b->short_ = true;
		pos = b->len;
	}
	b->pos = (size_t)pos;
}

/* The next @n bytes, or NULL. */
static inline const void *bytes_take(struct bytes *b, uint64_t n)
{
	const void *p = b->p + b->pos;

	if (b->short_ || n > b->len - b->pos) {
		b->short_ = true;
		return NULL;
	}
	b->pos += (size_t)n;
	return p;
}

/* The next @n <= 8 bytes as an unsigned little-endian number. */
static inline uint64_t bytes_uint(struct bytes *b, size_t n)
{
	const unsigned char *p = bytes_take(b, n);
	uint64_t v = 0;

	for (size_t i = 0; p && i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static inline uint16_t bytes_u16(struct bytes *b)
{
	return (uint16_t)bytes_uint(b, 2);
}

static inline uint32_t bytes_u32(struct bytes *b)
{
	return (uint32_t)bytes_uint(b, 4);
}

static inline uint64_t bytes_u64(struct bytes *b)
{
	return bytes_uint(b, 8);
}

/* Unchecked loads from bytes whose length the caller knows. */
static inline uint64_t load_le64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static inline uint64_t load_be64(const void *p)
{
	return __builtin_bswap64(load_le64(p));
}

static inline uint32_t load_le32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}
