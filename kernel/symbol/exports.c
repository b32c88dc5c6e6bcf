#include "kernel/symbol/exports.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"

#define KNOWN	  "init_task" /* which every kernel exports */
#define NAMED_MAX 16	      /* places where that text is */
#define FEWEST	  256	      /* entries; a kernel has thousands */
#define SECTIONS  5 /* one after the other, each in order: __ksymtab, _gpl and three that were */
#define PER_CPU	  (64u << 20) /* bytes of per-CPU variables, at most */

/* struct kernel_symbol: value, name, and since 8651ec01daed (v5.4) the namespace. They are relative to their
 * own place since 7290d5809571 (v4.19) where the architecture has that, else addresses. */
static const struct form {
	size_t word, words;
	const char *name;
} forms[] = {
	{ 4, 3, "relative" },
	{ 4, 2, "relative, without namespaces" },
	{ 8, 3, "addresses" },
	{ 8, 2, "addresses, without namespaces" },
};

struct table {
	const struct constant *c;
	const struct region *image;
	const struct form *form;
	size_t first, last; /* entries, by their place in the data */
	size_t n;
};

static size_t stride(const struct form *f)
{
	return f->word * f->words;
}

/* What the word at @at, which lies in the data, points to. */
static uint64_t pointed(const struct constant *c, const struct form *f, size_t at)
{
	return f->word == 8 ? load_le64(c->bytes + at)
			    : c->first + at + (uint64_t)(int64_t)(int32_t)load_le32(c->bytes + at);
}

/* The C identifier at @va and its length; 0: there is none. */
static size_t name_at(const struct constant *c, uint64_t va, const char **ret)
{
	const char *name;
	size_t left, len = 0;

	if (va < c->first || va - c->first >= c->len)
		return 0;
	name = (const char *)c->bytes + (va - c->first);
	left = c->len - (size_t)(va - c->first);
	while (len < left && len < LIMIT_SYMBOL_NAME &&
	       (isalnum((unsigned char)name[len]) || name[len] == '_' || name[len] == '.' ||
		name[len] == '$'))
		len++;
	*ret = name;
	return len < left && !name[len] ? len : 0;
}

/* The name of the entry at @at, or 0: it is none. */
static size_t entry_at(const struct table *t, size_t at, const char **ret)
{
	const struct constant *c = t->c;
	uint64_t value, space;

	if (at > c->len || c->len - at < stride(t->form))
		return 0;
	value = pointed(c, t->form, at);
	if ((value < t->image->first || value > t->image->last) && value >= PER_CPU)
		return 0;
	if (t->form->words == 3) {
		space = pointed(c, t->form, at + 2 * t->form->word);
		/* None is zero: relative, that is the word's own place. */
		if (space && (space < c->first || space - c->first >= c->len))
			return 0;
	}
	return name_at(c, pointed(c, t->form, at + t->form->word), ret);
}

/* From an entry on to the last, and how many more there are. Where a section ends the next one may begin with its
 * alignment. */
static size_t run(const struct table *t, size_t from, bool up, size_t *ret_last)
{
	const size_t step = stride(t->form);
	unsigned sections = 1;
	const char *name, *next;
	size_t n = 0, at = from;

	if (!entry_at(t, at, &name))
		return 0;
	for (;;) {
		size_t to = up ? at + step : at - step;

		if (!up && at < step + t->form->word)
			break;
		if (!entry_at(t, to, &next)) {
			to = up ? to + t->form->word : to - t->form->word;
			if (t->form->word == 8 || !entry_at(t, to, &next))
				break;
		}
		if ((up ? strcmp(name, next) : strcmp(next, name)) >= 0 && ++sections > SECTIONS)
			break;
		name = next;
		at = to;
		n++;
	}
	*ret_last = at;
	return n;
}

/* Is the word at @at the name of an entry of a table? */
static bool is_table(struct table *t, size_t at)
{
	const char *name;
	size_t entry = at - t->form->word;

	if (at < t->form->word || !entry_at(t, entry, &name))
		return false;
	t->n = 1 + run(t, entry, false, &t->first) + run(t, entry, true, &t->last);
	return t->n >= FEWEST;
}

/* A word that points to one of the @n places. */
static bool find_table(struct table *t, const uint64_t *named, size_t n)
{
	const struct constant *c = t->c;

	for (size_t at = -c->first & (t->form->word - 1); at + t->form->word <= c->len;
	     at += t->form->word) {
		uint64_t to = pointed(c, t->form, at);

		for (size_t i = 0; i < n; i++)
			if (to == named[i] && is_table(t, at))
				return true;
	}
	return false;
}

static size_t find_name(const struct constant *c, uint64_t named[NAMED_MAX])
{
	const unsigned char *at = c->bytes;
	size_t n = 0;

	while (n < NAMED_MAX &&
	       (at = memmem(at, c->len - (size_t)(at - c->bytes), KNOWN, sizeof(KNOWN)))) {
		named[n++] = c->first + (size_t)(at - c->bytes);
		at++;
	}
	return n;
}

static int tell(const struct table *t, export_fn *fn, void *arg)
{
	size_t at = t->first;
	const char *name;
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++) {
		size_t len = entry_at(t, at, &name);

		if (!len) {
			at += t->form->word;
			len = entry_at(t, at, &name);
		}
		r = fn(arg, name, len, pointed(t->c, t->form, at));
		at += stride(t->form);
	}
	return r;
}

int exports_find(const struct constant *c, const struct region *image, export_fn *fn, void *arg,
		 struct exports *ret)
{
	uint64_t named[NAMED_MAX];
	size_t n = find_name(c, named);

	for (size_t i = 0; n && i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct table t = { .c = c, .image = image, .form = &forms[i] };

		if (cancelled())
			return fail(-EINTR, "interrupted while looking for exported symbols");
		if (!find_table(&t, named, n))
			continue;
		*ret = (struct exports){ c->first + t.first, t.n, t.form->name };
		return tell(&t, fn, arg);
	}
	return fail(-ENOENT, "no table of exported symbols");
}
