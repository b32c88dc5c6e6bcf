/* What a kernel died of: by its log, whose last words these are, and by the stack of the task that died.
 * Where one contradicts the other the stack is right: the log may tell of something that the kernel
 * survived. */
#pragma once

#include "kernel/cpu/site.h"

struct death {
	const char *kind;     /* "page fault", "hung task"; NULL: not known */
	struct strbuf line;   /* of the log, the nearest to the cause; empty: there is none */
	struct strbuf report; /* what a watchdog found before */
	struct strbuf access; /* of a page fault, in the kernel's words */
	bool has_address;     /* of a page fault: */
	uint64_t address;     /* what could not be accessed */
	uint64_t task;	      /* that died; 0: not known */
	size_t cpu;	      /* on which */
	bool has_site;	      /* where it was: */
	struct site site;
};

/* -EINTR, or what was wrong with the log: what is known without it is filled in all the same, and is
 * to be freed either way. */
int death_find(struct kernel *k, struct death *ret);
void death_fini(struct death *d);
