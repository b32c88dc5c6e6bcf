/* /objects: any structure at any address, walked by the names of its members. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/object/address_text.h"
#include "fs/object/containing.h"
#include "fs/gen.h"
#include "kernel/object/container.h"
#include "kernel/mem/mem.h"
#include "kernel/object/object.h"
#include "kernel/symbol/symbols.h"
#include "kernel/types/decl.h"
#include "kernel/types/print.h"
#include "kernel/types/value.h"

/* What an item is: where it says so, the object's own text is made by the same name below. */
enum what {
	OBJECT,	   /* a directory of members, elements, or of the one value */
	CONTAINER, /* the same, with entries */
	VALUE,
	STRING,
	POINTER, /* a link to what it points to */
	NOWHERE, /* a pointer to nothing that there is */
	HEX,
	RAW,
	AS_C,
	DEFINITION,
	ADDRESS,
	CONTAINING, /* what it lies in */
	TEXT,	    /* what begins with this character */
	NUMBER,	    /* an entry of an xarray that is no pointer */
};

static const struct file {
	const char *name;
	enum what what;
} files[] = {
	{ ".c", AS_C },
	{ ".type", DEFINITION },
	{ ".address", ADDRESS },
	{ ".containing", CONTAINING },
}, twins[] = {
	{ ".hex", HEX },
	{ ".raw", RAW },
};

static void item_set(struct item *it, enum what what, const struct object *o)
{
	*it = (struct item){
		.kind = what <= CONTAINER ? ITEM_DIR
			: what == POINTER ? ITEM_LINK
					  : ITEM_TEXT,
		.what = (uint8_t)what,
		.v = { o->addr,
		       o->bit_offset | (uint64_t)o->bit_size << 8 | (uint64_t)o->stars << 16 },
		.p = { o->type },
	};
}

static struct object object_of(const struct item *it)
{
	return (struct object){ .type = it->p[0],
				.addr = it->v[0],
				.bit_offset = (uint8_t)it->v[1],
				.bit_size = (uint8_t)(it->v[1] >> 8),
				.stars = (uint8_t)(it->v[1] >> 16) };
}

static void item_set_container(struct item *it, const struct container *c)
{
	item_set(it, CONTAINER, &c->at);
	it->p[1] = c->entry;
	it->v[2] = c->offset;
	it->v[3] = c->head;
}

static struct container container_of(const struct item *it)
{
	return (struct container){
		.at = object_of(it), .entry = it->p[1], .offset = it->v[2], .head = it->v[3]
	};
}

/* A pointer is a link when it leads somewhere. */
static int item_of_pointer(struct kernel *k, const struct object *o, struct item *ret)
{
	unsigned char byte;
	uint64_t v;
	int r = object_value(k, o, &v);

	if (r >= 0 && v >> 63)
		r = kernel_read(k, v, &byte, 1);
	else if (r >= 0)
		r = -EFAULT;
	if (r == -EINTR || r == -ENOMEM)
		return r;
	/* What the dump lacks is there all the same. */
	item_set(ret, r < 0 && r != -ENODATA ? NOWHERE : POINTER, o);
	return 0;
}

/* Of a member, an element, an entry. @of: the structure that has it by @name; NULL: none. */
static int item_of(struct kernel *k, const struct object *of, const char *name,
		   const struct object *o, struct item *ret)
{
	enum object_kind kind = object_kind(o);
	struct container c;

	if (kind == OBJECT_POINTER)
		return item_of_pointer(k, o, ret);
	if (container_is(o) &&
	    (of ? container_of_member(k, of, name, o, &c) : container_of_object(k, o, &c)) == 0)
		item_set_container(ret, &c);
	else
		item_set(ret,
			 kind == OBJECT_STRING	 ? STRING
			 : kind == OBJECT_SCALAR ? VALUE
						 : OBJECT,
			 o);
	return 0;
}

static int item_of_entry(struct kernel *k, const struct object *entry, struct item *ret)
{
	(void)k;
	item_set(ret, entry->type ? POINTER : NUMBER, entry);
	ret->v[2] = 1; /* the object itself, not a pointer to it */
	return 0;
}

/* An object that is one value is a directory of that, called "value". */
static bool is_single(const struct object *o)
{
	enum object_kind kind = object_kind(o);

	return kind != OBJECT_AGGREGATE && kind != OBJECT_ARRAY;
}

static int find_root(struct render *r, const char *name, struct item *ret)
{
	struct object o;
	int e = object_parse(r->k, name, &o);

	if (e < 0)
		return e;
	if (is_single(&o))
		item_set(ret, OBJECT, &o);
	else
		e = item_of(r->k, NULL, NULL, &o, ret);
	return e;
}

static bool decimal(const char *name, uint64_t *ret)
{
	return name_number(name, ret) == 0;
}

/* "name.hex": the member called "name", in another form. */
static int find_twin(struct render *r, const struct object *o, const char *name, struct item *ret)
{
	const char *dot = strrchr(name, '.');
	char member[LIMIT_NAME];
	struct object m;
	uint64_t i;
	int e;

	if (!dot || dot == name || (size_t)(dot - name) >= sizeof(member))
		return fail(-ENOENT, "no member %s", name);
	memcpy(member, name, (size_t)(dot - name));
	member[dot - name] = 0;
	e = decimal(member, &i) ? object_element(o, i, &m) : object_member(o, member, &m);
	if (e < 0 && is_single(o) && !strcmp(member, "value")) {
		m = *o;
		e = 0;
	}
	for (size_t t = 0; e >= 0 && t < sizeof(twins) / sizeof(twins[0]); t++) {
		if (strcmp(dot, twins[t].name))
			continue;
		item_set(ret, twins[t].what, &m);
		return 0;
	}
	(void)r;
	return fail(-ENOENT, "no member %s", name);
}

/* "tasks:task_struct.tasks": the member as a container of these. */
static int find_as(struct render *r, const struct object *o, const char *name, struct item *ret)
{
	const char *colon = strchr(name, ':');
	char member[LIMIT_NAME];
	struct container c;
	struct object m;
	int e;

	if ((size_t)(colon - name) >= sizeof(member))
		return fail(-ENOENT, "no member %s", name);
	memcpy(member, name, (size_t)(colon - name));
	member[colon - name] = 0;
	e = *member ? object_member(o, member, &m) : 0;
	if (e >= 0)
		e = container_as(r->k, *member ? &m : o, colon + 1, &c);
	if (e >= 0)
		item_set_container(ret, &c);
	return e;
}

static int find_in_object(struct render *r, const struct item *dir, const char *name,
			  struct item *ret)
{
	struct object o = object_of(dir), m;
	struct container c;
	uint64_t i;
	int e;

	if (object_is_char(&o) && !strcmp(name, "string")) {
		item_set(ret, TEXT, &o);
		return 0;
	}
	if (is_single(&o) && !strcmp(name, "value"))
		return item_of(r->k, NULL, NULL, &o, ret);
	if (decimal(name, &i) && dir->what == CONTAINER) {
		c = container_of(dir);
		e = container_at(r->k, &c, i, &m);
		return e < 0 ? e : item_of_entry(r->k, &m, ret);
	}
	if (decimal(name, &i)) {
		e = object_element(&o, i, &m);
		return e < 0 ? e : item_of(r->k, NULL, NULL, &m, ret);
	}
	if (object_member(&o, name, &m) == 0)
		return item_of(r->k, &o, name, &m, ret);
	if (strchr(name, ':'))
		return find_as(r, &o, name, ret);
	return find_twin(r, &o, name, ret);
}

static int find(struct render *r, const struct item *dir, const char *name, struct item *ret)
{
	struct object o;
	int e;

	if (!dir)
		return find_root(r, name, ret);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(name, files[i].name))
			continue;
		o = object_of(dir);
		item_set(ret, files[i].what, &o);
		return 0;
	}
	e = find_in_object(r, dir, name, ret);
	/* Whatever is wrong with the name: there is no such file. */
	return e < 0 && e != -EINTR && e != -ENOMEM ? -ENOENT : e;
}

static const char *index_name(char buf[24], uint64_t index)
{
	snprintf(buf, 24, "%lu", index);
	return buf;
}

struct listing {
	struct render *r;
	struct names *names;
	const struct object *of;
};

static int add_member(void *arg, const char *name, const struct object *member)
{
	struct listing *l = arg;
	struct item it;
	int e = item_of(l->r->k, l->of, name, member, &it);

	if (e == 0)
		names_add(l->names, name, it.kind);
	return e;
}

static int add_entry(void *arg, uint64_t index, const struct object *entry)
{
	struct listing *l = arg;
	char name[24];

	if (l->names->n >= LIMIT_OBJECT_NAMES)
		return fail(-ELOOP, "more than %u entries", LIMIT_OBJECT_NAMES);
	names_add(l->names, index_name(name, index), entry->type ? ITEM_LINK : ITEM_TEXT);
	return cancelled() ? fail(-EINTR, "interrupted") : 0;
}

static int list_elements(struct listing *l)
{
	uint64_t n = object_elements(l->of);
	struct object element;
	char name[24];
	struct item it;
	int e = 0;

	if (object_kind(l->of) != OBJECT_ARRAY)
		return 0;
	for (uint64_t i = 0; e >= 0 && i < n && i < LIMIT_OBJECT_NAMES; i++) {
		e = object_element(l->of, i, &element);
		if (e >= 0)
			e = item_of(l->r->k, NULL, NULL, &element, &it);
		if (e >= 0)
			names_add(l->names, index_name(name, i), it.kind);
	}
	return e;
}

static int list(struct render *r, const struct item *dir, struct names *names)
{
	struct object o;
	struct listing l = { r, names, &o };
	struct container c;
	struct item it;
	int e;

	/* What is found by name only has no end. */
	if (!dir)
		return 0;
	o = object_of(dir);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		names_add(names, files[i].name, ITEM_TEXT);
	if (is_single(&o)) {
		e = item_of(r->k, NULL, NULL, &o, &it);
		if (e == 0)
			names_add(names, "value", it.kind);
		if (object_is_char(&o))
			names_add(names, "string", ITEM_TEXT);
		return e;
	}
	e = object_members(&o, add_member, &l);
	if (e >= 0)
		e = list_elements(&l);
	c = container_of(dir);
	if (e >= 0 && dir->what == CONTAINER && c.entry)
		e = container_each(r->k, &c, add_entry, &l);
	return e;
}

static void put_up(struct strbuf *out, uint32_t times)
{
	while (times--)
		put_str(out, "../");
}

static int put_symbol_link(struct render *r, uint64_t addr)
{
	struct symbol s;

	if (symbol_at(r->k, addr, &s) < 0 || s.addr != addr || strchr(s.name, '/'))
		return -ENOENT;
	put_up(r->out, r->item->depth + 1);
	put(r->out, "symbols/%s", s.name);
	if (s.again)
		put(r->out, "@%lx", s.addr);
	return 0;
}

static int put_object_link(struct render *r, struct object *to)
{
	const struct type *t = to->type;
	STRBUF(name);

	/* Declared where it is used; it may be defined elsewhere. */
	if (t->kind == TYPE_FORWARD && object_type(r->k, t->name, strlen(t->name), &t) < 0)
		return -ENOENT;
	if (put_object_name(&name, to) < 0)
		return -ENOENT;
	put_up(r->out, r->item->depth);
	put_bytes(r->out, name.data, name.len);
	return 0;
}

static int put_link(struct render *r)
{
	struct object o = object_of(r->item), to = o;
	uint64_t v = o.addr;
	bool typed = r->item->v[2];
	int e = typed ? 0 : object_value(r->k, &o, &v);

	if (e < 0)
		return e;
	if (!typed && object_points_to_code(&o) && put_symbol_link(r, v) == 0)
		return 0;
	if ((typed || object_target(&o, v, &to) == 0) && put_object_link(r, &to) == 0)
		return 0;
	put_up(r->out, r->item->depth + 1);
	put(r->out, "address/%lx", v);
	return 0;
}

/* Pointers that are meant to lead nowhere. */
static void put_nowhere(struct strbuf *out, uint64_t v)
{
	/* IS_ERR_VALUE() */
	const char *error = v >= (uint64_t)-4095 ? strerrorname_np((int)-v) : NULL;
	char buf[VALUE_KIND_MAX];
	const char *kind = value_kind(v, buf);

	if (error)
		put(out, "-%s\n", error);
	else if (kind)
		put(out, "%s\n", kind);
	else
		put(out, "%#lx%s\n", v,
		    v >> 63 ? " is not mapped" : " is no address of the kernel's");
}

static int text_of_nowhere(struct render *r, const struct object *o)
{
	uint64_t v;
	int e = object_value(r->k, o, &v);

	if (e < 0)
		return e;
	put_nowhere(r->out, v);
	return 0;
}

static int text_of_value(struct render *r, const struct object *o)
{
	struct place p = { o->type, o->bit_offset, o->bit_size };
	int e = put_value(r->out, r->k, &p, o->addr, 0);

	if (e >= 0)
		put_str(r->out, "\n");
	return e;
}

static int read_bytes(struct render *r, const struct object *o, struct window *ret)
{
	return window_open(ret, r->k, o->addr, object_size(o));
}

static int text_of_string(struct render *r, const struct object *o)
{
	const unsigned char *bytes;
	struct window w;
	int e = read_bytes(r, o, &w);

	if (e < 0)
		return e;
	bytes = window_at(&w, 0, w.size);
	if (bytes)
		put_escaped(r->out, bytes, strnlen((const char *)bytes, (size_t)w.size), "");
	else
		put_str(r->out, NOT_IN_DUMP);
	put_str(r->out, "\n");
	window_close(&w);
	return 0;
}

static int text_of_raw(struct render *r, const struct object *o)
{
	struct window w;
	int e = read_bytes(r, o, &w);

	if (e < 0)
		return e;
	r->verbatim = true;
	if (window_at(&w, 0, w.size))
		put_bytes(r->out, w.bytes, (size_t)w.size);
	else
		e = fail(-ENODATA, "not in the dump");
	window_close(&w);
	return e;
}

/* Numbers as such; all else byte by byte. */
static int text_of_hex(struct render *r, const struct object *o)
{
	enum object_kind kind = object_kind(o);
	struct window w;
	uint64_t v;
	int e;

	if ((kind == OBJECT_SCALAR || kind == OBJECT_POINTER) && object_value(r->k, o, &v) == 0) {
		uint64_t size = o->bit_size ? 0 : object_size(o);

		if (size && size < 8)
			v &= (1ull << 8 * size) - 1;
		put(r->out, "0x%0*lx\n", (int)(2 * size), v);
		return 0;
	}
	e = read_bytes(r, o, &w);
	if (e < 0)
		return e;
	for (uint64_t i = 0; i < w.size; i++) {
		const unsigned char *b = window_at(&w, i, 1);
		const char *sep = i + 1 == w.size || i % 16 == 15 ? "\n" : " ";

		if (b)
			put(r->out, "%02x%s", *b, sep);
		else
			put(r->out, "--%s", sep);
	}
	window_close(&w);
	return 0;
}

static int text_of_definition(struct render *r, const struct object *o)
{
	if (o->stars || !*o->type->name) {
		put_declaration(r->out, o->type, "");
		put(r->out, " %.*s\n", o->stars > 8 ? 8 : o->stars, "********");
	} else {
		put_definition(r->out, o->type);
	}
	return 0;
}

static int text_of_address(struct render *r, const struct object *o)
{
	put_address(r->out, r->k, o->addr);
	put_str(r->out, "\n");
	return 0;
}

static int text_of_containing(struct render *r, const struct object *o)
{
	return put_containing(r, o->addr);
}

static int text_of_c(struct render *r, const struct object *o)
{
	return o->stars ? text_of_hex(r, o) : put_object(r->out, r->k, o->type, o->addr);
}

static int text_of_text(struct render *r, const struct object *o)
{
	char text[LIMIT_NAME];
	int e = kernel_read_str(r->k, o->addr, text, sizeof(text));

	if (e < 0)
		return e;
	put_escaped(r->out, text, strlen(text), "");
	put_str(r->out, "\n");
	return 0;
}

static int text_of_number(struct render *r, const struct object *o)
{
	put(r->out, "%lu\n", o->addr >> 1);
	return 0;
}

static int text(struct render *r)
{
	static int (*const texts[])(struct render * r, const struct object *o) = {
		[VALUE] = text_of_value,
		[STRING] = text_of_string,
		[NOWHERE] = text_of_nowhere,
		[HEX] = text_of_hex,
		[RAW] = text_of_raw,
		[AS_C] = text_of_c,
		[DEFINITION] = text_of_definition,
		[ADDRESS] = text_of_address,
		[CONTAINING] = text_of_containing,
		[TEXT] = text_of_text,
		[NUMBER] = text_of_number,
	};
	struct object o = object_of(r->item);

	if (r->item->what == POINTER)
		return put_link(r);
	return texts[r->item->what](r, &o);
}

/* The same object by another name is the same directory: find(1) sees loops by that. */
static uint64_t identity(const struct item *dir)
{
	const struct type *t = dir->p[0];
	uint64_t h = dir->v[0] * 0x9e3779b97f4a7c15 ^ dir->v[1] ^ (uint64_t)t->kind << 32;

	for (const char *p = t->name; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3;
	return h ^ dir->what;
}

const struct walker walk_objects = {
	.find = find, .list = list, .text = text, .identity = identity
};
