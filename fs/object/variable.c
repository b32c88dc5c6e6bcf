/* /symbols/<name>/{declaration,source,value} */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/object/variable.h"

static int describe(struct render *r, struct variable *ret)
{
	struct symbol s;
	int e = symbol_get(r->k, r->key[0].id, &s);

	return e < 0 ? e : variable_describe(r->k, &s, ret);
}

static void put_unknown(struct render *r, const struct variable *v)
{
	put(r->out, "unknown: %s\n", v->unknown[0] ? v->unknown : "not in the debug information");
}

int gen_symbol_declaration(struct render *r)
{
	struct variable v;
	int e = describe(r, &v);

	if (e < 0)
		return e;
	if (v.type)
		put_variable_declaration(r->out, &v);
	else
		put_unknown(r, &v);
	return 0;
}

int gen_symbol_source(struct render *r)
{
	struct variable v;
	int e = describe(r, &v);

	if (e < 0)
		return e;
	if (!*v.file) {
		put_unknown(r, &v);
		return 0;
	}
	put_escaped(r->out, v.file, strlen(v.file), "");
	if (v.line)
		put(r->out, ":%u", v.line);
	put_str(r->out, "\n");
	return 0;
}

int gen_symbol_value(struct render *r)
{
	struct variable v;
	int e = describe(r, &v);

	return e < 0 ? e : put_variable_value(r->out, r->k, &v);
}

bool has_symbol_value(struct render *r)
{
	struct symbol s;

	return symbol_get(r->k, r->key[0].id, &s) == 0 && symbol_is_variable(r->k, &s);
}
