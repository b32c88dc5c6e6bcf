/* /dump: what the file is, and how much of memory is in it. */
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/dump/pages.h"
#include "fs/text.h"
#include "kernel/problems.h"

int gen_dump_format(struct render *r)
{
	struct dump *d = kernel_dump(r->k);
	const struct dump_facts *f = dump_facts(d);
	struct strbuf *out = r->out;

	for (size_t i = 0; i < dump_path_count(d); i++) {
		put(out, "%-15s ", i ? "" : "file");
		put_escaped(out, dump_path(d, i), strlen(dump_path(d, i)), "");
		put_str(out, "\n");
	}
	put(out, "format          %s%s\n", f->format, f->flattened ? ", flattened" : "");
	if (f->arch[0]) {
		put_str(out, "architecture    ");
		put_escaped(out, f->arch, strlen(f->arch), "");
		put_str(out, "\n");
	}
	if (f->machine)
		put(out, "ELF machine     %u\n", f->machine);
	if (f->nr_cpus)
		put(out, "CPUs            %u\n", f->nr_cpus);
	put(out, "page size       %u\n", f->page_size);
	put(out, "end of memory   %#lx\n", f->end);
	if (f->dump_level >= 0)
		put(out, "dump level      %d\n", f->dump_level);
	if (f->time)
		put_time(out, "written         ", f->time);
	put(out, "complete        %s\n", dump_incomplete(d) ? "no" : "yes");
	return 0;
}

int gen_dump_header(struct render *r)
{
	const struct strbuf *header = &dump_facts(kernel_dump(r->k))->header;

	put_bytes(r->out, header->data, header->len);
	return 0;
}

int gen_dump_problems(struct render *r)
{
	dump_problems(kernel_dump(r->k), r->out);
	return kernel_problems(r->k, r->out);
}

static const char *note_meaning(const struct note *n)
{
	static const struct {
		const char *name;
		uint32_t type;
		const char *meaning;
	} known[] = {
		{ "CORE", NOTE_PRSTATUS, "registers of a CPU" },
		{ "VMCOREINFO", 0, "see /vmcoreinfo" },
		{ "QEMU", 0, "CPU state as QEMU keeps it" },
		{ "LINUX", NOTE_VMCOREDD, "dump of a device driver" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (n->type == known[i].type && !strcmp(n->name, known[i].name))
			return known[i].meaning;
	return "";
}

int gen_dump_notes(struct render *r)
{
	const struct note *notes;
	size_t n = dump_notes(kernel_dump(r->k), &notes);

	put(r->out, "%-8s %-16s %10s %10s  %s\n", "NOTE", "NAME", "TYPE", "BYTES", "WHAT IT IS");
	for (size_t i = 0; i < n; i++) {
		STRBUF(name);

		put_escaped(&name, notes[i].name, strlen(notes[i].name), " ");
		put(r->out, "%-8zu %-16s %#10x %10u  %s\n", i, name.len ? name.data : "-",
		    notes[i].type, notes[i].desc_len, note_meaning(&notes[i]));
	}
	return 0;
}

/* What makedumpfile leaves out at each bit of the dump level. */
static void put_excluded_kinds(struct strbuf *out, int level)
{
	static const char *const kinds[] = { "zero pages", "page cache", "private page cache",
					     "user pages", "free pages" };
	const char *sep = " ";

	for (int bit = 0; bit < 5; bit++) {
		if (!(level & 1 << bit))
			continue;
		put(out, "%s%s (%d)", sep, kinds[bit], 1 << bit);
		sep = ", ";
	}
}

int gen_dump_pages(struct render *r)
{
	static const char *const meaning[PAGE_STATUSES] = {
		[PAGE_PRESENT] = "in the dump",
		[PAGE_ZERO] = "left out because they were zero: they read as zeros",
		[PAGE_EXCLUDED] = "memory that was not saved",
		[PAGE_NO_RAM] = "no memory at these addresses",
		[PAGE_TRUNCATED] = "was to be saved, but the dump ends before it",
	};
	struct dump *d = kernel_dump(r->k);
	const struct dump_facts *f = dump_facts(d);
	struct page_bytes bytes;
	int e = count_pages(d, &bytes);

	if (e < 0)
		return e;
	put(r->out, "%-10s %14s %20s  %s\n", "STATUS", "PAGES", "BYTES", "WHAT IT IS");
	for (enum page_status s = 0; s < PAGE_STATUSES; s++)
		put(r->out, "%-10s %14lu %20lu  %s\n", page_status_name(s),
		    bytes.of[s] / f->page_size, bytes.of[s], meaning[s]);
	put(r->out, "\npage size  %u\n", f->page_size);
	if (f->dump_level < 0)
		return 0;
	put(r->out, "dump level %d", f->dump_level);
	if (f->dump_level)
		put_str(r->out, ": left out are");
	put_excluded_kinds(r->out, f->dump_level);
	put_str(r->out, "\n");
	return 0;
}
