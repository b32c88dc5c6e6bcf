#include "kernel/kernel.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/arch.h"
#include "kernel/cpu.h"
#include "kernel/fields.h"
#include "kernel/keys.h"
#include "kernel/lazy.h"
#include "kernel/space.h"
#include "kernel/symbols.h"
#include "kernel/typeinfo.h"
#include "kernel/unwind/code.h"
#include "kernel/vmlinux.h"

struct kernel {
	struct dump *dump;
	struct kernel_options options;
	struct lazy arch_once, space_once;
	const struct arch *arch;
	struct space space;
	struct symbols *symbols;
	struct objfile *vmlinux;
	struct lazy types_once;
	struct types *types;
	struct typeinfo *typeinfo;
	struct fields *fields;
	struct cpu_facts *cpu_facts;
	struct code *code;
	struct keys *keys;
};

int kernel_open(struct dump *d, const struct kernel_options *options, struct kernel **ret)
{
	struct kernel *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return fail(-ENOMEM, "kernel");
	r = fields_open(&k->fields);
	if (r < 0) {
		free(k);
		return r;
	}
	k->dump = d;
	if (options)
		k->options = *options;
	lazy_init(&k->arch_once);
	lazy_init(&k->space_once);
	lazy_init(&k->types_once);
	k->symbols = symbols_new(k);
	k->cpu_facts = cpu_facts_new(k);
	k->code = code_new(k);
	k->keys = keys_new(k);
	k->typeinfo = typeinfo_new(k);
	if (!k->symbols || !k->cpu_facts || !k->code || !k->keys || !k->typeinfo) {
		kernel_close(k);
		return fail(-ENOMEM, "kernel");
	}
	r = k->options.vmlinux && !k->options.no_debuginfo ? vmlinux_open(k, &k->vmlinux) : 0;
	if (r < 0) {
		kernel_close(k);
		return r;
	}
	*ret = k;
	return 0;
}

void kernel_close(struct kernel *k)
{
	if (!k)
		return;
	lazy_fini(&k->arch_once);
	lazy_fini(&k->space_once);
	lazy_fini(&k->types_once);
	space_fini(&k->space);
	symbols_free(k->symbols);
	objfile_close(k->vmlinux);
	cpu_facts_free(k->cpu_facts);
	code_free(k->code);
	keys_free(k->keys);
	fields_close(k->fields);
	typeinfo_free(k->typeinfo);
	types_close(k->types);
	free(k);
}

struct dump *kernel_dump(const struct kernel *k)
{
	return k->dump;
}

const struct kernel_options *kernel_options(const struct kernel *k)
{
	return &k->options;
}

struct objfile *kernel_vmlinux(struct kernel *k)
{
	return k->vmlinux;
}

struct symbols *kernel_symbols(struct kernel *k)
{
	return k->symbols;
}

static int make_arch(void *arg)
{
	struct kernel *k = arg;

	return arch_of_dump(k->dump, &k->arch);
}

int kernel_arch(struct kernel *k, const struct arch **ret)
{
	int r = lazy_get(&k->arch_once, make_arch, k);

	if (r < 0)
		return r;
	*ret = k->arch;
	return 0;
}

static int make_space(void *arg)
{
	struct kernel *k = arg;
	const struct arch *arch;
	int r = kernel_arch(k, &arch);

	if (r < 0)
		return r;
	/* An attempt that was interrupted has left its half. */
	space_fini(&k->space);
	k->space = (struct space){ 0 };
	r = arch->bring_up(k->dump, &k->space);
	return r < 0 ? within(r, "translation") : 0;
}

int kernel_space(struct kernel *k, const struct space **ret)
{
	int r = lazy_get(&k->space_once, make_space, k);

	if (r < 0)
		return r;
	*ret = &k->space;
	return 0;
}

static int make_types(void *arg)
{
	struct kernel *k = arg;

	return k->types ? 0 : typeinfo_kernel(k, &k->types);
}

int kernel_types(struct kernel *k, const struct types **ret)
{
	int r = lazy_get(&k->types_once, make_types, k);

	if (r < 0)
		return r;
	*ret = k->types;
	return 0;
}

void kernel_give_types(struct kernel *k, struct types *ts)
{
	types_close(k->types);
	k->types = ts;
}

struct typeinfo *kernel_typeinfo(struct kernel *k)
{
	return k->typeinfo;
}

struct fields *kernel_fields(struct kernel *k)
{
	return k->fields;
}

struct cpu_facts *kernel_cpu_facts(struct kernel *k)
{
	return k->cpu_facts;
}

struct code *kernel_code(struct kernel *k)
{
	return k->code;
}

struct keys *kernel_keys(struct kernel *k)
{
	return k->keys;
}

int kernel_read(struct kernel *k, uint64_t va, void *buf, size_t len)
{
	const struct space *s;
	int r = kernel_space(k, &s);

	return r < 0 ? r : space_read(s, k->dump, va, buf, len);
}

int kernel_read_uint(struct kernel *k, uint64_t va, size_t size, uint64_t *ret)
{
	unsigned char raw[8] = { 0 };
	int r = kernel_read(k, va, raw, size);

	if (r < 0)
		return r;
	*ret = load_le64(raw);
	return 0;
}

int kernel_user_space(struct kernel *k, uint64_t pgd, struct space *ret)
{
	const struct space *s;
	uint64_t root, left;
	int r = kernel_space(k, &s);

	if (r < 0)
		return r;
	if (!s->pt)
		return fail(-ENOENT, "the form of the page tables is not known");
	r = space_translate(s, k->dump, pgd, &root, &left);
	if (r < 0)
		return within(r, "page tables of a task");
	*ret = (struct space){ .pt = s->pt, .root = root, .clear = s->clear };
	return 0;
}
