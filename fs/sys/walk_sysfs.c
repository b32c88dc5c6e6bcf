/* /sys: the tree of sysfs, and in its fs/cgroup that of control groups, whatever was mounted where. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/gen.h"
#include "fs/sys/attr.h"
#include "fs/sys/cgroup_file.h"
#include "kernel/sys/kernfs.h"

/* item.what; item.v[0] is the struct kernfs_node. */
enum { IN_SYSFS, IN_CGROUP };

static int node_of(struct render *r, const struct item *dir, uint64_t *ret)
{
	if (!dir)
		return sysfs_root(r->k, ret);
	*ret = dir->v[0];
	return 0;
}

static enum item_kind kind_of(const struct kernfs *entry)
{
	return entry->type == KERNFS_DIR    ? ITEM_DIR
	       : entry->type == KERNFS_LINK ? ITEM_LINK
					    : ITEM_TEXT;
}

/* Is it /sys/fs/cgroup? */
static bool is_cgroup(struct render *r, const struct item *dir, const char *name, uint64_t *ret)
{
	struct kernfs fs;

	return dir && dir->depth == 0 && dir->what == IN_SYSFS && !strcmp(name, "cgroup") &&
	       kernfs_read(r->k, dir->v[0], &fs) >= 0 && !strcmp(fs.name, "fs") &&
	       cgroup_fs_root(r->k, ret) >= 0;
}

static int find(struct render *r, const struct item *dir, const char *name, struct item *ret)
{
	struct kernfs entry;
	uint64_t at;
	int e = node_of(r, dir, &at);

	if (e >= 0 && dir && dir->depth >= LIMIT_KERNFS_DEPTH)
		e = fail(-ELOOP, "more than %d levels", LIMIT_KERNFS_DEPTH);
	if (e >= 0)
		e = kernfs_find(r->k, at, name, &entry);
	if (e < 0)
		return e;
	*ret = (struct item){ .kind = (uint8_t)kind_of(&entry),
			      .what = dir ? dir->what : IN_SYSFS,
			      .v = { entry.node } };
	if (is_cgroup(r, dir, name, &at)) {
		ret->what = IN_CGROUP;
		ret->v[0] = at;
	}
	return 0;
}

struct adding {
	struct names *names;
	bool top;
};

static int add(void *arg, const struct kernfs *entry)
{
	const struct adding *a = arg;

	/* It has lines of its own in tree.def. */
	if (!a->top || strcmp(entry->name, "module") != 0)
		names_add(a->names, entry->name, kind_of(entry));
	return 0;
}

static int list(struct render *r, const struct item *dir, struct names *names)
{
	struct adding a = { names, !dir };
	uint64_t at;
	int e = node_of(r, dir, &at);

	return e < 0 ? e : kernfs_each(r->k, at, add, &a);
}

static int text(struct render *r)
{
	const struct item *item = r->item;
	struct sysfile a;
	int e;

	if (item->kind == ITEM_LINK)
		return put_kernfs_target(r->out, r->k, item->v[0]);
	if (item->what == IN_CGROUP)
		return put_cgroup_file(r, item->v[0]);
	e = attr_open(r, item->v[0], &a);
	return e < 0 ? e : put_attr(&a);
}

static uint64_t identity(const struct item *dir)
{
	return dir->v[0];
}

const struct walker walk_sysfs = {
	.find = find,
	.list = list,
	.text = text,
	.identity = identity,
};
