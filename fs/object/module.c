/* /modules: what was loaded into the kernel. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/gen.h"
#include "kernel/module/module.h"
#include "kernel/module/param.h"
#include "kernel/module/symbols.h"
#include "kernel/types/member.h"
#include "kernel/types/value.h"

/* Names are the dump's: what could not stand in a directory is escaped. */
static void add_name(struct names *names, const char *name, uint64_t id)
{
	STRBUF(text);

	put_escaped(&text, name, strlen(name), "/");
	if (text.data)
		names_add(names, text.data, id);
}

static int add_modules(struct render *r, struct names *names)
{
	struct list_walk w;
	uint64_t module;
	int e = modules_begin(&w, r->k);

	if (e < 0)
		return e;
	while ((e = list_next(&w, &module)) > 0) {
		char name[MODULE_NAME_MAX];

		if (module_name(r->k, module, name, sizeof(name)) == 0)
			add_name(names, name, module);
	}
	return e;
}

const struct lister list_modules = { .list = add_modules };

int gen_module_base(struct render *r)
{
	uint64_t base;
	int e = module_base(r->k, r->key[0].id, &base);

	if (e < 0)
		return e;
	put(r->out, "%#lx\n", base);
	return 0;
}

int gen_module_size(struct render *r)
{
	uint64_t size;
	int e = module_size(r->k, r->key[0].id, &size);

	if (e < 0)
		return e;
	put(r->out, "%lu\n", size);
	return 0;
}

int gen_module_memory(struct render *r)
{
	struct module_region regions[MODULE_REGIONS_MAX];
	size_t n;
	int e = module_regions(r->k, r->key[0].id, regions, &n);

	if (e < 0)
		return e;
	for (size_t i = 0; i < n; i++)
		put(r->out, "%#lx-%#lx %8lu %s\n", regions[i].base,
		    regions[i].base + regions[i].size, regions[i].size, regions[i].name);
	return 0;
}

int gen_module_state(struct render *r)
{
	const char *state;
	int e = module_state(r->k, r->key[0].id, &state);

	if (e < 0)
		return e;
	put(r->out, "%s\n", state);
	return 0;
}

int gen_module_refcnt(struct render *r)
{
	int64_t refcnt;
	int e = module_refcnt(r->k, r->key[0].id, &refcnt);

	if (e < 0)
		return e;
	put(r->out, "%ld\n", refcnt);
	return 0;
}

int gen_module_taint(struct render *r)
{
	char letters[TAINT_LETTERS + 1];
	uint64_t taints;
	int e = field_u64(r->k, r->key[0].id, F_module_taints, &taints);

	if (e < 0)
		return e;
	taint_letters(taints, letters);
	put(r->out, "%s\n", letters);
	return 0;
}

/* A string of struct module; an empty file when there is none. */
static int put_string(struct render *r, enum field f)
{
	char text[4096];
	int e = field_str(r->k, r->key[0].id, f, text, sizeof(text));

	if (e < 0)
		return e;
	if (!*text)
		return 0;
	put_escaped(r->out, text, strlen(text), "");
	put_str(r->out, "\n");
	return 0;
}

int gen_module_version(struct render *r)
{
	return put_string(r, F_module_version);
}

int gen_module_srcversion(struct render *r)
{
	return put_string(r, F_module_srcversion);
}

int gen_module_build_id(struct render *r)
{
	char text[2 * BUILD_ID_MAX + 1];
	struct build_id id;
	int e = module_build_id(r->k, r->key[0].id, &id);

	if (e < 0)
		return e;
	build_id_text(&id, text);
	put(r->out, "%s\n", text);
	return 0;
}

/* Give each user of the module to add(). */
static int each_user(struct render *r, void (*add)(void *arg, const char *name, uint64_t user),
		     void *arg)
{
	char name[MODULE_NAME_MAX];
	struct list_walk w;
	uint64_t user;
	int e = module_users_begin(&w, r->k, r->key[0].id);

	if (e < 0)
		return e;
	while ((e = module_users_next(&w, &user)) > 0) {
		int named = module_name(r->k, user, name, sizeof(name));

		if (named < 0)
			return named;
		add(arg, name, user);
	}
	return e;
}

static void put_user(void *arg, const char *name, uint64_t user)
{
	struct strbuf *out = arg;

	(void)user;
	put_escaped(out, name, strlen(name), "");
	put_str(out, "\n");
}

int gen_module_users(struct render *r)
{
	return each_user(r, put_user, r->out);
}

static void add_holder(void *arg, const char *name, uint64_t user)
{
	add_name(arg, name, user);
}

static int add_holders(struct render *r, struct names *names)
{
	return each_user(r, add_holder, names);
}

const struct lister list_module_holders = { .list = add_holders };

int gen_module_holder(struct render *r)
{
	put(r->out, "../../%s", r->key[1].name);
	return 0;
}

static int add_sections(struct render *r, struct names *names)
{
	char name[NAMES_LENGTH + 1];
	uint64_t addr;
	size_t n;
	int e = module_section_count(r->k, r->key[0].id, &n);

	for (size_t i = 0; i < n && e == 0; i++) {
		e = module_section(r->k, r->key[0].id, i, name, sizeof(name), &addr);
		if (e == 0)
			add_name(names, name, addr);
	}
	return e;
}

const struct lister list_module_sections = { .list = add_sections };

int gen_module_section(struct render *r)
{
	put(r->out, "0x%016lx\n", r->key[1].id);
	return 0;
}

static int add_params(struct render *r, struct names *names)
{
	char name[NAMES_LENGTH + 1];
	uint64_t param;
	size_t n;
	int e = module_param_count(r->k, r->key[0].id, &n);

	for (size_t i = 0; i < n && e == 0; i++) {
		e = module_param(r->k, r->key[0].id, i, &param);
		if (e == 0)
			e = param_name(r->k, param, name, sizeof(name));
		if (e == 0)
			add_name(names, name, param);
	}
	return e;
}

const struct lister list_module_params = { .list = add_params };

int gen_module_param(struct render *r)
{
	int e = put_param(r->out, r->k, r->key[1].id);

	if (e < 0)
		return e;
	put_str(r->out, "\n");
	return 0;
}

/* The part of the module that an address is in; @n: none. */
static size_t region_of(const struct module_region *v, size_t n, uint64_t addr)
{
	size_t i = 0;

	while (i < n && addr - v[i].base >= v[i].size)
		i++;
	return i;
}

static void put_symbols(struct render *r, const struct symtab *t, const struct module_region *v,
			size_t n, size_t region)
{
	for (size_t i = 0; i < t->n; i++) {
		const char *name = symtab_name(t, i);

		if (!t->v[i].kind || region_of(v, n, t->v[i].addr) != region)
			continue;
		put(r->out, "%016lx %c ", t->v[i].addr, t->v[i].kind);
		put_escaped(r->out, name, strlen(name), "");
		put_str(r->out, "\n");
	}
}

/* The parts of a module lie wherever there was room: their order is another in another boot. */
int gen_module_symbols(struct render *r)
{
	struct module_region regions[MODULE_REGIONS_MAX];
	struct symtab t = { 0 };
	size_t n = 0;
	int e = module_symbols(r->k, r->key[0].id, 0, true, &t);

	/* The marks that tell arm's code from data share a name, too many to be looked up by it. */
	symtab_sort(&t);
	if (r->stable && module_regions(r->k, r->key[0].id, regions, &n) < 0)
		n = 0;
	for (size_t i = 0; i <= n && e == 0; i++)
		put_symbols(r, &t, regions, n, i);
	symtab_fini(&t);
	return e;
}

int gen_module_struct(struct render *r)
{
	const struct types *ts;
	struct place place;
	int e = kernel_types(r->k, &ts);

	if (e == 0)
		e = member_of(ts, "module", "", &place);
	return e < 0 ? e : put_object(r->out, r->k, place.type, r->key[0].id);
}
