/* /summary: what crashed, where, when and why, in the order of crash's banner, and below it what one
 * looks up next. A row that cannot be told is left out. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/dump/no_types.h"
#include "fs/dump/pages.h"
#include "fs/dump/summary_death.h"
#include "fs/text.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/module/module.h"
#include "kernel/cpu/panic.h"
#include "kernel/cpu/regs.h"
#include "kernel/task/task.h"
#include "kernel/sys/uts.h"
#include "kernel/sys/vitals.h"

#define NSEC_PER_SEC 1000000000

static void put_files(struct strbuf *out, struct dump *d)
{
	for (size_t i = 0; i < dump_path_count(d); i++)
		put_row(out, i ? "" : "DUMPFILE", dump_path(d, i));
}

static int put_date(struct strbuf *out, struct kernel *k)
{
	struct dump *d = kernel_dump(k);
	const struct vmcoreinfo *vi;
	struct clocks clocks;
	uint64_t t;
	int r = kernel_vmcoreinfo(k, &vi);

	if (r == -EINTR)
		return r;
	/* The dying kernel writes it with its registers. */
	if (r == 0 && vmcoreinfo_decimal(vi, "CRASHTIME", &t)) {
		put_label(out, "DATE");
		put_time(out, "", t);
	} else if (kernel_clocks(k, &clocks) >= 0) {
		put_label(out, "DATE");
		put_time(out, "", clocks.real / NSEC_PER_SEC);
	} else if (dump_facts(d)->time) {
		put_label(out, "DATE");
		put_time(out, "of the dump: ", dump_facts(d)->time);
	}
	return 0;
}

/* Whoever lists the top directory makes this file: it must not walk the page map of a large machine. */
#define COUNTED_MAX (32ull << 30)

static int put_memory(struct strbuf *out, struct dump *d)
{
	struct page_bytes bytes;
	int r;

	if (dump_facts(d)->end > COUNTED_MAX) {
		put_row(out, "MEMORY", "large: see /dump/pages");
		return 0;
	}
	r = count_pages(d, &bytes);
	if (r < 0)
		return r;
	put_label(out, "MEMORY");
	put_amount(out, bytes_of_ram(&bytes));
	put_str(out, "\n");
	put_label(out, "IN THE DUMP");
	put_amount(out, bytes_readable(&bytes));
	if (bytes.of[PAGE_EXCLUDED]) {
		put_str(out, ", excluded ");
		put_amount(out, bytes.of[PAGE_EXCLUDED]);
	}
	if (dump_facts(d)->dump_level > 0)
		put(out, " (dump level %d)", dump_facts(d)->dump_level);
	if (bytes.of[PAGE_TRUNCATED]) {
		put_str(out, ", MISSING ");
		put_amount(out, bytes.of[PAGE_TRUNCATED]);
	}
	put_str(out, dump_incomplete(d) ? ", the dump is INCOMPLETE: see /dump/problems\n" : "\n");
	return 0;
}

static void put_cpus(struct strbuf *out, struct kernel *k)
{
	size_t n = dump_facts(kernel_dump(k))->nr_cpus;
	const struct cpus *cpus;

	if (cpus_get(k, &cpus) >= 0) {
		n = 0;
		for (size_t i = 0; i < cpus->nr; i++)
			n += cpu_is_in(&cpus->present, i);
	}
	if (!n)
		n = regs_cpu_count(k);
	if (!n)
		return;
	put_label(out, "CPUS");
	put(out, "%zu\n", n);
}

static void put_uptime(struct strbuf *out, struct kernel *k)
{
	struct clocks clocks;
	uint64_t sec;

	if (kernel_clocks(k, &clocks) < 0)
		return;
	sec = clocks.boot / NSEC_PER_SEC;
	put_label(out, "UPTIME");
	if (sec >= 86400)
		put(out, "%lu days, ", sec / 86400);
	put(out, "%02lu:%02lu:%02lu\n", sec / 3600 % 24, sec / 60 % 60, sec % 60);
}

static void put_load(struct strbuf *out, struct kernel *k)
{
	unsigned int load[3];

	if (kernel_load(k, load) < 0)
		return;
	put_label(out, "LOAD AVERAGE");
	for (size_t i = 0; i < 3; i++)
		put(out, "%s%u.%02u", i ? ", " : "", load[i] / 100, load[i] % 100);
	put_str(out, "\n");
}

/* How many tasks, and how many of each state: crash counts the idle ones too. */
static int put_tasks(struct strbuf *out, struct kernel *k)
{
	static const char letters[] = "RSDTtXZPI";
	size_t count[sizeof(letters)] = { 0 };
	const char *sep = "", *at;
	const struct task_list *l;
	int r = lacks_types(k, &at);

	if (r > 0) {
		put_label(out, "TASKS");
		put(out, "!! %s\n", at);
		return 0;
	}
	if (r >= 0)
		r = tasks_get(k, &l);
	if (r < 0 || !l->n)
		return r == -EINTR ? r : 0;
	for (size_t i = 0; i < l->n; i++) {
		at = strchr(letters, l->v[i].state);
		if (at)
			count[at - letters]++;
	}
	put_label(out, "TASKS");
	put(out, "%zu\n", l->n);
	put_label(out, "STATES");
	for (size_t i = 0; letters[i]; i++) {
		if (!count[i])
			continue;
		put(out, "%s%zu %s", sep, count[i], task_state_name(letters[i]));
		sep = ", ";
	}
	put_str(out, "\n");
	return 0;
}

/* The modules that carry a taint of @with, and none of @without: one may be the culprit. */
static void put_tainted_modules(struct strbuf *out, struct kernel *k, const char *label,
				uint64_t with, uint64_t without)
{
	struct list_walk w;
	uint64_t module;
	bool any = false;

	if (modules_begin(&w, k) < 0)
		return;
	while (list_next(&w, &module) > 0) {
		char name[MODULE_NAME_MAX];
		uint64_t taints;

		if (field_u64(k, module, F_module_taints, &taints) < 0 || !(taints & with) ||
		    taints & without || module_name(k, module, name, sizeof(name)) < 0)
			continue;
		if (!any)
			put_label(out, label);
		put_str(out, any ? ", " : "");
		put_escaped(out, name, strlen(name), "");
		any = true;
	}
	put_str(out, any ? "\n" : "");
}

static void put_taint(struct strbuf *out, struct kernel *k)
{
	char letters[TAINT_LETTERS + 1];
	const char *sep = "  ";
	uint64_t taints;

	if (kernel_taints(k, &taints) < 0) {
		/* That the row is not there would say that there is nothing to tell. */
		if (symbols_lack_data(k)) {
			put_label(out, "TAINT");
			put_str(out, "?\n");
		}
		return;
	}
	taint_letters(taints, letters);
	put_label(out, "TAINT");
	put_str(out, *letters ? letters : "none");
	for (unsigned int bit = 0; bit < 64; bit++) {
		const char *meaning = taints >> bit & 1 ? taint_meaning(bit) : NULL;

		if (!meaning)
			continue;
		put(out, "%s%s", sep, meaning);
		sep = ", ";
	}
	put_str(out, "\n");
}

static void put_taints(struct strbuf *out, struct kernel *k)
{
	put_taint(out, k);
	put_tainted_modules(out, k, "OUT OF TREE", TAINT_OUT_OF_TREE, 0);
	put_tainted_modules(out, k, "TAINTED", ~0ull, TAINT_OUT_OF_TREE);
}

static void put_machine(struct strbuf *out, struct kernel *k, const char *machine, bool clock)
{
	uint64_t mhz;

	if (!*machine)
		return;
	put_label(out, "MACHINE");
	put_escaped(out, machine, strlen(machine), "");
	if (clock && kernel_mhz(k, &mhz) >= 0 && mhz)
		put(out, "  (%lu Mhz)", mhz);
	put_str(out, "\n");
}

/* What gdb wants as symbol-file -o. */
static void put_offset(struct strbuf *out, struct kernel *k)
{
	const struct vmcoreinfo *vi;
	uint64_t offset;

	if (kernel_vmcoreinfo(k, &vi) < 0 || !vmcoreinfo_hex(vi, "KERNELOFFSET", &offset))
		return;
	put_label(out, "KASLR OFFSET");
	put(out, "%#lx\n", offset);
}

/* What the CPU that took the kernel down executed. */
static int put_culprit(struct strbuf *out, struct kernel *k)
{
	char comm[TASK_COMM_LEN], state;
	uint64_t task, pid;
	size_t cpu;
	int r = panic_cpu(k, &cpu);

	if (r >= 0)
		r = cpu_current(k, cpu, &task);
	if (r >= 0)
		r = field_u64(k, task, F_task_pid, &pid);
	if (r >= 0)
		r = task_comm(k, task, comm);
	if (r >= 0)
		r = task_state(k, task, &state);
	if (r < 0)
		return r == -EINTR ? r : 0;
	put_label(out, "PID");
	put(out, "%lu\n", pid);
	put_row(out, "COMMAND", comm);
	put_label(out, "TASK");
	put(out, "%016lx\n", task);
	put_label(out, "CPU");
	put(out, "%zu\n", cpu);
	put_label(out, "STATE");
	put(out, "%s (PANIC)\n", task_state_name(state));
	return 0;
}

/* What the kernel died of, and what is left of it. */
static int put_end(struct strbuf *out, struct kernel *k, const struct death *d)
{
	int e;

	put_taints(out, k);
	e = put_culprit(out, k);
	if (e >= 0)
		e = put_death_rows(out, k, d);
	if (e >= 0)
		e = put_death_stack(out, k, d);
	return e;
}

static int put_death(struct strbuf *out, struct kernel *k)
{
	struct death death;
	int e = death_find(k, &death);

	put_death_line(out, &death);
	if (e < 0 && e != -EINTR) {
		put_label(out, "LOG");
		put(out, "!! %s\n", why());
		e = 0;
	}
	if (e >= 0)
		e = put_end(out, k, &death);
	death_fini(&death);
	return e;
}

static int put_times(struct strbuf *out, struct kernel *k)
{
	int e = put_date(out, k);

	put_uptime(out, k);
	put_load(out, k);
	return e;
}

/* Where the files are and when it was says nothing about the crash: two of the same differ in it. */
int gen_summary(struct render *r)
{
	struct strbuf *out = r->out;
	struct uts uts;
	int e;

	if (!r->stable && kernel_options(r->k)->vmlinux)
		put_row(out, "KERNEL", kernel_options(r->k)->vmlinux);
	if (!r->stable)
		put_files(out, kernel_dump(r->k));
	put_cpus(out, r->k);
	e = r->stable ? 0 : put_times(out, r->k);
	if (e >= 0)
		e = put_tasks(out, r->k);
	if (e < 0)
		return e;
	kernel_uts(r->k, &uts);
	put_row(out, "NODENAME", uts.nodename);
	put_row(out, "RELEASE", uts.release);
	put_row(out, "VERSION", uts.version);
	put_machine(out, r->k, uts.machine, !r->stable);
	if (!r->stable)
		put_offset(out, r->k);
	e = put_memory(out, kernel_dump(r->k));
	return e < 0 ? e : put_death(out, r->k);
}
