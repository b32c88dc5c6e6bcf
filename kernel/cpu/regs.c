#include "kernel/cpu/regs.h"

#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "kernel/arch.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/prstatus.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"

#define PR_PID	  32	   /* in struct elf_prstatus */
#define NOTE_HEAD (12 + 8) /* of the first note, "CORE", before its struct elf_prstatus */

/* The @i-th NT_PRSTATUS, or NULL; with @i = SIZE_MAX, counts them in @ret_n. */
static const struct note *prstatus(struct kernel *k, size_t i, size_t *ret_n)
{
	const struct note *notes;
	size_t n = dump_notes(kernel_dump(k), &notes), seen = 0;

	for (size_t j = 0; j < n; j++) {
		if (notes[j].type != NOTE_PRSTATUS || strcmp(notes[j].name, "CORE"))
			continue;
		if (seen++ == i)
			return &notes[j];
	}
	*ret_n = seen;
	return NULL;
}

size_t regs_cpu_count(struct kernel *k)
{
	size_t n = 0;

	prstatus(k, SIZE_MAX, &n);
	return n;
}

static int parse(const struct arch *arch, const unsigned char *desc, size_t len, struct regs *ret)
{
	struct bytes b = bytes_of(desc, len);
	struct regs regs = { 0 };

	for (const struct arch_reg *reg = arch->prstatus; reg->name && regs.n < REGS_MAX; reg++) {
		bytes_seek(&b, reg->off);
		regs.reg[regs.n].name = reg->name;
		regs.reg[regs.n++].value = bytes_u64(&b);
	}
	if (b.short_)
		return fail(-EBADMSG, "NT_PRSTATUS has only %zu bytes", len);
	*ret = regs;
	return 0;
}

int regs_of_note(struct kernel *k, size_t i, struct regs *ret)
{
	const struct arch *arch;
	const struct note *note;
	size_t n;
	int r = kernel_arch(k, &arch);

	if (r < 0)
		return r;
	note = prstatus(k, i, &n);
	if (!note)
		return fail(-ENOENT, "%zu CPUs left registers", n);
	return parse(arch, note->desc, note->desc_len, ret);
}

/* Are they numbered by CPU, all of them? */
static bool are_numbered(struct kernel *k)
{
	const struct note *note;
	size_t n, i = 0;

	for (; (note = prstatus(k, i, &n)); i++)
		if (note->desc_len < PR_PID + 4 || load_le32(note->desc + PR_PID) != i + 1)
			return false;
	return i;
}

static bool runs(struct kernel *k, size_t cpu, uint64_t pid)
{
	uint64_t task, own;

	return cpu_current(k, cpu, &task) >= 0 && field_u64(k, task, F_task_pid, &own) >= 0 &&
	       own == pid;
}

/* A kernel that dies notes the pid of what each CPU executes, and its notes come in the order of the CPUs. The one that is
 * @cpu's: no other has this pid and no other CPU executes it; or there is one for each CPU, and all agree. */
static const struct note *note_by_pid(struct kernel *k, size_t cpu)
{
	const struct note *note, *found = NULL, *in_order = NULL;
	size_t n, i = 0, notes = 0, executing = 0, agreeing = 0;
	const struct cpus *cpus;

	if (cpus_get(k, &cpus) < 0)
		return NULL;
	for (; (note = prstatus(k, i, &n)); i++) {
		uint32_t pid =
			note->desc_len < PR_PID + 4 ? UINT32_MAX : load_le32(note->desc + PR_PID);

		agreeing += cpu_is_in(&cpus->present, i) && runs(k, i, pid);
		if (i == cpu)
			in_order = note;
		if (!runs(k, cpu, pid))
			continue;
		found = note;
		notes++;
	}
	n = 0;
	for (size_t c = 0; c < cpus->nr; c++) {
		n += cpu_is_in(&cpus->present, c);
		executing += found && runs(k, c, load_le32(found->desc + PR_PID));
	}
	if (notes == 1 && executing == 1)
		return found;
	return agreeing == i && i == n ? in_order : NULL;
}

/* A kernel that keeps the name of crash_notes to itself. */
static int regs_of_notes(struct kernel *k, const struct arch *arch, size_t cpu, struct regs *ret)
{
	const struct note *note = are_numbered(k) ? NULL : note_by_pid(k, cpu);

	return note ? parse(arch, note->desc, note->desc_len, ret)
		    : fail(-ENOENT,
			   "no symbol crash_notes, and no note that is sure to be its own");
}

bool regs_have_pid(struct kernel *k, uint64_t pid)
{
	const struct note *note;
	size_t n;

	for (size_t i = 0; !are_numbered(k) && (note = prstatus(k, i, &n)); i++)
		if (note->desc_len >= PR_PID + 4 && load_le32(note->desc + PR_PID) == pid)
			return true;
	return false;
}

/* The variable crash_notes is a per-CPU pointer to the notes that a dying kernel fills. */
static int regs_of_crash_notes(struct kernel *k, const struct arch *arch, size_t cpu,
			       struct regs *ret)
{
	unsigned char raw[NOTE_HEAD + PRSTATUS_MAX];
	const size_t len = NOTE_HEAD + arch->prstatus_size;
	_free_ struct note *notes = NULL;
	uint64_t va;
	size_t n;
	int r = symbol_addr(k, "crash_notes", &va);

	if (r == -ENOENT && symbols_lack_data(k))
		return regs_of_notes(k, arch, cpu, ret);
	if (r >= 0 && len > sizeof(raw))
		r = fail(-EOPNOTSUPP, "notes of %s", arch->name);
	if (r >= 0)
		r = kernel_read_uint(k, va, 8, &va);
	if (r >= 0)
		r = percpu_addr(k, va, cpu, &va);
	if (r >= 0)
		r = kernel_read(k, va, raw, len);
	if (r < 0)
		return r;
	/* What comes after this note is cut off. */
	notes_parse(raw, len, &notes, &n);
	if (!n || notes[0].type != NOTE_PRSTATUS || strcmp(notes[0].name, "CORE"))
		return fail(-ENOENT, "CPU %zu has not filled its crash_notes", cpu);
	return parse(arch, notes[0].desc, notes[0].desc_len, ret);
}

/* QEMU numbers its notes by CPU: pr_pid is the number + 1. Of some architectures it has one of its own
 * besides. */
static const struct note *note_of_qemu(struct kernel *k, const struct arch *arch, size_t cpu)
{
	const struct note *notes, *note;
	size_t n = dump_notes(kernel_dump(k), &notes);

	if (!note_find(notes, n, "QEMU", 0) && (arch->has_qemu_note || !are_numbered(k)))
		return NULL;
	for (size_t i = 0; (note = prstatus(k, i, &n)); i++)
		if (note->desc_len >= PR_PID + 4 && load_le32(note->desc + PR_PID) == cpu + 1)
			return note;
	return NULL;
}

int regs_of_cpu(struct kernel *k, size_t cpu, struct regs *ret, enum regs_source *ret_source)
{
	const struct note *note;
	const struct arch *arch;
	int r = kernel_arch(k, &arch);

	if (r < 0)
		return r;
	note = note_of_qemu(k, arch, cpu);
	r = note ? parse(arch, note->desc, note->desc_len, ret)
		 : regs_of_crash_notes(k, arch, cpu, ret);
	if (r < 0)
		return within(r, "registers of CPU %zu", cpu);
	*ret_source = note ? REGS_MACHINE : REGS_CRASH_NOTES;
	return 0;
}
