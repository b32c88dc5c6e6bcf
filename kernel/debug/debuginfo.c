#include "kernel/debug/debuginfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/debug/find.h"
#include "kernel/fields.h"
#include "kernel/lazy.h"
#include "kernel/module/module.h"
#include "kernel/mem/space.h"

/* What can have a debug file: the kernel or a module. */
struct entry {
	struct kernel *k;
	uint64_t module; /* 0: the kernel */
	struct module_region regions[MODULE_REGIONS_MAX];
	size_t nr_regions;
	struct lazy once;
	struct strbuf tried; /* one a line */
	struct loaded_section *sections;
	size_t nr_sections;
	struct debugfile *file;
};

/* Where a section of a module is. */
struct loaded_section {
	char name[64];
	uint64_t addr;
};

struct debuginfo {
	struct kernel *k;
	struct finder *finder;
	struct entry kernel;
	struct lazy once; /* the modules */
	struct entry *modules;
	size_t nr;
};

static void entry_empty(struct entry *e)
{
	debugfile_close(e->file);
	free(e->sections);
	strbuf_fini(&e->tried);
	e->file = NULL;
	e->sections = NULL;
	e->nr_sections = 0;
}

static void entry_fini(struct entry *e)
{
	entry_empty(e);
	lazy_fini(&e->once);
}

struct debuginfo *debuginfo_new(struct kernel *k)
{
	struct debuginfo *di = calloc(1, sizeof(*di));

	if (!di)
		return NULL;
	di->k = k;
	di->kernel.k = k;
	di->finder = finder_new(k);
	lazy_init(&di->kernel.once);
	lazy_init(&di->once);
	if (!di->finder) {
		debuginfo_free(di);
		return NULL;
	}
	return di;
}

static void drop_modules(struct debuginfo *di)
{
	for (size_t i = 0; i < di->nr; i++)
		entry_fini(&di->modules[i]);
	free(di->modules);
	di->modules = NULL;
	di->nr = 0;
}

void debuginfo_free(struct debuginfo *di)
{
	if (!di)
		return;
	entry_fini(&di->kernel);
	drop_modules(di);
	lazy_fini(&di->once);
	finder_free(di->finder);
	free(di);
}

bool debuginfo_wanted(struct kernel *k)
{
	return !kernel_options(k)->no_debuginfo;
}

/* The sections of a module, as debugfile_open_module() asks for them. The one of per-CPU variables is
 * in none of the kernel's tables. */
static int where_is(void *arg, const char *section, uint64_t *ret)
{
	const struct entry *e = arg;

	for (size_t i = 0; i < e->nr_sections; i++) {
		if (strncmp(e->sections[i].name, section, sizeof(e->sections[i].name) - 1))
			continue;
		*ret = e->sections[i].addr;
		return 0;
	}
	return strcmp(section, ".data..percpu") ? -ENOENT
						: field_u64(e->k, e->module, F_module_percpu, ret);
}

static int read_sections(struct entry *e)
{
	size_t n;
	int r = module_section_count(e->k, e->module, &n);

	if (r < 0)
		return r;
	e->sections = calloc(n + 1, sizeof(*e->sections));
	if (!e->sections)
		return fail(-ENOMEM, "%zu sections", n);
	for (size_t i = 0; i < n; i++) {
		struct loaded_section *s = &e->sections[e->nr_sections];

		if (module_section(e->k, e->module, i, s->name, sizeof(s->name), &s->addr) == 0)
			e->nr_sections++;
	}
	return 0;
}

static int open_module(struct entry *e, const char *path)
{
	char name[MODULE_NAME_MAX];
	int r = module_name(e->k, e->module, name, sizeof(name));

	if (r >= 0)
		r = read_sections(e);
	return r < 0 ? r : debugfile_open_module(path, name, where_is, e, &e->file);
}

static int make_entry(void *arg)
{
	struct entry *e = arg;
	uint64_t offset = 0;
	char *path = NULL;
	int r;

	/* An attempt that was interrupted has left its half. */
	entry_empty(e);
	r = finder_find(kernel_debuginfo(e->k)->finder, e->module, &e->tried, &path, &offset);
	if (r < 0)
		return r;
	r = e->module ? open_module(e, path) : debugfile_open_kernel(path, offset, &e->file);
	if (r < 0)
		put(&e->tried, "not usable         %s\n", why());
	free(path);
	return r;
}

static int entry_file(struct entry *e, struct debugfile **ret)
{
	int r = lazy_get(&e->once, make_entry, e);

	if (r < 0)
		return r;
	*ret = e->file;
	return 0;
}

static int add_module(struct debuginfo *di, uint64_t module)
{
	struct entry *more = realloc(di->modules, (di->nr + 1) * sizeof(*more)), *e;

	if (!more)
		return fail(-ENOMEM, "modules");
	di->modules = more;
	e = &more[di->nr++];
	*e = (struct entry){ .k = di->k, .module = module };
	if (module_regions(di->k, module, e->regions, &e->nr_regions) < 0)
		e->nr_regions = 0;
	return 0;
}

/* What could be read of the list is kept. */
static int make_modules(void *arg)
{
	struct debuginfo *di = arg;
	struct list_walk w;
	uint64_t module;
	int r;

	drop_modules(di);
	r = modules_begin(&w, di->k);
	if (r < 0)
		return r;
	while (r >= 0 && (r = list_next(&w, &module)) > 0 && di->nr < LIMIT_MODULES)
		r = add_module(di, module);
	for (size_t i = 0; i < di->nr; i++)
		lazy_init(&di->modules[i].once);
	return r == -EINTR || r == -ENOMEM ? r : 0;
}

/* The entry of a module. NULL with an error: none. */
static int module_entry(struct kernel *k, uint64_t module, struct entry **ret)
{
	struct debuginfo *di = kernel_debuginfo(k);
	int r = lazy_get(&di->once, make_modules, di);

	for (size_t i = 0; r >= 0 && i < di->nr; i++) {
		if (di->modules[i].module != module)
			continue;
		*ret = &di->modules[i];
		return 0;
	}
	return r < 0 ? r : fail(-ENOENT, "no module at %#lx", module);
}

int debuginfo_file(struct kernel *k, uint64_t module, struct debugfile **ret)
{
	struct entry *e = &kernel_debuginfo(k)->kernel;
	int r = 0;

	if (!debuginfo_wanted(k))
		return fail(-ENOENT, "no debug information is to be used");
	if (module)
		r = module_entry(k, module, &e);
	return r < 0 ? r : entry_file(e, ret);
}

static bool lies_in(const struct entry *e, uint64_t va)
{
	for (size_t i = 0; i < e->nr_regions; i++)
		if (va - e->regions[i].base < e->regions[i].size)
			return true;
	return false;
}

int debuginfo_at(struct kernel *k, uint64_t va, struct debugfile **ret)
{
	struct debuginfo *di = kernel_debuginfo(k);
	const struct space *s;
	int r;

	if (!debuginfo_wanted(k))
		return fail(-ENOENT, "no debug information is to be used");
	r = kernel_space(k, &s);
	if (r < 0)
		return r;
	if (va >= s->image.first && va <= s->image.last)
		return entry_file(&di->kernel, ret);
	r = lazy_get(&di->once, make_modules, di);
	for (size_t i = 0; r >= 0 && i < di->nr; i++)
		if (lies_in(&di->modules[i], va))
			return entry_file(&di->modules[i], ret);
	return r < 0 ? r : fail(-ENOENT, "%#lx belongs to neither the kernel nor a module", va);
}

static void put_entry(struct strbuf *out, struct entry *e)
{
	struct debugfile *f;
	int r = entry_file(e, &f);

	put_bytes(out, e->tried.data, e->tried.len);
	if (r >= 0) {
		put_str(out, "used               ");
		put_escaped(out, debugfile_path(f), strlen(debugfile_path(f)), "");
		put_str(out, "\n");
	} else {
		put(out, "none               %s\n", why());
	}
}

int put_module_debuginfo(struct strbuf *out, struct kernel *k, uint64_t module)
{
	struct entry *e;
	int r;

	if (!debuginfo_wanted(k))
		return fail(-ENOENT, "no debug information is to be used");
	r = module_entry(k, module, &e);
	if (r >= 0)
		put_entry(out, e);
	return r;
}

int put_debuginfo(struct strbuf *out, struct kernel *k)
{
	struct debuginfo *di = kernel_debuginfo(k);
	char name[MODULE_NAME_MAX];
	int r;

	if (!debuginfo_wanted(k)) {
		put_str(out, "none               the dump alone is to be used (--no-debuginfo)\n");
		return 0;
	}
	put_str(out, "kernel\n");
	put_entry(out, &di->kernel);
	r = lazy_get(&di->once, make_modules, di);
	for (size_t i = 0; r >= 0 && i < di->nr; i++) {
		put_str(out, "\n");
		if (module_name(k, di->modules[i].module, name, sizeof(name)) == 0)
			put_escaped(out, name, strlen(name), "");
		put_str(out, "\n");
		put_entry(out, &di->modules[i]);
	}
	return r < 0 ? r : finder_unused(di->finder, out);
}
