#include "fs/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"

void names_fini(struct names *names)
{
	free(names->entries);
	free(names->text);
	*names = (struct names){ 0 };
}

/* No control byte gets to a terminal through a name. */
static bool has_controls(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return true;
	return false;
}

static bool fits_directory(const char *name, size_t len)
{
	return !has_controls(name) && len && len <= NAMES_LENGTH && strcmp(name, ".") &&
	       strcmp(name, "..") && !memchr(name, '/', len);
}

/* Room for one more of @size bytes each when @used of @room are taken. */
static void *grow(void *array, size_t size, size_t used, size_t more, size_t *room)
{
	size_t want = *room ? *room : 64;
	void *grown;

	if (used + more <= *room)
		return array;
	while (want < used + more)
		want *= 2;
	grown = realloc(array, want * size);
	if (grown)
		*room = want;
	return grown;
}

void names_add(struct names *names, const char *name, uint64_t id)
{
	size_t len = strlen(name);
	struct name *entries;
	char *text;

	if (names->error || !fits_directory(name, len))
		return;
	if (names->len + len + 1 > NAMES_BYTES) {
		names->error = fail(-ELOOP, "more than %u bytes of names", NAMES_BYTES);
		return;
	}
	entries = grow(names->entries, sizeof(*entries), names->n, 1, &names->room);
	if (entries)
		names->entries = entries;
	text = grow(names->text, 1, names->len, len + 1, &names->text_room);
	if (text)
		names->text = text;
	if (!entries || !text) {
		names->error = fail(-ENOMEM, "%zu names", names->n);
		return;
	}
	memcpy(text + names->len, name, len + 1);
	entries[names->n++] = (struct name){ .id = id, .at = names->len };
	names->len += len + 1;
}

void names_add_number(struct names *names, uint64_t id)
{
	char name[24];

	snprintf(name, sizeof(name), "%" PRIu64, id);
	names_add(names, name, id);
}

int names_find(const struct names *names, const char *name, uint64_t *ret_id)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names_text(names, i), name))
			continue;
		*ret_id = names->entries[i].id;
		return 0;
	}
	return fail(-ENOENT, "no entry of this name");
}

int name_number(const char *name, uint64_t *ret)
{
	uint64_t n = 0;

	for (const char *p = name; *p; p++) {
		unsigned digit = (unsigned)(unsigned char)*p - '0';

		if (digit > 9 || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, digit, &n))
			return fail(-ENOENT, "not a number");
	}
	if (!*name || (*name == '0' && name[1]))
		return fail(-ENOENT, "not a number");
	*ret = n;
	return 0;
}
