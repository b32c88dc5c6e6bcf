/* Kinds of blocks of pages, by sections of memory: both ways to say isolated, holes, damage. */
#include <errno.h>

#include "kernel/mem/pageblock.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n)	((uint64_t)(FAKE_BASE + (n)))
#define ZONE	AT(0x100)
#define NAMES	AT(0x200)
#define ROOTS	AT(0x1000) /* of sections */
#define SECTION AT(0x2000)
#define USAGE	AT(0x3000)
#define PAGES	AT(0x8000) /* vmemmap: 8 bytes a page */
#define VMEMMAP AT(0x300)
#define ORDER	4  /* of a block */
#define SHIFT	20 /* of a section: 256 pages, 16 blocks */

static const char types[] =
	"enum MIGRATE_TYPES=3 MIGRATE_ISOLATE=2 %s\n"
	"zoneref 16 ptr zone@0\n"
	"zonelist 2064 zoneref[129] _zonerefs@0\n" /* of 64 nodes */
	"free_area 16 u64 nr_free@8\n"
	"zone 128 free_area[5] free_area@0 u64 zone_start_pfn@80 u64 spanned_pages@88\n"
	"pglist_data 512 zone[2] node_zones@0\n"
	"mem_section 16 u64 section_mem_map@0 ptr usage@8\n"
	"mem_section_usage 64 u64[1] subsection_map@0 u64[4] pageblock_flags@8\n"
	"page 8 u64 flags@0\n";

static const struct zone zone = { .addr = ZONE };

/* Two sections, the second of which is not there; blocks of kinds 0, 1, 1, 2 in turn. */
static struct fake *make(bool apart)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(mem_section)=%lx\nNUMBER(SECTION_SIZE_BITS)=%d\n", ROOTS,
	    SHIFT);
	put(&f->vmcoreinfo, "SYMBOL(vmemmap_base)=%lx\nSYMBOL(migratetype_names)=%lx\n", VMEMMAP,
	    NAMES);
	fake_put(f, VMEMMAP, PAGES, 8);
	fake_put(f, ZONE + 88, 512, 8);
	fake_put(f, ROOTS, SECTION, 8);
	fake_put(f, SECTION, 4 | 3, 8);
	fake_put(f, SECTION + 8, USAGE, 8);
	fake_put(f, USAGE, 1, 8);
	for (unsigned int i = 0; i < 16; i++) {
		unsigned int bits = apart ? 8 : 4, kind = (unsigned int[]){ 0, 1, 1, 2 }[i % 4];
		uint64_t at = USAGE + 8 + i * bits / 64 * 8, word;

		if (apart && kind == 2)
			kind = 16 | 1; /* the bit counts, not what it was before */
		memcpy(&word, fake_at(f, at), 8);
		fake_put(f, at, word | (uint64_t)kind << i * bits % 64, 8);
	}
	for (unsigned int i = 0; i < 3; i++) {
		fake_put(f, NAMES + 8 * i, NAMES + 64 + 8 * i, 8);
		memcpy(fake_at(f, NAMES + 64 + 8 * i), &"Zero\0   One\0    Two\0"[8 * i], 5);
	}
	return f;
}

static void open_it(struct fake *f, bool apart)
{
	STRBUF(text);

	fake_open(f);
	put(&text, types,
	    apart ? "PB_migrate_isolate=4 __NR_PAGEBLOCK_BITS=5" : "NR_PAGEBLOCK_BITS=4");
	fake_structs(f, text.data);
}

static void whole(void **state)
{
	uint64_t counts[MIGRATE_TYPES_MAX];
	struct migrate_types names;
	unsigned int order;

	(void)state;
	for (int apart = 0; apart < 2; apart++) {
		struct fake *f = make(apart);

		open_it(f, apart);
		assert_ok(pageblock_order(f->kernel, &order));
		assert_int_equal(order, ORDER);
		assert_ok(migrate_types(f->kernel, &names));
		assert_int_equal(names.n, 3);
		assert_string_equal(names.name[0], "Zero");
		assert_string_equal(names.name[2], "Two");
		assert_ok(pageblock_counts(f->kernel, &zone, counts));
		assert_int_equal(counts[0], 4);
		assert_int_equal(counts[1], 8);
		assert_int_equal(counts[2], 4);
		fake_free(f);
	}
}

/* What is not of the zone, not on line, not in the section does not count. */
static void holes(void **state)
{
	uint64_t counts[MIGRATE_TYPES_MAX];
	struct fake *f = make(false);

	(void)state;
	/* the first block's page is another zone's: one bit, below those of the node, of which there are 64 */
	fake_put(f, PAGES, 1ull << 63, 8);
	open_it(f, false);
	assert_ok(pageblock_counts(f->kernel, &zone, counts));
	assert_int_equal(counts[0], 3);
	fake_free(f);

	f = make(false);
	fake_put(f, SECTION, 3, 8);
	open_it(f, false);
	assert_ok(pageblock_counts(f->kernel, &zone, counts));
	assert_int_equal(counts[0] + counts[1] + counts[2], 0);
	fake_free(f);

	f = make(false);
	fake_put(f, USAGE, 2, 8);
	open_it(f, false);
	assert_ok(pageblock_counts(f->kernel, &zone, counts));
	assert_int_equal(counts[1], 0);
	fake_free(f);
}

static void damaged(void **state)
{
	static const struct {
		uint64_t at, value;
		int code;
		const char *text;
	} cases[] = {
		{ ROOTS, 0x400000, -EFAULT, "blocks of pages" },
		{ SECTION + 8, 0x400000, -EFAULT, "blocks of pages" },
		{ SECTION + 8, AT(0x3f000), -ENODATA, "blocks of pages" },
		{ ZONE + 80, 1ull << 50, -EBADMSG, "a zone of 512 pages" },
		{ ZONE + 88, UINT64_MAX, -EBADMSG, "a zone of" },
		{ VMEMMAP, 0x400000, -EFAULT, "blocks of pages" },
	};
	uint64_t counts[MIGRATE_TYPES_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make(false);

		fake_put(f, cases[i].at, cases[i].value, 8);
		f->missing[0x3f] = true;
		open_it(f, false);
		assert_fails(pageblock_counts(f->kernel, &zone, counts), cases[i].code,
			     cases[i].text);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(holes), cmocka_unit_test(damaged))
