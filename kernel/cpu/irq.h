/* Interrupts: struct irq_desc by number, and what each CPU has counted. */
#pragma once

#include "kernel/cpu/cpu.h"

#define IRQ_NAME_LEN 64

/* By rising number. Not 0: stop, and irqs_each() returns it. */
typedef int irq_fn(void *arg, uint64_t irq, uint64_t desc);
int irqs_each(struct kernel *k, irq_fn *fn, void *arg);

/* Numbers below which all lie. */
int irqs_nr(struct kernel *k, uint64_t *ret);

/* How often @cpu was interrupted by it. */
int irq_count(struct kernel *k, uint64_t desc, size_t cpu, uint64_t *ret);

/* Is it none that a driver may ask for: hidden, or leading to another one? */
int irq_is_hidden(struct kernel *k, uint64_t desc, bool *ret);

/* The CPUs that it may go to, or with @effective those that the chip was set to. -ENOENT: not noted. */
int irq_affinity(struct kernel *k, uint64_t desc, bool effective, struct cpu_mask *ret);

/* Over all possible CPUs. */
int irq_count_all(struct kernel *k, uint64_t desc, uint64_t *ret);

/* What its handlers were asked for by, each with a struct irqaction. Not 0: stop, and
 * irq_actions_each() returns it. */
struct irq_action {
	uint64_t addr;
	uint64_t handler; /* of its thread where there is no other */
	uint64_t thread;  /* task; 0: none */
	char name[IRQ_NAME_LEN];
};

typedef int irq_action_fn(void *arg, const struct irq_action *a);
int irq_actions_each(struct kernel *k, uint64_t desc, irq_action_fn *fn, void *arg);
