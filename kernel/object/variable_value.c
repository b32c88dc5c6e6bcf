/* What a variable holds, by its type or as bytes. */
#include <errno.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/cpu/cpu.h"
#include "kernel/types/print.h"
#include "kernel/types/value.h"
#include "kernel/object/variable.h"

#define ROW	  16
#define BYTES_MAX (64u << 10) /* shown of what has no type */

static void put_row(struct strbuf *out, uint64_t addr, const unsigned char *p, size_t n)
{
	put(out, "%016lx ", addr);
	for (size_t i = 0; i < ROW; i++) {
		if (i < n)
			put(out, " %02x", p[i]);
		else
			put_str(out, "   ");
	}
	put_str(out, "  |");
	for (size_t i = 0; i < n; i++)
		put(out, "%c", p[i] < 0x20 || p[i] > 0x7e ? '.' : p[i]);
	put_str(out, "|\n");
}

/* Rows of sixteen bytes; those of pages that the dump lacks say so once. */
static int put_bytes_at(struct strbuf *out, struct kernel *k, uint64_t addr, uint64_t size)
{
	struct window w;
	bool missing = false;
	int r = window_open(&w, k, addr, size);

	if (r < 0)
		return r;
	for (uint64_t at = 0; at < size && !cancelled(); at += ROW) {
		size_t n = size - at < ROW ? (size_t)(size - at) : ROW;
		const unsigned char *p = window_at(&w, at, n);

		if (p)
			put_row(out, addr + at, p, n);
		else if (!missing)
			put(out, "%016lx  " NOT_IN_DUMP "\n", addr + at);
		missing = !p;
	}
	window_close(&w);
	return 0;
}

static int put_untyped(struct strbuf *out, struct kernel *k, const struct variable *v,
		       uint64_t addr)
{
	uint64_t size = v->symbol.size;
	int r;

	if (!size)
		return 0;
	r = put_bytes_at(out, k, addr, size < BYTES_MAX ? size : BYTES_MAX);
	return r >= 0 && size > BYTES_MAX
		       ? fail(-ELOOP, "the first %u of %lu bytes", BYTES_MAX, size)
		       : r;
}

/* One that is there once, or that of one CPU. */
static int put_one(struct strbuf *out, struct kernel *k, const struct variable *v, uint64_t addr)
{
	struct place place = { .type = v->type };
	int r;

	put_str(out, " = ");
	r = put_value(out, k, &place, addr, 0);
	if (r < 0)
		put_str(out, NOT_IN_DUMP);
	put_str(out, "\n");
	return r;
}

static int put_of_cpu(struct strbuf *out, struct kernel *k, const struct variable *v, size_t cpu)
{
	uint64_t addr;
	int r = percpu_addr(k, v->symbol.addr, cpu, &addr);

	if (r < 0)
		return r;
	put(out, "per_cpu(");
	put_escaped(out, v->symbol.name, strlen(v->symbol.name), "");
	put(out, ", %zu)", cpu);
	if (v->type)
		return put_one(out, k, v, addr);
	put_str(out, ":\n");
	return put_untyped(out, k, v, addr);
}

static int put_of_cpus(struct strbuf *out, struct kernel *k, const struct variable *v)
{
	const struct cpus *c;
	int r = cpus_get(k, &c), failed = 0;

	if (r < 0)
		return r;
	for (size_t cpu = 0; cpu < c->nr && r != -EINTR; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = put_of_cpu(out, k, v, cpu);
		if (r < 0)
			failed = within(r, "CPU %zu", cpu);
	}
	return failed;
}

/* Memory for the start alone is in use for something else afterwards. */
static bool is_freed(struct kernel *k, const struct symbol *s)
{
	uint64_t begin, end, at, state, freed;
	const struct types *ts;

	if (s->module || s->per_cpu || symbol_addr(k, "__init_begin", &begin) < 0 ||
	    symbol_addr(k, "__init_end", &end) < 0 || s->addr < begin || s->addr >= end)
		return false;
	if (symbol_addr(k, "system_state", &at) < 0 || kernel_read_uint(k, at, 4, &state) < 0 ||
	    kernel_types(k, &ts) < 0)
		return true;
	/* 2ba8b46efb15 (v5.16) */
	if (types_enumerator(ts, "SYSTEM_FREEING_INITMEM", &freed) < 0 &&
	    types_enumerator(ts, "SYSTEM_RUNNING", &freed) < 0)
		return true;
	return state >= freed;
}

int put_variable_value(struct strbuf *out, struct kernel *k, const struct variable *v)
{
	if (is_freed(k, &v->symbol)) {
		put_str(out, "unknown: its memory was freed when the kernel had started\n");
		return 0;
	}
	if (!v->type)
		put(out, "unknown: %s; its bytes:\n", v->unknown);
	if (v->per_cpu)
		return put_of_cpus(out, k, v);
	if (!v->type)
		return put_untyped(out, k, v, v->symbol.addr);
	put_escaped(out, v->symbol.name, strlen(v->symbol.name), "");
	return put_one(out, k, v, v->symbol.addr);
}
