#include "fs/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "dump/base/cancel.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/trouble.h"
#include "fs/forget.h"
#include "fs/ops_refuse.h"
#include "fs/ops_reply.h"
#include "fs/ops_work.h"
#include "fs/store.h"
#include "fs/reader.h"

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

static mode_t type_of_file(enum rule_kind kind)
{
	return kind == RULE_LINK ? S_IFLNK : S_IFREG;
}

static mode_t type_of(const struct node *n)
{
	return node_is_dir(n) ? S_IFDIR : type_of_file(node_kind(n));
}

static mode_t mode_of(const struct mount *m, mode_t type)
{
	return type == S_IFDIR ? m->dir_mode : type == S_IFLNK ? 0777 : m->file_mode;
}

/* What is told of the dump's problems. With one thread the kernel cannot be told that it has changed: it is
 * always to ask. */
static bool may_change(const struct mount *m, const struct node *n)
{
	return !m->session && fs_is_of_problems(m->fs, n);
}

/* Returns for how long this is true: a size that no one asked for yet is given as 0, for no time. */
static double fill_stat(const struct mount *m, struct node *n, struct stat *ret)
{
	mode_t type = type_of(n);
	uint64_t size;
	bool sized = node_size(n, &size) || type == S_IFDIR, known;
	struct attr attr = { mode_of(m, type), m->uid, m->gid, n->ino };

	known = fs_attr(m->fs, n, &attr);
	if (attr.mode & S_IFMT)
		type = 0;
	*ret = (struct stat){
		.st_ino = attr.ino,
		.st_mode = type | attr.mode,
		/* As where directories do not count their entries: tools take it for unknown. */
		.st_nlink = 1,
		.st_uid = attr.uid,
		.st_gid = attr.gid,
		.st_blksize = 4096,
		.st_atim = m->time,
		.st_mtim = m->time,
		.st_ctim = m->time,
	};
	if (type && type != S_IFDIR && sized) {
		ret->st_size = (off_t)size;
		ret->st_blocks = (blkcnt_t)((n->stored + 511) / 512);
	}
	return known && (sized || !type) && !may_change(m, n) ? FOREVER : 0;
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
	struct mount *m = mount_of(req);
	struct node *dir = node_of(req, parent), *n;
	struct work work;
	bool is_reader = false;
	int r;

	work_begin(req, fs_of(req)->contents, &work);
	r = fs_lookup(fs_of(req), dir, name, &n);
	if (r == -ENOENT && fs_dir_has_reader(dir) &&
	    reader_calls_itself(fuse_req_ctx(req)->pid, name)) {
		r = fs_lookup_reader(fs_of(req), dir, name, &n);
		is_reader = r == 0;
	}
	if (r == -ENOENT)
		r = fs_lookup_behind(fs_of(req), dir, name, &n);
	work_end(req);
	if (is_reader)
		e.entry_timeout = 0; /* nobody else is to find it */
	if (r == -ENOENT && fs_dir_is_finite(dir)) {
		fuse_reply_entry(req, &e); /* inode 0: remember that there is none */
		return;
	}
	if (r < 0) {
		reply_error(req, r);
		return;
	}
	e.ino = (uintptr_t)n;
	e.attr_timeout = fill_stat(m, n, &e.attr);
	if (fuse_reply_entry(req, &e) < 0)
		node_unref(m->fs->nodes, n, 1);
	forget_much(m);
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
	struct mount *m = mount_of(req);
	struct node *n = node_of(req, ino);
	bool store = store_wants(m, n);
	struct work work;
	struct stat st;
	double timeout;
	int r = 0;

	(void)fi;
	if (!node_is_dir(n)) {
		work_begin(req, fs_of(req)->contents, &work);
		r = fs_size(fs_of(req), n);
		work_end(req);
	}
	if (r < 0) {
		reply_error(req, r);
		return;
	}
	timeout = fill_stat(m, n, &st);
	/* From the answer on the kernel may forget the node. */
	if (store)
		node_ref(m->fs->nodes, n);
	fuse_reply_attr(req, &st, timeout);
	if (!store)
		return;
	store_text(m, n);
	node_unref(m->fs->nodes, n, 1);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct work work;
	STRBUF(target);
	int r;

	work_begin(req, fs_of(req)->contents, &work);
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
	pthread_mutex_init(&m->storing, NULL);
	pthread_mutex_init(&m->forgetting, NULL);
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
	const struct raw *raw = atomic_load(&h->raw);

	pthread_mutex_lock(&m->lock);
	LIST_REMOVE(h, link);
	pthread_mutex_unlock(&m->lock);
	/* Who reads a text that was stopped has it to the end; the next one tries again. */
	if (raw && raw->late)
		fs_unpin_last(m->fs, h->node);
	else if (raw)
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
	pthread_mutex_destroy(&m->forgetting);
	pthread_mutex_destroy(&m->storing);
}

static int handle_raw(struct fs *fs, struct handle *h, const struct raw **ret)
{
	const struct raw *raw = atomic_load(&h->raw), *first = NULL;
	int r = 0;

	if (!raw) {
		r = fs_pin(fs, h->node, &raw);
		/* One pin a handle: another reader may have been faster. */
		if (r == 0 && !atomic_compare_exchange_strong(&h->raw, &first, raw))
			fs_unpin(fs, h->node);
	}
	if (r == 0)
		*ret = raw;
	return r;
}

/* The same, while the request can be interrupted. */
static int wait_for_raw(fuse_req_t req, struct handle *h, const struct raw **ret)
{
	struct work work;
	int r;

	work_begin(req, fs_of(req)->contents, &work);
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
	if (fs_is_behind(n)) {
		reply_error(req, -ENXIO);
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
	/* A window is of no size, nor is yet a text that was stopped: the kernel is to ask for whatever is read. */
	fi->direct_io =
		node_kind(n) == RULE_WINDOW || !node_is_sized(n) || may_change(mount_of(req), n);
	reply_handle(req, h, fi);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	handle_close(mount_of(req), handle_of(fi));
	fuse_reply_err(req, 0);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t len, off_t off,
		    struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct node *n = handle_of(fi)->node;
	const struct raw *raw;
	int r = wait_for_raw(req, handle_of(fi), &raw);

	(void)ino;
	if (r == 0)
		r = fs_pin(fs, n, &raw);
	if (r < 0) {
		reply_error(req, r);
		return;
	}
	/* The reader may close the file, and the kernel forget it, before the answer is sent whole. */
	node_ref(fs->nodes, n);
	reply_read(req, raw, (uint64_t)off, len);
	fs_unpin(fs, n);
	node_unref(fs->nodes, n, 1);
}

static void op_lseek(fuse_req_t req, fuse_ino_t ino, off_t off, int whence,
		     struct fuse_file_info *fi)
{
	const struct raw *raw;
	struct work work;
	uint64_t to;
	int r;

	(void)ino;
	work_begin(req, fs_of(req)->contents, &work);
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
		work_begin(req, fs_of(req)->contents, &work);
		r = fs_list(fs_of(req), h->node, &h->names);
		work_end(req);
		if (r == -EINTR || r == -ENOMEM || trouble() < 0) {
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

/* The kernel keeps entries by where they are, and goes on from there with the next list of the directory. One
 * that ends with an error may lack any: it is not to be gone on with as if it were the same. */
#define NOT_WHOLE (UINT64_C(1) << 40)

static off_t place_of(const struct handle *h, size_t i)
{
	return (off_t)(i | (h->error ? NOT_WHOLE : 0));
}

static size_t entry_from(off_t place)
{
	return (size_t)((uint64_t)place & (NOT_WHOLE - 1));
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
	if (!fs_name_is_dir(n, &h->names, i - 2))
		ret->st_mode = type_of_file(fs_name_kind(n, &h->names, i - 2));
	return true;
}

/* A directory, all of whose attributes are known, goes out as if it had been looked up. Not so what
 * would have to be rendered: a kernel that does not ask for it need not know it. */
static void give_node(struct mount *m, const struct handle *h, size_t i, struct fuse_entry_param *e)
{
	struct node *n;

	if (i < 2 || !S_ISDIR(e->attr.st_mode) ||
	    fs_listed(m->fs, h->node, &h->names, i - 2, &n) < 0)
		return;
	e->ino = (uintptr_t)n;
	e->entry_timeout = FOREVER;
	e->attr_timeout = fill_stat(m, n, &e->attr);
}

/* The size of the entry in the buffer; nothing is written when it has no @room. */
static size_t add_entry(fuse_req_t req, const struct handle *h, size_t i, bool plus, char *to,
			size_t room)
{
	struct fuse_entry_param e = { 0 };
	const char *name;

	if (!entry_at(h, i, &name, &e.attr))
		return 0;
	if (!plus)
		return fuse_add_direntry(req, to, room, name, &e.attr, place_of(h, i + 1));
	if (fuse_add_direntry_plus(req, NULL, 0, name, NULL, 0) <= room)
		give_node(mount_of(req), h, i, &e);
	return fuse_add_direntry_plus(req, to, room, name, &e, place_of(h, i + 1));
}

static void read_names(fuse_req_t req, size_t size, off_t off, struct handle *h, bool plus)
{
	_free_ char *buf = malloc(size);
	size_t used = 0, len;
	int r = buf ? take_names(req, h) : -ENOMEM;

	if (r < 0) {
		reply_error(req, r);
		return;
	}
	for (size_t i = entry_from(off);
	     (len = add_entry(req, h, i, plus, buf + used, size - used)); i++) {
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

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	(void)ino;
	read_names(req, size, off, handle_of(fi), false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			   struct fuse_file_info *fi)
{
	(void)ino;
	read_names(req, size, off, handle_of(fi), true);
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
	.readdirplus = op_readdirplus,
	.releasedir = op_release,
	.statfs = op_statfs,
	.setattr = refuse_setattr,
	.mknod = refuse_mknod,
	.mkdir = refuse_mkdir,
	.unlink = refuse_remove,
	.rmdir = refuse_remove,
	.symlink = refuse_symlink,
	.rename = refuse_rename,
	.link = refuse_link,
	.create = refuse_create,
	.setxattr = refuse_setxattr,
	.removexattr = refuse_remove,
};
