/* What a generator gets and what it may be. The functions themselves are declared from tree.def: a
 * generator needs no header of its own. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dump/base/strbuf.h"
#include "fs/names.h"
#include "fs/raw.h"
#include "kernel/kernel.h"

#define KEYS_MAX 8 /* {..} parts of a path */

/* What a {..} part of the path stands for. */
struct key {
	uint64_t id; /* what the lister or the lookup gave */
	const char *name;
};

struct render {
	struct kernel *k;
	struct strbuf *out;	  /* text and links only */
	struct key key[KEYS_MAX]; /* key[0] answers the first {..} of the path, and so on */
};

/* Write the text of a file, or the target of a link. One that cannot go on returns the error: what it
 * has written stays, and the error becomes the last line. The same dump gives the same bytes. */
typedef int text_fn(struct render *r);

/* Open the bytes of a file; @ret is the caller's to close. */
typedef int raw_fn(struct render *r, struct raw *ret);

/* Who fills a directory. list() adds the names in the order that `ls -U` shows; NULL: the entries are
 * found by name only. lookup() says whether an entry of this name exists, also of those that list()
 * leaves out, and its id; NULL: list() knows all. It returns -ENOENT for what does not exist. */
struct lister {
	int (*list)(struct render *r, struct names *names);
	int (*lookup)(struct render *r, const char *name, uint64_t *ret_id);
	const char *like; /* each entry has also what this directory of the table has; or NULL */
};

#define TEXT(path, fn, help)	text_fn fn;
#define RAW(path, fn, help)	raw_fn fn;
#define WINDOW(path, fn, help)	raw_fn fn;
#define LINK(path, fn, help)	text_fn fn;
#define LIST(path, names, help) extern const struct lister names;
#include "fs/tree.def"
#undef TEXT
#undef RAW
#undef WINDOW
#undef LINK
#undef LIST
