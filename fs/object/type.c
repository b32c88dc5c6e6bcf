/* /types: definitions of the kernel's types and its modules', and where a member lies, as TYPE.MEMBER. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/object/object.h"
#include "kernel/typeinfo.h"
#include "kernel/types/decl.h"
#include "kernel/types/member.h"

/* Did one of the graphs before the @n-th name it? */
static bool named_before(const struct types *const *graphs, size_t n, const struct type *t)
{
	for (size_t i = 0; i < n; i++)
		if (types_find(graphs[i], (enum type_kind)t->kind, t->name, NULL))
			return true;
	return false;
}

/* Each name once, however many types have it. */
static void add_graph(struct names *names, const struct types *const *graphs, size_t n,
		      enum type_kind kind)
{
	const struct types *ts = graphs[n];

	for (size_t i = 0; i < types_count(ts) && !cancelled(); i++) {
		const struct type *t = types_at(ts, i);

		if (t->kind == kind && types_find(ts, kind, t->name, NULL) == t &&
		    !named_before(graphs, n, t))
			names_add(names, t->name, i);
	}
}

static int add_types(struct render *r, struct names *names, enum type_kind kind)
{
	_free_ const struct types **graphs = NULL;
	const struct types *ts;
	uint64_t module;
	size_t n;
	int e;

	for (n = 0; (e = typeinfo_graph(r->k, n, &ts, &module)) >= 0; n++) {
		const struct types **more = realloc(graphs, (n + 1) * sizeof(*graphs));

		if (!more)
			return fail(-ENOMEM, "types");
		graphs = more;
		graphs[n] = ts;
	}
	for (size_t i = 0; i < n; i++)
		add_graph(names, graphs, i, kind);
	return n ? 0 : e;
}

/* Types of modules without BTF are in their debug files, if anywhere: they are found, not listed. NULL: none. */
static const struct type *in_debug_files(struct kernel *k, const char *name, enum type_kind kind)
{
	const struct type *t;

	return object_type(k, name, strlen(name), &t) >= 0 && t->kind == kind ? t : NULL;
}

static int find_type(struct render *r, const char *name, enum type_kind kind)
{
	const struct types *ts;
	uint64_t module;
	int e;

	for (size_t n = 0; (e = typeinfo_graph(r->k, n, &ts, &module)) >= 0; n++)
		if (types_find(ts, kind, name, NULL))
			return 0;
	return e == -ENOENT && in_debug_files(r->k, name, kind) ? 0 : e;
}

/* The definitions of @name in one graph, a blank line between, a module's name above its own. */
static int put_graph(struct render *r, const struct types *ts, uint64_t module, enum type_kind kind)
{
	const struct type *t = NULL;
	char name[64] = "";

	while ((t = types_find(ts, kind, r->key[0].name, t)) && types_owns(ts, t)) {
		if (r->out->len)
			put_str(r->out, "\n");
		if (module) {
			int e = field_str(r->k, module, F_module_name, name, sizeof(name));

			if (e < 0)
				return e;
			put_str(r->out, "/* module ");
			put_escaped(r->out, name, strlen(name), "*");
			put_str(r->out, " */\n");
		}
		put_definition(r->out, t);
	}
	return 0;
}

static int put_types(struct render *r, enum type_kind kind)
{
	const struct types *ts;
	const struct type *t;
	uint64_t module;
	int e;

	for (size_t n = 0; (e = typeinfo_graph(r->k, n, &ts, &module)) >= 0; n++) {
		e = put_graph(r, ts, module, kind);
		if (e < 0)
			return e;
	}
	if (!r->out->len && e == -ENOENT && (t = in_debug_files(r->k, r->key[0].name, kind)))
		put_definition(r->out, t);
	return r->out->len && e == -ENOENT ? 0 : e;
}

/* "task_struct.se.vruntime": how long its first part is; 0: it names no member. */
static size_t type_part(const char *name)
{
	size_t len = strcspn(name, ".");

	return name[len] ? len : 0;
}

/* The member that TYPE.PATH names, in the kernel's types or a module's. -ENOENT: none. */
static int find_member(struct kernel *k, enum type_kind kind, const char *name, struct place *ret)
{
	_free_ char *type = strndup(name, type_part(name));
	const struct type *debug;
	const struct types *ts;
	uint64_t module;
	int e;

	if (!type)
		return fail(-ENOMEM, "name of a type");
	for (size_t n = 0; (e = typeinfo_graph(k, n, &ts, &module)) >= 0; n++) {
		const struct type *t = NULL;

		while ((t = types_find(ts, kind, type, t)))
			if (member_find(t, name + strlen(type) + 1, ret) >= 0)
				return 0;
	}
	if (e == -ENOENT && (debug = in_debug_files(k, type, kind)))
		e = member_find(debug, name + strlen(type) + 1, ret);
	return e;
}

static int put_member(struct render *r, enum type_kind kind)
{
	const char *name = r->key[0].name;
	struct place p;
	int e = find_member(r->k, kind, name, &p);

	if (e < 0)
		return e;
	put(r->out, "offset: %" PRIu64, place_offset(&p));
	if (p.bit_size)
		put(r->out, ", bit %u", (unsigned int)(p.bit_offset % 8));
	put(r->out, "\nsize:   ");
	if (p.bit_size)
		put(r->out, "%u bit%s\n", p.bit_size, p.bit_size == 1 ? "" : "s");
	else
		put(r->out, "%" PRIu64 "\n", type_size(p.type));
	put(r->out, "type:   ");
	put_declaration(r->out, p.type, "");
	put_str(r->out, "\n");
	return 0;
}

static int find_type_or_member(struct render *r, const char *name, enum type_kind kind)
{
	struct place p;

	return type_part(name) ? find_member(r->k, kind, name, &p) : find_type(r, name, kind);
}

static int add_structs(struct render *r, struct names *names)
{
	return add_types(r, names, TYPE_STRUCT);
}

static int add_unions(struct render *r, struct names *names)
{
	return add_types(r, names, TYPE_UNION);
}

static int add_enums(struct render *r, struct names *names)
{
	return add_types(r, names, TYPE_ENUM);
}

static int add_typedefs(struct render *r, struct names *names)
{
	return add_types(r, names, TYPE_TYPEDEF);
}

static int find_struct(struct render *r, const char *name, uint64_t *ret)
{
	*ret = 0;
	return find_type_or_member(r, name, TYPE_STRUCT);
}

static int find_union(struct render *r, const char *name, uint64_t *ret)
{
	*ret = 0;
	return find_type_or_member(r, name, TYPE_UNION);
}

static int find_enum(struct render *r, const char *name, uint64_t *ret)
{
	*ret = 0;
	return find_type(r, name, TYPE_ENUM);
}

static int find_typedef(struct render *r, const char *name, uint64_t *ret)
{
	*ret = 0;
	return find_type(r, name, TYPE_TYPEDEF);
}

const struct lister list_structs = { .list = add_structs, .lookup = find_struct };
const struct lister list_unions = { .list = add_unions, .lookup = find_union };
const struct lister list_enums = { .list = add_enums, .lookup = find_enum };
const struct lister list_typedefs = { .list = add_typedefs, .lookup = find_typedef };

int gen_type_struct(struct render *r)
{
	return type_part(r->key[0].name) ? put_member(r, TYPE_STRUCT) : put_types(r, TYPE_STRUCT);
}

int gen_type_union(struct render *r)
{
	return type_part(r->key[0].name) ? put_member(r, TYPE_UNION) : put_types(r, TYPE_UNION);
}

int gen_type_enum(struct render *r)
{
	return put_types(r, TYPE_ENUM);
}

int gen_type_typedef(struct render *r)
{
	return put_types(r, TYPE_TYPEDEF);
}
