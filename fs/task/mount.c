/* /tasks/{pid}/{mountinfo,mounts,mountstats}: what is mounted where in the namespace of a task. */
#include <errno.h>
#include <stdio.h>

#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/file/mount.h"
#include "kernel/file/mount_options.h"

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

/* What file systems tell beyond that, network ones do. */
static int put_mountstats_line(const struct view *v, const struct mount *m,
			       const struct strbuf *place)
{
	STRBUF(source);
	int r = put_mount_source(&source, v->k, m);

	if (source.len)
		put(v->out, "device %s mounted on %s with fstype ", source.data, place->data);
	else
		put(v->out, "no device mounted on %s with fstype ", place->data);
	return r < 0 ? r : put_fs_type(v->out, v->k, m);
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

struct mounts_of {
	struct view v;
	struct mount_walk walk;
};

/* Begin at the first mount that the task's namespace has. 0: it has left its namespaces. */
static int begin(struct render *r, uint64_t task, struct mounts_of *ret)
{
	uint64_t proxy, ns = 0;
	int e = field_u64(r->k, task, F_task_nsproxy, &proxy);

	ret->v = (struct view){ .k = r->k, .out = r->out };
	if (e == 0 && proxy)
		e = field_u64(r->k, proxy, F_nsproxy_mnt_ns, &ns);
	if (e < 0 || !ns)
		return e;
	e = path_of_root(r->k, task, &ret->v.root);
	if (e == 0)
		e = mounts_begin(&ret->walk, r->k, ns);
	return e < 0 ? e : 1;
}

static int put_table(struct render *r, put_line_fn *put_line)
{
	struct mounts_of of;
	struct mount m;
	int e = begin(r, key_task(r), &of);

	if (e <= 0)
		return e;
	while (e >= 0 && (e = mounts_next(&of.walk, &m)) > 0)
		e = put_mount(&of.v, &m, put_line);
	return e;
}

/* Those of which mountinfo tells, by number. */
static int add_mounts(struct render *r, struct names *names)
{
	struct mounts_of of;
	struct mount m;
	int e = begin(r, key_task(r), &of);

	if (e <= 0)
		return e;
	while (e >= 0 && (e = mounts_next(&of.walk, &m)) > 0) {
		char name[24];
		STRBUF(place);

		e = put_path_below(&place, r->k, &m.root, &of.v.root, "");
		if (e <= 0)
			continue;
		snprintf(name, sizeof(name), "%lu", m.id);
		names_add(names, name, m.addr);
	}
	return e;
}

const struct lister list_task_mounts = { .list = add_mounts };

/* The line of mountinfo; the id of the last key is the struct mount. */
int gen_mount_line(struct render *r)
{
	struct mounts_of of;
	struct mount m;
	int e = begin(r, key_task_above(r, 1), &of);

	if (e <= 0)
		return e;
	e = mount_read(r->k, r->key[key_count(r) - 1].id, &m);
	return e < 0 ? e : put_mount(&of.v, &m, put_mountinfo_line);
}

int gen_task_mountinfo(struct render *r)
{
	return put_table(r, put_mountinfo_line);
}

int gen_task_mounts(struct render *r)
{
	return put_table(r, put_mounts_line);
}

int gen_task_mountstats(struct render *r)
{
	return put_table(r, put_mountstats_line);
}
