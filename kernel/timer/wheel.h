/* The timer wheels: struct timer_list, each in the base of a CPU until its jiffy has come. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

#define WHEEL_BASES_MAX 3

struct wheel_timer {
	uint64_t timer; /* struct timer_list */
	uint64_t expires, function;
	uint64_t flags;
	const char *base; /* as crash calls it: "STD", "DEF", "LOCAL", "GLOBAL" */
};

struct wheel {
	struct wheel_timer *v; /* the next to expire first, base by base */
	size_t n, room;
	struct strbuf
		problems; /* lists that lead nowhere, one a line; what they had before that is in .v */
};

/* All that wait at @cpu. The caller frees it. -ENOENT: this kernel's wheels are not known; -EINTR. */
int wheel_get(struct kernel *k, size_t cpu, struct wheel *ret);
void wheel_free(struct wheel *w);

/* The same of @nr struct timer_base at @bases, added to @ret. */
int wheel_read(struct kernel *k, uint64_t bases, uint64_t nr, struct wheel *ret);
