#include "tests/unit/unit.h"
#include "tests/image/image.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/notes.h"

static void iterates(void **state)
{
	struct blob b = { 0 };
	struct note *notes;
	size_t n;

	(void)state;
	note_add(&b, "CORE", NOTE_PRSTATUS, "abc", 3);
	note_add(&b, "VMCOREINFO", 0, "OSRELEASE=1\n", 12);
	note_add(&b, "LINUX", NOTE_VMCOREDD, "", 0);
	assert_ok(notes_parse(b.data, b.len, &notes, &n));
	assert_int_equal(n, 3);
	assert_string_equal(notes[0].name, "CORE");
	assert_int_equal(notes[0].type, NOTE_PRSTATUS);
	assert_int_equal(notes[0].desc_len, 3);
	assert_memory_equal(notes[0].desc, "abc", 3);
	assert_ptr_equal(note_find(notes, n, "VMCOREINFO", 0), &notes[1]);
	assert_ptr_equal(note_find(notes, n, "LINUX", NOTE_VMCOREDD), &notes[2]);
	assert_null(note_find(notes, n, "CORE", 2));
	assert_null(note_find(notes, n, "CORES", 1));
	free(notes);
	blob_fini(&b);
}

/* Cut anywhere: the notes before the cut are served, and that something is wrong is told. */
static void cut_anywhere(void **state)
{
	struct blob b = { 0 };
	size_t first;

	(void)state;
	note_add(&b, "CORE", 1, "abcd", 4);
	first = b.len;
	note_add(&b, "QEMU", 0, "efg", 3);
	for (size_t len = 0; len <= b.len; len++) {
		unsigned char *exact = malloc(len + !len);
		struct note *notes;
		size_t n;
		int r;

		memcpy(exact, b.data, len);
		r = notes_parse(exact, len, &notes, &n);
		/* less than a head is padding; the last descriptor's padding may be missing */
		assert_int_equal(r, (len >= 12 && len < first) ||
						    (len >= first + 12 && len < b.len - 1)
					    ? -EBADMSG
					    : 0);
		assert_int_equal(n, len < first ? 0 : len < b.len - 1 ? 1 : 2);
		free(notes);
		free(exact);
	}
	blob_fini(&b);
}

static void hostile_lengths(void **state)
{
	static const uint32_t lens[][2] = {
		{ UINT32_MAX, 0 },	    { 0, UINT32_MAX }, { UINT32_MAX, UINT32_MAX },
		{ 0x7fffffff, 0x80000000 }, { 4, 1000 },       { 1000, 4 }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		uint32_t raw[8] = { lens[i][0], lens[i][1], 1 };
		struct note *notes;
		size_t n;

		assert_fails(notes_parse((unsigned char *)raw, sizeof(raw), &notes, &n), -EBADMSG,
			     "leaves the notes");
		assert_int_equal(n, 0);
		free(notes);
	}
}

/* The kernel reserves room for every possible CPU: zeros between notes are no notes. */
static void zeros_between(void **state)
{
	static const unsigned char zeros[120];
	struct blob b = { 0 };
	struct note *notes;
	size_t n;

	(void)state;
	note_add(&b, "CORE", 1, "abcd", 4);
	blob_add(&b, zeros, sizeof(zeros));
	note_add(&b, "CORE", 1, "efgh", 4);
	assert_ok(notes_parse(b.data, b.len, &notes, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(notes[1].desc, "efgh", 4);
	free(notes);
	blob_fini(&b);
}

static void names_without_end(void **state)
{
	/* name_len 4, "CORE" without its NUL; then a name_len of 0 */
	static const unsigned char raw[] = "\4\0\0\0\0\0\0\0\1\0\0\0CORE"
					   "\0\0\0\0\4\0\0\0\7\0\0\0desc";
	struct note *notes;
	size_t n;

	(void)state;
	assert_ok(notes_parse(raw, sizeof(raw) - 1, &notes, &n));
	assert_int_equal(n, 2);
	assert_string_equal(notes[0].name, "");
	assert_string_equal(notes[1].name, "");
	assert_int_equal(notes[1].type, 7);
	free(notes);
}

UNIT_TESTS(cmocka_unit_test(iterates), cmocka_unit_test(cut_anywhere),
	   cmocka_unit_test(hostile_lengths), cmocka_unit_test(zeros_between),
	   cmocka_unit_test(names_without_end))
