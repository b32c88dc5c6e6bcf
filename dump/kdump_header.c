/* disk_dump_header and kdump_sub_header as a 64-bit makedumpfile (or QEMU) writes them:
 *
 *   block 0                disk_dump_header: signature, version, utsname, time, status, sizes
 *   blocks 1..             kdump_sub_header, and behind it what its offsets point at
 *   (1+sub_hdr_size)*bs    bitmap 1 (RAM exists), bitmap 2 (page was saved)
 *   then                   one page descriptor a saved page; page data
 *
 * (makedumpfile's diskdump_mod.h.) Each member is there from some header version on. */
#include "dump/kdump_header.h"

#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"

#define SIGNATURE    "KDUMP   "
#define SIGNATURE_V0 "DISKDUMP"
#define HEADER_SIZE  464
#define SUB_SIZE     104
#define VERSION_OFF  8
#define UTS_OFF	     12
#define UTS_LEN	     65
/* Where a 32-bit writer, whose time_t has four bytes, puts block_size. */
#define BLOCK_SIZE_OFF	  428
#define BLOCK_SIZE_OFF_32 416

struct member {
	uint8_t sub;	/* in the sub header */
	uint8_t size;	/* bytes */
	int8_t version; /* the first header version that has it */
	uint16_t off;
	uint16_t at; /* offset in struct kdump_header, and its size */
	uint8_t at_size;
};

#define MEMBER(sub, size, version, off, name)                                 \
	{                                                                     \
		sub, size, version, off, offsetof(struct kdump_header, name), \
			sizeof(((struct kdump_header *)0)->name)              \
	}

/* A wider spelling of the same thing comes later and overrides. */
static const struct member members[] = {
	MEMBER(0, 8, 0, 408, time),	     MEMBER(0, 4, 0, 424, status),
	MEMBER(0, 4, 0, 428, block_size),    MEMBER(0, 4, 0, 432, sub_hdr_size),
	MEMBER(0, 4, 0, 436, bitmap_blocks), MEMBER(0, 4, 0, 440, max_mapnr),
	MEMBER(0, 4, 0, 460, nr_cpus),	     MEMBER(1, 8, 0, 0, phys_base),
	MEMBER(1, 4, 1, 8, dump_level),	     MEMBER(1, 4, 2, 12, split),
	MEMBER(1, 8, 2, 16, start_pfn),	     MEMBER(1, 8, 2, 24, end_pfn),
	MEMBER(1, 8, 3, 32, vmcoreinfo_off), MEMBER(1, 8, 3, 40, vmcoreinfo_size),
	MEMBER(1, 8, 4, 48, note_off),	     MEMBER(1, 8, 4, 56, note_size),
	MEMBER(1, 8, 5, 64, erase_off),	     MEMBER(1, 8, 5, 72, erase_size),
	MEMBER(1, 8, 6, 80, start_pfn),	     MEMBER(1, 8, 6, 88, end_pfn),
	MEMBER(1, 8, 6, 96, max_mapnr),
};

bool kdump_header_probe(const unsigned char *head, size_t len)
{
	return len >= 12 && (!memcmp(head, SIGNATURE, 8) || !memcmp(head, SIGNATURE_V0, 8));
}

static void store(struct kdump_header *h, const struct member *m, uint64_t value)
{
	unsigned char *at = (unsigned char *)h + m->at;

	switch (m->at_size) {
	case sizeof(bool):
		*(bool *)at = value;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(uint64_t *)at = value;
	}
}

static void decode(const unsigned char *raw, size_t len, int sub, struct kdump_header *h)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const struct member *m = &members[i];
		struct bytes b = bytes_of(raw, len);
		uint64_t value;

		if (m->sub != sub || m->version > h->version)
			continue;
		bytes_seek(&b, m->off);
		value = bytes_uint(&b, m->size);
		if (!b.short_)
			store(h, m, value);
	}
}

static void decode_uts(const unsigned char *raw, struct kdump_header *h)
{
	char *const field[] = { h->sysname, h->nodename, h->release, h->os_version, h->machine };

	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		memcpy(field[i], raw + UTS_OFF + i * UTS_LEN, UTS_LEN);
		field[i][UTS_LEN] = 0;
	}
}

static bool page_size_ok(uint32_t size)
{
	return size >= 4096 && size <= 65536 && !(size & (size - 1));
}

static int check(const unsigned char *raw, const struct kdump_header *h, const struct file *f)
{
	if (!page_size_ok(h->block_size)) {
		if (page_size_ok(load_le32(raw + BLOCK_SIZE_OFF_32)))
			return fail(-EOPNOTSUPP, "a kdump of a 32-bit kernel: only dumps of 64-bit "
						 "kernels can be read");
		if (page_size_ok(__builtin_bswap32(load_le32(raw + BLOCK_SIZE_OFF))))
			return fail(-EOPNOTSUPP, "a kdump of a big-endian machine: only "
						 "little-endian dumps (x86_64, arm64) can be read");
		return fail(-EBADMSG, "block size %u is no page size", h->block_size);
	}
	if (h->version < 0)
		return fail(-EBADMSG, "header version %d", h->version);
	if (!h->sub_hdr_size || h->sub_hdr_size > f->size / h->block_size)
		return fail(-EBADMSG, "sub header of %u blocks", h->sub_hdr_size);
	return 0;
}

int kdump_header_read(struct file *f, struct kdump_header *ret)
{
	unsigned char raw[HEADER_SIZE], sub[SUB_SIZE];
	struct kdump_header h = { .dump_level = -1 };
	size_t len;
	int r = file_read(f, 0, raw, sizeof(raw));

	if (r < 0)
		return within(r, "header");
	h.version = (int32_t)load_le32(raw + VERSION_OFF);
	if (h.version < 0)
		return fail(-EBADMSG, "header version %d", h.version);
	decode(raw, sizeof(raw), 0, &h);
	decode_uts(raw, &h);
	r = check(raw, &h, f);
	if (r < 0)
		return r;
	r = file_read_some(f, h.block_size, sub, sizeof(sub), &len);
	if (r < 0)
		return within(r, "sub header");
	if (len < sizeof(sub))
		return fail(-ENODATA, "the file ends within its headers");
	decode(sub, len, 1, &h);
	if (h.max_mapnr > LIMIT_PFN)
		return fail(-EBADMSG, "max_mapnr %#lx leaves the physical address space",
			    h.max_mapnr);
	*ret = h;
	return 0;
}
