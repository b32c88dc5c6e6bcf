/* /proc/devices, misc, iomem, ioports, consoles, fb, dma: what drivers have. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define MAJOR_HASH 255
#define MAJORS	   512 /* CHRDEV_MAJOR_MAX, BLKDEV_MAJOR_MAX */
#define DEV_NAME   64

/* A table of majors: hash chains. */
struct majors {
	const char *table;
	enum field next, major, name;
};

static int put_major(struct render *r, const struct majors *m, uint64_t chain, uint64_t major)
{
	struct guard guard = { 0 };
	char name[DEV_NAME + 1];
	uint64_t v;
	int e = 0;

	while (e >= 0 && chain) {
		e = guard_step(&guard, chain);
		if (e >= 0)
			e = field_u64(r->k, chain, m->major, &v);
		if (e >= 0 && v == major) {
			e = field_str(r->k, chain, m->name, name, sizeof(name));
			if (e >= 0)
				put(r->out, "%3lu %s\n", major, name);
		}
		if (e >= 0)
			e = field_u64(r->k, chain, m->next, &chain);
	}
	return e;
}

static int put_majors(struct render *r, const struct majors *m)
{
	uint64_t table, chain;
	int e = symbol_addr(r->k, m->table, &table);

	for (uint64_t major = 0; e >= 0 && major < MAJORS; major++) {
		e = kernel_read_uint(r->k, table + 8 * (major % MAJOR_HASH), 8, &chain);
		if (e >= 0)
			e = put_major(r, m, chain, major);
	}
	return e;
}

int gen_proc_devices(struct render *r)
{
	static const struct majors characters = { "chrdevs", F_chrdev_next, F_chrdev_major,
						  F_chrdev_name };
	static const struct majors blocks = { "major_names", F_blkdev_next, F_blkdev_major,
					      F_blkdev_name };
	int e;

	put_str(r->out, "Character devices:\n");
	e = put_majors(r, &characters);
	put_str(r->out, "\nBlock devices:\n");
	return e < 0 ? e : put_majors(r, &blocks);
}

int gen_proc_misc(struct render *r)
{
	uint64_t head, misc, minor;
	char name[DEV_NAME + 1];
	struct list_walk w;
	int e = symbol_addr(r->k, "misc_list", &head);

	if (e >= 0)
		e = list_begin(&w, r->k, head, F_misc_list);
	while (e >= 0 && (e = list_next(&w, &misc)) > 0) {
		e = field_u64(r->k, misc, F_misc_minor, &minor);
		if (e >= 0)
			e = field_str(r->k, misc, F_misc_name, name, sizeof(name));
		if (e >= 0)
			put(r->out, "%3i %s\n", (int)minor, name);
	}
	return e;
}

#define RESOURCE_LEVELS 5 /* indented; MAX_IORES_LEVEL */

/* Of a tree of resources: depth first, without a stack, for each leads to its parent. */
static int put_resources(struct render *r, const char *root_symbol)
{
	uint64_t root, at, start, end = 0, next;
	struct guard guard = { 0 };
	char name[DEV_NAME + 1];
	size_t depth = 0;
	int width;
	int e = symbol_addr(r->k, root_symbol, &root);

	if (e >= 0)
		e = field_u64(r->k, root, F_resource_end, &end);
	if (e >= 0)
		e = field_u64(r->k, root, F_resource_child, &at);
	width = e >= 0 && end < 0x10000 ? 4 : 8;
	while (e >= 0 && at && at != root) {
		e = guard_step(&guard, at);
		if (e >= 0)
			e = field_u64(r->k, at, F_resource_start, &start);
		if (e >= 0)
			e = field_u64(r->k, at, F_resource_end, &end);
		if (e >= 0)
			e = field_str(r->k, at, F_resource_name, name, sizeof(name));
		if (e < 0)
			break;
		put(r->out, "%*s%0*lx-%0*lx : ",
		    2 * (int)(depth < RESOURCE_LEVELS ? depth : RESOURCE_LEVELS), "", width, start,
		    width, end);
		put_escaped(r->out, *name ? name : "<BAD>", *name ? strlen(name) : 5, "");
		put_str(r->out, "\n");
		e = field_u64(r->k, at, F_resource_child, &next);
		if (e >= 0 && next) {
			depth++;
			at = next;
			continue;
		}
		/* up until there is a sibling */
		while (e >= 0 && at != root) {
			e = field_u64(r->k, at, F_resource_sibling, &next);
			if (e < 0 || next)
				break;
			e = field_u64(r->k, at, F_resource_parent, &at);
			if (e >= 0 && !at)
				e = fail(-EBADMSG, "a resource without a parent");
			if (e >= 0 && !depth && at != root)
				e = fail(-EBADMSG, "a resource that has another parent");
			depth -= depth > 0;
		}
		if (e >= 0 && at != root)
			at = next;
	}
	return e;
}

int gen_proc_iomem(struct render *r)
{
	return put_resources(r, "iomem_resource");
}

int gen_proc_ioports(struct render *r)
{
	return put_resources(r, "ioport_resource");
}

/* The terminal that a console is, as the function that the kernel asks finds it. */
static int put_console_dev(struct render *r, uint64_t console, uint64_t device, uint64_t index)
{
	uint64_t data, driver, major, minor;
	struct symbol s;
	int e = symbol_at(r->k, device, &s);

	if (e < 0 || s.addr != device)
		return 0;
	if (!strcmp(s.name, "uart_console_device")) {
		e = field_u64(r->k, console, F_console_data, &data);
		if (e >= 0)
			e = field_u64(r->k, data, F_uart_driver_tty_driver, &driver);
	} else if (!strcmp(s.name, "vt_console_device")) {
		e = symbol_u64(r->k, "console_driver", 8, &driver);
		index = index ? index - 1 : 0;
	} else if (!strcmp(s.name, "hvc_console_device")) {
		e = symbol_u64(r->k, "hvc_driver", 8, &driver);
	} else {
		return 0;
	}
	if (e >= 0 && driver)
		e = field_u64(r->k, driver, F_tty_driver_major, &major);
	if (e >= 0 && driver)
		e = field_u64(r->k, driver, F_tty_driver_minor_start, &minor);
	if (e >= 0 && driver)
		put(r->out, " %4lu:%lu", major, minor + index);
	return e;
}

static int put_console(struct render *r, uint64_t console)
{
	static const struct {
		unsigned int flag;
		char letter;
	} flags[] = {
		{ 4, 'E' }, { 2, 'C' },	 { 8, 'B' },  { 256, 'N' },
		{ 1, 'p' }, { 32, 'b' }, { 16, 'a' },
	};
	static const enum field writers[] = { F_console_write, F_console_write_thread,
					      F_console_write_atomic };
	uint64_t set, index, reads, unblank, device, writes = 0, v;
	char name[DEV_NAME + 1];
	STRBUF(label);
	int e = field_str(r->k, console, F_console_name, name, sizeof(name));

	if (e >= 0)
		e = field_u64(r->k, console, F_console_flags, &set);
	if (e >= 0)
		e = field_u64(r->k, console, F_console_index, &index);
	if (e >= 0)
		e = field_u64(r->k, console, F_console_read, &reads);
	if (e >= 0)
		e = field_u64(r->k, console, F_console_unblank, &unblank);
	if (e >= 0)
		e = field_u64(r->k, console, F_console_device, &device);
	for (size_t i = 0; e >= 0 && i < 3; i++) {
		if (!field_exists(r->k, writers[i]))
			continue;
		e = field_u64(r->k, console, writers[i], &v);
		writes |= v;
	}
	if (e < 0)
		return e;
	put(&label, "%s%d", name, (int)(int16_t)index);
	put(r->out, "%-20s %c%c%c (", label.data ? label.data : "", reads ? 'R' : '-',
	    writes ? 'W' : '-', unblank ? 'U' : '-');
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].letter != 'N' || kernel_enumerator(r->k, "CON_NBCON", &v) >= 0)
			put(r->out, "%c", set & flags[i].flag ? flags[i].letter : ' ');
	put_str(r->out, ")");
	e = device ? put_console_dev(r, console, device, index) : 0;
	put_str(r->out, "\n");
	return e;
}

int gen_proc_consoles(struct render *r)
{
	struct guard guard = { 0 };
	uint64_t at;
	struct list_walk w;
	int e = symbol_addr(r->k, "console_list", &at); /* 4dc64682ad9b (v6.2) */

	if (e >= 0) {
		e = hlist_begin(&w, r->k, at, F_console_node);
		while (e >= 0 && (e = hlist_next(&w, &at)) > 0)
			e = put_console(r, at);
		return e;
	}
	e = symbol_u64(r->k, "console_drivers", 8, &at);
	while (e >= 0 && at) {
		e = guard_step(&guard, at);
		if (e >= 0)
			e = put_console(r, at);
		if (e >= 0)
			e = field_u64(r->k, at, F_console_next, &at);
	}
	return e;
}

bool has_proc_fb(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "registered_fb", &va) >= 0;
}

int gen_proc_fb(struct render *r)
{
	enum { FB_MAX = 32 };
	uint64_t table, fb, node;
	char id[DEV_NAME + 1];
	int e = symbol_addr(r->k, "registered_fb", &table);

	for (size_t i = 0; e >= 0 && i < FB_MAX; i++) {
		e = kernel_read_uint(r->k, table + 8 * i, 8, &fb);
		if (e < 0 || !fb)
			continue;
		e = field_u64(r->k, fb, F_fb_node, &node);
		if (e >= 0)
			e = field_str(r->k, fb, F_fb_fix_id, id, sizeof(id));
		if (e >= 0)
			put(r->out, "%d %s\n", (int)node, id);
	}
	return e < 0 ? within(e, "frame buffers") : 0;
}

/* CONFIG_GENERIC_ISA_DMA */
bool has_proc_dma(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "dma_chan_busy", &va) >= 0;
}

int gen_proc_dma(struct render *r)
{
	enum { MAX_DMA_CHANNELS = 8, CHANNEL_SIZE = 16 };
	uint64_t table, at, busy;
	char name[DEV_NAME + 1];
	int e = symbol_addr(r->k, "dma_chan_busy", &table);

	for (size_t i = 0; e >= 0 && i < MAX_DMA_CHANNELS; i++) {
		at = table + CHANNEL_SIZE * i;
		e = field_u64(r->k, at, F_dma_chan_lock, &busy);
		if (e < 0 || !busy)
			continue;
		e = field_str(r->k, at, F_dma_chan_device_id, name, sizeof(name));
		if (e >= 0)
			put(r->out, "%2zu: %s\n", i, name);
	}
	return e < 0 ? within(e, "DMA channels") : 0;
}
