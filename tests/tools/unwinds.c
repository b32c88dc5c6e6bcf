/* unwinds VMCORE VMLINUX [MODULE.ko...]: the frames of every task, once as they come and once as if the
 * kernel had no ORC, for tests to compare. A line each:
 *
 *   PID orc|cfi END FRAME...
 *
 * END is "end", "user" or the error; a FRAME symbol+offset@place, with the letter of its source before
 * it: S start, R rule (ORC), C CFI, P frame pointer, ? found by a search, X interrupted. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/kernel.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"
#include "kernel/unwind/unwind.h"

static void print_frame(struct kernel *k, const struct frame *f)
{
	static const char letters[] = {
		[FRAME_START] = 'S', [FRAME_RULE] = 'R',    [FRAME_CFI] = 'C',
		[FRAME_ENTRY] = 'E', [FRAME_POINTER] = 'P', [FRAME_SCAN] = '?',
	};
	struct symbol s;

	printf(" %c%s", letters[f->source], f->regs ? "X" : "");
	if (symbol_at(k, f->signal ? f->pc : f->pc - 1, &s) < 0)
		printf("%#lx", f->pc);
	else
		printf("%s+%#lx", s.name, f->pc - s.addr);
	printf("@%lx", f->at);
}

static void print_stack(struct kernel *k, const struct task_entry *t, bool no_orc)
{
	struct frame f, all[64];
	struct unwind u;
	bool user = false;
	size_t n = 0;
	int r = unwind_task(&u, k, t->task);

	u.words.no_orc = no_orc;
	while (r >= 0 && n < 64 && (r = unwind_next(&u, &f)) > 0) {
		user = f.user;
		if (!user)
			all[n++] = f;
	}
	printf("%u %s %s", t->pid, no_orc ? "cfi" : "orc",
	       r < 0   ? strerrorname_np(-r)
	       : r > 0 ? "deep"
	       : user  ? "user"
		       : "end");
	for (size_t i = 0; i < n; i++)
		print_frame(k, &all[i]);
	printf("\n");
}

static int run(struct kernel *k)
{
	const struct task_list *l;
	int r = tasks_get(k, &l);

	for (size_t i = 0; r >= 0 && i < l->n; i++) {
		if (l->v[i].idle || l->v[i].running)
			continue;
		print_stack(k, &l->v[i], false);
		print_stack(k, &l->v[i], true);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct kernel_options o = { .vmlinux = argc > 2 ? argv[2] : NULL,
				    .modules = (const char *const *)argv + (argc > 2 ? 3 : 2) };
	struct kernel *k = NULL;
	struct dump *d = NULL;
	int r;

	if (argc < 2)
		return 2;
	r = dump_open((const char *const *)argv + 1, 1, &d);
	if (r >= 0)
		r = kernel_open(d, &o, &k);
	if (r >= 0)
		r = run(k);
	if (r < 0)
		fprintf(stderr, "unwinds: %s\n", why());
	kernel_close(k);
	dump_close(d);
	return r < 0;
}
