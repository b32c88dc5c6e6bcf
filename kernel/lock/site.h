/* For the files here: where on its stack a task waits. */
#pragma once

#include "kernel/lock/ring.h"
#include "kernel/lock/wait.h"

struct wait_site {
	struct kernel *k;
	struct rings *rings;
	uint64_t task;
	uint64_t low; /* of the frame of the function that made the entry; */
	uint64_t end; /* where its caller's begins */
	uint64_t far; /* end of the frames in which there may be pointers to the lock */
};

/* Does the word at @va lie on the stack of @task? */
bool is_on_stack_of(struct kernel *k, uint64_t task, uint64_t va);

/* The lock of @kind whose waiter is in the frame. -ENOENT: there is none that holds together. */
int lock_of_waiter(const struct wait_site *s, enum wait_kind kind, struct wait *ret);

/* The completion that a waiter in the frame waits for, or the bio that it stands for. -ENOENT. */
int completion_of_waiter(const struct wait_site *s, struct wait *ret);

/* What the innermost entry of a wait queue from .low to .far waits for. -ENOENT. */
int queue_of_waiter(const struct wait_site *s, struct wait *ret);

/* The timer in the frames that will wake the task. -ENOENT. */
int timer_of_waiter(const struct wait_site *s, struct wait *ret);

/* The task that has the real-time mutex that @task is in line for. -ENOENT: it is for none. */
int rt_mutex_of_task(struct kernel *k, uint64_t task, struct wait *ret);
