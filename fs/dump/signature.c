/* /signature: what makes two crashes the same: the kind, and the functions from where it happened to the
 * way into the kernel, by names that a compiler's choices and addresses do not change. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/cpu/death.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/unwind.h"

/* What runs whenever there is an occasion: who called it has nothing to do with it. */
static const char *const occasions[] = { "__do_softirq", "handle_softirqs", "do_softirq" };

static bool is_occasion(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(occasions) / sizeof(occasions[0]); i++)
		if (strlen(occasions[i]) == len && !memcmp(occasions[i], name, len))
			return true;
	return false;
}

/* "vfs_write", "crash_inner [crashme]": without .isra.0, .cold, .constprop.0. Returns whether it ends here. */
static bool put_function(struct strbuf *out, struct kernel *k, const struct frame *f)
{
	struct symbol s;
	size_t len;

	if (symbol_at(k, f->pc - !f->signal, &s) < 0) {
		put_str(out, "unknown\n");
		return false;
	}
	len = strcspn(s.name, ".");
	if (!len)
		len = strlen(s.name);
	put_escaped(out, s.name, len, "");
	if (s.module)
		put(out, " [%s]", s.module);
	put_str(out, "\n");
	return is_occasion(s.name, len);
}

/* The last line of @out once is enough: a recursion is as deep as the stack allows. */
static void drop_repeated(struct strbuf *out, size_t last, size_t start)
{
	size_t len = out->len - start;

	if (last != start && start - last == len &&
	    !memcmp(out->data + last, out->data + start, len)) {
		out->len = start;
		out->data[start] = 0;
	}
}

static bool is_site(const struct frame *f, const struct site *site)
{
	return f->pc == site->pc && f->signal == site->signal;
}

/* What was interrupted had nothing to do with it, and user space is another program each time. */
static int put_functions(struct strbuf *out, struct kernel *k, const struct death *d)
{
	size_t last = out->len, start;
	bool begun = !d->has_site;
	struct unwind u;
	struct frame f;
	int r = unwind_task(&u, k, d->task);

	while (r >= 0 && (r = unwind_next(&u, &f)) > 0) {
		if (f.user || (begun && f.regs))
			break;
		begun |= d->has_site && is_site(&f, &d->site);
		if (!begun || f.guess)
			continue;
		start = out->len;
		if (put_function(out, k, &f))
			break;
		drop_repeated(out, last, start);
		last = out->len > start ? start : last;
	}
	if (r >= 0 && !out->len)
		return fail(-ENODATA, "no function of the stack is known for sure");
	return r < 0 ? r : 0;
}

/* FNV-1a */
static uint64_t hash_of(const struct strbuf *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < text->len; i++)
		hash = (hash ^ (unsigned char)text->data[i]) * 0x100000001b3;
	return hash;
}

static int put_signature(struct strbuf *out, struct kernel *k, const struct death *d)
{
	const char *kind = d->kind ? d->kind : "unknown";
	STRBUF(functions);
	STRBUF(all);
	int r = put_functions(&functions, k, d);

	if (functions.error)
		return fail(functions.error, "the functions");
	if (!functions.len)
		return r;
	put(&all, "%s\n%s", kind, functions.data);
	put(out, "%016lx  %s\n%s", hash_of(&all), kind, functions.data);
	return r;
}

int gen_signature(struct render *r)
{
	struct death d;
	int e = death_find(r->k, &d);

	if (e == -EINTR || e == -ENOMEM)
		;
	else if (!d.task)
		e = fail(-ENOENT, "it did not crash, or nothing tells which task did");
	else
		e = put_signature(r->out, r->k, &d);
	death_fini(&d);
	return e;
}
