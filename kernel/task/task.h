/* Tasks: which there are, and what one of them is in a word or two. A task is named by the address of
 * its task_struct. Every place that leads to tasks is asked, for after a crash one may be damaged. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

#define TASK_COMM_LEN 16
#define TASK_NAME_LEN 64 /* as the kernel bounds it, with the NUL */

/* task_struct.flags; they have not moved since v2.6. */
#define PF_EXITING   0x00000004
#define PF_WQ_WORKER 0x00000020
#define PF_DUMPCORE  0x00000200
#define PF_KTHREAD   0x00200000

/* Where a task was found. */
#define TASK_IN_LIST 1 /* init_task.tasks and the threads of each process there */
#define TASK_IN_PIDS 2 /* the numbers of the initial pid namespace */
#define TASK_ON_CPU  4 /* a run queue's current or idle task */

struct task_entry {
	uint64_t task;
	uint32_t pid, tgid;
	uint32_t cpu; /* of an idle task */
	uint8_t found;
	char state;	    /* as task_state() has it; '?': not in the dump */
	bool numbered;	    /* .pid, .tgid and .state were read */
	bool idle, running; /* on a CPU, as its run queue has it */
};

struct task_list {
	struct task_entry *v; /* by rising pid; the idle tasks first, by CPU */
	size_t n, room;
	struct strbuf problems; /* what the places do not agree in, one a line */
};

/* All tasks that there are, gathered once and the kernel's. What is damaged is told in .problems; an
 * error is one of our own. */
int tasks_get(struct kernel *k, const struct task_list **ret);

/* The same for who tells of all: none is an error, for no kernel is without tasks. It is why the types are
 * not known, -ENOENT, or -ENODATA. */
int tasks_get_some(struct kernel *k, const struct task_list **ret);

struct tasks;

/* kernel.c's: what is kept of them, some 24 bytes a task. NULL: no memory. */
struct task_states *task_states_new(struct kernel *k);
void task_states_free(struct task_states *ts);

struct tasks *tasks_new(struct kernel *k);
void tasks_free(struct tasks *ts);

/* The .problems of the list; nothing when the kernel's types are not known. */
int task_problems(struct kernel *k, struct strbuf *out);

/* The task of this number, idle ones aside. -ENOENT: none. */
int task_find(struct kernel *k, uint64_t pid, uint64_t *ret);

/* The threads of the process that @task belongs to, itself among them, in the kernel's order. Not 0:
 * stop, and task_threads() returns it. */
typedef int task_fn(void *arg, uint64_t task);
int task_threads(struct kernel *k, uint64_t task, task_fn *fn, void *arg);

/* Its children, in the kernel's order. */
int task_children(struct kernel *k, uint64_t task, task_fn *fn, void *arg);

/* comm as it stands there, cut at its NUL. */
int task_comm(struct kernel *k, uint64_t task, char ret[TASK_COMM_LEN]);

/* The name that /proc gives it: the long one of a kernel thread, and of a worker also what it does. */
int task_name(struct kernel *k, uint64_t task, char ret[TASK_NAME_LEN]);

/* The state, as ps(1) prints it: one of "RSDTtXZPI". */
int task_state(struct kernel *k, uint64_t task, char *ret);

/* What goes with the letter: "sleeping". */
const char *task_state_name(char state);

/* The CPU that it runs on, or ran on last. */
int task_cpu(struct kernel *k, uint64_t task, uint64_t *ret);

/* The address space that is its own; 0: a kernel thread, which may borrow one, or gone. */
int task_own_mm(struct kernel *k, uint64_t task, uint64_t *ret);
