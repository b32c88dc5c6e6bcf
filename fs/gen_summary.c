/* /summary: what crashed, where, when and why, in the order of crash's banner, and below it what one
 * looks up next. A row that cannot be told is left out. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/pages.h"
#include "fs/text.h"
#include "kernel/cpu.h"
#include "kernel/fields.h"
#include "kernel/log.h"
#include "kernel/module.h"
#include "kernel/panic.h"
#include "kernel/regs.h"
#include "kernel/task.h"
#include "kernel/uts.h"
#include "kernel/vitals.h"

#define NSEC_PER_SEC 1000000000

/* Labels are right-aligned as in crash's banner. */
static void put_label(struct strbuf *out, const char *label)
{
	put(out, "%12s: ", label);
}

static void put_row(struct strbuf *out, const char *label, const char *text)
{
	if (!*text)
		return;
	put_label(out, label);
	put_escaped(out, text, strlen(text), "");
	put_str(out, "\n");
}

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

/* What the log says when a kernel dies, the nearest to the cause first. Text that stands before the
 * mark belongs to the line: "Oops: general protection fault". */
static const char *const death_marks[] = {
	"sysrq: Trigger a crash",
	"SysRq : Trigger a crash",
	"Unable to handle kernel",
	"BUG: unable to handle",
	"BUG: kernel NULL pointer dereference",
	"kernel BUG at",
	"general protection fault",
	"double fault:",
	"stack guard page was hit",
	"Internal error:",
	"divide error:",
	"invalid opcode:",
	"Kernel panic",
};

struct death {
	size_t rank; /* in death_marks */
	struct strbuf line;
};

static size_t rank_of(const struct log_record *rec)
{
	size_t n = sizeof(death_marks) / sizeof(death_marks[0]), i;

	for (i = 0; i < n; i++)
		if (memmem(rec->text, rec->text_len, death_marks[i], strlen(death_marks[i])))
			break;
	return i;
}

/* The first of the best: what follows is damage of the damage. */
static int look_for_death(void *arg, const struct log_record *rec)
{
	struct death *death = arg;
	size_t rank = rank_of(rec);

	if (rec->facility || rank >= death->rank)
		return 0;
	death->rank = rank;
	death->line.len = 0;
	put_escaped(&death->line, rec->text, rec->text_len, "");
	return 0;
}

static int put_panic(struct strbuf *out, struct kernel *k)
{
	struct death death = { .rank = sizeof(death_marks) / sizeof(death_marks[0]) };
	int r = log_read(k, look_for_death, &death);

	if (death.line.len)
		put_row(out, "PANIC", death.line.data);
	strbuf_fini(&death.line);
	if (r < 0 && r != -EINTR) {
		put_label(out, "LOG");
		put(out, "!! %s\n", why());
		r = 0;
	}
	return r;
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
	TASK_LIST(l);
	int r = task_list(k, &l);

	if (r < 0 || !l.n)
		return r == -EINTR ? r : 0;
	for (size_t i = 0; i < l.n; i++) {
		char state;

		if (task_state(k, l.v[i].task, &state) < 0)
			continue;
		at = strchr(letters, state);
		count[at - letters] += at != NULL;
	}
	put_label(out, "TASKS");
	put(out, "%zu\n", l.n);
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

/* The modules that carry these taints, of which one may be the culprit. */
static void put_foreign_modules(struct strbuf *out, struct kernel *k)
{
	const char *sep = "  (", *end = "";
	struct list_walk w;
	uint64_t module;

	if (modules_begin(&w, k) < 0)
		return;
	while (list_next(&w, &module) > 0) {
		char name[MODULE_NAME_MAX];
		uint64_t taints;

		if (field_u64(k, module, F_module_taints, &taints) < 0 || !taints ||
		    module_name(k, module, name, sizeof(name)) < 0)
			continue;
		put_str(out, sep);
		put_escaped(out, name, strlen(name), "");
		sep = ", ";
		end = ")";
	}
	put_str(out, end);
}

static void put_taint(struct strbuf *out, struct kernel *k)
{
	char letters[TAINT_LETTERS + 1];
	uint64_t taints;

	if (kernel_taints(k, &taints) < 0)
		return;
	taint_letters(taints, letters);
	put_label(out, "TAINT");
	put_str(out, *letters ? letters : "none");
	put_foreign_modules(out, k);
	put_str(out, "\n");
}

static void put_machine(struct strbuf *out, struct kernel *k, const char *machine)
{
	uint64_t mhz;

	if (!*machine)
		return;
	put_label(out, "MACHINE");
	put_escaped(out, machine, strlen(machine), "");
	if (kernel_mhz(k, &mhz) >= 0 && mhz)
		put(out, "  (%lu Mhz)", mhz);
	put_str(out, "\n");
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

int gen_summary(struct render *r)
{
	struct dump *d = kernel_dump(r->k);
	struct strbuf *out = r->out;
	struct uts uts;
	int e;

	if (kernel_options(r->k)->vmlinux)
		put_row(out, "KERNEL", kernel_options(r->k)->vmlinux);
	put_files(out, d);
	put_cpus(out, r->k);
	e = put_date(out, r->k);
	if (e < 0)
		return e;
	put_uptime(out, r->k);
	put_load(out, r->k);
	e = put_tasks(out, r->k);
	if (e < 0)
		return e;
	kernel_uts(r->k, &uts);
	put_row(out, "NODENAME", uts.nodename);
	put_row(out, "RELEASE", uts.release);
	put_row(out, "VERSION", uts.version);
	put_machine(out, r->k, uts.machine);
	e = put_memory(out, d);
	if (e >= 0)
		e = put_panic(out, r->k);
	if (e < 0)
		return e;
	put_taint(out, r->k);
	return put_culprit(out, r->k);
}
