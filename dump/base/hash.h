/* A hash for tables in memory, eight bytes at a time. It depends on the machine's byte order: never write it
 * to a file. Foreign names may be made to collide: who enters many bounds the steps. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash_mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u; /* 2^64 over the golden ratio: Knuth, volume 3, 6.4 */
	return h ^ h >> 32;
}

static inline uint32_t hash_bytes(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t h = len, v = 0;
	uint32_t low, high;

	for (; len > 8; p += 8, len -= 8) {
		memcpy(&v, p, 8);
		h = hash_mix(h, v);
	}
	/* What is left, 1 to 8 bytes: its two halves may overlap. */
	if (len >= 4) {
		memcpy(&low, p, 4);
		memcpy(&high, p + len - 4, 4);
		v = low | (uint64_t)high << 32;
	} else if (len) {
		v = p[0] | (uint64_t)p[len / 2] << 8 | (uint64_t)p[len - 1] << 16;
	} else {
		v = 0;
	}
	h = hash_mix(h, v);
	return (uint32_t)(h ^ h >> 29);
}

static inline uint32_t hash_text(const char *text)
{
	return hash_bytes(text, strlen(text));
}
