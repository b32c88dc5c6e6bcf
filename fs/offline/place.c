#include "fs/offline/place.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"

#define LINKS_MAX 40 /* followed for one path, as path_resolution(7) */

/* A reference that moves on. */
static void move(struct fs *fs, struct node **at, struct node *to)
{
	node_unref(fs->nodes, *at, 1);
	*at = to;
}

static int step(struct fs *fs, struct node **at, const char *name, unsigned int *links);

/* Go from @at, a directory, along @path. */
static int go(struct fs *fs, struct node **at, const char *path, unsigned int *links)
{
	_free_ char *copy = strdup(path);
	char *rest = NULL, *name = copy ? strtok_r(copy, "/", &rest) : NULL;
	int r = copy ? 0 : fail(-ENOMEM, "%s", path);

	for (; r == 0 && name; name = strtok_r(NULL, "/", &rest))
		r = step(fs, at, name, links);
	return r;
}

/* Replace @at, a link or not, by where it leads. */
static int follow(struct fs *fs, struct node **at, unsigned int *links)
{
	struct node *dir;
	STRBUF(target);
	int r;

	if (node_is_dir(*at) || node_kind(*at) != RULE_LINK)
		return 0;
	if (++*links > LINKS_MAX)
		return fail(-ELOOP, "more than %d links", LINKS_MAX);
	r = fs_readlink(fs, *at, &target);
	if (r < 0)
		return r;
	if (!target.len || target.data[0] == '/')
		return fail(-ENOENT, "a link to %s of the crashed machine",
			    target.len ? target.data : "nothing");
	if (!strncmp(target.data, "!! ", 3))
		return fail(-ENOENT, "%s", target.data + 3);
	dir = (*at)->parent;
	node_ref(fs->nodes, dir);
	move(fs, at, dir);
	return go(fs, at, target.data, links);
}

/* Go from @at, a directory, to @name in it, and on if that is a link. */
static int step(struct fs *fs, struct node **at, const char *name, unsigned int *links)
{
	struct node *next;
	int r;

	if (!node_is_dir(*at))
		return fail(-ENOTDIR, "%s: not a directory", (*at)->name);
	if (!strcmp(name, "."))
		return 0;
	if (!strcmp(name, "..")) {
		next = (*at)->parent ? (*at)->parent : *at;
		node_ref(fs->nodes, next);
		move(fs, at, next);
		return 0;
	}
	r = fs_lookup(fs, *at, name, &next);
	if (r < 0)
		return r;
	move(fs, at, next);
	return follow(fs, at, links);
}

int place_follow(struct fs *fs, struct node *n, struct node **ret)
{
	unsigned int links = 0;
	int r;

	node_ref(fs->nodes, n);
	r = follow(fs, &n, &links);
	if (r < 0)
		node_unref(fs->nodes, n, 1);
	else
		*ret = n;
	return r;
}

struct search {
	struct fs *fs;
	bool follow;
	place_fn *fn;
	void *arg;
	size_t found;
};

static bool is_pattern(const char *name)
{
	return strpbrk(name, "*?[") != NULL;
}

static int search(struct search *s, struct node *at, const char *path, char *const *names);

/* @n is what @path names, and @names what follows. */
static int search_below(struct search *s, struct node *n, const char *path, char *const *names)
{
	struct node *end = n;
	int r = 0;

	if (!names[0] && !s->follow) {
		s->found++;
		return s->fn(s->arg, path, n);
	}
	r = place_follow(s->fs, n, &end);
	if (r < 0)
		return r;
	r = search(s, end, path, names);
	node_unref(s->fs->nodes, end, 1);
	return r;
}

static int search_name(struct search *s, struct node *at, const char *path, const char *name,
		       char *const *names)
{
	_free_ char *below = NULL;
	struct node *n;
	int r;

	if (asprintf(&below, "%s/%s", path, name) < 0) {
		below = NULL;
		return fail(-ENOMEM, "%s", path);
	}
	if (!strcmp(name, "..") || !strcmp(name, ".")) {
		n = name[1] && at->parent ? at->parent : at;
		return search_below(s, n, below, names);
	}
	r = fs_lookup(s->fs, at, name, &n);
	if (r < 0)
		return r;
	r = search_below(s, n, below, names);
	node_unref(s->fs->nodes, n, 1);
	return r;
}

/* What one of many matches cannot give is not asked for by name: it is passed over. That the list is not whole
 * is told after what it has. */
static int search_pattern(struct search *s, struct node *at, const char *path, const char *pattern,
			  char *const *names)
{
	NAMES(list);
	STRBUF(reason);
	int listed = fs_list(s->fs, at, &list), r = 0;

	if (listed == -EINTR || listed == -ENOMEM)
		return listed;
	if (listed < 0)
		put(&reason, "%s: %s", *path ? path : "/", why());
	for (size_t i = 0; i < list.n; i++) {
		const char *name = names_text(&list, i);

		if (fnmatch(pattern, name, FNM_PERIOD) != 0)
			continue;
		r = search_name(s, at, path, name, names);
		if (r == -ENOENT || r == -ENOTDIR)
			r = 0;
		if (r < 0)
			return r;
	}
	return listed < 0 ? fail(listed, "%s", reason.data) : 0;
}

static int search(struct search *s, struct node *at, const char *path, char *const *names)
{
	if (!names[0]) {
		s->found++;
		return s->fn(s->arg, *path ? path : "/", at);
	}
	if (!node_is_dir(at))
		return fail(-ENOTDIR, "%s: not a directory", path);
	if (is_pattern(names[0]))
		return search_pattern(s, at, path, names[0], names + 1);
	return search_name(s, at, path, names[0], names + 1);
}

int places(struct fs *fs, const char *pattern, bool follow, place_fn *fn, void *arg)
{
	struct search s = { .fs = fs, .follow = follow, .fn = fn, .arg = arg };
	_free_ char *copy = strdup(pattern);
	_free_ char **names = calloc(strlen(pattern) / 2 + 2, sizeof(*names));
	char *rest = NULL, *name;
	size_t n = 0;
	int r;

	if (!copy || !names)
		return fail(-ENOMEM, "%s", pattern);
	for (name = strtok_r(copy, "/", &rest); name; name = strtok_r(NULL, "/", &rest))
		names[n++] = name;
	r = search(&s, nodes_root(fs->nodes), "", names);
	if (r == 0 && !s.found)
		return fail(-ENOENT, "nothing of this name");
	return r;
}
