/* /tasks/{pid}/{mountinfo,mounts}: what is mounted where in the namespace of a task. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/task_key.h"
#include "kernel/fields.h"
#include "kernel/mount.h"
#include "kernel/mount_options.h"

#define ESCAPES	   " \t\n\\"
#define MINOR_BITS 20

struct view {
	struct kernel *k;
	struct strbuf *out;
	struct path root; /* of the task: what is not below it does not show */
};

typedef int put_line_fn(const struct view *v, const struct mount *m, const struct strbuf *place);

static int put_mountinfo_line(const struct view *v, const struct mount *m,
			      const struct strbuf *place)
{
	int r;

	put(v->out, "%lu %lu %lu:%lu ", m->id, m->parent_id, m->dev >> MINOR_BITS,
	    m->dev & ((1u << MINOR_BITS) - 1));
	r = put_dentry(v->out, v->k, m->root.dentry, ESCAPES);
	if (r < 0)
		return r;
	put(v->out, " %s %s", place->data, m->flags & MNT_READONLY ? "ro" : "rw");
	r = put_mount_flags(v->out, v->k, m);
	if (r == 0)
		r = put_propagation(v->out, v->k, m, &v->root);
	if (r < 0)
		return r;
	put_str(v->out, " - ");
	r = put_fs_type(v->out, v->k, m);
	put_str(v->out, " ");
	if (r == 0)
		r = put_mount_source(v->out, v->k, m);
	put_str(v->out, m->sb_flags & SB_RDONLY ? " ro" : " rw");
	put_sb_flags(v->out, m);
	return r < 0 ? r : put_fs_options(v->out, v->k, m->sb);
}

static int put_mounts_line(const struct view *v, const struct mount *m, const struct strbuf *place)
{
	bool is_ro = m->flags & MNT_READONLY || m->sb_flags & SB_RDONLY;
	int r = put_mount_source(v->out, v->k, m);

	put(v->out, " %s ", place->data);
	if (r == 0)
		r = put_fs_type(v->out, v->k, m);
	put_str(v->out, is_ro ? " ro" : " rw");
	put_sb_flags(v->out, m);
	if (r == 0)
		r = put_mount_flags(v->out, v->k, m);
	if (r == 0)
		r = put_fs_options(v->out, v->k, m->sb);
	put_str(v->out, " 0 0");
	return r;
}

static int put_mount(const struct view *v, const struct mount *m, put_line_fn *put_line)
{
	STRBUF(place);
	int r = put_path_below(&place, v->k, &m->root, &v->root, ESCAPES);

	if (r <= 0)
		return r;
	r = put_line(v, m, &place);
	put_str(v->out, "\n");
	return r;
}

static int put_table(struct render *r, put_line_fn *put_line)
{
	struct view v = { .k = r->k, .out = r->out };
	uint64_t task = key_task(r), proxy, ns = 0;
	struct mount_walk w;
	struct mount m;
	int e = field_u64(r->k, task, F_task_nsproxy, &proxy);

	if (e == 0 && proxy)
		e = field_u64(r->k, proxy, F_nsproxy_mnt_ns, &ns);
	if (e < 0 || !ns)
		return e; /* it has left its namespaces */
	e = path_of_root(r->k, task, &v.root);
	if (e == 0)
		e = mounts_begin(&w, r->k, ns);
	while (e >= 0 && (e = mounts_next(&w, &m)) > 0)
		e = put_mount(&v, &m, put_line);
	return e;
}

int gen_task_mountinfo(struct render *r)
{
	return put_table(r, put_mountinfo_line);
}

int gen_task_mounts(struct render *r)
{
	return put_table(r, put_mounts_line);
}
