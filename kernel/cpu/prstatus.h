/* Tasks as core files tell of them: struct elf_prstatus and struct elf_prpsinfo. What is not known of
 * a register reads as 0, for the form has no other word. */
#pragma once

#include "kernel/kernel.h"

#define PRSTATUS_MAX  512
#define PRPSINFO_SIZE 136

struct prstatus {
	unsigned char desc[PRSTATUS_MAX];
	size_t len;
};

/* A CPU as it was stopped. -ENOENT: it left no registers. */
int prstatus_of_cpu(struct kernel *k, size_t cpu, struct prstatus *ret);

/* A task that sleeps in the kernel: where it will go on, and what it will find in the registers that
 * functions keep. */
int prstatus_asleep(struct kernel *k, uint64_t task, struct prstatus *ret);

/* A task in user space, when it entered the kernel. Errors of user_regs(). */
int prstatus_of_user(struct kernel *k, uint64_t task, struct prstatus *ret);

/* The number that the thread goes by. */
void prstatus_set_pid(struct prstatus *p, uint32_t pid);

/* Fill in the numbers of the task: of itself, its parent, group and session. */
int prstatus_number(struct kernel *k, uint64_t task, struct prstatus *p);

/* The process that @task is of: its numbers, owner, name and arguments, which are the caller's. */
int prpsinfo_of_task(struct kernel *k, uint64_t task, const char *args, size_t len,
		     unsigned char ret[PRPSINFO_SIZE]);

/* The kernel as a process, as /proc/kcore calls it. */
void prpsinfo_of_kernel(const char *args, size_t len, unsigned char ret[PRPSINFO_SIZE]);
