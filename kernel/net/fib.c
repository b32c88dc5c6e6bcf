#include "kernel/net/fib.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/walk/list.h"

#define TABLES	  256 /* lists of tables: FIB_TABLE_HASHSZ */
#define DEPTH_MAX 33
#define BITS_MAX  24 /* of a branch */

int fib_tables_each(struct kernel *k, uint64_t net, fib_table_fn *fn, void *arg)
{
	uint64_t hash, table, id;
	struct list_walk w;
	int r = field_u64(k, net, F_net_fib_table_hash, &hash);

	for (size_t i = 0; r == 0 && hash && i < TABLES; i++) {
		r = hlist_begin(&w, k, hash + 8 * i, F_fib_table_hlist);
		while (r >= 0 && (r = hlist_next(&w, &table)) > 0) {
			r = field_u64(k, table, F_fib_table_id, &id);
			if (r >= 0)
				r = fn(arg, table, id);
			if (r)
				break;
		}
	}
	return r < 0 ? within(r, "routing tables") : r;
}

struct trie_walk {
	struct kernel *k;
	fib_node_fn *fn;
	void *arg;
	struct guard guard;
};

static int read_node(struct kernel *k, uint64_t addr, struct fib_node *ret)
{
	uint64_t key, pos, bits, info, empty = 0, full = 0;
	int r = field_u64(k, addr, F_key_vector_key, &key);

	if (r >= 0)
		r = field_u64(k, addr, F_key_vector_pos, &pos);
	if (r >= 0)
		r = field_u64(k, addr, F_key_vector_bits, &bits);
	if (r >= 0 && bits > BITS_MAX)
		r = fail(-EBADMSG, "a branch of 2^%lu ways at %#lx", bits, addr);
	if (r >= 0 && bits) {
		r = field_owner(k, addr, F_tnode_kv, &info);
		if (r >= 0)
			r = field_u64(k, info, F_tnode_empty, &empty);
		if (r >= 0)
			r = field_u64(k, info, F_tnode_full, &full);
	}
	if (r >= 0)
		*ret = (struct fib_node){ .addr = addr,
					  .key = (uint32_t)key,
					  .pos = (unsigned int)pos,
					  .bits = (unsigned int)bits,
					  .empty = (uint32_t)empty,
					  .full = (uint32_t)full };
	return r;
}

static int walk_node(struct trie_walk *w, uint64_t addr, unsigned int depth)
{
	struct fib_node n;
	uint64_t children, child;
	int r = guard_step(&w->guard, addr);

	if (r >= 0)
		r = read_node(w->k, addr, &n);
	if (r < 0)
		return r;
	n.depth = depth + (n.bits != 0);
	r = w->fn(w->arg, &n);
	if (r || !n.bits)
		return r;
	if (n.depth > DEPTH_MAX)
		return fail(-ELOOP, "a trie of more than %d levels", DEPTH_MAX);
	r = field_addr(w->k, addr, F_key_vector_tnode, &children);
	for (uint64_t i = 0; r == 0 && i < 1ull << n.bits; i++) {
		r = kernel_read_uint(w->k, children + 8 * i, 8, &child);
		if (r >= 0 && child)
			r = walk_node(w, child, n.depth);
	}
	return r;
}

int fib_nodes_each(struct kernel *k, uint64_t table, fib_node_fn *fn, void *arg)
{
	struct trie_walk w = { .k = k, .fn = fn, .arg = arg };
	uint64_t trie, root;
	int r = field_u64(k, table, F_fib_table_data, &trie);

	/* The trie begins with a key_vector that has one child. */
	if (r >= 0)
		r = field_addr(k, trie, F_key_vector_tnode, &root);
	if (r >= 0)
		r = kernel_read_uint(k, root, 8, &root);
	if (r >= 0 && root)
		r = walk_node(&w, root, 0);
	return r < 0 ? within(r, "routing table at %#lx", table) : r;
}

int fib_aliases_each(struct kernel *k, const struct fib_node *leaf, fib_alias_fn *fn, void *arg)
{
	struct list_walk w;
	uint64_t head, alias;
	int r = field_addr(k, leaf->addr, F_key_vector_leaf, &head);

	if (r >= 0)
		r = hlist_begin(&w, k, head, F_fib_alias_list);
	while (r >= 0 && (r = hlist_next(&w, &alias)) > 0) {
		r = fn(arg, alias);
		if (r)
			break;
	}
	return r;
}
