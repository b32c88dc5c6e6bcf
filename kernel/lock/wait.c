#include "kernel/lock/wait.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/cpu/stack.h"
#include "kernel/lock/site.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/unwind.h"

#define FRAMES_SEEN \
	12 /* from where it sleeps on: the function that put it to sleep is among them */
#define FRAMES_FAR   4 /* that may have made the entry for it, or know the lock */
#define NAME_MAX_LEN 64

const char *wait_name(enum wait_kind kind)
{
	static const char *const names[NR_WAIT_KINDS] = {
		[WAIT_UNKNOWN] = "?",
		[WAIT_MUTEX] = "mutex",
		[WAIT_RWSEM_READ] = "rwsem-read",
		[WAIT_RWSEM_WRITE] = "rwsem-write",
		[WAIT_SEMAPHORE] = "semaphore",
		[WAIT_RT_MUTEX] = "rt-mutex",
		[WAIT_COMPLETION] = "completion",
		[WAIT_QUEUE] = "waitqueue",
		[WAIT_PAGE_LOCK] = "page-lock",
		[WAIT_PAGE_BIT] = "page-bit",
		[WAIT_BIT] = "bit",
		[WAIT_VAR] = "variable",
		[WAIT_BIO] = "bio",
		[WAIT_TIMEOUT] = "timeout",
	};

	return names[kind];
}

/* Functions that put a task to sleep until it has what they are called for. */
static const struct {
	const char *name; /* with * for what begins so */
	enum wait_kind kind;
} sleepers[] = {
	{ "__mutex_lock*", WAIT_MUTEX },
	{ "mutex_lock*", WAIT_MUTEX },
	{ "__ww_mutex_lock*", WAIT_MUTEX },
	{ "ww_mutex_lock*", WAIT_MUTEX },
	{ "rwsem_down_read_*", WAIT_RWSEM_READ },
	{ "__rwsem_down_read_*", WAIT_RWSEM_READ },
	{ "__down_read*", WAIT_RWSEM_READ },
	{ "down_read*", WAIT_RWSEM_READ },
	{ "rwsem_down_write_*", WAIT_RWSEM_WRITE },
	{ "__rwsem_down_write_*", WAIT_RWSEM_WRITE },
	{ "__down_write*", WAIT_RWSEM_WRITE },
	{ "down_write*", WAIT_RWSEM_WRITE },
	{ "__down", WAIT_SEMAPHORE },
	{ "__down_common", WAIT_SEMAPHORE },
	{ "___down_common", WAIT_SEMAPHORE },
	{ "__down_interruptible", WAIT_SEMAPHORE },
	{ "__down_killable", WAIT_SEMAPHORE },
	{ "__down_timeout", WAIT_SEMAPHORE },
	{ "down", WAIT_SEMAPHORE },
	{ "down_interruptible", WAIT_SEMAPHORE },
	{ "down_killable", WAIT_SEMAPHORE },
	{ "down_timeout", WAIT_SEMAPHORE },
	{ "wait_for_completion*", WAIT_COMPLETION },
	{ "__wait_for_common", WAIT_COMPLETION },
	{ "wait_for_common*", WAIT_COMPLETION },
	{ "do_wait_for_common", WAIT_COMPLETION },
};

/* What the compiler made of a function has ".isra.0" and the like behind its name. */
static bool is_called(const char *name, const char *pattern)
{
	size_t n = strlen(pattern);

	if (pattern[n - 1] == '*')
		return !strncmp(name, pattern, n - 1);
	return !strncmp(name, pattern, n) && (!name[n] || name[n] == '.');
}

static enum wait_kind kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(sleepers) / sizeof(sleepers[0]); i++)
		if (is_called(name, sleepers[i].name))
			return sleepers[i].kind;
	return WAIT_UNKNOWN;
}

struct asleep {
	uint64_t at[FRAMES_SEEN + 1], pc[FRAMES_SEEN];
	size_t n;
	struct stack_text scheduler;
	struct wait_site site;
};

/* The frames that are sure, and where each begins; the last one ends with the stack. */
static int read_frames(struct kernel *k, uint64_t task, struct asleep *ret)
{
	struct stack stack;
	struct frame frame;
	struct unwind u;
	int r = stack_of_task(k, task, &stack);

	if (r >= 0)
		r = unwind_task(&u, k, task);
	if (r < 0)
		return r;
	while (ret->n < FRAMES_SEEN && (r = unwind_next(&u, &frame)) > 0 && !frame.guess &&
	       !frame.user && frame.at >= stack.low && frame.at < stack.end &&
	       (!ret->n || frame.at > ret->at[ret->n - 1])) {
		ret->at[ret->n] = frame.at;
		ret->pc[ret->n++] = frame.pc;
	}
	if (r == -EINTR || r == -ENOMEM || (r < 0 && !ret->n))
		return r;
	ret->at[ret->n] = stack.end;
	ret->site = (struct wait_site){ .k = k, .task = task };
	stack_scheduler(k, &ret->scheduler);
	return 0;
}

static const struct wait_site *site_of(struct asleep *a, size_t frame)
{
	size_t far = frame + FRAMES_FAR < a->n ? frame + FRAMES_FAR : a->n;

	a->site.low = a->at[frame] + 8;
	a->site.end = a->at[frame + 1];
	a->site.far = a->at[far];
	return &a->site;
}

/* The frame of the function that put it to sleep. */
static enum wait_kind find_sleeper(struct kernel *k, const struct asleep *a, size_t *ret)
{
	enum wait_kind kind = WAIT_UNKNOWN;
	struct symbol s;

	for (*ret = 0; *ret < a->n; ++*ret) {
		if (symbol_at(k, a->pc[*ret], &s) >= 0)
			kind = kind_of(s.name);
		if (kind != WAIT_UNKNOWN || !stack_text_has(&a->scheduler, a->pc[*ret]))
			break;
	}
	return kind;
}

/* Where it called one that puts it to sleep. 0: not known. */
static uint64_t caller_of_sleeper(struct kernel *k, const struct asleep *a)
{
	struct symbol s;

	for (size_t i = 0; i < a->n; i++)
		if (!stack_text_has(&a->scheduler, a->pc[i]) && symbol_at(k, a->pc[i], &s) >= 0 &&
		    kind_of(s.name) == WAIT_UNKNOWN)
			return a->pc[i];
	return 0;
}

static int read_wait(struct kernel *k, struct asleep *a, struct wait *ret)
{
	size_t frame;
	enum wait_kind kind = find_sleeper(k, a, &frame);
	int r = rt_mutex_of_task(k, a->site.task, ret);

	if (r >= 0 || frame == a->n)
		return r;
	if (kind == WAIT_COMPLETION)
		return completion_of_waiter(site_of(a, frame), ret);
	if (kind != WAIT_UNKNOWN)
		return lock_of_waiter(site_of(a, frame), kind, ret);
	/* Wherever it may have come from: the functions of the scheduler have some, too. */
	r = queue_of_waiter(site_of(a, frame), ret);
	for (size_t i = 0; r < 0 && i < frame; i++)
		r = queue_of_waiter(site_of(a, i), ret);
	for (size_t i = 0; r < 0 && i < frame; i++)
		r = timer_of_waiter(site_of(a, i), ret);
	return r;
}

int task_wait(struct kernel *k, uint64_t task, struct rings *rings, struct wait *ret)
{
	struct asleep a = { .n = 0 };
	int r = read_frames(k, task, &a);

	*ret = (struct wait){ .kind = WAIT_UNKNOWN };
	if (r < 0)
		return r;
	a.site.rings = rings;
	ret->pc = caller_of_sleeper(k, &a);
	r = read_wait(k, &a, ret);
	return r == -EINTR || r == -ENOMEM ? r : 0;
}
