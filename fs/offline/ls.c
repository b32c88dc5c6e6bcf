/* vmcorefs ls: what is in directories. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/offline/offline.h"
#include "fs/offline/place.h"

struct ls {
	struct fs *fs;
	const struct options *o;
	int *status;
	bool titled; /* several directories: each after a line with its name */
	bool any;
};

static char kind_of(const struct node *n)
{
	if (node_is_dir(n))
		return 'd';
	return node_kind(n) == RULE_LINK ? 'l' : '-';
}

/* "-        1234 name", "l           9 name -> target" */
static void put_long(struct ls *ls, const char *path, const char *name, struct node *n)
{
	char kind = kind_of(n);
	uint64_t size = 0;
	STRBUF(target);
	int r = kind == 'd' ? 0 : fs_size(ls->fs, n);

	/* Of a text that was stopped no one knows how long it is. */
	if (r == 0 && kind != 'd' && !node_size(n, &size))
		r = fail(-ETIMEDOUT, "%s: stopped, its size is not known", name);
	if (r < 0) {
		offline_complain(path, NULL, ls->status);
		printf("%c %12s %s\n", kind, "?", name);
		return;
	}
	printf("%c %12lu %s", kind, size, name);
	if (kind == 'l' && fs_readlink(ls->fs, n, &target) == 0)
		printf(" -> %s", target.len ? target.data : "");
	printf("\n");
}

static void put_entry(struct ls *ls, const char *path, const char *name, struct node *n)
{
	if (ls->o->list_long)
		put_long(ls, path, name, n);
	else
		printf("%s\n", name);
}

static int list(struct ls *ls, const char *path, struct node *dir, unsigned int depth);

/* The directories in @dir, after @dir itself. */
static int list_below(struct ls *ls, const char *path, struct node *dir, const struct names *names,
		      unsigned int depth)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < names->n; i++) {
		_free_ char *below = NULL;
		struct node *n;

		if (!fs_name_is_dir(dir, names, i))
			continue;
		if (asprintf(&below, "%s/%s", strcmp(path, "/") ? path : "", names_text(names, i)) <
		    0) {
			below = NULL;
			return fail(-ENOMEM, "%s", path);
		}
		if (fs_listed(ls->fs, dir, names, i, &n) < 0) {
			offline_complain(below, NULL, ls->status);
			continue;
		}
		r = list(ls, below, n, depth + 1);
		node_unref(ls->fs->nodes, n, 1);
	}
	return r;
}

static int list(struct ls *ls, const char *path, struct node *dir, unsigned int depth)
{
	NAMES(names);
	int r = fs_list(ls->fs, dir, &names);

	if (r < 0)
		offline_complain(path, NULL, ls->status);
	if (ls->titled)
		printf("%s%s:\n", ls->any ? "\n" : "", path);
	ls->any = true;
	for (size_t i = 0; i < names.n; i++) {
		struct node *n;

		if (!ls->o->list_long) {
			printf("%s\n", names_text(&names, i));
			continue;
		}
		if (fs_listed(ls->fs, dir, &names, i, &n) < 0) {
			offline_complain(names_text(&names, i), NULL, ls->status);
			printf("%c %12s %s\n", '?', "?", names_text(&names, i));
			continue;
		}
		put_long(ls, path, names_text(&names, i), n);
		node_unref(ls->fs->nodes, n, 1);
	}
	if (ferror(stdout))
		return fail(-errno, "standard output: %s", strerror(errno));
	if (!ls->o->recursive)
		return 0;
	if (depth == LIMIT_TREE_DEPTH)
		return fail(-ELOOP, "%s: more than %u directories deep", path, LIMIT_TREE_DEPTH);
	return list_below(ls, path, dir, &names, depth);
}

/* A link to a directory stands for it, unless the link itself is of interest. */
static int ls_place(void *arg, const char *path, struct node *n)
{
	struct ls *ls = arg;
	struct node *end = n;
	bool followed = !ls->o->list_long && place_follow(ls->fs, n, &end) == 0;
	int r = 0;

	if (node_is_dir(end))
		r = list(ls, path, end, 0);
	else
		put_entry(ls, path, path, n);
	ls->any = true;
	if (followed)
		node_unref(ls->fs->nodes, end, 1);
	return r;
}

int offline_ls(struct sources *s, const struct options *o, int *ret_status)
{
	char *root[] = { (char[]){ "/" }, NULL };
	char *const *paths = o->words[0] ? o->words : root;
	struct ls ls = { .fs = s->fs, .o = o, .status = ret_status };

	ls.titled = o->recursive || paths[1] || strpbrk(paths[0], "*?[");
	for (size_t i = 0; paths[i]; i++) {
		int r = places(s->fs, paths[i], false, ls_place, &ls);

		if (r < 0 && ferror(stdout))
			return r;
		if (r < 0)
			offline_complain(paths[i], NULL, ret_status);
	}
	if (fflush(stdout) != 0)
		return fail(-errno, "standard output: %s", strerror(errno));
	return 0;
}
