/* The tree below /proc/sys: struct ctl_dir, whose entries are struct ctl_table. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

#define SYSCTL_NAME_LEN 256

struct sysctl {
	char name[SYSCTL_NAME_LEN];
	uint64_t dir;	    /* struct ctl_dir, if it is one; 0: a value */
	uint64_t table;	    /* struct ctl_table */
	uint64_t data, max; /* where the value is, and bytes of it */
	uint64_t mode;	    /* as stat(2) has it */
	uint64_t handler;   /* the function that prints it */
};

/* The struct ctl_dir of the root. */
int sysctl_root(struct kernel *k, uint64_t *ret);

/* By name. What belongs to a namespace is that of the initial one. Not 0: stop, and sysctls_each()
 * returns it. */
typedef int sysctl_fn(void *arg, const struct sysctl *s);
int sysctls_each(struct kernel *k, uint64_t dir, sysctl_fn *fn, void *arg);

/* The entry called @name. -ENOENT. */
int sysctl_find(struct kernel *k, uint64_t dir, const char *name, struct sysctl *ret);

/* The value of the entry, as put_sysctl(). */
int put_sysctl_value(struct strbuf *out, struct kernel *k, const struct sysctl *s);

/* Values that no general function prints. @name: a variable or another name, as the row has it. */
typedef int made_fn(struct strbuf *out, struct kernel *k, const struct sysctl *s, const char *name);

struct sysctl_made {
	const char *handler; /* the kernel's function */
	made_fn *put;
	const char *name;
};

extern const struct sysctl_made sysctls_of_net[];    /* ends with NULL */
extern const struct sysctl_made sysctls_of_kernel[]; /* the same */

/* Append its value as /proc/sys shows it. -EOPNOTSUPP: the kernel makes it in a way of its own. */
int put_sysctl(struct strbuf *out, struct kernel *k, uint64_t table);
