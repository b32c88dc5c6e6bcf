/* What the parts of fdinfo share. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/fields.h"

struct info {
	uint64_t file;	  /* struct file */
	uint64_t private; /* what it leads to */
};

/* Append what an open file of this kind tells. */
typedef int put_info_fn(struct strbuf *out, struct kernel *k, const struct info *i);

put_info_fn put_timerfd, put_inotify, put_fanotify, put_bpf_map, put_bpf_prog;
