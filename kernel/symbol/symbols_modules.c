/* The symbols of all modules. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/module/module.h"
#include "kernel/module/symbols.h"
#include "kernel/symbol/producers.h"

static int add_module(struct kernel *k, uint64_t module, struct symtab *ret)
{
	char name[MODULE_NAME_MAX];
	uint16_t owner;
	int r = module_name(k, module, name, sizeof(name));

	if (r < 0)
		return r;
	r = symtab_add_owner(ret, name, strlen(name), &owner);
	if (r < 0)
		return r;
	r = module_symbols(k, module, owner, false, ret);
	return r < 0 ? within(r, "module %s", name) : 0;
}

/* One damaged module does not take the others' symbols away. */
int symbols_of_modules(struct kernel *k, struct symtab *ret, struct strbuf *evidence)
{
	struct list_walk w;
	uint64_t module;
	size_t n = 0;
	int r = modules_begin(&w, k), e;

	if (r < 0)
		return r;
	while ((r = list_next(&w, &module)) > 0) {
		e = add_module(k, module, ret);
		if (e == -EINTR || e == -ENOMEM)
			return e;
		if (e < 0)
			put(evidence, "!! %s\n", why());
		n++;
	}
	if (r == -EINTR)
		return r;
	if (r < 0)
		put(evidence, "!! modules: %s\n", why());
	put(evidence, "symbols            %zu from %zu modules\n", ret->n, n);
	return symtab_seal(ret);
}
