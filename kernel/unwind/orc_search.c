/* As ORC_UNWIND_TABLE of vmlinux.lds.h lays them out, behind the constant data, or with it:
 *
 *   addresses (s32, relative to themselves, ascending) | rules, one each | orc_lookup (u32, ascending)
 *
 * Nothing else in a kernel is so many numbers that lead ever further through its text. */
#include "kernel/unwind/orc_search.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/bytes.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/mem/bulk.h"
#include "kernel/mem/constant.h"

#define CHUNK	   (4u << 20)
#define FEWEST	   10000u /* rules; a kernel has some 100 000 */
#define RULE_BYTES 6
#define LOOKED_AT  64 /* entries of orc_lookup */

struct run {
	uint64_t start, end; /* of the addresses */
	uint64_t last;	     /* where the last one leads */
};

struct search {
	struct kernel *k;
	const struct region *image;
	uint64_t data; /* text is before it */
	struct run run;
};

/* The next word of the image, which is at @at: does it end a run that is long enough? The first address is one of the
 * text. */
static bool ends_run(struct search *s, uint64_t at, uint32_t word)
{
	uint64_t to = at + (uint64_t)(int64_t)(int32_t)word;
	/* A page that is missing is zeros. */
	bool inside = word && to >= s->image->first && to <= s->image->last;
	struct run *run = &s->run;

	if (inside && run->end == at && to >= run->last) {
		run->end = at + 4;
		run->last = to;
		return false;
	}
	if (run->end - run->start >= 4ull * FEWEST)
		return true;
	*run = inside && to < s->data ? (struct run){ at, at + 4, to } : (struct run){ 0 };
	return false;
}

/* Does orc_lookup follow @n rules behind @ip? */
static bool fits(struct kernel *k, uint64_t ip, uint64_t n)
{
	uint64_t at = (ip + (4 + RULE_BYTES) * n + 3) & ~3ull;
	unsigned char raw[4 * LOOKED_AT];
	uint32_t last = 0;

	if (kernel_read(k, at, raw, sizeof(raw)) < 0)
		return false;
	for (size_t i = 0; i < LOOKED_AT; i++) {
		uint32_t index = load_le32(raw + 4 * i);

		if (index < last || index > n)
			return false;
		last = index;
	}
	return last;
}

/* Are those of the run the addresses? The first rule may happen to look like one address more. */
static bool is_table(const struct search *s, struct orc_tables *ret)
{
	const struct run *run = &s->run;
	uint64_t n = (run->end - run->start) / 4;

	if (n > LIMIT_ORC || (!fits(s->k, run->start, --n) && !fits(s->k, run->start, ++n)))
		return false;
	*ret = (struct orc_tables){ run->start, run->start + 4 * n, (uint32_t)n };
	return true;
}

static bool look_at(struct search *s, uint64_t at, const unsigned char *words, size_t len,
		    struct orc_tables *ret)
{
	for (size_t i = 0; i + 4 <= len; i += 4) {
		if (!ends_run(s, at + i, load_le32(words + i)))
			continue;
		if (is_table(s, ret))
			return true;
		s->run = (struct run){ 0 };
	}
	return false;
}

static int find(struct search *s, const struct space *space, struct orc_tables *ret)
{
	const uint64_t last = s->image->last;
	_free_ unsigned char *buf = malloc(CHUNK);
	int r = buf ? 0 : fail(-ENOMEM, "search for ORC");

	for (uint64_t at = s->data & ~3ull; r == 0 && at <= last; at += CHUNK) {
		size_t len = last - at < CHUNK ? (size_t)(last - at) + 1 : CHUNK;

		r = bulk_read_sparse(space, kernel_dump(s->k), at, buf, len);
		if (r == 0 && look_at(s, at, buf, len, ret))
			return 0;
	}
	return r < 0 ? r : fail(-ENOENT, "nothing looks like ORC");
}

int orc_search(struct kernel *k, struct orc_tables *ret)
{
	struct search search = { .k = k };
	struct region constant;
	const struct space *s;
	int r = kernel_space(k, &s);

	if (r >= 0 && !constant_region(kernel_dump(k), s, &constant))
		r = fail(-ENOENT, "where the kernel's data is is not known");
	if (r < 0)
		return r;
	search.image = &s->image;
	search.data = constant.first;
	return find(&search, s, ret);
}
