/* Names of source files, each kept once; any thread may add some. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct paths;

struct paths *paths_new(void); /* NULL: no memory */
void paths_free(struct paths *p);

/* The number of @path; 0: it is "" or there is no memory. @ret_hash: the same in every run. */
uint32_t paths_add(struct paths *p, const char *path, uint64_t *ret_hash);

/* When no thread adds any more: its text; "" for 0. */
const char *paths_text(const struct paths *p, uint32_t path);

/* FNV-1a, going on from @h, which starts as HASH_START. */
#define HASH_START 14695981039346656037ull
uint64_t hash_bytes(uint64_t h, const void *bytes, size_t len);
