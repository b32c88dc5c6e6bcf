/* Large reads, on all cores: what takes time is expanding the dump's pages. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct space;
struct dump;

/* As space_read_some(). */
size_t bulk_read_some(const struct space *s, struct dump *d, uint64_t va, void *buf, size_t len);

/* All @len bytes, of which those that are missing are zeros. -EINTR. */
int bulk_read_sparse(const struct space *s, struct dump *d, uint64_t va, void *buf, size_t len);

/* As space_read(). */
int bulk_read(const struct space *s, struct dump *d, uint64_t va, void *buf, size_t len);
