#include "kernel/cpu/cpu.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/lazy.h"
#include "kernel/symbol/symbols.h"

struct cpu_facts {
	struct kernel *kernel;
	struct lazy once;
	struct cpus cpus;
};

struct cpu_facts *cpu_facts_new(struct kernel *k)
{
	struct cpu_facts *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->kernel = k;
	lazy_init(&f->once);
	return f;
}

void cpu_facts_free(struct cpu_facts *f)
{
	if (!f)
		return;
	lazy_fini(&f->once);
	free(f);
}

/* The mask at @va: as many words as @nr CPUs need. */
static int read_mask(struct kernel *k, uint64_t va, size_t nr, struct cpu_mask *ret)
{
	unsigned char raw[sizeof(*ret)];
	size_t words = (nr + 63) / 64;
	int r = kernel_read(k, va, raw, 8 * words);

	if (r < 0)
		return r;
	*ret = (struct cpu_mask){ 0 };
	for (size_t i = 0; i < words; i++)
		ret->bits[i] = load_le64(raw + 8 * i);
	return 0;
}

/* A mask by its symbol; before v4.5 the public one is a pointer to it. */
static int mask_of(struct kernel *k, const char *name, const char *pointer, size_t nr,
		   struct cpu_mask *ret)
{
	uint64_t va;
	int r = symbol_addr(k, name, &va);

	if (r == -ENOENT) {
		r = symbol_addr(k, pointer, &va);
		if (r >= 0)
			r = kernel_read_uint(k, va, 8, &va);
	}
	if (r >= 0)
		r = read_mask(k, va, nr, ret);
	return r < 0 ? within(r, "%s", name) : 0;
}

/* A kernel built for one CPU has no offsets. */
static int read_offsets(struct kernel *k, struct cpus *ret)
{
	unsigned char raw[8];
	uint64_t va;
	int r = symbol_addr(k, "__per_cpu_offset", &va);

	if (r == -ENOENT && ret->nr == 1)
		return 0;
	for (size_t i = 0; r >= 0 && i < ret->nr; i++) {
		r = kernel_read(k, va + 8 * i, raw, sizeof(raw));
		ret->offset[i] = r < 0 ? 0 : load_le64(raw);
	}
	return r < 0 ? within(r, "__per_cpu_offset") : 0;
}

static int count_cpus(struct kernel *k, size_t *ret)
{
	uint64_t va, nr = 1;
	int r = symbol_addr(k, "nr_cpu_ids", &va);

	if (r >= 0)
		r = kernel_read_uint(k, va, 4, &nr);
	if (r < 0 && r != -ENOENT)
		return within(r, "nr_cpu_ids");
	if (!nr || nr > LIMIT_CPUS)
		return fail(-EBADMSG, "nr_cpu_ids is %lu", nr);
	*ret = nr;
	return 0;
}

static int make_cpus(void *arg)
{
	struct cpu_facts *f = arg;
	struct cpus *c = &f->cpus;
	struct kernel *k = f->kernel;
	int r = count_cpus(k, &c->nr);

	if (r >= 0)
		r = mask_of(k, "__cpu_possible_mask", "cpu_possible_mask", c->nr, &c->possible);
	if (r >= 0)
		r = mask_of(k, "__cpu_present_mask", "cpu_present_mask", c->nr, &c->present);
	if (r >= 0)
		r = mask_of(k, "__cpu_online_mask", "cpu_online_mask", c->nr, &c->online);
	if (r >= 0)
		r = read_offsets(k, c);
	return r < 0 ? within(r, "CPUs") : 0;
}

int cpus_get(struct kernel *k, const struct cpus **ret)
{
	struct cpu_facts *f = kernel_cpu_facts(k);
	int r = lazy_get(&f->once, make_cpus, f);

	if (r < 0)
		return r;
	*ret = &f->cpus;
	return 0;
}

int cpu_mask_read(struct kernel *k, uint64_t va, struct cpu_mask *ret)
{
	const struct cpus *c;
	int r = cpus_get(k, &c);

	*ret = (struct cpu_mask){ 0 };
	return r < 0 ? r : read_mask(k, va, c->nr, ret);
}

int cpu_mask_var(struct kernel *k, uint64_t va, enum field like, struct cpu_mask *ret)
{
	const struct place *p;
	int r = field_place(k, like, &p);

	*ret = (struct cpu_mask){ 0 };
	if (r >= 0 && type_strip(p->type)->kind == TYPE_POINTER)
		r = kernel_read_uint(k, va, 8, &va);
	return r < 0 || !va ? r : cpu_mask_read(k, va, ret);
}

int percpu_addr(struct kernel *k, uint64_t va, size_t cpu, uint64_t *ret)
{
	const struct cpus *c;
	int r = cpus_get(k, &c);

	if (r < 0)
		return r;
	if (!cpu_is_in(&c->possible, cpu))
		return fail(-ENOENT, "no CPU %zu", cpu);
	*ret = va + c->offset[cpu];
	return 0;
}

int percpu_symbol(struct kernel *k, const char *name, size_t cpu, uint64_t *ret)
{
	uint64_t va;
	int r = symbol_addr(k, name, &va);

	return r < 0 ? r : percpu_addr(k, va, cpu, ret);
}

int cpu_rq(struct kernel *k, size_t cpu, uint64_t *ret)
{
	return percpu_symbol(k, "runqueues", cpu, ret);
}

static int task_of_rq(struct kernel *k, size_t cpu, enum field f, uint64_t *ret)
{
	uint64_t rq;
	int r = cpu_rq(k, cpu, &rq);

	if (r >= 0)
		r = field_u64(k, rq, f, ret);
	return r < 0 ? within(r, "CPU %zu", cpu) : 0;
}

int cpu_current(struct kernel *k, size_t cpu, uint64_t *ret)
{
	return task_of_rq(k, cpu, F_rq_curr, ret);
}

int cpu_idle(struct kernel *k, size_t cpu, uint64_t *ret)
{
	return task_of_rq(k, cpu, F_rq_idle, ret);
}

/* A panic stops the others and leaves their run queues as they were. */
int cpu_was_online(struct kernel *k, size_t cpu, bool *ret)
{
	uint64_t rq, online = 0;
	const struct cpus *c;
	int r = cpus_get(k, &c);

	if (r >= 0 && cpu_is_in(&c->possible, cpu) && field_exists(k, F_rq_online)) {
		r = cpu_rq(k, cpu, &rq);
		if (r >= 0)
			r = field_u64(k, rq, F_rq_online, &online);
	}
	if (r >= 0)
		*ret = online || cpu_is_in(&c->online, cpu);
	return r;
}

int percpu_sum(struct kernel *k, uint64_t va, size_t size, int64_t *ret)
{
	const unsigned int shift = 64 - 8 * (unsigned int)size;
	const struct cpus *c;
	uint64_t sum = 0, v;
	int r = cpus_get(k, &c);

	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = kernel_read_uint(k, va + c->offset[cpu], size, &v);
		if (r >= 0)
			sum += (uint64_t)((int64_t)(v << shift) >> shift);
	}
	if (r >= 0)
		*ret = (int64_t)sum;
	return r;
}

int percpu_counter_sum(struct kernel *k, uint64_t counter, uint64_t *ret)
{
	uint64_t common, parts;
	int64_t sum;
	int r = field_u64(k, counter, F_percpu_counter_count, &common);

	if (r >= 0)
		r = field_u64(k, counter, F_percpu_counter_counters, &parts);
	if (r >= 0)
		r = percpu_sum(k, parts, 4, &sum);
	if (r < 0)
		return r;
	sum = (int64_t)((uint64_t)sum + common);
	*ret = sum > 0 ? (uint64_t)sum : 0;
	return 0;
}

int cpu_node(struct kernel *k, size_t cpu, uint64_t *ret)
{
	uint64_t va;
	int r = percpu_symbol(k, "numa_node", cpu, &va);

	*ret = 0;
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : kernel_read_uint(k, va, 4, ret);
}
