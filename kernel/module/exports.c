#include "kernel/module/exports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"

/* 7290d5809571 (v4.19): offsets from where they stand take the place of pointers. */
static int read_export(struct kernel *k, uint64_t at, struct export *ret)
{
	enum field value = F_kernel_symbol_value, name = F_kernel_symbol_name;
	struct export e;
	int r;

	if (field_exists(k, F_kernel_symbol_value_offset)) {
		value = F_kernel_symbol_value_offset;
		name = F_kernel_symbol_name_offset;
	}
	r = field_u64(k, at, value, &e.value);
	if (r == 0)
		r = field_u64(k, at, name, &e.name);
	if (r < 0)
		return r;
	if (value == F_kernel_symbol_value_offset) {
		uint64_t base;

		if (field_addr(k, at, value, &base) == 0)
			e.value += base;
		if (field_addr(k, at, name, &base) == 0)
			e.name += base;
	}
	*ret = e;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	const struct export *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

int exports_read(struct kernel *k, uint64_t module, struct exports *ret)
{
	uint64_t at, n, stride;
	struct exports e = { 0 };
	int r = 0;

	if (field_u64(k, module, F_module_syms, &at) < 0 ||
	    field_u64(k, module, F_module_num_syms, &n) < 0 ||
	    kernel_sizeof(k, "kernel_symbol", &stride) < 0 || n > LIMIT_SYMBOLS)
		n = 0;
	e.v = calloc(n + 1, sizeof(e.v[0]));
	if (!e.v)
		return fail(-ENOMEM, "%lu exports", n);
	for (; e.n < n && r == 0; e.n += r == 0)
		r = read_export(k, at + e.n * stride, &e.v[e.n]);
	if (r == -EINTR) {
		exports_fini(&e);
		return r;
	}
	qsort(e.v, e.n, sizeof(e.v[0]), by_value);
	*ret = e;
	return 0;
}

void exports_fini(struct exports *e)
{
	free(e->v);
	*e = (struct exports){ 0 };
}

bool exports_have(struct kernel *k, const struct exports *e, uint64_t value, const char *name)
{
	char text[LIMIT_SYMBOL_NAME];
	size_t low = 0, high = e->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (e->v[mid].value < value)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < e->n && e->v[low].value == value; low++)
		if (kernel_read_str(k, e->v[low].name, text, sizeof(text)) == 0 &&
		    !strcmp(text, name))
			return true;
	return false;
}
