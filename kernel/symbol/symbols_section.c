/* Which section a symbol of the kernel itself lies in, by the landmarks of vmlinux.lds that are symbols
 * themselves. The first row that holds it counts, so the narrow ones come before the wide. */
#include "kernel/symbol/symbols.h"

static const struct {
	const char *name, *start, *end;
} sections[] = {
	{ ".data..percpu", "__per_cpu_start", "__per_cpu_end" },
	{ ".init.text", "_sinittext", "_einittext" },
	{ ".entry.text", "__entry_text_start", "__entry_text_end" },
	{ ".noinstr.text", "__noinstr_text_start", "__noinstr_text_end" },
	{ ".sched.text", "__sched_text_start", "__sched_text_end" },
	{ ".text", "_text", "_etext" },
	{ ".BTF", "__start_BTF", "__stop_BTF" },
	{ ".notes", "__start_notes", "__stop_notes" },
	{ "__ex_table", "__start___ex_table", "__stop___ex_table" },
	{ "__ksymtab", "__start___ksymtab", "__stop___ksymtab" },
	{ "__ksymtab_gpl", "__start___ksymtab_gpl", "__stop___ksymtab_gpl" },
	{ "__param", "__start___param", "__stop___param" },
	{ ".orc_unwind_ip", "__start_orc_unwind_ip", "__stop_orc_unwind_ip" },
	{ ".orc_unwind", "__start_orc_unwind", "__stop_orc_unwind" },
	{ ".orc_lookup", "orc_lookup", "orc_lookup_end" },
	{ ".rodata", "__start_rodata", "__end_rodata" },
	{ ".init.data", "__init_begin", "__init_end" },
	{ ".bss", "__bss_start", "__bss_stop" },
	{ ".brk", "__brk_base", "__brk_limit" },
	{ ".data", "_sdata", "_edata" },
};

const char *symbol_section(struct kernel *k, const struct symbol *symbol)
{
	uint64_t start, end;

	if (symbol->module)
		return NULL;
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (symbol_addr(k, sections[i].start, &start) == 0 &&
		    symbol_addr(k, sections[i].end, &end) == 0 && symbol->addr >= start &&
		    symbol->addr < end)
			return sections[i].name;
	return NULL;
}
