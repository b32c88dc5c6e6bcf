/* Every bound on what a dump may ask of us, in one place. */
#pragma once

#define LIMIT_TEXT	      (256u << 20) /* bytes of one rendered file */
#define LIMIT_NOTES	      (64u << 20)  /* bytes of ELF notes in a dump */
#define LIMIT_NOTE_COUNT      (1u << 20)   /* notes in a dump */
#define LIMIT_VMCOREINFO      (1u << 20)  /* bytes of VMCOREINFO text; the kernel writes one page */
#define LIMIT_PHDRS	      (64u << 20) /* ELF program headers: 1 TB in single pages, four times */
#define LIMIT_FLAT_RECORDS    (256u << 20) /* records of a flattened dump */
#define LIMIT_PFN	      (1ull << 40) /* page frames: 52 address bits of 4 KiB pages */
#define LIMIT_PADDR	      (1ull << 52) /* bytes of physical address space */
#define LIMIT_DUMP_FILES      4096	   /* files of a split set */
#define LIMIT_LOG_RECORDS     (16u << 20)  /* printk records: log_buf_len is at most 2 GB */
#define LIMIT_LOG_TEXT	      65536	   /* bytes of one printk record: text_len is 16 bits */
#define LIMIT_SYMBOLS	      (4u << 20)   /* of one table; a kernel of 2026 has 190 000 */
#define LIMIT_SYMBOL_NAME     1024	   /* bytes of a symbol's name; KSYM_NAME_LEN is 512 */
#define LIMIT_SYMBOL_NAMES    (256u << 20) /* bytes of all their names */
#define LIMIT_KALLSYMS	      (64u << 20)  /* bytes of kallsyms_names, and of what is before it */
#define LIMIT_BTF	      (64u << 20)  /* bytes of BTF: a kernel of 2026 has 7 MB */
#define LIMIT_MODULES	      65536	   /* loaded modules */
#define LIMIT_TYPE_CHAIN      64	   /* names, qualifiers, dimensions one behind the other */
#define LIMIT_TYPE_NEST	      8		   /* prototypes within the parameters of prototypes */
#define LIMIT_DECLARATOR      65536	   /* bytes of one */
#define LIMIT_TYPE_DEPTH      64	   /* structures within structures */
#define LIMIT_RODATA	      (256u << 20) /* bytes of constant data: a kernel of 2026 has 20 MB */
#define LIMIT_GROUPS	      65536	   /* of one task: NGROUPS_MAX */
#define LIMIT_ID_EXTENTS      340	   /* of a user namespace: UID_GID_MAP_MAX_EXTENTS */
#define LIMIT_CGROUP_DEPTH    128	   /* levels; the kernel does not bound them */
#define LIMIT_TASKS	      (16u << 20)  /* found in all places together: pid_max is at most 4M */
#define LIMIT_CPUS	      8192	   /* NR_CPUS is at most that, on every architecture */
#define LIMIT_WALK	      (64u << 20)  /* entries of a list or tree: pid_max is at most 4M */
#define LIMIT_MODULE_SECTIONS 4096 /* sections of a module; -ffunction-sections: some hundreds */
#define LIMIT_MODULE_PARAMS   4096 /* parameters of a module */
#define LIMIT_LAYERS	      512  /* of an overlay: OVL_MAX_STACK is 500 */
#define LIMIT_FDS	      (64u << 20) /* open files of a task; fs.nr_open is 1M */
#define LIMIT_PATH	      16384	  /* bytes of a path; /proc shows 4096 */
#define LIMIT_NAME	      4096	  /* bytes of one name in it; NAME_MAX is 255 */
#define LIMIT_MOUNT_DEPTH     100000	  /* mounts one in the other; a namespace has as many */
#define LIMIT_PARAM_ELEMENTS  4096	  /* elements of an array among them */
#define LIMIT_OBJECT	      (16u << 20) /* bytes of one structure */
#define LIMIT_VALUES	      (1u << 20)  /* values printed of one structure, or 64 bytes */
#define LIMIT_ORC	      (64u << 20) /* entries of ORC: a kernel of 2026 has 440 000 */
#define LIMIT_FRAMES_TRIED    65536	  /* steps to see where something on a stack leads */
#define LIMIT_STACK_FRAMES    (16u << 20) /* of all stacks */
#define LIMIT_FRAMES	      4096	  /* of a stack: one of 32 KB has at most as many words */
#define LIMIT_ALIGNMENT_STEPS 16384	  /* members looked at for the alignment of a structure's */
#define LIMIT_MEMBER_STEPS    65536	  /* members looked at for one name */

#define PAGE_CACHE_BYTES  (32u << 20) /* decompressed pages kept */
#define BLOCK_CACHE_BYTES (2u << 20)  /* bitmap and descriptor blocks kept, each */
