/* /cpus: the CPUs that the kernel has, and what each left behind. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/stack_text.h"
#include "kernel/cpu.h"
#include "kernel/regs.h"

/* Where the kernel's own masks cannot be read, there are as many CPUs as notes. */
static bool is_cpu(struct kernel *k, uint64_t cpu)
{
	const struct cpus *cpus;

	return cpus_get(k, &cpus) < 0 ? cpu < regs_cpu_count(k) : cpu_is_in(&cpus->present, cpu);
}

static int add_cpus(struct render *r, struct names *names)
{
	const struct cpus *cpus;
	size_t n = cpus_get(r->k, &cpus) < 0 ? regs_cpu_count(r->k) : cpus->nr;

	for (size_t i = 0; i < n; i++)
		if (is_cpu(r->k, i))
			names_add_number(names, i);
	return 0;
}

static int find_cpu(struct render *r, const char *name, uint64_t *ret)
{
	uint64_t n;

	if (name_number(name, &n) < 0 || !is_cpu(r->k, n))
		return fail(-ENOENT, "no such CPU");
	*ret = n;
	return 0;
}

const struct lister list_cpus = { .list = add_cpus, .lookup = find_cpu };

int gen_cpu_registers(struct render *r)
{
	enum regs_source source;
	const struct cpus *cpus;
	struct regs regs;
	int e = cpus_get(r->k, &cpus) < 0 ? regs_of_note(r->k, r->key[0].id, &regs)
					  : regs_of_cpu(r->k, r->key[0].id, &regs, &source);

	if (e >= 0)
		put_registers(r->out, &regs);
	return e;
}
