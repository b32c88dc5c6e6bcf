#include "dump/notes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"

/* Name and descriptor are each padded to four bytes, also in ELF64 core files. */
static uint64_t padded(uint32_t len)
{
	return ((uint64_t)len + 3) & ~3ull;
}

/* A name is the writer's string with its NUL; QEMU and the kernel both count the NUL. */
static bool name_ok(const char *name, uint32_t len)
{
	return len && memchr(name, 0, len);
}

static int next_note(struct bytes *b, struct note *ret)
{
	uint32_t name_len = bytes_u32(b);
	const void *name;

	ret->desc_len = bytes_u32(b);
	ret->type = bytes_u32(b);
	name = bytes_take(b, padded(name_len));
	ret->desc = bytes_take(b, ret->desc_len);
	if (b->short_)
		return fail(-EBADMSG, "a note of %u bytes leaves the notes", ret->desc_len);
	ret->name = name_ok(name, name_len) ? name : "";
	/* The last descriptor need not be padded. */
	if (padded(ret->desc_len) - ret->desc_len <= b->len - b->pos)
		bytes_take(b, padded(ret->desc_len) - ret->desc_len);
	else
		bytes_seek(b, b->len);
	return 0;
}

int notes_parse(const unsigned char *blob, size_t len, struct note **ret, size_t *ret_n)
{
	struct bytes b = bytes_of(blob, len);
	struct note *notes = NULL, note;
	size_t n = 0, room = 0;
	int r = 0;

	while (len - b.pos >= 12) {
		struct note *more;

		r = next_note(&b, &note);
		if (r < 0)
			break;
		/* Zeros fill the space that the kernel reserved for CPUs that are not there. */
		if (!note.name[0] && !note.type && !note.desc_len)
			continue;
		if (n == LIMIT_NOTE_COUNT) {
			r = fail(-EBADMSG, "more than %u notes", LIMIT_NOTE_COUNT);
			break;
		}
		if (n == room) {
			room = room ? 2 * room : 16;
			more = realloc(notes, room * sizeof(*notes));
			if (!more) {
				free(notes);
				return fail(-ENOMEM, "%zu notes", room);
			}
			notes = more;
		}
		notes[n++] = note;
	}
	*ret = notes;
	*ret_n = n;
	return r;
}

const struct note *note_find(const struct note *notes, size_t n, const char *name, uint32_t type)
{
	for (size_t i = 0; i < n; i++)
		if (notes[i].type == type && !strcmp(notes[i].name, name))
			return &notes[i];
	return NULL;
}
