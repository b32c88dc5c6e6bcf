/* Structures as a kernel of 3.10 declares them, as far as members are read that were renamed or moved
 * later; some of them within unnamed unions, as Enterprise Linux 7 hides what it added. */
#pragma once

#include <stdint.h>
#include <time.h>

typedef unsigned long cputime_t;

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct rb_root {
	void *rb_node;
};

typedef struct {
	long counter;
} atomic_long_t;

typedef struct {
	int counter;
} atomic_t;

struct thread_info {
	void *task;
	void *exec_domain;
	uint32_t flags, status, cpu;
	int preempt_count;
};

struct pid_link {
	struct hlist_node node;
	struct pid *pid;
};

struct thread_struct {
	char tls_array[24];
	unsigned long sp0, sp, usersp;
	unsigned short es, ds;
	unsigned long fs, gs;
};

struct cputime {
	cputime_t utime, stime;
};

struct task_struct {
	volatile long state;
	void *stack;
	struct list_head tasks;
	unsigned no_new_privs : 1;
	int pid, tgid;
	struct pid_link pids[3];
	struct list_head thread_group;
	cputime_t utime, stime, gtime;
	struct cputime prev_cputime;
	struct timespec start_time, real_start_time;
	char comm[16];
	struct thread_struct thread;
	unsigned long cpus_allowed[2];
};

struct upid {
	int nr;
	void *ns;
	struct hlist_node pid_chain;
};

struct pid {
	atomic_t count;
	unsigned int level;
	struct hlist_node *tasks[3];
	struct upid numbers[1];
};

struct pid_namespace {
	char pidmap[64];
	int last_pid;
	unsigned int nr_hashed, proc_inum;
};

struct mm_rss_stat {
	atomic_long_t count[3];
};

struct mm_struct {
	struct vm_area_struct *mmap;
	unsigned long total_vm, shared_vm, stack_vm;
	struct mm_rss_stat rss_stat;
	union {
		unsigned long rh_reserved1;
		atomic_long_t nr_ptes;
	};
	union {
		struct {
			atomic_long_t mm_shmempages;
		};
		unsigned long rh_reserved2;
	};
};

struct vm_area_struct {
	unsigned long vm_start, vm_end;
	struct vm_area_struct *vm_next;
};

struct group_info {
	atomic_t usage;
	int ngroups, nblocks;
	uint32_t small_block[32];
	uint32_t *blocks[];
};

struct radix_tree_root {
	unsigned int height, gfp_mask;
	void *rnode;
};

struct radix_tree_node {
	unsigned int height, count;
	void *slots[64];
};

struct idr_layer {
	int prefix;
	unsigned long bitmap[4];
	struct idr_layer *ary[256];
	int count, layer;
};

struct idr {
	struct idr_layer *hint, *top;
	int layers, cur;
};

struct module_ref {
	unsigned long incs, decs;
};

struct module {
	int state;
	struct list_head list;
	char name[56];
	void *module_init, *module_core;
	unsigned int init_size, core_size, init_text_size, core_text_size;
	unsigned int init_ro_size, core_ro_size;
	void *symtab;
	unsigned int num_symtab;
	char *strtab;
	struct module_ref *refptr;
};

struct page {
	unsigned long flags;
	struct {
		union {
			unsigned long index;
			void *freelist;
		};
		union {
			unsigned long counters;
			struct {
				atomic_t _mapcount, _count;
			};
		};
	};
	union {
		unsigned long private;
		void *slab_cache;
		struct page *first_page;
	};
};

struct cgroup_name {
	void *callback_head[2];
	char name[];
};

struct cgroup {
	unsigned long flags;
	struct cgroup *parent;
	struct cgroup_name *name;
	struct cgroupfs_root *root;
};

struct cgroupfs_root {
	void *sb;
	unsigned long subsys_mask;
	int hierarchy_id;
	struct list_head subsys_list;
	struct cgroup top_cgroup;
	int number_of_cgroups;
	struct list_head root_list;
	char name[64];
};

struct cg_cgroup_link {
	struct list_head cgrp_link_list;
	struct cgroup *cgrp;
	struct list_head cg_link_list;
	struct css_set *cg;
};

struct css_set {
	struct list_head tasks, cg_links;
};

struct tvec_root {
	struct list_head vec[256];
};

struct tvec_base {
	unsigned long timer_jiffies;
	struct tvec_root tv1;
};

struct timekeeper {
	void *clock;
	uint32_t shift;
	uint64_t xtime_sec, xtime_nsec;
	struct timespec wall_to_monotonic;
};

/* One variable of each, so that a compiler tells of them. */
struct all_old {
	struct task_struct task;
	struct thread_info info;
	struct pid pid;
	struct pid_namespace ns;
	struct mm_struct mm;
	struct vm_area_struct vma;
	struct group_info *groups;
	struct radix_tree_root root;
	struct radix_tree_node node;
	struct idr idr;
	struct module module;
	struct page page;
	struct cgroupfs_root cgroups;
	struct cg_cgroup_link link;
	struct css_set css;
	struct tvec_base tvec;
	struct timekeeper tk;
};
