/* The names in a directory: a lister writes them, readdir() walks them. The list is a snapshot, so an
 * entry's number is a stable offset. It knows nothing of what the names stand for. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NAMES_LENGTH 255	   /* bytes of one name, as readdir(3) of most libraries bears */
#define NAMES_BYTES  (1024u << 20) /* of all names of a directory */

struct name {
	uint64_t id; /* what the lister knows the entry by */
	size_t at;
};

struct names {
	struct name *entries;
	size_t n, room;
	char *text; /* the names, each with its NUL */
	size_t len, text_room;
	int error; /* sticky, as in strbuf: -ENOMEM, -ELOOP */
};

void names_fini(struct names *names);

#define NAMES(name) __attribute__((cleanup(names_fini))) struct names name = { 0 }

/* Append an entry. A name that cannot stand in a directory (empty, dots, a slash, a control
 * byte, too long) is left
 * out: listers that take names from the dump escape them first. */
void names_add(struct names *names, const char *name, uint64_t id);

/* Append an entry whose name is its id in decimal. */
void names_add_number(struct names *names, uint64_t id);

static inline const char *names_text(const struct names *names, size_t i)
{
	return names->text + names->entries[i].at;
}

/* The id of @name; -ENOENT. */
int names_find(const struct names *names, const char *name, uint64_t *ret_id);

/* The number of which @name is the decimal form, the only one: -ENOENT for " 1", "01", "+1". */
int name_number(const char *name, uint64_t *ret);
