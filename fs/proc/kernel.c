/* /proc/modules, slabinfo, locks, cgroups. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/file/lock.h"
#include "kernel/module/module.h"
#include "kernel/mem/slab.h"
#include "kernel/symbol/symbols.h"

static int put_users(struct render *r, uint64_t module)
{
	char name[MODULE_NAME_MAX];
	uint64_t user, init, leave;
	struct list_walk w;
	size_t n = 0;
	int e = module_users_begin(&w, r->k, module);

	put_str(r->out, " ");
	while (e >= 0 && (e = module_users_next(&w, &user)) > 0) {
		e = module_name(r->k, user, name, sizeof(name));
		if (e >= 0)
			put_escaped(r->out, name, strlen(name), "");
		put_str(r->out, ",");
		n++;
	}
	if (e >= 0)
		e = field_u64(r->k, module, F_module_init, &init);
	if (e >= 0)
		e = field_u64(r->k, module, F_module_exit, &leave);
	if (e >= 0 && init && !leave)
		put_str(r->out, "[permanent],");
	else if (!n)
		put_str(r->out, "-");
	return e;
}

/* Its taints, and whether it comes or goes. */
static int put_taints(struct render *r, uint64_t module, const char *state)
{
	char letters[TAINT_LETTERS + 1];
	const char *mark = !strcmp(state, "going") ? "-" : !strcmp(state, "coming") ? "+" : "";
	uint64_t taints;
	int e = field_u64(r->k, module, F_module_taints, &taints);

	if (e < 0 || (!taints && !*mark))
		return e;
	taint_letters(taints, letters);
	put(r->out, " (%s%s)", letters, mark);
	return 0;
}

static int put_module(struct render *r, uint64_t module)
{
	char name[MODULE_NAME_MAX];
	uint64_t size, base;
	const char *state;
	int64_t refs;
	int e = module_state(r->k, module, &state);

	if (e < 0 || !strcmp(state, "unformed"))
		return e;
	e = module_name(r->k, module, name, sizeof(name));
	if (e >= 0)
		e = module_size(r->k, module, &size);
	if (e >= 0)
		e = module_refcnt(r->k, module, &refs);
	if (e >= 0)
		e = module_base(r->k, module, &base);
	if (e < 0)
		return e;
	put_escaped(r->out, name, strlen(name), "");
	put(r->out, " %lu %d", size, (int)refs);
	e = put_users(r, module);
	if (e < 0)
		return e;
	put(r->out, " %s 0x%016lx",
	    !strcmp(state, "going")    ? "Unloading"
	    : !strcmp(state, "coming") ? "Loading"
				       : "Live",
	    base);
	e = put_taints(r, module, state);
	put_str(r->out, "\n");
	return e;
}

int gen_proc_modules(struct render *r)
{
	struct list_walk w;
	uint64_t module;
	int e = modules_begin(&w, r->k);

	while (e >= 0 && (e = list_next(&w, &module)) > 0)
		e = put_module(r, module);
	return e;
}

int gen_proc_slabinfo(struct render *r)
{
	struct slab_counts n;
	struct slab_cache c;
	struct list_walk w;
	uint64_t cache;
	int e = slab_caches_begin(&w, r->k);

	put_str(r->out,
		"slabinfo - version: 2.1\n"
		"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
		" : tunables <limit> <batchcount> <sharedfactor>"
		" : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	while (e >= 0 && (e = list_next(&w, &cache)) > 0) {
		e = slab_cache_read(r->k, cache, &c);
		if (e >= 0)
			e = slab_cache_counts(r->k, cache, &n);
		if (e < 0)
			break;
		put(r->out, "%-17s %6lu %6lu %6lu %4lu %4lu : tunables %4u %4u %4u", c.name,
		    n.objects - n.free, n.objects, c.size, c.per_slab, 1ul << c.order, 0, 0, 0);
		put(r->out, " : slabdata %6lu %6lu %6lu\n", n.slabs, n.slabs, 0ul);
	}
	return e;
}

/* Before v5.0 those who wait are all in one ring with the lock. */
static bool is_ring(struct kernel *k)
{
	uint64_t requests, member;

	return field_offset(k, F_lock_blocked_requests, &requests) >= 0 &&
	       field_offset(k, F_lock_blocked_member, &member) >= 0 && requests == member;
}

/* The lock and, deeper, those who wait for it. */
static int put_lock_tree(struct render *r, uint64_t lock, unsigned int id, unsigned int depth)
{
	enum { DEPTH_MAX = 64 };
	uint64_t head, blocked;
	struct list_walk w;
	int e = put_lock(r->out, r->k, lock, id, depth);

	if (depth && is_ring(r->k))
		return e;
	if (e >= 0 && depth == DEPTH_MAX)
		e = fail(-ELOOP, "locks that wait for each other");
	if (e >= 0)
		e = field_addr(r->k, lock, F_lock_blocked_requests, &head);
	if (e >= 0)
		e = list_begin(&w, r->k, head, F_lock_blocked_member);
	while (e >= 0 && (e = list_next(&w, &blocked)) > 0)
		e = put_lock_tree(r, blocked, id, depth + 1);
	return e;
}

/* One list for all CPUs: until v3.10. */
static int put_global_locks(struct render *r, uint64_t head)
{
	unsigned int id = 0;
	struct list_walk w;
	uint64_t lock;
	int e = list_begin(&w, r->k, head, F_lock_link);

	while (e >= 0 && (e = list_next(&w, &lock)) > 0)
		e = put_lock_tree(r, lock, ++id, 0);
	return e;
}

int gen_proc_locks(struct render *r)
{
	uint64_t head, lock;
	unsigned int id = 0;
	const struct cpus *c;
	struct list_walk w;
	struct symbol s;
	int e = cpus_get(r->k, &c);

	if (e >= 0)
		e = symbol_find(r->k, "file_lock_list", &s);
	if (e >= 0 && !s.per_cpu)
		return put_global_locks(r, s.addr);
	for (size_t cpu = 0; e >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		head = s.addr + c->offset[cpu];
		/* v4.9 gave it a lock */
		if (field_exists(r->k, F_lock_list_hlist))
			e = field_addr(r->k, head, F_lock_list_hlist, &head);
		if (e >= 0)
			e = hlist_begin(&w, r->k, head, F_lock_link);
		while (e >= 0 && (e = hlist_next(&w, &lock)) > 0)
			e = put_lock_tree(r, lock, ++id, 0);
	}
	return e;
}

/* One that has files in the second kind of hierarchy alone is none of these. */
static int is_shown(struct render *r, uint64_t ss, bool *ret)
{
	uint64_t first, second;
	int e = 0;

	*ret = true;
	/* Since v6.13, the first with a count of references of its own kind. */
	if (!field_exists(r->k, F_file_ref))
		return 0;
	e = field_u64(r->k, ss, F_cgroup_subsys_legacy_cftypes, &first);
	if (e >= 0)
		e = field_u64(r->k, ss, F_cgroup_subsys_dfl_cftypes, &second);
	*ret = first || !second;
	return e;
}

/* A static key since v4.4, before a member. */
static int is_enabled(struct render *r, uint64_t ss, uint64_t key, bool *ret)
{
	uint64_t v;
	int e;

	if (field_exists(r->k, F_cgroup_subsys_disabled)) {
		e = field_u64(r->k, ss, F_cgroup_subsys_disabled, &v);
		*ret = !v;
		return e;
	}
	e = kernel_read_uint(r->k, key, 4, &v);
	*ret = (int)v > 0;
	return e;
}

static int put_controller(struct render *r, uint64_t ss, uint64_t key)
{
	uint64_t root, id, groups;
	bool enabled;
	char name[64];
	int e = field_str(r->k, ss, F_cgroup_subsys_legacy_name, name, sizeof(name));

	if (e >= 0)
		e = field_u64(r->k, ss, F_cgroup_subsys_root, &root);
	if (e >= 0)
		e = field_u64(r->k, root, F_cgroup_root_hierarchy_id, &id);
	if (e >= 0)
		e = field_u64(r->k, root, F_cgroup_root_nr_cgrps, &groups);
	if (e >= 0)
		e = is_enabled(r, ss, key, &enabled);
	if (e >= 0)
		put(r->out, "%s\t%d\t%d\t%d\n", name, (int)id, (int)groups, enabled);
	return e;
}

int gen_proc_cgroups(struct render *r)
{
	enum { CONTROLLERS_MAX = 64 };
	uint64_t table, keys = 0, n, ss, key = 0;
	bool shown;
	int e = symbol_addr(r->k, "cgroup_subsys", &table);

	if (e == -ENOENT)
		e = symbol_addr(r->k, "subsys", &table); /* until v3.10 */
	if (e >= 0 && !field_exists(r->k, F_cgroup_subsys_disabled))
		e = symbol_addr(r->k, "cgroup_subsys_enabled_key", &keys);
	if (e >= 0)
		e = kernel_enumerator(r->k, "CGROUP_SUBSYS_COUNT", &n);
	put_str(r->out, "#subsys_name\thierarchy\tnum_cgroups\tenabled\n");
	for (size_t i = 0; e >= 0 && i < n && i < CONTROLLERS_MAX; i++) {
		e = kernel_read_uint(r->k, table + 8 * i, 8, &ss);
		/* that of a module which is not there */
		if (e >= 0 && !ss)
			continue;
		if (e >= 0 && keys)
			e = kernel_read_uint(r->k, keys + 8 * i, 8, &key);
		if (e >= 0)
			e = is_shown(r, ss, &shown);
		if (e >= 0 && shown)
			e = put_controller(r, ss, key);
	}
	return e;
}
