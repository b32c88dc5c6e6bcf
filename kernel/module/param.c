#include "kernel/module/param.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"

#define STRING_MAX 4096 /* sysfs shows a page */
#define DEPTH_MAX  4	/* arrays of arrays */

int module_param_count(struct kernel *k, uint64_t module, size_t *ret)
{
	uint64_t n;
	int r = field_u64(k, module, F_module_num_kp, &n);

	if (r < 0)
		return r;
	if (n > LIMIT_MODULE_PARAMS)
		return fail(-EBADMSG, "%lu parameters", n);
	*ret = n;
	return 0;
}

int module_param(struct kernel *k, uint64_t module, size_t i, uint64_t *ret)
{
	uint64_t array, stride;
	int r = field_u64(k, module, F_module_kp, &array);

	if (r < 0)
		return r;
	r = kernel_sizeof(k, "kernel_param", &stride);
	if (r < 0)
		return r;
	*ret = array + stride * i;
	return 0;
}

int param_name(struct kernel *k, uint64_t param, char *ret, size_t size)
{
	return field_str(k, param, F_kernel_param_name, ret, size);
}

/* What a parameter is made of: where its value is, and who prints it. */
struct param {
	uint64_t ops, arg;
	int depth;
};

struct kind;
typedef int put_param_fn(struct strbuf *out, struct kernel *k, const struct param *p,
			 const struct kind *kind);

/* How the functions that print parameters for sysfs do it. */
struct kind {
	const char *get; /* kernel_param_ops.get */
	put_param_fn *put;
	uint8_t size;
	bool is_signed; /* of a bool: it shows the opposite */
	bool hex;
};

static int put_number(struct strbuf *out, struct kernel *k, const struct param *p,
		      const struct kind *kind)
{
	unsigned int unused = 64 - 8u * kind->size;
	uint64_t v;
	int r = kernel_read_uint(k, p->arg, kind->size, &v);

	if (r < 0)
		return r;
	if (kind->is_signed)
		put(out, "%ld", (int64_t)(v << unused) >> unused);
	else if (kind->hex)
		put(out, "%#08lx", v);
	else
		put(out, "%lu", v);
	return 0;
}

static int put_bool(struct strbuf *out, struct kernel *k, const struct param *p,
		    const struct kind *kind)
{
	uint64_t v;
	int r = kernel_read_uint(k, p->arg, kind->size, &v);

	if (r < 0)
		return r;
	put(out, "%c", (v != 0) != kind->is_signed ? 'Y' : 'N');
	return 0;
}

static int put_text(struct strbuf *out, struct kernel *k, uint64_t va)
{
	char text[STRING_MAX];
	int r = kernel_read_str(k, va, text, sizeof(text));

	if (r < 0)
		return r;
	put_escaped(out, text, strlen(text), "");
	return 0;
}

static int put_charp(struct strbuf *out, struct kernel *k, const struct param *p,
		     const struct kind *kind)
{
	uint64_t va;
	int r = kernel_read_uint(k, p->arg, kind->size, &va);

	if (r < 0)
		return r;
	if (va)
		return put_text(out, k, va);
	put_str(out, "(null)");
	return 0;
}

static int put_string(struct strbuf *out, struct kernel *k, const struct param *p,
		      const struct kind *kind)
{
	uint64_t va;
	int r = field_u64(k, p->arg, F_kparam_string_string, &va);

	(void)kind;
	return r < 0 ? r : put_text(out, k, va);
}

static put_param_fn put_array;

static const struct kind kinds[] = {
	{ "param_get_byte", put_number, 1, false, false },
	{ "param_get_short", put_number, 2, true, false },
	{ "param_get_ushort", put_number, 2, false, false },
	{ "param_get_int", put_number, 4, true, false },
	{ "param_get_uint", put_number, 4, false, false },
	{ "param_get_long", put_number, 8, true, false },
	{ "param_get_ulong", put_number, 8, false, false },
	{ "param_get_ullong", put_number, 8, false, false },
	{ "param_get_hexint", put_number, 4, false, true },
	{ "param_get_bool", put_bool, 1, false, false },
	{ "param_get_invbool", put_bool, 1, true, false },
	{ "param_get_charp", put_charp, 8, false, false },
	{ "param_get_string", put_string, 0, false, false },
	{ "param_array_get", put_array, 0, false, false },
};

static int put_value(struct strbuf *out, struct kernel *k, const struct param *p)
{
	struct symbol get;
	uint64_t va;
	int r = field_u64(k, p->ops, F_kernel_param_ops_get, &va);

	if (r < 0)
		return r;
	if (!va || symbol_at(k, va, &get) < 0 || va != get.addr)
		get = (struct symbol){ .name = "" };
	for (size_t i = 0; !get.module && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(get.name, kinds[i].get))
			return kinds[i].put(out, k, p, &kinds[i]);
	put_str(out, "<");
	put_symbol(out, k, va);
	put(out, " of %#lx>", p->arg);
	return 0;
}

/* struct kparam_array: how many of its elements are set is counted apart, unless all are. */
static int put_array(struct strbuf *out, struct kernel *k, const struct param *p,
		     const struct kind *kind)
{
	enum { MAX, SIZE, NUM, OPS, ELEM, PARTS };
	static const enum field fields[PARTS] = {
		[MAX] = F_kparam_array_max,   [SIZE] = F_kparam_array_elemsize,
		[NUM] = F_kparam_array_num,   [OPS] = F_kparam_array_ops,
		[ELEM] = F_kparam_array_elem,
	};
	uint64_t v[PARTS], n;
	int r = 0;

	(void)kind;
	if (p->depth == DEPTH_MAX)
		return fail(-ELOOP, "arrays in arrays");
	for (size_t i = 0; i < PARTS && r == 0; i++)
		r = field_u64(k, p->arg, fields[i], &v[i]);
	if (r < 0)
		return r;
	n = v[MAX];
	if (v[NUM])
		r = kernel_read_uint(k, v[NUM], 4, &n);
	if (r < 0)
		return r;
	if (n > v[MAX] || n > LIMIT_PARAM_ELEMENTS)
		return fail(-EBADMSG, "an array of %lu elements holds %lu", v[MAX], n);
	for (uint64_t i = 0; i < n && r == 0; i++) {
		struct param element = { v[OPS], v[ELEM] + i * v[SIZE], p->depth + 1 };

		put_str(out, i ? "," : "");
		r = put_value(out, k, &element);
	}
	return r;
}

int put_param(struct strbuf *out, struct kernel *k, uint64_t param)
{
	struct param p = { 0 };
	int r = field_u64(k, param, F_kernel_param_ops, &p.ops);

	if (r < 0)
		return r;
	r = field_u64(k, param, F_kernel_param_arg, &p.arg);
	return r < 0 ? r : put_value(out, k, &p);
}
