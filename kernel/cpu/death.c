#include "kernel/cpu/death.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/log/log.h"
#include "kernel/cpu/panic.h"
#include "kernel/symbol/symbols.h"

/* What the log says when a kernel dies, the nearest to the cause first. Text that stands before the
 * mark belongs to the line: "Oops: general protection fault". */
static const struct {
	const char *mark, *kind; /* NULL: see panics[] */
} marks[] = {
	{ "sysrq: Trigger a crash", "sysrq" },
	{ "SysRq : Trigger a crash", "sysrq" },
	{ "Unable to handle kernel", "page fault" },
	{ "BUG: unable to handle", "page fault" },
	{ "BUG: kernel NULL pointer dereference", "page fault" },
	{ "kernel BUG at", "BUG()" },
	{ "stack guard page was hit", "stack overflow" },
	{ "Insufficient stack space", "stack overflow" },
	{ "general protection fault", "general protection fault" },
	{ "double fault:", "double fault" },
	{ "Internal error:", "exception" },
	{ "divide error:", "divide error" },
	{ "invalid opcode:", "invalid opcode" },
	{ "Kernel panic", NULL },
};

#define MARKS (sizeof(marks) / sizeof(marks[0]))

/* How panic() is told why. */
static const struct {
	const char *text, *kind;
} panics[] = {
	{ "sysrq triggered crash", "sysrq" },
	{ "hung_task: blocked tasks", "hung task" },
	{ "softlockup: hung tasks", "soft lockup" },
	{ "Hard LOCKUP", "hard lockup (NMI watchdog)" },
	{ "Watchdog detected hard LOCKUP", "hard lockup (NMI watchdog)" },
	{ "RCU Stall", "RCU stall" },
	{ "panic_on_warn set", "warning" },
	{ "achine check", "machine check" },
	{ "Attempted to kill init", "init exited" },
	{ "ut of memory", "out of memory" },
	{ "deadlocked on memory", "out of memory" },
	{ "Kernel stack is corrupted", "stack corruption" },
	{ "corrupted stack end", "stack overflow" },
	{ "kernel stack overflow", "stack overflow" },
	{ "VFS: Unable to mount root", "no root file system" },
	{ "NMI", "NMI" },
	{ "Fatal exception", "exception" },
};

/* Which exception the kernel's code handles, whatever the log says. */
static const struct {
	const char *entry, *kind;
} entries[] = {
	{ "page_fault", "page fault" },
	{ "async_page_fault", "page fault" },
	{ "general_protection", "general protection fault" },
	{ "invalid_op", "invalid opcode" },
	{ "divide_error", "divide error" },
	{ "double_fault", "double fault" },
	{ "stack_segment", "stack segment fault" },
	{ "segment_not_present", "segment not present" },
	{ "alignment_check", "alignment check" },
	{ "control_protection", "control protection fault" },
	{ "machine_check", "machine check" },
	{ "int3", "breakpoint" },
	{ "debug", "debug exception" },
};

/* What watchdogs report, which need not be the end. */
static const char *const reports[] = {
	"soft lockup - CPU",   "hard LOCKUP on cpu",	  "blocked for more than",
	"self-detected stall", "detected stalls on CPUs",
};

/* While the log is read. */
struct search {
	struct death *d;
	char place
		[300]; /* of the instruction, as the kernel prints it behind RIP: or pc; "" unknown */
	size_t rank;   /* in marks[], of what was found of the last death; MARKS: none */
	bool over;     /* the kernel went on, or stopped */
	bool has_place; /* the log has told where */
	bool sure;	/* it is that of the site */
};

static bool has(const struct log_record *rec, const char *text)
{
	return memmem(rec->text, rec->text_len, text, strlen(text)) != NULL;
}

/* What stands behind @label in the record; NULL: it does not have it. It ends with the record. */
static const char *behind(const struct log_record *rec, const char *label)
{
	const char *at = memmem(rec->text, rec->text_len, label, strlen(label));

	return at ? at + strlen(label) : NULL;
}

static void keep(struct strbuf *line, const struct log_record *rec, const char *from)
{
	line->len = 0;
	put_escaped(line, from, (size_t)(rec->text + rec->text_len - from), "");
}

static size_t rank_of(const struct log_record *rec)
{
	size_t i;

	for (i = 0; i < MARKS; i++)
		if (has(rec, marks[i].mark))
			break;
	return i;
}

static const char *kind_of_panic(const struct log_record *rec)
{
	for (size_t i = 0; i < sizeof(panics) / sizeof(panics[0]); i++)
		if (has(rec, panics[i].text))
			return panics[i].kind;
	return "panic";
}

/* The first of the best of the last death: what follows it is damage of the damage, what was before the
 * kernel has survived. */
static void look_for_mark(struct search *s, const struct log_record *rec)
{
	size_t rank = rank_of(rec);
	struct death *d = s->d;

	if (rank == MARKS || (s->over && has(rec, "Fatal exception")))
		return;
	if (s->over) {
		s->over = false;
		s->rank = MARKS;
		s->has_place = false;
		d->access.len = 0;
		d->has_address = false;
	}
	if (rank >= s->rank)
		return;
	s->rank = rank;
	d->kind = marks[rank].kind ? marks[rank].kind : kind_of_panic(rec);
	keep(&d->line, rec, rec->text);
}

/* 16 digits behind @label. */
static bool hex_behind(const struct log_record *rec, const char *label, uint64_t *ret)
{
	const char *at = behind(rec, label);
	char digits[17] = "";
	size_t left;

	if (!at)
		return false;
	left = (size_t)(rec->text + rec->text_len - at);
	memcpy(digits, at, left < 16 ? left : 16);
	if (strspn(digits, "0123456789abcdef") != 16)
		return false;
	*ret = strtoull(digits, NULL, 16);
	return true;
}

/* "for address: ", of older kernels "at ". Where the kernel prints it hashed, the register is
 * all there is; else it may be of a fault that came later: while the kernel looked at the code. */
static void look_for_address(struct search *s, const struct log_record *rec)
{
	struct death *d = s->d;

	if (d->has_address)
		return;
	if (!strcmp(d->kind, "page fault"))
		d->has_address = hex_behind(rec, "address: ", &d->address) ||
				 hex_behind(rec, "dereference at ", &d->address) ||
				 hex_behind(rec, "request at ", &d->address) ||
				 hex_behind(rec, "virtual address ", &d->address);
	else if (!strcmp(d->kind, "stack overflow") || !strcmp(d->kind, "double fault"))
		d->has_address = hex_behind(rec, "CR2: ", &d->address) ||
				 hex_behind(rec, "FAR: 0x", &d->address);
}

static void add_access(struct death *d, const char *text, size_t len)
{
	if (d->access.len)
		put_str(&d->access, ", ");
	put_escaped(&d->access, text, len, "");
}

/* "#PF: supervisor read access"; on arm64 fields: "FSC = 0x06: level 2 translation fault" and "WnR = 0". */
static void look_for_access(struct death *d, const struct log_record *rec)
{
	const char *end = rec->text + rec->text_len, *at = behind(rec, "#PF: ");

	if (!at && behind(rec, "FSC = 0x"))
		at = behind(rec, ": ");
	if (at)
		add_access(d, at, (size_t)(end - at));
	at = behind(rec, "WnR = ");
	if (at && at < end)
		add_access(d, *at == '1' ? "write" : "read", *at == '1' ? 5 : 4);
}

/* The first of each belongs to the first instruction that failed. */
static void look_for_details(struct search *s, const struct log_record *rec)
{
	if (!s->has_place)
		look_for_access(s->d, rec);
	look_for_address(s, rec);
	if (!has(rec, "RIP: ") && !has(rec, "pc : "))
		return;
	s->has_place = true;
	if (*s->place && has(rec, s->place))
		s->sure = true;
}

static int look_at(void *arg, const struct log_record *rec)
{
	struct search *s = arg;

	if (rec->facility)
		return 0;
	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
		if (has(rec, reports[i]))
			keep(&s->d->report, rec, rec->text);
	/* What comes after the death that is the site's is none of the same. */
	if (s->sure && s->over)
		return 0;
	look_for_mark(s, rec);
	if (s->rank < MARKS && !s->over)
		look_for_details(s, rec);
	if (has(rec, "---[ end "))
		s->over = true;
	return 0;
}

/* "crash_inner+0x5/0x10" */
static void print_place(struct kernel *k, const struct site *site, char *ret, size_t size)
{
	struct symbol s;

	ret[0] = 0;
	if (symbol_at(k, site->pc, &s) >= 0)
		snprintf(ret, size, "%s+0x%lx/0x%lx", s.name, site->pc - s.addr, s.size);
}

static int find_site(struct kernel *k, struct death *d)
{
	int r = panic_cpu(k, &d->cpu);
	uint64_t task;

	if (r >= 0)
		r = cpu_current(k, d->cpu, &task);
	if (r < 0)
		return r;
	d->task = task;
	r = site_of_cpu(k, d->cpu, &d->site);
	d->has_site = r >= 0;
	return r;
}

/* BUG() is an invalid opcode, and so on: the log knows more of an exception that it tells of too. */
static bool is_finer(const char *kind, const char *of)
{
	static const char *const pairs[][2] = { { "BUG()", "invalid opcode" },
						{ "warning", "invalid opcode" },
						{ "stack overflow", "double fault" },
						{ "stack overflow", "page fault" } };

	for (size_t i = 0; kind && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!strcmp(kind, pairs[i][0]) && !strcmp(of, pairs[i][1]))
			return true;
	return false;
}

static void settle_kind(struct death *d)
{
	const char *entry = d->has_site ? d->site.entry : NULL;

	if (!entry)
		return;
	if (!strncmp(entry, "asm_exc_", 8))
		entry += 8;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (!strcmp(entry, entries[i].entry) && !is_finer(d->kind, entries[i].kind))
			d->kind = entries[i].kind;
}

int death_find(struct kernel *k, struct death *ret)
{
	struct search s = { .d = ret, .rank = MARKS };
	int r;

	*ret = (struct death){ 0 };
	r = find_site(k, ret);
	if (r == -EINTR)
		return r;
	if (ret->has_site && ret->site.kind == SITE_EXCEPTION)
		print_place(k, &ret->site, s.place, sizeof(s.place));
	r = log_read(k, look_at, &s);
	settle_kind(ret);
	return r;
}

void death_fini(struct death *d)
{
	strbuf_fini(&d->line);
	strbuf_fini(&d->report);
	strbuf_fini(&d->access);
}
