/* Files of /sys/kernel and of /sys/kernel/mm that are variables. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/sys/attr.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"

#define LENGTH(a)	     (sizeof(a) / sizeof((a)[0]))
#define VMCOREINFO_NOTE_HEAD 36 /* its header, twice, and its name; a page follows */
#define RAW_MAX		     65536

static const struct variable {
	const char *dir, *name, *symbol;
	uint8_t size;
	bool is_signed;
	enum attr_form form;
} variables[] = {
	{ "kernel", "fscaps", "file_caps_enabled", 4, true, ATTR_DEC },
	{ "kernel", "hardlockup_count", "hardlockup_count", 4, false, ATTR_UDEC },
	{ "kernel", "kexec_crash_loaded", "kexec_crash_image", 8, false, ATTR_BOOL },
	{ "kernel", "kexec_loaded", "kexec_image", 8, false, ATTR_BOOL },
	{ "kernel", "oops_count", "oops_count", 4, true, ATTR_DEC },
	{ "kernel", "profiling", "prof_on", 4, true, ATTR_DEC },
	{ "kernel", "rcu_expedited", "rcu_expedited", 4, true, ATTR_DEC },
	{ "kernel", "rcu_normal", "rcu_normal", 4, true, ATTR_DEC },
	{ "kernel", "rcu_stall_count", "rcu_stall_count", 4, false, ATTR_UDEC },
	{ "kernel", "softlockup_count", "softlockup_count", 4, false, ATTR_UDEC },
	{ "kernel", "uevent_seqnum", "uevent_seqnum", 8, false, ATTR_UDEC },
	{ "kernel", "warn_count", "warn_count", 4, true, ATTR_DEC },
	{ "kexec", "crash_loaded", "kexec_crash_image", 8, false, ATTR_BOOL }, /* v7.0 or so */
	{ "kexec", "loaded", "kexec_image", 8, false, ATTR_BOOL },
	{ "khugepaged", "alloc_sleep_millisecs", "khugepaged_alloc_sleep_millisecs", 4, false,
	  ATTR_UDEC },
	{ "khugepaged", "full_scans", "khugepaged_full_scans", 4, false, ATTR_UDEC },
	{ "khugepaged", "max_ptes_none", "khugepaged_max_ptes_none", 4, false, ATTR_UDEC },
	{ "khugepaged", "max_ptes_shared", "khugepaged_max_ptes_shared", 4, false, ATTR_UDEC },
	{ "khugepaged", "max_ptes_swap", "khugepaged_max_ptes_swap", 4, false, ATTR_UDEC },
	{ "khugepaged", "pages_collapsed", "khugepaged_pages_collapsed", 4, false, ATTR_UDEC },
	{ "khugepaged", "pages_to_scan", "khugepaged_pages_to_scan", 4, false, ATTR_UDEC },
	{ "khugepaged", "scan_sleep_millisecs", "khugepaged_scan_sleep_millisecs", 4, false,
	  ATTR_UDEC },
	{ "ksm", "advisor_max_cpu", "ksm_advisor_max_cpu", 4, false, ATTR_UDEC },
	{ "ksm", "advisor_max_pages_to_scan", "ksm_advisor_max_pages_to_scan", 8, false,
	  ATTR_UDEC },
	{ "ksm", "advisor_min_pages_to_scan", "ksm_advisor_min_pages_to_scan", 8, false,
	  ATTR_UDEC },
	{ "ksm", "advisor_target_scan_time", "ksm_advisor_target_scan_time", 8, false, ATTR_UDEC },
	{ "ksm", "ksm_zero_pages", "ksm_zero_pages", 8, true, ATTR_DEC },
	{ "ksm", "max_page_sharing", "ksm_max_page_sharing", 4, false, ATTR_UDEC },
	{ "ksm", "merge_across_nodes", "ksm_merge_across_nodes", 4, false, ATTR_UDEC },
	{ "ksm", "pages_scanned", "ksm_pages_scanned", 8, false, ATTR_UDEC },
	{ "ksm", "pages_shared", "ksm_pages_shared", 8, false, ATTR_UDEC },
	{ "ksm", "pages_sharing", "ksm_pages_sharing", 8, false, ATTR_UDEC },
	{ "ksm", "pages_skipped", "ksm_pages_skipped", 8, false, ATTR_UDEC },
	{ "ksm", "pages_to_scan", "ksm_thread_pages_to_scan", 4, false, ATTR_UDEC },
	{ "ksm", "pages_unshared", "ksm_pages_unshared", 8, false, ATTR_UDEC },
	{ "ksm", "run", "ksm_run", 8, false, ATTR_UDEC },
	{ "ksm", "sleep_millisecs", "ksm_thread_sleep_millisecs", 4, false, ATTR_UDEC },
	{ "ksm", "smart_scan", "ksm_smart_scan", 1, false, ATTR_UDEC },
	{ "ksm", "stable_node_chains", "ksm_stable_node_chains", 8, false, ATTR_UDEC },
	{ "ksm", "stable_node_chains_prune_millisecs", "ksm_stable_node_chains_prune_millisecs", 4,
	  false, ATTR_UDEC },
	{ "ksm", "stable_node_dups", "ksm_stable_node_dups", 8, false, ATTR_UDEC },
	{ "ksm", "use_zero_pages", "ksm_use_zero_pages", 1, false, ATTR_UDEC },
	{ "lru_gen", "min_ttl_ms", "lru_gen_min_ttl", 8, false, ATTR_MS },
	{ "numa", "demotion_enabled", "numa_demotion_enabled", 1, false, ATTR_TRUTH },
	{ "swap", "vma_ra_enabled", "enable_vma_readahead", 1, false, ATTR_TRUTH },
};

static int put_variable(struct sysfile *a, const struct variable *v)
{
	uint64_t value;
	int r = symbol_u64(a->k, v->symbol, v->size, &value);

	if (r < 0)
		return r;
	if (v->is_signed && v->size == 4)
		value = (uint64_t)(int32_t)value;
	return put_attr_number(a, v->form, value);
}

/* The memory between two symbols, as it is. */
static int put_raw(struct sysfile *a, uint64_t first, uint64_t len)
{
	char *bytes;
	int r;

	if (len > RAW_MAX)
		return fail(-EBADMSG, "a file of %lu bytes", len);
	bytes = malloc(len + 1);
	if (!bytes)
		return fail(-ENOMEM, "%lu bytes", len);
	r = kernel_read(a->k, first, bytes, len);
	a->r->verbatim = true;
	if (r >= 0)
		put_bytes(a->out, bytes, len);
	free(bytes);
	return r < 0 ? r : 1;
}

static int put_notes(struct sysfile *a)
{
	uint64_t first, end;
	int r = symbol_addr(a->k, "__start_notes", &first);

	if (r >= 0)
		r = symbol_addr(a->k, "__stop_notes", &end);
	return r < 0 ? r : put_raw(a, first, end - first);
}

static int put_boot_params(struct sysfile *a)
{
	uint64_t first, size;
	int r = symbol_addr(a->k, "boot_params", &first);

	if (r >= 0)
		r = kernel_sizeof(a->k, "boot_params", &size);
	return r < 0 ? r : put_raw(a, first, size);
}

/* Where it is in physical memory, and how long it may be. */
static int put_vmcoreinfo(struct sysfile *a)
{
	const struct space *s;
	struct mapping at;
	uint64_t note;
	int r = symbol_u64(a->k, "vmcoreinfo_note", 8, &note);

	if (r >= 0)
		r = kernel_space(a->k, &s);
	if (r >= 0)
		r = space_lookup(s, kernel_dump(a->k), note, &at);
	if (r >= 0 && at.kind != MAP_RAM)
		r = fail(-EFAULT, "nothing at %#lx", note);
	if (r >= 0)
		put(a->out, "0x%016lx %lx\n", at.pa, VMCOREINFO_NOTE_HEAD + kernel_page_size(a->k));
	return r < 0 ? r : 1;
}

static int put_crash_size(struct sysfile *a)
{
	uint64_t at, start, end;
	int r = symbol_addr(a->k, "crashk_res", &at);

	if (r >= 0)
		r = field_u64(a->k, at, F_resource_start, &start);
	if (r >= 0)
		r = field_u64(a->k, at, F_resource_end, &end);
	return r < 0 ? r : put_attr_number(a, ATTR_UDEC, end != start ? end - start + 1 : 0);
}

static int put_address_bits(struct sysfile *a)
{
	return put_attr_number(a, ATTR_DEC, 64);
}

static int put_byte_order(struct sysfile *a)
{
	put_str(a->out, "little\n");
	return 1;
}

static const struct {
	const char *dir, *name;
	attr_fn *put;
} files[] = {
	{ "boot_params", "data", put_boot_params },
	{ "kexec", "crash_size", put_crash_size },
	{ "kernel", "address_bits", put_address_bits },
	{ "kernel", "cpu_byteorder", put_byte_order },
	{ "kernel", "kexec_crash_size", put_crash_size },
	{ "kernel", "notes", put_notes },
	{ "kernel", "vmcoreinfo", put_vmcoreinfo },
};

int put_kernel_attr(struct sysfile *a)
{
	for (size_t i = 0; i < LENGTH(variables); i++)
		if (!strcmp(variables[i].name, a->name) && !strcmp(variables[i].dir, a->dir))
			return put_variable(a, &variables[i]);
	for (size_t i = 0; i < LENGTH(files); i++)
		if (!strcmp(files[i].name, a->name) && !strcmp(files[i].dir, a->dir))
			return files[i].put(a);
	return 0;
}
