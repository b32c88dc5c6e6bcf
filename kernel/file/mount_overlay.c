#include "kernel/file/mount_overlay.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/file/mount_options.h"
#include "kernel/file/path.h"
#include "kernel/symbol/symbols.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void put_option(struct strbuf *out, const char *name, const char *value)
{
	put(out, ",%s=", name);
	put_mangled(out, value, strlen(value), OPTION_ESCAPES);
}

static int put_string(struct strbuf *out, struct kernel *k, const char *name, uint64_t va)
{
	char text[LIMIT_NAME];
	int r;

	if (!va)
		return 0;
	r = kernel_read_str(k, va, text, sizeof(text));
	if (r == 0)
		put_option(out, name, text);
	return r;
}

/* b36a5780cb44 (v6.5): the layers each by itself; the first is the option as a whole, and NULL when
 * they were given one by one. */
static int put_layers(struct strbuf *out, struct kernel *k, uint64_t info)
{
	uint64_t array, n, data = 0, va;
	int r = field_u64(k, info, F_ovl_lowerdirs, &array);

	if (r == 0)
		r = field_u64(k, info, F_ovl_numlayer, &n);
	if (r == 0 && field_exists(k, F_ovl_numdatalayer))
		r = field_u64(k, info, F_ovl_numdatalayer, &data);
	if (r == 0)
		r = kernel_read_uint(k, array, 8, &va);
	if (r < 0 || va)
		return r < 0 ? r : put_string(out, k, "lowerdir", va);
	if (n > LIMIT_LAYERS || data > n)
		return fail(-EBADMSG, "%lu layers, %lu of data", n, data);
	for (uint64_t i = 1; i < n && r == 0; i++) {
		r = kernel_read_uint(k, array + 8 * i, 8, &va);
		if (r == 0)
			r = put_string(out, k, i < n - data ? "lowerdir+" : "datadir+", va);
	}
	return r;
}

static int put_dirs(struct strbuf *out, struct kernel *k, uint64_t info)
{
	static const struct {
		enum field f;
		const char *name;
	} dirs[] = {
		{ F_ovl_lowerdir, "lowerdir" },
		{ F_ovl_upperdir, "upperdir" },
		{ F_ovl_workdir, "workdir" },
	};
	int r = field_exists(k, F_ovl_lowerdirs) ? put_layers(out, k, info) : 0;

	for (size_t i = 0; i < COUNT(dirs) && r == 0; i++) {
		uint64_t va;

		if (!field_exists(k, dirs[i].f))
			continue;
		r = field_u64(k, info, dirs[i].f, &va);
		if (r == 0)
			r = put_string(out, k, dirs[i].name, va);
	}
	return r;
}

static const char *const switches[] = { "off", "on" };
static const char *const redirects[] = { "off", "follow", "nofollow", "on" };
static const char *const uuids[] = { "off", "null", "auto", "on" };
static const char *const xinos[] = { "off", "auto", "on" };
static const char *const verities[] = { "off", "on", "require" };

/* A member that is an index of a word, and shows unless it has its default: @usual, or what the
 * module's parameter makes it. */
struct choice {
	enum field f;
	const char *name;
	const char *const *words;
	size_t n;
	const char *parameter; /* NULL: .usual is the default */
	uint64_t usual, if_set;
};

static const struct choice choices[] = {
	{ F_ovl_redirect_mode, "redirect_dir", redirects, 4, "ovl_redirect_dir_def", 1, 3 },
	{ F_ovl_index, "index", switches, 2, "ovl_index_def", 0, 1 },
	{ F_ovl_uuid, "uuid", switches, 2, NULL, 1, 0 },
	{ F_ovl_uuid, "uuid", uuids, 4, NULL, 2, 0 },
	{ F_ovl_nfs_export, "nfs_export", switches, 2, "ovl_nfs_export_def", 0, 1 },
	{ F_ovl_xino, "xino", xinos, 3, "ovl_xino_auto_def", 0, 1 },
	{ F_ovl_metacopy, "metacopy", switches, 2, "ovl_metacopy_def", 0, 1 },
	{ F_ovl_verity_mode, "verity", verities, 3, NULL, 0, 0 },
};

static int default_of(struct kernel *k, const struct choice *c, uint64_t *ret)
{
	struct symbol s;
	uint64_t set = 0;
	int r = 0;

	if (c->parameter)
		r = symbol_find(k, c->parameter, &s);
	if (r == 0 && c->parameter)
		r = kernel_read_uint(k, s.addr, 1, &set);
	if (r == 0)
		*ret = set ? c->if_set : c->usual;
	return r;
}

/* Inode numbers of several file systems only: of one they are what they are. */
static bool is_idle(struct kernel *k, uint64_t info, const struct choice *c)
{
	uint64_t mode;

	return c->f == F_ovl_xino && field_u64(k, info, F_ovl_xino_mode, &mode) == 0 && !mode;
}

static int put_choice(struct strbuf *out, struct kernel *k, uint64_t info, const struct choice *c)
{
	uint64_t v, usual, size;
	int r;

	/* What is spelled alike in another kernel is another type there. */
	if (field_size(k, c->f, &size) < 0 || size != (c->words == switches ? 1 : 4))
		return 0;
	r = field_u64(k, info, c->f, &v);
	if (r == 0)
		r = default_of(k, c, &usual);
	if (r < 0 || v == usual || is_idle(k, info, c))
		return r;
	put_option(out, c->name, v < c->n ? c->words[v] : "?");
	return 0;
}

/* Before v6.5 this one was a string. */
static int put_redirect_string(struct strbuf *out, struct kernel *k, uint64_t info)
{
	uint64_t size, va;
	struct symbol s;
	uint64_t set = 0;
	char text[16];
	int r;

	if (field_size(k, F_ovl_redirect_mode, &size) < 0 || size != 8)
		return 0;
	r = field_u64(k, info, F_ovl_redirect_mode, &va);
	if (r == 0)
		r = kernel_read_str(k, va, text, sizeof(text));
	if (r == 0)
		r = symbol_find(k, "ovl_redirect_dir_def", &s);
	if (r == 0)
		r = kernel_read_uint(k, s.addr, 1, &set);
	if (r == 0 && strcmp(text, switches[!!set]))
		put_option(out, "redirect_dir", text);
	return r;
}

static int put_switch(struct strbuf *out, struct kernel *k, uint64_t info, enum field f,
		      const char *text)
{
	uint64_t v;
	int r;

	if (!field_exists(k, f))
		return 0;
	r = field_u64(k, info, f, &v);
	if (r == 0 && v)
		put_str(out, text);
	return r;
}

int put_overlay(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info)
{
	int r;

	(void)sb;
	/* Modules have types since v5.11. */
	if (!field_exists(k, F_ovl_upperdir)) {
		put_str(out, OPTIONS_UNKNOWN);
		return 0;
	}
	r = put_dirs(out, k, info);
	if (r == 0)
		r = put_switch(out, k, info, F_ovl_default_permissions, ",default_permissions");
	if (r == 0)
		r = put_redirect_string(out, k, info);
	for (size_t i = 0; i < COUNT(choices) && r == 0; i++)
		r = put_choice(out, k, info, &choices[i]);
	if (r == 0)
		r = put_switch(out, k, info, F_ovl_volatile, ",volatile");
	if (r == 0)
		r = put_switch(out, k, info, F_ovl_userxattr, ",userxattr");
	return r;
}
