/* The headers of a kdump-compressed dump, decoded. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dump/file.h"

#define KDUMP_STATUS_INCOMPLETE 0x8 /* makedumpfile's DUMP_DH_COMPRESSED_INCOMPLETE */

struct kdump_header {
	int32_t version;
	char sysname[66], nodename[66], release[66], os_version[66], machine[66];
	uint64_t time; /* seconds since 1970 */
	uint32_t status, block_size, sub_hdr_size, bitmap_blocks, nr_cpus;
	uint64_t max_mapnr; /* one past the highest page frame */
	uint64_t phys_base;
	int dump_level; /* -1 where the version has none */
	bool split;
	uint64_t start_pfn, end_pfn; /* of this file of a split set */
	uint64_t vmcoreinfo_off, vmcoreinfo_size, note_off, note_size, erase_off, erase_size;
};

bool kdump_header_probe(const unsigned char *head, size_t len);
int kdump_header_read(struct file *f, struct kdump_header *ret);
