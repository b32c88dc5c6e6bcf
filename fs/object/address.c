/* /address: all that is known of one address. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/object/address_parts.h"
#include "fs/object/address_text.h"
#include "fs/object/containing.h"
#include "fs/stack/code_text.h"
#include "fs/task/maps_text.h"
#include "fs/stack/stack_text.h"
#include "fs/task/task_key.h"
#include "kernel/cpu/cpu.h"
#include "kernel/debug/lines.h"
#include "kernel/object/expression.h"
#include "kernel/object/object.h"
#include "kernel/fields.h"
#include "kernel/module/module.h"
#include "kernel/mem/slab.h"
#include "kernel/mem/space.h"
#include "kernel/mem/vm_area.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"
#include "kernel/unwind/code.h"
#include "kernel/mem/user_mem.h"
#include "kernel/object/variable.h"

#define BYTES 64
#define ROW   16

static int find_address(struct render *r, const char *name, uint64_t *ret)
{
	struct expression e;
	int x = expression_parse(r->k, name, &e);

	*ret = 0;
	return x < 0 && x != -EINTR && x != -ENOMEM ? -ENOENT : x;
}

const struct lister list_address = { .lookup = find_address };

void address_key(struct subject *s, const char *key)
{
	put(s->r->out, "%12s: ", key);
}

static void put_name(struct strbuf *out, const char *name)
{
	put_escaped(out, name, strlen(name), "");
}

static int put_symbol_part(struct subject *s)
{
	const char *section;
	struct symbol sym;

	if (symbol_at(s->r->k, s->va, &sym) < 0)
		return 0;
	address_key(s, "SYMBOL");
	put_symbol(s->r->out, s->r->k, s->va);
	put(s->r->out, "  (%c, %lu bytes)\n", isprint((unsigned char)sym.kind) ? sym.kind : '?',
	    sym.size);
	section = symbol_section(s->r->k, &sym);
	if (section) {
		address_key(s, "SECTION");
		put(s->r->out, "%s\n", section);
	}
	return 0;
}

static int put_declaration_part(struct subject *s)
{
	struct symbol sym;
	struct variable v;
	int e;

	if (symbol_at(s->r->k, s->va, &sym) < 0)
		return 0;
	e = variable_describe(s->r->k, &sym, &v);
	if (e < 0)
		return e;
	if (v.type) {
		address_key(s, "DECLARED");
		put_variable_declaration(s->r->out, &v);
	}
	if (v.file[0]) {
		address_key(s, "IN");
		put_name(s->r->out, v.file);
		put(s->r->out, ":%u\n", v.line);
	}
	return 0;
}

/* The places that the code at the address comes from, innermost first. */
static int put_source_part(struct subject *s)
{
	const struct code_region *region;
	LINES(lines);
	int e;

	if (code_at(s->r->k, s->va, &region) < 0)
		return 0;
	e = lines_at(s->r->k, s->va, &lines);
	if (e <= 0)
		return e;
	for (size_t i = 0; i < lines->n; i++) {
		const struct source_line *l = &lines->v[i];

		if (!l->file)
			continue;
		address_key(s, i ? "CALLED AT" : "SOURCE");
		put_name(s->r->out, l->file);
		put(s->r->out, ":%u", l->line);
		if (l->function) {
			put_str(s->r->out, "  in ");
			put_name(s->r->out, l->function);
		}
		put_str(s->r->out, "\n");
	}
	return 0;
}

/* The last of the sections that begin in that part of the module's memory, not behind the address. */
static void put_module_section(struct subject *s, uint64_t module, const struct module_region *in)
{
	char name[MODULE_NAME_MAX], best[MODULE_NAME_MAX] = "";
	uint64_t at, best_at = in->base;
	size_t n;

	if (module_section_count(s->r->k, module, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (module_section(s->r->k, module, i, name, sizeof(name), &at) < 0 || at > s->va ||
		    at < best_at)
			continue;
		memcpy(best, name, sizeof(best));
		best_at = at;
	}
	if (!*best)
		return;
	address_key(s, "SECTION");
	put_name(s->r->out, best);
	put(s->r->out, "  %#lx bytes in\n", s->va - best_at);
}

static int put_module_part(struct subject *s)
{
	struct module_region regions[MODULE_REGIONS_MAX];
	char name[MODULE_NAME_MAX];
	struct list_walk w;
	uint64_t module;
	size_t n;
	int e = modules_begin(&w, s->r->k);

	while (e >= 0 && (e = list_next(&w, &module)) > 0) {
		if (module_regions(s->r->k, module, regions, &n) < 0)
			continue;
		for (size_t i = 0; i < n; i++) {
			if (s->va - regions[i].base >= regions[i].size ||
			    module_name(s->r->k, module, name, sizeof(name)) < 0)
				continue;
			address_key(s, "MODULE");
			put_name(s->r->out, name);
			put(s->r->out, "  %s, %#lx bytes in\n", regions[i].name,
			    s->va - regions[i].base);
			put_module_section(s, module, &regions[i]);
			return 0;
		}
	}
	return e == -EINTR || e == -ENOMEM ? e : 0;
}

static int put_stack_part(struct subject *s)
{
	char comm[TASK_COMM_LEN];
	struct stack_place p;
	int e = stack_find(s->r->k, s->va, &p);

	if (e < 0)
		return e == -EINTR || e == -ENOMEM ? e : 0;
	address_key(s, "STACK");
	if (p.task) {
		put(s->r->out, "of task %u \"", p.pid);
		if (task_comm(s->r->k, p.task, comm) >= 0)
			put_name(s->r->out, comm);
		put(s->r->out, "\" at %lx", p.task);
	} else {
		put(s->r->out, "of CPU %zu, %s", p.cpu, p.stack.name ? p.stack.name : "stack");
	}
	put(s->r->out, ", %#lx bytes below its top\n", p.stack.end - s->va);
	address_key(s, "FRAME");
	e = put_frame_at(s->r->out, s->r->k, &p, s->va);
	put_str(s->r->out, "\n");
	return e;
}

static int put_per_cpu_part(struct subject *s)
{
	const struct cpus *cpus;
	struct symbol sym;
	int e = cpus_get(s->r->k, &cpus);

	for (size_t cpu = 0; e >= 0 && cpu < cpus->nr; cpu++) {
		uint64_t at = s->va - cpus->offset[cpu];

		if (!cpu_is_in(&cpus->possible, cpu) || !cpus->offset[cpu] ||
		    symbol_per_cpu_at(s->r->k, at, &sym) < 0)
			continue;
		address_key(s, "PER CPU");
		put_name(s->r->out, sym.name);
		if (at != sym.addr)
			put(s->r->out, "+%#lx", at - sym.addr);
		put(s->r->out, " of CPU %zu\n", cpu);
		return 0;
	}
	return e == -EINTR || e == -ENOMEM ? e : 0;
}

/* Which member of the structure it is, or is in. */
static void put_path_in(struct subject *s, const char *type, uint64_t start)
{
	struct object o = { .addr = start };
	STRBUF(path);

	if (s->va == start || object_type(s->r->k, type, strlen(type), &o.type) < 0)
		return;
	put_object_path(&path, &o, s->va);
	if (path.len)
		put(s->r->out, "  %s", path.data);
}

static int put_slab_part(struct subject *s)
{
	char cache[SLAB_NAME_MAX];
	struct slab_object o;
	const char *type;
	int e;

	if (slab_cache_name(s->r->k, s->va, cache) < 0)
		return 0;
	address_key(s, "SLAB");
	put_name(s->r->out, cache);
	put_str(s->r->out, "\n");
	e = slab_object_at(s->r->k, s->va, &o);
	if (e == -ENOENT)
		return 0;
	address_key(s, "OBJECT");
	if (e < 0) {
		put(s->r->out, "unknown: %s\n", why());
		return e == -EINTR || e == -ENOMEM ? e : 0;
	}
	put(s->r->out, "%lx+%#lx, of %lu bytes, %s\n", o.start, s->va - o.start,
	    o.cache.object_size, o.is_free ? "free" : "in use");
	if (slab_cache_type(s->r->k, &o.cache, &type) >= 0) {
		address_key(s, "IT IS");
		put(s->r->out, "%s@%lx", type, o.start);
		put_path_in(s, type, o.start);
		put_str(s->r->out, "\n");
	}
	return 0;
}

static int put_area_part(struct subject *s)
{
	struct vm_area a;
	int e = vm_area_at(s->r->k, s->va, &a);

	if (e < 0)
		return e == -EINTR || e == -ENOMEM ? e : 0;
	address_key(s, "AREA");
	put(s->r->out, "%lx-%lx, %lu bytes,", a.start, a.end, a.end - a.start);
	if (!a.vm)
		put_str(s->r->out, " vm_map_ram");
	put_vm_area_kind(s->r->out, a.flags);
	if (a.nr_pages)
		put(s->r->out, ", %u pages", (unsigned int)a.nr_pages);
	if (a.phys)
		put(s->r->out, ", physical %lx", a.phys);
	if (a.caller) {
		put_str(s->r->out, ", by ");
		put_symbol(s->r->out, s->r->k, a.caller);
	}
	put_str(s->r->out, "\n");
	return 0;
}

static void put_entry(void *arg, const struct pt_level *level, uint64_t at, uint64_t entry)
{
	struct subject *s = arg;

	address_key(s, level->name);
	put(s->r->out, "%016lx at %lx\n", entry, at);
}

static int put_tables_part(struct subject *s)
{
	struct dump *d = kernel_dump(s->r->k);
	const struct space *space = s->space;
	struct mapping m;
	int e;

	if (!space->pt)
		return 0;
	e = pgtable_trace(d, space->pt, space->root, space->clear, s->va, put_entry, s, &m);
	if (e == -EINTR || e == -ENOMEM)
		return e;
	address_key(s, "MAPPED");
	if (e < 0)
		put(s->r->out, "unknown: %s\n", why());
	else if (m.kind == MAP_RAM)
		put(s->r->out, "to physical %#lx by a page of %lu KiB\n", m.pa,
		    (1ul << m.shift) / 1024);
	else
		put_str(s->r->out, m.kind == MAP_SWAPPED ? "swapped out\n" : "no\n");
	return 0;
}

static int put_physical_part(struct subject *s)
{
	struct extent extent;
	uint64_t left;
	int e;

	if (!s->has_physical &&
	    space_translate(s->space, kernel_dump(s->r->k), s->va, &s->pa, &left) >= 0)
		s->has_physical = true;
	if (!s->has_physical)
		return 0;
	address_key(s, "PHYSICAL");
	e = dump_extent(kernel_dump(s->r->k), s->pa, &extent);
	if (e >= 0)
		put(s->r->out, "%lx, %s\n", s->pa, page_status_name(extent.status));
	return e;
}

static int put_code_part(struct subject *s)
{
	const struct code_region *region;
	int e;

	if (code_at(s->r->k, s->va, &region) < 0)
		return 0;
	put_str(s->r->out, "\n");
	e = put_code_around(s->r->out, s->r->k, s->va, true);
	return e == -EINTR || e == -ENOMEM ? e : 0;
}

static void put_row(struct strbuf *out, uint64_t va, const unsigned char *bytes, size_t n)
{
	put(out, "%016lx: ", va);
	for (size_t i = 0; i < ROW; i++) {
		if (i < n)
			put(out, " %02x", bytes[i]);
		else
			put_str(out, "   ");
	}
	put_str(out, "  ");
	for (size_t i = 0; i < n; i++)
		put(out, "%c", bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.');
	put_str(out, "\n");
}

static void put_word(struct subject *s, uint64_t va, uint64_t word)
{
	char buf[VALUE_KIND_MAX];
	const char *kind = value_kind(word, buf);

	put(s->r->out, "%016lx:  %016lx", va, word);
	if (kind) {
		put(s->r->out, "  %s", kind);
	} else if (word >> 63) {
		put_str(s->r->out, "  ");
		put_address_kind(s->r->out, s->r->k, word);
	}
	put_str(s->r->out, "\n");
}

static size_t read_bytes(struct subject *s, unsigned char bytes[BYTES])
{
	if (s->va)
		return space_read_some(s->space, kernel_dump(s->r->k), s->va, bytes, BYTES);
	return s->has_physical && dump_read(kernel_dump(s->r->k), s->pa, bytes, BYTES) >= 0 ? BYTES
											    : 0;
}

static int put_bytes_part(struct subject *s)
{
	uint64_t va = s->va ? s->va : s->pa, word;
	unsigned char bytes[BYTES];
	size_t n = read_bytes(s, bytes);

	put_str(s->r->out, "\n");
	for (size_t i = 0; i < n; i += ROW)
		put_row(s->r->out, va + i, bytes + i, n - i < ROW ? n - i : ROW);
	if (va % 8 == 0 && n >= 8)
		put_str(s->r->out, "\n");
	for (size_t i = 0; va % 8 == 0 && i + 8 <= n; i += 8) {
		memcpy(&word, bytes + i, 8);
		put_word(s, va + i, le64toh(word));
	}
	/* That nothing is mapped has been said. */
	if (n == BYTES || (!n && !s->has_physical))
		return 0;
	return fail(-ENODATA, "%#lx: %s", va + n, why());
}

typedef int part_fn(struct subject *s);

/* In the order in which one looks at them. Each writes what there is of its kind. */
static part_fn *const parts[] = {
	put_symbol_part,   put_declaration_part, put_source_part, put_module_part, put_per_cpu_part,
	put_stack_part,	   put_area_part,	 put_slab_part,	  address_of_page, put_tables_part,
	put_physical_part, address_page,	 put_code_part,	  put_bytes_part,
};

/* Those of them that tell what it is a part of. */
static part_fn *const containing_parts[] = {
	put_symbol_part, put_module_part, put_per_cpu_part, put_stack_part,
	put_area_part,	 put_slab_part,	  address_of_page,
};

static part_fn *const user_parts[] = {
	put_tables_part,
	put_physical_part,
	address_page,
	put_bytes_part,
};

static int put_parts(struct subject *s, part_fn *const *part, size_t n)
{
	int e = 0;

	for (size_t i = 0; e >= 0 && i < n; i++)
		e = part[i](s);
	return e;
}

/* Where the kernel maps all memory; 0: nowhere. */
static uint64_t direct_of(struct kernel *k, uint64_t pa)
{
	const struct space *s;

	if (kernel_space(k, &s) < 0 || !s->direct.last || pa - s->direct.delta < s->direct.first ||
	    pa - s->direct.delta > s->direct.last)
		return 0;
	return pa - s->direct.delta;
}

int put_containing(struct render *r, uint64_t va)
{
	struct subject s = { .r = r, .va = va };
	size_t before = r->out->len;
	int e = put_parts(&s, containing_parts,
			  sizeof(containing_parts) / sizeof(containing_parts[0]));

	if (e >= 0 && r->out->len == before)
		put_str(r->out, "unknown\n");
	return e;
}

int gen_address(struct render *r)
{
	struct subject s = { .r = r };
	struct expression x;
	int e = expression_parse(r->k, r->key[0].name, &x);

	if (e >= 0)
		e = kernel_space(r->k, &s.space);
	if (e < 0)
		return e;
	s.va = x.physical ? direct_of(r->k, x.addr) : x.addr;
	s.has_physical = x.physical;
	s.pa = x.physical ? x.addr : 0;
	address_key(&s, "ADDRESS");
	if (s.va)
		put(r->out, "%lx\n", s.va);
	else
		put(r->out, "physical %lx\n", s.pa);
	return put_parts(&s, parts, sizeof(parts) / sizeof(parts[0]));
}

static int find_user_address(struct render *r, const char *name, uint64_t *ret)
{
	char *end;

	(void)r;
	if (name[0] == '0' && (name[1] | 32) == 'x')
		name += 2;
	*ret = strtoull(name, &end, 16);
	if (!isxdigit((unsigned char)*name) || *end || strlen(name) > 16 || *ret >> 63)
		return fail(-ENOENT, "%s: no address of user space", name);
	return 0;
}

const struct lister list_task_address = { .lookup = find_user_address };

/* The task's own address space; the id of the last key is the address. */
int gen_task_address(struct render *r)
{
	struct subject s = { .r = r, .va = key_task(r) };
	uint64_t task = key_task_above(r, 1), mm;
	struct user_mem mem;
	int e = task_own_mm(r->k, task, &mm);

	if (e < 0)
		return e;
	address_key(&s, "ADDRESS");
	put(r->out, "%lx\n", s.va);
	if (!mm)
		return fail(-ENOENT, "the task has no memory of its own");
	address_key(&s, "VMA");
	e = put_mapping_at(r->out, r->k, task, s.va);
	if (e == -ENOENT)
		put_str(r->out, "none\n");
	else if (e < 0)
		return e;
	e = user_mem_of(r->k, mm, &mem);
	if (e < 0)
		return e;
	s.space = &mem.space;
	return put_parts(&s, user_parts, sizeof(user_parts) / sizeof(user_parts[0]));
}
