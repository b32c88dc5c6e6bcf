#include "fs/stable.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "kernel/debug/idmap.h"
#include "kernel/mem/slab.h"
#include "kernel/symbol/symbols.h"

/* Hexadecimal digits of what is taken for an address: with 0x in front; of letters and figures; of
 * figures alone, which may be a number of another kind. */
#define DIGITS_MARKED 9
#define DIGITS_MIXED  12
#define DIGITS_MAX    16

#define KERNEL_HALF \
	0xff00000000000000 /* and above: the kernel's addresses, of any depth of page tables */
#define USER_END    0x0100000000000000
#define ERRNO_FIRST (-4095ull)

/* "task_struct" and how many have been named after it. */
struct class
{
	char name[SLAB_NAME_MAX];
	uint32_t n;
};

struct names_given {
	struct idmap numbers; /* address -> its number in its class */
	struct class *classes;
	size_t nr_classes;
};

static void names_given_fini(struct names_given *g)
{
	idmap_fini(&g->numbers);
	free(g->classes);
}

static struct class *find_class(struct names_given *g, const char *name)
{
	struct class *more;

	for (size_t i = 0; i < g->nr_classes; i++)
		if (!strcmp(g->classes[i].name, name))
			return &g->classes[i];
	more = realloc(g->classes, (g->nr_classes + 1) * sizeof(*more));
	if (!more)
		return NULL;
	g->classes = more;
	more += g->nr_classes++;
	*more = (struct class){ 0 };
	snprintf(more->name, sizeof(more->name), "%s", name);
	return more;
}

/* "class#3" */
static void put_numbered(struct strbuf *out, struct names_given *g, const char *name, uint64_t va)
{
	struct class *class = find_class(g, name);
	uint32_t number;

	if (!class) {
		out->error = -ENOMEM;
		return;
	}
	if (!idmap_get(&g->numbers, va, &number)) {
		number = ++class->n;
		if (idmap_put(&g->numbers, va, number) < 0)
			out->error = -ENOMEM;
	}
	put(out, "%s#%u", name, number);
}

static void put_place(struct strbuf *out, struct kernel *k, struct names_given *g, uint64_t va)
{
	char cache[SLAB_NAME_MAX];
	struct symbol symbol;

	if (va < USER_END) {
		put_str(out, "<user>");
	} else if (va < KERNEL_HALF) {
		put_str(out, "<value>");
	} else if (symbol_at(k, va, &symbol) == 0) {
		put_escaped(out, symbol.name, strlen(symbol.name), "");
		if (va != symbol.addr)
			put(out, "+%#lx", va - symbol.addr);
	} else if (slab_cache_name(k, va, cache) == 0) {
		put_numbered(out, g, cache, va);
	} else {
		put_str(out, "<kernel>");
	}
}

/* Is what is at @word, of @len bytes between what is part of no word, an address? */
static bool is_address(const char *word, size_t len, uint64_t *ret)
{
	bool marked = len > 2 && word[0] == '0' && word[1] == 'x', mixed = false;
	char digits[DIGITS_MAX + 1] = "";

	if (marked) {
		word += 2;
		len -= 2;
	}
	if (len < (marked ? DIGITS_MARKED : DIGITS_MIXED) || len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isxdigit((unsigned char)word[i]))
			return false;
		mixed |= isalpha((unsigned char)word[i]) != 0;
	}
	if (!marked && !mixed && len < DIGITS_MAX)
		return false;
	memcpy(digits, word, len);
	*ret = strtoull(digits, NULL, 16);
	return *ret > UINT32_MAX && *ret < ERRNO_FIRST;
}

static size_t word_length(const char *at, size_t len)
{
	size_t n = 0;

	while (n < len && (isalnum((unsigned char)at[n]) || at[n] == '_'))
		n++;
	return n;
}

void stabilise(struct kernel *k, struct strbuf *text)
{
	__attribute__((cleanup(names_given_fini))) struct names_given given = { 0 };
	struct strbuf out = { 0 };
	uint64_t va;

	for (size_t i = 0; i < text->len && !out.error && !cancelled();) {
		size_t n = word_length(text->data + i, text->len - i);

		if (n && is_address(text->data + i, n, &va))
			put_place(&out, k, &given, va);
		else
			put_bytes(&out, text->data + i, n ? n : 1);
		i += n ? n : 1;
	}
	strbuf_fini(text);
	*text = out;
}
