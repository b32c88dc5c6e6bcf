/* /tasks/{pid}/{files,fd,cwd,root,exe,ns}: what a task has open, and where it is. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/stack_text.h"
#include "fs/task_key.h"
#include "kernel/fields.h"
#include "kernel/files.h"
#include "kernel/ns.h"
#include "kernel/path.h"
#include "kernel/sock.h"
#include "kernel/task.h"

/* The target of a link, as init would read it. */
static int put_link(struct render *r, const struct path *p)
{
	struct path root;
	int e = path_of_init(r->k, &root);

	return e < 0 ? e : put_path(r->out, r->k, p, &root, "");
}

int gen_task_cwd(struct render *r)
{
	struct path p;
	int e = path_of_cwd(r->k, key_task(r), &p);

	return e < 0 ? e : put_link(r, &p);
}

int gen_task_root(struct render *r)
{
	struct path p;
	int e = path_of_root(r->k, key_task(r), &p);

	return e < 0 ? e : put_link(r, &p);
}

int gen_task_exe(struct render *r)
{
	uint64_t mm, file = 0;
	struct path p;
	int e = task_own_mm(r->k, key_task(r), &mm);

	if (e == 0 && mm)
		e = field_u64(r->k, mm, F_mm_exe_file, &file);
	if (e == 0 && !file)
		e = fail(-ENOENT, "the task executes no file");
	if (e == 0)
		e = path_of_file(r->k, file, &p);
	return e < 0 ? e : put_link(r, &p);
}

static int add_namespaces(struct render *r, struct names *names)
{
	uint64_t inum;

	for (size_t i = 0; ns_name(i); i++)
		if (task_ns(r->k, key_task(r), i, &inum) != -ENOENT)
			names_add(names, ns_name(i), i);
	return 0;
}

const struct lister list_task_ns = { .list = add_namespaces };

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

const struct lister list_task_fds = { .list = add_fds, .lookup = find_fd };

int gen_task_fd(struct render *r)
{
	struct open_file f;
	struct path p;
	int e = files_find(r->k, key_task_above(r, 1), r->key[key_count(r) - 1].id, &f);

	if (e == 0)
		e = path_of_file(r->k, f.file, &p);
	return e < 0 ? e : put_link(r, &p);
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
