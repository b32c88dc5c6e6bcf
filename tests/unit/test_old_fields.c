/* The members of an old kernel's structures by their older spellings, from the DWARF of an object that
 * declares them, in each version. */
#include "kernel/fields.h"

#include <stddef.h>

#include "kernel/sys/cputime.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/old_structs.h"
#include "tests/unit/unit.h"

#define AT(field, type, member)                           \
	{                                                 \
		F_##field, #field, offsetof(type, member) \
	}

static const struct {
	enum field f;
	const char *name;
	uint64_t offset;
} places[] = {
	AT(task_state, struct task_struct, state),
	AT(task_thread_pid, struct task_struct, pids[0].pid),
	AT(task_pid_links, struct task_struct, pids[0].node),
	AT(task_pgrp_pid, struct task_struct, pids[1].pid),
	AT(task_session_pid, struct task_struct, pids[2].pid),
	AT(task_thread_group, struct task_struct, thread_group),
	AT(task_start_boottime_sec, struct task_struct, real_start_time.tv_sec),
	AT(task_start_boottime_nsec, struct task_struct, real_start_time.tv_nsec),
	AT(task_prev_utime, struct task_struct, prev_cputime.utime),
	AT(task_thread_sp, struct task_struct, thread.sp),
	AT(task_thread_usersp, struct task_struct, thread.usersp),
	AT(task_thread_fsbase, struct task_struct, thread.fs),
	AT(task_cpus_mask, struct task_struct, cpus_allowed),
	AT(thread_info_cpu, struct thread_info, cpu),
	AT(thread_info_flags, struct thread_info, flags),
	AT(thread_info_status, struct thread_info, status),
	AT(upid_pid_chain, struct upid, pid_chain),
	AT(pid_numbers, struct pid, numbers),
	AT(pid_ns_last, struct pid_namespace, last_pid),
	AT(pid_ns_allocated, struct pid_namespace, nr_hashed),
	AT(pid_ns_inum, struct pid_namespace, proc_inum),
	AT(mm_mmap, struct mm_struct, mmap),
	AT(mm_rss_stat, struct mm_struct, rss_stat),
	AT(mm_rss_stat_count, struct mm_struct, rss_stat.count),
	AT(mm_shmempages, struct mm_struct, mm_shmempages),
	AT(mm_nr_ptes, struct mm_struct, nr_ptes),
	AT(mm_shared_vm, struct mm_struct, shared_vm),
	AT(vma_next, struct vm_area_struct, vm_next),
	AT(group_info_blocks, struct group_info, blocks),
	AT(xa_head, struct radix_tree_root, rnode),
	AT(xa_node_slots, struct radix_tree_node, slots),
	AT(radix_node_height, struct radix_tree_node, height),
	AT(idr_top, struct idr, top),
	AT(idr_layer_ary, struct idr_layer, ary),
	AT(idr_layer_layer, struct idr_layer, layer),
	AT(module_base, struct module, module_core),
	AT(module_core_size, struct module, core_size),
	AT(module_core_text_size, struct module, core_text_size),
	AT(module_core_ro_size, struct module, core_ro_size),
	AT(module_init_base, struct module, module_init),
	AT(module_init_size, struct module, init_size),
	AT(module_symtab, struct module, symtab),
	AT(module_num_symtab, struct module, num_symtab),
	AT(module_strtab, struct module, strtab),
	AT(module_refptr, struct module, refptr),
	AT(module_ref_decs, struct module_ref, decs),
	AT(page_refcount, struct page, _count),
	AT(page_first_page, struct page, first_page),
	AT(slab_cache, struct page, slab_cache),
	AT(slab_freelist, struct page, freelist),
	AT(cgroup_name, struct cgroup, name),
	AT(cgroup_parent, struct cgroup, parent),
	AT(cgroup_name_name, struct cgroup_name, name),
	AT(cgroup_root_list, struct cgroupfs_root, root_list),
	AT(cgroup_root_hierarchy_id, struct cgroupfs_root, hierarchy_id),
	AT(cgroup_root_name, struct cgroupfs_root, name),
	AT(cgroup_root_cgrp, struct cgroupfs_root, top_cgroup),
	AT(cgroup_root_nr_cgrps, struct cgroupfs_root, number_of_cgroups),
	AT(cgroup_root_subsys_list, struct cgroupfs_root, subsys_list),
	AT(cgrp_cset_link_cgrp, struct cg_cgroup_link, cgrp),
	AT(cgrp_cset_link_cgrp_link, struct cg_cgroup_link, cg_link_list),
	AT(css_set_cgrp_links, struct css_set, cg_links),
	AT(tvec_tv1, struct tvec_base, tv1),
	AT(tk_xtime_nsec, struct timekeeper, xtime_nsec),
	AT(tk_shift, struct timekeeper, shift),
};

/* What such a kernel must not be taken to have. */
static const enum field missing[] = {
	F_task_cpu,
	F_task_thread_info_flags,
	F_task_thread_status,
	F_task_thread_node,
	F_mm_mt,
	F_mm_data_vm,
	F_mm_pgtables_bytes,
	F_pid_ns_idr,
	F_idr_root,
	F_xa_node_shift,
	F_inactive_frame_ret_addr,
	F_module_refcnt,
	F_cgroup_kn,
	F_module_mem,
	F_module_kallsyms,
	F_page_compound_head,
};

#define FILE_OF(version)                                                                     \
	{                                                                                    \
		.vmlinux = BUILD_DIR "/old_structs" #version, .force = true, .no_btf = true, \
	}

static const struct kernel_options versions[] = { FILE_OF(2), FILE_OF(3), FILE_OF(4), FILE_OF(5) };

static void spellings(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
		struct fake *f = fake_new();
		struct kernel *k;
		uint64_t offset, unit;

		/* a tick of 4 ms */
		put(&f->vmcoreinfo, "KERNELOFFSET=0\nSYMBOL(tick_nsec)=%llx\n", FAKE_BASE + 0x100);
		fake_put(f, FAKE_BASE + 0x100, 4000250, 8);
		f->options = &versions[v];
		k = fake_open(f);
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			assert_ok(field_offset(k, places[i].f, &offset));
			if (offset != places[i].offset)
				test_failed("DWARF %zu: %s is at %lu", v + 2, places[i].name,
					    offset);
		}
		for (size_t i = 0; i < ARRAY_SIZE(missing); i++)
			if (field_exists(k, missing[i]))
				test_failed("DWARF %zu: number %zu exists", v + 2, i);
		assert_ok(cputime_unit(k, &unit));
		assert_int_equal(unit, 4000000);
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(spellings))
