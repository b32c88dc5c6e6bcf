/* Functions and lines of small files with DWARF; of damaged ones nothing but an end. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/base/limits.h"
#include "kernel/debug/units.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/unit.h"

#include "tests/unit/made_debugfile.h"

#define VARIANTS 400

static const char *const samples[] = { SAMPLE_4, SAMPLE_5 };

static const struct {
	const char *place;
	size_t n;
	struct source_line v[3];
} expected[] = {
	{ "in_innermost",
	  3,
	  { { "innermost", "lib/sample.h", 102 },
	    { "middle", "lib/sample.c", 202 },
	    { "sample", "lib/sample.c", 218 } } },
	{ "in_middle",
	  2,
	  { { "middle", "lib/sample.c", 203 }, { "sample", "lib/sample.c", 218 } } },
	{ "in_sample", 1, { { "sample", "lib/sample.c", 220 } } },
	{ "in_sample_behind", 1, { { "sample", "lib/sample.c", 222 } } },
	{ "in_call", 1, { { "sample_call", "lib/sample.c", 209 } } },
};

static void check(struct units *u, struct debugfile *f, uint64_t moved)
{
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		uint64_t va = sample_symbol(f, expected[i].place) + moved;

		/* The second time the tables are there. */
		for (int again = 0; again < 2; again++) {
			LINES(l);

			assert_int_equal(units_lines(u, va, &l), 1);
			assert_int_equal(l->n, expected[i].n);
			for (size_t j = 0; j < l->n; j++) {
				assert_string_equal(l->v[j].function, expected[i].v[j].function);
				assert_string_equal(l->v[j].file, expected[i].v[j].file);
				assert_int_equal(l->v[j].line, expected[i].v[j].line);
			}
		}
	}
}

static void functions_and_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct debugfile *f, *moved;
		struct units *u;
		LINES(l);

		assert_ok(debugfile_open_kernel(samples[i], 0, &f));
		assert_ok(debugfile_open_kernel(samples[i], 0x40000000, &moved));
		u = units_new(f);
		check(u, f, 0);
		assert_int_equal(units_lines(u, 0, &l), 0);
		assert_int_equal(units_lines(u, UINT64_MAX, &l), 0);
		units_free(u);
		u = units_new(moved);
		check(u, f, 0x40000000);
		units_free(u);
		debugfile_close(moved);
		debugfile_close(f);
	}
}

/* A copy of a file in memory. */
struct copy {
	int fd;
	char path[32];
	unsigned char *bytes;
	size_t size;
};

static void copy_open(struct copy *c, const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	c->size = (size_t)st.st_size;
	c->bytes = malloc(c->size);
	assert_non_null(c->bytes);
	assert_int_equal(read(fd, c->bytes, c->size), st.st_size);
	close(fd);
	c->fd = memfd_create("copy", 0);
	assert_true(c->fd >= 0);
	snprintf(c->path, sizeof(c->path), "/proc/self/fd/%d", c->fd);
}

static void copy_write(struct copy *c, size_t size)
{
	assert_int_equal(ftruncate(c->fd, 0), 0);
	assert_int_equal(pwrite(c->fd, c->bytes, size, 0), (ssize_t)size);
}

static void copy_close(struct copy *c)
{
	close(c->fd);
	free(c->bytes);
}

/* Where a section's bytes are in the file. */
static size_t section_at(const struct copy *c, const char *name, size_t *ret_size)
{
	Elf *elf = elf_memory((char *)c->bytes, c->size);
	size_t at = 0, names;
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	assert_non_null(elf);
	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	while ((scn = elf_nextscn(elf, scn)) && gelf_getshdr(scn, &shdr)) {
		if (strcmp(elf_strptr(elf, names, shdr.sh_name), name) != 0)
			continue;
		at = shdr.sh_offset;
		*ret_size = shdr.sh_size;
	}
	elf_end(elf);
	return at;
}

/* Not every compiler writes .debug_aranges. */
static void without_aranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct debugfile *f;
		struct units *u;
		struct copy c;
		size_t at, size = 0;

		copy_open(&c, samples[i]);
		at = section_at(&c, ".debug_aranges", &size);
		/* The version. */
		if (at)
			memset(c.bytes + at + 4, 0xff, 2);
		copy_write(&c, c.size);
		assert_ok(debugfile_open_kernel(c.path, 0, &f));
		u = units_new(f);
		check(u, f, 0);
		units_free(u);
		debugfile_close(f);
		copy_close(&c);
	}
}

/* A table that would take hundreds of megabytes is not one. */
static void endless_lines(void **state)
{
	struct debugfile *f;
	struct units *u;
	struct copy c;
	size_t at, size = 0;
	LINES(l);

	(void)state;
	copy_open(&c, SAMPLE_5);
	at = section_at(&c, ".debug_line", &size);
	memset(c.bytes + at, 0x7f, 4);
	copy_write(&c, c.size);
	assert_ok(debugfile_open_kernel(c.path, 0, &f));
	u = units_new(f);
	assert_int_equal(units_lines(u, sample_symbol(f, "in_sample"), &l), 0);
	units_free(u);
	debugfile_close(f);
	copy_close(&c);
}

/* Whatever is in the file: lookups end, and what they find can be looked at. */
static void look_everywhere(const char *path, const uint64_t *va, size_t n)
{
	struct debugfile *f;
	struct units *u;

	if (debugfile_open_kernel(path, 0, &f) < 0)
		return;
	u = units_new(f);
	for (size_t i = 0; i < n; i++) {
		LINES(l);

		if (units_lines(u, va[i], &l) <= 0)
			continue;
		assert_in_range(l->n, 1, LIMIT_INLINED + 1);
		for (size_t j = 0; j < l->n; j++)
			if (l->v[j].function && l->v[j].file)
				assert_true(strlen(l->v[j].function) + strlen(l->v[j].file) <
					    l->bytes);
	}
	units_free(u);
	debugfile_close(f);
}

static uint32_t random_number(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static void damaged(void **state)
{
	static const char *const sections[] = { ".debug_info",	   ".debug_abbrev",
						".debug_line",	   ".debug_aranges",
						".debug_rnglists", ".debug_ranges",
						".debug_str" };
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		uint64_t va[ARRAY_SIZE(expected)];
		struct debugfile *f;
		struct copy c;

		assert_ok(debugfile_open_kernel(samples[i], 0, &f));
		for (size_t j = 0; j < ARRAY_SIZE(expected); j++)
			va[j] = sample_symbol(f, expected[j].place);
		debugfile_close(f);
		copy_open(&c, samples[i]);
		for (size_t n = 0; n < VARIANTS; n++) {
			const char *name = sections[n % ARRAY_SIZE(sections)];
			unsigned char was[8];
			size_t at[8], size = 0, start = section_at(&c, name, &size);

			for (size_t j = 0; size && j < 8; j++) {
				at[j] = start + random_number(&seed) % size;
				was[j] = c.bytes[at[j]];
				c.bytes[at[j]] = (unsigned char)random_number(&seed);
			}
			copy_write(&c, c.size);
			look_everywhere(c.path, va, ARRAY_SIZE(va));
			for (size_t j = 8; size && j-- > 0;)
				c.bytes[at[j]] = was[j];
		}
		for (size_t cut = 0; cut < c.size; cut += c.size / 64 + 1) {
			copy_write(&c, cut);
			look_everywhere(c.path, va, ARRAY_SIZE(va));
		}
		copy_close(&c);
	}
}

#define READERS 4

struct reader {
	struct kernel *k;
	uint64_t va;
	unsigned int found, wrong;
	pthread_t thread;
};

/* What they get is theirs until they put it back. */
static void *read_lines(void *arg)
{
	struct reader *reader = arg;

	for (int i = 0; i < 300; i++) {
		uint64_t va = reader->va + (uint64_t)i % 40;
		LINES(l);

		if (lines_at(reader->k, va, &l) != 1)
			continue;
		reader->found++;
		reader->wrong += l->n != 1 || !l->v[0].line;
	}
	return NULL;
}

static void many_readers(void **state)
{
	static const struct kernel_options options = { .vmlinux = BUILD_DIR "/sample_frames",
						       .force = true };
	struct reader readers[READERS];
	struct fake *f = fake_new();
	uint64_t va = FAKE_BASE + 0x10000;

	(void)state;
	f->options = &options;
	put(&f->vmcoreinfo, "KERNELOFFSET=0\n");
	fake_open(f);
	for (size_t i = 0; i < READERS; i++) {
		readers[i] = (struct reader){ .k = f->kernel, .va = va };
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_lines, &readers[i]),
				 0);
	}
	for (size_t i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_int_equal(readers[i].wrong, 0);
		assert_true(readers[i].found > 100);
	}
	fake_free(f);
}

/* The same line from the cache; of an address without any, that; the dump alone has none. */
static void kept(void **state)
{
	struct kernel_options options = { .vmlinux = BUILD_DIR "/sample_frames", .force = true };
	uint64_t va = FAKE_BASE + 0x10000;

	(void)state;
	for (int alone = 0; alone < 2; alone++) {
		struct fake *f = fake_new();

		f->options = &options;
		options.no_debuginfo = alone;
		put(&f->vmcoreinfo, "KERNELOFFSET=0\n");
		fake_open(f);
		for (int again = 0; again < 2; again++) {
			LINES(l);
			LINES(same);

			assert_int_equal(lines_at(f->kernel, va + 0x1000, &l), 0);
			assert_int_equal(lines_at(f->kernel, 0x1234, &l), 0);
			assert_int_equal(lines_at(f->kernel, va, &l), !alone);
			assert_int_equal(lines_at(f->kernel, va, &same), !alone);
			assert_ptr_equal(l, same);
			if (alone)
				continue;
			assert_non_null(strstr(l->v[0].file, "sample_frames.S"));
			assert_int_equal(l->v[0].line, 27);
		}
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(functions_and_lines), cmocka_unit_test(without_aranges),
	   cmocka_unit_test(endless_lines), cmocka_unit_test(damaged),
	   cmocka_unit_test(many_readers), cmocka_unit_test(kept))
