/* Core files that are made while they are read, taken apart by libelf. */
#include "fs/dump/elf_view.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>

#include "kernel/mem/space.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

#define PAGE 4096ull

struct core {
	struct fake *f;
	struct raw raw;
	char *bytes;
	Elf *elf;
};

/* A kernel whose bytes tell where they are, some pages of which are not in the dump. */
static struct fake *make(void)
{
	struct fake *f = fake_new();

	for (uint64_t at = 0; at < FAKE_SIZE; at += 8)
		fake_put(f, FAKE_BASE + at, at * 0x9e3779b97f4a7c15, 8);
	f->missing[5] = f->missing[9] = f->missing[10] = true;
	fake_open(f);
	return f;
}

static struct elf_view *view_of(struct fake *f)
{
	struct elf_view *v = elf_view_new(f->kernel);
	const struct space *space;

	assert_non_null(v);
	assert_ok(kernel_space(f->kernel, &space));
	v->space = *space;
	v->span_paddr = UINT64_MAX;
	return v;
}

static int add(struct elf_view *v, uint64_t page, uint64_t pages, uint32_t flags, bool apart)
{
	const struct mapped m = { .va = FAKE_BASE + page * PAGE,
				  .pa = page * PAGE,
				  .size = pages * PAGE };

	return elf_view_add(v, &m, flags, apart);
}

static struct core open_core(struct fake *f, struct elf_view *v)
{
	struct core c = { .f = f };

	elf_version(EV_CURRENT);
	assert_ok(elf_view_open(v, EM_X86_64, &c.raw));
	c.bytes = must_alloc((size_t)c.raw.size);
	assert_ok(raw_read(&c.raw, 0, c.bytes, (size_t)c.raw.size));
	c.elf = elf_memory(c.bytes, (size_t)c.raw.size);
	assert_non_null(c.elf);
	return c;
}

static void close_core(struct core *c)
{
	elf_end(c->elf);
	free(c->bytes);
	raw_close(&c->raw);
	fake_free(c->f);
}

static GElf_Phdr phdr(const struct core *c, size_t i)
{
	GElf_Phdr p;

	assert_non_null(gelf_getphdr(c->elf, (int)i, &p));
	assert_true(p.p_offset + p.p_filesz <= c->raw.size);
	assert_int_equal(p.p_filesz, i ? p.p_memsz : p.p_filesz);
	return p;
}

static void check_load(const struct core *c, size_t i, uint64_t page, uint64_t pages,
		       uint32_t flags)
{
	GElf_Phdr p = phdr(c, i);

	assert_int_equal(p.p_type, PT_LOAD);
	assert_int_equal(p.p_flags, flags);
	assert_int_equal(p.p_vaddr, FAKE_BASE + page * PAGE);
	assert_int_equal(p.p_paddr, UINT64_MAX);
	assert_int_equal(p.p_filesz, pages * PAGE);
	assert_int_equal(p.p_offset % PAGE, 0);
	assert_memory_equal(c->bytes + p.p_offset, c->f->mem + page * PAGE, pages * PAGE);
}

/* What the dump lacks parts a piece; what touches joins unless it is to be apart, or of other rights. */
static void pieces_of_memory(void **state)
{
	struct fake *f = make();
	struct elf_view *v = view_of(f);
	struct core c;
	size_t n;

	(void)state;
	assert_ok(add(v, 1, 10, PF_R, true));
	assert_ok(add(v, 11, 2, PF_R, false));
	assert_ok(add(v, 13, 2, PF_R, true));
	assert_ok(add(v, 15, 1, PF_R | PF_W, false));
	assert_ok(add(v, 20, 1, PF_R | PF_W, false));
	assert_ok(add(v, 9, 2, PF_R, true));
	c = open_core(f, v);
	assert_int_equal(elf_getphdrnum(c.elf, &n), 0);
	assert_int_equal(n, 7);
	assert_int_equal(phdr(&c, 0).p_type, PT_NOTE);
	check_load(&c, 1, 1, 4, PF_R);
	check_load(&c, 2, 6, 3, PF_R);
	check_load(&c, 3, 11, 2, PF_R);
	check_load(&c, 4, 13, 2, PF_R);
	check_load(&c, 5, 15, 1, PF_R | PF_W);
	check_load(&c, 6, 20, 1, PF_R | PF_W);
	close_core(&c);
}

static void notes(void **state)
{
	static const unsigned char desc[] = "12345";
	static const struct note of[] = { { "CORE", 1, desc, 5 },
					  { "VMCOREINFO", 0, desc, 4 },
					  { "LINUX", 0x202, desc, 0 } };
	struct fake *f = make();
	struct elf_view *v = view_of(f);
	size_t at = 0, name, data;
	struct core c;
	Elf_Data *d;
	GElf_Phdr p;
	GElf_Nhdr n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of); i++)
		elf_view_note(v, &of[i]);
	c = open_core(f, v);
	p = phdr(&c, 0);
	d = elf_getdata_rawchunk(c.elf, (int64_t)p.p_offset, p.p_filesz, ELF_T_NHDR);
	assert_non_null(d);
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		at = gelf_getnote(d, at, &n, &name, &data);
		assert_true(at);
		assert_int_equal(n.n_type, of[i].type);
		assert_int_equal(n.n_descsz, of[i].desc_len);
		assert_string_equal((char *)d->d_buf + name, of[i].name);
		assert_memory_equal((char *)d->d_buf + data, desc, of[i].desc_len);
	}
	assert_int_equal(at, p.p_filesz);
	close_core(&c);
}

/* More headers than e_phnum counts: the section header tells. */
static void many(void **state)
{
	enum { COUNT = 70000 };
	struct fake *f = make();
	struct elf_view *v = view_of(f);
	struct core c;
	size_t n;

	(void)state;
	for (uint64_t i = 0; i < COUNT; i++) {
		const uint64_t pa = 20 * PAGE + i % 4096 * 8;
		const struct mapped m = { .va = FAKE_BASE + pa, .pa = pa, .size = 8 };

		assert_ok(elf_view_add(v, &m, PF_R, true));
	}
	c = open_core(f, v);
	assert_int_equal(elf_getphdrnum(c.elf, &n), 0);
	assert_int_equal(n, COUNT + 1);
	for (size_t i = 1; i < n; i += 997) {
		GElf_Phdr p = phdr(&c, i);

		assert_int_equal(p.p_filesz, 8);
		assert_memory_equal(c.bytes + p.p_offset, fake_at(f, p.p_vaddr), 8);
	}
	close_core(&c);
}

/* Any part reads as it does in the whole. */
static void parts(void **state)
{
	struct fake *f = make();
	struct elf_view *v = view_of(f);
	unsigned char part[777];
	struct core c;

	(void)state;
	elf_view_note(v, &(struct note){ "CORE", 1, (const unsigned char *)"x", 1 });
	assert_ok(add(v, 1, 10, PF_R, true));
	c = open_core(f, v);
	for (uint64_t off = 0; off < c.raw.size; off += 311) {
		size_t len =
			c.raw.size - off < sizeof(part) ? (size_t)(c.raw.size - off) : sizeof(part);

		assert_ok(raw_read(&c.raw, off, part, len));
		assert_memory_equal(part, c.bytes + off, len);
	}
	close_core(&c);
}

UNIT_TESTS(cmocka_unit_test(pieces_of_memory), cmocka_unit_test(notes), cmocka_unit_test(many),
	   cmocka_unit_test(parts))
