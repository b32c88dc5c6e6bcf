/* The counters of memory management, by the names that /proc/vmstat has for them. The kernel has these
 * in one table, one kind behind the other. */
#pragma once

#include "kernel/kernel.h"

#define VM_NAME_LEN  64
#define VM_ITEMS_MAX 512

enum vm_kind {
	VM_ZONE,  /* pages of zones: vm_zone_stat[] */
	VM_NUMA,  /* allocations by node: vm_numa_event[] */
	VM_NODE,  /* pages of nodes: vm_node_stat[] */
	VM_LIMIT, /* what is made when someone asks */
	VM_EVENT, /* events since the boot */
	VM_KINDS
};

struct vm_item {
	char name[VM_NAME_LEN];
	enum vm_kind kind;
	size_t i; /* in the array of its kind */
	int64_t value;
	bool huge; /* .value counts pages, /proc/vmstat huge ones */
};

struct vm_stats {
	size_t n;
	struct vm_item items[VM_ITEMS_MAX];
};

/* All of them, in the kernel's order; VM_LIMIT with value 0. They are some 20 KB. */
int vm_stats(struct kernel *k, struct vm_stats *ret);

/* The value of @name; 0: this kernel does not count it. Never negative. */
uint64_t vm_stat(const struct vm_stats *s, const char *name);

bool vm_stat_exists(const struct vm_stats *s, const char *name);
