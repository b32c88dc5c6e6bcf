#include "kernel/fields.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "dump/base/trouble.h"
#include "kernel/mem/mem.h"
#include "kernel/module/module.h"
#include "kernel/typeinfo.h"
#include "kernel/types/scalar.h"

#define SPELLINGS_MAX 6
#define STRUCT_LEN    64

#define CONSTANTS_MAX	  96 /* enumerators remembered */
#define CONSTANT_NAME_LEN 48

static const struct spelling {
	const char *of, *names[SPELLINGS_MAX];
} spellings[NR_FIELDS] = {
#define FIELD(id, of, ...) [F_##id] = { of, { __VA_ARGS__ } },
#include "kernel/fields.def"
#undef FIELD
};

enum { UNKNOWN, FOUND, MISSING };

/* An enumerator that was asked for: there may be 20 000 of them to look through. */
struct constant {
	char name[CONSTANT_NAME_LEN];
	bool found;
	uint64_t value;
};

struct fields {
	pthread_mutex_t lock;
	struct constant constants[CONSTANTS_MAX];
	size_t nr_constants;
	atomic_uchar state[NR_FIELDS];
	bool newest[NR_FIELDS];
	struct place place[NR_FIELDS];
};

int fields_open(struct fields **ret)
{
	struct fields *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return fail(-ENOMEM, "fields");
	pthread_mutex_init(&fs->lock, NULL);
	*ret = fs;
	return 0;
}

void fields_close(struct fields *fs)
{
	if (!fs)
		return;
	pthread_mutex_destroy(&fs->lock);
	free(fs);
}

/* A spelling is a path in the field's structure, or "other:path". */
static int find_spelling(const struct types *ts, const char *of, const char *name,
			 struct place *ret)
{
	const char *colon = strchr(name, ':');
	char other[STRUCT_LEN];
	size_t len;

	if (!colon)
		return member_of(ts, of, name, ret);
	len = (size_t)(colon - name);
	if (len >= sizeof(other))
		return fail(-EINVAL, "%s", name);
	memcpy(other, name, len);
	other[len] = 0;
	return member_of(ts, other, colon + 1, ret);
}

/* Returns which spelling it is. */
static int find_field(const struct types *ts, const char *of, const struct spelling *s,
		      struct place *ret)
{
	int r = -ENOENT;

	for (int i = 0; i < SPELLINGS_MAX && s->names[i]; i++) {
		r = find_spelling(ts, of, s->names[i], ret);
		if (r >= 0)
			return i;
	}
	return member_of(ts, of, "", ret) < 0 ? r : fail(r, "struct %s has no %s", of, s->names[0]);
}

/* The types of the module called by the first @len characters of @name. */
static int types_of_module(struct kernel *k, const char *name, size_t len, const struct types **ret)
{
	struct list_walk w;
	uint64_t module;
	int r = modules_begin(&w, k);

	while (r >= 0 && (r = list_next(&w, &module)) > 0) {
		char found[MODULE_NAME_MAX];

		if (module_name(k, module, found, sizeof(found)) == 0 && strlen(found) == len &&
		    !memcmp(found, name, len))
			return typeinfo_module(k, module, ret);
	}
	return r < 0 ? r : fail(-ENOENT, "no module %.*s", (int)len, name);
}

/* A structure may belong to a module, "overlay:ovl_fs", which another kernel has built in. */
static int find_anywhere(struct kernel *k, const struct spelling *s, struct place *ret)
{
	const char *colon = strchr(s->of, ':'), *of = colon ? colon + 1 : s->of;
	const struct types *ts;
	int r = kernel_types(k, &ts);

	if (r >= 0)
		r = find_field(ts, of, s, ret);
	if (r != -ENOENT || !colon)
		return r;
	r = types_of_module(k, s->of, (size_t)(colon - s->of), &ts);
	return r < 0 ? r : find_field(ts, of, s, ret);
}

static int missing(enum field f)
{
	return fail(-ENOENT, "struct %s has no %s", spellings[f].of, spellings[f].names[0]);
}

/* Several threads may look at once: they find the same. What could not be asked is asked again. */
static int resolve(struct kernel *k, struct fields *fs, enum field f)
{
	const struct types *ts;
	struct place place;
	int r = kernel_types(k, &ts);

	if (r < 0)
		return r;
	r = find_anywhere(k, &spellings[f], &place);
	if (r == -EINTR || r == -ENOMEM)
		return r;
	/* Nor does an older spelling count when the newer ones could not be asked for. */
	if (r != 0 && trouble() < 0)
		return trouble();
	if (r != 0 && cancelled())
		return fail(-EINTR, "interrupted");
	pthread_mutex_lock(&fs->lock);
	if (r >= 0) {
		fs->place[f] = place;
		fs->newest[f] = r == 0;
	}
	atomic_store(&fs->state[f], r < 0 ? MISSING : FOUND);
	pthread_mutex_unlock(&fs->lock);
	return r < 0 ? missing(f) : 0;
}

int field_place(struct kernel *k, enum field f, const struct place **ret)
{
	struct fields *fs = kernel_fields(k);
	int r;

	switch (atomic_load(&fs->state[f])) {
	case UNKNOWN:
		r = resolve(k, fs, f);
		if (r < 0)
			return r;
		break;
	case MISSING:
		return missing(f);
	}
	*ret = &fs->place[f];
	return 0;
}

bool field_exists(struct kernel *k, enum field f)
{
	const struct place *p;

	return field_place(k, f, &p) >= 0;
}

bool field_is_newest(struct kernel *k, enum field f)
{
	return field_exists(k, f) && kernel_fields(k)->newest[f];
}

int field_offset(struct kernel *k, enum field f, uint64_t *ret)
{
	const struct place *p;
	int r = field_place(k, f, &p);

	if (r < 0)
		return r;
	*ret = place_offset(p);
	return 0;
}

int field_size(struct kernel *k, enum field f, uint64_t *ret)
{
	const struct place *p;
	int r = field_place(k, f, &p);

	if (r < 0)
		return r;
	*ret = type_size(p->type);
	return 0;
}

int field_count(struct kernel *k, enum field f, uint64_t *ret)
{
	const struct place *p;
	const struct type *t;
	int r = field_place(k, f, &p);

	if (r < 0)
		return r;
	t = type_strip(p->type);
	if (t->kind == TYPE_ARRAY && t->nr > LIMIT_ELEMENTS)
		return fail(-EBADMSG, "%s.%s has %u elements", spellings[f].of,
			    spellings[f].names[0], t->nr);
	*ret = t->kind == TYPE_ARRAY ? t->nr : 1;
	return 0;
}

int field_addr(struct kernel *k, uint64_t addr, enum field f, uint64_t *ret)
{
	const struct place *p;
	int r = field_place(k, f, &p);

	if (r < 0)
		return r;
	*ret = addr + place_offset(p);
	return 0;
}

int field_owner(struct kernel *k, uint64_t addr, enum field f, uint64_t *ret)
{
	const struct place *p;
	int r = field_place(k, f, &p);

	if (r < 0)
		return r;
	*ret = addr - place_offset(p);
	return 0;
}

int field_u64(struct kernel *k, uint64_t addr, enum field f, uint64_t *ret)
{
	unsigned char raw[SCALAR_BYTES_MAX];
	const struct place *p;
	size_t len;
	int r = field_place(k, f, &p);

	if (r < 0)
		return r;
	r = scalar_bytes(p, &len);
	if (r < 0)
		return within(r, "%s.%s", spellings[f].of, spellings[f].names[0]);
	r = kernel_read(k, addr + place_offset(p), raw, len);
	if (r < 0)
		return within(r, "%s.%s at %#lx", spellings[f].of, spellings[f].names[0], addr);
	*ret = scalar_value(p, raw);
	return 0;
}

static bool is_byte(const struct type *t)
{
	t = type_strip(t);
	return t->kind == TYPE_INT && t->size == 1;
}

static int array_str(struct kernel *k, uint64_t addr, const struct type *t, char *ret, size_t size)
{
	/* a flexible array may hold any length */
	size_t len = t->nr && t->nr < size ? t->nr : size - 1;
	int r;

	if (!t->nr)
		return kernel_read_str(k, addr, ret, size);
	r = kernel_read(k, addr, ret, len);
	if (r < 0)
		return r;
	ret[len] = 0;
	return 0;
}

static int pointer_str(struct kernel *k, uint64_t addr, char *ret, size_t size)
{
	uint64_t target;
	int r = kernel_read_uint(k, addr, 8, &target);

	if (r < 0)
		return r;
	if (target)
		return kernel_read_str(k, target, ret, size);
	ret[0] = 0;
	return 0;
}

int field_str(struct kernel *k, uint64_t addr, enum field f, char *ret, size_t size)
{
	const struct place *p;
	const struct type *t;
	int r = field_place(k, f, &p);

	if (r < 0)
		return r;
	t = type_strip(p->type);
	addr += place_offset(p);
	if (t->kind == TYPE_ARRAY && is_byte(t->of))
		r = array_str(k, addr, t, ret, size);
	else if (t->kind == TYPE_POINTER)
		r = pointer_str(k, addr, ret, size);
	else
		r = fail(-EINVAL, "no string");
	return r < 0 ? within(r, "%s.%s", spellings[f].of, spellings[f].names[0]) : 0;
}

/* The types to look for @name in. Of a module's, "md_mod:Faulty", its own come first, for their names need not
 * be the kernel's only ones; @ret_name: without the module. */
static int types_of_name(struct kernel *k, const char *name, const struct types **ret,
			 const char **ret_name)
{
	const char *colon = strchr(name, ':');
	int r = -ENOENT;

	*ret_name = colon ? colon + 1 : name;
	if (colon)
		r = types_of_module(k, name, (size_t)(colon - name), ret);
	return r == -ENOENT ? kernel_types(k, ret) : r;
}

int kernel_sizeof(struct kernel *k, const char *name, uint64_t *ret)
{
	const struct types *ts;
	struct place p;
	int r = types_of_name(k, name, &ts, &name);

	if (r < 0)
		return r;
	r = member_of(ts, name, "", &p);
	if (r < 0)
		return r;
	*ret = type_size(p.type);
	return 0;
}

static bool remembered(struct fields *fs, const char *name, struct constant *ret)
{
	bool found = false;

	pthread_mutex_lock(&fs->lock);
	for (size_t i = 0; i < fs->nr_constants && !found; i++) {
		found = !strcmp(fs->constants[i].name, name);
		if (found)
			*ret = fs->constants[i];
	}
	pthread_mutex_unlock(&fs->lock);
	return found;
}

static void remember(struct fields *fs, const struct constant *c)
{
	struct constant known;

	if (remembered(fs, c->name, &known))
		return;
	pthread_mutex_lock(&fs->lock);
	if (fs->nr_constants < CONSTANTS_MAX)
		fs->constants[fs->nr_constants++] = *c;
	pthread_mutex_unlock(&fs->lock);
}

int kernel_enumerator(struct kernel *k, const char *name, uint64_t *ret)
{
	struct fields *fs = kernel_fields(k);
	struct constant c = { 0 };
	const struct types *ts;
	const char *own;
	int r;

	if (!remembered(fs, name, &c)) {
		r = types_of_name(k, name, &ts, &own);
		if (r < 0)
			return r;
		c.found = types_enumerator(ts, own, &c.value) >= 0;
		if (strlen(name) < sizeof(c.name) && !trouble()) {
			strcpy(c.name, name);
			remember(fs, &c);
		}
	}
	if (!c.found)
		return fail(-ENOENT, "no enumerator %s", name);
	*ret = c.value;
	return 0;
}
