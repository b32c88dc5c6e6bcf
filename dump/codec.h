/* The compressions that makedumpfile and QEMU write pages with. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CODEC_RAW    0x00 /* page_desc flags: makedumpfile's DUMP_DH_COMPRESSED_* */
#define CODEC_ZLIB   0x01
#define CODEC_LZO    0x02
#define CODEC_SNAPPY 0x04
#define CODEC_ZSTD   0x20

/* What the codecs work with, kept from page to page: of one thread at a time. NULL: no memory. */
struct codec_work;
struct codec_work *codec_work_new(void);
void codec_work_free(struct codec_work *w);

/* Expand @in to exactly @out_len bytes. -EBADMSG: corrupt, or another length; -EOPNOTSUPP: a
 * compression unknown or not built in. */
int codec_expand(struct codec_work *w, uint32_t flags, const void *in, size_t in_len, void *out,
		 size_t out_len);
