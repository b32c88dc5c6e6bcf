/* The files at the top: what this tree is. */
#include <string.h>

#include "fs/gen.h"
#include "fs/tree.h"

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
	/* Whether it is so here takes more than this file may: /summary says it. */
	put_str(r->out,
		"A kernel without BTF (before 5.2, or built so) needs its VMLINUX with DWARF for all that\n"
		"takes types: tasks, modules, objects and most else; log, symbols, memory, dump and\n"
		"vmcore do without. `summary` says when it is missing.\n\n");
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

int gen_kcore_link(struct render *r)
{
	put_str(r->out, "memory/kcore");
	return 0;
}

/* In vmcorefs exec what is above /proc is the host's. */
int gen_proc_kcore(struct render *r)
{
	put(r->out, "%s/memory/kcore", r->root ? r->root : "..");
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
