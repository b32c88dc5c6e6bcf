/* Values below /proc/sys, by the function that the kernel prints them with. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/sysctl.h"
#include "kernel/sys/vitals.h"

#define USER_HZ	   100
#define STRING_MAX 65536
#define VECTOR_MAX 65536 /* bytes of numbers */

enum form {
	STRING,
	INT,
	UINT,
	U8,
	BOOL,
	ULONG,
	JIFFIES, /* printed in seconds */
	USERHZ_JIFFIES,
	MS_JIFFIES,
	ULONG_MS_JIFFIES,
};

/* Those that print as one of the general ones do, whatever else they do when someone writes. */
static const struct {
	const char *handler;
	enum form form;
} handlers[] = {
	{ "proc_dostring", STRING },
	{ "proc_dointvec", INT },
	{ "proc_dointvec_minmax", INT },
	{ "proc_douintvec", UINT },
	{ "proc_douintvec_minmax", UINT },
	{ "proc_dou8vec_minmax", U8 },
	{ "proc_dobool", BOOL },
	{ "proc_doulongvec_minmax", ULONG },
	{ "proc_doulongvec_ms_jiffies_minmax", ULONG_MS_JIFFIES },
	{ "proc_dointvec_jiffies", JIFFIES },
	{ "proc_dointvec_userhz_jiffies", USERHZ_JIFFIES },
	{ "proc_dointvec_ms_jiffies", MS_JIFFIES },
	{ "proc_dointvec_ms_jiffies_minmax", MS_JIFFIES },
	{ "proc_do_uts_string", STRING },
	{ "proc_dostring_coredump", STRING },
	{ "devkmsg_sysctl_set_loglvl", STRING },
	{ "numa_zonelist_order_handler", STRING },
	{ "proc_scheduler", STRING },
	{ "addrconf_sysctl_addr_gen_mode", INT },
	{ "addrconf_sysctl_disable", INT },
	{ "addrconf_sysctl_disable_policy", INT },
	{ "addrconf_sysctl_forward", INT },
	{ "addrconf_sysctl_ignore_routes_with_linkdown", INT },
	{ "addrconf_sysctl_mtu", INT },
	{ "addrconf_sysctl_proxy_ndp", INT },
	{ "apparmor_dointvec", INT },
	{ "armv8pmu_proc_user_access_handler", INT },
	{ "bpf_unpriv_handler", INT },
	{ "compaction_proactiveness_sysctl_handler", INT },
	{ "devinet_conf_proc", INT },
	{ "devinet_sysctl_forward", INT },
	{ "dirty_background_ratio_handler", INT },
	{ "dirty_ratio_handler", INT },
	{ "dirty_writeback_centisecs_handler", INT },
	{ "dirtytime_interval_handler", INT },
	{ "flow_limit_table_len_sysctl", INT },
	{ "ftrace_enable_sysctl", INT },
	{ "ipv4_doint_and_flush", INT },
	{ "ipv4_privileged_ports", INT },
	{ "lowmem_reserve_ratio_sysctl_handler", INT },
	{ "min_free_kbytes_sysctl_handler", INT },
	{ "neigh_proc_dointvec", INT },
	{ "neigh_proc_dointvec_zero_intmax", INT },
	{ "overcommit_policy_handler", INT },
	{ "overcommit_ratio_handler", INT },
	{ "percpu_pagelist_high_fraction_sysctl_handler", INT },
	{ "perf_cpu_time_max_percent_handler", INT },
	{ "perf_event_max_sample_rate_handler", INT },
	{ "perf_event_max_stack_handler", INT },
	{ "perf_proc_update_handler", INT },
	{ "pid_mfd_noexec_dointvec_minmax", INT },
	{ "proc_do_dev_weight", INT },
	{ "proc_do_rointvec", INT },
	{ "proc_blackhole_detect_timeout", INT },
	{ "proc_dointvec_minmax_bpf_enable", INT },
	{ "proc_dointvec_minmax_bpf_restricted", INT },
	{ "proc_dointvec_minmax_coredump", INT },
	{ "proc_dointvec_minmax_sysadmin", INT },
	{ "proc_dointvec_minmax_warn_RT_change", INT },
	{ "proc_ipc_dointvec", INT },
	{ "proc_ipc_dointvec_minmax", INT },
	{ "proc_ipc_dointvec_minmax_orphans", INT },
	{ "proc_ipc_sem_dointvec", INT },
	{ "proc_tfo_blackhole_detect_timeout", INT },
	{ "proc_watchdog_thresh", INT },
	{ "sched_rr_handler", INT },
	{ "sched_rt_handler", INT },
	{ "stack_trace_sysctl", INT },
	{ "sysctl_min_slab_ratio_sysctl_handler", INT },
	{ "sysctl_min_unmapped_ratio_sysctl_handler", INT },
	{ "sysctl_vm_numa_stat_handler", INT },
	{ "timer_migration_handler", INT },
	{ "tracepoint_printk_sysctl", INT },
	{ "watermark_scale_factor_sysctl_handler", INT },
	{ "yama_dointvec_minmax", INT },
	{ "proc_dopipe_max_size", UINT },
	{ "proc_fib_multipath_hash_fields", UINT },
	{ "proc_rt6_multipath_hash_fields", UINT },
	{ "emulation_proc_handler", U8 },
	{ "ipv4_fwd_update_priority", U8 },
	{ "proc_fib_multipath_hash_policy", U8 },
	{ "proc_rt6_multipath_hash_policy", U8 },
	{ "dirty_background_bytes_handler", ULONG },
	{ "dirty_bytes_handler", ULONG },
	{ "mmap_min_addr_handler", ULONG },
	{ "overcommit_kbytes_handler", ULONG },
	{ "proc_dohung_task_timeout_secs", ULONG },
	{ "proc_dolongvec_minmax_bpf_restricted", ULONG },
	{ "proc_ipc_doulongvec_minmax", ULONG },
	{ "neigh_proc_dointvec_jiffies", JIFFIES },
	{ "neigh_proc_dointvec_userhz_jiffies", USERHZ_JIFFIES },
	{ "neigh_proc_dointvec_ms_jiffies", MS_JIFFIES },
	{ "neigh_proc_dointvec_ms_jiffies_positive", MS_JIFFIES },
};

/* Of neighbours' times some have one function, and their names tell the unit. */
static bool form_by_name(const struct sysctl *s, const char *handler, enum form *ret)
{
	if (strcmp(handler, "ndisc_ifinfo_sysctl_change") != 0 &&
	    strcmp(handler, "neigh_proc_base_reachable_time") != 0)
		return false;
	*ret = strstr(s->name, "_ms")		  ? MS_JIFFIES
	       : !strcmp(s->name, "retrans_time") ? INT
						  : JIFFIES;
	return true;
}

static int form_of(const struct sysctl *s, const char *handler, enum form *ret)
{
	if (form_by_name(s, handler, ret))
		return 0;
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (strcmp(handler, handlers[i].handler))
			continue;
		*ret = handlers[i].form;
		return 0;
	}
	return fail(-EOPNOTSUPP, "%s() makes this value", handler);
}

static const struct sysctl_made *find_made(const struct sysctl_made *made, const char *handler)
{
	while (made->handler && strcmp(made->handler, handler))
		made++;
	return made->handler ? made : NULL;
}

static int put_string(struct strbuf *out, struct kernel *k, const struct sysctl *s)
{
	char text[STRING_MAX];
	size_t room = s->max < sizeof(text) ? s->max + 1 : sizeof(text);
	int r = kernel_read_str(k, s->data, text, room);

	if (r >= 0)
		put(out, "%s\n", text);
	return r;
}

static void put_number(struct strbuf *out, enum form form, uint64_t v, uint64_t hz)
{
	switch (form) {
	case INT:
		put(out, "%d", (int)v);
		break;
	case UINT:
		put(out, "%u", (unsigned int)v);
		break;
	case JIFFIES:
		put(out, "%d", (int)v / (int)hz);
		break;
	case USERHZ_JIFFIES:
		put(out, "%ld", (int64_t)(int)v * USER_HZ / (int64_t)hz);
		break;
	case MS_JIFFIES:
		put(out, "%ld", (int64_t)(int)v * 1000 / (int64_t)hz);
		break;
	case ULONG_MS_JIFFIES:
		put(out, "%lu", v * 1000 / hz);
		break;
	default:
		put(out, "%lu", v);
	}
}

static size_t size_of(enum form form)
{
	switch (form) {
	case ULONG:
	case ULONG_MS_JIFFIES:
		return 8;
	case U8:
	case BOOL:
		return 1;
	default:
		return 4;
	}
}

static int put_numbers(struct strbuf *out, struct kernel *k, const struct sysctl *s, enum form form)
{
	uint64_t v, hz;
	size_t size;
	int r = kernel_hz(k, &hz);

	if (r >= 0 && s->max > VECTOR_MAX)
		r = fail(-EBADMSG, "a vector of %lu bytes", s->max);
	if (r < 0)
		return r;
	/* an int of before the function took single bytes */
	if (form == U8 && s->max == 4)
		form = INT;
	size = size_of(form);
	/* of those there is one, whatever the length says */
	for (size_t at = 0; r >= 0 && at + size <= (form == BOOL ? 1 : s->max); at += size) {
		r = kernel_read_uint(k, s->data + at, size, &v);
		if (r < 0)
			break;
		put_str(out, at ? "\t" : "");
		put_number(out, form, v, hz);
	}
	put_str(out, "\n");
	return r;
}

int put_sysctl_value(struct strbuf *out, struct kernel *k, const struct sysctl *s)
{
	enum { READABLE = 0444 };
	const struct sysctl_made *made;
	struct symbol handler;
	enum form form;
	int r;

	if (!(s->mode & READABLE))
		return 0;
	r = symbol_at(k, s->handler, &handler);
	if (r >= 0 && handler.addr != s->handler)
		r = fail(-EBADMSG, "no function at %#lx", s->handler);
	if (r < 0)
		return r;
	made = find_made(sysctls_of_kernel, handler.name);
	if (!made)
		made = find_made(sysctls_of_net, handler.name);
	if (made) {
		r = made->put(out, k, s, made->name);
		return r < 0 ? within(r, "%s()", handler.name) : 0;
	}
	r = form_of(s, handler.name, &form);
	if (r < 0 || !s->data || !s->max)
		return r;
	return form == STRING ? put_string(out, k, s) : put_numbers(out, k, s, form);
}
