#include "kernel/types/print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"

#define PIECE	    4096 /* no page is smaller */
#define STRING_LEN  256	 /* bytes shown of what a char * points to, as crash does */
#define FLAGS_COUNT 2	 /* enumerators that make a set of flags */

static size_t piece_of(const struct window *w, uint64_t off)
{
	return (size_t)((w->addr % PIECE + off) / PIECE);
}

/* Read what is there of an object that is not there as a whole. */
static int read_pieces(struct window *w)
{
	bool any = false;
	int r = 0;

	w->missing = calloc(piece_of(w, w->size - 1) + 1, 1);
	if (!w->missing)
		return fail(-ENOMEM, "object at %#lx", w->addr);
	for (uint64_t off = 0, n; off < w->size; off += n) {
		int got;

		n = PIECE - (w->addr + off) % PIECE;
		if (n > w->size - off)
			n = w->size - off;
		got = kernel_read(w->k, w->addr + off, w->bytes + off, (size_t)n);
		w->missing[piece_of(w, off)] = got < 0;
		any |= got >= 0;
		if (got < 0)
			r = got;
		if (got == -EINTR)
			return got;
	}
	return any ? 0 : r;
}

int window_open(struct window *w, struct kernel *k, uint64_t addr, uint64_t size)
{
	int r;

	*w = (struct window){ .k = k, .addr = addr, .size = size };
	if (size > LIMIT_OBJECT)
		return fail(-EINVAL, "%lu bytes are no object", size);
	w->bytes = malloc((size_t)size + 1);
	if (!w->bytes)
		return fail(-ENOMEM, "object at %#lx", addr);
	r = kernel_read(k, addr, w->bytes, (size_t)size);
	if (r < 0 && size)
		r = read_pieces(w);
	if (r < 0)
		window_close(w);
	return r;
}

void window_close(struct window *w)
{
	free(w->bytes);
	free(w->missing);
}

bool window_has(const struct window *w, uint64_t off, uint64_t size)
{
	return off <= w->size && size <= w->size - off;
}

const unsigned char *window_at(const struct window *w, uint64_t off, uint64_t size)
{
	if (!window_has(w, off, size))
		return NULL;
	for (size_t i = piece_of(w, off); w->missing && size && i <= piece_of(w, off + size - 1);
	     i++)
		if (w->missing[i])
			return NULL;
	return w->bytes + off;
}

bool is_char(const struct type *t)
{
	t = type_strip(t);
	return t->kind == TYPE_INT && t->size == 1 && !t->is_bool;
}

/* A character between quotes. */
static void put_char(struct strbuf *out, unsigned char c, char quote)
{
	static const char names[] = "\aa\bb\tt\nn\vv\ff\rr";
	const char *name = c ? strchr(names, c) : NULL;

	if (name && c < 0x20)
		put(out, "\\%c", name[1]);
	else if (c < 0x20 || c > 0x7e)
		put(out, "\\%03o", c);
	else
		put(out, c == quote || c == '\\' ? "\\%c" : "%c", c);
}

void put_chars(struct strbuf *out, const unsigned char *bytes, size_t len)
{
	while (len && !bytes[len - 1])
		len--;
	put_str(out, "\"");
	for (size_t i = 0; i < len; i++)
		put_char(out, bytes[i], '"');
	put_str(out, "\"");
}

void put_address(struct strbuf *out, struct kernel *k, uint64_t addr)
{
	struct symbol s;

	put(out, "0x%lx", addr);
	if (symbol_at(k, addr, &s) < 0)
		return;
	put(out, " <%s", s.name);
	if (addr != s.addr)
		put(out, "+%lu", addr - s.addr);
	put_str(out, ">");
}

static void put_pointer(struct strbuf *out, struct kernel *k, const struct type *to, uint64_t v)
{
	char text[STRING_LEN + 1];
	size_t len;

	if (!is_char(to) || !v) {
		put_address(out, k, v);
		return;
	}
	put(out, "0x%lx", v);
	if (kernel_read_str(k, v, text, sizeof(text)) < 0)
		return;
	len = strlen(text);
	put_str(out, " ");
	put_chars(out, (unsigned char *)text, len);
	if (len == STRING_LEN)
		put_str(out, "...");
}

static const struct enumerator *named(const struct type *t, uint64_t v)
{
	for (uint32_t i = 0; i < t->nr; i++)
		if (t->values[i].value == v)
			return &t->values[i];
	return NULL;
}

/* Are its enumerators single bits, so that it may hold several? */
static bool is_flags(const struct type *t)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < t->nr; i++) {
		uint64_t v = t->values[i].value;

		if (v & (v - 1))
			return false;
		bits += v != 0;
	}
	return bits >= FLAGS_COUNT;
}

static void put_flags(struct strbuf *out, const struct type *t, uint64_t v)
{
	const char *separator = "(";

	for (uint32_t i = 0; i < t->nr; i++) {
		if (!(v & t->values[i].value))
			continue;
		put(out, "%s%s", separator, t->values[i].name);
		separator = " | ";
		v &= ~t->values[i].value;
	}
	if (v)
		put(out, "%sunknown: 0x%lx", separator, v);
	put_str(out, ")");
}

static void put_enum(struct strbuf *out, const struct type *t, uint64_t v)
{
	const struct enumerator *e = named(t, v);

	if (e && *e->name)
		put_str(out, e->name);
	else if (v && is_flags(t))
		put_flags(out, t, v);
	else
		put(out, t->is_signed ? "%ld" : "%lu", v);
}

static void put_int(struct strbuf *out, const struct type *t, uint64_t v)
{
	if (t->is_bool && v < 2) {
		put_str(out, v ? "true" : "false");
		return;
	}
	put(out, t->is_signed ? "%ld" : "%lu", v);
	if (!is_char(t))
		return;
	put_str(out, " '");
	put_char(out, (unsigned char)v, '\'');
	put_str(out, "'");
}

static void put_float(struct strbuf *out, const struct type *t, uint64_t v)
{
	uint32_t low = (uint32_t)v;
	double d;
	float f;

	if (t->size == sizeof(f)) {
		memcpy(&f, &low, sizeof(f));
		put(out, "%g", (double)f);
	} else {
		memcpy(&d, &v, sizeof(d));
		put(out, "%g", d);
	}
}

void put_number(struct strbuf *out, struct kernel *k, const struct type *t, uint64_t v)
{
	switch (t->kind) {
	case TYPE_POINTER:
		put_pointer(out, k, t->of, v);
		break;
	case TYPE_ENUM:
		put_enum(out, t, v);
		break;
	case TYPE_FLOAT:
		put_float(out, t, v);
		break;
	default:
		put_int(out, t, v);
	}
}

void put_wide(struct strbuf *out, const unsigned char *bytes, size_t len)
{
	put_str(out, "0x");
	while (len--)
		put(out, "%02x", bytes[len]);
}
