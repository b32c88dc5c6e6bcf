/* Locks whose waiters are in line: struct mutex, rw_semaphore, semaphore, rt_mutex. The line begins in
 * the lock, .wait_list, or since v7.2 only its first waiter is noted there: then a lock is looked for
 * among the words on the stack, and it is the one that notes a waiter of this line. */
#include <errno.h>

#include "dump/base/err.h"
#include "kernel/cpu/stack.h"
#include "kernel/fields.h"
#include "kernel/lock/site.h"
#include "kernel/task/task.h"

/* Owners are aligned to more than this: locks keep flags there. MUTEX_FLAGS is 7, RWSEM_OWNER_FLAGS_MASK
 * at most 7. */
#define OWNER_FLAGS 7ull

#define RWSEM_READER_OWNED  1 /* in .owner */
#define RWSEM_WRITER_LOCKED 1 /* in .count, d566c7861638 (v5.3) */
#define RWSEM_READER_SHIFT  8

static int mutex_owner(struct kernel *k, struct wait *w)
{
	uint64_t owner;
	int r = field_u64(k, w->object, F_mutex_owner, &owner);

	if (r < 0)
		return r;
	owner &= ~OWNER_FLAGS;
	if (owner && !is_task(k, owner))
		return fail(-ENOENT, "%#lx owns a mutex and is no task", owner);
	w->owner = owner;
	return 0;
}

/* A reader that is noted as its owner may long have left: only a writer is one. */
static int rwsem_owner(struct kernel *k, struct wait *w)
{
	bool counts = field_exists(k, F_rwsem_waiter_timeout); /* as since v5.3 */
	uint64_t owner, count;
	int r = field_u64(k, w->object, F_rwsem_owner, &owner);

	if (r >= 0)
		r = field_u64(k, w->object, F_rwsem_count, &count);
	if (r < 0)
		return r;
	if (counts && !(count & RWSEM_WRITER_LOCKED)) {
		w->readers = count >> RWSEM_READER_SHIFT;
		return 0;
	}
	if (owner & RWSEM_READER_OWNED || !(owner & ~OWNER_FLAGS))
		return 0;
	owner &= ~OWNER_FLAGS;
	if (!is_task(k, owner))
		return fail(-ENOENT, "%#lx owns an rwsem and is no task", owner);
	w->owner = owner;
	return 0;
}

/* A semaphore is no one's, and none may be had while there is a line. */
static int semaphore_owner(struct kernel *k, struct wait *w)
{
	uint64_t count;
	int r = field_u64(k, w->object, F_semaphore_count, &count);

	if (r >= 0 && count)
		r = fail(-ENOENT, "a semaphore with a line, and %lu to be had", count);
	return r;
}

struct lock_kind {
	enum field list, task;	/* of a waiter */
	enum field line, first; /* of the lock */
	int (*owner)(struct kernel *k, struct wait *w);
};

static const struct lock_kind of_mutex = { F_mutex_waiter_list, F_mutex_waiter_task,
					   F_mutex_wait_list, F_mutex_first_waiter, mutex_owner };
static const struct lock_kind of_rwsem = { F_rwsem_waiter_list, F_rwsem_waiter_task,
					   F_rwsem_wait_list, F_rwsem_first_waiter, rwsem_owner };
static const struct lock_kind of_semaphore = { F_semaphore_waiter_list, F_semaphore_waiter_task,
					       F_semaphore_wait_list, F_semaphore_first_waiter,
					       semaphore_owner };

static const struct lock_kind *kind_of(enum wait_kind kind)
{
	static const struct lock_kind *const kinds[NR_WAIT_KINDS] = {
		[WAIT_MUTEX] = &of_mutex,
		[WAIT_RWSEM_READ] = &of_rwsem,
		[WAIT_RWSEM_WRITE] = &of_rwsem,
		[WAIT_SEMAPHORE] = &of_semaphore,
	};

	return kinds[kind];
}

/* Waiters of all three begin alike: struct list_head list; struct task_struct *task. */
static int is_waiter(struct kernel *k, uint64_t link)
{
	uint64_t waiter, task;
	int r = field_owner(k, link, F_mutex_waiter_list, &waiter);

	if (r >= 0)
		r = field_u64(k, waiter, F_mutex_waiter_task, &task);
	return r < 0 ? r : is_on_stack_of(k, task, link);
}

/* The waiter that this task left in the frame. Not all that looks like one is in a ring. */
static int find_waiter(const struct wait_site *s, const struct lock_kind *lk, uint64_t from,
		       uint64_t *ret_link, uint64_t *ret_head)
{
	uint64_t task, link;

	for (uint64_t at = from; at < s->end; at += 8)
		if (field_u64(s->k, at, lk->task, &task) >= 0 && task == s->task &&
		    field_addr(s->k, at, lk->list, &link) >= 0 &&
		    ring_head(s->rings, link, is_waiter, ret_head) >= 0) {
			*ret_link = link;
			return 0;
		}
	return fail(-ENOENT, "no waiter");
}

/* Is there a lock at @lock whose line has @link? What lies on the stack, and the line's own links, also
 * point to waiters. */
static bool is_lock_of(const struct wait_site *s, const struct lock_kind *lk, uint64_t lock,
		       uint64_t link)
{
	uint64_t at, first;

	if (!(lock >> 63) || lock % 8 || is_on_stack_of(s->k, s->task, lock) ||
	    field_addr(s->k, lock, lk->first, &at) < 0 ||
	    kernel_read_uint(s->k, at, 8, &first) < 0 || !(first >> 63) ||
	    field_addr(s->k, first, lk->list, &first) < 0)
		return false;
	return ring_has(s->rings, link, first) && !ring_has(s->rings, link, at) &&
	       !ring_has(s->rings, link, at - 8);
}

/* What the kernel itself notes; its low bits tell the kind. */
static bool is_noted(const struct wait_site *s, const struct lock_kind *lk, enum field f,
		     uint64_t link, uint64_t *ret)
{
	if (!field_exists(s->k, f) || field_u64(s->k, s->task, f, ret) < 0)
		return false;
	*ret &= ~OWNER_FLAGS;
	return is_lock_of(s, lk, *ret, link);
}

/* The lock whose line has no head. Pointers to it are also kept as those to a member. */
static int find_lock(const struct wait_site *s, const struct lock_kind *lk, uint64_t link,
		     uint64_t *ret)
{
	uint64_t word, offset;
	int r = field_offset(s->k, lk->first, &offset);

	if (r < 0)
		return r;
	if (is_noted(s, lk, F_task_blocker, link, ret) ||
	    is_noted(s, lk, F_task_blocked_on, link, ret))
		return 0;
	for (uint64_t at = s->low; at < s->far; at += 8) {
		if (kernel_read_uint(s->k, at, 8, &word) < 0)
			continue;
		for (uint64_t back = 0; back <= offset; back += 4)
			if (is_lock_of(s, lk, word - back, link)) {
				*ret = word - back;
				return 0;
			}
	}
	return fail(-ENOENT, "no lock has this line");
}

int lock_of_waiter(const struct wait_site *s, enum wait_kind kind, struct wait *ret)
{
	const struct lock_kind *lk = kind_of(kind);
	struct wait w = { .kind = kind, .pc = ret->pc };
	uint64_t link, head;
	int r;

	if (!lk)
		return fail(-ENOENT, "no lock");
	r = find_waiter(s, lk, s->low, &link, &head);
	if (r >= 0 && field_exists(s->k, lk->line))
		r = head ? field_owner(s->k, head, lk->line, &w.object)
			 : fail(-ENOENT, "a line without a head");
	else if (r >= 0)
		r = head ? fail(-ENOENT, "a line with a head") : find_lock(s, lk, link, &w.object);
	if (r >= 0)
		r = lk->owner(s->k, &w);
	if (r >= 0)
		*ret = w;
	return r;
}

bool is_task(struct kernel *k, uint64_t va)
{
	uint64_t pid, task;

	return va && va % 8 == 0 && field_u64(k, va, F_task_pid, &pid) >= 0 &&
	       task_find(k, pid, &task) >= 0 && task == va;
}

bool is_on_stack_of(struct kernel *k, uint64_t task, uint64_t va)
{
	struct stack stack;

	return is_task(k, task) && stack_of_task(k, task, &stack) >= 0 && va >= stack.low &&
	       va < stack.end;
}

int rt_mutex_of_task(struct kernel *k, uint64_t task, struct wait *ret)
{
	struct wait w = { .kind = WAIT_RT_MUTEX, .pc = ret->pc };
	uint64_t waiter, who, owner;
	int r = field_exists(k, F_task_pi_blocked_on)
			? field_u64(k, task, F_task_pi_blocked_on, &waiter)
			: -ENOENT;

	if (r < 0 || !waiter)
		return r < 0 ? r : fail(-ENOENT, "no rt_mutex");
	r = field_u64(k, waiter, F_rt_mutex_waiter_task, &who);
	if (r >= 0)
		r = field_u64(k, waiter, F_rt_mutex_waiter_lock, &w.object);
	if (r >= 0)
		r = field_u64(k, w.object, F_rt_mutex_owner, &owner);
	if (r < 0)
		return r;
	owner &= ~1ull; /* RT_MUTEX_HAS_WAITERS */
	if (who != task || (owner && !is_task(k, owner)))
		return fail(-ENOENT, "the waiter at %#lx is not of this task", waiter);
	w.owner = owner;
	*ret = w;
	return 0;
}
