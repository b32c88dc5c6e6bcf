/* Values below /proc/sys that the kernel makes when they are read: by its function, what each is made
 * of. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/mask.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/mem/counts.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/sysctl.h"
#include "kernel/sys/vitals.h"
#include "kernel/task/pid.h"

#define STATS_MAX   7	  /* of inodes_stat_t */
#define BITMAP_BITS 65536 /* as many as there are ports */

static int put_int(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *name)
{
	uint64_t v;
	int r = symbol_u64(k, name, 4, &v);

	(void)s;
	if (r >= 0)
		put(out, "%d\n", (int)v);
	return r;
}

static int put_bool(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *name)
{
	uint64_t v;
	int r = symbol_u64(k, name, 1, &v);

	(void)s;
	if (r >= 0)
		put(out, "%d\n", v != 0);
	return r;
}

/* A value that is always the same. */
static int put_text(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *text)
{
	(void)k;
	(void)s;
	put_str(out, text);
	return 0;
}

/* As the int that it is made of while the table knows where that is. */
static int put_own(struct strbuf *out, struct kernel *k, const struct sysctl *s)
{
	uint64_t v;
	int r = kernel_read_uint(k, s->data, 4, &v);

	if (r >= 0)
		put(out, "%d\n", (int)v);
	return r;
}

/* There was something to set until 0050ee059f7f (v3.19). */
static int put_msgmni(struct strbuf *out, struct kernel *k, const struct sysctl *s,
		      const char *name)
{
	return s->data ? put_own(out, k, s) : put_text(out, k, s, name);
}

/* sysrq_mask(); before eaee41727e6d (v5.8) the table had a copy of it. */
static int put_sysrq(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *name)
{
	uint64_t always;
	int r;

	if (s->data)
		return put_own(out, k, s);
	r = symbol_u64(k, "sysrq_always_enabled", 1, &always);
	if (r >= 0 && always)
		return put_text(out, k, s, "1\n");
	return r < 0 ? r : put_int(out, k, s, name);
}

static int put_taints(struct strbuf *out, struct kernel *k, const struct sysctl *s,
		      const char *name)
{
	uint64_t v;
	int r = kernel_taints(k, &v);

	(void)s;
	(void)name;
	if (r >= 0)
		put(out, "%lu\n", v);
	return r;
}

/* The key called @name; NULL: the one that the table has. */
static int static_key(struct kernel *k, const struct sysctl *s, const char *name, bool *ret)
{
	uint64_t key = s->data, enabled;
	int r = name ? symbol_addr(k, name, &key) : 0;

	if (r >= 0)
		r = field_u64(k, key, F_static_key_enabled, &enabled);
	if (r >= 0)
		*ret = (int)enabled != 0; /* -1: about to be */
	return r;
}

static int put_key(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *name)
{
	bool enabled;
	int r = static_key(k, s, name, &enabled);

	if (r >= 0)
		put(out, "%d\n", enabled);
	return r;
}

/* Programs enable it, too, and what was written here is kept where only the function finds it. */
static int put_bpf_stats(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			 const char *name)
{
	bool enabled;
	int r = static_key(k, s, NULL, &enabled);

	(void)name;
	if (r >= 0 && enabled)
		return fail(-EOPNOTSUPP, "on, by this or by a program");
	if (r >= 0)
		put_str(out, "0\n");
	return r;
}

/* A mode since c574bbe91703 (v5.18). */
static int put_numa_balancing(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			      const char *name)
{
	int r = put_int(out, k, s, name);

	return r == -ENOENT ? put_key(out, k, s, "sched_numa_balancing") : r;
}

/* Nothing where the CPUs are of one kind, since 8f833c82cdab (v6.7). */
static int put_energy_aware(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			    const char *name)
{
	const struct cpus *cpus;
	struct symbol symbol;
	uint64_t at, domain;
	int r = symbol_find(k, "sched_is_eas_possible", &symbol);

	if (r < 0)
		return r == -ENOENT ? put_own(out, k, s) : r;
	r = cpus_get(k, &cpus);
	for (size_t i = 0; r >= 0 && i < cpus->nr; i++) {
		if (!cpu_is_in(&cpus->possible, i))
			continue;
		r = percpu_symbol(k, name, i, &at);
		if (r >= 0)
			r = kernel_read_uint(k, at, 8, &domain);
		if (r >= 0 && domain)
			r = fail(-EOPNOTSUPP, "CPUs of several kinds");
	}
	return r;
}

static int put_cad_pid(struct strbuf *out, struct kernel *k, const struct sysctl *s,
		       const char *name)
{
	struct pid_numbers numbers = { 0 };
	uint64_t pid;
	int r = symbol_u64(k, name, 8, &pid);

	(void)s;
	if (r >= 0 && pid)
		r = pid_numbers(k, pid, &numbers);
	if (r >= 0)
		put(out, "%u\n", numbers.number[0]);
	return r;
}

static int put_last_pid(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			const char *name)
{
	uint64_t ns, last;
	int r = symbol_addr(k, name, &ns);

	(void)s;
	if (r >= 0)
		r = field_u64(k, ns, F_pid_ns_last, &last);
	if (r >= 0)
		put(out, "%d\n", (int)(field_is_newest(k, F_pid_ns_last) ? last - 1 : last));
	return r;
}

static int put_of_hstate(struct strbuf *out, struct kernel *k, enum field f)
{
	uint64_t pages, hstate, v;
	int r = hugetlb_pages(k, &pages, &hstate);

	if (r >= 0 && !hstate)
		r = fail(-ENOENT, "no huge pages");
	if (r >= 0)
		r = field_u64(k, hstate, f, &v);
	if (r >= 0)
		put(out, "%lu\n", v);
	return r;
}

static int put_huge_pages(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			  const char *name)
{
	(void)s;
	(void)name;
	return put_of_hstate(out, k, F_hstate_max_huge_pages);
}

static int put_overcommit(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			  const char *name)
{
	(void)s;
	(void)name;
	return put_of_hstate(out, k, F_hstate_overcommit);
}

/* In watchdog_enabled 1 is that for hard lockups, 2 that for soft ones; @which, in letters. */
static int put_watchdog(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			const char *which)
{
	uint64_t enabled, mask = (strchr(which, 'h') ? 1 : 0) | (strchr(which, 's') ? 2 : 0);
	int r = symbol_u64(k, "watchdog_enabled", 4, &enabled);

	(void)s;
	if (r >= 0)
		put(out, "%d\n", (enabled & mask) != 0);
	return r;
}

/* The table has a pointer to the bits, and how many they are. */
static int put_bitmap(struct strbuf *out, struct kernel *k, const struct sysctl *s,
		      const char *name)
{
	uint64_t words[BITMAP_BITS / 64] = { 0 }, bits;
	int r = s->max <= BITMAP_BITS ? 0 : fail(-EBADMSG, "a bitmap of %lu bits", s->max);

	(void)name;
	if (r >= 0)
		r = kernel_read_uint(k, s->data, 8, &bits);
	if (r >= 0 && bits)
		r = kernel_read(k, bits, words, (s->max + 63) / 64 * 8);
	if (r < 0)
		return r;
	put_mask_list(out, words, s->max);
	put_str(out, "\n");
	return 0;
}

/* Two words of 32 bits, whichever way they are kept. */
static int put_caps(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *name)
{
	char variable[SYSCTL_NAME_LEN + 32];
	uint64_t caps;
	int r;

	snprintf(variable, sizeof(variable), "%s%s", name, s->name);
	r = symbol_u64(k, variable, 8, &caps);
	if (r >= 0)
		put(out, "%lu\t%lu\n", caps & 0xffffffff, caps >> 32);
	return r;
}

/* @width bytes each, of which the first are counted per CPU; @counted ends with NULL, a hole is "". */
static int put_stats(struct strbuf *out, struct kernel *k, const struct sysctl *s, size_t width,
		     const char *const *counted)
{
	uint64_t v[STATS_MAX] = { 0 }, at;
	size_t n = width ? s->max / width : 0;
	int64_t sum;
	int r = n && n <= STATS_MAX ? 0 : fail(-EBADMSG, "%lu bytes of numbers", s->max);

	for (size_t i = 0; r >= 0 && i < n; i++) {
		bool own = !*counted || !**counted || symbol_addr(k, *counted, &at) == -ENOENT;

		if (own) {
			r = kernel_read_uint(k, s->data + i * width, width, &v[i]);
		} else {
			r = percpu_sum(k, at, width, &sum);
			v[i] = r < 0 || sum < 0 ? 0 : (uint64_t)sum;
		}
		counted += *counted != NULL;
	}
	for (size_t i = 0; r >= 0 && i < n; i++)
		put(out, "%s%lu", i ? "\t" : "", v[i]);
	if (r >= 0)
		put_str(out, "\n");
	return r;
}

static int put_dentries(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			const char *name)
{
	static const char *const counted[] = { "nr_dentry", "nr_dentry_unused",	  "",
					       "",	    "nr_dentry_negative", NULL };

	(void)name;
	return put_stats(out, k, s, s->max / 6, counted);
}

/* Of two numbers, or of all seven. */
static int put_inodes(struct strbuf *out, struct kernel *k, const struct sysctl *s,
		      const char *name)
{
	static const char *const counted[] = { "nr_inodes", "nr_unused", NULL };

	(void)name;
	return put_stats(out, k, s, s->max / (s->max % 7 ? 2 : 7), counted);
}

/* All of them, as since v6.16: before, the kernel left out what the CPUs had not handed in. */
static int put_files(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *name)
{
	uint64_t counter, files, unused, max;
	int r = symbol_addr(k, name, &counter);

	if (r >= 0)
		r = percpu_counter_sum(k, counter, &files);
	if (r >= 0)
		r = kernel_read_uint(k, s->data + 8, 8, &unused);
	if (r >= 0)
		r = kernel_read_uint(k, s->data + 16, 8, &max);
	if (r >= 0)
		put(out, "%lu\t%lu\t%lu\n", files, unused, max);
	return r;
}

/* Which counter it is, the place of its last sum tells. */
static int put_quota(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *name)
{
	uint64_t stats, first, counter, n, size, sum, i = 0;
	int r = symbol_addr(k, name, &stats);

	if (r >= 0)
		r = field_addr(k, stats, F_dqstats_stat, &first);
	if (r >= 0)
		r = field_addr(k, stats, F_dqstats_counter, &counter);
	if (r >= 0)
		r = field_count(k, F_dqstats_counter, &n);
	if (r >= 0)
		r = kernel_sizeof(k, "percpu_counter", &size);
	if (r >= 0) {
		i = s->max ? (s->data - first) / s->max : n;
		if (i >= n)
			r = fail(-EBADMSG, "no counter of %s", name);
	}
	if (r >= 0)
		r = percpu_counter_sum(k, counter + i * size, &sum);
	if (r >= 0)
		put(out, "%lu\n", sum);
	return r;
}

static int put_kexec_limit(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			   const char *name)
{
	uint64_t v;
	int r = field_u64(k, s->data, F_kexec_limit, &v);

	(void)name;
	if (r >= 0)
		put(out, "%d\n", (int)v);
	return r;
}

/* Of arm64: of which kind of vectors, the table's extra1 tells; each has one int. */
static int put_default_vl(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			  const char *name)
{
	enum { KINDS = 2 };
	uint64_t info, type, at, v;
	int r = field_u64(k, s->table, F_ctl_extra1, &info);

	if (r >= 0)
		r = field_u64(k, info, F_vl_info_type, &type);
	if (r >= 0 && type >= KINDS)
		r = fail(-EBADMSG, "vectors of kind %lu", type);
	if (r >= 0)
		r = symbol_addr(k, name, &at);
	if (r >= 0)
		r = kernel_read_uint(k, at + 4 * type, 4, &v);
	if (r >= 0)
		put(out, "%d\n", (int)v);
	return r;
}

/* The one of the boot, which is made when someone first asks; without a place: another at each read. */
static int put_uuid(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *name)
{
	enum { MADE = 8 };
	unsigned char u[16] = { 0 };
	int r = s->data ? kernel_read(k, s->data, u, sizeof(u)) : 0;

	(void)name;
	if (r >= 0 && !u[MADE])
		r = fail(-EOPNOTSUPP, "made when it is read");
	for (size_t i = 0; r >= 0 && i < sizeof(u); i++)
		put(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
	if (r >= 0)
		put_str(out, "\n");
	return r;
}

static int put_seccomp_logged(struct strbuf *out, struct kernel *k, const struct sysctl *s,
			      const char *name)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} actions[] = {
		{ 1 << 0, "kill_process" }, { 1 << 1, "kill_thread" }, { 1 << 2, "trap" },
		{ 1 << 3, "errno" },	    { 1 << 7, "user_notif" },  { 1 << 4, "trace" },
		{ 1 << 5, "log" },	    { 1 << 6, "allow" },
	};
	const char *sep = "";
	uint64_t logged;
	int r = symbol_u64(k, name, 4, &logged);

	(void)s;
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!(logged & actions[i].bit))
			continue;
		put(out, "%s%s", sep, actions[i].name);
		sep = " ";
	}
	put_str(out, "\n");
	return 0;
}

const struct sysctl_made sysctls_of_kernel[] = {
	{ "bpf_stats_handler", put_bpf_stats, NULL },
	{ "do_proc_dqstats", put_quota, "dqstats" },
	{ "hugetlb_mempolicy_sysctl_handler", put_huge_pages, NULL },
	{ "hugetlb_overcommit_handler", put_overcommit, NULL },
	{ "hugetlb_sysctl_handler", put_huge_pages, NULL },
	{ "kexec_limit_handler", put_kexec_limit, NULL },
	{ "nf_hooks_lwtunnel_sysctl_handler", put_key, "nf_hooks_lwtunnel_enabled" },
	{ "pid_ns_ctl_handler", put_last_pid, "init_pid_ns" },
	{ "proc_cap_handler", put_caps, "usermodehelper_" },
	{ "proc_do_cad_pid", put_cad_pid, "cad_pid" },
	{ "proc_do_large_bitmap", put_bitmap, NULL },
	{ "proc_do_static_key", put_key, NULL },
	{ "proc_do_uuid", put_uuid, NULL },
	{ "proc_ipc_auto_msgmni", put_msgmni, "0\n" },
	{ "proc_kprobes_optimization_handler", put_bool, "kprobes_allow_optimization" },
	{ "proc_nmi_watchdog", put_watchdog, "h" },
	{ "proc_nr_dentry", put_dentries, NULL },
	{ "proc_nr_files", put_files, "nr_files" },
	{ "proc_nr_inodes", put_inodes, NULL },
	{ "proc_soft_watchdog", put_watchdog, "s" },
	{ "proc_taint", put_taints, NULL },
	{ "proc_watchdog", put_watchdog, "hs" },
	{ "proc_watchdog_cpumask", put_bitmap, NULL },
	{ "sched_energy_aware_handler", put_energy_aware, "sd_asym_cpucapacity" },
	{ "seccomp_actions_logged_handler", put_seccomp_logged, "seccomp_actions_logged" },
	{ "sysctl_delayacct", put_int, "delayacct_on" },
	{ "sysctl_max_threads", put_int, "max_threads" },
	{ "sysctl_numa_balancing", put_numa_balancing, "sysctl_numa_balancing_mode" },
	{ "sysctl_schedstats", put_key, "sched_schedstats" },
	{ "sysrq_sysctl_handler", put_sysrq, "sysrq_enabled" },
	{ "vec_proc_do_default_vl", put_default_vl, "vl_config" },
	{ "vmstat_refresh", put_text, "" },
	{ 0 },
};
