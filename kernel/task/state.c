/* A task's state by its letter. Which bit has which differs: the kernel's own task_state_array[] tells. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/lazy.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

/* As of 06eb61844d84 (v4.14): no state, bits 0 to 6, idle. */
static const char letters_of_today[] = "RSDTtXZPI";

#define STATES (sizeof(letters_of_today) - 1)

/* Those that every kernel has: the others came later, and have these places alone. */
#define STATES_OF_ALL 7

/* Bits above a letter's own say why it sleeps. */
#define TASK_REPORT	 0x003f
#define TASK_PARKED	 0x0040 /* 8ef9925b02c2 (v4.14); before, another bit is here */
#define TASK_D		 0x0002
#define TASK_IDLE	 0x0402
#define TASK_REPORT_IDLE 0x0080
#define TASK_RTLOCK_WAIT 0x1000 /* 5f220be21418 (v5.15) */
#define TASK_FROZEN	 0x8000 /* f5d39b020809 (v6.1) */

struct task_states {
	struct lazy once;
	struct kernel *kernel;
	char letters[STATES]; /* 0: it has none there */
};

struct task_states *task_states_new(struct kernel *k)
{
	struct task_states *ts = calloc(1, sizeof(*ts));

	if (!ts)
		return NULL;
	lazy_init(&ts->once);
	ts->kernel = k;
	return ts;
}

void task_states_free(struct task_states *ts)
{
	if (!ts)
		return;
	lazy_fini(&ts->once);
	free(ts);
}

/* The letter that begins the text to which the pointer at @at points: "R (running)". 0: it is none. */
static int read_letter(struct kernel *k, uint64_t at, char *ret)
{
	char text[8];
	uint64_t va;
	int r = kernel_read_uint(k, at, 8, &va);

	*ret = 0;
	/* What follows the table is no pointer, or one to elsewhere. */
	if (r < 0 || kernel_read_str(k, va, text, sizeof(text)) < 0)
		return r;
	if (memchr(letters_of_today, text[0], STATES) && !memcmp(text + 1, " (", 2))
		*ret = text[0];
	return 0;
}

/* Before ad86622b478e (v3.15) zombies come before the dead; before 06eb61844d84 (v4.14) nothing is parked or
 * idle, or told at another place. When the table is not there, that of today stands. */
static int read_letters(void *arg)
{
	struct task_states *ts = arg;
	char own[STATES] = { 0 };
	uint64_t table;
	size_t n = 0;
	int r = symbol_addr(ts->kernel, "task_state_array", &table);

	memcpy(ts->letters, letters_of_today, STATES);
	for (; r >= 0 && n < STATES; n++) {
		r = read_letter(ts->kernel, table + 8 * n, &own[n]);
		if (n >= STATES_OF_ALL && own[n] != letters_of_today[n])
			own[n] = 0;
		else if (!own[n])
			break;
	}
	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (n >= STATES_OF_ALL)
		memcpy(ts->letters, own, STATES);
	return 0;
}

int task_state(struct kernel *k, uint64_t task, char *ret)
{
	struct task_states *ts = kernel_task_states(k);
	uint64_t state, exit_state;
	unsigned int report, i = 0;
	int r = field_u64(k, task, F_task_state, &state);

	if (r >= 0)
		r = field_u64(k, task, F_task_exit_state, &exit_state);
	if (r >= 0)
		r = lazy_get(&ts->once, read_letters, ts);
	if (r < 0)
		return r;
	report = (state | exit_state) & (TASK_REPORT | (ts->letters[7] ? TASK_PARKED : 0));
	if ((state & TASK_IDLE) == TASK_IDLE && ts->letters[8])
		report = TASK_REPORT_IDLE;
	if (state & (TASK_RTLOCK_WAIT | TASK_FROZEN))
		report = TASK_D;
	while (report >> i)
		i++;
	*ret = ts->letters[i];
	return 0;
}

const char *task_state_name(char state)
{
	static const struct {
		char letter;
		const char *name;
	} names[] = { { 'R', "running" }, { 'S', "sleeping" },	   { 'D', "disk sleep" },
		      { 'T', "stopped" }, { 't', "tracing stop" }, { 'X', "dead" },
		      { 'Z', "zombie" },  { 'P', "parked" },	   { 'I', "idle" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].letter == state)
			return names[i].name;
	return "unknown";
}
