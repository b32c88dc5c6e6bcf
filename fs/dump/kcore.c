/* /memory/kcore: memory at the kernel's virtual addresses as an ELF core file, with every CPU and every
 * task as a thread, as gdb and drgn read it.
 *
 * The direct map and the image are pieces of physical memory, as in /memory/vmcore; all else that page
 * tables map, vmalloc and modules and vmemmap, are spans, found by one walk of them. As in /proc/kcore
 * these have no physical address. */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/dump/elf_view.h"
#include "fs/gen.h"
#include "fs/dump/pieces.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/mem.h"
#include "kernel/cpu/prstatus.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

/* The number of a CPU's idle task, whose pid is 0 on each: from PID_MAX_LIMIT on, which no task has. */
#define IDLE_FIRST 4194304u

/* What the walk over the page tables finds. */
struct walk {
	struct elf_view *v;
	const struct space *space;
	struct segment *segments; /* mapped by adding a constant */
	size_t n, room;
};

static int add_segment(struct walk *w, const struct mapped *m)
{
	struct segment *last = w->n ? &w->segments[w->n - 1] : NULL, *segments;

	if (last && last->vaddr + last->size == m->va && last->paddr + last->size == m->pa) {
		last->size += m->size;
		return 0;
	}
	if (w->n == LIMIT_SPANS)
		return fail(-ELOOP, "more than %u pieces", LIMIT_SPANS);
	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 16;
		segments = realloc(w->segments, w->room * sizeof(*segments));
		if (!segments)
			return fail(-ENOMEM, "%zu pieces", w->room);
		w->segments = segments;
	}
	w->segments[w->n++] = (struct segment){ .vaddr = m->va, .paddr = m->pa, .size = m->size };
	return 0;
}

static bool is_linear(const struct region *region, const struct mapped *m)
{
	return region->last && m->va >= region->first && m->va <= region->last &&
	       m->va + region->delta == m->pa;
}

static int add_mapped(void *arg, const struct mapped *m)
{
	struct walk *w = arg;

	if (is_linear(&w->space->direct, m) || is_linear(&w->space->image, m))
		return add_segment(w, m);
	return elf_view_add(w->v, m, PF_R | PF_W | PF_X, false);
}

static int find_memory(struct elf_view *v, struct kernel *k)
{
	struct walk w = { .v = v };
	int r = kernel_space(k, &w.space);

	if (r < 0)
		return r;
	v->space = *w.space;
	r = space_scan(w.space, v->dump, space_kernel_half(w.space), UINT64_MAX, add_mapped, &w);
	if (r == 0)
		r = pieces_new(v->dump, w.segments, w.n, &v->pieces);
	free(w.segments);
	return r;
}

static void put_thread(struct elf_view *v, struct prstatus *p)
{
	const struct note note = { "CORE", NOTE_PRSTATUS, p->desc, (uint32_t)p->len };

	elf_view_note(v, &note);
}

/* Whom a CPU executed has the CPU's registers. drgn takes the i-th note for that of the i-th CPU: when
 * one is missing, those of idle tasks, whose number fits every CPU, are left out. */
static void put_cpus(struct elf_view *v, struct kernel *k)
{
	const struct cpus *cpus;
	uint64_t task, idle;
	struct prstatus p;
	bool gap = false;

	if (cpus_get(k, &cpus) < 0)
		return;
	for (size_t cpu = 0; cpu < cpus->nr; cpu++) {
		if (!cpu_is_in(&cpus->present, cpu) || cpu_current(k, cpu, &task) < 0 ||
		    prstatus_of_cpu(k, cpu, &p) < 0 || prstatus_number(k, task, &p) < 0) {
			gap = true;
			continue;
		}
		if (gap && cpu_idle(k, cpu, &idle) >= 0 && task == idle)
			continue;
		put_thread(v, &p);
	}
}

static int put_tasks(struct elf_view *v, struct kernel *k)
{
	const struct task_list *l;
	struct prstatus p;
	int r = tasks_get(k, &l);

	if (r < 0)
		return r;
	for (size_t i = 0; i < l->n; i++) {
		const struct task_entry *e = &l->v[i];

		if (e->running && !e->idle)
			continue;
		r = e->running ? prstatus_of_cpu(k, e->cpu, &p) : prstatus_asleep(k, e->task, &p);
		if (r == -EINTR)
			return r;
		if (r < 0 || prstatus_number(k, e->task, &p) < 0)
			continue;
		if (e->idle)
			prstatus_set_pid(&p, IDLE_FIRST + e->cpu);
		put_thread(v, &p);
	}
	return 0;
}

static void put_process(struct elf_view *v, struct kernel *k)
{
	unsigned char info[PRPSINFO_SIZE];
	const struct note note = { "CORE", NT_PRPSINFO, info, sizeof(info) };
	char args[128] = "";
	uint64_t at;

	if (symbol_addr(k, "saved_command_line", &at) >= 0 && kernel_read_uint(k, at, 8, &at) >= 0)
		kernel_read_str(k, at, args, sizeof(args));
	prpsinfo_of_kernel(args, strlen(args), info);
	elf_view_note(v, &note);
}

static int put_notes(struct elf_view *v, struct kernel *k)
{
	const struct vmcoreinfo *vi;
	struct note note = { .name = "VMCOREINFO" };
	int r;

	put_cpus(v, k);
	put_process(v, k);
	r = put_tasks(v, k);
	/* Without types there are no tasks, but memory is. */
	if (r < 0 && r != -ENOENT)
		return r;
	r = kernel_vmcoreinfo(k, &vi);
	if (r < 0)
		return r == -EINTR ? r : 0;
	note.desc = (const unsigned char *)vi->text;
	note.desc_len = (uint32_t)vi->len;
	elf_view_note(v, &note);
	return 0;
}

int raw_kcore(struct render *r, struct raw *ret)
{
	struct elf_view *v = elf_view_new(r->k);
	int e;

	if (!v)
		return fail(-ENOMEM, "ELF view");
	v->mapped_only = true;
	v->span_paddr = UINT64_MAX;
	e = find_memory(v, r->k);
	if (e == 0)
		e = put_notes(v, r->k);
	if (e < 0) {
		elf_view_free(v);
		return e;
	}
	return elf_view_open(v, elf_machine_of(r->k), ret);
}
