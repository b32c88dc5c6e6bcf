/* LiME: ranges of raw RAM, each behind a header of 32 bytes
 *
 *   u32 magic "EMiL"  u32 version 1  u64 first address  u64 last address  u64 reserved
 *
 * No registers, no notes, no holes within a range (LiME's src/lime.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "dump/format.h"
#include "dump/ranges.h"

#define HEADER_SIZE 32
#define MAGIC	    "EMiL"

static bool lime_probe(const unsigned char *head, size_t len)
{
	return len >= HEADER_SIZE && !memcmp(head, MAGIC, 4) && load_le32(head + 4) == 1;
}

/* Read the header at @off; @ret is the range behind it. */
static int read_header(struct file *f, uint64_t off, struct range *ret)
{
	unsigned char raw[HEADER_SIZE];
	uint64_t first, last;
	int r = file_read(f, off, raw, sizeof(raw));

	if (r < 0)
		return r;
	if (!lime_probe(raw, sizeof(raw)))
		return fail(-EBADMSG, "no LiME header at %#lx", off);
	first = load_le64(raw + 8);
	last = load_le64(raw + 16);
	if (last < first || last >= LIMIT_PADDR)
		return fail(-EBADMSG, "LiME range %#lx-%#lx at %#lx", first, last, off);
	*ret = (struct range){ .paddr = first, .size = last - first + 1, .off = off + HEADER_SIZE };
	ret->saved = ret->size;
	return 0;
}

static int read_all(struct ranges *rs, struct dump_facts *facts)
{
	struct range range;
	uint64_t off = 0;
	int r;

	for (uint32_t i = 0; off < rs->file->size; i++) {
		if (i == LIMIT_PHDRS)
			return fail(-EBADMSG, "more than %u LiME ranges", LIMIT_PHDRS);
		r = read_header(rs->file, off, &range);
		if (r < 0 && i == 0)
			return r;
		if (r < 0) {
			facts->incomplete = true;
			problem(facts, "%s; what comes before it is served", why());
			break;
		}
		header_row(facts, "range", "%#lx-%#lx", range.paddr, range.paddr + range.size - 1);
		r = ranges_add(rs, &range);
		if (r < 0)
			return r;
		off = range.off + range.size;
	}
	if (off > rs->file->size) {
		facts->incomplete = true;
		problem(facts, "the file ends at %#lx, its last range at %#lx", rs->file->size,
			off);
	}
	return ranges_settle(rs);
}

static int lime_open(struct file *const *files, size_t n, struct opened *ret)
{
	struct ranges *rs = calloc(1, sizeof(*rs));
	int r;

	(void)n;
	if (!rs)
		return fail(-ENOMEM, "LiME");
	ret->priv = rs;
	rs->file = files[0];
	r = read_all(rs, &ret->facts);
	if (r < 0)
		return r;
	ret->facts.end = ranges_end(rs);
	return 0;
}

static int lime_read(void *priv, uint64_t paddr, void *buf, size_t len)
{
	return ranges_read(priv, paddr, buf, len);
}

static int lime_extent(void *priv, uint64_t paddr, struct extent *ret)
{
	ranges_extent(priv, paddr, ret);
	return 0;
}

static void lime_close(void *priv)
{
	struct ranges *rs = priv;

	if (!rs)
		return;
	ranges_fini(rs);
	free(rs);
}

const struct format format_lime = {
	.name = "LiME",
	.probe = lime_probe,
	.open = lime_open,
	.read = lime_read,
	.extent = lime_extent,
	.close = lime_close,
};
