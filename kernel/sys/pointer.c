#include "kernel/sys/pointer.h"

#include "kernel/symbol/symbols.h"

static uint64_t rotate(uint64_t v, unsigned int n)
{
	return v << n | v >> (64 - n);
}

static void rounds(uint64_t v[4], unsigned int n)
{
	while (n--) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

/* SipHash-2-4 of one word. */
static uint64_t siphash(uint64_t word, const uint64_t key[2])
{
	const uint64_t length = 8ull << 56;
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
			  key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573 };

	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
	v[3] ^= length;
	rounds(v, 2);
	v[0] ^= length;
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t kernel_printed_pointer(struct kernel *k, uint64_t va)
{
	uint64_t at, key[2], plain = 0;

	if (symbol_addr(k, "ptr_key", &at) < 0 || kernel_read_uint(k, at, 8, &key[0]) < 0 ||
	    kernel_read_uint(k, at + 8, 8, &key[1]) < 0)
		return va;
	symbol_u64(k, "no_hash_pointers", 1, &plain); /* 5ead723a20e0 (v5.12) */
	return plain || !(key[0] | key[1]) ? va : siphash(va, key) & 0xffffffff;
}
