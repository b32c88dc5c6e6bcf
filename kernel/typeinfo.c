#include "kernel/typeinfo.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/lazy.h"
#include "kernel/symbols.h"
#include "kernel/types/btf.h"
#include "kernel/walk/list.h"

/* What a module's BTF is; read when somebody asks for it. */
struct entry {
	struct kernel *k;
	uint64_t module, data, size;
	struct lazy once;
	struct types *types;
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
		types_close(ti->entries[i].types);
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
	int r;

	if (size > LIMIT_BTF)
		return fail(-ELOOP, "%lu bytes of BTF", size);
	data = malloc((size_t)size + 1);
	if (!data)
		return fail(-ENOMEM, "%lu bytes of BTF", size);
	r = kernel_read(k, va, data, (size_t)size);
	if (r >= 0)
		r = btf_load(data, (size_t)size, base, ret);
	return r < 0 ? within(r, "BTF at %#lx", va) : 0;
}

int typeinfo_kernel(struct kernel *k, struct types **ret)
{
	uint64_t start, stop;
	int r = symbol_addr(k, "__start_BTF", &start);

	if (r >= 0)
		r = symbol_addr(k, "__stop_BTF", &stop);
	if (r < 0)
		return within(r, "types");
	if (stop <= start)
		return fail(-EBADMSG, "__stop_BTF %#lx is before __start_BTF %#lx", stop, start);
	return load(k, start, stop - start, NULL, ret);
}

/* Take the struct btf_module at @addr in. */
static int add_entry(struct typeinfo *ti, uint64_t addr)
{
	struct entry e = { .k = ti->k }, *more;
	uint64_t btf;
	int r = field_u64(ti->k, addr, F_btf_module_module, &e.module);

	if (r >= 0)
		r = field_u64(ti->k, addr, F_btf_module_btf, &btf);
	if (r >= 0)
		r = field_u64(ti->k, btf, F_btf_data, &e.data);
	if (r >= 0)
		r = field_u64(ti->k, btf, F_btf_data_size, &e.size);
	if (r < 0)
		return r;
	more = realloc(ti->entries, (ti->nr + 1) * sizeof(e));
	if (!more)
		return fail(-ENOMEM, "modules' types");
	ti->entries = more;
	ti->entries[ti->nr++] = e;
	return 0;
}

/* What could be read of the list is kept. 36e68442d1af (v5.11). */
static int make_list(void *arg)
{
	struct typeinfo *ti = arg;
	struct list_walk w;
	uint64_t head, at;
	int r = symbol_addr(ti->k, "btf_modules", &head);

	drop_entries(ti);
	if (r >= 0)
		r = list_begin(&w, ti->k, head, F_btf_module_list);
	if (r < 0)
		return within(r, "modules' types");
	while ((r = list_next(&w, &at)) > 0 && ti->nr < LIMIT_MODULES) {
		r = add_entry(ti, at);
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
	int r = kernel_types(e->k, &base);

	return r < 0 ? r : load(e->k, e->data, e->size, base, &e->types);
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
