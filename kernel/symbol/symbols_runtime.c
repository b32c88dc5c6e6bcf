/* Names of the code that the kernel makes while it runs. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/symbol/producers.h"
#include "kernel/code/runtime_code.h"

struct owners {
	struct symtab *t;
	const char *last; /* one owner's come together */
	uint16_t owner;
};

static int add(void *arg, const struct runtime_code *code)
{
	struct owners *o = arg;
	int r = 0;

	if (o->last != code->owner) {
		r = symtab_add_owner(o->t, code->owner, strlen(code->owner), &o->owner);
		o->last = code->owner;
	}
	if (r >= 0)
		r = symtab_add(o->t, code->first, code->name, strlen(code->name), 't', o->owner);
	/* No name goes beyond. */
	if (r >= 0)
		r = symtab_add(o->t, code->end, "", 0, 0, o->owner);
	return r;
}

int symbols_of_runtime(struct kernel *k, struct symtab *ret, struct strbuf *evidence)
{
	struct owners o = { .t = ret };
	int r = runtime_code(k, add, &o, evidence);

	if (r < 0)
		return r;
	put(evidence, "symbols            %zu of code made at run time\n", ret->n / 2);
	return symtab_seal(ret);
}
