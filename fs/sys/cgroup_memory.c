/* memory.*: what a control group has of the memory, and may. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/sys/cgroup_file.h"
#include "kernel/symbol/symbols.h"

#define STATS_MAX 128
#define NAME_LEN  64
#define KIB	  1024

static int memcg_of(struct cgroup_file *f, uint64_t *ret)
{
	if (!f->css)
		return fail(-ENODATA, "the group has no controller of memory");
	return field_owner(f->k, f->css, F_memcg_css, ret);
}

/* One of a struct page_counter, in pages. */
static int put_counter(struct cgroup_file *f, enum field counter, enum field member)
{
	uint64_t at, v;
	int r = memcg_of(f, &at);

	if (r >= 0)
		r = field_addr(f->k, at, counter, &at);
	if (r >= 0)
		r = field_u64(f->k, at, member, &v);
	if (r < 0)
		return r;
	if (v >= INT64_MAX / kernel_page_size(f->k))
		put_str(f->out, "max\n");
	else
		put(f->out, "%" PRIu64 "\n", v * kernel_page_size(f->k));
	return 0;
}

#define COUNTER(name, counter, member)                                        \
	static int put_##name(struct cgroup_file *f)                          \
	{                                                                     \
		return put_counter(f, F_memcg_##counter, F_counter_##member); \
	}

COUNTER(current, memory, usage)
COUNTER(peak, memory, watermark)
COUNTER(min, memory, min)
COUNTER(low, memory, low)
COUNTER(high, memory, high)
COUNTER(max, memory, max)
COUNTER(swap_current, swap, usage)
COUNTER(swap_peak, swap, watermark)
COUNTER(swap_high, swap, high)
COUNTER(swap_max, swap, max)

static int put_oom_group(struct cgroup_file *f)
{
	uint64_t memcg, v;
	int r = memcg_of(f, &memcg);

	if (r >= 0)
		r = field_u64(f->k, memcg, F_memcg_oom_group, &v);
	if (r >= 0)
		put(f->out, "%d\n", (int)v);
	return r;
}

struct event {
	const char *name, *enumerator;
};

static int put_events_of(struct cgroup_file *f, enum field array, const struct event *events,
			 size_t n)
{
	uint64_t at, i, v;
	int r = memcg_of(f, &at);

	if (r >= 0)
		r = field_addr(f->k, at, array, &at);
	for (size_t e = 0; r >= 0 && e < n; e++) {
		/* Later kernels have more of them. */
		if (kernel_enumerator(f->k, events[e].enumerator, &i) < 0 || i > STATS_MAX)
			continue;
		r = kernel_read_uint(f->k, at + 8 * i, 8, &v);
		if (r >= 0)
			put(f->out, "%s %" PRIu64 "\n", events[e].name, v);
	}
	return r;
}

static const struct event memory_events[] = {
	{ "low", "MEMCG_LOW" },
	{ "high", "MEMCG_HIGH" },
	{ "max", "MEMCG_MAX" },
	{ "oom", "MEMCG_OOM" },
	{ "oom_kill", "MEMCG_OOM_KILL" },
	{ "oom_group_kill", "MEMCG_OOM_GROUP_KILL" },
	{ "sock_throttled", "MEMCG_SOCK_THROTTLED" },
};
static const struct event swap_events[] = {
	{ "high", "MEMCG_SWAP_HIGH" },
	{ "max", "MEMCG_SWAP_MAX" },
	{ "fail", "MEMCG_SWAP_FAIL" },
};

static int put_events(struct cgroup_file *f)
{
	return put_events_of(f, F_memcg_events, memory_events,
			     sizeof(memory_events) / sizeof(memory_events[0]));
}

static int put_events_local(struct cgroup_file *f)
{
	return put_events_of(f, F_memcg_events_local, memory_events,
			     sizeof(memory_events) / sizeof(memory_events[0]));
}

static int put_swap_events(struct cgroup_file *f)
{
	return put_events_of(f, F_memcg_events, swap_events,
			     sizeof(swap_events) / sizeof(swap_events[0]));
}

/* memory.stat. What was counted lies in two arrays, of amounts and of events; until v5.13 in members of
 * the group itself. */
enum { STATE, EVENTS };

static const struct {
	enum field all, pending, now, then;
} arrays[] = {
	[STATE] = { F_memcg_stat_state, F_memcg_stat_state_pending, F_memcg_percpu_state,
		    F_memcg_percpu_state_prev },
	[EVENTS] = { F_memcg_stat_events, F_memcg_stat_events_pending, F_memcg_percpu_events,
		     F_memcg_percpu_events_prev },
};

static int vmstats_of(struct kernel *k, uint64_t memcg, uint64_t *ret)
{
	uint64_t size;
	int r = field_size(k, F_memcg_vmstats, &size);

	if (r < 0)
		return r;
	return size == 8 ? field_u64(k, memcg, F_memcg_vmstats, ret)
			 : field_addr(k, memcg, F_memcg_vmstats, ret);
}

/* The number at @i of an array of the structure at @base. */
static int element(struct kernel *k, uint64_t base, enum field array, uint64_t i, uint64_t *ret)
{
	uint64_t at, n;
	int r = field_addr(k, base, array, &at);

	if (r >= 0)
		r = field_count(k, array, &n);
	if (r >= 0 && i >= n)
		r = fail(-EBADMSG, "counter %lu of %lu", i, n);
	return r < 0 ? r : kernel_read_uint(k, at + 8 * i, 8, ret);
}

/* What CPUs and groups below have counted, and was not added yet; .key: which array. */
static int own_pending(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret)
{
	uint64_t css, memcg, vmstats, percpu, now, then, more;
	int r = cgroup_css(c->k, cgroup, "memory", &css);

	*ret = 0;
	if (r < 0 || !css)
		return r;
	r = field_owner(c->k, css, F_memcg_css, &memcg);
	if (r >= 0)
		r = vmstats_of(c->k, memcg, &vmstats);
	if (r >= 0)
		r = element(c->k, vmstats, arrays[c->key].pending, c->i, ret);
	if (r >= 0)
		r = field_u64(c->k, memcg, F_memcg_percpu, &percpu);
	if (r >= 0)
		r = field_addr(c->k, percpu, arrays[c->key].now, &now);
	if (r >= 0)
		r = field_addr(c->k, percpu, arrays[c->key].then, &then);
	if (r >= 0)
		r = percpu_growth(c->k, now + 8 * c->i, then + 8 * c->i, &more);
	if (r >= 0)
		*ret += more;
	return r;
}

static int none_taken(struct cgroup_count *c, uint64_t cgroup, uint64_t *ret)
{
	(void)c;
	(void)cgroup;
	*ret = 0;
	return 0;
}

static int stat_value(struct cgroup_file *f, unsigned int which, uint64_t i, int64_t *ret)
{
	struct cgroup_count c = {
		.k = f->k, .own = own_pending, .taken = none_taken, .i = i, .key = which
	};
	uint64_t memcg, vmstats, v, more = 0;
	int r = memcg_of(f, &memcg);

	if (r < 0)
		return r;
	if (field_exists(f->k, F_memcg_vmevents)) {
		r = element(f->k, memcg, which == STATE ? F_memcg_vmstats : F_memcg_vmevents, i,
			    &v);
	} else {
		r = vmstats_of(f->k, memcg, &vmstats);
		if (r >= 0)
			r = element(f->k, vmstats, arrays[which].all, i, &v);
		if (r >= 0)
			r = cgroup_total(&c, f->cgroup, &more);
	}
	if (r >= 0)
		*ret = (int64_t)(v + more) > 0 ? (int64_t)(v + more) : 0;
	return r;
}

/* A table of where the kernel keeps which counter: what is not counted has 0, and the others one more than
 * their place, or, since v6.12, all bits. */
struct places {
	uint64_t at, n;
	size_t size;
	bool plain;
};

/* 0: there is none; 1. */
static int places_of(struct kernel *k, const char *table, const char *items, struct places *ret)
{
	struct symbol s;
	uint64_t v;
	int r;

	if (symbol_find(k, table, &s) < 0)
		return 0;
	*ret = (struct places){ .at = s.addr };
	r = kernel_enumerator(k, items, &ret->n);
	if (r >= 0 && (!ret->n || ret->n > s.size))
		r = fail(-EBADMSG, "%s has no room", table);
	if (r < 0)
		return r;
	ret->size = s.size >= 4 * ret->n ? 4 : 1;
	for (uint64_t i = 0; i < ret->n && !ret->plain; i++) {
		r = kernel_read_uint(k, ret->at + ret->size * i, ret->size, &v);
		if (r < 0)
			return r;
		ret->plain = v == UINT8_MAX;
	}
	return 1;
}

/* Counter @i by its place. -ENOENT: nothing counts it. */
static int place_of(struct kernel *k, const char *table, const char *items, uint64_t *i)
{
	struct places p;
	uint64_t v;
	int r = places_of(k, table, items, &p);

	if (r <= 0)
		return r;
	if (*i >= p.n)
		return fail(-ENOENT, "no counter %lu", *i);
	r = kernel_read_uint(k, p.at + p.size * *i, p.size, &v);
	if (r < 0)
		return r;
	if (p.plain ? v == UINT8_MAX : !v)
		return fail(-ENOENT, "nothing counts %lu", *i);
	*i = p.plain ? v : v - 1;
	return 0;
}

/* Bytes, pages, kilobytes or just a number. */
static uint64_t unit_of(struct kernel *k, const char *name)
{
	static const char *const numbers[] = { "workingset_", "pgdemote_", "pgpromote_", "pgscan_",
					       "pgsteal_",    "pgrefill",  "swpin",	 "swpout" };
	static const char *const bytes[] = { "percpu", "zswap", "slab_reclaimable",
					     "slab_unreclaimable" };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strncmp(name, numbers[i], strlen(numbers[i])))
			return 1;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
		if (!strcmp(name, bytes[i]))
			return 1;
	return strcmp(name, "kernel_stack") ? kernel_page_size(k) : KIB;
}

/* An element of the kernel's own table of what it tells. */
static int put_state(struct cgroup_file *f, uint64_t row, const char *name, int64_t *slab)
{
	uint64_t i, ratio = unit_of(f->k, name);
	int64_t v;
	int r = field_u64(f->k, row, F_memory_stat_idx, &i);

	if (r >= 0 && field_exists(f->k, F_memory_stat_ratio))
		r = field_u64(f->k, row, F_memory_stat_ratio, &ratio);
	if (r >= 0)
		r = place_of(f->k, "mem_cgroup_stats_index", "MEMCG_NR_STAT", &i);
	if (r >= 0)
		r = stat_value(f, STATE, i, &v);
	if (r < 0)
		return r;
	v *= (int64_t)ratio;
	put(f->out, "%s %" PRId64 "\n", name, v);
	if (!strncmp(name, "slab_", 5))
		*slab += v;
	if (!strcmp(name, "slab_unreclaimable"))
		put(f->out, "slab %" PRId64 "\n", *slab);
	return 0;
}

/* Pages of hugetlbfs are told of where a mount option has them count. */
static int is_told(struct cgroup_file *f, const char *name, bool *ret)
{
	uint64_t bit, root, flags;
	int r;

	*ret = true;
	if (strcmp(name, "hugetlb") != 0)
		return 0;
	*ret = false;
	if (kernel_enumerator(f->k, "CGRP_ROOT_MEMORY_HUGETLB_ACCOUNTING", &bit) < 0)
		return 0;
	r = symbol_addr(f->k, "cgrp_dfl_root", &root);
	if (r >= 0)
		r = field_u64(f->k, root, F_cgroup_root_flags, &flags);
	*ret = r >= 0 && flags & bit;
	return r;
}

static int put_states(struct cgroup_file *f)
{
	struct symbol s;
	uint64_t size, at;
	char name[NAME_LEN];
	int64_t slab = 0;
	bool told;
	int r = symbol_find(f->k, "memory_stats", &s);

	if (r >= 0)
		r = kernel_sizeof(f->k, "memory_stat", &size);
	for (uint64_t i = 0; r >= 0 && i < STATS_MAX && size && (i + 1) * size <= s.size; i++) {
		r = field_u64(f->k, s.addr + i * size, F_memory_stat_name, &at);
		if (r < 0 || !at)
			break;
		r = field_str(f->k, s.addr + i * size, F_memory_stat_name, name, sizeof(name));
		if (r >= 0)
			r = is_told(f, name, &told);
		if (r >= 0 && told)
			r = put_state(f, s.addr + i * size, name, &slab);
	}
	return r;
}

/* Of an event of vmstat: what is called PGSCAN_KSWAPD there is pgscan_kswapd here. */
static int event_value(struct cgroup_file *f, uint64_t event, int64_t *ret)
{
	int r = place_of(f->k, "mem_cgroup_events_index", "NR_VM_EVENT_ITEMS", &event);

	return r < 0 ? r : stat_value(f, EVENTS, event, ret);
}

static int put_event(struct cgroup_file *f, const char *name)
{
	char upper[NAME_LEN];
	uint64_t event;
	int64_t v;
	int r;

	for (size_t i = 0; i < sizeof(upper); i++) {
		upper[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
		if (!name[i])
			break;
	}
	r = kernel_enumerator(
		f->k, !strcmp(name, "numa_pages_migrated") ? "NUMA_PAGE_MIGRATE" : upper, &event);
	if (r >= 0)
		r = event_value(f, event, &v);
	if (r >= 0)
		put(f->out, "%s %" PRId64 "\n", name, v);
	return r == -ENOENT ? 0 : r; /* not of this kernel */
}

/* All ways by which pages are looked for, or taken. */
static int put_sum(struct cgroup_file *f, const char *name, const char *const *events, size_t n)
{
	int64_t v, sum = 0;
	uint64_t event;

	for (size_t i = 0; i < n; i++) {
		int r = kernel_enumerator(f->k, events[i], &event);

		if (r >= 0)
			r = event_value(f, event, &v);
		if (r == -EINTR)
			return r;
		sum += r >= 0 ? v : 0;
	}
	put(f->out, "%s %" PRId64 "\n", name, sum);
	return 0;
}

static int put_scans(struct cgroup_file *f)
{
	static const char *const scans[] = { "PGSCAN_KSWAPD", "PGSCAN_DIRECT", "PGSCAN_KHUGEPAGED",
					     "PGSCAN_PROACTIVE" };
	static const char *const steals[] = { "PGSTEAL_KSWAPD", "PGSTEAL_DIRECT",
					      "PGSTEAL_KHUGEPAGED", "PGSTEAL_PROACTIVE" };
	int r = put_sum(f, "pgscan", scans, sizeof(scans) / sizeof(scans[0]));

	return r < 0 ? r : put_sum(f, "pgsteal", steals, sizeof(steals) / sizeof(steals[0]));
}

/* Those that the kernel's table lists, since v5.18. */
static int put_listed_events(struct cgroup_file *f)
{
	static const char *const names[] = {
		"pswpin",
		"pswpout",
		"pgscan_kswapd",
		"pgscan_direct",
		"pgscan_khugepaged",
		"pgscan_proactive",
		"pgsteal_kswapd",
		"pgsteal_direct",
		"pgsteal_khugepaged",
		"pgsteal_proactive",
		"pgfault",
		"pgmajfault",
		"pgrefill",
		"pgactivate",
		"pgdeactivate",
		"pglazyfree",
		"pglazyfreed",
		"swpin_zero",
		"swpout_zero",
		"zswpin",
		"zswpout",
		"zswpwb",
		"thp_fault_alloc",
		"thp_collapse_alloc",
		"thp_swpout",
		"thp_swpout_fallback",
		"numa_pages_migrated",
		"numa_pte_updates",
		"numa_hint_faults",
	};
	int r = put_scans(f);

	for (size_t i = 0; r >= 0 && i < sizeof(names) / sizeof(names[0]); i++)
		r = put_event(f, names[i]);
	return r;
}

static int put_old_events(struct cgroup_file *f)
{
	static const char *const first[] = { "pgfault", "pgmajfault", "pgrefill" };
	static const char *const then[] = {
		"pgactivate",  "pgdeactivate",	  "pglazyfree",
		"pglazyfreed", "thp_fault_alloc", "thp_collapse_alloc"
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(first) / sizeof(first[0]); i++)
		r = put_event(f, first[i]);
	if (r >= 0)
		r = put_scans(f);
	for (size_t i = 0; r >= 0 && i < sizeof(then) / sizeof(then[0]); i++)
		r = put_event(f, then[i]);
	return r;
}

static int put_stat(struct cgroup_file *f)
{
	struct symbol s;
	int r = put_states(f);

	if (r < 0)
		return r;
	return symbol_find(f->k, "memcg_vm_event_stat", &s) >= 0 ? put_listed_events(f)
								 : put_old_events(f);
}

const struct cgroup_file_kind cgroup_memory_files[] = {
	{ "memory.current", put_current },
	{ "memory.events", put_events },
	{ "memory.events.local", put_events_local },
	{ "memory.high", put_high },
	{ "memory.low", put_low },
	{ "memory.max", put_max },
	{ "memory.min", put_min },
	{ "memory.oom.group", put_oom_group },
	{ "memory.peak", put_peak },
	{ "memory.stat", put_stat },
	{ "memory.swap.current", put_swap_current },
	{ "memory.swap.events", put_swap_events },
	{ "memory.swap.high", put_swap_high },
	{ "memory.swap.max", put_swap_max },
	{ "memory.swap.peak", put_swap_peak },
	{ NULL, NULL },
};
