/* What compilers say in DWARF 2 to 5 of the sources in tests/unit/dwarf, which tests/unit/dwarf/make.sh
 * compiles in every way: one and the same. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/base/bytes.h"
#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "kernel/debug/index.h"
#include "kernel/debug/index_format.h"
#include "kernel/debug/keep.h"
#include "kernel/types/decl.h"

static const struct build_id some_id = { { 0xab, 0xcd, 0xef }, 3 };

/* Definitions, with the columns and the remarks between the lines left out. */
static const struct {
	enum type_kind kind;
	const char *name, *expect;
} types[] = {
	{ TYPE_ENUM, "color", "enum color { RED = 1, GREEN = 5, BLUE = 6, };" },
	{ TYPE_ENUM, "depth", "enum depth { BELOW = -3, LEVEL = 0, ABOVE = 7, };" },
	{ TYPE_ENUM, "wide", "enum wide { SMALL = 1, HUGE = 20015998343868, };" },
	{ TYPE_TYPEDEF, "u32", "typedef unsigned int u32;" },
	{ TYPE_TYPEDEF, "atomic_t", "typedef struct { int counter; /* 0 4 */ } atomic_t;" },
	{ TYPE_TYPEDEF, "handler_t",
	  "typedef int (*handler_t)(struct defined_elsewhere *, u32, ...);" },
	{ TYPE_STRUCT, "list_head",
	  "struct list_head { struct list_head * next; /* 0 8 */ "
	  "struct list_head * prev; /* 8 8 */ };" },
	{ TYPE_UNION, "word",
	  "union word { unsigned long number; /* 0 8 */ unsigned char bytes[8]; /* 0 8 */ };" },
	{ TYPE_STRUCT, "bits",
	  "struct bits { u32 low:3; /* 0: 0 4 */ u32 mid:13; /* 0: 3 4 */ int high:5; /* 0:16 4 */ "
	  "unsigned long wide:40; /* 0:21 8 */ _Bool flag:1; /* 7: 5 1 */ "
	  "unsigned char tail; /* 8 1 */ unsigned char four:4; /* 9: 0 1 */ };" },
	{ TYPE_STRUCT, "kinds",
	  "struct kinds { struct list_head link; /* 0 16 */ enum color color; /* 16 4 */ "
	  "enum depth depth; /* 20 4 */ const char * const label; /* 24 8 */ "
	  "volatile int * counter; /* 32 8 */ int matrix[2][3]; /* 40 24 */ "
	  "handler_t handler; /* 64 8 */ "
	  "void (*callbacks[4])(void *, const union word *); /* 72 32 */ "
	  "struct only_declared * unknown; /* 104 8 */ "
	  "struct defined_elsewhere * elsewhere; /* 112 8 */ "
	  "union { int number; /* 120 4 */ struct { short x; /* 120 2 */ short y; /* 122 2 */ }; "
	  "/* 120 4 */ }; /* 120 4 */ struct { long inner; /* 128 8 */ } named; /* 128 8 */ "
	  "atomic_t refs; /* 136 4 */ _Bool yes; /* 140 1 */ long long big; /* 144 8 */ "
	  "unsigned char tail[]; /* 152 0 */ };" },
	{ TYPE_STRUCT, "later",
	  "struct later { struct later * self; /* 0 8 */ enum depth depth; /* 8 4 */ };" },
	{ TYPE_STRUCT, "local", "struct local { int here; /* 0 4 */ };" },
	{ TYPE_STRUCT, "defined_elsewhere",
	  "struct defined_elsewhere { struct kinds * owner; /* 0 8 */ char name[16]; /* 8 16 */ };" },
};

/* Where and what is declared. */
static const struct {
	const char *name, *expect;
	bool is_function, external;
} declarations[] = {
	{ "a_kinds", "kinds.c:3 struct kinds a_kinds", false, true },
	{ "some_bits", "kinds.c:4 struct bits some_bits[3]", false, false },
	{ "a_wide", "kinds.c:5 enum wide a_wide", false, true },
	{ "matrix", "kinds.c:6 int matrix[4][5]", false, true },
	{ "a_later", "kinds.c:15 struct later a_later", false, false },
	{ "helper", "kinds.c:20 int helper(struct bits * b, int n)", true, false },
	{ "calls", "kinds.c:22 int calls", false, false },
	{ "a_local", "kinds.c:26 struct local a_local", false, false },
	{ "entry", "kinds.c:33 long entry(const char * name, struct kinds * k, u32 n)", true,
	  true },
	{ "a_defined", "other.c:9 struct defined_elsewhere a_defined", false, true },
	{ "declared_only", "other.c:10 int declared_only[3]", false, true },
	{ "declared_function", "other.c:12 long declared_function(const char * name, ...)", true,
	  true },
};

static const char *folder(void)
{
	const char *path = getenv("DWARF_OBJECTS");

	assert_non_null(path);
	return path;
}

static char *path_of(const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", folder(), name) > 0);
	return path;
}

static int nowhere(void *arg, const char *section, uint64_t *ret)
{
	(void)arg;
	(void)section;
	*ret = 0;
	return 0;
}

static int open_debug(const char *path, struct debugfile **ret)
{
	size_t len = strlen(path);

	if (len > 3 && !strcmp(path + len - 3, ".ko"))
		return debugfile_open_module(path, "module", nowhere, NULL, ret);
	return debugfile_open_kernel(path, 0, ret);
}

static struct strbuf made_index(const char *path, char problem[128])
{
	struct strbuf bytes = { 0 };
	struct debugfile *f;

	if (open_debug(path, &f) < 0 || index_make(f, &some_id, NULL, &bytes, problem) < 0)
		test_failed("%s: %s", path, why());
	debugfile_close(f);
	return bytes;
}

static struct index *load(struct strbuf *bytes)
{
	struct index *ix;
	size_t len;
	char *data = strbuf_steal(bytes, &len);

	assert_int_equal(index_load(data, len, &some_id, &ix), 0);
	return ix;
}

static struct index *index_of(const char *path)
{
	char problem[128] = "";
	struct strbuf bytes = made_index(path, problem);

	assert_string_equal(problem, "");
	return load(&bytes);
}

/* Compilers spell integers in their own ways, and DWARF 2 has no restrict. */
static void replace(char *text, const char *from, const char *to)
{
	char *at;

	while ((at = strstr(text, from))) {
		memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
		memcpy(at, to, strlen(to));
	}
}

/* Words with one space between. */
static void squeeze(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++) {
		char c = *from == '\n' || *from == '\t' ? ' ' : *from;

		if (c != ' ' || (to != text && to[-1] != ' '))
			*to++ = c;
	}
	while (to != text && to[-1] == ' ')
		to--;
	*to = 0;
}

static bool is_remark(const char *line)
{
	return !strncmp(line + strspn(line, "\t"), "/* ", 3);
}

static char *normalised(const char *text)
{
	char *ret = calloc(1, strlen(text) + 1);

	assert_non_null(ret);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!is_remark(line))
			strncat(ret, line, strcspn(line, "\n") + 1);
	squeeze(ret);
	replace(ret, "long unsigned int", "unsigned long");
	replace(ret, "long long int", "long long");
	replace(ret, "long int", "long");
	replace(ret, "short int", "short");
	replace(ret, " restrict", "");
	return ret;
}

static void check_types(const char *file, const struct index *ix)
{
	uint64_t value;

	assert_ok(types_enumerator(index_types(ix), "TOGETHER", &value));
	assert_int_equal(value, 78);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const struct type *t =
			types_find(index_types(ix), types[i].kind, types[i].name, NULL);
		STRBUF(out);
		char *got;

		if (!t)
			test_failed("%s: no %s", file, types[i].name);
		assert_null(types_find(index_types(ix), types[i].kind, types[i].name, t));
		put_definition(&out, t);
		got = normalised(out.data);
		if (strcmp(got, types[i].expect) != 0)
			test_failed("%s: %s\n instead of %s", file, got, types[i].expect);
		free(got);
	}
}

static bool find_named(const struct index *ix, const char *name, size_t skip,
		       struct declaration *ret)
{
	for (size_t i = 0; i < index_count(ix); i++) {
		index_at(ix, i, ret);
		if (!strcmp(ret->name, name) && !skip--)
			return true;
	}
	return false;
}

static void check_declarations(const char *file, const struct index *ix)
{
	struct declaration d, other;

	for (size_t i = 0; i < ARRAY_SIZE(declarations); i++) {
		STRBUF(out);
		char *got;

		if (!find_named(ix, declarations[i].name, 0, &d))
			test_failed("%s: no %s", file, declarations[i].name);
		put(&out, "%s:%u ", d.file, d.line);
		put_declaration(&out, d.type, d.name);
		got = normalised(out.data);
		if (strcmp(got, declarations[i].expect) != 0)
			test_failed("%s: %s\n instead of %s", file, got, declarations[i].expect);
		assert_int_equal(d.is_function, declarations[i].is_function);
		assert_int_equal(d.external, declarations[i].external);
		assert_true(d.defined);
		free(got);
	}
	assert_true(find_named(ix, "twin", 0, &d) && find_named(ix, "twin", 1, &other));
	assert_int_equal(type_size(d.type) + type_size(other.type), 4 + 8);
}

/* Every symbol of data and code is found at its address. */
static void check_symbols(const char *path, const struct index *ix)
{
	static const char *const bounds[] = { "_start", "__bss_start", "_edata", "_end" };
	struct symtab symbols = { 0 };
	struct declaration d;
	struct objfile *o;
	size_t found = 0;

	assert_int_equal(objfile_open(path, &o), 0);
	assert_int_equal(objfile_symbols(o, 0, &symbols), 0);
	for (size_t i = 0; i < symbols.n; i++) {
		const char *name = symtab_name(&symbols, i);
		bool bound = false;

		for (size_t b = 0; b < ARRAY_SIZE(bounds); b++)
			bound |= !strcmp(name, bounds[b]);
		if (bound)
			continue;
		if (!index_find(ix, symbols.v[i].addr, name, &d))
			test_failed("%s: nothing at the address of %s", path, name);
		assert_non_null(strstr(name, d.name));
		assert_false(index_find(ix, symbols.v[i].addr, "other", &d));
		found++;
	}
	assert_true(found >= ARRAY_SIZE(declarations));
	symtab_fini(&symbols);
	objfile_close(o);
}

/* For each line of the list. */
static void for_each_file(void (*fn)(const char *path))
{
	char *list = path_of("../dwarf.list"), line[256];
	FILE *f = fopen(list, "r");
	size_t n = 0;

	assert_non_null(f);
	for (; fgets(line, sizeof(line), f); n++) {
		char *path;

		line[strcspn(line, "\n")] = 0;
		path = path_of(line);
		fn(path);
		free(path);
	}
	fclose(f);
	free(list);
	assert_true(n >= 8);
}

static void check_file(const char *path)
{
	struct index *ix = index_of(path);

	check_types(path, ix);
	check_declarations(path, ix);
	check_symbols(path, ix);
	index_close(ix);
}

static void all_forms(void **state)
{
	(void)state;
	for_each_file(check_file);
}

/* Whatever thread reads what. */
static void always_the_same(void **state)
{
	char *path = path_of("gcc-5-linked"), problem[128];
	struct strbuf first = made_index(path, problem);

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct strbuf again = made_index(path, problem);

		assert_int_equal(first.len, again.len);
		assert_memory_equal(first.data, again.data, first.len);
		strbuf_fini(&again);
	}
	strbuf_fini(&first);
	free(path);
}

/* Who gives up does not wait, and nothing is kept of the attempt. */
static void ends_when_cancelled(void **state)
{
	char *path = path_of("gcc-5-linked"), problem[128] = "";
	atomic_bool flag = true;
	struct debugfile *f;
	STRBUF(bytes);

	(void)state;
	assert_ok(open_debug(path, &f));
	cancel_arm(&flag);
	assert_fails(index_make(f, &some_id, NULL, &bytes, problem), -EINTR, "interrupted");
	cancel_arm(NULL);
	assert_ok(index_make(f, &some_id, NULL, &bytes, problem));
	debugfile_close(f);
	free(path);
}

static atomic_uint last_percent; /* any thread may tell */

static void note_progress(const char *what, unsigned int percent)
{
	assert_non_null(strstr(what, "types"));
	last_percent = percent;
}

static void tells_progress(void **state)
{
	char *path = path_of("gcc-5-linked"), problem[128] = "";
	struct debugfile *f;
	STRBUF(bytes);

	(void)state;
	assert_ok(open_debug(path, &f));
	assert_ok(index_make(f, &some_id, note_progress, &bytes, problem));
	assert_int_equal(last_percent, 100);
	debugfile_close(f);
	free(path);
}

static void without_dwarf(void **state)
{
	char *path = path_of("stripped");
	struct debugfile *f;

	(void)state;
	assert_int_equal(debugfile_open_kernel(path, 0, &f), -ENOENT);
	assert_non_null(strstr(why(), "stripped"));
	free(path);
}

static unsigned char *contents(const char *path, size_t *ret_len)
{
	unsigned char *p;
	struct stat st;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	p = malloc((size_t)st.st_size);
	assert_non_null(p);
	assert_int_equal(read(fd, p, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_len = (size_t)st.st_size;
	return p;
}

/* Whatever the bytes of a section are, it ends, and says so if it cannot go on. */
static void try_bytes(const unsigned char *bytes, size_t len)
{
	char path[] = "/tmp/dwarf-XXXXXX", problem[128] = "";
	int fd = mkstemp(path);
	struct debugfile *f;
	struct index *ix;
	STRBUF(made);
	size_t n;
	char *data;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	if (debugfile_open_kernel(path, 0, &f) == 0) {
		if (index_make(f, &some_id, NULL, &made, problem) == 0) {
			data = strbuf_steal(&made, &n);
			assert_int_equal(index_load(data, n, &some_id, &ix), 0);
			index_close(ix);
		}
		debugfile_close(f);
	}
	unlink(path);
}

static void damaged(void **state)
{
	static const char *const sections[] = { ".debug_info", ".debug_abbrev", ".debug_line",
						".debug_str" };
	char *path = path_of("gcc-5-linked");
	unsigned char *bytes;
	struct objfile *o;
	uint32_t seed = 1;
	size_t len;

	(void)state;
	bytes = contents(path, &len);
	assert_int_equal(objfile_open(path, &o), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		struct section s;
		unsigned char *at;

		assert_int_equal(objfile_section(o, sections[i], &s), 0);
		at = memmem(bytes, len, s.bytes, (size_t)s.size);
		assert_non_null(at);
		for (int n = 0; n < 100; n++) {
			unsigned char old;

			seed = seed * 1103515245 + 12345;
			at += seed % s.size;
			old = *at;
			*at ^= (unsigned char)(1 + (seed >> 16) % 255);
			try_bytes(bytes, len);
			*at = old;
			at -= seed % s.size;
		}
		/* and all of it from some byte on */
		memset(at + s.size / 2, (int)seed, (size_t)(s.size - s.size / 2));
		try_bytes(bytes, len);
		memcpy(at, s.bytes, (size_t)s.size);
	}
	objfile_close(o);
	free(bytes);
	free(path);
}

/* A unit that is cut off is told of; those before it are there. */
static void truncated(void **state)
{
	char *path = path_of("gcc-5-linked"), problem[128] = "", copy[] = "/tmp/dwarf-XXXXXX";
	unsigned char *bytes, *at;
	struct strbuf made;
	struct section s;
	struct objfile *o;
	struct index *ix;
	size_t len;
	int fd = mkstemp(copy);

	(void)state;
	bytes = contents(path, &len);
	assert_int_equal(objfile_open(path, &o), 0);
	assert_int_equal(objfile_section(o, ".debug_info", &s), 0);
	at = memmem(bytes, len, s.bytes, (size_t)s.size);
	memset(at + s.size - 100, 0xff, 100);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	made = made_index(copy, problem);
	assert_true(problem[0]);
	ix = load(&made);
	assert_non_null(types_find(index_types(ix), TYPE_STRUCT, "kinds", NULL));
	index_close(ix);
	unlink(copy);
	objfile_close(o);
	free(bytes);
	free(path);
}

/* Every byte counts, and whose it is. */
static void index_is_checked(void **state)
{
	static const struct build_id other = { { 0xab, 0xcd, 0xee }, 3 },
				     longer = { { 0xab, 0xcd, 0xef }, 4 };
	char *path = path_of("gcc-5-linked"), problem[128];
	struct strbuf made = made_index(path, problem);
	struct index *ix;

	(void)state;
	for (size_t i = 0; i < made.len; i += 1 + i / 64) {
		char *copy = malloc(made.len);

		memcpy(copy, made.data, made.len);
		copy[i] ^= 0x10;
		assert_int_equal(index_load(copy, made.len, &some_id, &ix), -EBADMSG);
	}
	for (size_t len = 0; len < made.len; len += 1 + len / 16) {
		char *copy = malloc(len + 1);

		memcpy(copy, made.data, len);
		assert_int_equal(index_load(copy, len, &some_id, &ix), -EBADMSG);
	}
	for (int i = 0; i < 2; i++) {
		char *copy = malloc(made.len);

		memcpy(copy, made.data, made.len);
		assert_int_equal(index_load(copy, made.len, i ? &other : &longer, &ix), -EBADMSG);
	}
	strbuf_fini(&made);
	free(path);
}

static void is_kept(void **state)
{
	char dir[] = "/tmp/keep-XXXXXX", *nested, *file;
	struct strbuf bytes = { 0 };
	struct stat st;
	size_t len;
	void *got;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_true(asprintf(&nested, "%s/a/b", dir) > 0);
	assert_true(asprintf(&file, "%s/abcdef.types", nested) > 0);
	assert_int_equal(keep_read(nested, &some_id, &got, &len), -ENOENT);
	for (int i = 0; i < 2; i++) {
		put(&bytes, "some bytes %d", i);
		keep_write(nested, &some_id, &bytes);
		assert_int_equal(keep_read(nested, &some_id, &got, &len), 0);
		assert_int_equal(len, bytes.len);
		assert_memory_equal(got, bytes.data, len);
		free(got);
	}
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(nested, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	unlink(file);
	/* what is in the way stays, and is no error */
	mkdir(file, 0700);
	keep_write(nested, &some_id, &bytes);
	assert_int_equal(keep_read(nested, &some_id, &got, &len), -ENOENT);
	rmdir(file);
	assert_int_equal(rmdir(nested), 0); /* nothing half-written is left */
	keep_write("/proc/nowhere", &some_id, &bytes);
	*strrchr(nested, '/') = 0;
	rmdir(nested);
	assert_int_equal(rmdir(dir), 0);
	strbuf_fini(&bytes);
	free(nested);
	free(file);
}

UNIT_TESTS(cmocka_unit_test(all_forms), cmocka_unit_test(always_the_same),
	   cmocka_unit_test(ends_when_cancelled), cmocka_unit_test(tells_progress),
	   cmocka_unit_test(without_dwarf), cmocka_unit_test(damaged), cmocka_unit_test(truncated),
	   cmocka_unit_test(index_is_checked), cmocka_unit_test(is_kept))
