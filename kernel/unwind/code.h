/* Where code lies: the text of the kernel and of its modules, and the tables that tell how to unwind
 * each. It knows nothing of what is in the code. */
#pragma once

#include "kernel/kernel.h"

/* Tables of one kind of rule for a piece of text: n entries, sorted by address. */
struct orc_tables {
	uint64_t ip, rules; /* where they are */
	uint32_t n;	    /* 0: there are none */
};

struct code_region {
	uint64_t first, end;
	struct orc_tables orc;
	uint64_t
		origin; /* of a copy: where what it was copied from begins, whose rules hold; 0: none */
};

/* The region that @va lies in: borrowed, valid until kernel_close(). -ENOENT: it is no code. */
int code_at(struct kernel *k, uint64_t va, const struct code_region **ret);

/* Is it code that ran at the boot alone, whose memory the kernel has given back since? */
bool code_is_freed(struct kernel *k, uint64_t va);

/* Is @va an address that a call returns to? @ret_target: the function that was called; 0: the call is
 * indirect. -ENOENT: no call ends there. */
int code_call_before(struct kernel *k, uint64_t va, uint64_t *ret_target);

/* Places in the kernel's text that the unwinder must know; each goes by what it is called now. */
enum code_mark {
	MARK_FORK,    /* where a task that never ran begins */
	MARK_RETHOOK, /* what tracers put in place of a return address */
	MARK_KRETPROBE,
	MARK_GRAPH,
	MARK_ENTRY, /* where the kernel is entered, to its end */
	MARK_ENTRY_END,
	NR_MARKS
};

/* 0: this kernel has none. */
uint64_t code_mark(struct kernel *k, enum code_mark mark);

struct orc_facts;

/* What holds for all ORC tables of this kernel. -ENOENT: it has none. */
int code_orc(struct kernel *k, const struct orc_facts **ret);

/* kernel.c's: what is kept of it. NULL: no memory. */
struct code *code_new(struct kernel *k);
void code_free(struct code *c);
