/* The files that every control group has: kernel/cgroup/cgroup.c. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/proc/pressure.h"
#include "fs/sys/cgroup_file.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define SUBSYS_MAX 64
#define NAME_LEN   64

static int put_int(struct cgroup_file *f, enum field member)
{
	uint64_t v;
	int r = field_u64(f->k, f->cgroup, member, &v);

	if (r >= 0)
		put(f->out, "%d\n", (int)v);
	return r;
}

/* Whose number is printed: of a process when the first of its threads is asked for. */
struct tasks {
	struct cgroup_file *f;
	bool processes;
	bool dying; /* those of a list of tasks that have begun to exit */
};

static int put_task(const struct tasks *t, uint64_t task)
{
	struct kernel *k = t->f->k;
	uint64_t pid, tgid, signal, live;
	int r = field_u64(k, task, F_task_pid, &pid);

	if (r >= 0)
		r = field_u64(k, task, F_task_tgid, &tgid);
	if (r < 0 || (t->processes && pid != tgid) || (t->dying && !t->processes))
		return r;
	if (t->dying) { /* other threads of it may live */
		r = field_u64(k, task, F_task_signal, &signal);
		if (r >= 0)
			r = field_u64(k, signal, F_signal_live, &live);
		if (r < 0 || !live)
			return r;
	}
	put(t->f->out, "%" PRIu64 "\n", pid);
	return 0;
}

static int put_list(struct tasks *t, uint64_t css_set, enum field list, bool dying)
{
	struct list_walk w;
	uint64_t head, task;
	int r = field_addr(t->f->k, css_set, list, &head);

	t->dying = dying;
	if (r >= 0)
		r = list_begin(&w, t->f->k, head, F_task_cg_list);
	while (r >= 0 && (r = list_next(&w, &task)) > 0)
		r = put_task(t, task);
	return r;
}

static int put_css_set(struct tasks *t, uint64_t css_set)
{
	int r = put_list(t, css_set, F_css_set_tasks, false);

	if (r >= 0)
		r = put_list(t, css_set, F_css_set_mg_tasks, false);
	if (r >= 0 && field_exists(t->f->k, F_css_set_dying_tasks))
		r = put_list(t, css_set, F_css_set_dying_tasks, true);
	return r;
}

/* The processes of a group that has threaded ones below it are also in their sets. */
static int put_threaded(struct tasks *t, uint64_t css_set)
{
	struct list_walk w;
	uint64_t head, below;
	int r = field_addr(t->f->k, css_set, F_css_set_threaded_csets, &head);

	if (r >= 0)
		r = list_begin(&w, t->f->k, head, F_css_set_threaded_node);
	while (r >= 0 && (r = list_next(&w, &below)) > 0)
		r = put_css_set(t, below);
	return r;
}

static int put_tasks(struct cgroup_file *f, bool processes)
{
	struct tasks t = { f, processes, false };
	struct list_walk w;
	uint64_t head, link, css_set;
	int r = field_addr(f->k, f->cgroup, F_cgroup_cset_links, &head);

	if (r >= 0)
		r = list_begin(&w, f->k, head, F_cgrp_cset_link_cset_link);
	while (r >= 0 && (r = list_next(&w, &link)) > 0) {
		r = field_u64(f->k, link, F_cgrp_cset_link_cset, &css_set);
		if (r >= 0)
			r = put_css_set(&t, css_set);
		if (r >= 0 && processes)
			r = put_threaded(&t, css_set);
	}
	return r;
}

static int put_procs(struct cgroup_file *f)
{
	return put_tasks(f, true);
}

static int put_threads(struct cgroup_file *f)
{
	return put_tasks(f, false);
}

/* The names of controllers: @mask has a bit each. */
static int put_subsystems(struct cgroup_file *f, uint64_t mask)
{
	const char *sep = "";
	uint64_t table, n, at;
	char name[NAME_LEN];
	int r = symbol_addr(f->k, "cgroup_subsys", &table);

	if (r >= 0)
		r = kernel_enumerator(f->k, "CGROUP_SUBSYS_COUNT", &n);
	for (uint64_t i = 0; r >= 0 && i < n && i < SUBSYS_MAX; i++) {
		if (!(mask >> i & 1))
			continue;
		r = kernel_read_uint(f->k, table + 8 * i, 8, &at);
		if (r >= 0)
			r = field_str(f->k, at, F_cgroup_subsys_name, name, sizeof(name));
		if (r >= 0)
			put(f->out, "%s%s", sep, name);
		sep = " ";
	}
	put_str(f->out, *sep ? "\n" : "");
	return r;
}

static int is_threaded(struct kernel *k, uint64_t cgroup, bool *ret)
{
	uint64_t domain;
	int r = field_u64(k, cgroup, F_cgroup_dom_cgrp, &domain);

	*ret = r >= 0 && domain != cgroup;
	return r;
}

/* Those that cope with threads of a process in several groups. */
static int threaded_mask(struct kernel *k, uint64_t *ret)
{
	return symbol_u64(k, "cgrp_dfl_threaded_ss_mask", 2, ret);
}

static int parent_of(struct kernel *k, uint64_t cgroup, uint64_t *ret)
{
	uint64_t css;
	int r = field_u64(k, cgroup, F_cgroup_parent, &css);

	*ret = 0;
	return r < 0 || !css ? r : field_u64(k, css, F_css_cgroup, ret);
}

/* Those that the group above gives it; of the root all but what hides. */
static int put_controllers_file(struct cgroup_file *f)
{
	static const char *const hidden[] = { "cgrp_dfl_inhibit_ss_mask",
					      "cgrp_dfl_implicit_ss_mask" };
	uint64_t parent, root, mask, v;
	bool threaded;
	int r = parent_of(f->k, f->cgroup, &parent);

	if (r < 0)
		return r;
	if (parent) {
		r = field_u64(f->k, parent, F_cgroup_subtree_control, &mask);
		if (r >= 0)
			r = is_threaded(f->k, f->cgroup, &threaded);
		if (r >= 0 && threaded) {
			r = threaded_mask(f->k, &v);
			mask &= v;
		}
		return r < 0 ? r : put_subsystems(f, mask);
	}
	r = field_u64(f->k, f->cgroup, F_cgroup_root, &root);
	if (r >= 0)
		r = field_u64(f->k, root, F_cgroup_root_subsys_mask, &mask);
	for (size_t i = 0; r >= 0 && i < 2; i++) {
		r = symbol_u64(f->k, hidden[i], 2, &v);
		mask &= ~v;
	}
	return r < 0 ? r : put_subsystems(f, mask);
}

static int put_subtree_control(struct cgroup_file *f)
{
	uint64_t mask;
	int r = field_u64(f->k, f->cgroup, F_cgroup_subtree_control, &mask);

	return r < 0 ? r : put_subsystems(f, mask);
}

/* Is it the domain of a group with threads? */
static int is_thread_root(struct kernel *k, uint64_t cgroup, bool *ret)
{
	uint64_t children, sets, control, mask;
	int r = is_threaded(k, cgroup, ret);

	if (r < 0 || *ret) {
		*ret = false;
		return r;
	}
	r = field_u64(k, cgroup, F_cgroup_nr_threaded_children, &children);
	if (r >= 0)
		r = field_u64(k, cgroup, F_cgroup_nr_populated_csets, &sets);
	if (r >= 0)
		r = field_u64(k, cgroup, F_cgroup_subtree_control, &control);
	if (r >= 0)
		r = threaded_mask(k, &mask);
	*ret = r >= 0 && (children || (sets && control & mask));
	return r;
}

/* Below threads there are no domains. */
static int is_valid_domain(struct kernel *k, uint64_t cgroup, bool *ret)
{
	uint64_t above;
	bool threaded, root;
	int r = parent_of(k, cgroup, &cgroup);

	*ret = true;
	for (size_t i = 0; r >= 0 && cgroup && i < CGROUP_DEPTH_MAX; i++) {
		r = parent_of(k, cgroup, &above);
		if (r >= 0)
			r = is_threaded(k, cgroup, &threaded);
		if (r >= 0)
			r = is_thread_root(k, cgroup, &root);
		if (r >= 0 && (threaded || (above && root)))
			*ret = false;
		cgroup = above;
	}
	return r;
}

static int put_type(struct cgroup_file *f)
{
	bool threaded, valid, root;
	int r = is_threaded(f->k, f->cgroup, &threaded);

	if (r >= 0)
		r = is_valid_domain(f->k, f->cgroup, &valid);
	if (r >= 0)
		r = is_thread_root(f->k, f->cgroup, &root);
	if (r >= 0)
		put_str(f->out, threaded ? "threaded\n"
				: !valid ? "domain invalid\n"
				: root	 ? "domain threaded\n"
					 : "domain\n");
	return r;
}

static int put_events(struct cgroup_file *f)
{
	static const enum field parts[] = {
		F_cgroup_nr_populated_csets,
		F_cgroup_nr_populated_domain_children,
		F_cgroup_nr_populated_threaded_children,
	};
	uint64_t v, n = 0, flags, frozen;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < 3; i++) {
		r = field_u64(f->k, f->cgroup, parts[i], &v);
		n += v;
	}
	if (r >= 0)
		r = field_u64(f->k, f->cgroup, F_cgroup_flags, &flags);
	if (r >= 0)
		r = kernel_enumerator(f->k, "CGRP_FROZEN", &frozen);
	if (r >= 0)
		put(f->out, "populated %d\nfrozen %d\n", n != 0, (int)(flags >> (frozen & 63) & 1));
	return r;
}

/* Those of the second version that do not hide. */
static int is_counted(struct cgroup_file *f, uint64_t subsys, uint64_t i, bool *ret)
{
	uint64_t root, dfl, inhibited;
	int r = field_u64(f->k, subsys, F_cgroup_subsys_root, &root);

	if (r >= 0)
		r = symbol_addr(f->k, "cgrp_dfl_root", &dfl);
	if (r >= 0)
		r = symbol_u64(f->k, "cgrp_dfl_inhibit_ss_mask", 2, &inhibited);
	*ret = r >= 0 && root == dfl && !(inhibited >> i & 1);
	return r;
}

/* In how many groups from this one down the controller is, or of how many it is on its way out. */
static int count_subsystem(struct cgroup_file *f, uint64_t i, bool dying, uint64_t *ret)
{
	uint64_t at, css;
	int r = field_addr(f->k, f->cgroup, dying ? F_cgroup_nr_dying_subsys : F_cgroup_subsys,
			   &at);

	*ret = 0;
	if (r < 0 || dying)
		return r < 0 ? r : kernel_read_uint(f->k, at + 4 * i, 4, ret);
	r = kernel_read_uint(f->k, at + 8 * i, 8, &css);
	if (r < 0 || !css)
		return r;
	r = field_u64(f->k, css, F_css_nr_descendants, ret);
	++*ret;
	return r;
}

static int put_subsystem_counts(struct cgroup_file *f, const char *label, bool dying)
{
	uint64_t table, n, at, v;
	char name[NAME_LEN];
	bool counted;
	int r = symbol_addr(f->k, "cgroup_subsys", &table);

	if (r >= 0)
		r = field_count(f->k, F_cgroup_subsys, &n);
	for (uint64_t i = 0; r >= 0 && i < n && i < SUBSYS_MAX; i++) {
		r = kernel_read_uint(f->k, table + 8 * i, 8, &at);
		if (r >= 0)
			r = is_counted(f, at, i, &counted);
		if (r < 0 || !counted)
			continue;
		r = field_str(f->k, at, F_cgroup_subsys_name, name, sizeof(name));
		if (r >= 0)
			r = count_subsystem(f, i, dying, &v);
		if (r >= 0)
			put(f->out, "%s_%s %d\n", label, name, (int)v);
	}
	return r;
}

static int put_count(struct cgroup_file *f, const char *label, enum field member)
{
	uint64_t v;
	int r = field_u64(f->k, f->cgroup, member, &v);

	if (r >= 0)
		put(f->out, "%s %d\n", label, (int)v);
	return r;
}

/* By controller since v6.12. */
static int put_stat(struct cgroup_file *f)
{
	const bool all = field_exists(f->k, F_cgroup_nr_dying_subsys);
	int r = put_count(f, "nr_descendants", F_cgroup_nr_descendants);

	if (r >= 0 && all)
		r = put_subsystem_counts(f, "nr_subsys", false);
	if (r >= 0)
		r = put_count(f, "nr_dying_descendants", F_cgroup_nr_dying_descendants);
	return r >= 0 && all ? put_subsystem_counts(f, "nr_dying_subsys", true) : r;
}

static int put_limit(struct cgroup_file *f, enum field member)
{
	uint64_t v;
	int r = field_u64(f->k, f->cgroup, member, &v);

	if (r < 0)
		return r;
	if ((int)v == INT_MAX)
		put_str(f->out, "max\n");
	else
		put(f->out, "%d\n", (int)v);
	return 0;
}

static int put_max_depth(struct cgroup_file *f)
{
	return put_limit(f, F_cgroup_max_depth);
}

static int put_max_descendants(struct cgroup_file *f)
{
	return put_limit(f, F_cgroup_max_descendants);
}

static int put_freeze(struct cgroup_file *f)
{
	return put_int(f, F_cgroup_freeze);
}

/* Until v6.0 it is part of the group. */
static int psi_of(struct cgroup_file *f, uint64_t *ret)
{
	uint64_t size;
	int r = field_size(f->k, F_cgroup_psi, &size);

	if (r < 0)
		return r;
	if (f->root)
		return symbol_addr(f->k, "psi_system", ret);
	return size == 8 ? field_u64(f->k, f->cgroup, F_cgroup_psi, ret)
			 : field_addr(f->k, f->cgroup, F_cgroup_psi, ret);
}

static int put_pressure_on(struct cgroup_file *f)
{
	uint64_t group, on;
	int r = psi_of(f, &group);

	if (r >= 0)
		r = field_u64(f->k, group, F_psi_enabled, &on);
	if (r >= 0)
		put(f->out, "%d\n", (int)on);
	return r;
}

static int put_pressure_of(struct cgroup_file *f, const char *some, const char *full, bool is_cpu)
{
	uint64_t group;
	int r = psi_of(f, &group);

	return r < 0 ? r : put_pressure(f->r, group, some, full, is_cpu);
}

static int put_cpu_pressure(struct cgroup_file *f)
{
	return put_pressure_of(f, "PSI_CPU_SOME", "PSI_CPU_FULL", true);
}

static int put_io_pressure(struct cgroup_file *f)
{
	return put_pressure_of(f, "PSI_IO_SOME", "PSI_IO_FULL", false);
}

static int put_memory_pressure(struct cgroup_file *f)
{
	return put_pressure_of(f, "PSI_MEM_SOME", "PSI_MEM_FULL", false);
}

/* What is only written to. */
static int put_nothing(struct cgroup_file *f)
{
	put_str(f->out, "");
	return 0;
}

const struct cgroup_file_kind cgroup_core_files[] = {
	{ "cgroup.controllers", put_controllers_file },
	{ "cgroup.events", put_events },
	{ "cgroup.freeze", put_freeze },
	{ "cgroup.kill", put_nothing },
	{ "cgroup.max.depth", put_max_depth },
	{ "cgroup.max.descendants", put_max_descendants },
	{ "cgroup.pressure", put_pressure_on },
	{ "cgroup.procs", put_procs },
	{ "cgroup.stat", put_stat },
	{ "cgroup.subtree_control", put_subtree_control },
	{ "cgroup.threads", put_threads },
	{ "cgroup.type", put_type },
	{ "cpu.pressure", put_cpu_pressure },
	{ "io.pressure", put_io_pressure },
	{ "memory.pressure", put_memory_pressure },
	{ "memory.reclaim", put_nothing },
	{ NULL, NULL },
};
