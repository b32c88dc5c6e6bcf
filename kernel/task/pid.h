/* struct pid: the numbers that name tasks, process groups and sessions, one in each pid namespace from
 * the initial one down to that of the task. */
#pragma once

#include "kernel/kernel.h"

#define PID_LEVELS_MAX 33 /* MAX_PID_NS_LEVEL and the initial one */

/* By enum pid_type of 6883f81aac6f (v4.19). */
enum pid_type { PID_TASK, PID_TGID, PID_PGRP, PID_SESSION };

struct pid_numbers {
	size_t n;			 /* levels */
	uint64_t ns[PID_LEVELS_MAX];	 /* struct pid_namespace */
	uint32_t number[PID_LEVELS_MAX]; /* [0] in the initial namespace */
};

/* The struct pid of this number in the initial namespace. -ENOENT: none. */
int pid_find(struct kernel *k, uint64_t number, uint64_t *ret);

/* The task that has the struct pid at @pid as its own; 0: gone, or a group's alone. */
int pid_task(struct kernel *k, uint64_t pid, uint64_t *ret);

/* Not 0: stop, and pid_each() returns it. */
typedef int pid_fn(void *arg, uint64_t pid);

/* Every struct pid, by rising number. */
int pid_each(struct kernel *k, pid_fn *fn, void *arg);

int pid_numbers(struct kernel *k, uint64_t pid, struct pid_numbers *ret);

/* The struct pid that the task at @task has of this type; 0: none any more. */
int task_pid_struct(struct kernel *k, uint64_t task, enum pid_type type, uint64_t *ret);

/* Its number in the initial namespace; 0 without one. */
int task_pid_number(struct kernel *k, uint64_t task, enum pid_type type, uint64_t *ret);
