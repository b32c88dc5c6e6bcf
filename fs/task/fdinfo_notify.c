/* The part of fdinfo that inotify and fanotify tell: what they watch. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/task/fdinfo.h"
#include "kernel/file/inode.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define IN_ALL_EVENTS	 0xfff
#define FANOTIFY_PRIVATE 0x80000000 /* not one of the user's flags */
#define FILEID_INO32_GEN 1

/* The object that a mark watches. From v6.10 on the connector has its address; before, that of
 * the pointer in it which leads back. */
static int watched_inode(struct kernel *k, uint64_t connector, uint64_t *ret)
{
	const struct place *p;
	const struct type *t;
	uint64_t obj;
	int r = field_u64(k, connector, F_fsnotify_connector_obj, &obj);

	if (r == 0)
		r = field_place(k, F_fsnotify_connector_obj, &p);
	if (r < 0)
		return r;
	t = type_strip(p->type);
	if (t->kind == TYPE_POINTER && type_strip(t->of)->kind == TYPE_VOID) {
		*ret = obj;
		return 0;
	}
	return field_owner(k, obj, F_inode_fsnotify_marks, ret);
}

/* A file handle, as name_to_handle_at(2) gives it. Of file systems with a form of their own only tmpfs
 * is known here: the others' is left out. */
static int put_handle(struct strbuf *out, struct kernel *k, uint64_t inode, uint64_t sb,
		      uint64_t ino)
{
	uint64_t ops, encode = 0, generation, words[3];
	size_t n = 2;
	struct symbol s = { .name = "" };
	int r = field_u64(k, inode, F_inode_generation, &generation);

	if (r == 0)
		r = field_u64(k, sb, F_sb_export_op, &ops);
	if (r == 0 && ops)
		r = field_u64(k, ops, F_export_ops_encode_fh, &encode);
	if (r < 0)
		return r;
	if (encode && symbol_at(k, encode, &s) < 0)
		return 0;
	if (!strcmp(s.name, "shmem_encode_fh")) {
		words[0] = generation;
		words[1] = ino;
		words[2] = ino >> 32;
		n = 3;
	} else if (ops && (!encode || !strcmp(s.name, "generic_encode_ino32_fh"))) {
		words[0] = ino;
		words[1] = generation;
	} else {
		return 0;
	}
	put(out, "fhandle-bytes:%zx fhandle-type:%x f_handle:", 4 * n, FILEID_INO32_GEN);
	for (size_t i = 0; i < 4 * n; i++)
		put(out, "%02x", (unsigned int)(words[i / 4] >> (8 * (i % 4)) & 0xff));
	return 0;
}

static int put_inotify_mark(struct strbuf *out, struct kernel *k, uint64_t mark)
{
	uint64_t connector, inode, sb, ino, dev, mask, wd, watch;
	int r = field_u64(k, mark, F_fsnotify_mark_connector, &connector);

	if (r == 0)
		r = field_u64(k, mark, F_fsnotify_mark_mask, &mask);
	if (r == 0)
		r = field_owner(k, mark, F_inotify_mark_fsn, &watch);
	if (r == 0)
		r = field_u64(k, watch, F_inotify_mark_wd, &wd);
	if (r == 0)
		r = watched_inode(k, connector, &inode);
	if (r == 0)
		r = inode_id(k, inode, &ino, &dev);
	if (r == 0)
		r = field_u64(k, inode, F_inode_sb, &sb);
	if (r < 0)
		return r;
	put(out, "inotify wd:%lx ino:%lx sdev:%lx mask:%lx ignored_mask:0 ", wd, ino, dev,
	    mask & IN_ALL_EVENTS);
	r = put_handle(out, k, inode, sb, ino);
	put_str(out, "\n");
	return r;
}

int put_inotify(struct strbuf *out, struct kernel *k, const struct info *i)
{
	struct list_walk w;
	uint64_t head, mark;
	int r = field_addr(k, i->private, F_fsnotify_group_marks, &head);

	if (r == 0)
		r = list_begin(&w, k, head, F_fsnotify_mark_g_list);
	while (r >= 0 && (r = list_next(&w, &mark)) > 0)
		r = put_inotify_mark(out, k, mark);
	return r;
}

/* The flags of the group; of its marks, which come in many forms, that there are some. */
int put_fanotify(struct strbuf *out, struct kernel *k, const struct info *i)
{
	struct list_walk w;
	uint64_t flags, event_flags, head, mark;
	size_t n = 0;
	int r = field_u64(k, i->private, F_fanotify_flags, &flags);

	if (r == 0)
		r = field_u64(k, i->private, F_fanotify_f_flags, &event_flags);
	if (r < 0)
		return r;
	put(out, "fanotify flags:%lx event-flags:%lx\n", flags & ~(uint64_t)FANOTIFY_PRIVATE,
	    event_flags & 0xffffffff);
	r = field_addr(k, i->private, F_fsnotify_group_marks, &head);
	if (r == 0)
		r = list_begin(&w, k, head, F_fsnotify_mark_g_list);
	while (r >= 0 && (r = list_next(&w, &mark)) > 0)
		n++;
	return r == 0 && n ? fail(-EOPNOTSUPP, "%zu marks are not shown", n) : r;
}
