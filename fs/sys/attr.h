/* A file of sysfs: what it belongs to and how it is made. */
#pragma once

#include "fs/gen.h"
#include "kernel/fields.h"

enum owner {
	OWNER_NONE,   /* a kobject of no kind of its own: the names of directories tell */
	OWNER_NET,    /* struct net_device */
	OWNER_DISK,   /* struct gendisk */
	OWNER_PART,   /* struct block_device (hd_struct) of a partition */
	OWNER_DEVICE, /* another struct device */
	OWNER_QUEUE,  /* struct request_queue */
	OWNER_IRQ,    /* struct irq_desc */
};

struct sysfile {
	struct render *r;
	struct kernel *k;
	struct strbuf *out;
	uint64_t node, attribute; /* struct kernfs_node, attribute */
	uint64_t kobj, device;	  /* whose it is; 0: no device */
	char top[256];		  /* of the directory above that, */
	char dir[256];		  /* of the directory, */
	char name[256];		  /* of the file */
	enum owner owner;
	uint64_t of; /* what OWNER_* tells */
	bool group;  /* it is in a directory below its owner's own */
};

/* Of the file at the kernfs_node @node. */
int attr_open(struct render *r, uint64_t node, struct sysfile *ret);

/* Append its text. -EOPNOTSUPP: the kernel makes it in a way of its own. */
int put_attr(struct sysfile *a);

/* How a number is printed. Each is followed by a newline. */
enum attr_form {
	ATTR_DEC, /* as signed as it is */
	ATTR_UDEC,
	ATTR_HEX,     /* 0x9 */
	ATTR_BOOL,    /* 0 or 1 */
	ATTR_TRUTH,   /* false or true */
	ATTR_HALF,    /* sectors, printed in KiB */
	ATTR_SECTORS, /* sectors, printed in bytes */
	ATTR_MS,      /* ticks, printed in ms */
};

/* 1, as what follows, or an error. */
int put_attr_number(struct sysfile *a, enum attr_form form, uint64_t v);

/* A member of the owner. */
struct attr_member {
	const char *name;
	enum attr_form form;
	enum field field;
};

/* The one of @n that has the name of the file, of the structure at @base. 1: put; 0: none of them. */
int put_attr_member(struct sysfile *a, uint64_t base, const struct attr_member *members, size_t n);

/* One of several words, in brackets the one that is so: "always [madvise] never". */
int put_attr_choice(struct sysfile *a, const char *const *words, size_t n, size_t chosen);

/* What each owner's files are made by. 1: put; 0: not known. */
typedef int attr_fn(struct sysfile *a);
attr_fn put_net_attr, put_disk_attr, put_part_attr, put_queue_attr, put_irq_attr;
attr_fn put_device_attr; /* of any device, that no other knows */
attr_fn put_kernel_attr, put_mm_attr, put_cpu_attr, put_node_attr;
