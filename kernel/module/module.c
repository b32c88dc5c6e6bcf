#include "kernel/module/module.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/cpu/cpu.h"
#include "kernel/symbol/symbols.h"

#define NOTE_MAX 64 /* a build-id has 20 bytes, its note 36 */

int modules_begin(struct list_walk *w, struct kernel *k)
{
	uint64_t head;
	int r = symbol_addr(k, "modules", &head);

	return r < 0 ? r : list_begin(w, k, head, F_module_list);
}

int module_name(struct kernel *k, uint64_t module, char *ret, size_t size)
{
	return field_str(k, module, F_module_name, ret, size);
}

static void add_region(struct module_region *ret, size_t *n, const char *name, uint64_t base,
		       uint64_t start, uint64_t end)
{
	if (base && start < end)
		ret[(*n)++] = (struct module_region){ name, base + start, end - start };
}

/* ac3b43283923 (v6.4): an array by enum mod_mem_type. */
static int regions_of_array(struct kernel *k, uint64_t module, struct module_region *ret,
			    size_t *ret_n)
{
	static const struct {
		const char *type, *name;
	} types[] = {
		{ "MOD_TEXT", "text" },
		{ "MOD_DATA", "data" },
		{ "MOD_RODATA", "rodata" },
		{ "MOD_RO_AFTER_INIT", "ro_after_init" },
		{ "MOD_INIT_TEXT", "init text" },
		{ "MOD_INIT_DATA", "init data" },
		{ "MOD_INIT_RODATA", "init rodata" },
	};
	uint64_t mem, stride, total, i, base, size;
	size_t n = 0;
	int r = field_addr(k, module, F_module_mem, &mem);

	if (r < 0)
		return r;
	r = field_size(k, F_module_mem, &total);
	if (r < 0)
		return r;
	r = kernel_sizeof(k, "module_memory", &stride);
	if (r < 0)
		return r;
	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		r = kernel_enumerator(k, types[t].type, &i);
		if (r < 0 || i >= total / stride)
			continue;
		r = field_u64(k, mem + i * stride, F_module_memory_base, &base);
		if (r < 0)
			return r;
		r = field_u64(k, mem + i * stride, F_module_memory_size, &size);
		if (r < 0)
			return r;
		add_region(ret, &n, types[t].name, base, 0, size);
	}
	*ret_n = n;
	return 0;
}

/* Read members that some kernels lack: those are 0. */
static int read_some(struct kernel *k, uint64_t addr, const enum field *f, size_t n, uint64_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		int r;

		ret[i] = 0;
		if (!field_exists(k, f[i]))
			continue;
		r = field_u64(k, addr, f[i], &ret[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One block for what stays, text first, then what is read-only; one for initialisation. */
static int regions_of_layout(struct kernel *k, uint64_t module, struct module_region *ret,
			     size_t *ret_n)
{
	enum { BASE, SIZE, TEXT, RO, AFTER_INIT, DATA, DATA_SIZE, INIT, INIT_SIZE, PARTS };
	static const enum field fields[PARTS] = {
		[BASE] = F_module_base,
		[SIZE] = F_module_core_size,
		[TEXT] = F_module_core_text_size,
		[RO] = F_module_core_ro_size,
		[AFTER_INIT] = F_module_core_ro_after_init_size,
		[DATA] = F_module_data_base,
		[DATA_SIZE] = F_module_data_size,
		[INIT] = F_module_init_base,
		[INIT_SIZE] = F_module_init_size,
	};
	uint64_t v[PARTS];
	size_t n = 0;
	int r = read_some(k, module, fields, PARTS, v);

	if (r < 0)
		return r;
	/* Parts that a kernel does not know, or that are torn, are no parts. */
	if (v[TEXT] > v[SIZE])
		v[TEXT] = v[SIZE];
	if (v[RO] < v[TEXT] || v[RO] > v[SIZE])
		v[RO] = v[TEXT];
	if (v[AFTER_INIT] < v[RO] || v[AFTER_INIT] > v[SIZE])
		v[AFTER_INIT] = v[RO];
	add_region(ret, &n, "text", v[BASE], 0, v[TEXT]);
	add_region(ret, &n, "rodata", v[BASE], v[TEXT], v[RO]);
	add_region(ret, &n, "ro_after_init", v[BASE], v[RO], v[AFTER_INIT]);
	add_region(ret, &n, "data", v[BASE], v[AFTER_INIT], v[SIZE]);
	add_region(ret, &n, "data", v[DATA], 0, v[DATA_SIZE]);
	add_region(ret, &n, "init", v[INIT], 0, v[INIT_SIZE]);
	*ret_n = n;
	return 0;
}

int module_regions(struct kernel *k, uint64_t module, struct module_region ret[MODULE_REGIONS_MAX],
		   size_t *ret_n)
{
	return field_exists(k, F_module_mem) ? regions_of_array(k, module, ret, ret_n)
					     : regions_of_layout(k, module, ret, ret_n);
}

int module_size(struct kernel *k, uint64_t module, uint64_t *ret)
{
	struct module_region regions[MODULE_REGIONS_MAX];
	uint64_t size = 0;
	size_t n;
	int r = module_regions(k, module, regions, &n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		size += regions[i].size;
	*ret = size;
	return 0;
}

int module_base(struct kernel *k, uint64_t module, uint64_t *ret)
{
	return field_u64(k, module, F_module_base, ret);
}

int module_state(struct kernel *k, uint64_t module, const char **ret)
{
	static const char *const states[] = { "live", "coming", "going", "unformed" };
	uint64_t state;
	int r = field_u64(k, module, F_module_state, &state);

	if (r < 0)
		return r;
	if (state >= sizeof(states) / sizeof(states[0]))
		return fail(-EBADMSG, "state %#lx is none", state);
	*ret = states[state];
	return 0;
}

/* Taken and given back are counted apart, on any CPU; a module that cannot be unloaded counts nothing. */
static int refcnt_per_cpu(struct kernel *k, uint64_t module, int64_t *ret)
{
	uint64_t refptr, incs, decs;
	int64_t up, down;
	int r = field_u64(k, module, F_module_refptr, &refptr);

	*ret = 0;
	if (r < 0 || !refptr)
		return r;
	r = field_addr(k, refptr, F_module_ref_incs, &incs);
	if (r >= 0)
		r = field_addr(k, refptr, F_module_ref_decs, &decs);
	if (r >= 0)
		r = percpu_sum(k, incs, 8, &up);
	if (r >= 0)
		r = percpu_sum(k, decs, 8, &down);
	if (r >= 0)
		*ret = up - down;
	return r;
}

int module_refcnt(struct kernel *k, uint64_t module, int64_t *ret)
{
	uint64_t refcnt;
	int r;

	if (!field_exists(k, F_module_refcnt))
		return refcnt_per_cpu(k, module, ret);
	r = field_u64(k, module, F_module_refcnt, &refcnt);

	if (r < 0)
		return r;
	*ret = (int64_t)refcnt - 1; /* MODULE_REF_BASE, v3.19 */
	return 0;
}

/* By bit: taint_flags[] of kernel/cpu/panic.c, to which each version only adds. */
static const struct {
	char letter;
	const char *meaning;
} taint_flags[] = {
	{ 'P', "proprietary module" },
	{ 'F', "module loaded by force" },
	{ 'S', "CPU out of specification" },
	{ 'R', "module unloaded by force" },
	{ 'M', "machine check" },
	{ 'B', "bad page" },
	{ 'U', "asked for by user space" },
	{ 'D', "died before" },
	{ 'A', "ACPI table overridden" },
	{ 'W', "warned" },
	{ 'C', "staging driver" },
	{ 'I', "firmware bug worked around" },
	{ 'O', "out-of-tree module" },
	{ 'E', "unsigned module" },
	{ 'L', "soft lockup before" },
	{ 'K', "live patched" },
	{ 'X', "distribution's own" },
	{ 'T', "structures laid out at random" },
	{ 'N', "in-kernel test" },
	{ 'J', "mutating fwctl call" },
};

#define TAINT_FLAGS (sizeof(taint_flags) / sizeof(taint_flags[0]))

void taint_letters(uint64_t taints, char ret[TAINT_LETTERS + 1])
{
	size_t n = 0;

	for (unsigned int bit = 0; bit < 64; bit++)
		if (taints >> bit & 1)
			ret[n++] = bit < TAINT_FLAGS ? taint_flags[bit].letter : '?';
	ret[n] = 0;
}

const char *taint_meaning(unsigned int bit)
{
	return bit < TAINT_FLAGS ? taint_flags[bit].meaning : NULL;
}

int module_users_begin(struct list_walk *w, struct kernel *k, uint64_t module)
{
	uint64_t head;
	int r = field_addr(k, module, F_module_source_list, &head);

	return r < 0 ? r : list_begin(w, k, head, F_module_use_source_list);
}

int module_users_next(struct list_walk *w, uint64_t *ret)
{
	uint64_t use;
	int r = list_next(w, &use);

	if (r <= 0)
		return r;
	r = field_u64(w->k, use, F_module_use_source, ret);
	return r < 0 ? r : 1;
}

/* From v6.14 on an array of pointers that ends with NULL takes the place of a count. */
static int count_pointers(struct kernel *k, uint64_t array, size_t *ret)
{
	uint64_t p;
	size_t n;

	for (n = 0; n < LIMIT_MODULE_SECTIONS; n++) {
		int r = kernel_read_uint(k, array + 8 * n, 8, &p);

		if (r < 0)
			return r;
		if (!p)
			break;
	}
	*ret = n;
	return 0;
}

int module_section_count(struct kernel *k, uint64_t module, size_t *ret)
{
	uint64_t attrs, n;
	int r = field_u64(k, module, F_module_sect_attrs, &attrs);

	if (r < 0)
		return r;
	if (!attrs) {
		*ret = 0;
		return 0;
	}
	if (!field_exists(k, F_sect_attrs_nsections)) {
		r = field_u64(k, attrs, F_sect_attrs_bin_attrs, &attrs);
		return r < 0 ? r : count_pointers(k, attrs, ret);
	}
	r = field_u64(k, attrs, F_sect_attrs_nsections, &n);
	if (r < 0)
		return r;
	if (n > LIMIT_MODULE_SECTIONS)
		return fail(-EBADMSG, "%lu sections", n);
	*ret = n;
	return 0;
}

static int section_by_pointer(struct kernel *k, uint64_t attrs, size_t i, char *ret_name,
			      size_t size, uint64_t *ret_addr)
{
	uint64_t array, attr;
	int r = field_u64(k, attrs, F_sect_attrs_bin_attrs, &array);

	if (r < 0)
		return r;
	r = kernel_read_uint(k, array + 8 * i, 8, &attr);
	if (r < 0)
		return r;
	r = field_u64(k, attr, F_bin_attribute_private, ret_addr);
	return r < 0 ? r : field_str(k, attr, F_bin_attribute_name, ret_name, size);
}

int module_section(struct kernel *k, uint64_t module, size_t i, char *ret_name, size_t size,
		   uint64_t *ret_addr)
{
	uint64_t attrs, at, stride;
	int r = field_u64(k, module, F_module_sect_attrs, &attrs);

	if (r < 0)
		return r;
	if (!field_exists(k, F_sect_attrs_nsections))
		return section_by_pointer(k, attrs, i, ret_name, size, ret_addr);
	r = field_addr(k, attrs, F_sect_attrs_attrs, &at);
	if (r < 0)
		return r;
	r = kernel_sizeof(k, "module_sect_attr", &stride);
	if (r < 0)
		return r;
	at += stride * i;
	r = field_u64(k, at, F_sect_attr_address, ret_addr);
	return r < 0 ? r : field_str(k, at, F_sect_attr_name, ret_name, size);
}

/* struct module has it only in kernels that show it in stack traces; its note is always there. */
int module_build_id(struct kernel *k, uint64_t module, struct build_id *ret)
{
	unsigned char note[NOTE_MAX];
	char name[MODULE_NAME_MAX];
	uint64_t addr;
	size_t n;
	int r = module_section_count(k, module, &n);

	*ret = (struct build_id){ 0 };
	for (size_t i = 0; i < n && r == 0; i++) {
		r = module_section(k, module, i, name, sizeof(name), &addr);
		if (r < 0 || strcmp(name, ".note.gnu.build-id"))
			continue;
		r = kernel_read(k, addr, note, sizeof(note));
		if (r == 0)
			build_id_of_notes(note, sizeof(note), ret);
		break;
	}
	return r;
}
