/* Machine code: /symbols/<name>/disassembly, /tasks/<pid>/code. */
#include <errno.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/stack/code_text.h"
#include "fs/stack/stack_text.h"
#include "fs/task/task_key.h"
#include "kernel/cpu/site.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/code.h"

static int find_text(struct kernel *k, uint64_t id, struct symbol *ret)
{
	const struct code_region *region;
	int r = symbol_get(k, id, ret);

	return r < 0 ? r : code_at(k, ret->addr, &region);
}

bool has_disassembly(struct render *r)
{
	struct symbol s;

	return find_text(r->k, r->key[0].id, &s) == 0;
}

int gen_disassembly(struct render *r)
{
	uint64_t size;
	struct symbol s;
	int e = find_text(r->k, r->key[0].id, &s);

	if (e < 0)
		return e;
	if (code_is_freed(r->k, s.addr)) {
		put_str(r->out, "(freed after the boot: other data may be there)\n");
		return 0;
	}
	if (!s.size)
		return fail(-ENOENT, "where it ends is not known");
	size = s.size < LIMIT_CODE ? s.size : LIMIT_CODE;
	e = put_code_range(r->out, r->k, s.addr, s.addr + size);
	if (e >= 0 && size < s.size)
		put(r->out, "!! truncated: %lu bytes are left\n", s.size - size);
	return e;
}

static const char *const about[] = {
	[SITE_ASLEEP] = "it sleeps, and goes on here",
	[SITE_RUNS] = "its CPU was stopped here",
	[SITE_EXCEPTION] = "the exception was here",
	[SITE_INTERRUPTED] = "it was here when the watchdog barked",
	[SITE_PANIC] = "it had called panic() here",
};

static int put_site(struct strbuf *out, struct kernel *k, const struct site *site)
{
	const char *module;
	LINES(l);
	int r;

	if (site->user) {
		put(out, "it was in user space, at %#lx\n", site->pc);
		return 0;
	}
	put_str(out, site->guess ? "? " : "");
	module = put_code(out, k, site->pc, site->signal);
	put_module(out, module);
	r = look_up_lines(k, site->pc, site->signal, &l);
	put_line(out, l);
	put(out, "  (%s)\n", about[site->kind]);
	return r < 0 ? r : put_code_around(out, k, site->pc, site->signal);
}

/* All that sleeps is in the scheduler: what called it tells more. */
int gen_task_code(struct render *r)
{
	struct site site, waiting;
	int e = site_of_task(r->k, key_task(r), &site);

	if (e == -ENOENT) {
		put_str(r->out, "(it has exited and given its stack back)\n");
		return 0;
	}
	if (e >= 0)
		e = put_site(r->out, r->k, &site);
	if (e < 0 || site.kind != SITE_ASLEEP || site_waiting(r->k, key_task(r), &waiting) < 0 ||
	    waiting.pc == site.pc)
		return e;
	put_str(r->out, "\n");
	return put_site(r->out, r->k, &waiting);
}
