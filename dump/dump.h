/* The public face of the dump layer: a file (or a split set) as physical memory and notes.
 *
 * A dump is immutable after dump_open() but for locked caches, so every function here may be called
 * by any thread. It knows nothing of what the bytes mean: virtual addresses and kernel structures
 * are kernel/'s. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dump/base/strbuf.h"
#include "dump/notes.h"
#include "dump/vmcoreinfo.h"

struct dump;

enum page_status {
	PAGE_PRESENT,	/* its bytes are in the dump */
	PAGE_ZERO,	/* left out, and known to be zero: dump level 1 */
	PAGE_EXCLUDED,	/* RAM that was not saved */
	PAGE_NO_RAM,	/* no memory at this address */
	PAGE_TRUNCATED, /* was to be saved, but the file ends before it or its part is not given */
	PAGE_STATUSES
};

const char *page_status_name(enum page_status status);

/* What the file's own headers say. Strings are never NULL. */
struct dump_facts {
	const char *format; /* "ELF core", "kdump-compressed", "LiME" */
	bool flattened;	    /* wrapped in makedumpfile's -F stream */
	uint16_t machine;   /* ELF e_machine; 0: unknown */
	uint32_t page_size; /* bytes, a power of two; 4096 where the format does not say */
	uint64_t end;	    /* one past the highest physical address the dump speaks of */
	int dump_level;	    /* makedumpfile -d; -1: unknown */
	bool incomplete;    /* the headers tell that data are missing; see dump_incomplete() */
	uint32_t nr_cpus;   /* 0: unknown */
	uint64_t time;	    /* seconds since 1970 when the dump was written; 0: unknown */
	bool has_phys_base; /* x86: the header names the physical base of the kernel image */
	uint64_t phys_base;
	char nodename[66], release[66], version[66], arch[66]; /* "" unknown */
	struct strbuf header;	/* the headers field by field, text */
	struct strbuf problems; /* contradictions found in them, one a line */
};

/* A piece of an ELF dump's address map: what virtual address its writer gave a physical range. */
struct segment {
	uint64_t vaddr, paddr, size;
};

/* Open the dump in @paths: one file, or all files of a split set in any order. What is no dump is
 * refused with one line that names what it is and what to do. */
int dump_open(const char *const *paths, size_t n, struct dump **ret);
void dump_close(struct dump *d);

const struct dump_facts *dump_facts(const struct dump *d);
size_t dump_path_count(const struct dump *d);
const char *dump_path(const struct dump *d, size_t i);

/* Are data missing that the writer meant to save? And whatever else is wrong, one line each. The
 * first call may read the whole page bitmap. */
bool dump_incomplete(struct dump *d);
void dump_problems(struct dump *d, struct strbuf *out);

/* The notes, in file order; borrowed, valid until dump_close(). */
size_t dump_notes(const struct dump *d, const struct note **ret);

/* The PT_LOADs of an ELF dump, in file order; none for other formats. Borrowed. */
size_t dump_segments(const struct dump *d, const struct segment **ret);

/* VMCOREINFO: from the notes or the header, else from a scan of all memory, done once and on first
 * need. -ENOENT when there is none. Borrowed. */
int dump_vmcoreinfo(struct dump *d, const struct vmcoreinfo **ret);

/* The same without the scan: what the notes or the header hold, whatever was found in memory. */
int dump_vmcoreinfo_told(struct dump *d, const struct vmcoreinfo **ret);

/* VMCOREINFO is in the page at @paddr, if anywhere: when it is, and nothing else was found before,
 * this spares the scan. */
void dump_vmcoreinfo_at(struct dump *d, uint64_t paddr);

/* Copy @len bytes of physical memory, all or none. -ENODATA: a page is not in the dump; -EBADMSG: a
 * page is corrupt. */
int dump_read(struct dump *d, uint64_t paddr, void *buf, size_t len);

/* The bytes from .start (= the address asked for) to .end share a status; two neighbours may have
 * the same. Beyond the end of the dump: PAGE_NO_RAM up to UINT64_MAX. */
struct extent {
	uint64_t start, end;
	enum page_status status;
};
int dump_extent(struct dump *d, uint64_t paddr, struct extent *ret);

/* Do the bytes of this extent read as memory (present, or known to be zero)? */
static inline bool extent_readable(const struct extent *e)
{
	return e->status == PAGE_PRESENT || e->status == PAGE_ZERO;
}
