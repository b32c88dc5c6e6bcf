/* How an index lies on disk, all numbers little-endian:
 *
 *	header | records of what is defined | of what is only declared | strings | BTF
 *
 * Records of the first kind are sorted by address and name, those of the second by kind and name. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define INDEX_MAGIC   "vmcorefs"
#define INDEX_VERSION 1

/* Where the header's fields are. */
enum {
	INDEX_AT_MAGIC = 0,
	INDEX_AT_VERSION = 8,
	INDEX_AT_ID_LEN = 12,
	INDEX_AT_ID = 16, /* BUILD_ID_MAX bytes */
	INDEX_AT_LEN = 80,
	INDEX_AT_SUM = 88, /* of all bytes, with this field as zero */
	INDEX_AT_DEFINED = 96,
	INDEX_AT_DECLARED = 100,
	INDEX_AT_STRINGS = 104,
	INDEX_AT_BTF = 108,
	INDEX_HEADER = 112
};

/* A record: u64 address, u32 name, u32 type, u32 file, u32 line, u32 flags, u32 0. */
#define INDEX_RECORD   32
#define INDEX_FUNCTION 1u
#define INDEX_EXTERNAL 2u
#define INDEX_ASSEMBLY 4u

uint64_t index_sum(const unsigned char *bytes, size_t len);
