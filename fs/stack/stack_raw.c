/* /tasks/<pid>/stack-raw: the words of a stack, as crash's bt -FF prints them. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/stack/stack_text.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/mem/slab.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/code.h"

#define COLUMN 40

/* What a word may be: of the kernel's image or a module's, on a stack of this task, in a slab. */
static void put_word(struct strbuf *out, const struct unwind *u, uint64_t word)
{
	const struct stack *stack = unwind_stack(u, word);
	struct kernel *k = u->words.k;
	const struct code_region *region;
	char cache[SLAB_NAME_MAX];
	struct symbol s;

	/* A signed return address. */
	if (u->arch->strip && word >> 55 & 1 && code_at(k, u->arch->strip(k, word), &region) >= 0)
		word = u->arch->strip(k, word);
	if (stack) {
		put(out, "[%lx:%s]", word, stack->name ? stack->name : "stack");
	} else if (symbol_at(k, word, &s) >= 0) {
		put_symbol(out, k, word);
	} else if (slab_cache_name(k, word, cache) >= 0) {
		put(out, "[%lx:", word);
		put_escaped(out, cache, strlen(cache), "");
		put_str(out, "]");
	} else {
		put(out, "%016lx", word);
	}
}

static void put_pair(struct strbuf *out, struct unwind *u, uint64_t at, uint64_t end)
{
	uint64_t word;
	size_t start;

	put(out, "    %016lx: ", at);
	start = out->len;
	for (uint64_t i = at; i < at + 16 && i < end; i += 8) {
		if (i > at)
			put(out, "%*s",
			    out->len - start < COLUMN ? (int)(COLUMN - (out->len - start)) : 1, "");
		if (words_read(&u->words, i, &word) < 0)
			put_str(out, "<not in dump>");
		else
			put_word(out, u, word);
	}
	put_str(out, "\n");
}

/* From @at to the end of the stack; a page that is not in the dump is one line. */
static void put_words(struct strbuf *out, struct unwind *u, uint64_t at, uint64_t end)
{
	uint64_t word;

	while (at < end) {
		uint64_t page = (at | (WORDS_BYTES - 1)) + 1;

		page = page < end ? page : end;
		if (words_read(&u->words, at, &word) < 0) {
			put(out, "    %016lx: <not in dump>\n", at);
			at = page;
			continue;
		}
		for (; at < page; at += 16)
			put_pair(out, u, at, page);
		at = page;
	}
}

static void put_part(struct strbuf *out, struct unwind *u, const struct stack *stack, uint64_t from)
{
	if (stack->name)
		put(out, "--- <%s> ---\n", stack->name);
	put_words(out, u, from & ~7ull, stack->end);
}

/* The lowest word that belongs to what the task does: of one that sleeps also what it saved. */
static uint64_t start_of(const struct unwind *u)
{
	uint64_t sp;

	if (u->nr_stacks == 1 && field_u64(u->words.k, u->words.task, F_task_thread_sp, &sp) >= 0 &&
	    unwind_stack(u, sp) && sp < u->c.at)
		return sp;
	return u->c.at;
}

/* One stack after the other, as the unwinder goes from one to the next. */
static int put_parts(struct strbuf *out, struct unwind *u)
{
	uint64_t start = start_of(u);
	const struct stack *stack = unwind_stack(u, start);
	struct unwind walk = *u;
	struct frame f;
	int r = 0;

	if (!stack)
		return fail(-EBADMSG, "%#lx is on no stack of the task", start);
	while ((r = unwind_next(&walk, &f)) > 0 && !f.user) {
		uint64_t sp = walk.c.reg[walk.arch->sp];
		const struct stack *next = unwind_stack(u, sp);

		if (!next || next == stack)
			continue;
		put_part(out, u, stack, start);
		stack = next;
		start = sp;
	}
	put_part(out, u, stack, start);
	return r < 0 ? r : 0;
}

int gen_task_stack_raw(struct render *r)
{
	struct unwind u;
	int e = put_task_line(r->out, r->k, key_task(r));

	if (e < 0)
		return e;
	e = unwind_task(&u, r->k, key_task(r));
	if (e == -ENOENT) {
		put_str(r->out, "    (it has exited and given its stack back)\n");
		return 0;
	}
	return e < 0 ? e : put_parts(r->out, &u);
}
