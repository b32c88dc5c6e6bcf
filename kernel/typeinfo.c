#include "kernel/typeinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/debug/debuginfo.h"
#include "kernel/debug/indexes.h"
#include "kernel/fields.h"
#include "kernel/lazy.h"
#include "kernel/mem/bulk.h"
#include "kernel/module/module.h"
#include "kernel/symbol/objfile.h"
#include "kernel/symbol/symbols.h"
#include "kernel/types/btf.h"
#include "kernel/walk/list.h"

/* A module's types; read when somebody asks for them. */
struct entry {
	struct kernel *k;
	uint64_t module;
	uint64_t data, size; /* its BTF; 0: there is none, but perhaps a debug file */
	struct lazy once;
	struct types *own;
	const struct types *types; /* .own, or borrowed */
};

struct typeinfo {
	struct kernel *k;
	struct lazy once; /* the list */
	struct entry *entries;
	size_t nr;
};

struct typeinfo *typeinfo_new(struct kernel *k)
{
	struct typeinfo *ti = calloc(1, sizeof(*ti));

	if (!ti)
		return NULL;
	ti->k = k;
	lazy_init(&ti->once);
	return ti;
}

static void drop_entries(struct typeinfo *ti)
{
	for (size_t i = 0; i < ti->nr; i++) {
		lazy_fini(&ti->entries[i].once);
		types_close(ti->entries[i].own);
	}
	free(ti->entries);
	ti->entries = NULL;
	ti->nr = 0;
}

void typeinfo_free(struct typeinfo *ti)
{
	if (!ti)
		return;
	drop_entries(ti);
	lazy_fini(&ti->once);
	free(ti);
}

static int load(struct kernel *k, uint64_t va, uint64_t size, const struct types *base,
		struct types **ret)
{
	_free_ void *data = NULL;
	const struct space *s;
	int r = kernel_space(k, &s);

	if (r < 0)
		return r;
	if (size > LIMIT_BTF)
		return fail(-ELOOP, "%lu bytes of BTF", size);
	data = malloc((size_t)size + 1);
	if (!data)
		return fail(-ENOMEM, "%lu bytes of BTF", size);
	r = bulk_read(s, kernel_dump(k), va, data, (size_t)size);
	if (r >= 0)
		r = btf_load(data, (size_t)size, base, ret);
	return r < 0 ? within(r, "BTF at %#lx", va) : 0;
}

static int find_btf(struct kernel *k, uint64_t *ret, uint64_t *ret_size)
{
	uint64_t stop;
	int r = kernel_options(k)->no_btf ? fail(-ENOENT, "BTF is not to be used")
					  : symbol_addr(k, "__start_BTF", ret);

	if (r >= 0)
		r = symbol_addr(k, "__stop_BTF", &stop);
	if (r < 0)
		return r;
	if (stop <= *ret)
		return fail(-EBADMSG, "__stop_BTF %#lx is before __start_BTF %#lx", stop, *ret);
	*ret_size = stop - *ret;
	return 0;
}

static int types_of_dump(struct kernel *k, struct types **ret_own, const struct types **ret)
{
	uint64_t start, size;
	int r = find_btf(k, &start, &size);

	if (r < 0)
		return within(r, "types");
	r = load(k, start, size, NULL, ret_own);
	if (r >= 0)
		*ret = *ret_own;
	return r;
}

static int types_of_section(struct kernel *k, struct objfile *o, struct types **ret_own)
{
	struct section btf;
	int r = kernel_options(k)->no_btf ? fail(-ENOENT, "BTF is not to be used")
					  : objfile_section(o, ".BTF", &btf);

	if (r < 0)
		return r;
	if (!btf.bytes)
		return fail(-ENOENT, "%s: BTF is left out", objfile_path(o));
	r = btf_load(btf.bytes, (size_t)btf.size, NULL, ret_own);
	return r < 0 ? within(r, "%s", objfile_path(o)) : 0;
}

/* The vmlinux that was given, or the debug file that was found. */
static int types_of_vmlinux(struct kernel *k, struct types **ret_own, const struct types **ret)
{
	struct objfile *given = kernel_vmlinux(k), *found = NULL;
	struct debugfile *f;
	int r = 0;

	if (!given) {
		r = debuginfo_file(k, 0, &f);
		if (r >= 0)
			r = objfile_open(debugfile_path(f), &found);
	}
	if (r >= 0)
		r = types_of_section(k, given ? given : found, ret_own);
	if (found)
		objfile_close(found);
	if (r >= 0)
		*ret = *ret_own;
	return r;
}

static int types_of_dwarf(struct kernel *k, struct types **ret_own, const struct types **ret)
{
	const struct index *ix;
	uint64_t bias;
	int r = kernel_index(k, 0, &ix, &bias);

	*ret_own = NULL;
	if (r >= 0)
		*ret = index_types(ix);
	return r;
}

/* In the order in which they are asked. */
static int (*const producers[])(struct kernel *k, struct types **ret_own,
				const struct types **ret) = {
	types_of_dump,
	types_of_vmlinux,
	types_of_dwarf,
};

#define PRODUCERS (sizeof(producers) / sizeof(producers[0]))

/* The first that can be read whole; else the first that can be read. What the first one says when it fails
 * is why there are none. */
int typeinfo_kernel(struct kernel *k, struct types **ret_own, const struct types **ret)
{
	struct types *own = NULL, *part = NULL;
	const struct types *ts;
	char first[256] = "";
	int r = 0, error = 0;

	for (size_t i = 0; i < PRODUCERS; i++) {
		r = producers[i](k, &own, &ts);
		if (r == -EINTR || r == -ENOMEM)
			break;
		if (r < 0 && !error) {
			snprintf(first, sizeof(first), "%s", why());
			error = r;
		}
		if (r < 0)
			continue;
		if (!types_problem(ts)) {
			types_close(part);
			*ret_own = own;
			*ret = ts;
			return 0;
		}
		if (part)
			types_close(own);
		else
			part = own;
	}
	if (r == -EINTR || r == -ENOMEM) {
		types_close(part);
		return r;
	}
	if (!part)
		return fail(error, "%s", first);
	*ret_own = part;
	*ret = part;
	return 0;
}

static int append(struct typeinfo *ti, const struct entry *e)
{
	struct entry *more = realloc(ti->entries, (ti->nr + 1) * sizeof(*e));

	if (!more)
		return fail(-ENOMEM, "modules' types");
	ti->entries = more;
	ti->entries[ti->nr++] = *e;
	return 0;
}

/* Take the struct btf_module at @addr in. */
static int add_btf(struct typeinfo *ti, uint64_t addr)
{
	struct entry e = { .k = ti->k };
	uint64_t btf;
	int r = field_u64(ti->k, addr, F_btf_module_module, &e.module);

	if (r >= 0)
		r = field_u64(ti->k, addr, F_btf_module_btf, &btf);
	if (r >= 0)
		r = field_u64(ti->k, btf, F_btf_data, &e.data);
	if (r >= 0)
		r = field_u64(ti->k, btf, F_btf_data_size, &e.size);
	return r < 0 ? r : append(ti, &e);
}

/* Without BTF it is the modules themselves: whether they have a debug file is not asked yet. */
static int add_module(struct typeinfo *ti, uint64_t module)
{
	const struct entry e = { .k = ti->k, .module = module };

	return append(ti, &e);
}

static bool kernel_has_btf(struct kernel *k)
{
	uint64_t va, size;

	return find_btf(k, &va, &size) >= 0;
}

/* What could be read of the list is kept. Before 36e68442d1af (v5.11) only the kernel itself may have BTF:
 * there are modules' types in debug files alone, which are found, but not in the list. */
static int make_list(void *arg)
{
	struct typeinfo *ti = arg;
	int (*add)(struct typeinfo * ti, uint64_t at) = add_btf;
	struct list_walk w;
	uint64_t head, at;
	int r = kernel_options(ti->k)->no_btf ? -ENOENT : symbol_addr(ti->k, "btf_modules", &head);

	drop_entries(ti);
	if (r >= 0) {
		r = list_begin(&w, ti->k, head, F_btf_module_list);
	} else if (r == -ENOENT && kernel_has_btf(ti->k)) {
		return 0;
	} else if (r == -ENOENT) {
		add = add_module;
		r = modules_begin(&w, ti->k);
	}
	if (r < 0)
		return within(r, "modules' types");
	while ((r = list_next(&w, &at)) > 0 && ti->nr < LIMIT_MODULES) {
		r = add(ti, at);
		if (r < 0)
			break;
	}
	for (size_t i = 0; i < ti->nr; i++)
		lazy_init(&ti->entries[i].once);
	return r == -EINTR || r == -ENOMEM ? r : 0;
}

static int make_entry(void *arg)
{
	struct entry *e = arg;
	const struct types *base;
	const struct index *ix;
	uint64_t bias;
	int r;

	/* Of a try that is repeated, since something could not be read. */
	types_close(e->own);
	e->own = NULL;
	if (!e->size) {
		r = kernel_index(e->k, e->module, &ix, &bias);
		if (r >= 0)
			e->types = index_types(ix);
		return r;
	}
	r = kernel_types(e->k, &base);
	if (r >= 0)
		r = load(e->k, e->data, e->size, base, &e->own);
	e->types = e->own;
	return r;
}

static int get_entry(struct entry *e, const struct types **ret)
{
	int r = lazy_get(&e->once, make_entry, e);

	if (r < 0)
		return r;
	*ret = e->types;
	return 0;
}

int typeinfo_module(struct kernel *k, uint64_t module, const struct types **ret)
{
	struct typeinfo *ti = kernel_typeinfo(k);
	int r = lazy_get(&ti->once, make_list, ti);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ti->nr; i++)
		if (ti->entries[i].module == module)
			return get_entry(&ti->entries[i], ret);
	return fail(-ENOENT, "the module at %#lx has no types of its own", module);
}

/* The @i-th of the modules whose types can be read. */
static int nth_entry(struct typeinfo *ti, size_t i, const struct types **ret, uint64_t *ret_module)
{
	const struct types *ts;

	for (size_t n = 0; n < ti->nr; n++) {
		int r = get_entry(&ti->entries[n], &ts);

		if (r == -EINTR || r == -ENOMEM)
			return r;
		if (r < 0 || i--)
			continue;
		*ret = ts;
		*ret_module = ti->entries[n].module;
		return 0;
	}
	return fail(-ENOENT, "no more types");
}

int typeinfo_graph(struct kernel *k, size_t i, const struct types **ret, uint64_t *ret_module)
{
	struct typeinfo *ti = kernel_typeinfo(k);
	int r;

	if (i)
		r = lazy_get(&ti->once, make_list, ti);
	else
		r = kernel_types(k, ret);
	if (r < 0)
		return r;
	if (i)
		return nth_entry(ti, i - 1, ret, ret_module);
	*ret_module = 0;
	return 0;
}
