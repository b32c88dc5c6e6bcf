/* /memory/cores/{pid}: a process as the kernel dumps one that dies of a signal. Where a page was swapped
 * out or is not in the dump, there is nothing: gdb cannot access it, or takes it from the program's file. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/dump/elf_view.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/cpu/prstatus.h"
#include "kernel/task/fpregs.h"
#include "kernel/task/task.h"
#include "kernel/mem/user_mem.h"
#include "kernel/mem/vma.h"

/* Those that have an address space. */
static int add_cores(struct render *r, struct names *names)
{
	const struct task_list *l;
	uint64_t mm;
	int e = tasks_get(r->k, &l);

	if (e < 0)
		return e;
	for (size_t i = 0; i < l->n; i++) {
		const struct task_entry *t = &l->v[i];
		char name[24];

		if (t->idle || t->pid != t->tgid || task_own_mm(r->k, t->task, &mm) < 0 || !mm)
			continue;
		snprintf(name, sizeof(name), "%" PRIu32, t->pid);
		names_add(names, name, t->task);
	}
	return 0;
}

static int find_core(struct render *r, const char *name, uint64_t *ret)
{
	uint64_t pid, task, tgid, mm;
	int e = name_number(name, &pid);

	if (e >= 0)
		e = task_find(r->k, pid, &task);
	if (e >= 0)
		e = field_u64(r->k, task, F_task_tgid, &tgid);
	if (e >= 0 && tgid != pid)
		e = fail(-ENOENT, "%" PRIu64 " is no process", pid);
	if (e >= 0)
		e = task_own_mm(r->k, task, &mm);
	if (e >= 0 && !mm)
		e = fail(-ENOENT, "%" PRIu64 " has no memory of its own", pid);
	if (e >= 0)
		*ret = task;
	return e;
}

const struct lister list_cores = { .list = add_cores, .lookup = find_core };

int gen_task_core(struct render *r)
{
	uint64_t mm, tgid;
	int e = task_own_mm(r->k, key_task(r), &mm);

	if (e >= 0 && !mm)
		e = fail(-ENOENT, "the task has no memory of its own");
	if (e >= 0)
		e = field_u64(r->k, key_task(r), F_task_tgid, &tgid);
	if (e >= 0)
		put(r->out, "%s../../memory/cores/%" PRIu64, key_is_thread(r, 0) ? "../../" : "",
		    tgid);
	return e;
}

struct core {
	struct kernel *k;
	struct elf_view *v;
	uint64_t task, mm;
	uint32_t flags; /* of the mapping at hand */
	size_t before;	/* spans of those before it */
};

static int add_pages(void *arg, const struct mapped *m)
{
	const struct core *c = arg;

	return elf_view_add(c->v, m, c->flags, c->v->nr_spans == c->before);
}

static int put_memory(struct core *c)
{
	struct vma_walk walk;
	struct vma v;
	int r = vma_begin(&walk, c->k, c->mm);

	while (r >= 0 && (r = vma_next(&walk, &v)) > 0) {
		if (v.start >= v.end)
			continue;
		c->flags = (v.flags & VM_READ ? PF_R : 0) | (v.flags & VM_WRITE ? PF_W : 0) |
			   (v.flags & VM_EXEC ? PF_X : 0);
		c->before = c->v->nr_spans;
		r = space_scan(&c->v->space, c->v->dump, v.start, v.end - 1, add_pages, c);
		/* A damaged mapping: it ends where no process has memory. */
		if (r == -EINVAL)
			r = 0;
	}
	return r;
}

static void put_thread(struct core *c, uint64_t task)
{
	struct prstatus p;
	struct note note = { .name = "CORE", .type = NOTE_PRSTATUS, .desc = p.desc };

	if (prstatus_of_user(c->k, task, &p) < 0 || prstatus_number(c->k, task, &p) < 0)
		return;
	note.desc_len = (uint32_t)p.len;
	elf_view_note(c->v, &note);
}

static void put_bytes_note(struct core *c, const char *name, uint32_t type,
			   const unsigned char *bytes, size_t len)
{
	const struct note note = { name, type, bytes, (uint32_t)len };

	if (len)
		elf_view_note(c->v, &note);
}

/* They belong to the thread whose note they follow. */
static void put_fpregs(struct core *c, uint64_t task)
{
	struct fpregs regs;

	if (task_fpregs(c->k, task, &regs) < 0)
		return;
	put_bytes_note(c, "CORE", NT_FPREGSET, regs.set, regs.set_len);
	put_bytes_note(c, "LINUX", NT_X86_XSTATE, regs.xstate, regs.xstate_len);
}

static int put_other(void *arg, uint64_t task)
{
	struct core *c = arg;

	if (task != c->task) {
		put_thread(c, task);
		put_fpregs(c, task);
	}
	return c->v->notes.error;
}

static void put_text_note(struct elf_view *v, uint32_t type, const struct strbuf *text)
{
	const struct note note = { "CORE", type, (const unsigned char *)text->data,
				   (uint32_t)text->len };

	if (text->error)
		v->notes.error = text->error;
	else if (text->len)
		elf_view_note(v, &note);
}

static int put_process(struct core *c, const struct user_mem *m)
{
	unsigned char info[PRPSINFO_SIZE];
	const struct note note = { "CORE", NT_PRPSINFO, info, sizeof(info) };
	uint64_t start, end;
	char args[80];
	size_t len = 0;
	int r;

	if (field_u64(c->k, c->mm, F_mm_arg_start, &start) >= 0 &&
	    field_u64(c->k, c->mm, F_mm_arg_end, &end) >= 0 && start < end)
		len = user_read(m, start, args,
				end - start < sizeof(args) ? end - start : sizeof(args));
	r = prpsinfo_of_task(c->k, c->task, args, len, info);
	if (r >= 0)
		elf_view_note(c->v, &note);
	return r;
}

/* A word of NT_FILE. */
static void put_word(struct strbuf *out, uint64_t value)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++, value >>= 8)
		bytes[i] = (unsigned char)value;
	put_bytes(out, bytes, sizeof(bytes));
}

/* How many files are mapped, the size of a page; of each mapping where it is and at which page of the
 * file; then their names, as the process sees them. */
static int put_files(struct core *c)
{
	struct vma_walk walk;
	struct path root, p;
	STRBUF(places);
	STRBUF(names);
	STRBUF(all);
	uint64_t n = 0;
	struct vma v;
	int r = path_of_root(c->k, c->task, &root);

	if (r < 0)
		r = path_of_init(c->k, &root);
	if (r >= 0)
		r = vma_begin(&walk, c->k, c->mm);
	while (r >= 0 && (r = vma_next(&walk, &v)) > 0) {
		if (!v.file || path_of_file(c->k, v.file, &p) < 0 ||
		    put_path(&names, c->k, &p, &root, "") < 0)
			continue;
		put_bytes(&names, "", 1);
		put_word(&places, v.start);
		put_word(&places, v.end);
		put_word(&places, v.pgoff);
		n++;
	}
	if (!n)
		return r;
	put_word(&all, n);
	put_word(&all, kernel_page_size(c->k));
	put_bytes(&all, places.data, places.len);
	put_bytes(&all, names.data, names.len);
	if (names.error || places.error)
		return names.error ? names.error : places.error;
	put_text_note(c->v, NT_FILE, &all);
	return r;
}

/* Damage to one note leaves the others, and memory. */
static int put_notes(struct core *c, const struct user_mem *m)
{
	STRBUF(auxv);

	put_thread(c, c->task);
	if (put_process(c, m) == -EINTR)
		return -EINTR;
	if (put_auxv(&auxv, c->k, c->mm) >= 0)
		put_text_note(c->v, NT_AUXV, &auxv);
	put_fpregs(c, c->task);
	if (put_files(c) == -EINTR || task_threads(c->k, c->task, put_other, c) == -EINTR)
		return -EINTR;
	return 0;
}

int raw_core(struct render *r, struct raw *ret)
{
	struct core c = { .k = r->k, .task = r->key[0].id };
	struct user_mem m;
	int e = task_own_mm(r->k, c.task, &c.mm);

	if (e >= 0)
		e = user_mem_of(r->k, c.mm, &m);
	if (e < 0)
		return e;
	c.v = elf_view_new(r->k);
	if (!c.v)
		return fail(-ENOMEM, "core file");
	c.v->space = m.space;
	e = put_notes(&c, &m);
	if (e >= 0)
		e = put_memory(&c);
	if (e < 0) {
		elf_view_free(c.v);
		return e;
	}
	return elf_view_open(c.v, elf_machine_of(r->k), ret);
}
