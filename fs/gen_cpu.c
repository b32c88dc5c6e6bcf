/* /cpus: what each CPU left behind. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/regs.h"

static int add_cpus(struct render *r, struct names *names)
{
	size_t n = regs_cpu_count(r->k);

	for (size_t i = 0; i < n; i++)
		names_add_number(names, i);
	return 0;
}

static int find_cpu(struct render *r, const char *name, uint64_t *ret)
{
	uint64_t n;

	if (name_number(name, &n) < 0 || n >= regs_cpu_count(r->k))
		return fail(-ENOENT, "no such CPU");
	*ret = n;
	return 0;
}

const struct lister list_cpus = { .list = add_cpus, .lookup = find_cpu };

/* crash gives every register the width of an address, but these. */
static int width_of(const char *name)
{
	static const struct {
		const char *name;
		int width;
	} narrow[] = { { "RFLAGS", 8 }, { "CS", 4 }, { "SS", 4 } };

	for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++)
		if (!strcmp(name, narrow[i].name))
			return narrow[i].width;
	return 16;
}

/* The block that crash prints below a stack: three in a row, "R8" below "RBP". */
int gen_cpu_registers(struct render *r)
{
	struct regs regs;
	int e = regs_of_note(r->k, r->key[0].id, &regs);

	if (e < 0)
		return e;
	for (size_t i = 0; i < regs.n; i++) {
		const char *name = regs.reg[i].name;
		int width = width_of(name);

		put(r->out, "%s%*s: %0*lx%s", i % 3 ? "  " : "    ", width == 16 ? 3 : 0, name,
		    width, regs.reg[i].value, i % 3 == 2 || i + 1 == regs.n ? "\n" : "");
	}
	return 0;
}
