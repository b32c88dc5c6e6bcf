/* The bytes behind a file: of exact size, readable at any offset, perhaps with holes. A rendered text
 * is one, a window of memory another; who reads does not see the difference. It knows no dump. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct raw;

struct raw_ops {
	/* All of @len bytes at @off, which lie below the size; holes read as zeros. */
	int (*read)(const struct raw *raw, uint64_t off, void *buf, size_t len);

	/* Of a window, in place of read(): as many of @len bytes at @off as there are, one at least.
	 * 0: it ends here. */
	int (*read_some)(const struct raw *raw, uint64_t off, void *buf, size_t len, size_t *ret);

	/* Is @off, which lies below the size, in data or in a hole, and where does that end? NULL:
	 * there are no holes. */
	int (*extent)(const struct raw *raw, uint64_t off, bool *ret_data, uint64_t *ret_end);

	void (*close)(struct raw *raw);
};

struct raw {
	const struct raw_ops *ops; /* NULL: empty */
	uint64_t size;		   /* bytes */
	uint64_t stored;	   /* of them, those that are in no hole */
	size_t weight;		   /* bytes of host memory held */
	bool partial;		   /* a text that says what it lacks */
	bool late;		   /* so, as its time was over: another time there may be more */
	void *priv;
};

/* A raw that owns @text, malloced. */
struct raw raw_of_text(char *text, size_t len);
void raw_close(struct raw *raw);

/* The bytes in memory, when they are there all at once; NULL otherwise. */
const char *raw_bytes(const struct raw *raw);

int raw_read(const struct raw *raw, uint64_t off, void *buf, size_t len);

/* lseek(2) for SEEK_DATA and SEEK_HOLE; -ENXIO beyond the end or without data; -EINTR. */
int raw_seek(const struct raw *raw, uint64_t off, bool data, uint64_t *ret);
