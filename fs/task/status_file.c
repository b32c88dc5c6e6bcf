/* /tasks/<pid>/status, byte for byte as procfs prints it: one table for all kernels. A line is there
 * when the kernel of the dump prints its key, if not all do, and has the members it is made of. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/task/status.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/sys/keys.h"
#include "kernel/task/pid.h"
#include "kernel/task/task.h"
#include "kernel/types/print.h"

static int load_memory(struct status *s)
{
	struct mm_tables tables;
	uint64_t vm, vm_peak, rss_peak, start, end, exec;
	struct memory *m = &s->memory;
	int r = mm_rss(s->k, s->mm, &m->rss);

	if (r >= 0)
		r = field_u64(s->k, s->mm, F_mm_total_vm, &vm);
	if (r >= 0)
		r = field_u64(s->k, s->mm, F_mm_hiwater_vm, &vm_peak);
	if (r >= 0)
		r = field_u64(s->k, s->mm, F_mm_hiwater_rss, &rss_peak);
	if (r >= 0)
		r = field_u64(s->k, s->mm, F_mm_start_code, &start);
	if (r >= 0)
		r = field_u64(s->k, s->mm, F_mm_end_code, &end);
	if (r >= 0)
		r = field_u64(s->k, s->mm, F_mm_exec_vm, &exec);
	if (r >= 0)
		r = mm_tables(s->k, s->mm, &tables);
	if (r >= 0)
		r = mm_data_pages(s->k, s->mm, &m->data);
	if (r < 0)
		return r;
	m->rss_sum = rss_total(&m->rss);
	m->rss_peak = m->rss_sum > rss_peak ? m->rss_sum : rss_peak;
	m->peak = vm > vm_peak ? vm : vm_peak;
	m->text = (end + s->page_size - 1) / s->page_size - start / s->page_size;
	if (m->text > exec)
		m->text = exec;
	m->lib = exec - m->text;
	m->tables = tables.lowest / 1024;
	m->upper_tables = (tables.all - tables.lowest) / 1024;
	return 0;
}

static int number_of(struct status *s, uint64_t owner, enum field f, uint64_t *ret)
{
	uint64_t task;
	int r = field_u64(s->k, owner, f, &task);

	return r < 0 ? r
		     : task_pid_number(s->k, task, f == F_task_real_parent ? PID_TGID : PID_TASK,
				       ret);
}

static int load_ids(struct status *s)
{
	struct ids *i = &s->ids;
	uint64_t traced, group = 0;
	int r = task_pid_number(s->k, s->task, PID_TASK, &i->pid);

	if (r >= 0)
		r = task_pid_number(s->k, s->task, PID_TGID, &i->tgid);
	if (r >= 0 && i->pid)
		r = number_of(s, s->task, F_task_real_parent, &i->parent);
	if (r >= 0)
		r = field_u64(s->k, s->task, F_task_ptrace, &traced);
	if (r >= 0 && traced)
		r = number_of(s, s->task, F_task_parent, &i->tracer);
	if (r >= 0 && field_exists(s->k, F_task_numa_group))
		r = field_u64(s->k, s->task, F_task_numa_group, &group);
	if (r >= 0 && group)
		r = field_u64(s->k, group, F_numa_group_gid, &i->numa_group);
	return r;
}

static int load_cred(struct status *s)
{
	return task_cred(s->k, s->task, &s->cred);
}

static int load_signals(struct status *s)
{
	return task_signals(s->k, s->task, &s->signals);
}

int status_load(struct status *s, enum part part)
{
	static int (*const loaders[PARTS])(struct status * s) = {
		[OF_MM] = load_memory,
		[OF_IDS] = load_ids,
		[OF_CRED] = load_cred,
		[OF_SIGNALS] = load_signals,
	};
	int r;

	if (s->loaded[part] || !loaders[part])
		return 0;
	r = loaders[part](s);
	s->loaded[part] = r >= 0;
	return r;
}

static uint64_t loaded(const struct status *s, const struct line *l)
{
	uint64_t v;

	memcpy(&v, (const char *)s + l->what, sizeof(v));
	return v;
}

static int put_number_of(struct status *s, const struct line *l)
{
	put(s->out, "%lu", loaded(s, l));
	return 0;
}

static int put_hex_of(struct status *s, const struct line *l)
{
	put(s->out, "%016lx", loaded(s, l));
	return 0;
}

static int put_kb_of(struct status *s, const struct line *l)
{
	put(s->out, "%8lu kB", loaded(s, l));
	return 0;
}

static int put_pages_of(struct status *s, const struct line *l)
{
	put(s->out, "%8lu kB", loaded(s, l) * (s->page_size / 1024));
	return 0;
}

/* A member of the mm, in pages. */
static int put_pages(struct status *s, const struct line *l)
{
	uint64_t n;
	int r = field_u64(s->k, s->mm, l->what, &n);

	if (r >= 0)
		put(s->out, "%8lu kB", n * (s->page_size / 1024));
	return r;
}

/* A member of the task. */
static int put_member(struct status *s, const struct line *l)
{
	uint64_t n;
	int r = field_u64(s->k, s->task, l->what, &n);

	if (r >= 0)
		put(s->out, "%lu", n);
	return r;
}

static int put_ids(struct status *s, const struct line *l)
{
	uint32_t id[IDS];

	memcpy(id, (const char *)s + l->what, sizeof(id));
	put(s->out, "%u\t%u\t%u\t%u", id[ID_REAL], id[ID_EFFECTIVE], id[ID_SAVED], id[ID_FS]);
	return 0;
}

#define AT(member) offsetof(struct status, member)

static const struct line lines[] = {
	{ "Name", ALWAYS, status_name, OF_TASK, 0 },
	{ "Umask", IF_PRINTED, status_umask, OF_TASK, 0 },
	{ "State", ALWAYS, status_state, OF_TASK, 0 },
	{ "Tgid", ALWAYS, put_number_of, OF_IDS, AT(ids.tgid) },
	{ "Ngid", IF_PRINTED, put_number_of, OF_IDS, AT(ids.numa_group) },
	{ "Pid", ALWAYS, put_number_of, OF_IDS, AT(ids.pid) },
	{ "PPid", ALWAYS, put_number_of, OF_IDS, AT(ids.parent) },
	{ "TracerPid", ALWAYS, put_number_of, OF_IDS, AT(ids.tracer) },
	{ "Uid", ALWAYS, put_ids, OF_CRED, AT(cred.uid) },
	{ "Gid", ALWAYS, put_ids, OF_CRED, AT(cred.gid) },
	{ "FDSize", ALWAYS, status_fd_size, OF_TASK, 0 },
	{ "Groups", ALWAYS, status_groups, OF_CRED, 0 },
	{ "NStgid", IF_PRINTED, status_ns_pids, OF_TASK, PID_TGID },
	{ "NSpid", IF_PRINTED, status_ns_pids, OF_TASK, PID_TASK },
	{ "NSpgid", IF_PRINTED, status_ns_pids, OF_TASK, PID_PGRP },
	{ "NSsid", IF_PRINTED, status_ns_pids, OF_TASK, PID_SESSION },
	{ "Kthread", IF_PRINTED, status_kthread, OF_TASK, 0 },
	{ "VmPeak", ALWAYS, put_pages_of, OF_MM, AT(memory.peak) },
	{ "VmSize", ALWAYS, put_pages, OF_MM, F_mm_total_vm },
	{ "VmLck", ALWAYS, put_pages, OF_MM, F_mm_locked_vm },
	{ "VmPin", IF_PRINTED, put_pages, OF_MM, F_mm_pinned_vm },
	{ "VmHWM", ALWAYS, put_pages_of, OF_MM, AT(memory.rss_peak) },
	{ "VmRSS", ALWAYS, put_pages_of, OF_MM, AT(memory.rss_sum) },
	{ "RssAnon", IF_PRINTED, put_pages_of, OF_MM, AT(memory.rss.anon) },
	{ "RssFile", IF_PRINTED, put_pages_of, OF_MM, AT(memory.rss.file) },
	{ "RssShmem", IF_PRINTED, put_pages_of, OF_MM, AT(memory.rss.shmem) },
	{ "VmData", ALWAYS, put_pages_of, OF_MM, AT(memory.data) },
	{ "VmStk", ALWAYS, put_pages, OF_MM, F_mm_stack_vm },
	{ "VmExe", ALWAYS, put_pages_of, OF_MM, AT(memory.text) },
	{ "VmLib", ALWAYS, put_pages_of, OF_MM, AT(memory.lib) },
	{ "VmPTE", ALWAYS, put_kb_of, OF_MM, AT(memory.tables) },
	{ "VmPMD", IF_PRINTED, put_kb_of, OF_MM, AT(memory.upper_tables) },
	{ "VmSwap", ALWAYS, put_pages_of, OF_MM, AT(memory.rss.swap) },
	{ "HugetlbPages", IF_PRINTED, put_pages, OF_MM, F_mm_hugetlb_usage },
	{ "CoreDumping", IF_PRINTED, status_core_dumping, OF_MM, 0 },
	{ "THP_enabled", IF_PRINTED, status_thp_enabled, OF_MM, 0 },
	{ "untag_mask", IF_PRINTED, status_untag_mask, OF_MM, 0 },
	{ "Threads", ALWAYS, put_number_of, OF_SIGNALS, AT(signals.threads) },
	{ "SigQ", ALWAYS, status_signal_queue, OF_SIGNALS, 0 },
	{ "SigPnd", ALWAYS, put_hex_of, OF_SIGNALS, AT(signals.pending) },
	{ "ShdPnd", ALWAYS, put_hex_of, OF_SIGNALS, AT(signals.shared) },
	{ "SigBlk", ALWAYS, put_hex_of, OF_SIGNALS, AT(signals.blocked) },
	{ "SigIgn", ALWAYS, put_hex_of, OF_SIGNALS, AT(signals.ignored) },
	{ "SigCgt", ALWAYS, put_hex_of, OF_SIGNALS, AT(signals.caught) },
	{ "CapInh", ALWAYS, put_hex_of, OF_CRED, AT(cred.cap_inheritable) },
	{ "CapPrm", ALWAYS, put_hex_of, OF_CRED, AT(cred.cap_permitted) },
	{ "CapEff", ALWAYS, put_hex_of, OF_CRED, AT(cred.cap_effective) },
	{ "CapBnd", ALWAYS, put_hex_of, OF_CRED, AT(cred.cap_bset) },
	{ "CapAmb", IF_PRINTED, put_hex_of, OF_CRED, AT(cred.cap_ambient) },
	{ "NoNewPrivs", IF_PRINTED, status_no_new_privs, OF_TASK, 0 },
	{ "Seccomp", IF_PRINTED, put_member, OF_TASK, F_task_seccomp_mode },
	{ "Seccomp_filters", IF_PRINTED, put_member, OF_TASK, F_task_seccomp_filter_count },
	{ "Speculation_Store_Bypass", IF_PRINTED, status_spec_store, OF_TASK, 0 },
	{ "SpeculationIndirectBranch", IF_PRINTED, status_spec_branch, OF_TASK, 0 },
	{ "Cpus_allowed", ALWAYS, status_cpus, OF_TASK, 0 },
	{ "Cpus_allowed_list", ALWAYS, status_cpus_list, OF_TASK, 0 },
	{ "Mems_allowed", IF_PRINTED, status_mems, OF_TASK, 0 },
	{ "Mems_allowed_list", IF_PRINTED, status_mems_list, OF_TASK, 0 },
	{ "voluntary_ctxt_switches", ALWAYS, put_member, OF_TASK, F_task_nvcsw },
	{ "nonvoluntary_ctxt_switches", ALWAYS, put_member, OF_TASK, F_task_nivcsw },
	{ "x86_Thread_features", IF_PRINTED, status_features, OF_TASK, F_task_thread_features },
	{ "x86_Thread_features_locked", IF_PRINTED, status_features, OF_TASK,
	  F_task_thread_features_locked },
};

/* What the dump lacks is said in its line; a line of members that this kernel lacks is none. */
static int put_line(struct status *s, const struct line *l)
{
	size_t begin = s->out->len;
	int r;

	if (l->when == IF_PRINTED && !kernel_prints(s->k, l->key))
		return 0;
	put(s->out, "%s:\t", l->key);
	r = status_load(s, l->part);
	if (r >= 0)
		r = l->put(s, l);
	if (r == LEFT_OUT || r == -ENOENT) {
		s->out->len = begin;
		return 0;
	}
	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (r < 0)
		put_str(s->out, NOT_IN_DUMP);
	put_str(s->out, "\n");
	return 0;
}

int gen_task_status(struct render *r)
{
	struct status s = {
		.k = r->k,
		.out = r->out,
		.task = key_task(r),
		.page_size = 1ull << kernel_page_shift(r->k),
	};
	int e = task_own_mm(r->k, s.task, &s.mm);

	r->verbatim = true;
	for (size_t i = 0; e >= 0 && i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i].part != OF_MM || s.mm)
			e = put_line(&s, &lines[i]);
	return e;
}
