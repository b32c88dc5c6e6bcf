/* /proc/kallsyms: the kernel's symbols, those of modules as their files have them, and what was made
 * since: trampolines and programs of BPF. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/code/runtime_code.h"
#include "kernel/fields.h"
#include "kernel/module/module.h"
#include "kernel/module/symbols.h"
#include "kernel/symbol/symbols.h"

#define SYMBOL_NAME_LEN 512

/* There are 200 000: no printf(). */
static void put_line(struct strbuf *out, uint64_t addr, char kind, const char *name,
		     const char *module)
{
	static const char digits[] = "0123456789abcdef";
	char head[19];

	for (int i = 0; i < 16; i++)
		head[i] = digits[addr >> (60 - 4 * i) & 15];
	head[16] = ' ';
	head[17] = kind;
	head[18] = ' ';
	put_bytes(out, head, sizeof(head));
	put_escaped(out, name, strlen(name), "");
	if (module) {
		put_str(out, "\t[");
		put_escaped(out, module, strlen(module), "");
		put_str(out, "]");
	}
	put_str(out, "\n");
}

static int put_kernel(struct render *r)
{
	uint64_t cursor = 0;
	struct symbol s;
	int e;

	while ((e = symbol_next(r->k, &cursor, &s)) > 0 && !s.module)
		put_line(r->out, s.addr, s.kind, s.name, NULL);
	return e;
}

static int put_module(struct render *r, uint64_t module)
{
	char name[MODULE_NAME_MAX];
	struct symtab t = { 0 };
	int e = module_name(r->k, module, name, sizeof(name));

	if (e >= 0)
		e = module_symbols(r->k, module, 0, true, &t);
	for (size_t i = 0; e >= 0 && i < t.n; i++)
		if (t.v[i].kind)
			put_line(r->out, t.v[i].addr, t.v[i].kind, symtab_name(&t, i), name);
	symtab_fini(&t);
	return e;
}

static int put_modules(struct render *r)
{
	struct list_walk w;
	uint64_t module;
	int e = modules_begin(&w, r->k);

	while (e >= 0 && (e = list_next(&w, &module)) > 0) {
		e = put_module(r, module);
		if (e == -ENOENT) /* the kernel keeps none of it */
			e = 0;
	}
	return e;
}

/* What the tracer kept of the functions that modules had for their initialisation. */
static int put_gone(struct render *r)
{
	char module[MODULE_NAME_MAX], name[SYMBOL_NAME_LEN];
	uint64_t head, map, of, func, ip;
	struct list_walk maps, funcs;
	int e = field_exists(r->k, F_ftrace_mod_map_list)
			? symbol_addr(r->k, "ftrace_mod_maps", &head)
			: -ENOENT;

	if (e < 0)
		return e == -ENOENT ? 0 : e;
	e = list_begin(&maps, r->k, head, F_ftrace_mod_map_list);
	while (e >= 0 && (e = list_next(&maps, &map)) > 0) {
		e = field_u64(r->k, map, F_ftrace_mod_map_mod, &of);
		if (e >= 0)
			e = module_name(r->k, of, module, sizeof(module));
		if (e >= 0)
			e = field_addr(r->k, map, F_ftrace_mod_map_funcs, &head);
		if (e >= 0)
			e = list_begin(&funcs, r->k, head, F_ftrace_mod_func_list);
		while (e >= 0 && (e = list_next(&funcs, &func)) > 0) {
			e = field_u64(r->k, func, F_ftrace_mod_func_ip, &ip);
			if (e >= 0)
				e = field_str(r->k, func, F_ftrace_mod_func_name, name,
					      sizeof(name));
			if (e >= 0)
				put_line(r->out, ip, 'T', name, module);
		}
	}
	return e;
}

static int put_made(void *arg, const struct runtime_code *code)
{
	put_line(arg, code->first, 't', code->name, code->owner);
	return 0;
}

int gen_proc_kallsyms(struct render *r)
{
	STRBUF(problems);
	int e = put_kernel(r);

	if (e >= 0)
		e = put_modules(r);
	if (e >= 0)
		e = put_gone(r);
	if (e >= 0)
		e = runtime_code(r->k, put_made, r->out, &problems);
	put_bytes(r->out, problems.data, problems.len);
	return e;
}
