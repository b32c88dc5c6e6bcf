#include "tests/unit/unit.h"
#include "tests/unit/made.h"
#include "tests/unit/made_kallsyms.h"

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "kernel/arch/x86_64.h"
#include "kernel/kernel.h"
#include "kernel/mem/space.h"
#include "kernel/mem/tlb.h"

#define PAGES	64
#define P	1ull
#define PSE	0x80ull
#define PROT	0x100ull /* P clear: PROT_NONE */
#define NX	(1ull << 63)
#define W	2ull
#define ADDRESS 0x000ffffffffff000ull
#define USER	0x7f1234567000ull

/* Memory whose pages are tables, from address 0 on. */
struct memory {
	uint64_t entry[PAGES][512];
	bool missing[PAGES];
	struct blob notes;
	const char *vmcoreinfo;
	struct made made;
	struct dump *dump;
};

static struct memory *memory_new(void)
{
	struct memory *m = must_alloc(sizeof(*m));

	memset(m, 0, sizeof(*m));
	return m;
}

static void memory_open(struct memory *m)
{
	struct shape shape = { 0 };
	struct image img;

	image_init(&img);
	img.machine = EM_X86_64;
	for (size_t i = 0; i < PAGES; i++) {
		unsigned char *page = must_alloc(4096);

		memcpy(page, m->entry[i], 4096);
		if (m->missing[i])
			free(page);
		else
			image_add(&img, i * 4096, 4096, FILL_BYTES, CLASS_KERNEL, page);
	}
	img.notes = m->notes;
	m->notes = (struct blob){ 0 };
	if (m->vmcoreinfo)
		blob_add(&img.vmcoreinfo, m->vmcoreinfo, strlen(m->vmcoreinfo));
	m->made = made_dump(&img, &shape, write_elf, -1);
	image_fini(&img);
	m->dump = must_open(&m->made, 1);
}

static void memory_free(struct memory *m)
{
	dump_close(m->dump);
	made_close(&m->made);
	free(m);
}

static size_t slot(uint64_t va, int shift)
{
	return va >> shift & 511;
}

/* Map @va by four levels of tables in pages 0 to 3; the last entry is @pte. */
static void map(struct memory *m, uint64_t va, uint64_t pte)
{
	m->entry[0][slot(va, 39)] = 0x1000 | P;
	m->entry[1][slot(va, 30)] = 0x2000 | P;
	m->entry[2][slot(va, 21)] = 0x3000 | P;
	m->entry[3][slot(va, 12)] = pte;
}

static struct mapping lookup(struct memory *m, uint64_t va)
{
	const struct space s = { .pt = &x86_four_levels };
	struct mapping ret;

	assert_ok(space_lookup(&s, m->dump, va, &ret));
	return ret;
}

static void four_levels(void **state)
{
	struct memory *m = memory_new();
	struct mapping at;

	(void)state;
	map(m, USER, 0x123456000 | P | W);
	m->entry[2][slot(USER, 21) + 1] = 0x40000000 | 0x1000 | P | PSE | NX; /* PAT */
	m->entry[1][slot(USER, 30) + 1] = 0x80000000 | P | PSE;
	memory_open(m);

	at = lookup(m, USER + 0x123);
	assert_int_equal(at.kind, MAP_RAM);
	assert_int_equal(at.pa, 0x123456123);
	assert_int_equal(at.left, 0x1000 - 0x123);
	assert_int_equal(at.shift, 12);
	assert_false(at.constant);
	at = lookup(m, (USER & ~0x1fffffull) + 0x200000 + 0x12345);
	assert_int_equal(at.pa, 0x40012345);
	assert_int_equal(at.shift, 21);
	assert_true(at.constant);
	at = lookup(m, (USER & ~0x3fffffffull) + 0x40000000 + 0x1234567);
	assert_int_equal(at.pa, 0x81234567);
	assert_int_equal(at.shift, 30);
	assert_int_equal(lookup(m, USER + 0x1000).kind, MAP_NONE);
	assert_int_equal(lookup(m, USER + 0x1000).left, 0x1000);
	assert_int_equal(lookup(m, 0).left, 1ull << 39);
	assert_int_equal(lookup(m, 1ull << 47).kind, MAP_NONE);
	assert_int_equal(lookup(m, USER | 1ull << 63).kind, MAP_NONE);
	memory_free(m);
}

/* What an entry that is not present tells. */
static void absent(void **state)
{
	struct memory *m = memory_new();
	struct mapping at;

	(void)state;
	map(m, USER, (~0x123456000ull & ADDRESS) | PROT);
	m->entry[3][slot(USER, 12) + 1] = 3ull << 59 | (~0x54321ull << 14 >> 5 & ~(31ull << 59));
	m->entry[2][slot(USER, 21) + 1] = (~0x40000000ull & ADDRESS & ~0x1fffffull) | PSE | PROT;
	memory_open(m);

	at = lookup(m, USER + 8);
	assert_int_equal(at.kind, MAP_RAM);
	assert_int_equal(at.pa, 0x123456008);
	at = lookup(m, USER + 0x1000);
	assert_int_equal(at.kind, MAP_SWAPPED);
	assert_int_equal(at.swap_type, 3);
	assert_int_equal(at.swap_offset, 0x54321);
	at = lookup(m, (USER & ~0x1fffffull) + 0x200000 + 5);
	assert_int_equal(at.kind, MAP_RAM);
	assert_int_equal(at.pa, 0x40000005);
	memory_free(m);
}

static void texts(void **state)
{
	const struct space s = { .pt = &x86_four_levels };
	struct memory *m = memory_new();
	uint64_t pa, left;
	char buf[16];

	(void)state;
	map(m, USER, 3ull << 59 | (~0x54321ull << 14 >> 5 & ~(31ull << 59)));
	m->entry[3][slot(USER, 12) + 1] = 0x5000 | P;
	m->entry[2][slot(USER, 21) + 1] = 0x4000 | P;
	m->missing[4] = true;
	memory_open(m);
	assert_fails(space_translate(&s, m->dump, USER, &pa, &left), -ENODATA,
		     "0x7f1234567000 is swapped out: device 3, page 0x54321");
	assert_fails(space_translate(&s, m->dump, USER + 0x2000, &pa, &left), -EFAULT,
		     "0x7f1234569000 is not mapped");
	assert_fails(space_translate(&s, m->dump, USER + 0x200000, &pa, &left), -ENODATA,
		     "page table of 0x7f1234767000");
	assert_fails(space_read(&s, m->dump, USER + 0x1ff8, buf, 16), -EFAULT, "is not mapped");
	assert_int_equal(space_read_some(&s, m->dump, USER + 0x1ff8, buf, 16), 8);
	assert_int_equal(space_read_some(&s, m->dump, USER, buf, 16), 0);
	memory_free(m);
}

/* Tables that lead to themselves end with their levels. */
static void loop(void **state)
{
	struct memory *m = memory_new();
	struct mapping at;

	(void)state;
	for (int i = 0; i < 512; i++)
		m->entry[0][i] = P;
	memory_open(m);
	at = lookup(m, USER);
	assert_int_equal(at.kind, MAP_RAM);
	assert_int_equal(at.pa, 0);
	memory_free(m);
}

/* A kernel image of three huge pages at START_KERNEL_MAP + 48 MB, in RAM at 80 MB, by five levels
 * from @root on; and what QEMU tells of a CPU that uses @cr3. */
static void make_image(struct memory *m, size_t root)
{
	const uint64_t va = START_KERNEL_MAP + (48 << 20);

	m->entry[root][slot(va, 48)] = (root + 1) << 12 | P;
	m->entry[root + 1][slot(va, 39)] = (root + 2) << 12 | P;
	m->entry[root + 2][slot(va, 30)] = (root + 3) << 12 | P;
	for (uint64_t i = 0; i < 3; i++)
		m->entry[root + 3][slot(va, 21) + i] = (80 << 20) + (i << 21) + (P | PSE);
}

static void cpu_note(struct memory *m, uint64_t cr3, uint64_t cr4)
{
	unsigned char desc[440] = { 0 };

	memcpy(desc + 416, &cr3, 8);
	memcpy(desc + 424, &cr4, 8);
	note_add(&m->notes, "QEMU", 0, desc, sizeof(desc));
}

static void must_find_image(struct memory *m, const char *evidence)
{
	const struct space *s;
	struct kernel *k;

	memory_open(m);
	assert_ok(kernel_open(m->dump, NULL, &k));
	assert_ok(kernel_space(k, &s));
	assert_int_equal(s->image.first, START_KERNEL_MAP + (48 << 20));
	assert_int_equal(s->image.last, START_KERNEL_MAP + (54 << 20) - 1);
	assert_int_equal(s->image.first + s->image.delta, 80 << 20);
	if (!strstr(s->evidence.data, evidence))
		test_failed("%s: not in\n%s", evidence, s->evidence.data);
	kernel_close(k);
	memory_free(m);
}

/* Memory is mapped once more, in one huge page; something else comes before. */
static void direct_map(void **state)
{
	const uint64_t base = 0xff11000000000000 + (7ull << 30);
	struct memory *m = memory_new();
	const struct space *s;
	struct kernel *k;

	(void)state;
	make_image(m, 10);
	m->entry[10][slot(base, 48)] = 20 << 12 | P;
	m->entry[20][slot(base, 39)] = 21 << 12 | P;
	m->entry[21][slot(base, 30)] = P | PSE;
	m->entry[21][slot(base, 30) - 1] = 1ull << 30 | P | PSE;
	cpu_note(m, 10 << 12, 1 << 12);
	memory_open(m);
	assert_ok(kernel_open(m->dump, NULL, &k));
	assert_ok(kernel_space(k, &s));
	assert_int_equal(s->direct.first, base);
	assert_int_equal(s->direct.delta, -base);
	assert_int_equal(s->direct.last, base + PAGES * 4096 - 1);
	kernel_close(k);
	memory_free(m);
}

/* The first CPU is in firmware, the second in the kernel. */
static void by_cpu_notes(void **state)
{
	struct memory *m = memory_new();

	(void)state;
	make_image(m, 10);
	cpu_note(m, 20 << 12, 1 << 12);
	cpu_note(m, 10 << 12 | 0x123, 1 << 12);
	must_find_image(m, "0xa000 from CR3 of CPU 1");
}

/* VMCOREINFO as 3.10 writes it, without the header of a kdump: it does not tell where the image is. */
static void by_cpu_notes_besides_vmcoreinfo(void **state)
{
	struct memory *m = memory_new();

	(void)state;
	make_image(m, 10);
	cpu_note(m, 10 << 12, 1 << 12);
	m->vmcoreinfo = "OSRELEASE=3.10.0\nPAGESIZE=4096\nSYMBOL(phys_base)=ffffffff81a00000\n"
			"SYMBOL(init_level4_pgt)=ffffffff81c0a000\n";
	must_find_image(m, "0xa000 from CR3 of CPU 0");
}

/* User mode has tables of its own, with little of the kernel: their neighbour has all. */
static void by_cpu_in_user_mode(void **state)
{
	struct memory *m = memory_new();

	(void)state;
	make_image(m, 21);
	m->entry[24][slot(START_KERNEL_MAP + (50 << 20), 21)] = 0;
	m->entry[24][slot(START_KERNEL_MAP + (52 << 20), 21)] = 0;
	make_image(m, 30);
	memcpy(m->entry[20], m->entry[30], 4096);
	cpu_note(m, 21 << 12, 1 << 12);
	must_find_image(m, "0x14000 from CR3 of CPU 0");
}

static void by_vmcoreinfo(void **state)
{
	struct memory *m = memory_new();

	(void)state;
	/* The root is within the image's range of 2 GB: phys_base 32 MB, table at 40 KB. */
	make_image(m, 10);
	m->vmcoreinfo = "OSRELEASE=6.1.0\nPAGESIZE=4096\nNUMBER(phys_base)=33554432\n"
			"SYMBOL(swapper_pg_dir)=ffffffff7e00a000\n"
			"NUMBER(pgtable_l5_enabled)=1\n";
	must_find_image(m, "by the page tables");
}

/* Its tables are not in the dump: what it says of the image must do. */
static void tables_missing(void **state)
{
	struct memory *m = memory_new();
	const struct space *s;
	uint64_t pa, left;
	struct kernel *k;

	(void)state;
	m->missing[10] = true;
	m->vmcoreinfo = "OSRELEASE=6.1.0\nPAGESIZE=4096\nNUMBER(phys_base)=-16777216\n"
			"SYMBOL(swapper_pg_dir)=ffffffff8100a000\n";
	memory_open(m);
	assert_ok(kernel_open(m->dump, NULL, &k));
	assert_ok(kernel_space(k, &s));
	assert_ok(space_translate(s, m->dump, 0xffffffff81002000, &pa, &left));
	assert_int_equal(pa, 0x2000);
	assert_non_null(strstr(s->evidence.data, "the page tables do not map it"));
	kernel_close(k);
	memory_free(m);
}

static void nothing_told(void **state)
{
	struct memory *m = memory_new();
	const struct space *s;
	struct kernel *k;

	(void)state;
	cpu_note(m, 20 << 12, 0);
	memory_open(m);
	assert_ok(kernel_open(m->dump, NULL, &k));
	assert_fails(kernel_space(k, &s), -ENOENT, "translation: no kallsyms");
	kernel_close(k);
	memory_free(m);
}

/* Nobody says anything: kallsyms leads to the tables, by the banner or by itself. */
static void by_scan(void **state)
{
	static const struct made_kallsyms kernels[] = {
		{ .layout = LAYOUT_OLD, .encoding = KALLSYMS_PERCPU, .nr_per_cpu = 50 },
		{ .layout = LAYOUT_NEW, .encoding = KALLSYMS_PLACE },
	};
	const uint64_t image = START_KERNEL_MAP + (48 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct made_kallsyms m = kernels[i];
		struct memory *mem = memory_new();
		const struct space *s;
		struct kernel *k;

		make_image(mem, 3);
		mem->entry[6][slot(image, 21)] = P | PSE;
		mem->entry[6][slot(image, 21) + 1] = 0;
		memcpy(mem->entry[2], "Linux version 6.1", 18);
		m.banner = true;
		m.nr = 1500;
		m.va = image + 40 * 4096;
		m.text = image + 2 * 4096;
		made_kallsyms(&m);
		memcpy(mem->entry[40], m.blob.data, m.blob.len);
		blob_fini(&m.blob);

		memory_open(mem);
		assert_ok(kernel_open(mem->dump, NULL, &k));
		assert_ok(kernel_space(k, &s));
		assert_int_equal(s->root, 3 * 4096);
		assert_int_equal(s->pt->nr_levels, 5);
		assert_int_equal(s->image.first, image);
		assert_int_equal(s->image.delta, -image);
		assert_non_null(strstr(s->evidence.data, "from kallsyms at physical address"));
		kernel_close(k);
		memory_free(mem);
	}
}

#define ROUNDS 200000

static void *hammer(void *arg)
{
	struct tlb *t = arg;
	uint64_t pa, left;

	for (uint64_t i = 0; i < ROUNDS; i++) {
		uint64_t va = (i * 7919 % 50000) << 12 | 1, large = va << 12 | 1ull << 62;

		tlb_add(t, va, va * 3 & ~0xfffull, 12);
		tlb_add(t, large, large + (5ull << 21), 30);
		if (tlb_find(t, va, &pa, &left) && (pa != (va * 3 & ~0xfffull) + 1 || left != 4095))
			return arg;
		if (tlb_find(t, large, &pa, &left) && pa != large + (5ull << 21))
			return arg;
	}
	return NULL;
}

/* Whatever threads do to each other, a translation that is found is right. */
static void shared_tlb(void **state)
{
	struct tlb *t = tlb_new();
	pthread_t threads[3];
	uint64_t pa, left;
	void *wrong;

	(void)state;
	assert_non_null(t);
	assert_false(tlb_find(t, 0, &pa, &left));
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, t), 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	tlb_add(t, 0x5000, 0x9000, 12);
	assert_true(tlb_find(t, 0x5010, &pa, &left));
	assert_int_equal(pa, 0x9010);
	assert_int_equal(left, 0xff0);
	tlb_free(t);
}

/* What a scan tells, one a line. */
static int tell(void *arg, const struct mapped *m)
{
	put(arg, "%s%lx %lx %lx\n", m->missing ? "missing " : "", m->va, m->missing ? 0 : m->pa,
	    m->size);
	return 0;
}

static void scan_is(struct memory *m, uint64_t first, uint64_t last, const char *expected)
{
	STRBUF(out);

	assert_ok(pgtable_scan(m->dump, &x86_four_levels, 0, 0, first, last, tell, &out));
	assert_string_equal(out.len ? out.data : "", expected);
}

static void scanned(void **state)
{
	const uint64_t huge = (USER & ~0x1fffffull) + 0x200000;
	struct memory *m = memory_new();

	(void)state;
	map(m, USER, 0x123456000 | P | W);
	m->entry[3][slot(USER, 12) + 1] = ~0x5000ull & ADDRESS & ~0xfffull; /* swapped */
	m->entry[3][slot(USER, 12) + 2] = (~0x7000ull & ADDRESS) | PROT;
	m->entry[2][slot(USER, 21) + 1] = 0x40000000 | 0x1000 | P | PSE;
	/* The same table once more is passed over; a table that is not in the dump is told of. */
	m->entry[2][slot(USER, 21) + 2] = 0x3000 | P;
	m->entry[2][slot(USER, 21) + 3] = 0x3000 | P;
	m->entry[2][slot(USER, 21) + 4] = 0x5000 | P;
	m->missing[5] = true;
	m->entry[0][511] = 0x6000 | P;
	m->entry[6][511] = 0x80000000 | P | PSE;
	memory_open(m);

	scan_is(m, USER, USER + 0x3fff, "7f1234567000 123456000 1000\n7f1234569000 7000 1000\n");
	scan_is(m, USER + 0x2010, USER + 0x201f, "7f1234569010 7010 10\n");
	scan_is(m, USER + 0x1000, USER + 0x1fff, "");
	scan_is(m, huge + 0x3000, huge + 0x1fffff, "7f1234603000 40003000 1fd000\n");
	scan_is(m, huge + 0x200000, huge + 0x5fffff,
		"7f1234967000 123456000 1000\n7f1234969000 7000 1000\n");
	scan_is(m, huge + 0x600000, huge + 0x7fffff, "missing 7f1234c00000 0 200000\n");
	scan_is(m, huge + 0x601000, huge + 0x601fff, "missing 7f1234c01000 0 1000\n");
	scan_is(m, -(1ull << 47), UINT64_MAX, "ffffffffc0000000 80000000 40000000\n");
	memory_free(m);
}

static int tell_table(void *arg, uint64_t pa)
{
	put(arg, "%lx ", pa);
	return 0;
}

static void tables_are(struct memory *m, enum pt_half half, unsigned int levels,
		       const char *expected)
{
	uint64_t top;
	STRBUF(out);

	assert_ok(pgtable_tables(m->dump, &x86_four_levels, 0, 0, half, levels, tell_table, &out,
				 &top));
	assert_string_equal(out.data, expected);
}

static void tables(void **state)
{
	struct memory *m = memory_new();
	uint64_t top;
	STRBUF(out);

	(void)state;
	map(m, USER, 0x123456000 | P | W);
	/* A huge page leads to no table, and one that follows itself is told of once. */
	m->entry[2][slot(USER, 21) + 1] = 0x40000000 | P | PSE;
	m->entry[2][slot(USER, 21) + 2] = 0x5000 | P;
	m->entry[2][slot(USER, 21) + 3] = 0x5000 | P;
	m->entry[0][511] = 0x6000 | P;
	m->missing[6] = true;
	memory_open(m);
	tables_are(m, PT_LOWER, 4, "0 1000 2000 3000 5000 ");
	tables_are(m, PT_LOWER, 2, "0 1000 ");
	tables_are(m, PT_LOWER, 1, "0 ");
	tables_are(m, PT_UPPER, 4, "0 6000 ");
	assert_fails(pgtable_tables(m->dump, &x86_four_levels, 0, 0, PT_LOWER, 5, tell_table, &out,
				    &top),
		     -EINVAL, "5 levels");
	assert_ok(pgtable_tables(m->dump, &x86_four_levels, 0, 0, PT_LOWER, 2, tell_table, &out,
				 &top));
	assert_int_equal(top & ~0xfffull, 0x1000);
	assert_ok(pgtable_tables(m->dump, &x86_four_levels, 0x7000, 0, PT_LOWER, 4, tell_table,
				 &out, &top));
	assert_true(top == UINT64_MAX);
	memory_free(m);
}

static void not_scanned(void **state)
{
	struct memory *m = memory_new();
	STRBUF(out);

	(void)state;
	/* Tables that lead to each other would take for ever. */
	for (size_t i = 0; i < 512; i++)
		for (size_t page = 0; page < 2; page++)
			m->entry[page][i] = (i % 2 ? 0x1000 : 0) | P;
	memory_open(m);
	assert_fails(pgtable_scan(m->dump, &x86_four_levels, 0, 0, USER, USER - 1, tell, &out),
		     -EINVAL, "no range");
	assert_fails(pgtable_scan(m->dump, &x86_four_levels, 0, 0, 0, 1ull << 48, tell, &out),
		     -EINVAL, "no range");
	assert_fails(pgtable_scan(m->dump, &x86_four_levels, 0, 0, USER, UINT64_MAX, tell, &out),
		     -EINVAL, "no range");
	memory_free(m);
}

UNIT_TESTS(cmocka_unit_test(scanned), cmocka_unit_test(tables), cmocka_unit_test(not_scanned),
	   cmocka_unit_test(four_levels), cmocka_unit_test(absent), cmocka_unit_test(texts),
	   cmocka_unit_test(loop), cmocka_unit_test(direct_map), cmocka_unit_test(by_cpu_notes),
	   cmocka_unit_test(by_cpu_notes_besides_vmcoreinfo), cmocka_unit_test(by_cpu_in_user_mode),
	   cmocka_unit_test(by_vmcoreinfo), cmocka_unit_test(tables_missing),
	   cmocka_unit_test(nothing_told), cmocka_unit_test(by_scan), cmocka_unit_test(shared_tlb))
