#include "kernel/unwind/code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/arch.h"
#include "kernel/fields.h"
#include "kernel/lazy.h"
#include "kernel/module/module.h"
#include "kernel/code/runtime_code.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/orc_search.h"
#include "kernel/unwind/machine.h"
#include "kernel/unwind/orc.h"

struct code {
	struct kernel *kernel;
	struct lazy once, orc_once;
	struct code_region *v; /* by rising address; they do not overlap */
	size_t n, room;
	struct code_region core; /* the kernel's own, in .v as well */
	struct orc_facts orc;
	uint64_t marks[NR_MARKS];
};

static const char *const mark_names[NR_MARKS][2] = {
	[MARK_FORK] = { "ret_from_fork_asm", "ret_from_fork" }, /* 3aec4ecb3d1f (v6.6) */
	[MARK_RETHOOK] = { "arch_rethook_trampoline" },		/* 54ecbe6f1ed5 (v5.18) */
	[MARK_KRETPROBE] = { "__kretprobe_trampoline",
			     "kretprobe_trampoline" }, /* adf8a61a940c (v5.16) */
	[MARK_GRAPH] = { "return_to_handler" },
	[MARK_ENTRY] = { "__entry_text_start" },
	[MARK_ENTRY_END] = { "__entry_text_end" },
};

struct code *code_new(struct kernel *k)
{
	struct code *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->kernel = k;
	lazy_init(&c->once);
	lazy_init(&c->orc_once);
	return c;
}

void code_free(struct code *c)
{
	if (!c)
		return;
	lazy_fini(&c->once);
	lazy_fini(&c->orc_once);
	free(c->v);
	free(c);
}

static int add(struct code *c, struct code_region region)
{
	if (c->n == c->room) {
		size_t room = c->room ? 2 * c->room : 64;
		struct code_region *v = realloc(c->v, room * sizeof(*v));

		if (!v)
			return fail(-ENOMEM, "%zu pieces of code", c->n);
		c->v = v;
		c->room = room;
	}
	c->v[c->n++] = region;
	return 0;
}

static int bounds(struct kernel *k, const char *first, const char *end, struct code_region *ret)
{
	int r = symbol_addr(k, first, &ret->first);

	if (r >= 0)
		r = symbol_addr(k, end, &ret->end);
	if (r >= 0 && ret->end <= ret->first)
		r = fail(-EBADMSG, "%s is not before %s", first, end);
	return r;
}

static struct orc_tables core_orc(struct kernel *k)
{
	struct orc_tables t = { 0 };
	uint64_t end;

	if (symbols_lack_data(k) && field_exists(k, F_module_num_orcs))
		return orc_search(k, &t) < 0 ? (struct orc_tables){ 0 } : t;
	if (symbol_addr(k, "__start_orc_unwind_ip", &t.ip) < 0 ||
	    symbol_addr(k, "__stop_orc_unwind_ip", &end) < 0 || end < t.ip ||
	    (end - t.ip) / 4 > LIMIT_ORC || symbol_addr(k, "__start_orc_unwind", &t.rules) < 0)
		return (struct orc_tables){ 0 };
	t.n = (uint32_t)((end - t.ip) / 4);
	return t;
}

/* What ran before init did is gone but stays on the stacks of those it called. */
static int add_core(struct code *c)
{
	struct code_region init = { 0 };
	int r = bounds(c->kernel, "_stext", "_etext", &c->core);

	if (r < 0)
		return r;
	c->core.orc = core_orc(c->kernel);
	r = add(c, c->core);
	if (r < 0 || bounds(c->kernel, "_sinittext", "_einittext", &init) < 0 ||
	    init.first < c->core.end)
		return r;
	init.orc = c->core.orc;
	return add(c, init);
}

static struct orc_tables module_orc(struct kernel *k, uint64_t module)
{
	struct orc_tables t = { 0 };
	uint64_t n;

	if (field_u64(k, module, F_module_num_orcs, &n) < 0 || n > LIMIT_ORC ||
	    field_u64(k, module, F_module_orc_unwind_ip, &t.ip) < 0 ||
	    field_u64(k, module, F_module_orc_unwind, &t.rules) < 0)
		return (struct orc_tables){ 0 };
	t.n = (uint32_t)n;
	return t;
}

static int add_module(struct code *c, uint64_t module)
{
	struct module_region regions[MODULE_REGIONS_MAX];
	struct orc_tables orc = module_orc(c->kernel, module);
	size_t n;
	int r = module_regions(c->kernel, module, regions, &n);

	for (size_t i = 0; r >= 0 && i < n; i++) {
		const struct module_region *m = &regions[i];

		if (strcmp(m->name, "text") && strcmp(m->name, "init text") &&
		    strcmp(m->name, "init"))
			continue;
		if (m->base + m->size > m->base)
			r = add(c, (struct code_region){ m->base, m->base + m->size, orc, 0 });
	}
	return r;
}

/* A module that cannot be read leaves the others their code. */
static int add_modules(struct code *c)
{
	struct list_walk w;
	uint64_t module;
	int r = modules_begin(&w, c->kernel);

	while (r >= 0 && (r = list_next(&w, &module)) > 0) {
		r = add_module(c, module);
		if (r != -EINTR && r != -ENOMEM)
			r = 0;
	}
	return r == -EINTR || r == -ENOMEM ? r : 0;
}

static int add_runtime(void *arg, const struct runtime_code *code)
{
	struct code *c = arg;
	struct code_region region = { .first = code->first, .end = code->end };

	if (code->copied && runtime_code_origin(c->kernel, code, &region.origin) < 0)
		region.origin = 0;
	return add(c, region);
}

static void find_marks(struct code *c)
{
	for (size_t i = 0; i < NR_MARKS; i++)
		for (size_t n = 0; n < 2 && mark_names[i][n] && !c->marks[i]; n++)
			if (symbol_addr(c->kernel, mark_names[i][n], &c->marks[i]) < 0)
				c->marks[i] = 0;
}

static int by_address(const void *a, const void *b)
{
	const struct code_region *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static int make_code(void *arg)
{
	struct code *c = arg;
	int r;

	/* An attempt that was interrupted has left its half. */
	c->n = 0;
	r = add_core(c);
	if (r >= 0)
		r = add_modules(c);
	if (r >= 0)
		r = runtime_code(c->kernel, add_runtime, c, NULL);
	if (r < 0)
		return within(r, "code");
	find_marks(c);
	qsort(c->v, c->n, sizeof(*c->v), by_address);
	for (size_t i = 1; i < c->n; i++)
		if (c->v[i].first < c->v[i - 1].end)
			c->v[i - 1].end = c->v[i].first;
	return 0;
}

int code_at(struct kernel *k, uint64_t va, const struct code_region **ret)
{
	struct code *c = kernel_code(k);
	int r = lazy_get(&c->once, make_code, c);
	size_t lo = 0, hi;

	if (r < 0)
		return r;
	hi = c->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->v[mid].first <= va)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || va >= c->v[lo - 1].end)
		return fail(-ENOENT, "%#lx is no code", va);
	*ret = &c->v[lo - 1];
	return 0;
}

bool code_is_freed(struct kernel *k, uint64_t va)
{
	uint64_t first, end, at, state, running;

	return symbol_addr(k, "_sinittext", &first) == 0 &&
	       symbol_addr(k, "_einittext", &end) == 0 && va >= first && va < end &&
	       symbol_addr(k, "system_state", &at) == 0 &&
	       kernel_read_uint(k, at, 4, &state) == 0 &&
	       kernel_enumerator(k, "SYSTEM_RUNNING", &running) == 0 && state >= running;
}

uint64_t code_mark(struct kernel *k, enum code_mark mark)
{
	struct code *c = kernel_code(k);

	return lazy_get(&c->once, make_code, c) < 0 ? 0 : c->marks[mark];
}

int code_call_before(struct kernel *k, uint64_t va, uint64_t *ret_target)
{
	const struct code_region *region;
	const struct arch *arch;
	unsigned char bytes[CALL_BYTES_MAX];
	uint64_t target;
	size_t n;
	int r = code_at(k, va - 1, &region);

	if (r >= 0)
		r = kernel_arch(k, &arch);
	if (r < 0)
		return r;
	n = va - region->first < sizeof(bytes) ? va - region->first : sizeof(bytes);
	r = kernel_read(k, va - n, bytes, n);
	if (r < 0)
		return r;
	if (!arch->unwind || !arch->unwind->call_before(bytes, n, va, &target) ||
	    (target && code_at(k, target, &region) < 0))
		return fail(-ENOENT, "no call ends at %#lx", va);
	*ret_target = target;
	return 0;
}

static int make_orc(void *arg)
{
	struct code *c = arg;

	return orc_learn(c->kernel, &c->core, &c->orc);
}

int code_orc(struct kernel *k, const struct orc_facts **ret)
{
	struct code *c = kernel_code(k);
	int r = lazy_get(&c->once, make_code, c);

	if (r >= 0)
		r = lazy_get(&c->orc_once, make_orc, c);
	if (r < 0)
		return r;
	*ret = &c->orc;
	return 0;
}
