/* A vmlinux that is the dump's kernel's, that is another's, and that lacks what one may lack: a symbol
 * table, BTF, debug information, its end. */
#include <errno.h>
#include <stdlib.h>

#include "kernel/symbol/symbols.h"
#include "kernel/types/type.h"
#include "kernel/symbol/vmlinux.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_btf.h"
#include "tests/unit/made_kallsyms.h"
#include "tests/unit/made_vmlinux.h"
#include "tests/unit/unit.h"

#define MOVED 0x2000000ull /* by KASLR */
#define NR    1500	   /* symbols in kallsyms */

static const char ours[] = "\1\2\3\4", theirs[] = "\1\2\3\5";
static const char banner[] = "Linux version 6.0.0-fake (x@y) #1\n";

static struct blob btf_of_file(const char *name)
{
	struct made_btf b;
	struct blob file;

	btf_init(&b, NULL);
	btf_type(&b, MADE_STRUCT, name, 4);
	btf_member(&b, "number", btf_int(&b, "int", 4, 0), 0, -1);
	file = btf_bytes(&b);
	btf_fini(&b);
	return file;
}

/* A dump with kallsyms, of a kernel with the build-id 01020304 when @told. */
static struct fake *make(bool told)
{
	struct made_kallsyms m = { .va = FAKE_BASE,
				   .text = VMLINUX_BASE + MOVED,
				   .nr = NR,
				   .encoding = KALLSYMS_RELATIVE };
	struct fake *f = fake_new();

	made_kallsyms(&m);
	memcpy(fake_at(f, m.va), m.blob.data, m.blob.len);
	blob_fini(&m.blob);
	put(&f->vmcoreinfo, "KERNELOFFSET=%llx\n", MOVED);
	if (told)
		put_str(&f->vmcoreinfo, "BUILD-ID=01020304\n");
	fake_open(f);
	return f;
}

/* Open the dump of @f with these bytes as its vmlinux. */
static int open_with(struct fake *f, const struct blob *file, bool force, struct made *ret_file,
		     struct kernel **ret)
{
	struct kernel_options options = { .force = force };
	int r;

	*ret_file = made_bytes(file->data, file->len);
	options.vmlinux = ret_file->path;
	r = kernel_open(f->dump, &options, ret);
	if (r < 0)
		made_close(ret_file);
	return r;
}

/* kallsyms serves as if there were no vmlinux. */
static void check_kallsyms(struct kernel *k)
{
	uint64_t cursor = 0;
	struct symbol s;
	size_t n = 0;
	STRBUF(sb);

	while (symbol_next(k, &cursor, &s) == 1)
		n++;
	assert_int_equal(n, NR);
	assert_ok(symbol_find(k, "sym_3", &s));
	assert_int_equal(s.addr, VMLINUX_BASE + MOVED + 48);
	put_symbol(&sb, k, s.addr + 1);
	assert_string_equal(sb.data, "sym_3+0x1");
}

/* One that is taken, with all parts but those that it lacks. */
static void check_taken(const struct made_vmlinux *v, bool told)
{
	struct blob file = made_vmlinux(v);
	struct fake *f = make(told);
	struct kernel *k;
	struct made m;
	uint64_t va;

	assert_ok(open_with(f, &file, false, &m, &k));
	check_kallsyms(k);
	if (v->stripped) {
		assert_fails(symbol_addr(k, "vm_1", &va), -ENOENT, "no symbol vm_1");
	} else {
		assert_ok(symbol_addr(k, "vm_1", &va));
		assert_int_equal(va, VMLINUX_BASE + MOVED + 0x40);
	}
	kernel_close(k);
	made_close(&m);
	fake_free(f);
	blob_fini(&file);
}

static void right(void **state)
{
	struct blob btf = btf_of_file("of_file");

	(void)state;
	for (unsigned int lacks = 0; lacks < 16; lacks++) {
		struct made_vmlinux v = {
			.build_id = ours,
			.banner = lacks & 1 ? NULL : banner,
			.btf = lacks & 2 ? NULL : &btf,
			.stripped = lacks & 4,
			.dwarf = lacks & 8,
		};

		check_taken(&v, true);
	}
	blob_fini(&btf);
}

/* Without build-ids the banner's release tells; without that, nothing speaks against it. */
static void without_build_id(void **state)
{
	(void)state;
	check_taken(&(struct made_vmlinux){ .banner = banner }, false);
	check_taken(&(struct made_vmlinux){ .banner = banner }, true);
	check_taken(&(struct made_vmlinux){ .build_id = ours, .banner = banner }, false);
	check_taken(&(struct made_vmlinux){ .stripped = true }, true);
}

static void wrong(void **state)
{
	static const struct {
		struct made_vmlinux v;
		bool told;
		const char *text;
	} cases[] = {
		{ { .build_id = theirs, .banner = banner },
		  true,
		  "build-id 01020305, but the dump's kernel has 01020304; --force takes it" },
		{ { .build_id = theirs, .banner = "Linux version 6.0.0-other (x@y) #1\n" },
		  false,
		  "\"Linux version 6.0.0-other (x@y) #1\", but the dump's kernel is 6.0.0-fake" },
		{ { .banner = "Linux version 6.0.0-fak (x@y) #1\n" }, true, "6.0.0-fake; --force" },
		{ { .banner = "Linux version 6.0.0-fakes\n", .stripped = true }, true, "--force" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct blob file = made_vmlinux(&cases[i].v);
		struct fake *f = make(cases[i].told);
		struct kernel *k;
		struct made m;

		assert_fails(open_with(f, &file, false, &m, &k), -EINVAL, cases[i].text);
		assert_ok(open_with(f, &file, true, &m, &k));
		check_kallsyms(k);
		kernel_close(k);
		made_close(&m);
		fake_free(f);
		blob_fini(&file);
	}
}

/* Where the dump's own kallsyms cannot be read it gives the symbols. */
static void spare(void **state)
{
	const struct made_vmlinux v = { .build_id = ours, .banner = banner };
	struct blob file = made_vmlinux(&v);
	struct fake *f = fake_new();
	uint64_t cursor = 0;
	struct kernel *k;
	struct symbol s;
	struct made m;
	STRBUF(sb);

	(void)state;
	put(&f->vmcoreinfo, "BUILD-ID=01020304\nKERNELOFFSET=%llx\n", MOVED);
	fake_open(f);
	assert_ok(open_with(f, &file, false, &m, &k));
	for (unsigned int i = 0; i < VMLINUX_SYMBOLS; i++) {
		assert_int_equal(symbol_next(k, &cursor, &s), 1);
		assert_int_equal(s.addr, VMLINUX_BASE + MOVED + 0x40 * i);
	}
	assert_int_equal(symbol_next(k, &cursor, &s), 0);
	put_symbol(&sb, k, VMLINUX_BASE + MOVED + 0x41);
	assert_string_equal(sb.data, "vm_1+0x1");
	kernel_close(k);
	made_close(&m);
	fake_free(f);
	blob_fini(&file);
}

/* A kernel's kallsyms with functions only names no data: that behind their end has its own names. @end:
 * which symbol is _etext. */
static void check_data(bool functions, uint32_t end, const char *wanted)
{
	const struct made_vmlinux v = { .build_id = ours, .banner = banner };
	const struct made_name called = { end, "_etext" };
	struct made_kallsyms m = { .va = FAKE_BASE,
				   .text = VMLINUX_BASE + MOVED + 8,
				   .nr = NR,
				   .encoding = KALLSYMS_RELATIVE,
				   .called = &called,
				   .nr_called = 1,
				   .functions = functions };
	struct blob file = made_vmlinux(&v);
	struct fake *f = fake_new();
	struct kernel *k;
	struct made made;
	STRBUF(sb);

	made_kallsyms(&m);
	memcpy(fake_at(f, m.va), m.blob.data, m.blob.len);
	blob_fini(&m.blob);
	put(&f->vmcoreinfo, "KERNELOFFSET=%llx\nBUILD-ID=01020304\n", MOVED);
	fake_open(f);
	assert_ok(open_with(f, &file, false, &made, &k));
	for (unsigned int at = 0x39; at <= 0x41; at += 8) {
		put_symbol(&sb, k, VMLINUX_BASE + MOVED + at);
		put_str(&sb, " ");
	}
	assert_string_equal(sb.data, wanted);
	kernel_close(k);
	made_close(&made);
	fake_free(f);
	blob_fini(&file);
}

static void data(void **state)
{
	(void)state;
	check_data(true, 2, "sym_3+0x1 vm_1+0x1 ");
	check_data(true, 5, "sym_3+0x1 sym_3+0x9 ");
	check_data(false, 2, "sym_3+0x1 sym_3+0x9 ");
}

/* The notes are in memory where the file says: that needs no symbols. */
static void notes_in_memory(void **state)
{
	const struct made_vmlinux v = { .build_id = theirs };
	struct blob file = made_vmlinux(&v);
	struct fake *f = fake_new();
	struct kernel *k;
	struct made m;

	(void)state;
	/* Moved down to where the fake kernel's memory is. */
	put(&f->vmcoreinfo, "BUILD-ID=01020304\nKERNELOFFSET=%lx\n",
	    (unsigned long)(FAKE_BASE - VMLINUX_BASE));
	memcpy(fake_at(f, FAKE_BASE + VMLINUX_NOTES), "\4\0\0\0\4\0\0\0\3\0\0\0GNU\0\1\2\3\5", 20);
	fake_open(f);
	assert_ok(open_with(f, &file, false, &m, &k));
	kernel_close(k);
	made_close(&m);
	fake_free(f);
	blob_fini(&file);
}

static void no_elf(void **state)
{
	struct blob file = { 0 };
	struct fake *f = make(true);
	struct kernel *k;
	struct made m;

	(void)state;
	assert_fails(open_with(f, &file, true, &m, &k), -EINVAL, "no ELF file");
	blob_add(&file, "!<arch>\nnot a member", 20);
	assert_fails(open_with(f, &file, true, &m, &k), -EINVAL, "no ELF file");
	assert_fails(
		kernel_open(f->dump, &(struct kernel_options){ .vmlinux = "/no/such/vmlinux" }, &k),
		-ENOENT, "/no/such/vmlinux: ");
	fake_free(f);
	blob_fini(&file);
}

/* Ask for all that a vmlinux gives: it may fail, it may not do harm. */
static void touch(struct fake *f, const struct blob *file)
{
	struct kernel *k;
	struct made m;
	uint64_t va;
	STRBUF(evidence);

	if (open_with(f, file, true, &m, &k) < 0)
		return;
	check_kallsyms(k);
	if (symbol_addr(k, "vm_2", &va) == 0)
		assert_true(va);
	symbols_evidence(k, &evidence);
	kernel_close(k);
	made_close(&m);
}

/* Cut everywhere, and every bit of its headers and tables turned over. */
static void damaged(void **state)
{
	struct blob btf = btf_of_file("of_file"), file;
	const struct made_vmlinux v = { .build_id = ours, .banner = banner, .btf = &btf };
	struct fake *f = make(true);

	(void)state;
	file = made_vmlinux(&v);
	for (size_t len = 0; len < file.len; len += 3) {
		struct blob cut = { .data = file.data, .len = len };

		touch(f, &cut);
	}
	for (size_t i = 0; i < file.len; i++) {
		file.data[i] ^= (unsigned char)(1u << i % 8);
		touch(f, &file);
		file.data[i] ^= (unsigned char)(1u << i % 8 ^ 0xff);
		touch(f, &file);
		file.data[i] ^= 0xff;
	}
	fake_free(f);
	blob_fini(&file);
	blob_fini(&btf);
}

UNIT_TESTS(cmocka_unit_test(right), cmocka_unit_test(without_build_id), cmocka_unit_test(wrong),
	   cmocka_unit_test(spare), cmocka_unit_test(data), cmocka_unit_test(notes_in_memory),
	   cmocka_unit_test(no_elf), cmocka_unit_test(damaged))
