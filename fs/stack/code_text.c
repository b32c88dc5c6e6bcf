#include "fs/stack/code_text.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/stack/stack_text.h"
#include "kernel/symbol/symbols.h"

#define LINES_BEFORE 16
#define LINES_BEHIND 8

static void put_reference(struct strbuf *out, struct kernel *k, uint64_t va)
{
	struct symbol s;

	if (symbol_at(k, va, &s) < 0)
		return;
	put_str(out, " <");
	put_symbol(out, k, va);
	put_str(out, ">");
}

static void put_per_cpu(struct strbuf *out, struct kernel *k, uint64_t va)
{
	struct symbol s;

	if (symbol_per_cpu_at(k, va, &s) < 0)
		return;
	put_str(out, " <");
	put_escaped(out, s.name, strlen(s.name), "");
	put(out, va == s.addr ? ">" : "+%#lx>", va - s.addr);
}

/* Of an address relative to the instruction objdump writes the sum behind it. */
static void put_memory(struct strbuf *out, struct kernel *k, const struct insn_memory *m)
{
	if (m->relative)
		put(out, "        # %#lx", m->disp);
	if (m->per_cpu && !m->base && !m->index)
		put_per_cpu(out, k, m->disp);
	else if (m->relative)
		put_reference(out, k, m->disp);
}

void put_insn_text(struct strbuf *out, struct kernel *k, const struct insn *insn)
{
	put_str(out, insn->text);
	if (insn->target)
		put_reference(out, k, insn->target);
	if (insn->immediate)
		put_reference(out, k, insn->immediate);
	for (size_t i = 0; i < insn->nr_memory; i++)
		put_memory(out, k, &insn->memory[i]);
	put_str(out, insn->bad ? "  (bad)" : "");
}

/* "0xffffffff81000010 <startup+0x10>:", the instruction, and a newline. */
static void put_insn(struct strbuf *out, struct kernel *k, const struct insn *insn)
{
	put(out, "%#lx", insn->addr);
	put_reference(out, k, insn->addr);
	put_str(out, ":\t");
	put_insn_text(out, k, insn);
	put_str(out, "\n");
}

/* Instructions one after the other, those of the same source line together. */
struct listing {
	struct strbuf *out;
	struct kernel *k;
	uint64_t mark;	    /* of the one with "=>"; 0: no room for it */
	struct strbuf line; /* the last that was written */
};

static void listing_fini(struct listing *l)
{
	strbuf_fini(&l->line);
}

/* "kernel/fork.c:12", and the function of that when it is within another, above what it became. */
static int put_source_line(struct listing *list, uint64_t va)
{
	STRBUF(text);
	LINES(l);
	int r = look_up_lines(list->k, va, true, &l);

	if (r < 0 || !l || !l->v[0].file)
		return r;
	put(&text, l->v[0].line ? "%s:%u" : "%s:?", l->v[0].file, l->v[0].line);
	if (l->n > 1 && l->v[0].function) {
		put_str(&text, "  (inlined) ");
		put_escaped(&text, l->v[0].function, strlen(l->v[0].function), "");
	}
	put_str(&text, "\n");
	if (text.error ||
	    (list->line.len == text.len && !memcmp(list->line.data, text.data, text.len)))
		return text.error;
	put_bytes(list->out, text.data, text.len);
	list->line.len = 0;
	put_bytes(&list->line, text.data, text.len);
	return 0;
}

static int put_listed(struct listing *list, const struct insn *insn)
{
	int r = put_source_line(list, insn->addr);

	if (list->mark)
		put_str(list->out, insn->addr == list->mark ? "=> " : "   ");
	put_insn(list->out, list->k, insn);
	return r;
}

/* At most @max from @from on. */
static int put_some(struct listing *list, uint64_t from, uint64_t end, size_t max)
{
	struct disasm d;
	struct insn insn;
	int r = disasm_begin(&d, list->k, from, end);

	for (size_t n = 0; r >= 0 && n < max && (r = disasm_next(&d, &insn)) > 0; n++)
		r = put_listed(list, &insn);
	return r < 0 ? r : 0;
}

int put_code_range(struct strbuf *out, struct kernel *k, uint64_t from, uint64_t end)
{
	struct listing list = { .out = out, .k = k };
	int r = put_some(&list, from, end, SIZE_MAX);

	listing_fini(&list);
	return r;
}

/* Where to begin so that LINES_BEFORE instructions come before @pc. -EBADMSG: none begins there. */
static int find_start(struct kernel *k, uint64_t first, uint64_t pc, uint64_t *ret)
{
	uint64_t ring[LINES_BEFORE] = { 0 };
	struct disasm d;
	struct insn insn;
	size_t n = 0;
	int r = disasm_begin(&d, k, first, pc);

	while (r >= 0 && (r = disasm_next(&d, &insn)) > 0) {
		/* Of instructions that have one length all, one that is not known leads to the next. */
		if (insn.bad && insn.size == 1)
			return fail(-EBADMSG, "the instructions from %#lx on do not lead to it",
				    first);
		ring[n++ % LINES_BEFORE] = insn.addr;
	}
	if (r < 0)
		return r;
	*ret = !n ? pc : n < LINES_BEFORE ? ring[0] : ring[n % LINES_BEFORE];
	return 0;
}

/* A call may be the last instruction of its function. */
int put_code_around(struct strbuf *out, struct kernel *k, uint64_t pc, bool signal)
{
	struct listing list = { .out = out, .k = k, .mark = pc };
	uint64_t from = pc;
	struct symbol s;
	int r = symbol_at(k, pc - !signal, &s);

	if (r < 0)
		return r;
	/* Instructions differ in length: they are told from the function's beginning on alone. */
	if (pc - s.addr > LIMIT_CODE || find_start(k, s.addr, pc, &from) < 0)
		put(out, "!! before %#lx: %s\n", pc, why());
	r = put_some(&list, from, pc, LINES_BEFORE);
	if (r >= 0)
		r = put_some(&list, pc, s.addr + s.size, LINES_BEHIND + 1);
	listing_fini(&list);
	return r;
}
