#include "kernel/debug/find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "kernel/debug/places.h"
#include "kernel/lazy.h"
#include "kernel/module/module.h"
#include "kernel/sys/uts.h"
#include "kernel/symbol/vmlinux.h"

#define SYSTEM_DEBUG "/usr/lib/debug"

struct finder {
	struct kernel *k;
	struct lazy once; /* the rest */
	struct uts uts;
	struct place_index system,
		near; /* files by name: of the system; beside the dump, in --debug-dir */
};

/* What one search is for. */
struct wanted {
	struct finder *f;
	uint64_t module;	    /* 0: the kernel */
	char name[MODULE_NAME_MAX]; /* "vmlinux": the kernel */
	struct build_id id;	    /* .len 0: not known */
	struct strbuf *tried;
	uint64_t offset;
};

struct finder *finder_new(struct kernel *k)
{
	struct finder *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->k = k;
	lazy_init(&f->once);
	return f;
}

void finder_free(struct finder *f)
{
	if (!f)
		return;
	lazy_fini(&f->once);
	place_index_fini(&f->system);
	place_index_fini(&f->near);
	free(f);
}

static int add_modules_of(struct finder *f, const char *root)
{
	_free_ char *folder = NULL;

	if (!f->uts.release[0] || strchr(f->uts.release, '/'))
		return 0;
	if (asprintf(&folder, "%s/lib/modules/%s", root, f->uts.release) < 0)
		return fail(-ENOMEM, "%s", root);
	return place_index_add(&f->system, folder, true);
}

static int make_finder(void *arg)
{
	static const char *const roots[] = { SYSTEM_DEBUG, SYSTEM_DEBUG "/usr", "" };
	struct finder *f = arg;
	const struct kernel_options *o = kernel_options(f->k);
	int r = 0;

	/* An attempt that was interrupted has left its half. */
	place_index_fini(&f->system);
	place_index_fini(&f->near);
	kernel_uts(f->k, &f->uts);
	if (o->debug_dir)
		r = place_index_add(&f->near, o->debug_dir, true);
	if (r >= 0 && o->dump_dir)
		r = place_index_add(&f->near, o->dump_dir, false);
	for (size_t i = 0; r >= 0 && i < sizeof(roots) / sizeof(roots[0]); i++)
		r = add_modules_of(f, roots[i]);
	if (r < 0)
		return r;
	place_index_seal(&f->system);
	place_index_seal(&f->near);
	return 0;
}

static void say(struct wanted *w, const char *what, const char *path, const char *result)
{
	size_t len = strlen(path);

	if (result && !strncmp(result, path, len) && !strncmp(result + len, ": ", 2))
		result += len + 2;
	put(w->tried, "%-18s ", what);
	put_escaped(w->tried, path, len, "");
	put(w->tried, "%s%s\n", result ? ": " : "", result ? result : "");
}

static bool has_dwarf(struct objfile *o)
{
	struct section s;

	return (objfile_section(o, ".debug_info", &s) == 0 ||
		objfile_section(o, ".zdebug_info", &s) == 0) &&
	       s.size;
}

/* Is it this build's? What has no build-id is told by its name alone. */
static int fits_module(const struct wanted *w, struct objfile *o)
{
	char ours[2 * BUILD_ID_MAX + 1], theirs[2 * BUILD_ID_MAX + 1];
	const struct build_id *id = objfile_build_id(o);

	if (!w->id.len || !id->len || build_id_same(&w->id, id))
		return 0;
	build_id_text(&w->id, ours);
	build_id_text(id, theirs);
	return fail(-EINVAL, "build-id %s, but the dump's module has %s", theirs, ours);
}

static int fits(struct wanted *w, struct objfile *o, bool force)
{
	int r;

	if (!has_dwarf(o))
		return fail(-ENOENT, "no DWARF in it");
	if (!w->module) {
		r = vmlinux_offset(w->f->k, o, &w->offset);
		return r < 0 || force ? r : vmlinux_fits(w->f->k, o);
	}
	return force ? 0 : fits_module(w, o);
}

/* 0 and @ret: this is it. -ENOENT: it is not. */
static int try_file(struct wanted *w, const char *path, bool given, char **ret)
{
	bool force = given && kernel_options(w->f->k)->force;
	struct objfile *o;
	int r;

	if (!given && access(path, R_OK) < 0) {
		say(w, "tried", path, strerror(errno));
		return -ENOENT;
	}
	r = objfile_open(path, &o);
	if (r >= 0) {
		r = fits(w, o, force);
		objfile_close(o);
	}
	if (r == -EINTR || r == -ENOMEM)
		return r;
	say(w, given ? "given" : "found", path, r < 0 ? why() : NULL);
	if (r < 0)
		return -ENOENT;
	*ret = strdup(path);
	return *ret ? 0 : fail(-ENOMEM, "%s", path);
}

static int try_given(struct wanted *w, char **ret)
{
	const struct kernel_options *o = kernel_options(w->f->k);
	char name[MODULE_NAME_MAX];
	int r = -ENOENT;

	if (!w->module)
		return o->vmlinux ? try_file(w, o->vmlinux, true, ret) : -ENOENT;
	for (const char *const *m = o->modules; m && *m && r == -ENOENT; m++)
		if (place_name(*m, name, sizeof(name)) && !strcmp(name, w->name))
			r = try_file(w, *m, true, ret);
	return r;
}

static int try_index(struct wanted *w, const struct place_index *ix, char **ret)
{
	const char *path;
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && (path = place_index_find(ix, w->name, i)); i++)
		r = try_file(w, path, false, ret);
	return r;
}

static int try_near(struct wanted *w, char **ret)
{
	return try_index(w, &w->f->near, ret);
}

static int try_build_id(struct wanted *w, char **ret)
{
	const char *roots[] = { kernel_options(w->f->k)->debug_dir, SYSTEM_DEBUG };
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && w->id.len >= 2 && i < 2; i++) {
		_free_ char *path = roots[i] ? place_of_build_id(roots[i], &w->id) : NULL;

		if (path)
			r = try_file(w, path, false, ret);
	}
	return r;
}

/* Modules lie deeper, so that there is a list of their files. */
static int try_usual(struct wanted *w, char **ret)
{
	static const char *const roots[] = { SYSTEM_DEBUG, "" };
	const char *release = w->f->uts.release;
	int r = -ENOENT;

	if (w->module)
		return try_index(w, &w->f->system, ret);
	if (!release[0] || strchr(release, '/'))
		return r;
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		char *path;

		for (size_t p = 0; r == -ENOENT && (path = place_of_vmlinux(roots[i], release, p));
		     p++) {
			r = try_file(w, path, false, ret);
			free(path);
		}
	}
	return r;
}

static int try_servers(struct wanted *w, char **ret)
{
	const struct kernel_options *o = kernel_options(w->f->k);
	char hex[2 * BUILD_ID_MAX + 1];
	_free_ char *path = NULL;
	int r;

	if (!o->fetch || !w->id.len)
		return -ENOENT;
	build_id_text(&w->id, hex);
	r = o->fetch(o->fetch_arg, &w->id, &path);
	if (r == -EINTR || r == -ENOMEM)
		return r;
	say(w, "asked for", hex, r < 0 ? why() : NULL);
	return r < 0 ? -ENOENT : try_file(w, path, false, ret);
}

static int describe(struct wanted *w)
{
	int r = 0;

	if (w->module) {
		r = module_name(w->f->k, w->module, w->name, sizeof(w->name));
		if (r >= 0 && module_build_id(w->f->k, w->module, &w->id) < 0)
			w->id.len = 0;
	} else {
		memcpy(w->name, "vmlinux", sizeof("vmlinux"));
		kernel_build_id(w->f->k, &w->id);
	}
	return r;
}

int finder_find(struct finder *f, uint64_t module, struct strbuf *tried, char **ret,
		uint64_t *ret_offset)
{
	static int (*const steps[])(struct wanted * w, char **ret) = {
		try_given, try_near, try_build_id, try_usual, try_servers,
	};
	struct wanted w = { .f = f, .module = module, .tried = tried };
	int r = lazy_get(&f->once, make_finder, f);

	if (r >= 0)
		r = describe(&w);
	if (r < 0)
		return r;
	r = -ENOENT;
	for (size_t i = 0; r == -ENOENT && i < sizeof(steps) / sizeof(steps[0]); i++)
		r = steps[i](&w, ret);
	if (r == -ENOENT)
		return fail(r, "no debug file of %s was found",
			    module ? "this module" : "this kernel");
	*ret_offset = w.offset;
	return r;
}

static bool is_loaded(struct kernel *k, const char *wanted)
{
	char name[MODULE_NAME_MAX];
	struct list_walk w;
	uint64_t module;

	if (modules_begin(&w, k) < 0)
		return true;
	while (list_next(&w, &module) > 0)
		if (module_name(k, module, name, sizeof(name)) == 0 && !strcmp(name, wanted))
			return true;
	return false;
}

int finder_unused(struct finder *f, struct strbuf *out)
{
	const struct kernel_options *o = kernel_options(f->k);
	char name[MODULE_NAME_MAX];

	for (const char *const *m = o->modules; m && *m; m++) {
		bool named = place_name(*m, name, sizeof(name));

		if (named && is_loaded(f->k, name))
			continue;
		put_str(out, "\ngiven              ");
		put_escaped(out, *m, strlen(*m), "");
		put_str(out,
			named ? ": no such module is loaded\n" : ": not the name of a module\n");
	}
	return 0;
}
