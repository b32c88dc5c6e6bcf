/* /proc/tty: drivers of terminals, line disciplines. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define TTY_NAME_LEN 64
#define MINOR_BITS   20
#define MINORS	     (1u << MINOR_BITS)
#define LDISCS_MAX   64

struct driver {
	char name[TTY_NAME_LEN], driver_name[TTY_NAME_LEN];
	uint64_t major, minor, num, type, subtype;
};

static int read_driver(struct kernel *k, uint64_t at, struct driver *ret)
{
	uint64_t first;
	int r = field_str(k, at, F_tty_driver_name, ret->name, sizeof(ret->name));

	if (r >= 0)
		r = field_str(k, at, F_tty_driver_driver_name, ret->driver_name,
			      sizeof(ret->driver_name));
	if (r >= 0 && !ret->driver_name[0])
		strcpy(ret->driver_name, "unknown");
	if (r >= 0)
		r = field_u64(k, at, F_tty_driver_major, &ret->major);
	if (r >= 0)
		r = field_u64(k, at, F_tty_driver_minor_start, &ret->minor);
	if (r >= 0)
		r = field_u64(k, at, F_tty_driver_num, &ret->num);
	if (r >= 0)
		r = field_u64(k, at, F_tty_driver_type, &ret->type);
	/* An enumeration that begins with 0 since v7.0. */
	if (r >= 0 && kernel_enumerator(k, "TTY_DRIVER_TYPE_SYSTEM", &first) >= 0)
		ret->type += 1 - first;
	if (r >= 0)
		r = field_u64(k, at, F_tty_driver_subtype, &ret->subtype);
	return r < 0 ? within(r, "terminal driver at %#lx", at) : 0;
}

static void put_type(struct strbuf *out, const struct driver *d)
{
	static const struct {
		uint64_t type, subtype; /* 0: any */
		const char *name;
	} names[] = {
		{ 1, 1, "system:/dev/tty" },
		{ 1, 2, "system:vtmaster" },
		{ 1, 3, "system:console" },
		{ 1, 0, "system" },
		{ 2, 0, "console" },
		{ 3, 0, "serial" },
		{ 4, 1, "pty:master" },
		{ 4, 2, "pty:slave" },
		{ 4, 0, "pty" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].type == d->type &&
		    (!names[i].subtype || names[i].subtype == d->subtype)) {
			put(out, "%s\n", names[i].name);
			return;
		}
	}
	put(out, "type:%d.%d\n", (int)d->type, (int)d->subtype);
}

/* One line a major number: minors go on in the next. */
static void put_driver(struct strbuf *out, const struct driver *d)
{
	uint64_t from = d->major << MINOR_BITS | (d->minor & (MINORS - 1)), to = from + d->num, end;

	for (; from < to; from = end) {
		end = (from | (MINORS - 1)) + 1;
		if (end > to)
			end = to;
		put(out, "%-20s /dev/%-8s %3lu ", d->driver_name, d->name, from >> MINOR_BITS);
		if (d->num > 1)
			put(out, "%lu-%lu ", from & (MINORS - 1), (end - 1) & (MINORS - 1));
		else
			put(out, "%7lu ", from & (MINORS - 1));
		put_type(out, d);
	}
}

/* What the kernel lists before all drivers, where there are any. */
static void put_first_ones(struct render *r)
{
	static const struct {
		const char *symbol; /* NULL: all kernels have it */
		struct driver d;
	} first[] = {
		{ NULL, { "tty", "/dev/tty", 5, 0, 1, 1, 1 } },
		{ NULL, { "console", "/dev/console", 5, 1, 1, 1, 3 } },
		{ "ptm_driver", { "ptmx", "/dev/ptmx", 5, 2, 1, 1, 0 } },
		{ "console_driver", { "vc/0", "/dev/vc/0", 4, 0, 1, 1, 2 } },
	};
	uint64_t va;

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (!first[i].symbol || symbol_addr(r->k, first[i].symbol, &va) >= 0)
			put_driver(r->out, &first[i].d);
}

int gen_tty_drivers(struct render *r)
{
	uint64_t head, at;
	struct list_walk w;
	struct driver d;
	bool any = false;
	int e = symbol_addr(r->k, "tty_drivers", &head);

	if (e >= 0)
		e = list_begin(&w, r->k, head, F_tty_driver_list);
	while (e >= 0 && (e = list_next(&w, &at)) > 0) {
		e = read_driver(r->k, at, &d);
		if (e < 0)
			break;
		if (!any)
			put_first_ones(r);
		any = true;
		put_driver(r->out, &d);
	}
	return e;
}

int gen_tty_ldiscs(struct render *r)
{
	struct symbol table;
	char name[TTY_NAME_LEN];
	uint64_t ops;
	int e = symbol_find(r->k, "tty_ldiscs", &table);

	for (size_t i = 0; e >= 0 && i < table.size / 8 && i < LDISCS_MAX; i++) {
		e = kernel_read_uint(r->k, table.addr + 8 * i, 8, &ops);
		if (e < 0 || !ops)
			continue;
		e = field_str(r->k, ops, F_tty_ldisc_name, name, sizeof(name));
		if (e >= 0)
			put(r->out, "%-10s %2zu\n", *name ? name : "???", i);
	}
	return e < 0 ? within(e, "line disciplines") : 0;
}
