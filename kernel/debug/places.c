#include "kernel/debug/places.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"

/* What is around the release, in the order in which they are tried. */
static const struct {
	const char *before, *after;
} vmlinux_forms[] = {
	{ "vmlinux-", "" },
	{ "vmlinux-", ".debug" },
	{ "boot/vmlinux-", "" },		  /* Debian, Ubuntu */
	{ "boot/vmlinux-", ".debug" },		  /* openSUSE until 2021 */
	{ "lib/modules/", "/vmlinux" },		  /* Fedora, Red Hat */
	{ "lib/modules/", "/vmlinux.debug" },	  /* openSUSE */
	{ "usr/lib/modules/", "/vmlinux" },	  /* Arch */
	{ "usr/lib/modules/", "/vmlinux.debug" }, /* openSUSE */
	{ "lib/modules/", "/build/vmlinux" },	  /* built and installed by hand */
};

char *place_of_vmlinux(const char *root, const char *release, size_t i)
{
	char *path;

	if (i >= sizeof(vmlinux_forms) / sizeof(vmlinux_forms[0]))
		return NULL;
	return asprintf(&path, "%s/%s%s%s", root, vmlinux_forms[i].before, release,
			vmlinux_forms[i].after) < 0
		       ? NULL
		       : path;
}

char *place_of_build_id(const char *root, const struct build_id *id)
{
	char hex[2 * BUILD_ID_MAX + 1], *path;

	build_id_text(id, hex);
	return asprintf(&path, "%s/.build-id/%.2s/%s.debug", root, hex, hex + 2) < 0 ? NULL : path;
}

bool place_name(const char *path, char *ret, size_t size)
{
	const char *base = strrchr(path, '/'), *end;
	size_t len;

	base = base ? base + 1 : path;
	end = strstr(base, ".ko");
	if (end && (!end[3] || !strcmp(end, ".ko.debug")))
		len = (size_t)(end - base);
	else if (!strncmp(base, "vmlinux", 7) &&
		 (!base[7] || base[7] == '-' || !strcmp(base + 7, ".debug")))
		len = 7;
	else
		return false;
	if (!len || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		ret[i] = base[i] == '-' ? '_' : base[i];
	ret[len] = 0;
	return true;
}

static int add(struct place_index *ix, const char *path)
{
	struct place_entry *more;
	char name[256];

	if (!place_name(path, name, sizeof(name)))
		return 0;
	more = realloc(ix->v, (ix->n + 1) * sizeof(*more));
	if (!more)
		return fail(-ENOMEM, "%s", path);
	ix->v = more;
	more[ix->n] = (struct place_entry){ strdup(name), strdup(path), ix->n };
	ix->n++;
	if (!more[ix->n - 1].name || !more[ix->n - 1].path)
		return fail(-ENOMEM, "%s", path);
	return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int add_deep(struct place_index *ix, const char *folder)
{
	char *paths[] = { (char *)folder, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	size_t seen = 0;
	FTSENT *e;
	int r = 0;

	if (!fts)
		return errno == ENOMEM ? fail(-ENOMEM, "%s", folder) : 0;
	while (r == 0 && (e = fts_read(fts))) {
		if (cancelled())
			r = fail(-EINTR, "interrupted");
		else if (++seen > LIMIT_DEBUG_FILES)
			ix->cut = true;
		else if (e->fts_info == FTS_F || e->fts_info == FTS_SL)
			r = add(ix, e->fts_path);
		if (ix->cut)
			break;
	}
	fts_close(fts);
	return r;
}

static int add_from(struct place_index *ix, const char *folder, const struct dirent *e)
{
	char *path;
	int r;

	if (e->d_type != DT_REG && e->d_type != DT_LNK && e->d_type != DT_UNKNOWN)
		return 0;
	if (asprintf(&path, "%s/%s", folder, e->d_name) < 0)
		return fail(-ENOMEM, "%s", folder);
	r = add(ix, path);
	free(path);
	return r;
}

/* By the names alone: our own mount point may be among them, which may not be asked for anything here. */
static int add_shallow(struct place_index *ix, const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort), r = 0;

	if (n < 0)
		return errno == ENOMEM ? fail(-ENOMEM, "%s", folder) : 0;
	ix->cut |= (size_t)n > LIMIT_DEBUG_FILES;
	for (int i = 0; i < n; i++) {
		if (r == 0 && (size_t)i < LIMIT_DEBUG_FILES)
			r = add_from(ix, folder, names[i]);
		free(names[i]);
	}
	free(names);
	return r;
}

int place_index_add(struct place_index *ix, const char *folder, bool deep)
{
	return deep ? add_deep(ix, folder) : add_shallow(ix, folder);
}

static int compare(const void *a, const void *b)
{
	const struct place_entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

void place_index_seal(struct place_index *ix)
{
	if (ix->n)
		qsort(ix->v, ix->n, sizeof(*ix->v), compare);
}

void place_index_fini(struct place_index *ix)
{
	for (size_t i = 0; i < ix->n; i++) {
		free(ix->v[i].name);
		free(ix->v[i].path);
	}
	free(ix->v);
	*ix = (struct place_index){ 0 };
}

const char *place_index_find(const struct place_index *ix, const char *name, size_t i)
{
	size_t low = 0, high = ix->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(ix->v[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	low += i;
	return low < ix->n && !strcmp(ix->v[low].name, name) ? ix->v[low].path : NULL;
}
