#include "fs/object/address_text.h"

#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/mem/slab.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"

#define ERRNO_MAX 4095 /* MAX_ERRNO */

/* include/linux/poison.h; POISON_POINTER_DELTA is CONFIG_ILLEGAL_POINTER_VALUE. */
static const struct {
	uint64_t value;
	const char *text;
} values[] = {
	{ 0, "NULL" },
	{ 0xdead000000000000, "POISON_POINTER_DELTA" },
	{ 0xdead000000000100, "LIST_POISON1, of a list entry that was deleted" },
	{ 0xdead000000000122, "LIST_POISON2, of a list entry that was deleted" },
	{ 0xdead000000000200, "LIST_POISON2, of a list entry that was deleted" },
	{ 0xdead000000000300, "TIMER_ENTRY_STATIC" },
	{ 0x6b6b6b6b6b6b6b6b, "POISON_FREE, of a slab object that was freed" },
	{ 0x5a5a5a5a5a5a5a5a, "POISON_INUSE, of a slab object that was not initialised" },
	{ 0xaaaaaaaaaaaaaaaa, "PAGE_POISON, of a page that was freed" },
	{ 0xcccccccccccccccc, "POISON_FREE_INITMEM, of code that was freed after the boot" },
};

const char *value_kind(uint64_t value, char buf[VALUE_KIND_MAX])
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (values[i].value == value)
			return values[i].text;
	if (value < -(uint64_t)ERRNO_MAX)
		return NULL;
	snprintf(buf, VALUE_KIND_MAX, "ERR_PTR(-%lu)", -value);
	return buf;
}

/* Whether in the kernel's half or in that of user space. */
static bool is_canonical(const struct space *s, uint64_t va)
{
	return !s->pt || pgtable_serves(s->pt, va) ||
	       (s->pt->user && pgtable_serves(s->pt->user, va));
}

static void put_mapping(struct strbuf *out, struct kernel *k, const struct space *s, uint64_t va)
{
	struct mapping m;
	unsigned char byte;

	if (space_lookup(s, kernel_dump(k), va, &m) < 0)
		put_str(out, ", page table not in the dump");
	else if (m.kind != MAP_RAM)
		put_str(out, ", not mapped");
	else if (kernel_read(k, va, &byte, 1) < 0)
		put_str(out, ", page not in the dump");
}

void put_address_kind(struct strbuf *out, struct kernel *k, uint64_t va)
{
	const struct space *s;
	char cache[SLAB_NAME_MAX];
	struct symbol symbol;

	if (va < 4096) {
		put_str(out, "in the NULL page");
		return;
	}
	if (kernel_space(k, &s) < 0) {
		put_str(out, "unknown");
		return;
	}
	if (!is_canonical(s, va)) {
		put_str(out, "not canonical");
		return;
	}
	if (!(va >> 63)) {
		put_str(out, "in user space");
		return;
	}
	if (symbol_at(k, va, &symbol) >= 0) {
		put_symbol(out, k, va);
	} else if (slab_cache_name(k, va, cache) >= 0) {
		put_str(out, "slab ");
		put_escaped(out, cache, strlen(cache), "");
	} else {
		put_str(out, "kernel memory");
	}
	put_mapping(out, k, s, va);
}
