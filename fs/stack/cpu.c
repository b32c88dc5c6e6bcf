/* /cpus: the CPUs that the kernel has, and what each left behind. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/stack/stack_text.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/cpu/panic.h"
#include "kernel/cpu/regs.h"

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

/* The task that a CPU executes when there is none is no process: it has its directory here. */
static int add_idle(struct render *r, struct names *names)
{
	uint64_t task;
	int e = cpu_idle(r->k, r->key[0].id, &task);

	if (e >= 0)
		names_add(names, "idle", task);
	return e;
}

const struct lister list_idle = { .list = add_idle, .like = "/tasks/{pid}" };

/* From @up, the path to the top. */
static int put_task_path(struct render *r, const char *up, size_t cpu, uint64_t task)
{
	uint64_t idle, pid;
	int e = cpu_idle(r->k, cpu, &idle);

	if (e >= 0)
		e = field_u64(r->k, task, F_task_pid, &pid);
	if (e < 0)
		return e;
	if (task == idle)
		put(r->out, "%scpus/%zu/idle", up, cpu);
	else
		put(r->out, "%stasks/%lu", up, pid);
	return 0;
}

int gen_cpu_task(struct render *r)
{
	uint64_t task;
	int e = cpu_current(r->k, r->key[0].id, &task);

	return e < 0 ? e : put_task_path(r, "../../", r->key[0].id, task);
}

int gen_panic(struct render *r)
{
	uint64_t task;
	size_t cpu;
	int e = panic_cpu(r->k, &cpu);

	/* A link that leads nowhere, and says so. */
	if (e == -ENOENT) {
		put_str(r->out, "no CPU panicked");
		return 0;
	}
	if (e >= 0)
		e = cpu_current(r->k, cpu, &task);
	return e < 0 ? e : put_task_path(r, "", cpu, task);
}
