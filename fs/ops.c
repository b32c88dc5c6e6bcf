#include "fs/ops.h"

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include <fuse_lowlevel.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "dump/base/cancel.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"

#define FOREVER 1e9 /* seconds */

static struct mount *mount_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static struct fs *fs_of(fuse_req_t req)
{
	return mount_of(req)->fs;
}

/* The kernel calls a node by its address, but the root. */
static struct node *node_of(fuse_req_t req, fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? nodes_root(fs_of(req)->nodes) : (struct node *)(uintptr_t)ino;
}

static void reply_error(fuse_req_t req, int code)
{
	static const int io_errors[] = { EFAULT, ENODATA, EBADMSG, ELOOP, EOPNOTSUPP };

	for (size_t i = 0; i < sizeof(io_errors) / sizeof(io_errors[0]); i++)
		if (code == -io_errors[i])
			code = -EIO;
	fuse_reply_err(req, -code);
}

/* Work that its requester can interrupt: what lasts between begin and end. */
struct work {
	atomic_bool stop;
	struct contents *contents;
};

static void interrupted(fuse_req_t req, void *data)
{
	struct work *w = data;

	(void)req;
	atomic_store(&w->stop, true);
	contents_wake(w->contents);
}

static void work_begin(fuse_req_t req, struct work *w)
{
	atomic_init(&w->stop, false);
	w->contents = fs_of(req)->contents;
	cancel_arm(&w->stop);
	fuse_req_interrupt_func(req, interrupted, w);
}

static void work_end(fuse_req_t req)
{
	fuse_req_interrupt_func(req, NULL, NULL);
	cancel_arm(NULL);
}

static mode_t type_of(const struct entry *e)
{
	if (entry_is_dir(e))
		return S_IFDIR;
	return e->rule->kind == RULE_LINK ? S_IFLNK : S_IFREG;
}

/* Returns for how long this is true: a size that no one asked for yet is given as 0, for no time. */
static double fill_stat(const struct mount *m, struct node *n, struct stat *ret)
{
	mode_t type = type_of(n->entry);
	bool sized = type == S_IFDIR || node_is_sized(n);

	*ret = (struct stat){
		.st_ino = n->ino,
		.st_mode = type | (type == S_IFDIR   ? m->dir_mode
				   : type == S_IFLNK ? 0777
						     : m->file_mode),
		/* As where directories do not count their entries: tools take it for unknown. */
		.st_nlink = 1,
		.st_uid = m->uid,
		.st_gid = m->gid,
		.st_blksize = 4096,
		.st_atim = m->time,
		.st_mtim = m->time,
		.st_ctim = m->time,
	};
	if (type != S_IFDIR && sized) {
		ret->st_size = (off_t)n->size;
		ret->st_blocks = (blkcnt_t)((n->stored + 511) / 512);
	}
	return sized ? FOREVER : 0;
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct mount *m = userdata;

	/* Nothing changes: no need to ask whether it did. */
	conn->want &= ~(unsigned)FUSE_CAP_AUTO_INVAL_DATA;
	conn->want |= conn->capable & FUSE_CAP_CACHE_SYMLINKS;
	if (m->ready_fd < 0)
		return;
	while (write(m->ready_fd, "", 1) < 0 && errno == EINTR)
		;
	close(m->ready_fd);
	m->ready_fd = -1;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e = { .entry_timeout = FOREVER };
	struct node *dir = node_of(req, parent), *n;
	struct work work;
	int r;

	work_begin(req, &work);
	r = fs_lookup(fs_of(req), dir, name, &n);
	work_end(req);
	if (r == -ENOENT && fs_dir_is_finite(dir)) {
		fuse_reply_entry(req, &e); /* inode 0: remember that there is none */
		return;
	}
	if (r < 0) {
		reply_error(req, r);
		return;
	}
	e.ino = (uintptr_t)n;
	e.attr_timeout = fill_stat(mount_of(req), n, &e.attr);
	if (fuse_reply_entry(req, &e) < 0)
		node_unref(fs_of(req)->nodes, n, 1);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
	node_unref(fs_of(req)->nodes, node_of(req, ino), count);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t n, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < n; i++)
		node_unref(fs_of(req)->nodes, node_of(req, forgets[i].ino), forgets[i].nlookup);
	fuse_reply_none(req);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct node *n = node_of(req, ino);
	struct work work;
	struct stat st;
	double timeout;
	int r = 0;

	(void)fi;
	if (!entry_is_dir(n->entry)) {
		work_begin(req, &work);
		r = fs_size(fs_of(req), n);
		work_end(req);
	}
	if (r < 0) {
		reply_error(req, r);
		return;
	}
	timeout = fill_stat(mount_of(req), n, &st);
	fuse_reply_attr(req, &st, timeout);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct work work;
	STRBUF(target);
	int r;

	work_begin(req, &work);
	r = fs_readlink(fs_of(req), node_of(req, ino), &target);
	work_end(req);
	if (r < 0)
		reply_error(req, r);
	else
		fuse_reply_readlink(req, target.len ? target.data : "");
}

/* An open file, whose content is pinned from the first need to the end; or an open directory, whose
 * names are taken once, when someone reads it. */
struct handle {
	struct node *node;
	LIST_ENTRY(handle) link;
	_Atomic(const struct raw *) raw;
	pthread_mutex_t lock; /* of what follows */
	bool listed;
	int error; /* that ended the list */
	struct names names;
};

void mount_init(struct mount *m)
{
	*m = (struct mount){ .ready_fd = -1 };
	pthread_mutex_init(&m->lock, NULL);
	LIST_INIT(&m->handles);
}

static struct handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

static struct handle *handle_open(struct mount *m, struct node *n)
{
	struct handle *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->node = n;
	pthread_mutex_init(&h->lock, NULL);
	node_ref(m->fs->nodes, n);
	pthread_mutex_lock(&m->lock);
	LIST_INSERT_HEAD(&m->handles, h, link);
	pthread_mutex_unlock(&m->lock);
	return h;
}

static void handle_close(struct mount *m, struct handle *h)
{
	pthread_mutex_lock(&m->lock);
	LIST_REMOVE(h, link);
	pthread_mutex_unlock(&m->lock);
	if (h->raw)
		fs_unpin(m->fs, h->node);
	names_fini(&h->names);
	pthread_mutex_destroy(&h->lock);
	node_unref(m->fs->nodes, h->node, 1);
	free(h);
}

void mount_fini(struct mount *m)
{
	while (!LIST_EMPTY(&m->handles))
		handle_close(m, LIST_FIRST(&m->handles));
	pthread_mutex_destroy(&m->lock);
}

static int handle_raw(struct fs *fs, struct handle *h, const struct raw **ret)
{
	const struct raw *raw = atomic_load(&h->raw), *none = NULL;
	int r = raw ? 0 : fs_pin(fs, h->node, &raw);

	if (r < 0)
		return r;
	if (!atomic_load(&h->raw) && !atomic_compare_exchange_strong(&h->raw, &none, raw))
		fs_unpin(fs, h->node);
	*ret = raw;
	return 0;
}

/* The same, while the request can be interrupted. */
static int wait_for_raw(fuse_req_t req, struct handle *h, const struct raw **ret)
{
	struct work work;
	int r;

	work_begin(req, &work);
	r = handle_raw(fs_of(req), h, ret);
	work_end(req);
	return r;
}

static void reply_handle(fuse_req_t req, struct handle *h, struct fuse_file_info *fi)
{
	fi->fh = (uintptr_t)h;
	fi->keep_cache = 1;
	if (fuse_reply_open(req, fi) < 0)
		handle_close(mount_of(req), h);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct node *n = node_of(req, ino);
	const struct raw *raw;
	struct handle *h;
	int r = 0;

	if ((fi->flags & O_ACCMODE) != O_RDONLY) {
		reply_error(req, -EROFS);
		return;
	}
	h = handle_open(mount_of(req), n);
	if (!h) {
		reply_error(req, -ENOMEM);
		return;
	}
	/* With the size known the kernel may have all of the content already. */
	if (!node_is_sized(n))
		r = wait_for_raw(req, h, &raw);
	if (r < 0) {
		handle_close(mount_of(req), h);
		reply_error(req, r);
		return;
	}
	fi->noflush = 1;
	/* A window is of no size: the kernel is to ask for whatever is read. */
	fi->direct_io = n->entry->rule->kind == RULE_WINDOW;
	reply_handle(req, h, fi);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	handle_close(mount_of(req), handle_of(fi));
	fuse_reply_err(req, 0);
}

/* A short answer would tell the kernel that the file ends there: all or an error. */
static void reply_bytes(fuse_req_t req, const struct raw *raw, uint64_t off, size_t len)
{
	const char *bytes = raw_bytes(raw);
	_free_ char *buf = NULL;
	int r;

	if (bytes) {
		fuse_reply_buf(req, bytes + off, len);
		return;
	}
	buf = malloc(len);
	r = buf ? raw_read(raw, off, buf, len) : fail(-ENOMEM, "%zu bytes", len);
	if (r < 0)
		reply_error(req, r);
	else
		fuse_reply_buf(req, buf, len);
}

static void reply_some(fuse_req_t req, const struct raw *raw, uint64_t off, size_t len)
{
	_free_ char *buf = malloc(len);
	size_t n = 0;
	int r = buf ? raw->ops->read_some(raw, off, buf, len, &n) : fail(-ENOMEM, "%zu bytes", len);

	if (r < 0)
		reply_error(req, r);
	else
		fuse_reply_buf(req, buf, n);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t len, off_t off,
		    struct fuse_file_info *fi)
{
	const struct raw *raw;
	int r = wait_for_raw(req, handle_of(fi), &raw);

	(void)ino;
	if (r < 0) {
		reply_error(req, r);
		return;
	}
	if (raw->ops && raw->ops->read_some) {
		reply_some(req, raw, (uint64_t)off, len);
		return;
	}
	if ((uint64_t)off >= raw->size)
		len = 0;
	else if (len > raw->size - (uint64_t)off)
		len = (size_t)(raw->size - (uint64_t)off);
	if (len)
		reply_bytes(req, raw, (uint64_t)off, len);
	else
		fuse_reply_buf(req, NULL, 0);
}

static void op_lseek(fuse_req_t req, fuse_ino_t ino, off_t off, int whence,
		     struct fuse_file_info *fi)
{
	const struct raw *raw;
	struct work work;
	uint64_t to;
	int r;

	(void)ino;
	work_begin(req, &work);
	r = handle_raw(fs_of(req), handle_of(fi), &raw);
	if (r == 0 && (off < 0 || (uint64_t)off >= raw->size))
		r = fail(-ENXIO, "beyond the end");
	if (r == 0)
		r = raw_seek(raw, (uint64_t)off, whence == SEEK_DATA, &to);
	work_end(req);
	if (r < 0)
		reply_error(req, r);
	else
		fuse_reply_lseek(req, (off_t)to);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct handle *h = handle_open(mount_of(req), node_of(req, ino));

	if (!h) {
		reply_error(req, -ENOMEM);
		return;
	}
	fi->cache_readdir = 1;
	reply_handle(req, h, fi);
}

static int take_names(fuse_req_t req, struct handle *h)
{
	struct work work;
	int r = 0;

	pthread_mutex_lock(&h->lock);
	if (!h->listed) {
		work_begin(req, &work);
		r = fs_list(fs_of(req), h->node, &h->names);
		work_end(req);
		if (r == -EINTR || r == -ENOMEM) {
			names_fini(&h->names);
		} else {
			h->error = r;
			h->listed = true;
			r = 0;
		}
	}
	pthread_mutex_unlock(&h->lock);
	return r;
}

/* The @i-th entry of the directory; false: there are no more. */
static bool entry_at(const struct handle *h, size_t i, const char **ret_name, struct stat *ret)
{
	const struct node *n = h->node;

	*ret = (struct stat){ .st_mode = S_IFDIR };
	if (i < 2) {
		*ret_name = i == 0 ? "." : "..";
		ret->st_ino = i == 1 && n->parent ? n->parent->ino : n->ino;
		return true;
	}
	if (i - 2 >= h->names.n)
		return false;
	*ret_name = names_text(&h->names, i - 2);
	ret->st_ino = node_child_ino(n, *ret_name);
	ret->st_mode = type_of(fs_entry(n, *ret_name));
	return true;
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	struct handle *h = handle_of(fi);
	_free_ char *buf = malloc(size);
	const char *name;
	struct stat st;
	size_t used = 0;
	int r = buf ? take_names(req, h) : -ENOMEM;

	(void)ino;
	if (r < 0) {
		reply_error(req, r);
		return;
	}
	for (size_t i = (size_t)off; entry_at(h, i, &name, &st); i++) {
		size_t len =
			fuse_add_direntry(req, buf + used, size - used, name, &st, (off_t)i + 1);

		if (len > size - used)
			break;
		used += len;
	}
	/* What was found is shown first, then that it is not all. */
	if (!used && h->error)
		reply_error(req, h->error);
	else
		fuse_reply_buf(req, buf, used);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs st = {
		.f_bsize = 4096,
		.f_frsize = 4096,
		.f_blocks = (mount_of(req)->bytes + 4095) / 4096,
		.f_namemax = NAMES_LENGTH,
		.f_flag = ST_RDONLY,
	};

	(void)ino;
	fuse_reply_statfs(req, &st);
}

static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st, int to_set,
		       struct fuse_file_info *fi)
{
	(void)ino, (void)st, (void)to_set, (void)fi;
	reply_error(req, -EROFS);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t dev)
{
	(void)parent, (void)name, (void)mode, (void)dev;
	reply_error(req, -EROFS);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent, (void)name, (void)mode;
	reply_error(req, -EROFS);
}

static void op_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent, (void)name;
	reply_error(req, -EROFS);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	(void)target, (void)parent, (void)name;
	reply_error(req, -EROFS);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to,
		      const char *to_name, unsigned flags)
{
	(void)parent, (void)name, (void)to, (void)to_name, (void)flags;
	reply_error(req, -EROFS);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	(void)ino, (void)parent, (void)name;
	reply_error(req, -EROFS);
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	(void)parent, (void)name, (void)mode, (void)fi;
	reply_error(req, -EROFS);
}

static void op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			size_t size, int flags)
{
	(void)ino, (void)name, (void)value, (void)size, (void)flags;
	reply_error(req, -EROFS);
}

const struct fuse_lowlevel_ops mount_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.readlink = op_readlink,
	.open = op_open,
	.read = op_read,
	.lseek = op_lseek,
	.release = op_release,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.releasedir = op_release,
	.statfs = op_statfs,
	/* The mount is read-only already; these answer when someone remounts it. */
	.setattr = op_setattr,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.unlink = op_remove,
	.rmdir = op_remove,
	.symlink = op_symlink,
	.rename = op_rename,
	.link = op_link,
	.create = op_create,
	.setxattr = op_setxattr,
	.removexattr = op_remove,
};
