#include "fs/dump/summary_death.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/object/address_text.h"
#include "fs/stack/code_text.h"
#include "fs/stack/stack_text.h"
#include "fs/text.h"
#include "kernel/code/operand.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/code.h"

void put_death_line(struct strbuf *out, const struct death *d)
{
	if (d->line.len)
		put_row(out, "PANIC", d->line.data);
}

static void put_kind(struct strbuf *out, const struct death *d)
{
	if (!d->kind)
		return;
	put_label(out, "KIND");
	put_str(out, d->kind);
	if (d->access.len)
		put(out, ": %s", d->access.data);
	put_str(out, "\n");
	if (d->report.len &&
	    (strstr(d->kind, "lockup") || strstr(d->kind, "stall") || strstr(d->kind, "hung")))
		put_row(out, "REPORTED", d->report.data);
}

/* The first instruction at the site: that of a call that did not return is before its return address. */
static int site_insn(struct kernel *k, const struct site *site, struct insn *ret)
{
	struct symbol s;
	struct disasm d;
	struct insn insn;
	int r = symbol_at(k, site->pc - !site->signal, &s);

	if (r >= 0)
		r = disasm_begin(&d, k, site->signal ? site->pc : s.addr, s.addr + s.size);
	while (r >= 0 && (r = disasm_next(&d, &insn)) > 0) {
		if (!site->signal && insn.addr + insn.size < site->pc)
			continue;
		if (insn.bad || (!site->signal && insn.addr + insn.size != site->pc))
			break;
		*ret = insn;
		return 0;
	}
	return r < 0 ? r : fail(-EBADMSG, "there is no instruction that ends at %#lx", site->pc);
}

static void put_register_kind(struct strbuf *out, const struct site *site, const char *name)
{
	char buf[VALUE_KIND_MAX];
	const char *kind;
	uint64_t value;

	if (!name || cursor_by_name(site->arch, &site->regs, name, &value) < 0)
		return;
	kind = value_kind(value, buf);
	if (kind)
		put(out, "; %s is %s", name, kind);
}

static void put_operand(struct strbuf *out, struct kernel *k, const struct death *d,
			const struct insn_memory *m)
{
	const struct site *site = &d->site;
	uint64_t va;

	if (operand_address(k, site->arch, &site->regs, d->cpu, m, &va) < 0)
		return;
	put_label(out, "OPERAND");
	put(out, "0x%lx: ", va);
	put_address_kind(out, k, va);
	put_register_kind(out, site, m->base);
	put_register_kind(out, site, m->index);
	put_str(out, "\n");
}

/* Code that is not there, or no code: then the address tells. */
static void put_instruction(struct strbuf *out, struct kernel *k, const struct death *d)
{
	const struct site *site = &d->site;
	struct insn insn;

	if (site_insn(k, site, &insn) < 0) {
		put_label(out, "INSTRUCTION");
		put(out, "!! %s\n", why());
		return;
	}
	put_label(out, "INSTRUCTION");
	put_insn_text(out, k, &insn);
	put_str(out, "\n");
	for (size_t i = 0; site->signal && insn.accesses && i < insn.nr_memory; i++)
		put_operand(out, k, d, &insn.memory[i]);
}

/* "crash_inner+0x5/0x10 [crashme]  crashme/crash.c:27", and what is inlined there. */
static int put_place(struct strbuf *out, struct kernel *k, const struct site *site)
{
	const char *module = put_code(out, k, site->pc, site->signal);
	LINES(l);
	int r = look_up_lines(k, site->pc, site->signal, &l);

	put_module(out, module);
	put_line(out, l);
	put_str(out, "\n");
	for (size_t i = 0; l && i + 1 < l->n; i++) {
		put_label(out, i ? "" : "IN IT");
		put_inlined(out, l, i, 0, module);
	}
	return r;
}

static int put_site(struct strbuf *out, struct kernel *k, const struct death *d)
{
	static const char *const labels[] = { [SITE_ASLEEP] = "AT",
					      [SITE_RUNS] = "AT",
					      [SITE_EXCEPTION] = "EXCEPTION AT",
					      [SITE_INTERRUPTED] = "HUNG AT",
					      [SITE_PANIC] = "CALLED BY" };
	const struct site *site = &d->site;
	const struct code_region *region;
	const char *module;
	int r;

	put_label(out, labels[site->kind]);
	put_str(out, site->guess ? "? " : "");
	if (site->user) {
		put(out, "%#lx, in user space\n", site->pc);
		return 0;
	}
	if (code_at(k, site->pc - !site->signal, &region) < 0) {
		module = put_code(out, k, site->pc, site->signal);
		put_module(out, module);
		put_str(out, ": ");
		put_address_kind(out, k, site->pc);
		put_str(out, ", no code\n");
		return 0;
	}
	r = put_place(out, k, site);
	put_instruction(out, k, d);
	return r;
}

int put_death_rows(struct strbuf *out, struct kernel *k, const struct death *d)
{
	put_kind(out, d);
	if (d->has_address) {
		put_label(out, "ADDRESS");
		put(out, "0x%lx: ", d->address);
		put_address_kind(out, k, d->address);
		put_str(out, "\n");
	}
	return d->has_site ? put_site(out, k, d) : 0;
}

/* The stack shows the registers of an exception, and those of user space. */
int put_death_stack(struct strbuf *out, struct kernel *k, const struct death *d)
{
	struct unwind u;
	int r;

	if (!d->task)
		return 0;
	put_str(out, "\n");
	r = put_task_line(out, k, d->task);
	if (r >= 0)
		r = unwind_cpu(&u, k, d->cpu);
	return r < 0 ? r : put_frames(out, &u);
}
