#include "kernel/mem/vmstat.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"
#include "kernel/mem/zone.h"

static const struct {
	const char *count, *older_count; /* enumerators that tell how many */
	const char *array, *older_array; /* where they are; NULL: nowhere */
} kinds[VM_KINDS] = {
	[VM_ZONE] = { "NR_VM_ZONE_STAT_ITEMS", NULL, "vm_zone_stat",
		      "vm_stat" }, /* 75ef71840539 (v4.8); before: all there were */
	[VM_NUMA] = { "NR_VM_NUMA_EVENT_ITEMS", "NR_VM_NUMA_STAT_ITEMS", "vm_numa_event",
		      "vm_numa_stat" }, /* f19298b9516c (v5.14) */
	[VM_NODE] = { "NR_VM_NODE_STAT_ITEMS", NULL, "vm_node_stat", NULL },
	[VM_LIMIT] = { "NR_VM_STAT_ITEMS", "NR_VM_WRITEBACK_STAT_ITEMS", NULL, NULL },
	[VM_EVENT] = { "NR_VM_EVENT_ITEMS", NULL, "vm_event_states", NULL },
};

/* Pages in huge ones, since bf9ecead53c8 (v5.12), which came together with NR_SWAPCACHE. */
static const char *const huge[] = {
	"nr_anon_transparent_hugepages",
	"nr_shmem_hugepages",
	"nr_shmem_pmdmapped",
	"nr_file_hugepages",
	"nr_file_pmdmapped",
};

static int read_value(struct kernel *k, uint64_t array, struct vm_item *item)
{
	uint64_t v;
	int r;

	if (item->kind == VM_EVENT)
		return percpu_sum(k, array + 8 * item->i, 8, &item->value);
	r = kernel_read_uint(k, array + 8 * item->i, 8, &v);
	if (r >= 0)
		item->value = (int64_t)v;
	return r;
}

static int count_kind(struct kernel *k, enum vm_kind kind, uint64_t *ret)
{
	if (kernel_enumerator(k, kinds[kind].count, ret) >= 0)
		return 0;
	*ret = 0;
	/* Until v4.7 no node counted. */
	if (kind == VM_NODE)
		return 0;
	if (!kinds[kind].older_count)
		return fail(-ENOENT, "no enumerator %s", kinds[kind].count);
	/* Without NUMA none is counted; and 2 limits have been there since v4.9. */
	if (kernel_enumerator(k, kinds[kind].older_count, ret) < 0 && kind == VM_LIMIT)
		*ret = 2;
	return 0;
}

static int read_kind(struct kernel *k, enum vm_kind kind, uint64_t text, struct vm_stats *s)
{
	uint64_t array = 0, n, name;
	int r = count_kind(k, kind, &n);

	if (r >= 0 && n && kinds[kind].array) {
		r = symbol_addr(k, kinds[kind].array, &array);
		if (r == -ENOENT && kinds[kind].older_array)
			r = symbol_addr(k, kinds[kind].older_array, &array);
	}
	for (size_t i = 0; r >= 0 && i < n; i++) {
		struct vm_item *item = &s->items[s->n];

		if (s->n == VM_ITEMS_MAX)
			return fail(-ELOOP, "more than %d counters", VM_ITEMS_MAX);
		*item = (struct vm_item){ .kind = kind, .i = i };
		r = kernel_read_uint(k, text + 8 * s->n, 8, &name);
		if (r >= 0)
			r = kernel_read_str(k, name, item->name, sizeof(item->name));
		if (r >= 0 && array)
			r = read_value(k, array, item);
		s->n++;
	}
	return r < 0 ? within(r, "%s", kinds[kind].count) : 0;
}

/* What CPUs have counted of allocations and not yet added: f19298b9516c (v5.14). */
static int add_numa_events(void *arg, const struct zone *z)
{
	void *const *args = arg;
	struct kernel *k = args[0];
	struct vm_stats *s = args[1];
	uint64_t stats, at;
	int64_t sum;
	int r = field_u64(k, z->addr, F_zone_per_cpu_zonestats, &stats);

	if (r >= 0)
		r = field_addr(k, stats, F_zonestat_numa_event, &at);
	for (size_t i = 0; r >= 0 && z->present && i < s->n; i++) {
		if (s->items[i].kind != VM_NUMA)
			continue;
		r = percpu_sum(k, at + 8 * s->items[i].i, 8, &sum);
		if (r >= 0)
			s->items[i].value += sum;
	}
	return r;
}

static void mark_huge(struct kernel *k, struct vm_stats *s)
{
	uint64_t v;

	if (kernel_enumerator(k, "NR_SWAPCACHE", &v) < 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		for (size_t n = 0; n < sizeof(huge) / sizeof(huge[0]); n++)
			s->items[i].huge |= !strcmp(s->items[i].name, huge[n]);
}

int vm_stats(struct kernel *k, struct vm_stats *ret)
{
	uint64_t text;
	int r = symbol_addr(k, "vmstat_text", &text);

	ret->n = 0;
	for (int kind = 0; r >= 0 && kind < VM_KINDS; kind++)
		r = read_kind(k, kind, text, ret);
	if (r >= 0 && field_exists(k, F_zonestat_numa_event))
		r = zones_each(k, add_numa_events, (void *[]){ k, ret });
	if (r < 0)
		return within(r, "counters of memory");
	mark_huge(k, ret);
	/* Counted in sectors of which two are a kilobyte. */
	for (size_t i = 0; i < ret->n; i++)
		if (!strcmp(ret->items[i].name, "pgpgin") || !strcmp(ret->items[i].name, "pgpgout"))
			ret->items[i].value /= 2;
	return 0;
}

static const struct vm_item *find(const struct vm_stats *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->items[i].name, name))
			return &s->items[i];
	return NULL;
}

uint64_t vm_stat(const struct vm_stats *s, const char *name)
{
	const struct vm_item *item = find(s, name);

	return item && item->value > 0 ? (uint64_t)item->value : 0;
}

bool vm_stat_exists(const struct vm_stats *s, const char *name)
{
	return find(s, name);
}
