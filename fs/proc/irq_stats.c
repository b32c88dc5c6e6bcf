#include "fs/proc/irq_stats.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/irq.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"

/* A line, and where its numbers are: a member of irq_stat, or a per-CPU variable of 4 bytes. */
static const struct line {
	const char *label, *text;
	enum field f;
	const char *variable;
	bool in_sum;  /* arch_irq_stat_cpu() adds it */
	bool if_used; /* without a count there is no such line */
} lines[] = {
	{ "NMI", "Non-maskable interrupts", F_irqstat_nmi, NULL, true, false },
	{ "LOC", "Local timer interrupts", F_irqstat_timer, NULL, true, false },
	{ "SPU", "Spurious interrupts", F_irqstat_spurious, NULL, true, false },
	{ "PMI", "Performance monitoring interrupts", F_irqstat_perf, NULL, true, false },
	{ "IWI", "IRQ work interrupts", F_irqstat_irq_work, NULL, true, false },
	{ "RTR", "APIC ICR read retries", F_irqstat_icr_read_retry, NULL, true, false },
	{ "PLT", "Platform interrupts", F_irqstat_platform, NULL, true, true },
	{ "RES", "Rescheduling interrupts", F_irqstat_resched, NULL, true, false },
	{ "CAL", "Function call interrupts", F_irqstat_call, NULL, true, false },
	{ "TLB", "TLB shootdowns", F_irqstat_tlb, NULL, false, false },
	{ "TRM", "Thermal event interrupts", F_irqstat_thermal, NULL, true, false },
	{ "THR", "Threshold APIC interrupts", F_irqstat_threshold, NULL, true, false },
	{ "DFR", "Deferred Error APIC interrupts", F_irqstat_deferred, NULL, false, false },
	{ "MCE", "Machine check exceptions", NR_FIELDS, "mce_exception_count", true, false },
	{ "MCP", "Machine check polls", NR_FIELDS, "mce_poll_count", true, false },
	{ "HYP", "Hypervisor callback interrupts", F_irqstat_hv_callback, NULL, true, true },
	{ "HRE", "Hyper-V reenlightenment interrupts", F_irqstat_hv_reenlightenment, NULL, true,
	  true },
	{ "HVS", "Hyper-V stimer0 interrupts", F_irqstat_hv_stimer0, NULL, true, true },
	{ "ERR", NULL, NR_FIELDS, "irq_err_count", false, false },
	{ "MIS", NULL, NR_FIELDS, "irq_mis_count", false, false },
	{ "PIN", "Posted-interrupt notification event", F_irqstat_posted, NULL, false, false },
	{ "NPI", "Nested posted-interrupt event", F_irqstat_posted_nested, NULL, false, false },
	{ "PIW", "Posted-interrupt wakeup event", F_irqstat_posted_wakeup, NULL, false, false },
};

#define IPIS_MAX 16

#define NR_LINES (sizeof(lines) / sizeof(lines[0]))

/* The address of the line's number, a per-CPU one. -ENOENT: this kernel has no such line. */
static int place_of(struct kernel *k, const struct line *l, uint64_t *ret)
{
	int r;

	if (l->f == NR_FIELDS)
		return symbol_addr(k, l->variable, ret);
	r = field_exists(k, l->f) ? symbol_addr(k, "irq_stat", ret)
				  : fail(-ENOENT, "no interrupts %s", l->label);
	return r < 0 ? r : field_addr(k, *ret, l->f, ret);
}

static int sum_members(struct kernel *k, uint64_t *ret)
{
	uint64_t sum = 0, at;
	int64_t n;
	int r;

	for (size_t i = 0; i < NR_LINES; i++) {
		r = lines[i].in_sum ? place_of(k, &lines[i], &at) : -ENOENT;
		if (r >= 0)
			r = percpu_sum(k, at, 4, &n);
		if (r < 0 && r != -ENOENT)
			return r;
		sum += r < 0 ? 0 : (uint64_t)n;
	}
	if (symbol_u64(k, "irq_err_count", 4, &at) >= 0)
		sum += at;
	*ret = sum;
	return 0;
}

static int put_line(struct strbuf *out, struct kernel *k, const struct line *l, uint64_t at,
		    int width, const char *gap)
{
	const struct cpus *c;
	uint64_t va, v;
	bool up;
	int r = cpus_get(k, &c);

	if (r >= 0 && !l->text) { /* one number for all */
		r = kernel_read_uint(k, at, 4, &v);
		if (r >= 0)
			put(out, "%*s: %10u\n", width, l->label, (unsigned int)v);
		return r;
	}
	put(out, "%*s: ", width, l->label);
	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = cpu_was_online(k, cpu, &up);
		if (r >= 0 && up)
			r = percpu_addr(k, at, cpu, &va);
		if (r >= 0 && up)
			r = kernel_read_uint(k, va, 4, &v);
		if (r >= 0 && up)
			put(out, "%10u ", (unsigned int)v);
	}
	put(out, "%s%s\n", gap, l->text);
	return r;
}

/* Is it of a vector that the kernel has taken, or of none? */
static int is_shown(struct kernel *k, const char *label, uint32_t vector, bool *ret)
{
	enum { NEVER = UINT32_MAX, VECTORS = 256 };
	uint64_t at, v = 1;
	int r = 0;

	*ret = vector != NEVER;
	if (!strcmp(label, "PLT"))
		r = symbol_u64(k, "x86_platform_ipi_callback", 8, &v);
	if (r >= 0 && vector && vector < VECTORS) {
		r = symbol_addr(k, "system_vectors", &at);
		if (r >= 0)
			r = kernel_read_uint(k, at + vector / 8, 1, &v);
		v = v >> vector % 8 & 1;
	}
	*ret &= v != 0;
	return r;
}

static int put_counted(struct strbuf *out, struct kernel *k, uint64_t info, uint64_t at, int width)
{
	struct line l = { .f = NR_FIELDS };
	char label[8], words[64];
	uint64_t vector, text;
	const char *begin;
	bool shown;
	int r = field_u64(k, info, F_irqstat_info_skip, &vector);

	if (r >= 0)
		r = field_u64(k, info, F_irqstat_info_text, &text);
	if (r >= 0 && text)
		r = field_str(k, info, F_irqstat_info_symbol, label, sizeof(label));
	if (r >= 0 && text)
		r = kernel_read_str(k, text, words, sizeof(words));
	if (r >= 0 && text)
		r = is_shown(k, label, (uint32_t)vector, &shown);
	if (r < 0 || !text || !shown)
		return r;
	begin = words + strspn(words, " ") - (words[0] == ' ');
	words[strcspn(words, "\n")] = 0;
	l.label = label;
	l.text = begin;
	return put_line(out, k, &l, at, width, "");
}

/* Since v7.2 the numbers are an array, and the kernel has a table of the lines. */
static int put_counts(struct strbuf *out, struct kernel *k, int width)
{
	uint64_t stat, info, n, size;
	int r = symbol_addr(k, "irq_stat", &stat);

	if (r >= 0)
		r = symbol_addr(k, "irq_stat_info", &info);
	if (r >= 0)
		r = field_addr(k, stat, F_irqstat_counts, &stat);
	if (r >= 0)
		r = field_count(k, F_irqstat_counts, &n);
	if (r >= 0)
		r = kernel_sizeof(k, "irq_stat_info", &size);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = put_counted(out, k, info + i * size, stat + 4 * i, width);
	return r;
}

static int sum_counts(struct kernel *k, uint64_t *ret)
{
	uint64_t stat, n;
	int64_t sum;
	int r = symbol_addr(k, "irq_stat", &stat);

	*ret = 0;
	if (r >= 0)
		r = field_addr(k, stat, F_irqstat_counts, &stat);
	if (r >= 0)
		r = field_count(k, F_irqstat_counts, &n);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = percpu_sum(k, stat + 4 * i, 4, &sum);
		*ret += r < 0 ? 0 : (uint64_t)sum;
	}
	return r;
}

bool irq_stats_are_ipis(struct kernel *k)
{
	uint64_t va;

	return symbol_addr(k, "ipi_types", &va) >= 0;
}

/* arm64's are interrupts like others, and counted with them. */
int irq_stats_sum(struct kernel *k, uint64_t *ret)
{
	*ret = 0;
	if (irq_stats_are_ipis(k))
		return 0;
	return field_exists(k, F_irqstat_counts) ? sum_counts(k, ret) : sum_members(k, ret);
}

static int put_ipi(struct strbuf *out, struct kernel *k, size_t i, uint64_t desc, int width)
{
	const struct cpus *c;
	uint64_t count;
	bool up;
	int r = cpus_get(k, &c);

	put(out, "%*s%zu:%s", width - 1, "IPI", i, width >= 4 ? " " : "");
	for (size_t cpu = 0; r >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		r = cpu_was_online(k, cpu, &up);
		if (r >= 0 && up)
			r = irq_count(k, desc, cpu, &count);
		if (r >= 0 && up)
			put(out, "%10u ", (unsigned int)count);
	}
	return r;
}

/* show_ipi_list(): the names are as many as there are of them. */
static int put_ipis(struct strbuf *out, struct kernel *k, int width)
{
	struct symbol names, descs;
	uint64_t text, desc;
	char words[64];
	int r = symbol_find(k, "ipi_types", &names);

	if (r >= 0)
		r = symbol_find(k, "ipi_desc", &descs);
	for (size_t i = 0; r >= 0 && i < IPIS_MAX && 8 * i < names.size; i++) {
		r = kernel_read_uint(k, names.addr + 8 * i, 8, &text);
		if (r < 0 || !text)
			break;
		r = kernel_read_uint(k, descs.addr + 8 * i, 8, &desc);
		if (r >= 0)
			r = kernel_read_str(k, text, words, sizeof(words));
		if (r >= 0)
			r = put_ipi(out, k, i, desc, width);
		if (r >= 0)
			put(out, "      %s\n", words);
	}
	if (r >= 0)
		r = symbol_u64(k, "irq_err_count", 8, &text);
	if (r >= 0)
		put(out, "%*s: %10lu\n", width, "Err", text);
	return r;
}

int put_irq_stats(struct strbuf *out, struct kernel *k, int width)
{
	uint64_t at;
	int64_t n;
	int r = 0;

	if (irq_stats_are_ipis(k))
		return put_ipis(out, k, width);
	if (field_exists(k, F_irqstat_counts))
		return put_counts(out, k, width);
	for (size_t i = 0; r >= 0 && i < NR_LINES; i++) {
		if (place_of(k, &lines[i], &at) < 0)
			continue;
		if (lines[i].if_used && (percpu_sum(k, at, 4, &n) < 0 || !n))
			continue;
		r = put_line(out, k, &lines[i], at, width, "  ");
	}
	return r;
}
