#include "kernel/kernel.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/arch.h"
#include "kernel/object/container.h"
#include "kernel/cpu/cpu.h"
#include "kernel/debug/cfi.h"
#include "kernel/debug/debuginfo.h"
#include "kernel/debug/indexes.h"
#include "kernel/debug/lines.h"
#include "kernel/code/disasm.h"
#include "kernel/fields.h"
#include "kernel/sys/keys.h"
#include "kernel/lazy.h"
#include "kernel/mem/slab.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"
#include "kernel/typeinfo.h"
#include "kernel/unwind/code.h"
#include "kernel/symbol/vmlinux.h"

struct kernel {
	struct dump *dump;
	struct kernel_options options;
	struct lazy arch_once, space_once;
	const struct arch *arch;
	struct space space;
	struct objfile *vmlinux;
	struct lazy types_once;
	struct types *own_types;   /* to be closed */
	const struct types *types; /* these, or those of another */
	struct fields *fields;
#define PART(name) struct name *name;
#include "kernel/parts.def"
#undef PART
};

static bool make_parts(struct kernel *k)
{
	bool whole = true;

#define PART(name)               \
	k->name = name##_new(k); \
	whole = whole && k->name;
#include "kernel/parts.def"
#undef PART
	return whole;
}

static void free_parts(struct kernel *k)
{
#define PART(name) name##_free(k->name);
#include "kernel/parts.def"
#undef PART
}

/* It serves before it is known to fit: to tell that may take its symbols, which are made but once. */
static int open_vmlinux(struct kernel *k)
{
	int r;

	if (!k->options.vmlinux || k->options.no_debuginfo)
		return 0;
	r = objfile_open(k->options.vmlinux, &k->vmlinux);
	return r < 0 || k->options.force ? r : vmlinux_fits(k, k->vmlinux);
}

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
	if (!make_parts(k)) {
		kernel_close(k);
		return fail(-ENOMEM, "kernel");
	}
	r = open_vmlinux(k);
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
	objfile_close(k->vmlinux);
	free_parts(k);
	fields_close(k->fields);
	types_close(k->own_types);
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

unsigned int kernel_page_shift(struct kernel *k)
{
	const struct space *s;

	return kernel_space(k, &s) >= 0 && s->page_shift ? s->page_shift : 12;
}

uint64_t kernel_page_size(struct kernel *k)
{
	return 1ull << kernel_page_shift(k);
}

static int make_types(void *arg)
{
	struct kernel *k = arg;

	return k->types ? 0 : typeinfo_kernel(k, &k->own_types, &k->types);
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
	types_close(k->own_types);
	k->types = k->own_types = ts;
}

struct fields *kernel_fields(struct kernel *k)
{
	return k->fields;
}

#define PART(name)                                   \
	struct name *kernel_##name(struct kernel *k) \
	{                                            \
		return k->name;                      \
	}
#include "kernel/parts.def"
#undef PART

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
	*ret = (struct space){ .pt = s->pt->user ? s->pt->user : s->pt,
			       .root = root,
			       .clear = s->clear };
	return 0;
}
