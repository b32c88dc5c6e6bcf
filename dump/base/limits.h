/* Every bound on what a dump may ask of us, in one place. */
#pragma once

#define LIMIT_RENDER_SECONDS  10	   /* for one text, list or name; what is made once aside */
#define LIMIT_TEXT	      (256u << 20) /* bytes of one rendered file */
#define LIMIT_NOTES	      (64u << 20)  /* bytes of ELF notes in a dump */
#define LIMIT_NOTE_COUNT      (1u << 20)   /* notes in a dump */
#define LIMIT_VMCOREINFO      (1u << 20)  /* bytes of VMCOREINFO text; the kernel writes one page */
#define LIMIT_PHDRS	      (64u << 20) /* ELF program headers: 1 TB in single pages, four times */
#define LIMIT_FLAT_RECORDS    (256u << 20) /* records of a flattened dump */
#define LIMIT_CONFIG	      (4u << 20)   /* bytes of IKCONFIG: a kernel of 2026 has 80 KB */
#define LIMIT_CMDLINE	      65536	   /* bytes of the kernel's command line: 2 KB, or 4 */
#define LIMIT_PFN	      (1ull << 40) /* page frames: 52 address bits of 4 KiB pages */
#define LIMIT_PT_TABLES	      (4u << 20) /* page tables of one address space: 8 TB in 4 KiB pages */
#define LIMIT_SPANS	      (8u << 20) /* pieces of a core file: 32 bytes each */
#define LIMIT_SLABS	      (64u << 20)  /* of all caches: 16 bytes each */
#define LIMIT_SLAB_OBJECTS    32767	   /* of one: slab.objects has 15 bits */
#define LIMIT_SLAB_BYTES      (32u << 20)  /* of one: no allocation of pages is larger */
#define LIMIT_SHEAF	      65536	   /* objects in one: sheaf_capacity is at most 32 or so */
#define LIMIT_NODES	      1024	   /* MAX_NUMNODES is at most that */
#define LIMIT_SLAB_LISTED     (1u << 20)   /* objects of a cache that are listed */
#define LIMIT_PADDR	      (1ull << 52) /* bytes of physical address space */
#define LIMIT_DUMP_FILES      4096	   /* files of a split set */
#define LIMIT_LOG_RECORDS     (16u << 20)  /* printk records: log_buf_len is at most 2 GB */
#define LIMIT_LOG_TEXT	      65536	   /* bytes of one printk record: text_len is 16 bits */
#define LIMIT_SYMBOLS	      (4u << 20)   /* of one table; a kernel of 2026 has 190 000 */
#define LIMIT_SYMBOL_NAME     1024	   /* bytes of a symbol's name; KSYM_NAME_LEN is 512 */
#define LIMIT_SYMBOL_NAMES    (256u << 20) /* bytes of all their names */
#define LIMIT_KALLSYMS	      (64u << 20)  /* bytes of kallsyms_names, and of what is before it */
#define LIMIT_CONSTANT	      (256u << 20) /* bytes of constant data in a kernel's image */
#define LIMIT_BTF	      (64u << 20)  /* bytes of BTF: a kernel of 2026 has 7 MB */
#define LIMIT_MODULES	      65536	   /* loaded modules */
#define LIMIT_TYPE_CHAIN      64	   /* names, qualifiers, dimensions one behind the other */
#define LIMIT_TYPE_NEST	      8		   /* prototypes within the parameters of prototypes */
#define LIMIT_DECLARATOR      65536	   /* bytes of one */
#define LIMIT_TYPE_DEPTH      64	   /* structures within structures */
#define LIMIT_RODATA	      (256u << 20) /* bytes of constant data: a kernel of 2026 has 20 MB */
#define LIMIT_GROUPS	      65536	   /* of one task: NGROUPS_MAX */
#define LIMIT_ID_EXTENTS      340	   /* of a user namespace: UID_GID_MAP_MAX_EXTENTS */
#define LIMIT_CGROUPS	      65536	   /* looked at for one sum */
#define LIMIT_KERNFS_DEPTH    128	   /* directories one in the other */
#define LIMIT_LABEL	      256	   /* profiles stacked in one label of AppArmor */
#define LIMIT_VMAS	      (1u << 20)   /* mappings of a process: vm.max_map_count is 65530 */
#define LIMIT_CGROUP_DEPTH    128	   /* levels; the kernel does not bound them */
#define LIMIT_TASKS	      (16u << 20)  /* found in all places together: pid_max is at most 4M */
#define LIMIT_WAITERS	      (4u << 20)   /* entries of wait queues that are kept: 16 bytes each */
#define LIMIT_CPUS	      8192	   /* NR_CPUS is at most that, on every architecture */
#define LIMIT_WALK	      (64u << 20)  /* entries of a list or tree: pid_max is at most 4M */
#define LIMIT_MODULE_SECTIONS 4096 /* sections of a module; -ffunction-sections: some hundreds */
#define LIMIT_MODULE_PARAMS   4096 /* parameters of a module */
#define LIMIT_LAYERS	      512  /* of an overlay: OVL_MAX_STACK is 500 */
#define LIMIT_FDS	      (64u << 20) /* open files of a task; fs.nr_open is 1M */
#define LIMIT_PATH	      16384	  /* bytes of a path; /proc shows 4096 */
#define LIMIT_NAME	      4096	  /* bytes of one name in it; NAME_MAX is 255 */
#define LIMIT_MOUNT_DEPTH     100000	  /* mounts one in the other; a namespace has as many */
#define LIMIT_ELEMENTS	      65536	  /* of an array within a structure; zonelists have 5121 */
#define LIMIT_PARAM_ELEMENTS  4096	  /* elements of an array among them */
#define LIMIT_TREE_DEPTH      64	  /* directories one in the other that are walked */
#define LIMIT_OBJECT	      (16u << 20) /* bytes of one structure */
#define LIMIT_OBJECT_NAMES    65536	  /* elements or entries of an object that are listed */
#define LIMIT_VALUES	      (1u << 20)  /* values printed of one structure, or 64 bytes */
#define LIMIT_ORC	      (64u << 20) /* entries of ORC: a kernel of 2026 has 440 000 */
#define LIMIT_CODE	      (1u << 20)  /* bytes of one function that are disassembled */
#define LIMIT_RUNTIME_CODE    (16u << 20) /* bytes of one BPF program */
#define LIMIT_FRAMES_TRIED    65536	  /* steps to see where something on a stack leads */
#define LIMIT_STACK_FRAMES    (16u << 20) /* of all stacks */
#define LIMIT_FRAMES	      4096	  /* of a stack: one of 32 KB has at most as many words */
#define LIMIT_DEBUG_FILES     (1u << 18) /* in a folder of debug files: a kernel has 8 000 modules */
#define LIMIT_DEBUG_DEPTH     64	 /* folders in one of them */
#define LIMIT_INLINED	      64	 /* functions one in the other at one address */
#define LIMIT_UNIT_STEPS      (4u << 20) /* DIEs and ranges looked at of one unit of a debug file */
#define LIMIT_UNIT_FUNCTIONS  65536	 /* in one of its units: a kernel has some 1 000 */
#define LIMIT_LINE_TABLE      (4u << 20) /* bytes of a unit's lines: a kernel of 2026 has 0.4 MB */
#define LIMIT_UNITS	      (1u << 20) /* of a debug file: a kernel of 2026 has 2 400 */
#define LIMIT_UNIT_RANGES     (8u << 20) /* of all its units */
#define LIMIT_ALIGNMENT_STEPS 16384	 /* members looked at for the alignment of a structure's */
#define LIMIT_MEMBER_STEPS    65536	 /* members looked at for one name */
#define LIMIT_SOURCE_FILES    (1u << 20) /* that they name: 10 000 */
#define LIMIT_DIE_CHAIN	      16	 /* copies of copies of a function, pieces of it */
#define LIMIT_DIE_MEMBERS     65535	 /* of a structure, an enumeration, a prototype */
#define LIMIT_INDEX	      (256u << 20) /* bytes of what is kept of a file's DWARF */
#define LIMIT_USAGE_ROWS      65536	   /* of a table of who uses most */
#define LIMIT_TAGS	      65536 /* requests of a hardware queue: BLK_MQ_MAX_DEPTH is 10240 */
#define LIMIT_TAG_SETS	      16384 /* of all disks: one or two a hardware queue */
#define LIMIT_HOLDERS	      (4u << 20) /* open files of one kind, of all tasks: 32 bytes each */
#define LIMIT_HOLDERS_SHOWN   1024	 /* of them on a line */
#define LIMIT_USAGE_INODES    (2u << 20) /* looked at for one: some 4 us each */

#define PAGE_CACHE_BYTES  (8u << 20) /* decompressed pages kept: what walkers come back to soon */
#define BLOCK_CACHE_BYTES (2u << 20) /* bitmap and descriptor blocks kept, each */
#define NEAR_CACHE_BYTES \
	(4u << 20) /* of the dump's files, as they are: what is read in small pieces */
#define LINES_CACHE_BYTES (8u << 20) /* source lines of addresses kept */
#define LINE_ROWS_KEPT	  (1u << 20) /* rows of line tables kept decoded: 48 bytes each */
