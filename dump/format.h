/* What a dump format must do. A format sees files and pages; flattening lies below it, caching and
 * reads across pages lie above it (phys.c). To add one: a file that ends in `const struct format
 * format_x`, and a row in formats[] of format.c. */
#pragma once

#include "dump/dump.h"
#include "dump/file.h"

/* What a format's open() hands up. */
struct opened {
	struct dump_facts facts;
	unsigned char *notes; /* the blob; malloced, the dump frees it */
	size_t notes_len;
	char *vmcoreinfo; /* when the header points at it directly; malloced */
	size_t vmcoreinfo_len;
	struct segment *segments; /* malloced */
	size_t nr_segments;
	void *priv;
};

struct format {
	const char *name;

	/* Is this the head of such a dump? Cheap, no allocation, no message. */
	bool (*probe)(const unsigned char *head, size_t len);

	/* Read the headers. The files stay the caller's and outlive the dump. On failure whatever
	 * was put in @ret is the caller's to release, .priv through close(). */
	int (*open)(struct file *const *files, size_t n, struct opened *ret);

	/* One of the two. read(): bytes of one PAGE_PRESENT extent, straight from the file;
	 * read_page(): one page, worth caching; -ENODATA when it is not there. */
	int (*read)(void *priv, uint64_t paddr, void *buf, size_t len);
	int (*read_page)(void *priv, uint64_t pfn, void *page);

	int (*extent)(void *priv, uint64_t paddr, struct extent *ret);

	/* [opt] Does the file end before its last pages? Asked late: finding out may take reading
	 * the whole page bitmap. */
	bool (*truncated)(void *priv);
	void (*close)(void *priv);

	bool splits; /* may be given as several files */
};

extern const struct format format_elf, format_kdump, format_lime;

/* The format whose head this is, or NULL. */
const struct format *format_probe(const unsigned char *head, size_t len);

/* A line for /dump/problems. */
#define problem(facts, ...) put_safe_line(&(facts)->problems, __VA_ARGS__)

/* A row of /dump/header. */
#define header_row(facts, name, fmt, ...) \
	put_safe_line(&(facts)->header, "%-18s " fmt, name, __VA_ARGS__)
