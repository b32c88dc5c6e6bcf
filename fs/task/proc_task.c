/* /proc/<pid>: the small files that /tasks/<pid> has not. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/task/cgroup.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/mem/counts.h"
#include "kernel/mem/rss.h"
#include "kernel/mem/vma.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"
#include "kernel/task/task.h"

#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000
#define OOM_DISABLE	  (-17)
#define OOM_ADJUST_MAX	  15

int gen_task_schedstat(struct render *r)
{
	static const enum field parts[] = {
		F_task_se_sum_exec_runtime,
		F_task_sched_info_run_delay,
		F_task_sched_info_pcount,
	};
	uint64_t v;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < 3; i++) {
		e = field_u64(r->k, key_task(r), parts[i], &v);
		if (e >= 0)
			put(r->out, "%lu%s", v, i < 2 ? " " : "\n");
	}
	return e;
}

/* Which kinds of memory a core file has: bits of mm->flags. */
int gen_task_coredump_filter(struct render *r)
{
	enum { SHIFT = 2, MASK = (1 << 9) - 1 };
	uint64_t mm, flags;
	int e = task_own_mm(r->k, key_task(r), &mm);

	if (e < 0 || !mm)
		return e;
	e = field_u64(r->k, mm, F_mm_flags_word, &flags);
	if (e >= 0)
		put(r->out, "%08lx\n", flags >> SHIFT & MASK);
	return e;
}

static int read_adj(struct render *r, int64_t *ret)
{
	uint64_t signal, adj;
	int e = field_u64(r->k, key_task(r), F_task_signal, &signal);

	if (e >= 0)
		e = field_u64(r->k, signal, F_signal_oom_score_adj, &adj);
	if (e >= 0)
		*ret = (int16_t)adj;
	return e;
}

/* The same on the scale of before v2.6.36. */
int gen_task_oom_adj(struct render *r)
{
	int64_t adj;
	int e = read_adj(r, &adj);

	if (e < 0)
		return e;
	adj = adj == OOM_SCORE_ADJ_MAX ? OOM_ADJUST_MAX : adj * -OOM_DISABLE / OOM_SCORE_ADJ_MAX;
	put(r->out, "%d\n", adj > OOM_ADJUST_MAX ? OOM_ADJUST_MAX : (int)adj);
	return 0;
}

static int first_mm(void *arg, uint64_t task)
{
	struct {
		struct kernel *k;
		uint64_t mm;
	} *found = arg;
	int r = task_own_mm(found->k, task, &found->mm);

	return r < 0 ? r : found->mm != 0;
}

/* Pages of memory, swap and page tables that its end would free. */
static int oom_pages(struct kernel *k, uint64_t mm, int64_t *ret)
{
	struct mm_tables tables;
	struct rss rss;
	int r = mm_rss(k, mm, &rss);

	if (r >= 0)
		r = mm_tables(k, mm, &tables);
	/* Exact since v6.19 or so, when the flags had become a type of their own. */
	if (r >= 0)
		*ret = (int64_t)((field_is_newest(k, F_mm_flags_word)
					  ? rss_total(&rss) + rss.swap
					  : rss.quick + rss.quick_swap) +
				 (tables.all >> kernel_page_shift(k)));
	return r;
}

/* Does its parent wait for it, in the memory of which it is? */
static int in_vfork(struct kernel *k, uint64_t task, uint64_t mm, bool *ret)
{
	uint64_t done, parent, its = 0;
	int r = field_u64(k, task, F_task_vfork_done, &done);

	if (r >= 0)
		r = field_u64(k, task, F_task_real_parent, &parent);
	if (r >= 0 && done)
		r = field_u64(k, parent, F_task_mm, &its);
	*ret = done && its == mm;
	return r;
}

/* oom_badness(): the first process and kernel threads are never chosen. */
int gen_task_oom_score(struct render *r)
{
	struct {
		struct kernel *k;
		uint64_t mm;
	} found = { .k = r->k };
	uint64_t flags, tgid, ram, swap;
	int64_t adj, pages, total, score = 0;
	bool vfork;
	int e = field_u64(r->k, key_task(r), F_task_flags, &flags);

	if (e >= 0)
		e = field_u64(r->k, key_task(r), F_task_tgid, &tgid);
	if (e >= 0)
		e = read_adj(r, &adj);
	if (e >= 0)
		e = total_pages(r->k, &ram);
	if (e >= 0)
		e = symbol_u64(r->k, "total_swap_pages", 8, &swap);
	if (e >= 0)
		e = task_threads(r->k, key_task(r), first_mm, &found);
	if (e < 0)
		return e;
	e = in_vfork(r->k, key_task(r), found.mm, &vfork);
	if (e < 0)
		return e;
	total = (int64_t)(ram + swap);
	if (total <= 0)
		return fail(-EBADMSG, "a machine of %ld pages", total);
	if (tgid != 1 && !(flags & PF_KTHREAD) && found.mm && !vfork && adj != OOM_SCORE_ADJ_MIN) {
		e = oom_pages(r->k, found.mm, &pages);
		if (e < 0)
			return e;
		pages += adj * (total / 1000);
		score = (1000 + pages * 1000 / total) * 2 / 3;
	}
	put(r->out, "%ld\n", score);
	return 0;
}

static int task_user_ns(struct render *r, uint64_t *ret)
{
	uint64_t cred;
	int e = field_u64(r->k, key_task(r), F_task_real_cred, &cred);

	return e < 0 ? e : field_u64(r->k, cred, F_cred_user_ns, ret);
}

int gen_task_setgroups(struct render *r)
{
	enum { ALLOWED = 1 };
	uint64_t ns, flags;
	int e = task_user_ns(r, &ns);

	if (e >= 0)
		e = field_u64(r->k, ns, F_user_ns_flags, &flags);
	if (e >= 0)
		put_str(r->out, flags & ALLOWED ? "allow\n" : "deny\n");
	return e;
}

int gen_task_timerslack_ns(struct render *r)
{
	uint64_t v;
	int e = field_u64(r->k, key_task(r), F_task_timer_slack_ns, &v);

	if (e >= 0)
		put(r->out, "%lu\n", v);
	return e;
}

bool has_task_timens_offsets(struct render *r)
{
	return field_exists(r->k, F_nsproxy_time_ns_for_children);
}

int gen_task_timens_offsets(struct render *r)
{
	static const struct {
		const char *name;
		enum field sec, nsec;
	} clocks[] = {
		{ "monotonic", F_time_ns_offset_monotonic, F_time_ns_offset_monotonic_nsec },
		{ "boottime", F_time_ns_offset_boottime, F_time_ns_offset_boottime_nsec },
	};
	uint64_t nsproxy, ns, sec, nsec;
	int e = field_u64(r->k, key_task(r), F_task_nsproxy, &nsproxy);

	if (e < 0 || !nsproxy)
		return e;
	e = field_u64(r->k, nsproxy, F_nsproxy_time_ns_for_children, &ns);
	for (size_t i = 0; e >= 0 && i < 2; i++) {
		e = field_u64(r->k, ns, clocks[i].sec, &sec);
		if (e >= 0)
			e = field_u64(r->k, ns, clocks[i].nsec, &nsec);
		if (e >= 0)
			put(r->out, "%-10s %10ld %9ld\n", clocks[i].name, (int64_t)sec,
			    (int64_t)nsec);
	}
	return e;
}

bool has_task_autogroup(struct render *r)
{
	return field_exists(r->k, F_signal_autogroup);
}

/* Nothing unless its session's group is made by the kernel. */
int gen_task_autogroup(struct render *r)
{
	uint64_t signal, group, tg, of, id, nice;
	int e = field_u64(r->k, key_task(r), F_task_signal, &signal);

	if (e >= 0)
		e = field_u64(r->k, signal, F_signal_autogroup, &group);
	if (e < 0 || !group)
		return e;
	e = field_u64(r->k, group, F_autogroup_tg, &tg);
	if (e >= 0)
		e = field_u64(r->k, tg, F_task_group_autogroup, &of);
	if (e < 0 || !of)
		return e;
	e = field_u64(r->k, group, F_autogroup_id, &id);
	if (e >= 0)
		e = field_u64(r->k, group, F_task_autogroup_nice, &nice);
	if (e >= 0)
		put(r->out, "/autogroup-%ld nice %d\n", (int64_t)id, (int)nice);
	return e;
}

bool has_task_cpuset(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "proc_cpuset_show", &va) >= 0;
}

int gen_task_cpuset(struct render *r)
{
	uint64_t css_set, i, at, css, cgroup;
	int e = field_u64(r->k, key_task(r), F_task_cgroups, &css_set);

	if (e >= 0)
		e = kernel_enumerator(r->k, "cpuset_cgrp_id", &i);
	if (e >= 0)
		e = field_addr(r->k, css_set, F_css_set_subsys, &at);
	if (e >= 0)
		e = kernel_read_uint(r->k, at + 8 * i, 8, &css);
	if (e >= 0)
		e = field_u64(r->k, css, F_css_cgroup, &cgroup);
	if (e >= 0)
		e = put_cgroup_path(r->out, r->k, cgroup);
	put_str(r->out, "\n");
	return e;
}

bool has_task_patch_state(struct render *r)
{
	return field_exists(r->k, F_task_patch_state);
}

int gen_task_patch_state(struct render *r)
{
	uint64_t v;
	int e = field_u64(r->k, key_task(r), F_task_patch_state, &v);

	if (e >= 0)
		put(r->out, "%d\n", (int)v);
	return e;
}

bool has_task_ksm_merging_pages(struct render *r)
{
	return field_exists(r->k, F_mm_ksm_merging_pages);
}

int gen_task_ksm_merging_pages(struct render *r)
{
	uint64_t mm, v;
	int e = task_own_mm(r->k, key_task(r), &mm);

	if (e < 0 || !mm)
		return e;
	e = field_u64(r->k, mm, F_mm_ksm_merging_pages, &v);
	if (e >= 0)
		put(r->out, "%lu\n", v);
	return e;
}

bool has_task_ksm_stat(struct render *r)
{
	return field_exists(r->k, F_mm_ksm_rmap_items);
}

/* What a page that is shared costs: struct ksm_rmap_item. */
static uint64_t ksm_item_size(struct kernel *k)
{
	uint64_t size;

	return kernel_sizeof(k, "ksm_rmap_item", &size) >= 0 ? size : 64;
}

/* May its pages be shared: all, some? */
static int put_mergeable(struct render *r, uint64_t mm)
{
	enum { MERGE_ANY = 30 }; /* MMF_VM_MERGE_ANY */
	const uint64_t mergeable = 0x80000000;
	struct vma_walk walk;
	uint64_t flags;
	struct vma v;
	bool some;
	int e = field_u64(r->k, mm, F_mm_flags_word, &flags);

	some = e >= 0 && flags >> MERGE_ANY & 1;
	if (e >= 0)
		put(r->out, "ksm_merge_any: %s\n", some ? "yes" : "no");
	if (e >= 0)
		e = vma_begin(&walk, r->k, mm);
	while (e >= 0 && !some && (e = vma_next(&walk, &v)) > 0)
		some = v.flags & mergeable;
	if (e >= 0)
		put(r->out, "ksm_mergeable: %s\n", some ? "yes" : "no");
	return e;
}

int gen_task_ksm_stat(struct render *r)
{
	uint64_t mm, items, zero = 0, merging, at;
	int e = task_own_mm(r->k, key_task(r), &mm);

	if (e < 0 || !mm)
		return e;
	e = field_u64(r->k, mm, F_mm_ksm_rmap_items, &items);
	if (e >= 0)
		e = field_u64(r->k, mm, F_mm_ksm_merging_pages, &merging);
	if (e >= 0 && field_exists(r->k, F_mm_ksm_zero_pages))
		e = field_u64(r->k, mm, F_mm_ksm_zero_pages, &zero);
	if (e < 0)
		return e;
	put(r->out, "ksm_rmap_items %lu\n", items);
	if (!field_exists(r->k, F_mm_ksm_zero_pages))
		return 0;
	put(r->out, "ksm_zero_pages %ld\nksm_merging_pages %lu\n", (int64_t)zero, merging);
	put(r->out, "ksm_process_profit %ld\n",
	    (int64_t)((merging + zero) * kernel_page_size(r->k) - items * ksm_item_size(r->k)));
	return symbol_addr(r->k, "ksm_process_mergeable", &at) >= 0 ? put_mergeable(r, mm) : 0;
}

bool has_task_arch_status(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "proc_pid_arch_status", &va) >= 0;
}

/* When it last used registers that slow a CPU down: of processes, where the CPU has such. */
int gen_task_arch_status(struct render *r)
{
	enum { AVX512F = 9 * 32 + 16 };
	uint64_t cpu, at, word, mm, stamp, now, hz;
	int e = task_own_mm(r->k, key_task(r), &mm);

	if (e < 0 || !mm)
		return e;
	e = percpu_symbol(r->k, "cpu_info", 0, &cpu);
	if (e >= 0)
		e = field_addr(r->k, cpu, F_cpuinfo_capability, &at);
	if (e >= 0)
		e = kernel_read_uint(r->k, at + AVX512F / 32 * 4, 4, &word);
	if (e < 0 || !(word >> AVX512F % 32 & 1))
		return e;
	e = field_u64(r->k, key_task(r), F_task_avx512_timestamp, &stamp);
	if (e >= 0)
		e = symbol_u64(r->k, "jiffies", 8, &now);
	if (e >= 0)
		e = kernel_hz(r->k, &hz);
	if (e >= 0)
		put(r->out, "AVX512_elapsed_ms:\t%ld\n",
		    stamp && hz ? (int64_t)((now - stamp) * 1000 / hz) : -1);
	return e;
}

bool has_task_cpu_resctrl_groups(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "proc_resctrl_show", &va) >= 0;
}

/* Groups there are when the file system is mounted. */
int gen_task_cpu_resctrl_groups(struct render *r)
{
	uint64_t mounted;

	if ((symbol_u64(r->k, "resctrl_mounted", 1, &mounted) >= 0 ||
	     symbol_u64(r->k, "rdt_enable_key", 4, &mounted) >= 0) &&
	    mounted)
		return fail(-EOPNOTSUPP, "groups of resctrl");
	put_str(r->out, "res:\nmon:\n");
	return 0;
}
