#include "kernel/debug/srcpath.h"

#include <stdlib.h>
#include <string.h>

#define SHARED_MIN 2 /* folders */

/* The name at *@at, behind slashes; its length, 0 at the end. *@at moves behind it. */
static size_t next_name(const char **at, const char **ret)
{
	size_t len;

	*at += strspn(*at, "/");
	*ret = *at;
	len = strcspn(*at, "/");
	*at += len;
	return len;
}

/* Take the last name off, unless there is none to take. */
static void go_up(struct strbuf *out)
{
	const char *slash = out->len ? memrchr(out->data, '/', out->len) : NULL;
	const char *last = slash ? slash + 1 : out->data;

	if (!out->len || (out->data[0] == '/' && out->len == 1))
		return;
	if (!strcmp(last, "..")) {
		put_str(out, "/..");
		return;
	}
	out->len = slash ? (size_t)(slash - out->data) + (slash == out->data) : 0;
	out->data[out->len] = 0;
}

/* Append the names of @path, one by one. */
static void walk(struct strbuf *out, const char *path)
{
	const char *name;
	size_t len;

	while ((len = next_name(&path, &name))) {
		if (len == 1 && name[0] == '.')
			continue;
		if (len == 2 && !memcmp(name, "..", 2) && out->len) {
			go_up(out);
			continue;
		}
		if (out->len && out->data[out->len - 1] != '/')
			put_str(out, "/");
		put_bytes(out, name, len);
	}
}

/* libdw has put a relative directory before the names of its files. */
static bool has_dir(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return len && !strncmp(path, dir, len) && path[len] == '/';
}

static void normalise(struct strbuf *out, const char *dir, const char *path)
{
	if (path[0] == '/' || has_dir(path, dir))
		dir = "";
	if (dir[0] == '/' || path[0] == '/')
		put_str(out, "/");
	walk(out, dir);
	walk(out, path);
}

/* How many bytes of @path are folders that it shares with @dir. */
static size_t shared(const char *path, const char *dir)
{
	const char *at = path, *name, *other;
	size_t len, n = 0, end = 0;

	if ((path[0] == '/') != (dir[0] == '/'))
		return 0;
	dir += strspn(dir, "/");
	while (*dir && (len = next_name(&at, &name)) && *at) {
		if (next_name(&dir, &other) != len || memcmp(name, other, len) != 0)
			return n >= SHARED_MIN ? end : 0;
		end = (size_t)(at + strspn(at, "/") - path);
		n++;
	}
	return !*dir || n >= SHARED_MIN ? end : 0;
}

void put_srcpath(struct strbuf *out, const char *comp_dir, const char *path)
{
	STRBUF(dir);
	STRBUF(file);
	size_t skip;

	if (!path || !*path)
		return;
	if (!comp_dir)
		comp_dir = "";
	normalise(&dir, "", comp_dir);
	normalise(&file, comp_dir, path);
	if (!file.len)
		return;
	skip = dir.len ? shared(file.data, dir.data) : 0;
	put_escaped(out, file.data + skip, file.len - skip, "");
}
