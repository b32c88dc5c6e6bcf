#include "kernel/workqueue/workqueue.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"
#include "kernel/walk/xarray.h"

#define WORK_STRUCT_PWQ 4 /* in work.data: above the flags is a pool_workqueue */
#define STD_POOLS	2 /* NR_STD_WORKER_POOLS: of usual priority and of a high one */
#define UNBOUND_HASH	64

static int pools_by_number(struct kernel *k, pool_fn *fn, void *arg)
{
	uint64_t idr, index, pool;
	struct xa_walk w;
	int r = symbol_addr(k, "worker_pool_idr", &idr);

	if (r >= 0)
		r = idr_begin(&w, k, idr);
	while (r >= 0 && (r = xa_next(&w, &index, &pool)) > 0) {
		r = fn(arg, pool);
		if (r)
			break;
	}
	return r;
}

static int unbound_pools(struct kernel *k, pool_fn *fn, void *arg)
{
	uint64_t table, pool;
	struct list_walk w;
	int r = symbol_addr(k, "unbound_pool_hash", &table);

	for (size_t i = 0; r >= 0 && i < UNBOUND_HASH; i++) {
		r = hlist_begin(&w, k, table + 8 * i, F_pool_hash_node);
		while (r >= 0 && (r = hlist_next(&w, &pool)) > 0) {
			r = fn(arg, pool);
			if (r)
				return r;
		}
	}
	return r;
}

/* Before v4.11 numbers are in a tree of another kind, but each pool is at a CPU or in a table, too. */
static int pools_by_place(struct kernel *k, pool_fn *fn, void *arg)
{
	const struct cpus *c;
	uint64_t at, size;
	int r = cpus_get(k, &c);

	if (r >= 0)
		r = kernel_sizeof(k, "worker_pool", &size);
	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = percpu_symbol(k, "cpu_worker_pools", cpu, &at);
		for (size_t i = 0; r >= 0 && i < STD_POOLS; i++) {
			r = fn(arg, at + i * size);
			if (r > 0)
				return r;
		}
	}
	return r >= 0 ? unbound_pools(k, fn, arg) : r;
}

int pools_each(struct kernel *k, pool_fn *fn, void *arg)
{
	int r = field_exists(k, F_idr_root) ? pools_by_number(k, fn, arg)
					    : pools_by_place(k, fn, arg);

	return r < 0 ? within(r, "pools of workers") : r;
}

int pool_read(struct kernel *k, uint64_t addr, struct pool *ret)
{
	struct pool p = { .addr = addr };
	uint64_t cpu, attrs, nice = 0;
	const struct {
		enum field f;
		uint64_t *to;
	} parts[] = {
		{ F_pool_id, &p.id },		{ F_pool_cpu, &cpu },
		{ F_pool_flags, &p.flags },	{ F_pool_nr_workers, &p.nr_workers },
		{ F_pool_nr_idle, &p.nr_idle }, { F_pool_attrs, &attrs },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(parts) / sizeof(parts[0]); i++)
		r = field_u64(k, addr, parts[i].f, parts[i].to);
	if (r >= 0 && attrs)
		r = field_u64(k, attrs, F_wq_attrs_nice, &nice);
	if (r >= 0 && field_exists(k, F_pool_watchdog_ts)) /* 82607adcf9cd (v4.5) */
		r = field_u64(k, addr, F_pool_watchdog_ts, &p.progress);
	if (r < 0)
		return within(r, "pool at %#lx", addr);
	p.cpu = (int32_t)cpu;
	p.nice = (int32_t)nice;
	*ret = p;
	return 0;
}

/* The bits of work.data that are no part of the address: it is aligned to as many. */
static uint64_t flag_mask(struct kernel *k)
{
	uint64_t bits;

	if (kernel_enumerator(k, "WORK_STRUCT_PWQ_SHIFT", &bits) < 0 && /* v6.9 */
	    kernel_enumerator(k, "WORK_STRUCT_FLAG_BITS", &bits) < 0)
		bits = 8;
	return bits < 32 ? (1ull << bits) - 1 : 0xff;
}

static int read_work(struct kernel *k, uint64_t addr, struct work *w)
{
	uint64_t data, pwq;
	int r = field_u64(k, addr, F_work_func, &w->func);

	w->addr = addr;
	if (r >= 0)
		r = field_u64(k, addr, F_work_data, &data);
	if (r < 0)
		return r;
	pwq = data & ~flag_mask(k);
	if (!(data & WORK_STRUCT_PWQ) || field_u64(k, pwq, F_pwq_wq, &w->wq) < 0)
		w->wq = 0;
	return 0;
}

/* The works in the list at @head, all as @like is. */
static int each_work(struct kernel *k, uint64_t head, const struct work *like, work_fn *fn,
		     void *arg)
{
	struct list_walk w;
	uint64_t addr;
	int r = list_begin(&w, k, head, F_work_entry);

	while (r >= 0 && (r = list_next(&w, &addr)) > 0) {
		struct work work = *like;

		r = read_work(k, addr, &work);
		if (r >= 0)
			r = fn(arg, &work);
		if (r)
			break;
	}
	return r;
}

static int each_of_worker(struct kernel *k, uint64_t worker, work_fn *fn, void *arg)
{
	struct work w = { .state = WORK_RUNNING }, next = { .state = WORK_SCHEDULED };
	uint64_t pwq, head;
	int r = field_u64(k, worker, F_worker_current_work, &w.addr);

	if (r >= 0)
		r = field_u64(k, worker, F_worker_current_func, &w.func);
	if (r >= 0)
		r = field_u64(k, worker, F_worker_task, &w.task);
	if (r >= 0)
		r = field_u64(k, worker, F_worker_current_pwq, &pwq);
	if (r >= 0 && pwq)
		r = field_u64(k, pwq, F_pwq_wq, &w.wq);
	if (r >= 0 && field_exists(k, F_worker_current_start))
		r = field_u64(k, worker, F_worker_current_start, &w.start);
	if (r >= 0)
		r = fn(arg, &w);
	if (r)
		return r;
	next.task = w.task;
	r = field_addr(k, worker, F_worker_scheduled, &head);
	return r >= 0 ? each_work(k, head, &next, fn, arg) : r;
}

int pool_busy_each(struct kernel *k, uint64_t pool, work_fn *fn, void *arg)
{
	uint64_t table, n, worker;
	struct list_walk w;
	int r = field_addr(k, pool, F_pool_busy_hash, &table);

	if (r >= 0)
		r = field_count(k, F_pool_busy_hash, &n);
	for (uint64_t i = 0; r >= 0 && i < n; i++) {
		r = hlist_begin(&w, k, table + 8 * i, F_worker_entry);
		while (r >= 0 && (r = hlist_next(&w, &worker)) > 0) {
			r = each_of_worker(k, worker, fn, arg);
			if (r)
				return r;
		}
	}
	return r;
}

int pool_pending_each(struct kernel *k, uint64_t pool, work_fn *fn, void *arg)
{
	const struct work like = { .state = WORK_PENDING };
	uint64_t head;
	int r = field_addr(k, pool, F_pool_worklist, &head);

	return r >= 0 ? each_work(k, head, &like, fn, arg) : r;
}

int workqueues_each(struct kernel *k, workqueue_fn *fn, void *arg)
{
	struct list_walk w;
	uint64_t head, wq;
	int r = symbol_addr(k, "workqueues", &head);

	if (r >= 0)
		r = list_begin(&w, k, head, F_wq_list);
	while (r >= 0 && (r = list_next(&w, &wq)) > 0) {
		r = fn(arg, wq);
		if (r)
			break;
	}
	return r < 0 ? within(r, "workqueues") : r;
}

int workqueue_inactive_each(struct kernel *k, uint64_t wq, work_fn *fn, void *arg)
{
	const struct work like = { .state = WORK_INACTIVE };
	struct list_walk w;
	uint64_t head, pwq;
	int r = field_addr(k, wq, F_wq_pwqs, &head);

	if (r >= 0)
		r = list_begin(&w, k, head, F_pwq_node);
	while (r >= 0 && (r = list_next(&w, &pwq)) > 0) {
		r = field_addr(k, pwq, F_pwq_inactive, &head);
		if (r >= 0)
			r = each_work(k, head, &like, fn, arg);
		if (r)
			break;
	}
	return r;
}
