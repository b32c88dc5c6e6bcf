#include "fs/sandbox/readable.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"

int readable_add(struct readable *l, const char *path)
{
	char **more = realloc(l->paths, (l->n + 2) * sizeof(*more));

	if (!more)
		return fail(-ENOMEM, "%s", path);
	l->paths = more;
	more[l->n] = strdup(path);
	if (!more[l->n])
		return fail(-ENOMEM, "%s", path);
	more[++l->n] = NULL;
	return 0;
}

void readable_fini(struct readable *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->paths[i]);
	free(l->paths);
	*l = (struct readable){ 0 };
}

/* What a link leads to is in no rule for the folder of the link. */
static int add_links(struct readable *l, const char *folder, int levels)
{
	char *const roots[] = { (char *)folder, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	size_t budget = LIMIT_DEBUG_FILES;
	FTSENT *e;
	int r = 0;

	while (walk && r >= 0 && budget-- && (e = fts_read(walk))) {
		if (e->fts_info == FTS_D && e->fts_level >= levels)
			fts_set(walk, e, FTS_SKIP);
		if (e->fts_info == FTS_SL)
			r = readable_add(l, e->fts_path);
	}
	if (walk)
		fts_close(walk);
	return r;
}

/* The tree a kernel was built in, to which its folder of modules has a link. */
static int add_build(struct readable *l, const char *release)
{
	_free_ char *path = NULL;

	if (!*release || strchr(release, '/'))
		return 0;
	if (asprintf(&path, "/lib/modules/%s/build", release) < 0)
		return fail(-ENOMEM, "%s", release);
	return readable_add(l, path);
}

int readable_add_debug(struct readable *l, const struct kernel_options *o, const char *release)
{
	static const char *const usual[] = { "/usr/lib/debug", "/lib/modules", "/usr/lib/modules",
					     "/boot" };
	int r = o->vmlinux ? readable_add(l, o->vmlinux) : 0;

	if (o->no_debuginfo)
		return r;
	for (const char *const *m = o->modules; r >= 0 && m && *m; m++)
		r = readable_add(l, *m);
	for (size_t i = 0; r >= 0 && i < sizeof(usual) / sizeof(usual[0]); i++)
		r = readable_add(l, usual[i]);
	if (r >= 0)
		r = add_build(l, release);
	if (r >= 0 && o->debug_dir)
		r = readable_add(l, o->debug_dir);
	if (r >= 0 && o->debug_dir)
		r = add_links(l, o->debug_dir, LIMIT_DEBUG_DEPTH);
	if (r >= 0 && o->dump_dir)
		r = readable_add(l, o->dump_dir);
	if (r >= 0 && o->dump_dir)
		r = add_links(l, o->dump_dir, 1);
	return r;
}
