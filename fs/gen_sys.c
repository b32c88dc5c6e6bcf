/* The files at the top: what this tree is, and what crashed. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/pages.h"
#include "fs/text.h"
#include "fs/tree.h"
#include "kernel/log.h"
#include "kernel/regs.h"
#include "kernel/uts.h"

int gen_readme(struct render *r)
{
	const struct rule *rules;
	size_t n, width = 0;

	put_str(r->out,
		"This is the memory of a Linux kernel that crashed, as files. Begin with `summary` and\n"
		"`log`; then look on with ls, cat, grep, less, find, diff.\n"
		"\n"
		"Files are made when they are opened, so nothing costs anything until it is read. What\n"
		"is not in the dump is shown as not in the dump. A file that could not be made to its\n"
		"end has a last line that begins with `!!` and says why. Everything is read-only.\n"
		"\n"
		"Large binary files are in `memory`: leave it out of a search with\n"
		"`grep -r --exclude-dir=memory`. Where they have holes the dump has nothing.\n"
		"\n");
	rules = tree_rules(&n);
	for (size_t i = 0; i < n; i++)
		if (strlen(rules[i].path) > width)
			width = strlen(rules[i].path);
	for (size_t i = 0; i < n; i++)
		put(r->out, "%-*s  %s\n", (int)width, rules[i].path, rules[i].help);
	return 0;
}

int gen_vmcore_link(struct render *r)
{
	put_str(r->out, "memory/vmcore");
	return 0;
}

int gen_vmcoreinfo(struct render *r)
{
	const struct vmcoreinfo *vi;
	int e = kernel_vmcoreinfo(r->k, &vi);

	if (e < 0)
		return e;
	for (const char *line = vi->text, *end = line + vi->len, *eol; line < end; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol)
			eol = end;
		put_escaped(r->out, line, (size_t)(eol - line), "");
		put_str(r->out, "\n");
	}
	return 0;
}

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
	uint64_t t;
	int r = kernel_vmcoreinfo(k, &vi);

	if (r == -EINTR)
		return r;
	/* The dying kernel writes it with its registers. */
	if (r == 0 && vmcoreinfo_decimal(vi, "CRASHTIME", &t)) {
		put_label(out, "DATE");
		put_time(out, "", t);
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

/* Crash's banner, as far as it is known without types. */
int gen_summary(struct render *r)
{
	struct dump *d = kernel_dump(r->k);
	struct strbuf *out = r->out;
	size_t cpus = dump_facts(d)->nr_cpus;
	struct uts uts;
	int e;

	put_files(out, d);
	if (!cpus)
		cpus = regs_cpu_count(r->k);
	if (cpus) {
		put_label(out, "CPUS");
		put(out, "%zu\n", cpus);
	}
	e = put_date(out, r->k);
	if (e < 0)
		return e;
	kernel_uts(r->k, &uts);
	put_row(out, "NODENAME", uts.nodename);
	put_row(out, "RELEASE", uts.release);
	put_row(out, "VERSION", uts.version);
	put_row(out, "MACHINE", uts.machine);
	e = put_memory(out, d);
	return e < 0 ? e : put_panic(out, r->k);
}
