/* A synthetic physical memory: what the writers beside this file write, and what the tests expect
 * to read back. It knows nothing of dump formats. Host failures end the program: this is test
 * equipment. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fill {
	FILL_BYTES,   /* run.bytes, one page */
	FILL_ZERO,    /* zeros */
	FILL_PATTERN, /* every eight bytes tell their address; compresses */
	FILL_RANDOM,  /* differs by address; does not compress */
	FILL_SOURCE,  /* image.read_page() */
	FILL_NONE,    /* RAM whose content nobody saved */
};

/* What a page is used for: makedumpfile's dump level bits beside 1 (zero). */
enum { CLASS_KERNEL = 0, CLASS_CACHE = 2, CLASS_PRIVATE = 4, CLASS_USER = 8, CLASS_FREE = 16 };

struct run {
	uint64_t pfn, count;
	enum fill fill;
	unsigned int class;
	unsigned char *bytes;
};

struct blob {
	unsigned char *data;
	size_t len, room;
};

struct image {
	uint32_t page_size;
	uint16_t machine; /* ELF e_machine */
	uint32_t nr_cpus;
	uint64_t phys_base, time;
	char nodename[66], release[66], version[66], arch[66];
	struct run *runs; /* ascending, disjoint; what is between them is no RAM */
	size_t nr_runs, room;
	struct blob notes;	/* but for VMCOREINFO */
	struct blob vmcoreinfo; /* text */
	void (*read_page)(void *arg, uint64_t pfn, void *page);
	void *arg;
};

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...);
void *must_alloc(size_t size);
void blob_add(struct blob *b, const void *bytes, size_t len);
void blob_fini(struct blob *b);

void image_init(struct image *img);
void image_fini(struct image *img);

/* Append a run; addresses ascend. FILL_BYTES takes one page's @bytes (malloced) over. */
void image_add(struct image *img, uint64_t paddr, uint64_t size, enum fill fill, unsigned int class,
	       unsigned char *bytes);

/* Append a note to @notes, padded as the kernel does. */
void note_add(struct blob *notes, const char *name, uint32_t type, const void *desc, size_t len);

/* One past the last page frame. */
uint64_t image_end(const struct image *img);

/* The run that @pfn is in, or NULL. */
const struct run *image_run(const struct image *img, uint64_t pfn);

/* The content of a page of @run; not for FILL_NONE. */
void image_page(const struct image *img, const struct run *run, uint64_t pfn, void *page);
bool page_is_zero(const void *page, size_t size);

/* Read the text form, described in image_text.c, from the file @path, or from @text. */
void image_load(struct image *img, const char *path);
void image_parse(struct image *img, const char *text);
