/* The page tables of a dump that says nothing of them: neither VMCOREINFO nor CPU notes. kallsyms is
 * found in physical memory by its content; its symbols tell where the tables are. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/arch/x86_64.h"
#include "kernel/symbol/kallsyms.h"

#define BANNER "Linux version "
#define ALIGN  (2ull << 20) /* of the image, virtual and physical */
#define IMAGE_SPAN \
	(64ull << 20) /* the banner is that near to the tables: both are read-only data */

/* Physical memory as an address space. */
static struct space physical(struct dump *d)
{
	return (struct space){ .image = { .first = 0, .last = dump_facts(d)->end - 1 } };
}

static bool is_banner(struct dump *d, uint64_t pa)
{
	char text[sizeof(BANNER) - 1];

	return dump_read(d, pa, text, sizeof(text)) == 0 && !memcmp(text, BANNER, sizeof(text));
}

/* What to add to the addresses of symbols to make them physical: by where the banner is. Addresses
 * counted from their place are physical as they were read. */
static bool find_delta(struct dump *d, const struct kallsyms_place *place, const struct symtab *t,
		       uint64_t *ret)
{
	uint64_t pa, end = place->tokens + IMAGE_SPAN;
	size_t i;

	if (!symtab_find(t, "linux_banner", NULL, &i))
		return false;
	pa = place->encoding == KALLSYMS_PLACE ? t->v[i].addr : t->v[i].addr % ALIGN;
	if (place->encoding != KALLSYMS_PLACE && place->tokens > IMAGE_SPAN)
		pa += (place->tokens - IMAGE_SPAN) / ALIGN * ALIGN;
	for (; pa < end; pa += ALIGN) {
		*ret = pa - t->v[i].addr;
		if (is_banner(d, pa))
			return true;
		if (place->encoding == KALLSYMS_PLACE)
			break;
	}
	return false;
}

static bool find_root(struct dump *d, const struct symtab *t, uint64_t delta, struct space *ret)
{
	static const char *const names[] = { "init_top_pgt", "init_level4_pgt" };
	size_t at;

	for (int i = 0; i < 4; i++)
		if (symtab_find(t, names[i / 2], NULL, &at) &&
		    x86_try_root(d, t->v[at].addr + delta, i % 2 == 0, ret))
			return true;
	return false;
}

static int by_place(struct dump *d, const struct space *s, const struct kallsyms_place *place,
		    struct space *ret)
{
	struct symtab t = { 0 };
	uint64_t delta;
	int r = kallsyms_read(d, s, place, &t);

	if (r == 0)
		r = symtab_seal(&t);
	if (r == 0 && (!find_delta(d, place, &t, &delta) || !find_root(d, &t, delta, ret)))
		r = fail(-ENOENT, "the kallsyms at physical address %#lx lead to no page tables",
			 place->names);
	symtab_fini(&t);
	return r;
}

/* Copies of a kernel may lie in the page cache: the first whose symbols lead to tables that map a
 * kernel is the one. */
int x86_scan(struct dump *d, struct space *ret)
{
	const struct space s = physical(d);
	struct strbuf evidence = ret->evidence;
	struct kallsyms_place place;
	struct space found;
	uint64_t from = 0;
	int r;

	for (;;) {
		r = kallsyms_search(d, &s, from, s.image.last, &place);
		if (r < 0)
			return r;
		r = by_place(d, &s, &place, &found);
		if (r != -ENOENT && r != -EBADMSG)
			break;
		from = place.index;
	}
	if (r < 0)
		return r;
	*ret = found;
	ret->evidence = evidence;
	put(&ret->evidence, "page tables        %#lx from kallsyms at physical address %#lx\n",
	    ret->root, place.names);
	put(&ret->evidence, "levels             %u, which map a kernel\n", ret->pt->nr_levels);
	return 0;
}
