#include "kernel/debug/units.h"

#include <dwarf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/strbuf.h"
#include "dump/base/trouble.h"
#include "kernel/debug/scopes.h"
#include "kernel/debug/srcpath.h"

#define NAMESPACE_DEPTH 16

/* Addresses are those in the file. */
struct function {
	Dwarf_Addr low, high;
	Dwarf_Off die;
};

struct unit {
	Dwarf_Off die;
	bool made;	    /* the functions are */
	uint32_t rows;	    /* the handle that has its line table decoded */
	struct function *v; /* by rising .low */
	size_t n, room;
	uint32_t steps; /* that are left */
};

struct range {
	Dwarf_Addr low, high;
	Dwarf_Off unit;
};

struct units {
	const struct debugfile *like;
	pthread_mutex_t lock;
	struct debugfile *file; /* NULL: to be opened */
	Dwarf *dwarf;
	uint32_t handle;      /* how many there were */
	size_t rows;	      /* of line tables that it keeps decoded */
	bool unusable;	      /* it cannot be opened any more */
	bool indexed;	      /* ranges[] has what .debug_aranges says */
	bool complete;	      /* and what is not in that */
	struct range *ranges; /* by rising .low */
	size_t nr_ranges, room_ranges;
	struct unit *v; /* by rising .die; those that were looked into */
	size_t n, room;
};

struct units *units_new(const struct debugfile *f)
{
	struct units *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->like = f;
	pthread_mutex_init(&u->lock, NULL);
	return u;
}

void units_free(struct units *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->n; i++)
		free(u->v[i].v);
	free(u->v);
	free(u->ranges);
	debugfile_close(u->file);
	pthread_mutex_destroy(&u->lock);
	free(u);
}

/* Room for one more. @v: a pointer to the array. */
static int grow(void *v, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *new;

	if (n < *room)
		return 0;
	new = reallocarray(*(void **)v, more, size);
	if (!new)
		return fail(-ENOMEM, "debug information");
	*(void **)v = new;
	*room = more;
	return 0;
}

static int add_range(struct units *u, Dwarf_Addr low, Dwarf_Addr high, Dwarf_Off unit)
{
	int r;

	if (low >= high || u->nr_ranges == LIMIT_UNIT_RANGES)
		return 0;
	r = grow(&u->ranges, u->nr_ranges, &u->room_ranges, sizeof(*u->ranges));
	if (r >= 0)
		u->ranges[u->nr_ranges++] = (struct range){ low, high, unit };
	return r;
}

static int by_low(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static void sort_ranges(struct units *u)
{
	if (u->nr_ranges)
		qsort(u->ranges, u->nr_ranges, sizeof(*u->ranges), by_low);
}

/* What .debug_aranges says: made by the compiler, or not. */
static int index_units(struct units *u)
{
	Dwarf_Aranges *all = NULL;
	size_t n = 0;
	int r = 0;

	u->nr_ranges = 0;
	if (dwarf_getaranges(u->dwarf, &all, &n) != 0)
		n = 0;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		Dwarf_Addr low;
		Dwarf_Word len;
		Dwarf_Off unit;

		if (dwarf_getarangeinfo(dwarf_onearange(all, i), &low, &len, &unit) == 0)
			r = add_range(u, low, low + len, unit);
	}
	sort_ranges(u);
	u->indexed = r >= 0;
	return r;
}

static int by_offset(const void *a, const void *b)
{
	Dwarf_Off x = *(const Dwarf_Off *)a, y = *(const Dwarf_Off *)b;

	return x < y ? -1 : x > y;
}

static int add_unit_ranges(struct units *u, Dwarf_Die *die, uint32_t *steps)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	int r = 0;

	while (r >= 0 && *steps && (at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
		--*steps;
		r = add_range(u, low, high, dwarf_dieoffset(die));
	}
	return r;
}

/* The units that are not in .debug_aranges say themselves where they lie. */
static int add_other_units(struct units *u, const Dwarf_Off *known, size_t nr_known)
{
	uint32_t steps = LIMIT_UNIT_STEPS;
	Dwarf_CU *unit = NULL;
	int r = 0;

	for (size_t n = 0; r >= 0 && n < LIMIT_UNITS; n++) {
		Dwarf_Die die, sub;
		Dwarf_Off offset;
		uint8_t type;

		if (cancelled())
			return fail(-EINTR, "interrupted");
		if (dwarf_get_units(u->dwarf, unit, &unit, NULL, &type, &die, &sub) != 0)
			break;
		offset = dwarf_dieoffset(&die);
		if (type == DW_UT_type ||
		    bsearch(&offset, known, nr_known, sizeof(offset), by_offset))
			continue;
		r = add_unit_ranges(u, &die, &steps);
	}
	return r;
}

static int complete_index(struct units *u)
{
	size_t n = u->nr_ranges;
	Dwarf_Off *known = calloc(n + 1, sizeof(*known));
	int r;

	if (!known)
		return fail(-ENOMEM, "debug information");
	for (size_t i = 0; i < n; i++)
		known[i] = u->ranges[i].unit;
	qsort(known, n, sizeof(*known), by_offset);
	r = add_other_units(u, known, n);
	free(known);
	/* One that was interrupted begins anew. */
	if (r < 0)
		u->nr_ranges = n;
	sort_ranges(u);
	u->complete = r >= 0;
	return r;
}

/* The last one that begins at or before it, or one of a few before that which go further. */
static bool find_range(const struct units *u, Dwarf_Addr pc, Dwarf_Off *ret)
{
	size_t lo = 0, hi = u->nr_ranges;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (u->ranges[mid].low <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = 0; i < 8 && i < lo; i++) {
		if (pc >= u->ranges[lo - 1 - i].high)
			continue;
		*ret = u->ranges[lo - 1 - i].unit;
		return true;
	}
	return false;
}

/* 1: @ret is the offset of the unit's DIE; 0: there is none. */
static int unit_at(struct units *u, Dwarf_Addr pc, Dwarf_Off *ret)
{
	int r = u->indexed ? 0 : index_units(u);

	if (r < 0)
		return r;
	if (find_range(u, pc, ret))
		return 1;
	r = u->complete ? 0 : complete_index(u);
	return r < 0 ? r : find_range(u, pc, ret);
}

static int get_unit(struct units *u, Dwarf_Off die, struct unit **ret)
{
	size_t lo = 0, hi = u->n;
	int r;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (u->v[mid].die < die)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < u->n && u->v[lo].die == die) {
		*ret = u->v + lo;
		return 0;
	}
	r = grow(&u->v, u->n, &u->room, sizeof(*u->v));
	if (r < 0)
		return r;
	*ret = u->v + lo;
	memmove(*ret + 1, *ret, (u->n - lo) * sizeof(**ret));
	**ret = (struct unit){ .die = die };
	u->n++;
	return 0;
}

static int add_function(struct unit *unit, Dwarf_Die *die)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	int r = 0;

	while (r >= 0 && unit->steps && (at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
		unit->steps--;
		if (low >= high || unit->n == LIMIT_UNIT_FUNCTIONS)
			continue;
		r = grow(&unit->v, unit->n, &unit->room, sizeof(*unit->v));
		if (r >= 0)
			unit->v[unit->n++] = (struct function){ low, high, dwarf_dieoffset(die) };
	}
	return r;
}

/* Languages that have functions within types and namespaces; in C that would be a waste of time. */
static bool may_nest(Dwarf_Die *unit)
{
	switch (dwarf_srclang(unit)) {
	case DW_LANG_C89:
	case DW_LANG_C:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_Mips_Assembler:
		return false;
	default:
		return true;
	}
}

static bool is_outer(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_structure_type ||
	       tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
	       tag == DW_TAG_enumeration_type || tag == DW_TAG_module;
}

static int add_functions(struct unit *unit, Dwarf_Die *top)
{
	bool nest = may_nest(top);
	Dwarf_Die parents[NAMESPACE_DEPTH] = { *top }, children[NAMESPACE_DEPTH] = { 0 };
	size_t depth = 0;
	int r = 0;

	while (r >= 0) {
		Dwarf_Die *child = &children[depth];

		if (!next_child(&parents[depth], child, &unit->steps)) {
			if (!depth--)
				break;
		} else if (dwarf_tag(child) == DW_TAG_subprogram) {
			r = add_function(unit, child);
		} else if (nest && depth + 1 < NAMESPACE_DEPTH && is_outer(dwarf_tag(child))) {
			parents[++depth] = *child;
			children[depth] = (Dwarf_Die){ 0 };
		}
	}
	return r;
}

static int by_address(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->die < y->die ? -1 : x->die > y->die;
}

static int make_functions(struct unit *unit, Dwarf_Die *die)
{
	int r;

	unit->n = 0;
	unit->steps = LIMIT_UNIT_STEPS;
	r = add_functions(unit, die);
	if (r >= 0 && cancelled())
		r = fail(-EINTR, "interrupted");
	if (r < 0)
		return r;
	if (unit->n)
		qsort(unit->v, unit->n, sizeof(*unit->v), by_address);
	unit->made = true;
	return 0;
}

static const struct function *function_at(const struct unit *unit, Dwarf_Addr pc)
{
	size_t lo = 0, hi = unit->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (unit->v[mid].low <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && pc < unit->v[lo - 1].high ? &unit->v[lo - 1] : NULL;
}

/* What is kept is one piece of memory: the places, then their text. */
static struct lines *keep(const struct found *f, const char *dir)
{
	size_t head = sizeof(struct lines) + f->n * sizeof(struct source_line), at = 0;
	size_t path[LIMIT_INLINED + 1];
	STRBUF(text);
	struct lines *l;

	for (size_t i = 0; i < f->n; i++) {
		const char *name = f->v[i].function;

		put_bytes(&text, name ? name : "", name ? strlen(name) + 1 : 0);
		path[i] = text.len;
		if (f->v[i].path)
			put_srcpath(&text, dir, f->v[i].path);
		put_bytes(&text, "", f->v[i].path ? 1 : 0);
	}
	l = text.error ? NULL : malloc(head + text.len);
	if (!l)
		return NULL;
	*l = (struct lines){ .refs = 1, .n = f->n, .bytes = head + text.len };
	if (text.len)
		memcpy((char *)l + head, text.data, text.len);
	for (size_t i = 0; i < f->n; i++) {
		l->v[i] = (struct source_line){
			.function = f->v[i].function ? (char *)l + head + at : NULL,
			.file = f->v[i].path ? (char *)l + head + path[i] : NULL,
			.line = f->v[i].line,
		};
		at = path[i] + (f->v[i].path ? strlen(l->v[i].file) + 1 : 0);
	}
	return l;
}

/* The bytes of a section as they are in the file. false: there is none, or it is compressed. */
static bool section_of(Dwarf *dwarf, const char *name, struct bytes *ret)
{
	Elf *elf = dwarf_getelf(dwarf);
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr header;
		Elf_Data *data;
		const char *s;

		if (!gelf_getshdr(scn, &header) || header.sh_flags & SHF_COMPRESSED)
			continue;
		s = elf_strptr(elf, names, header.sh_name);
		data = s && !strcmp(s, name) ? elf_rawdata(scn, NULL) : NULL;
		if (!data || !data->d_buf)
			continue;
		*ret = bytes_of(data->d_buf, data->d_size);
		return true;
	}
	return false;
}

/* A damaged length makes libdw decode what is no table, and a byte of it may be a row. */
static bool has_sound_lines(Dwarf *dwarf, Dwarf_Die *unit)
{
	Dwarf_Attribute attr;
	struct bytes section;
	Dwarf_Word at;

	if (!dwarf_attr(unit, DW_AT_stmt_list, &attr) || dwarf_formudata(&attr, &at) != 0 ||
	    !section_of(dwarf, ".debug_line", &section))
		return true;
	bytes_seek(&section, at);
	return bytes_u32(&section) <= LIMIT_LINE_TABLE;
}

static const char *dir_of(Dwarf_Die *unit)
{
	Dwarf_Attribute attr;

	return dwarf_attr(unit, DW_AT_comp_dir, &attr) ? dwarf_formstring(&attr) : NULL;
}

static int lookup(struct units *u, Dwarf_Addr pc, struct lines **ret)
{
	const struct function *function;
	Dwarf_Die die, function_die;
	struct found found;
	struct unit *unit;
	Dwarf_Off offset;
	int r = unit_at(u, pc, &offset);

	if (r <= 0)
		return r;
	if (!dwarf_offdie(u->dwarf, offset, &die) || !has_sound_lines(u->dwarf, &die))
		return 0;
	r = get_unit(u, offset, &unit);
	if (r >= 0 && !unit->made)
		r = make_functions(unit, &die);
	if (r < 0)
		return r;
	function = function_at(unit, pc);
	if (function && !dwarf_offdie(u->dwarf, function->die, &function_die))
		function = NULL;
	find_places(&die, function ? &function_die : NULL, pc, &found);
	if (cancelled())
		return fail(-EINTR, "interrupted");
	u->rows += unit->rows == u->handle ? 0 : found.rows;
	unit->rows = u->handle;
	*ret = keep(&found, dir_of(&die));
	return *ret ? 1 : fail(-ENOMEM, "source lines");
}

/* What libdw has decoded it keeps until it ends. */
static int open_handle(struct units *u)
{
	int r;

	if (u->file && u->rows < LINE_ROWS_KEPT)
		return 0;
	debugfile_close(u->file);
	u->file = NULL;
	u->rows = 0;
	u->handle++;
	r = debugfile_again(u->like, &u->file);
	if (r >= 0)
		u->dwarf = debugfile_lock(u->file);
	if (r >= 0)
		debugfile_unlock(u->file);
	u->unusable = r < 0 && r != -ENOMEM && r != -EINTR && !trouble();
	return r;
}

int units_lines(struct units *u, uint64_t va, struct lines **ret)
{
	int r;

	pthread_mutex_lock(&u->lock);
	r = u->unusable ? 0 : open_handle(u);
	if (r >= 0 && !u->unusable)
		r = lookup(u, va - debugfile_bias(u->file), ret);
	pthread_mutex_unlock(&u->lock);
	return r < 0 && r != -ENOMEM && r != -EINTR ? 0 : r;
}
