/* ELF notes: iterating a blob of them, and what the well-known ones are called. What a register
 * block means is the architecture's. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NOTE_PRSTATUS 1	    /* name "CORE": registers of a CPU */
#define NOTE_VMCOREDD 0x700 /* name "LINUX": a device driver's dump, 2724f273e8fd (v4.18) */

struct note {
	const char *name; /* NUL-terminated */
	uint32_t type;
	const unsigned char *desc;
	uint32_t desc_len;
};

/* Split @blob into notes; the array is the caller's to free, its pointers lead into @blob. A note
 * that leaves the blob ends the list: -EBADMSG, with what came before it in @ret. */
int notes_parse(const unsigned char *blob, size_t len, struct note **ret, size_t *ret_n);

/* The first note of this name and type, or NULL. */
const struct note *note_find(const struct note *notes, size_t n, const char *name, uint32_t type);
