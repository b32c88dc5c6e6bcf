#include "kernel/debug/scan.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dwarf.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "dump/base/trouble.h"
#include "kernel/debug/die.h"
#include "kernel/debug/paths.h"
#include "kernel/debug/srcpath.h"

#define MAX_THREADS 16
#define BATCH	    64
#define NESTED_MAX  64 /* blocks within blocks */

/* What all threads share. */
struct work {
	struct scan *s;
	const struct debugfile *f;
	progress_fn *progress;
	const atomic_bool *cancel;
	size_t batch;		  /* units that one handle reads */
	atomic_size_t next, done; /* units */
	atomic_int error;
	pthread_mutex_t lock; /* of what is below */
	size_t damaged;	      /* unit that .problem is about */
};

/* What one thread has of one unit. */
struct reader {
	struct work *work;
	struct unit *unit;
	Dwarf_Files *files;
	size_t nr_files;
	struct source {
		uint32_t path;
		uint64_t hash;
		bool known;
	} * sources; /* by number of the file */
	const char *comp_dir;
	bool assembly;
	uint64_t left; /* DIEs that the unit may have */
	int error;
};

uint64_t scan_name_key(int tag, const char *name)
{
	return hash_bytes(hash_bytes(HASH_START, &tag, sizeof(tag)), name, strlen(name));
}

const char *scan_path(const struct scan *s, uint32_t file)
{
	return paths_text(s->paths, file);
}

static const struct source *source(struct reader *rd, uint64_t file)
{
	static const struct source none;
	struct source *src = file < rd->nr_files ? &rd->sources[file] : NULL;

	if (!src)
		return &none;
	if (!src->known) {
		STRBUF(path);

		put_srcpath(&path, rd->comp_dir, dwarf_filesrc(rd->files, file, NULL, NULL));
		if (path.len)
			src->path = paths_add(rd->work->s->paths, path.data, &src->hash);
		src->known = true;
	}
	return src;
}

static void *append(struct reader *rd, void *array, size_t *n, size_t *room, size_t size)
{
	void **v = array;

	if (*n == *room) {
		size_t more = *room ? 2 * *room : 256;
		void *p = realloc(*v, more * size);

		if (!p) {
			rd->error = -ENOMEM;
			return NULL;
		}
		*v = p;
		*room = more;
	}
	return (char *)*v + size * (*n)++;
}

static uint32_t offset_of(const struct reader *rd, Dwarf_Die *at)
{
	return (uint32_t)(dwarf_dieoffset(at) - rd->unit->start);
}

/* What makes two DIEs the same type. */
static uint64_t type_key(struct reader *rd, const struct die *d)
{
	uint64_t key = scan_name_key(d->tag, d->name);
	uint64_t facts[4] = { d->size, d->line, source(rd, d->file)->hash, d->encoding };

	return d->declaration ? key : hash_bytes(key, facts, sizeof(facts));
}

/* An enumeration without a name is of use for its enumerators: the first of them stands for it. */
static const char *first_enumerator(const struct die *d)
{
	Dwarf_Die parent = d->die, at;

	if (d->tag != DW_TAG_enumeration_type || dwarf_child(&parent, &at) != 0)
		return NULL;
	return dwarf_diename(&at);
}

static void add_type(struct reader *rd, struct die *d)
{
	struct named *n;

	if (!d->name)
		d->name = first_enumerator(d);
	if (!d->name || !*d->name)
		return;
	n = append(rd, &rd->unit->named, &rd->unit->nr_named, &rd->unit->room_named, sizeof(*n));
	if (!n)
		return;
	*n = (struct named){ .key = type_key(rd, d),
			     .at = offset_of(rd, (Dwarf_Die *)&d->die),
			     .complete = !d->declaration };
}

static void add_declared(struct reader *rd, const struct die *d, uint8_t kind, bool defined,
			 uint64_t addr)
{
	struct unit *u = rd->unit;
	struct declared *n =
		append(rd, &u->declared, &u->nr_declared, &u->room_declared, sizeof(*n));

	if (!n)
		return;
	*n = (struct declared){ .addr = addr,
				.key = d->name ? scan_name_key(d->tag, d->name) : 0,
				.at = offset_of(rd, (Dwarf_Die *)&d->die),
				.file = source(rd, d->file)->path,
				.line = (uint32_t)d->line,
				.kind = kind,
				.defined = defined,
				.external = d->external,
				.assembly = rd->assembly };
}

/* A definition has what it does not repeat from where it was declared, or from the function that it is a
 * copy of. */
static void complete(struct die *d)
{
	Dwarf_Die origin;
	struct die o;

	for (int i = 0; i < LIMIT_DIE_CHAIN && die_origin(d, &origin); i++) {
		if (die_read(&origin, &o) < 0)
			return;
		if (!d->name)
			d->name = o.name;
		if (!d->line) {
			d->line = o.line;
			d->file = o.file;
		}
		d->external |= o.external;
		d->origin = o.origin;
	}
}

static void add_variable(struct reader *rd, struct die *d)
{
	uint64_t addr = 0;
	bool defined = die_address(d, &addr);

	if (!defined && !(d->declaration && d->external))
		return;
	if (defined)
		complete(d);
	add_declared(rd, d, DECL_VARIABLE, defined, addr);
}

/* A function that was split has several ranges, each with a symbol of its own. */
static void add_function(struct reader *rd, struct die *d)
{
	Dwarf_Addr base, start, end, addr = 0;
	Dwarf_Attribute low_pc = d->low_pc;
	ptrdiff_t at = 0;

	if (!d->ranges && !low_pc.code) {
		if (d->declaration && d->external)
			add_declared(rd, d, DECL_FUNCTION, false, 0);
		return;
	}
	complete(d);
	if (!d->ranges) {
		if (dwarf_formaddr(&low_pc, &addr) == 0)
			add_declared(rd, d, DECL_FUNCTION, true, addr);
		return;
	}
	for (int i = 0; i < LIMIT_DIE_CHAIN; i++) {
		at = dwarf_ranges(&d->die, at, &base, &start, &end);
		if (at <= 0)
			break;
		add_declared(rd, d, DECL_FUNCTION, true, start);
	}
}

static void damaged(struct reader *rd, const char *what, Dwarf_Die *at)
{
	struct work *w = rd->work;
	size_t unit = (size_t)(rd->unit - w->s->units);

	pthread_mutex_lock(&w->lock);
	if (!w->s->problem[0] || unit < w->damaged) {
		snprintf(w->s->problem, sizeof(w->s->problem), "DWARF at %#lx: %s",
			 (unsigned long)dwarf_dieoffset(at), what);
		w->damaged = unit;
	}
	pthread_mutex_unlock(&w->lock);
}

static void walk(struct reader *rd, Dwarf_Die *parent, unsigned int depth);

static void visit(struct reader *rd, Dwarf_Die *at, unsigned int depth)
{
	int tag = dwarf_tag(at);
	struct die d;

	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_class_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		if (die_read(at, &d) == 0)
			add_type(rd, &d);
		break;
	case DW_TAG_variable:
		if (die_read(at, &d) == 0)
			add_variable(rd, &d);
		break;
	case DW_TAG_subprogram:
		if (!depth && die_read(at, &d) == 0)
			add_function(rd, &d);
		walk(rd, at, depth + 1);
		break;
	case DW_TAG_lexical_block:
	case DW_TAG_inlined_subroutine:
		walk(rd, at, depth + 1);
		break;
	default:
		break;
	}
}

static void walk(struct reader *rd, Dwarf_Die *parent, unsigned int depth)
{
	Dwarf_Die at;
	int r = dwarf_child(parent, &at);

	if (r < 0)
		damaged(rd, dwarf_errmsg(-1), parent);
	if (r != 0 || depth == NESTED_MAX)
		return;
	do {
		if (!rd->left || rd->error || cancelled())
			return;
		rd->left--;
		visit(rd, &at, depth);
	} while ((r = die_next(&at)) > 0);
	if (r < 0)
		damaged(rd, why(), parent);
}

/* A unit of types does not say where it was compiled; the first of its folders is that. */
static void read_files(struct reader *rd, Dwarf_Die *unit)
{
	const char *const *folders;
	size_t n;

	if (dwarf_getsrcfiles(unit, &rd->files, &rd->nr_files) != 0) {
		rd->nr_files = 0;
		damaged(rd, "the names of its source files cannot be read", unit);
		return;
	}
	if (!rd->comp_dir && dwarf_getsrcdirs(rd->files, &folders, &n) == 0 && n)
		rd->comp_dir = folders[0];
}

static void read_unit(struct reader *rd, Dwarf *dwarf)
{
	struct unit *u = rd->unit;
	Dwarf_Attribute a;
	Dwarf_Die die;
	int language;

	if (!(u->in_types ? dwarf_offdie_types(dwarf, u->offset, &die)
			  : dwarf_offdie(dwarf, u->offset, &die)))
		return;
	/* Rust has types and functions of its own, which pahole leaves out of BTF, too. */
	language = dwarf_srclang(&die);
	if (language == DW_LANG_Rust)
		return;
	rd->assembly = language == DW_LANG_Mips_Assembler;
	rd->comp_dir = dwarf_attr(&die, DW_AT_comp_dir, &a) ? dwarf_formstring(&a) : NULL;
	rd->nr_files = 0;
	if (dwarf_hasattr(&die, DW_AT_stmt_list))
		read_files(rd, &die);
	rd->sources = calloc(rd->nr_files + 1, sizeof(*rd->sources));
	if (!rd->sources) {
		rd->error = -ENOMEM;
		return;
	}
	walk(rd, &die, 0);
	free(rd->sources);
}

static void report(struct work *w)
{
	size_t done = atomic_fetch_add(&w->done, 1) + 1, nr = w->s->nr;

	if (w->progress && done * 100 / nr != (done - 1) * 100 / nr)
		w->progress("types of the debug file", (unsigned int)(done * 90 / nr));
}

/* At most @n units; false: there are no more. */
static bool read_units(struct work *w, Dwarf *dwarf, size_t n)
{
	uint64_t read = DWARF_GIVE_BACK; /* the first look at a handle lists its units */

	for (; n && !cancelled() && !w->error; n--) {
		size_t i = atomic_fetch_add(&w->next, 1);
		struct reader rd = { .work = w };

		if (i >= w->s->nr)
			return false;
		rd.unit = &w->s->units[i];
		rd.left = rd.unit->size;
		read_unit(&rd, dwarf);
		if (rd.error)
			w->error = rd.error;
		report(w);
		read += rd.unit->size;
		if (read >= DWARF_GIVE_BACK) {
			dwarf_give_back(dwarf);
			read = 0;
		}
	}
	return !n;
}

/* A handle keeps all that was looked at of line tables: it is given back now and then. */
static void *worker(void *arg)
{
	struct work *w = arg;
	struct debugfile *own;
	bool more = true;

	cancel_arm(w->cancel);
	while (more && debugfile_again(w->f, &own) == 0) {
		more = read_units(w, debugfile_lock(own), w->batch);
		debugfile_unlock(own);
		debugfile_close(own);
	}
	if (trouble() < 0)
		w->error = trouble();
	return NULL;
}

/* What the threads leave, because they could not be had or have no memory, is for this one. */
static void run(struct work *w, Dwarf *dwarf)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[MAX_THREADS];
	int n = 0;

	while (n < MAX_THREADS && n < cores && (size_t)n < w->s->nr &&
	       pthread_create(&threads[n], NULL, worker, w) == 0)
		n++;
	while (n)
		pthread_join(threads[--n], NULL);
	read_units(w, dwarf, SIZE_MAX);
}

/* Each ends where the next one of its section begins. */
static void set_sizes(struct scan *s)
{
	for (size_t i = 0; i < s->nr; i++) {
		struct unit *u = &s->units[i], *next = i + 1 < s->nr ? u + 1 : NULL;

		u->size = next && next->start > u->start ? next->start - u->start : UINT32_MAX;
	}
}

static int list_units(struct scan *s, Dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	size_t room = 0;
	Dwarf_Die die;
	int r;

	while ((r = dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &die, NULL)) == 0) {
		Dwarf_Half version;
		uint8_t type;

		if (s->nr >= LIMIT_UNITS)
			return fail(-ELOOP, "%zu units of DWARF", s->nr);
		if (s->nr == room) {
			size_t more = room ? 2 * room : 256;
			struct unit *v = realloc(s->units, more * sizeof(*v));

			if (!v)
				return fail(-ENOMEM, "%zu units of DWARF", more);
			s->units = v;
			room = more;
		}
		s->units[s->nr] = (struct unit){ .cu = cu, .offset = dwarf_dieoffset(&die) };
		s->units[s->nr].start = s->units[s->nr].offset - dwarf_cuoffset(&die);
		if (dwarf_cu_info(cu, &version, &type, NULL, NULL, NULL, NULL, NULL) == 0)
			s->units[s->nr].in_types = type == DW_UT_type && version < 5;
		s->nr++;
	}
	if (r < 0)
		snprintf(s->problem, sizeof(s->problem), "DWARF after unit %zu: %s", s->nr,
			 dwarf_errmsg(-1));
	set_sizes(s);
	dwarf_give_back(dwarf);
	return s->nr ? 0 : fail(-EBADMSG, "no units of DWARF: %s", dwarf_errmsg(-1));
}

int scan(struct debugfile *f, progress_fn *progress, struct scan *ret)
{
	struct work w = { .s = ret,
			  .f = f,
			  .progress = progress,
			  .cancel = cancel_armed(),
			  .batch = debugfile_is_compressed(f) ? SIZE_MAX : BATCH };
	Dwarf *dwarf = debugfile_lock(f);
	int r;

	*ret = (struct scan){ .paths = paths_new() };
	r = ret->paths ? list_units(ret, dwarf) : fail(-ENOMEM, "names of source files");
	if (r >= 0) {
		pthread_mutex_init(&w.lock, NULL);
		w.damaged = ret->nr;
		run(&w, dwarf);
		pthread_mutex_destroy(&w.lock);
	}
	debugfile_unlock(f);
	if (r >= 0 && cancelled())
		r = fail(-EINTR, "interrupted while reading DWARF");
	if (r >= 0 && w.error)
		r = fail(w.error, "%s", debugfile_path(f));
	if (r < 0)
		scan_fini(ret);
	return r;
}

void scan_fini(struct scan *s)
{
	for (size_t i = 0; i < s->nr; i++) {
		free(s->units[i].named);
		free(s->units[i].declared);
	}
	free(s->units);
	paths_free(s->paths);
	*s = (struct scan){ 0 };
}
