#include "kernel/symbol/derived.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/kernfs.h"
#include "kernel/walk/guard.h"

/* The head of the ring that an entry has its links at @link in: the one that lies in the kernel's image, where no
 * entry does. */
static int head_of(struct kernel *k, uint64_t link, uint64_t *ret)
{
	struct guard guard = { 0 };
	const struct space *s;
	uint64_t at = link;
	int r = kernel_space(k, &s);

	while (r >= 0 && (at < s->image.first || at > s->image.last)) {
		r = guard_step(&guard, at);
		if (r >= 0)
			r = kernel_read_uint(k, at, 8, &at);
		if (r >= 0 && at == link)
			r = fail(-EBADMSG, "a list at %#lx without a head in the kernel's image",
				 link);
	}
	*ret = at;
	return r;
}

struct found {
	struct kernel *k;
	uint64_t link; /* 0: none yet */
};

static int link_of_module(void *arg, const struct kernfs *dir)
{
	struct found *found = arg;
	uint64_t owner, module;
	int r = field_owner(found->k, dir->priv, F_module_kobject_kobj, &owner);

	if (r >= 0)
		r = field_u64(found->k, owner, F_module_kobject_mod, &module);
	/* What is built in has parameters, and no module. */
	if (r < 0 || !module)
		return r;
	r = field_addr(found->k, module, F_module_list, &found->link);
	return r < 0 ? r : 1;
}

/* sysfs has a directory for each, /sys/module/<name>. */
static int modules(struct kernel *k, uint64_t *ret)
{
	struct found found = { k, 0 };
	struct kernfs dir;
	uint64_t root;
	int r = sysfs_root(k, &root);

	if (r >= 0)
		r = kernfs_find(k, root, "module", &dir);
	if (r >= 0)
		r = kernfs_each(k, dir.node, link_of_module, &found);
	if (r < 0)
		return r;
	return found.link ? head_of(k, found.link, ret) : fail(-ENOENT, "no module in sysfs");
}

/* kmalloc_caches, which is exported for kmalloc(), has some of them: the first row may begin with sizes that do not
 * occur. */
static int slab_caches(struct kernel *k, uint64_t *ret)
{
	enum { SIZES = 14 };
	uint64_t array, cache = 0, link;
	int r = symbol_addr(k, "kmalloc_caches", &array);

	for (size_t i = 0; r >= 0 && !cache && i < SIZES; i++)
		r = kernel_read_uint(k, array + 8 * i, 8, &cache);
	if (r >= 0 && !cache)
		r = fail(-ENOENT, "no cache in kmalloc_caches");
	if (r >= 0)
		r = field_addr(k, cache, F_kmem_cache_list, &link);
	return r < 0 ? r : head_of(k, link, ret);
}

/* That of the first task's root directory is one of them. */
static int super_blocks(struct kernel *k, uint64_t *ret)
{
	uint64_t task, fs, root, mount, sb, link;
	int r = symbol_addr(k, "init_task", &task);

	if (r >= 0)
		r = field_u64(k, task, F_task_fs, &fs);
	if (r >= 0)
		r = field_addr(k, fs, F_fs_root, &root);
	if (r >= 0)
		r = field_u64(k, root, F_path_mnt, &mount);
	if (r >= 0)
		r = field_u64(k, mount, F_vfsmount_sb, &sb);
	if (r >= 0)
		r = field_addr(k, sb, F_sb_list, &link);
	return r < 0 ? r : head_of(k, link, ret);
}

int derived_addr(struct kernel *k, const char *name, uint64_t *ret)
{
	static const struct {
		const char *name;
		int (*derive)(struct kernel *k, uint64_t *ret);
	} variables[] = {
		{ "modules", modules },
		{ "slab_caches", slab_caches },
		{ "super_blocks", super_blocks },
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (!strcmp(name, variables[i].name))
			return variables[i].derive(k, ret);
	return fail(-ENOENT, "no symbol %s", name);
}
