/* What the lines of /tasks/<pid>/status are made of. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/task/cred.h"
#include "kernel/mem/rss.h"
#include "kernel/task/signal.h"

#define LEFT_OUT 1 /* of a line's function: this task has no such line */

/* What several lines are made of is read together, when the first of them is printed. */
enum part { OF_TASK, OF_MM, OF_IDS, OF_CRED, OF_SIGNALS, PARTS };

struct memory {
	struct rss rss;
	uint64_t rss_sum, rss_peak, peak, text, lib, data; /* pages */
	uint64_t tables, upper_tables;			   /* KiB */
};

struct ids {
	uint64_t pid, tgid, parent, tracer, numa_group;
};

struct status {
	struct kernel *k;
	struct strbuf *out;
	uint64_t task, mm, page_size;
	bool loaded[PARTS];
	struct memory memory;
	struct ids ids;
	struct cred cred;
	struct signals signals;
};

struct line;
typedef int line_fn(struct status *s, const struct line *l);

enum when { ALWAYS, IF_PRINTED };

struct line {
	const char *key;
	enum when when;
	line_fn *put;
	enum part part;
	unsigned int what; /* put()'s: where in struct status, or a member, or which pid */
};

/* Read a part, unless it was. */
int status_load(struct status *s, enum part part);

/* The lines that are more than a number. */
line_fn status_name;
line_fn status_umask;
line_fn status_state;
line_fn status_fd_size;
line_fn status_groups;
line_fn status_ns_pids;
line_fn status_kthread;
line_fn status_core_dumping;
line_fn status_thp_enabled;
line_fn status_untag_mask;
line_fn status_signal_queue;
line_fn status_no_new_privs;
line_fn status_spec_store;
line_fn status_spec_branch;
line_fn status_cpus;
line_fn status_cpus_list;
line_fn status_mems;
line_fn status_mems_list;
line_fn status_features;
