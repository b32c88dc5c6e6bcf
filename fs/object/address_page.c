/* What /address tells of a page. */
#include <errno.h>
#include <string.h>

#include "fs/object/address_parts.h"
#include "kernel/fields.h"
#include "kernel/mem/page.h"

/* The bits of page->flags that are flags go by the enumerators of enum pageflags. */
static void put_page_flags(struct subject *s, uint64_t flags)
{
	const struct types *ts;
	const struct type *t;

	put(s->r->out, "%lx", flags);
	if (kernel_types(s->r->k, &ts) < 0)
		return;
	t = types_find(ts, TYPE_ENUM, "pageflags", NULL);
	for (uint32_t i = 0; t && i < t->nr; i++) {
		const char *name = t->values[i].name;

		/* What comes after the count of them are other names of the same bits. */
		if (!strcmp(name, "__NR_PAGEFLAGS"))
			break;
		if (t->values[i].value < 64 && flags >> t->values[i].value & 1)
			put(s->r->out, " %s", strncmp(name, "PG_", 3) ? name : name + 3);
	}
}

/* The lowest bits tell whose it is: PAGE_MAPPING_FLAGS. */
static void put_page_mapping(struct subject *s, uint64_t v)
{
	static const char *const kinds[] = { "", "  anonymous", "  movable by a driver",
					     "  of KSM" };
	uint64_t inode;

	put(s->r->out, "%lx%s", v, kinds[v & 3]);
	if (v && !(v & 3) && field_u64(s->r->k, v, F_mapping_host, &inode) >= 0)
		put(s->r->out, "  of inode@%lx", inode);
	put_str(s->r->out, "\n");
}

int address_page(struct subject *s)
{
	static const struct {
		const char *key;
		enum field f;
	} rows[] = { { "REFCOUNT", F_page_refcount }, { "MAPCOUNT", F_page_mapcount } };
	uint64_t page, head, v, pfn;
	int e;

	if (!s->has_physical)
		return 0;
	pfn = s->pa >> kernel_page_shift(s->r->k);
	e = page_of_frame(s->r->k, pfn, &page);
	if (e < 0 || field_u64(s->r->k, page, F_page_flags, &v) < 0)
		return e == -EINTR || e == -ENOMEM ? e : 0;
	address_key(s, "PAGE");
	put(s->r->out, "%lx, frame %#lx", page, pfn);
	if (page_head(s->r->k, page, &head) >= 0 && head != page)
		put(s->r->out, ", of the compound page at %lx", head);
	put_str(s->r->out, "\n");
	address_key(s, "FLAGS");
	put_page_flags(s, v);
	put_str(s->r->out, "\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (field_u64(s->r->k, page, rows[i].f, &v) < 0)
			continue;
		address_key(s, rows[i].key);
		put(s->r->out, "%ld\n", v);
	}
	if (field_u64(s->r->k, page, F_page_mapping, &v) >= 0) {
		address_key(s, "MAPPING");
		put_page_mapping(s, v);
	}
	return 0;
}

/* The page that a struct page is of. */
int address_of_page(struct subject *s)
{
	uint64_t pfn, page;

	if (page_frame(s->r->k, s->va, &pfn) < 0 || page_of_frame(s->r->k, pfn, &page) < 0)
		return 0;
	address_key(s, "STRUCT PAGE");
	put(s->r->out, "of frame %#lx, physical %lx\n", pfn, pfn << kernel_page_shift(s->r->k));
	return 0;
}
