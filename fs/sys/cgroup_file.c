#include "fs/sys/cgroup_file.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/sys/kernfs.h"

static int open_file(struct render *r, uint64_t node, struct cgroup_file *f)
{
	char subsys[64] = "";
	struct kernfs file, dir;
	uint64_t parent;
	int e = kernfs_read(r->k, node, &file);

	*f = (struct cgroup_file){ .r = r, .k = r->k, .out = r->out };
	if (e >= 0)
		e = kernfs_parent(r->k, node, &parent);
	if (e >= 0)
		e = kernfs_read(r->k, parent, &dir);
	if (e >= 0)
		e = field_u64(r->k, dir.priv, F_cgroup_parent, &parent);
	if (e < 0)
		return e;
	f->root = !parent;
	f->cgroup = dir.priv;
	memcpy(f->name, file.name, sizeof(f->name));
	for (size_t i = 0; i + 1 < sizeof(subsys) && f->name[i] && f->name[i] != '.'; i++)
		subsys[i] = f->name[i];
	return cgroup_css(r->k, f->cgroup, subsys, &f->css);
}

int put_cgroup_file(struct render *r, uint64_t node)
{
	static const struct cgroup_file_kind *const kinds[] = {
		cgroup_core_files,
		cgroup_cpu_files,
		cgroup_memory_files,
		cgroup_other_files,
	};
	struct cgroup_file f;
	int e = open_file(r, node, &f);

	if (e < 0)
		return e;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (const struct cgroup_file_kind *kind = kinds[i]; kind->name; kind++)
			if (!strcmp(kind->name, f.name))
				return kind->put(&f);
	return fail(-EOPNOTSUPP, "the kernel makes this value in a way of its own");
}
