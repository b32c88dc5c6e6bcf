/* The routing tables of IPv4: compressed tries of prefixes. */
#pragma once

#include "kernel/kernel.h"

#define FIB_MAIN  254
#define FIB_LOCAL 255

struct fib_node {
	uint64_t addr;		/* struct key_vector */
	uint32_t key;		/* in the byte order of the machine: 127.0.0.1 is 0x7f000001 */
	unsigned int pos, bits; /* bits 0: a leaf, whose routes hang from it */
	unsigned int depth;	/* branches above it; of a branch, itself counted */
	uint32_t empty, full;	/* children of a branch */
};

/* Each table of the namespace, in the kernel's order: the address of its struct fib_table. Not 0: stop. */
typedef int fib_table_fn(void *arg, uint64_t table, uint64_t id);
int fib_tables_each(struct kernel *k, uint64_t net, fib_table_fn *fn, void *arg);

/* Each node of a table, a branch before what is below it. */
typedef int fib_node_fn(void *arg, const struct fib_node *n);
int fib_nodes_each(struct kernel *k, uint64_t table, fib_node_fn *fn, void *arg);

/* Each route of a leaf: struct fib_alias. */
typedef int fib_alias_fn(void *arg, uint64_t alias);
int fib_aliases_each(struct kernel *k, const struct fib_node *leaf, fib_alias_fn *fn, void *arg);
