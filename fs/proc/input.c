/* /proc/bus/input: keyboards, mice and the like, and who takes what they send. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define INPUT_NAME_LEN 256
#define BITMAP_WORDS   64
#define PATH_DEPTH     64

/* Its place in sysfs: the names of it and of those above. */
static int put_sysfs_path(struct render *r, uint64_t kobj)
{
	uint64_t chain[PATH_DEPTH];
	char name[INPUT_NAME_LEN];
	size_t n = 0;
	int e = 0;

	for (; e >= 0 && kobj; n++) {
		if (n == PATH_DEPTH)
			return fail(-ELOOP, "more than %d directories", PATH_DEPTH);
		chain[n] = kobj;
		e = field_u64(r->k, kobj, F_kobject_parent, &kobj);
	}
	while (e >= 0 && n--) {
		e = field_str(r->k, chain[n], F_kobject_name, name, sizeof(name));
		put_str(r->out, "/");
		if (e >= 0)
			put_escaped(r->out, name, strlen(name), "");
	}
	return e;
}

static int put_string(struct render *r, uint64_t at, enum field f, const char *before,
		      const char *after)
{
	char text[INPUT_NAME_LEN];
	int e = field_str(r->k, at, f, text, sizeof(text));

	put_str(r->out, before);
	if (e >= 0)
		put_escaped(r->out, text, strlen(text), "");
	put_str(r->out, after);
	return e;
}

static int put_handles(struct render *r, uint64_t dev)
{
	char name[INPUT_NAME_LEN];
	uint64_t head, handle;
	struct list_walk w;
	int e = field_addr(r->k, dev, F_input_h_list, &head);

	put_str(r->out, "H: Handlers=");
	if (e >= 0)
		e = list_begin(&w, r->k, head, F_input_handle_d_node);
	while (e >= 0 && (e = list_next(&w, &handle)) > 0) {
		e = field_str(r->k, handle, F_input_handle_name, name, sizeof(name));
		if (e >= 0)
			put(r->out, "%s ", name);
	}
	put_str(r->out, "\n");
	return e;
}

/* From the highest word that has a bit on. */
static int put_bitmap(struct render *r, uint64_t dev, const char *name, enum field f)
{
	uint64_t at, n, word;
	bool any = false;
	int e = field_addr(r->k, dev, f, &at);

	if (e >= 0)
		e = field_count(r->k, f, &n);
	if (e >= 0 && n > BITMAP_WORDS)
		e = fail(-EBADMSG, "a bitmap of %lu words", n);
	if (e < 0)
		return e;
	put(r->out, "B: %s=", name);
	while (n-- && (e = kernel_read_uint(r->k, at + 8 * n, 8, &word)) >= 0) {
		if (!any && !word && n)
			continue;
		put(r->out, n ? "%lx " : "%lx", word);
		any = true;
	}
	put_str(r->out, "\n");
	return e;
}

static int put_bitmaps(struct render *r, uint64_t dev)
{
	static const struct {
		unsigned int event;
		const char *name;
		enum field f;
	} kinds[] = {
		{ 1, "KEY", F_input_keybit },  { 2, "REL", F_input_relbit },
		{ 3, "ABS", F_input_absbit },  { 4, "MSC", F_input_mscbit },
		{ 17, "LED", F_input_ledbit }, { 18, "SND", F_input_sndbit },
		{ 21, "FF", F_input_ffbit },   { 5, "SW", F_input_swbit },
	};
	uint64_t at, events;
	int e = put_bitmap(r, dev, "PROP", F_input_propbit);

	if (e >= 0)
		e = put_bitmap(r, dev, "EV", F_input_evbit);
	if (e >= 0)
		e = field_addr(r->k, dev, F_input_evbit, &at);
	if (e >= 0)
		e = kernel_read_uint(r->k, at, 8, &events);
	for (size_t i = 0; e >= 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (events >> kinds[i].event & 1)
			e = put_bitmap(r, dev, kinds[i].name, kinds[i].f);
	return e;
}

static int put_device(struct render *r, uint64_t dev)
{
	static const enum field ids[] = { F_input_id_bustype, F_input_id_vendor, F_input_id_product,
					  F_input_id_version };
	uint64_t id[4], kobj;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < 4; i++)
		e = field_u64(r->k, dev, ids[i], &id[i]);
	if (e < 0)
		return e;
	put(r->out, "I: Bus=%04lx Vendor=%04lx Product=%04lx Version=%04lx\n", id[0], id[1], id[2],
	    id[3]);
	e = put_string(r, dev, F_input_name, "N: Name=\"", "\"\n");
	if (e >= 0)
		e = put_string(r, dev, F_input_phys, "P: Phys=", "\n");
	if (e >= 0)
		e = field_addr(r->k, dev, F_input_kobj, &kobj);
	if (e < 0)
		return e;
	put_str(r->out, "S: Sysfs=");
	e = put_sysfs_path(r, kobj);
	put_str(r->out, "\n");
	if (e >= 0)
		e = put_string(r, dev, F_input_uniq, "U: Uniq=", "\n");
	if (e >= 0)
		e = put_handles(r, dev);
	if (e >= 0)
		e = put_bitmaps(r, dev);
	put_str(r->out, "\n");
	return e;
}

int gen_input_devices(struct render *r)
{
	struct list_walk w;
	uint64_t head, dev;
	int e = symbol_addr(r->k, "input_dev_list", &head);

	if (e >= 0)
		e = list_begin(&w, r->k, head, F_input_node);
	while (e >= 0 && (e = list_next(&w, &dev)) > 0) {
		e = put_device(r, dev);
		if (e < 0)
			e = within(e, "input device at %#lx", dev);
	}
	return e;
}

static int put_handler(struct render *r, uint64_t handler, unsigned int i)
{
	uint64_t filter, legacy, minor;
	char name[INPUT_NAME_LEN];
	int e = field_str(r->k, handler, F_input_handler_name, name, sizeof(name));

	if (e >= 0)
		e = field_u64(r->k, handler, F_input_handler_filter, &filter);
	if (e >= 0)
		e = field_u64(r->k, handler, F_input_handler_legacy_minors, &legacy);
	if (e >= 0)
		e = field_u64(r->k, handler, F_input_handler_minor, &minor);
	if (e < 0)
		return e;
	put(r->out, "N: Number=%u Name=%s", i, name);
	if (filter)
		put_str(r->out, " (filter)");
	if (legacy)
		put(r->out, " Minor=%d", (int)minor);
	put_str(r->out, "\n");
	return 0;
}

int gen_input_handlers(struct render *r)
{
	unsigned int i = 0;
	struct list_walk w;
	uint64_t head, handler;
	int e = symbol_addr(r->k, "input_handler_list", &head);

	if (e >= 0)
		e = list_begin(&w, r->k, head, F_input_handler_node);
	while (e >= 0 && (e = list_next(&w, &handler)) > 0)
		e = put_handler(r, handler, i++);
	return e;
}

/* Part of the kernel, not a module of it. */
bool has_bus_input(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "input_dev_list", &va) >= 0;
}
