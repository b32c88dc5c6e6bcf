/* Which processes have what open: the way back from a socket, a BPF map and so on to descriptors. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

struct holder {
	uint64_t what; /* file.private_data */
	uint64_t task; /* whose descriptor it is */
	uint32_t pid;  /* of the process */
	uint32_t fd;
};

struct holders {
	struct holder *v; /* by what, pid, fd */
	size_t n, room;
	struct strbuf problems; /* tasks whose descriptors cannot be read, one a line */
};

/* All open files whose operations are the variable @fops, or @other; NULL: no other. What is damaged is
 * told in .problems; an error is one of our own, or -EINTR. -ELOOP: more than LIMIT_HOLDERS. */
int holders_find(struct kernel *k, const char *fops, const char *other, struct holders *ret);
void holders_fini(struct holders *h);

/* Those of @what; @ret_n: how many. */
const struct holder *holders_of(const struct holders *h, uint64_t what, size_t *ret_n);

/* users:(("sshd",pid=1,fd=3)), as ss(8) prints them; "-" for none.
 * Of more than LIMIT_HOLDERS_SHOWN it is told how many. */
void put_holders(struct strbuf *out, struct kernel *k, const struct holders *h, uint64_t what);
