/* What a generator gets and what it may be. The functions themselves are declared from tree.def: a
 * generator needs no header of its own. */
#pragma once

#include <stdbool.h>
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

/* A place in a subtree that a walker finds its way in; what the words stand for is the walker's own. */
enum item_kind { ITEM_DIR, ITEM_TEXT, ITEM_LINK };

struct item {
	uint8_t kind; /* enum item_kind */
	uint8_t what;
	uint32_t depth; /* directories between it and the walker's pattern */
	uint64_t v[4];
	const void *p[2];
};

struct render {
	struct kernel *k;
	struct strbuf *out;	  /* text and links only */
	struct key key[KEYS_MAX]; /* key[0] answers the first {..} of the path, and so on */
	const struct item *item;  /* below a walker only */
	unsigned int depth;	  /* directories on the way to it, the root not counted */
	const char *root;	  /* as fs.root */
	bool stable;		  /* leave out what two dumps of the same crash differ in */
	bool verbatim;		  /* for a generator to say: bytes as they are, control bytes too */
};

/* What the target of a link begins with that leads to the top of the tree. */
static inline void put_way_up(const struct render *r)
{
	for (unsigned int i = 0; i < r->depth; i++)
		put_str(r->out, "../");
}

/* Write the text of a file, or the target of a link. One that cannot go on returns the error: what it
 * has written stays, and the error becomes the last line. The same dump gives the same bytes. */
typedef int text_fn(struct render *r);

/* Open the bytes of a file; @ret is the caller's to close. */
typedef int raw_fn(struct render *r, struct raw *ret);

/* What stat(2) shows. */
struct attr {
	uint32_t mode; /* with a type only of what is behind a link */
	uint32_t uid, gid;
	uint64_t ino;
};

/* Who fills a directory. list() adds the names in the order that `ls -U` shows; NULL: the entries are
 * found by name only. lookup() says whether an entry of this name exists, also of those that list()
 * leaves out, and its id; NULL: list() knows all. It returns -ENOENT for what does not exist. */
struct lister {
	int (*list)(struct render *r, struct names *names);
	int (*lookup)(struct render *r, const char *name, uint64_t *ret_id);
	/* The id of the entry that a reader finds under its own pid, when no other has that name; or
	 * NULL. It is for programs that look themselves up. */
	int (*reader)(struct render *r, uint64_t *ret_id);
	/* What stat(2) shows of the entry that @r is of, where it is not what all files show: changes @ret,
	 * which holds that. NULL: nothing. */
	int (*attr)(struct render *r, struct attr *ret);
	/* The same of where a link of these leads, when its target @name is no path, like "socket:[123]".
	 * -ENOENT: none leads there. NULL: all targets are paths. */
	int (*behind)(const char *name, struct attr *ret);
	const char *like; /* each entry has also what this directory of the table has; or NULL */
};

/* Who knows a subtree whose depth is not the table's. find() makes @ret of @name in @dir, NULL: where the
 * pattern stands; its .depth is set by the caller. -ENOENT: nothing. list() adds names, whose ids are the
 * item_kind; NULL @dir: where the pattern stands. text() is of an ITEM_TEXT or ITEM_LINK. identity(): two
 * directories that are the same have the same number; NULL: none are. */
struct walker {
	int (*find)(struct render *r, const struct item *dir, const char *name, struct item *ret);
	int (*list)(struct render *r, const struct item *dir, struct names *names);
	text_fn *text;
	uint64_t (*identity)(const struct item *dir);
};

/* Is there such a file? Cheap: it is asked when a directory is listed. */
typedef bool has_fn(struct render *r);

#define TEXT(path, fn, help) text_fn fn;
#define SOME(path, has, fn, help) \
	has_fn has;               \
	text_fn fn;
#define RAW(path, fn, help)	raw_fn fn;
#define WINDOW(path, fn, help)	raw_fn fn;
#define LINK(path, fn, help)	text_fn fn;
#define LIST(path, names, help) extern const struct lister names;
#define WALK(path, walk, help)	extern const struct walker walk;
#include "fs/tree.def"
#undef TEXT
#undef SOME
#undef RAW
#undef WINDOW
#undef LINK
#undef LIST
#undef WALK
