/* VMCOREINFO: the kernel's own notes for dump readers, lines of KEY(name)=value. It knows the text
 * form only; what a key means is the reader's business. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dump;

struct vmcoreinfo {
	const char *text; /* NUL-terminated, without bytes after its last line */
	size_t len;
	const char *origin; /* "note", "header", "memory" */
	uint64_t paddr;	    /* where the scan found it, when from memory */
};

/* The value of the line "key=": its bytes (not NUL-terminated) and length, or NULL. */
const char *vmcoreinfo_value(const struct vmcoreinfo *vi, const char *key, size_t *ret_len);

/* Numbers. SYMBOL() and KERNELOFFSET are hexadecimal without prefix; the others decimal, possibly
 * negative, or hexadecimal with 0x (arm64 prints NUMBER(kimage_voffset) so). False: no such line or
 * not a number. */
bool vmcoreinfo_symbol(const struct vmcoreinfo *vi, const char *name, uint64_t *ret);
bool vmcoreinfo_number(const struct vmcoreinfo *vi, const char *name, uint64_t *ret);
bool vmcoreinfo_size(const struct vmcoreinfo *vi, const char *name, uint64_t *ret);
bool vmcoreinfo_offset(const struct vmcoreinfo *vi, const char *name, uint64_t *ret);
bool vmcoreinfo_decimal(const struct vmcoreinfo *vi, const char *key, uint64_t *ret);
bool vmcoreinfo_hex(const struct vmcoreinfo *vi, const char *key, uint64_t *ret);

/* Is this the beginning of a page that the kernel wrote VMCOREINFO to? Returns the text's length,
 * or 0. The kernel gives it a zeroed page of its own, so it begins at offset 0 with OSRELEASE=,
 * which is the first line since fd59d231f81c (v2.6.24), and ends at the first NUL. */
size_t vmcoreinfo_recognise(const unsigned char *page, size_t len);

/* Search all memory of @d for the page with the lowest address that vmcoreinfo_recognise() takes;
 * copies the text (to be freed by the caller). -ENOENT: none; -EINTR. */
int vmcoreinfo_scan(struct dump *d, char **ret_text, size_t *ret_len, uint64_t *ret_paddr);
