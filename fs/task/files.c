/* /tasks/{pid}/{files,fd,cwd,root,exe,ns}: what a task has open, and where it is. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/base/err.h"
#include "fs/stack/stack_text.h"
#include "fs/task/link_stat.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/file/files.h"
#include "kernel/file/inode_stat.h"
#include "kernel/task/ns.h"
#include "kernel/file/path.h"
#include "kernel/net/sock.h"
#include "kernel/task/task.h"

/* The lowest bits of f_mode, as all kernels have them: include/linux/fs.h. */
#define FMODE_READ  1u
#define FMODE_WRITE 2u

/* The target of a link, as init would read it. */
static int put_link(struct render *r, const struct path *p)
{
	struct path root;
	int e = path_of_init(r->k, &root);

	return e < 0 ? e : put_path(r->out, r->k, p, &root, "");
}

static int path_cwd(struct render *r, struct path *ret)
{
	return path_of_cwd(r->k, key_task(r), ret);
}

static int path_root(struct render *r, struct path *ret)
{
	return path_of_root(r->k, key_task(r), ret);
}

static int path_exe(struct render *r, struct path *ret)
{
	uint64_t mm, file = 0;
	int e = task_own_mm(r->k, key_task(r), &mm);

	if (e == 0 && mm)
		e = field_u64(r->k, mm, F_mm_exe_file, &file);
	if (e == 0 && !file)
		e = fail(-ENOENT, "the task executes no file");
	return e < 0 ? e : path_of_file(r->k, file, ret);
}

static int path_fd(struct render *r, struct path *ret)
{
	struct open_file f;
	int e = files_find(r->k, key_task_above(r, 1), r->key[key_count(r) - 1].id, &f);

	return e < 0 ? e : path_of_file(r->k, f.file, ret);
}

static int put_place(struct render *r, int (*find)(struct render *r, struct path *ret))
{
	struct path p;
	int e = find(r, &p);

	return e < 0 ? e : put_link(r, &p);
}

int gen_task_cwd(struct render *r)
{
	return put_place(r, path_cwd);
}

int gen_task_root(struct render *r)
{
	return put_place(r, path_root);
}

int gen_task_exe(struct render *r)
{
	return put_place(r, path_exe);
}

static int add_namespaces(struct render *r, struct names *names)
{
	uint64_t inum;

	for (size_t i = 0; ns_name(i); i++)
		if (task_ns(r->k, key_task(r), i, &inum) != -ENOENT)
			names_add(names, ns_name(i), i);
	return 0;
}

/* Targets like "socket:[123]": their kinds. An anonymous inode has no type at all, which this file system
 * cannot show: none leads there. */
static const struct {
	const char *kind;
	uint32_t mode;
} kinds_behind[] = {
	{ "socket", S_IFSOCK | 0777 },
	{ "pipe", S_IFIFO | 0600 },
};

/* Is @name that @kind with the number of an inode? */
static bool names_inode(const char *name, const char *kind, uint64_t *ret)
{
	size_t len = strlen(kind);
	char *end;

	if (strncmp(name, kind, len) || strncmp(name + len, ":[", 2) ||
	    !isdigit((unsigned char)name[len + 2]))
		return false;
	*ret = strtoul(name + len + 2, &end, 10);
	return !strcmp(end, "]");
}

static int behind_ns(const char *name, struct attr *ret)
{
	for (size_t i = 0; ns_name(i); i++)
		if (names_inode(name, ns_kind(i), &ret->ino)) {
			ret->mode = S_IFREG | 0444;
			return 0;
		}
	return -ENOENT;
}

static int behind_fd(const char *name, struct attr *ret)
{
	for (size_t i = 0; i < sizeof(kinds_behind) / sizeof(kinds_behind[0]); i++)
		if (names_inode(name, kinds_behind[i].kind, &ret->ino)) {
			ret->mode = kinds_behind[i].mode;
			return 0;
		}
	return behind_ns(name, ret); /* an open namespace */
}

const struct lister list_task_ns = { .list = add_namespaces, .behind = behind_ns };

int gen_task_ns(struct render *r)
{
	size_t i = r->key[key_count(r) - 1].id;
	uint64_t inum;
	int e = task_ns(r->k, key_task_above(r, 1), i, &inum);

	if (e < 0)
		return e;
	put(r->out, "%s:[%lu]", ns_kind(i), inum);
	return 0;
}

static int add_fds(struct render *r, struct names *names)
{
	struct files_walk w;
	struct open_file f;
	int e = files_begin(&w, r->k, key_task(r));

	while (e >= 0 && (e = files_next(&w, &f)) > 0)
		names_add_number(names, f.fd);
	return e;
}

static int find_fd(struct render *r, const char *name, uint64_t *ret)
{
	struct open_file f;
	uint64_t fd;
	int e = name_number(name, &fd);

	if (e == 0)
		e = files_find(r->k, key_task(r), fd, &f);
	if (e == 0)
		*ret = fd;
	return e;
}

/* As procfs, which shows by a link's mode how the file is open: tid_fd_mode(). */
static int attr_fd(struct render *r, struct attr *ret)
{
	struct open_file f;
	uint64_t mode;
	int e = files_find(r->k, key_task_above(r, 1), r->key[key_count(r) - 1].id, &f);

	if (e == 0)
		e = field_u64(r->k, f.file, F_file_mode, &mode);
	if (e == 0)
		ret->mode = (mode & FMODE_READ ? 0500u : 0) | (mode & FMODE_WRITE ? 0300u : 0);
	return e;
}

const struct lister list_task_fds = {
	.list = add_fds,
	.lookup = find_fd,
	.attr = attr_fd,
	.behind = behind_fd,
};
const struct lister list_task_fdinfos = { .list = add_fds, .lookup = find_fd };

int gen_task_fd(struct render *r)
{
	return put_place(r, path_fd);
}

int task_link_stat(struct render *r, text_fn *link, struct stat *ret)
{
	static const struct {
		text_fn *link;
		int (*find)(struct render *r, struct path *ret);
	} links[] = {
		{ gen_task_fd, path_fd },
		{ gen_task_cwd, path_cwd },
		{ gen_task_root, path_root },
		{ gen_task_exe, path_exe },
	};
	uint64_t inode;
	struct path p;
	int e;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (links[i].link != link)
			continue;
		e = links[i].find(r, &p);
		if (e == 0)
			e = field_u64(r->k, p.dentry, F_dentry_inode, &inode);
		return e < 0 ? e : inode_stat(r->k, inode, ret);
	}
	return -ENOENT;
}

/* As crash names them, by the upper four bits of st_mode. */
static const char *file_type(uint64_t mode)
{
	static const char *const types[16] = {
		[1] = "FIFO", [2] = "CHR",  [4] = "DIR",   [6] = "BLK",
		[8] = "REG",  [10] = "LNK", [12] = "SOCK",
	};
	const char *type = types[mode >> 12 & 15];

	return type ? type : "UNKN";
}

/* What is behind a file, for the table. */
struct row {
	struct path path;
	uint64_t inode, mode;
};

static int read_row(struct kernel *k, uint64_t file, struct row *ret)
{
	int r = path_of_file(k, file, &ret->path);

	if (r == 0)
		r = field_u64(k, ret->path.dentry, F_dentry_inode, &ret->inode);
	return r < 0 ? r : field_u64(k, ret->inode, F_inode_mode, &ret->mode);
}

static int put_row(struct render *r, const struct open_file *f, const struct path *root)
{
	struct row row = { 0 };
	uint64_t socket;
	STRBUF(path);
	int e = read_row(r->k, f->file, &row);

	put(r->out, "%3lu %lx %lx %lx %-4s ", f->fd, f->file, row.path.dentry, row.inode,
	    file_type(row.mode));
	if (e == 0)
		e = put_path(&path, r->k, &row.path, root, "");
	put_escaped(r->out, path.data, path.len, "");
	if (e == 0 && !strcmp(file_type(row.mode), "SOCK")) {
		put_str(r->out, " ");
		e = field_u64(r->k, f->file, F_file_private_data, &socket);
		if (e == 0)
			e = put_socket(r->out, r->k, socket);
	}
	if (e < 0)
		put(r->out, " !! %s", why());
	put_str(r->out, "\n");
	return e == -EINTR ? e : 0;
}

static int put_places(struct render *r, uint64_t task, const struct path *root)
{
	static const struct {
		const char *label;
		int (*find)(struct kernel *k, uint64_t task, struct path *ret);
	} places[] = { { "ROOT: ", path_of_root }, { "    CWD: ", path_of_cwd } };
	struct path p;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		STRBUF(text);
		int e = places[i].find(r->k, task, &p);

		if (e == 0)
			e = put_path(&text, r->k, &p, root, "");
		if (e == -EINTR)
			return e;
		put_str(r->out, places[i].label);
		if (e == 0)
			put_escaped(r->out, text.data, text.len, "");
		else
			put(r->out, "!! %s", why());
	}
	put_str(r->out, "\n");
	return 0;
}

/* crash's table; of a socket it also tells the addresses. */
int gen_task_files(struct render *r)
{
	uint64_t task = key_task(r);
	struct files_walk w;
	struct open_file f;
	struct path root;
	int e = put_task_line(r->out, r->k, task);

	if (e == 0)
		e = path_of_init(r->k, &root);
	if (e == 0)
		e = files_begin(&w, r->k, task);
	if (e == 0)
		e = put_places(r, task, &root);
	if (e < 0)
		return e;
	put_str(r->out, " FD       FILE            DENTRY           INODE       TYPE PATH\n");
	while ((e = files_next(&w, &f)) > 0) {
		e = put_row(r, &f, &root);
		if (e < 0)
			return e;
	}
	return e;
}
