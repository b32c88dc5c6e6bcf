/* vmcorefs export: the tree, or parts of it, as files or as a tar archive. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/offline/copy.h"
#include "fs/offline/offline.h"
#include "fs/offline/pack.h"
#include "fs/offline/place.h"

/* Each of these is the whole dump once more: only who names them gets them. */
static const char left_out[] = "memory";

struct export
{
	struct fs *fs;
	struct pack *pack;
	int *status;
	uint64_t files, partial;
	double done; /* of all, 0 to 1 */
	bool watched;
	unsigned int shown; /* per mille */
};

static void show(struct export *e, const char *path)
{
	unsigned int now = (unsigned int)(e->done * 1000);

	if (!e->watched || now == e->shown)
		return;
	e->shown = now;
	fprintf(stderr, "\r\033[K[%-30.*s] %3u.%u%%  %.40s", (int)(now * 30 / 1000),
		"##############################", now / 10, now % 10, path);
}

static int export_link(struct export *e, const char *path, struct node *n)
{
	STRBUF(target);
	int r = fs_readlink(e->fs, n, &target);

	if (r == 0)
		return pack_link(e->pack, path, target.len ? target.data : "");
	offline_complain(path, NULL, e->status);
	return 0;
}

static int export_file(struct export *e, const char *path, struct node *n)
{
	struct copy_sink sink;
	bool partial = false;
	int r;

	if (node_kind(n) == RULE_LINK)
		return export_link(e, path, n);
	if (node_kind(n) == RULE_WINDOW)
		return 0; /* as tar would pass it over: it has no size */
	pack_file(e->pack, path, &sink);
	r = copy_file(e->fs, n, &sink, &partial);
	if (r == COPY_SINK_FAILED)
		return -EIO;
	if (r < 0)
		offline_complain(path, NULL, e->status);
	e->files++;
	e->partial += partial;
	return pack_end(e->pack);
}

static int export_dir(struct export *e, const char *path, struct node *dir, double share,
		      unsigned int depth);

/* @share: of the whole, what all of @n is. */
static int export_node(struct export *e, const char *path, struct node *n, double share,
		       unsigned int depth)
{
	double end = e->done + share;
	int r;

	show(e, path);
	r = node_is_dir(n) ? export_dir(e, path, n, share, depth) : export_file(e, path, n);
	e->done = end;
	return r;
}

static int export_name(struct export *e, const char *path, struct node *dir,
		       const struct names *names, size_t i, double share, unsigned int depth)
{
	const char *name = names_text(names, i);
	_free_ char *below = NULL;
	struct node *n;
	int r;

	if (!*path && !strcmp(name, left_out))
		return 0;
	if (asprintf(&below, "%s%s%s", path, *path ? "/" : "", name) < 0) {
		below = NULL;
		return fail(-ENOMEM, "%s", path);
	}
	r = fs_listed(e->fs, dir, names, i, &n);
	if (r < 0) {
		offline_complain(below, NULL, e->status);
		return 0;
	}
	r = export_node(e, below, n, share, depth);
	node_unref(e->fs->nodes, n, 1);
	return r;
}

static int export_dir(struct export *e, const char *path, struct node *dir, double share,
		      unsigned int depth)
{
	NAMES(names);
	int r;

	if (depth == LIMIT_TREE_DEPTH)
		return fail(-ELOOP, "%s: more than %u directories deep", path, LIMIT_TREE_DEPTH);
	if (*path && (r = pack_dir(e->pack, path)) < 0)
		return r;
	if (fs_list(e->fs, dir, &names) < 0)
		offline_complain(*path ? path : "/", NULL, e->status);
	r = 0;
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = export_name(e, path, dir, &names, i, share / (double)names.n, depth + 1);
	return r;
}

struct part {
	struct export *e;
	double share;
};

static int export_place(void *arg, const char *path, struct node *n)
{
	const struct part *p = arg;

	return export_node(p->e, path + strspn(path, "/"), n, p->share, 0);
}

static int export_paths(struct export *e, char *const *paths)
{
	struct part part = { .e = e };
	size_t n = 0;
	int r = 0;

	while (paths[n])
		n++;
	if (!n)
		return export_node(e, "", nodes_root(e->fs->nodes), 1, 0);
	part.share = 1.0 / (double)n;
	for (size_t i = 0; r == 0 && i < n; i++) {
		e->done = (double)i / (double)n;
		r = places(e->fs, paths[i], false, export_place, &part);
		if (r < 0 && !pack_failed(e->pack)) {
			offline_complain(paths[i], NULL, e->status);
			r = 0;
		}
	}
	return r;
}

int offline_export(struct sources *s, struct pack *pack, char *const *paths, int *ret_status)
{
	struct export e = {
		.fs = s->fs, .pack = pack, .status = ret_status, .watched = isatty(STDERR_FILENO)
	};
	int r = export_paths(&e, paths);

	if (e.watched)
		fprintf(stderr, "\r\033[K");
	if (r == 0)
		r = pack_finish(e.pack);
	if (r < 0)
		return r;
	if (e.partial) {
		fprintf(stderr, "vmcorefs: %lu of %lu files lack something, and say so: !!\n",
			(unsigned long)e.partial, (unsigned long)e.files);
		*ret_status = 1;
	}
	return 0;
}
