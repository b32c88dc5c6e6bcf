/* /sys/devices/system/cpu: which CPUs there are. */
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/mask.h"
#include "fs/sys/attr.h"
#include "kernel/cpu/cpu.h"

/* Those that @name tells of. */
static int put_cpus(struct sysfile *a)
{
	const struct cpus *c;
	struct cpu_mask m = { 0 };
	bool on;
	int r = cpus_get(a->k, &c);

	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!strcmp(a->name, "possible"))
			on = cpu_is_in(&c->possible, cpu);
		else if (!strcmp(a->name, "present") || !cpu_is_in(&c->present, cpu))
			on = cpu_is_in(&c->present, cpu);
		else
			r = cpu_was_online(a->k, cpu, &on);
		if (r >= 0 && on)
			m.bits[cpu / 64] |= 1ull << cpu % 64;
	}
	if (r < 0)
		return r;
	put_mask_list(a->out, m.bits, c->nr);
	put_str(a->out, "\n");
	return 1;
}

static int put_kernel_max(struct sysfile *a)
{
	uint64_t bytes;
	int r = kernel_sizeof(a->k, "cpumask", &bytes);

	return r < 0 ? r : put_attr_number(a, ATTR_DEC, 8 * bytes - 1);
}

int put_cpu_attr(struct sysfile *a)
{
	if (a->group || strcmp(a->dir, "cpu") != 0 || strcmp(a->top, "system") != 0)
		return 0;
	if (!strcmp(a->name, "possible") || !strcmp(a->name, "present") ||
	    !strcmp(a->name, "online"))
		return put_cpus(a);
	return strcmp(a->name, "kernel_max") ? 0 : put_kernel_max(a);
}
