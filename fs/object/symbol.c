/* /symbols: what the kernel's names stand for; and how they were found. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"

/* The first of a name has it for itself; the others carry their address, but for those that are at the
 * same one. */
static void add_symbol(struct render *r, struct names *names, const struct symbol *s)
{
	char name[NAMES_LENGTH + 1];
	struct symbol found;

	if (!s->again)
		names_add(names, s->name, s->id);
	else if (snprintf(name, sizeof(name), "%s@%lx", s->name, s->addr) < (int)sizeof(name) &&
		 symbol_find(r->k, name, &found) == 0 && found.id == s->id)
		names_add(names, name, s->id);
}

static int add_symbols(struct render *r, struct names *names)
{
	uint64_t cursor = 0;
	struct symbol s;
	int e;

	while ((e = symbol_next(r->k, &cursor, &s)) > 0 && !cancelled())
		add_symbol(r, names, &s);
	return e < 0 ? e : 0;
}

static int find_symbol(struct render *r, const char *name, uint64_t *ret)
{
	struct symbol s;
	int e = symbol_find(r->k, name, &s);

	if (e < 0)
		return e;
	*ret = s.id;
	return 0;
}

const struct lister list_symbols = { .list = add_symbols, .lookup = find_symbol };

int gen_symbol_address(struct render *r)
{
	struct symbol s;
	int e = symbol_get(r->k, r->key[0].id, &s);

	if (e < 0)
		return e;
	put(r->out, "%#lx%s\n", s.addr, s.per_cpu ? " per CPU" : "");
	return 0;
}

int gen_symbol_size(struct render *r)
{
	struct symbol s;
	int e = symbol_get(r->k, r->key[0].id, &s);

	if (e < 0)
		return e;
	if (s.size)
		put(r->out, "%lu\n", s.size);
	else
		put(r->out, "unknown\n");
	return 0;
}

static const char *meaning(char kind)
{
	switch (tolower((unsigned char)kind)) {
	case 'a':
		return "absolute";
	case 'b':
		return "zeroed data";
	case 'd':
		return "data";
	case 'r':
		return "read-only data";
	case 't':
		return "text";
	case 'v':
	case 'w':
		return "weak";
	default:
		return "?";
	}
}

int gen_symbol_kind(struct render *r)
{
	struct symbol s;
	int e = symbol_get(r->k, r->key[0].id, &s);

	if (e < 0)
		return e;
	put_escaped(r->out, &s.kind, 1, "");
	put(r->out, " %s%s\n", isupper((unsigned char)s.kind) ? "global " : "", meaning(s.kind));
	return 0;
}

int gen_symbol_section(struct render *r)
{
	const char *section;
	struct symbol s;
	int e = symbol_get(r->k, r->key[0].id, &s);

	if (e < 0)
		return e;
	section = symbol_section(r->k, &s);
	put(r->out, "%s\n", section ? section : "unknown");
	return 0;
}

int gen_symbol_module(struct render *r)
{
	struct symbol s;
	int e = symbol_get(r->k, r->key[0].id, &s);

	if (e < 0)
		return e;
	if (s.module)
		put_escaped(r->out, s.module, strlen(s.module), "");
	else
		put(r->out, "vmlinux");
	put(r->out, "\n");
	return 0;
}

int gen_dump_translation(struct render *r)
{
	const struct space *s;
	int e = kernel_space(r->k, &s);

	if (e < 0)
		return e;
	put_bytes(r->out, s->evidence.data, s->evidence.len);
	symbols_evidence(r->k, r->out);
	return 0;
}
