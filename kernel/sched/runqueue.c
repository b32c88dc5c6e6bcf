#include "kernel/sched/runqueue.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/guard.h"
#include "kernel/walk/list.h"
#include "kernel/walk/rbtree.h"

#define RT_PRIOS  100 /* MAX_RT_PRIO */
#define GROUPS_IN 32  /* groups one in the other */

struct line {
	struct kernel *k;
	queued_fn *fn;
	void *arg;
	uint64_t current;   /* what runs is in no tree, but may be in a list */
	struct guard guard; /* of groups that lead to each other */
};

static int tell(const struct line *l, uint64_t task, uint64_t key)
{
	const struct queued q = { .task = task, .key = key };

	return task == l->current ? 0 : l->fn(l->arg, &q);
}

/* The servers of other classes, 63ba8422f876 (v6.8), are no tasks. */
static int each_deadline(struct line *l, uint64_t rq)
{
	uint64_t root, entity, task, deadline, server = 0;
	struct rb_walk w;
	int r = field_addr(l->k, rq, F_rq_dl_root, &root);

	if (r >= 0)
		r = rb_begin(&w, l->k, root, F_dl_rb_node);
	while (r >= 0 && (r = rb_next(&w, &entity)) > 0) {
		r = field_exists(l->k, F_dl_server) ? field_u64(l->k, entity, F_dl_server, &server)
						    : 0;
		if (r >= 0 && server)
			continue;
		if (r >= 0)
			r = field_owner(l->k, entity, F_task_dl, &task);
		if (r >= 0)
			r = field_u64(l->k, entity, F_dl_deadline, &deadline);
		if (r >= 0)
			r = tell(l, task, deadline);
		if (r)
			break;
	}
	return r;
}

/* Groups one in the other, and where in each of them the walk is. */
struct rt_level {
	uint64_t queues; /* of the rt_rq at hand */
	unsigned int prio;
	bool begun;
	struct list_walk w;
};

static int enter_rt(struct line *l, uint64_t rt_rq, struct rt_level *level)
{
	*level = (struct rt_level){ 0 };
	return field_addr(l->k, rt_rq, F_rt_rq_queues, &level->queues);
}

/* The next entity of a level: 1, or 0 at its end. */
static int next_rt(struct line *l, struct rt_level *level, uint64_t *ret)
{
	int r = 0;

	for (; level->prio < RT_PRIOS; level->prio++, level->begun = false) {
		if (!level->begun)
			r = list_begin(&level->w, l->k, level->queues + 16ull * level->prio,
				       F_rt_run_list);
		level->begun = true;
		if (r >= 0)
			r = list_next(&level->w, ret);
		if (r)
			return r;
	}
	return 0;
}

static int each_rt(struct line *l, uint64_t rq)
{
	struct rt_level levels[GROUPS_IN];
	size_t depth = 1;
	uint64_t rt_rq, entity, task, below = 0;
	int r = field_addr(l->k, rq, F_rq_rt, &rt_rq);

	if (r >= 0)
		r = enter_rt(l, rt_rq, &levels[0]);
	while (r >= 0 && depth) {
		struct rt_level *level = &levels[depth - 1];

		r = next_rt(l, level, &entity);
		if (r == 0)
			depth--;
		if (r <= 0)
			continue;
		/* CONFIG_RT_GROUP_SCHED */
		r = guard_step(&l->guard, entity);
		if (r >= 0)
			r = field_exists(l->k, F_rt_my_q)
				    ? field_u64(l->k, entity, F_rt_my_q, &below)
				    : 0;
		if (r >= 0 && below) {
			if (depth == GROUPS_IN)
				return fail(-ELOOP, "groups within groups at %#lx", below);
			r = enter_rt(l, below, &levels[depth++]);
			continue;
		}
		if (r >= 0)
			r = field_owner(l->k, entity, F_task_rt, &task);
		if (r >= 0)
			r = tell(l, task, level->prio);
		if (r > 0)
			break;
	}
	return r;
}

struct fair_level {
	uint64_t current; /* its entity that runs, which is not in the tree; 0: told */
	struct rb_walk w;
};

static int enter_fair(struct line *l, uint64_t cfs_rq, struct fair_level *level)
{
	uint64_t root, offset;
	int r = field_u64(l->k, cfs_rq, F_cfs_rq_curr, &level->current);

	if (r >= 0)
		r = field_addr(l->k, cfs_rq, F_cfs_rq_tasks_timeline, &root);
	if (r >= 0)
		r = field_offset(l->k, F_se_run_node, &offset);
	return r >= 0 ? rb_begin_at(&level->w, l->k, root, offset) : r;
}

static int next_fair(struct fair_level *level, uint64_t *ret)
{
	if (!level->current)
		return rb_next(&level->w, ret);
	*ret = level->current;
	level->current = 0;
	return 1;
}

/* A group is an entity that has a queue of its own, CONFIG_FAIR_GROUP_SCHED. */
static int tell_fair(struct line *l, uint64_t entity, uint64_t *ret_below)
{
	uint64_t task, vruntime;
	int r = 0;

	*ret_below = 0;
	if (field_exists(l->k, F_se_my_q))
		r = field_u64(l->k, entity, F_se_my_q, ret_below);
	if (r < 0 || *ret_below)
		return r;
	r = field_owner(l->k, entity, F_task_se, &task);
	if (r >= 0)
		r = field_u64(l->k, entity, F_se_vruntime, &vruntime);
	return r >= 0 ? tell(l, task, vruntime) : r;
}

static int each_fair(struct line *l, uint64_t rq)
{
	struct fair_level levels[GROUPS_IN];
	size_t depth = 1;
	uint64_t cfs_rq, entity, below;
	int r = field_addr(l->k, rq, F_rq_cfs, &cfs_rq);

	if (r >= 0)
		r = enter_fair(l, cfs_rq, &levels[0]);
	while (r >= 0 && depth) {
		r = next_fair(&levels[depth - 1], &entity);
		if (r == 0)
			depth--;
		if (r <= 0)
			continue;
		r = guard_step(&l->guard, entity);
		if (r >= 0)
			r = tell_fair(l, entity, &below);
		if (r > 0)
			break;
		if (r < 0 || !below)
			continue;
		if (depth == GROUPS_IN)
			return fail(-ELOOP, "groups within groups at %#lx", below);
		r = enter_fair(l, below, &levels[depth++]);
	}
	return r;
}

static int each_ext(struct line *l, uint64_t rq)
{
	struct list_walk w;
	uint64_t head, task;
	int r;

	if (!field_exists(l->k, F_rq_scx_runnable)) /* f0e1a0643a59 (v6.12) */
		return 0;
	r = field_addr(l->k, rq, F_rq_scx_runnable, &head);
	/* Of a kernel that never had one the list was not made. */
	if (r >= 0)
		r = kernel_read_uint(l->k, head, 8, &task);
	if (r < 0 || !task)
		return r;
	r = list_begin(&w, l->k, head, F_task_scx_runnable);
	while (r >= 0 && (r = list_next(&w, &task)) > 0) {
		r = tell(l, task, 0);
		if (r)
			break;
	}
	return r;
}

int runqueue_each(struct kernel *k, uint64_t rq, enum sched_class class, queued_fn *fn, void *arg)
{
	static int (*const each[NR_SCHED_CLASSES])(struct line * l, uint64_t rq) = {
		each_deadline,
		each_rt,
		each_fair,
		each_ext,
	};
	struct line l = { .k = k, .fn = fn, .arg = arg };
	int r = field_u64(k, rq, F_rq_curr, &l.current);

	return r < 0 ? r : each[class](&l, rq);
}

int runqueue_count(struct kernel *k, uint64_t rq, enum sched_class class, uint64_t *ret)
{
	static const enum field counts[NR_SCHED_CLASSES] = { F_rq_dl_nr, F_rq_rt_nr, F_rq_cfs_nr,
							     F_rq_scx_nr };

	if (!field_exists(k, counts[class]))
		return fail(-ENOENT, "no such class");
	return field_u64(k, rq, counts[class], ret);
}

int task_sched_class(struct kernel *k, uint64_t task, char ret[SCHED_CLASS_NAME])
{
	struct symbol s;
	uint64_t class;
	size_t n;
	int r = field_u64(k, task, F_task_sched_class, &class);

	if (r >= 0)
		r = symbol_at(k, class, &s);
	if (r < 0)
		return r;
	n = strcspn(s.name, "_");
	if (s.addr != class || strcmp(s.name + n, "_sched_class") != 0 || n >= SCHED_CLASS_NAME)
		return fail(-EBADMSG, "%#lx is no scheduling class", class);
	memcpy(ret, s.name, n);
	ret[n] = '\0';
	return 0;
}
