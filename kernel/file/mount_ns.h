/* The mount namespaces that there are: struct mnt_namespace. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/file/path.h"

struct mount_ns {
	uint64_t addr, inum;
};

struct mount_nss {
	struct mount_ns *v; /* by rising number */
	size_t n, room;
	struct strbuf problems; /* where one could not look, one a line */
};

/* All in which something is mounted, be they a task's or only kept open. What is damaged is told in
 * .problems; an error is one of our own, or -EINTR. */
int mount_namespaces(struct kernel *k, struct mount_nss *ret);
void mount_nss_fini(struct mount_nss *nss);

/* Its topmost directory. */
int mount_ns_root(struct kernel *k, uint64_t ns, struct path *ret);
