#include "kernel/code/runtime_code.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define ORIGIN_BYTES 16 /* by which one function is told from another */

struct walk {
	struct kernel *k;
	runtime_code_fn *fn;
	void *arg;
};

/* What says to lie elsewhere than in the kernel's half is no code of it. */
static int found(struct walk *w, struct runtime_code *code)
{
	if (!(code->first >> 63) || code->end <= code->first ||
	    code->end - code->first > LIMIT_RUNTIME_CODE)
		return fail(-EBADMSG, "code made at run time, from %#lx to %#lx", code->first,
			    code->end);
	return w->fn(w->arg, code);
}

/* struct bpf_ksym: bfea9a8574f3 (v5.7). */
static int bpf(struct walk *w, uint64_t entry)
{
	struct runtime_code code = { .owner = "bpf" };
	int r = field_u64(w->k, entry, F_bpf_ksym_start, &code.first);

	if (r >= 0)
		r = field_u64(w->k, entry, F_bpf_ksym_end, &code.end);
	if (r >= 0)
		r = field_str(w->k, entry, F_bpf_ksym_name, code.name, sizeof(code.name));
	return r < 0 ? r : found(w, &code);
}

/* fc0ea795f53c (v5.8) */
static int trampoline(struct walk *w, uint64_t entry)
{
	struct runtime_code code = { .owner = "__builtin__ftrace",
				     .name = "ftrace_trampoline",
				     .copied = true };
	uint64_t size;
	int r = field_u64(w->k, entry, F_ftrace_ops_trampoline, &code.first);

	if (r >= 0)
		r = field_u64(w->k, entry, F_ftrace_ops_trampoline_size, &size);
	if (r < 0 || !code.first)
		return r;
	code.end = code.first + size;
	return found(w, &code);
}

static int kprobe_page(struct walk *w, uint64_t entry)
{
	struct runtime_code code = { .owner = "__builtin__kprobes" };
	uint64_t cache;
	int r = field_u64(w->k, entry, F_kprobe_page_insns, &code.first);

	if (r >= 0)
		r = field_u64(w->k, entry, F_kprobe_page_cache, &cache);
	if (r >= 0)
		r = field_str(w->k, cache, F_kprobe_cache_sym, code.name, sizeof(code.name));
	code.end = code.first + (1ull << kernel_page_shift(w->k));
	return r < 0 ? r : found(w, &code);
}

/* The lists, in the order of /proc/kallsyms. */
static const struct {
	const char *symbol;
	enum field head; /* in what the symbol stands for; NR_FIELDS: it is the head */
	enum field links;
	int (*read)(struct walk *w, uint64_t entry);
} lists[] = {
	{ "ftrace_ops_trampoline_list", NR_FIELDS, F_ftrace_ops_list, trampoline },
	{ "bpf_kallsyms", NR_FIELDS, F_bpf_ksym_lnode, bpf },
	{ "kprobe_insn_slots", F_kprobe_cache_pages, F_kprobe_page_list, kprobe_page },
	{ "kprobe_optinsn_slots", F_kprobe_cache_pages, F_kprobe_page_list, kprobe_page },
};

/* A kernel need not have it; that its symbols cannot be read is for others to say. */
static int walk_list(struct walk *w, size_t i)
{
	struct list_walk l;
	uint64_t head, entry;
	int r = symbol_addr(w->k, lists[i].symbol, &head);

	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (r < 0 || !field_exists(w->k, lists[i].links))
		return 0;
	if (lists[i].head != NR_FIELDS)
		r = field_addr(w->k, head, lists[i].head, &head);
	if (r >= 0)
		r = list_begin(&l, w->k, head, lists[i].links);
	while (r >= 0 && (r = list_next(&l, &entry)) > 0) {
		r = lists[i].read(w, entry);
		if (r > 0)
			break;
	}
	return r;
}

int runtime_code(struct kernel *k, runtime_code_fn *fn, void *arg, struct strbuf *problems)
{
	struct walk w = { k, fn, arg };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		int r = walk_list(&w, i);

		if (r > 0 || r == -EINTR || r == -ENOMEM)
			return r;
		if (r < 0 && problems)
			put(problems, "!! %s: %s\n", lists[i].symbol, why());
	}
	return 0;
}

int runtime_code_origin(struct kernel *k, const struct runtime_code *code, uint64_t *ret)
{
	static const char *const names[] = { "ftrace_caller", "ftrace_regs_caller" };
	unsigned char copy[ORIGIN_BYTES], origin[ORIGIN_BYTES];
	int r = code->copied ? kernel_read(k, code->first, copy, sizeof(copy)) : -ENOENT;

	for (size_t i = 0; r >= 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t va;

		if (symbol_addr(k, names[i], &va) < 0 ||
		    kernel_read(k, va, origin, sizeof(origin)) < 0 ||
		    memcmp(copy, origin, sizeof(copy)))
			continue;
		*ret = va;
		return 0;
	}
	return fail(-ENOENT, "%#lx is a copy of nothing that is known", code->first);
}
