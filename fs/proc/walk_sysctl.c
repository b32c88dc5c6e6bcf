/* /proc/sys: what can be set in the kernel, and what it is set to. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/sys/sysctl.h"

#define LEVELS_MAX 32

/* v[0]: of a directory the struct ctl_dir, else the struct ctl_table. */
static int dir_of(struct render *r, const struct item *dir, uint64_t *ret)
{
	if (!dir)
		return sysctl_root(r->k, ret);
	*ret = dir->v[0];
	return 0;
}

static int find(struct render *r, const struct item *dir, const char *name, struct item *ret)
{
	struct sysctl s;
	uint64_t at;
	int e = dir_of(r, dir, &at);

	if (e >= 0 && dir && dir->depth >= LEVELS_MAX)
		e = fail(-ELOOP, "more than %d levels", LEVELS_MAX);
	if (e >= 0)
		e = sysctl_find(r->k, at, name, &s);
	if (e < 0)
		return e;
	*ret = (struct item){ .kind = s.dir ? ITEM_DIR : ITEM_TEXT,
			      .v = { s.dir ? s.dir : s.table } };
	return 0;
}

static int add(void *arg, const struct sysctl *s)
{
	names_add(arg, s->name, s->dir ? ITEM_DIR : ITEM_TEXT);
	return 0;
}

static int list(struct render *r, const struct item *dir, struct names *names)
{
	uint64_t at;
	int e = dir_of(r, dir, &at);

	return e < 0 ? e : sysctls_each(r->k, at, add, names);
}

static int text(struct render *r)
{
	return put_sysctl(r->out, r->k, r->item->v[0]);
}

static uint64_t identity(const struct item *dir)
{
	return dir->v[0];
}

const struct walker walk_sysctl = {
	.find = find,
	.list = list,
	.text = text,
	.identity = identity,
};
