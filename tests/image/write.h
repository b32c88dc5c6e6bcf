/* Writers: a memory to the bytes of a dump, each format as its own tools write it. They share no
 * code with the readers: what a test reads back was understood twice. */
#pragma once

#include "tests/image/image.h"

/* Where a dump goes: any bytes at any offset, in any order. */
struct sink {
	void (*write)(struct sink *s, uint64_t off, const void *bytes, size_t len);
	void (*close)(struct sink *s);
	bool no_gaps; /* bytes never written are not zeros */
};

struct sink *sink_file(int fd);
void sink_close(struct sink *s);

/* makedumpfile's flattened stream, written to @below, which it takes over. */
enum flat_order {
	FLAT_PLAIN,
	FLAT_SHUFFLE,  /* records in changing order */
	FLAT_OVERWRITE /* and most bytes first as garbage, over other borders */
};
struct sink *sink_flat(struct sink *below, enum flat_order order);

/* Bytes that follow each other, gathered into larger writes. */
struct stream {
	struct sink *sink;
	uint64_t off;
	size_t len;
	unsigned char buf[65536];
};

void stream_init(struct stream *s, struct sink *sink, uint64_t off);
void stream_put(struct stream *s, const void *bytes, size_t len);
void stream_flush(struct stream *s);
static inline uint64_t stream_pos(const struct stream *s)
{
	return s->off + s->len;
}

enum pack { PACK_RAW, PACK_ZLIB, PACK_LZO, PACK_SNAPPY, PACK_ZSTD, PACK_MIXED };
#define NR_PACKS PACK_MIXED

enum pack pack_by_name(const char *name);
const char *pack_name(enum pack pack);

/* Compress a page: the length, or 0 when it does not get smaller. @out has room for 2 * @len. */
size_t pack_page(enum pack pack, const void *page, size_t len, void *out);

/* How to write. Zeros are the common choice. */
struct shape {
	/* all formats that can */
	int level;	     /* makedumpfile -d: what to leave out */
	uint64_t keep_pages; /* write no more than this many pages, say "incomplete"; 0: all */

	/* kdump */
	int version; /* of the header, 1 to 6 */
	enum pack pack;
	unsigned int parts, part; /* write part @part of a split set of @parts */
	bool same_bitmaps;	  /* as QEMU: the RAM bitmap tells nothing more */
	bool header32;		  /* as a 32-bit makedumpfile */

	/* ELF */
	bool elf32;
	bool xnum;     /* PN_XNUM even for few program headers */
	bool text_map; /* a second PT_LOAD over the first run, as for the kernel's text */
	bool zero_vaddr;

	bool no_vmcoreinfo; /* neither in the notes nor in the header */
};

typedef void write_fn(const struct image *img, const struct shape *shape, struct sink *sink);

write_fn write_elf, write_kdump, write_lime;

/* NULL: no such format. */
write_fn *writer_by_name(const char *name);

/* Would makedumpfile write this page? @page holds its content then. */
bool page_wanted(const struct image *img, const struct run *run, uint64_t pfn, int level,
		 void *page);

/* The notes with VMCOREINFO among them. */
void notes_build(const struct image *img, const struct shape *shape, struct blob *ret);

/* Little-endian fields of a header under construction. */
static inline void put_uint(unsigned char *p, uint64_t v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}
