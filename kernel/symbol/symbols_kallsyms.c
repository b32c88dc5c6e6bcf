/* The kernel's own symbols, from kallsyms: found by VMCOREINFO, else by a search of the image. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/mem/constant.h"
#include "kernel/symbol/kallsyms.h"
#include "kernel/symbol/producers.h"

#define BANNER "Linux version "

static int find(struct kernel *k, const struct space *s, struct kallsyms_place *ret)
{
	struct dump *d = kernel_dump(k);
	const struct vmcoreinfo *vi;
	struct region constant;
	int told = dump_vmcoreinfo_told(d, &vi), r;

	if (told == 0)
		told = kallsyms_by_vmcoreinfo(d, s, vi, ret);
	if (told == 0 || told == -EINTR || told == -ENOMEM)
		return told;
	if (!s->image.last)
		return fail(-ENOENT, "kallsyms: where the kernel image is is not known");
	if (constant_region(d, s, &constant) &&
	    kallsyms_search(d, s, constant.first, constant.last, ret) == 0)
		return 0;
	r = kallsyms_search(d, s, s->image.first, s->image.last, ret);
	/* Where they are is known: what is wrong there says more than that a search found nothing. */
	if (r == -ENOENT && told == -EBADMSG)
		return kallsyms_by_vmcoreinfo(d, s, vi, ret);
	return r;
}

/* That a well-known text is where its symbol says proves names, addresses and translation at once.
 * When it is not in the dump, nothing is proven. */
static int prove(struct kernel *k, const struct symtab *t, struct strbuf *evidence)
{
	char text[128] = "";
	size_t i;

	if (!symtab_find(t, "linux_banner", NULL, &i))
		return 0;
	if (kernel_read(k, t->v[i].addr, text, sizeof(text) - 1) < 0) {
		put(evidence, "proof              none: linux_banner: %s\n", why());
		return 0;
	}
	if (strncmp(text, BANNER, strlen(BANNER)))
		return fail(-EBADMSG, "kallsyms: at linux_banner, %#lx, there is no banner",
			    t->v[i].addr);
	put(evidence, "proof              linux_banner reads \"");
	put_escaped(evidence, text, strcspn(text, "\n("), "");
	put(evidence, "\"\n");
	return 0;
}

/* For tests: what a kernel without CONFIG_KALLSYMS_ALL has, functions and where they end. */
static void drop_data(struct symtab *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (strchr("tTwW", t->v[i].kind) || !strcmp(symtab_name(t, i), "_etext"))
			t->v[n++] = t->v[i];
	t->n = n;
}

int symbols_of_kallsyms(struct kernel *k, struct symtab *ret, struct strbuf *evidence)
{
	struct kallsyms_place place;
	const struct space *s;
	unsigned int missing;
	int r = kernel_space(k, &s);

	if (r < 0)
		return r;
	r = find(k, s, &place);
	if (r < 0)
		return r;
	r = kallsyms_read(kernel_dump(k), s, &place, ret);
	if (r < 0)
		return r;
	missing = place.nr - (unsigned int)ret->n;
	if (kernel_options(k)->no_data_symbols)
		drop_data(ret);
	put(evidence, "symbols            %zu from kallsyms at %#lx, found by %s\n", ret->n,
	    place.names, place.origin);
	put(evidence, "their addresses    at %#lx, %s\n", place.addresses,
	    kallsyms_encoding_name(place.encoding));
	if (missing)
		put(evidence, "symbols            %u are missing: kallsyms is not whole\n",
		    missing);
	r = symtab_seal(ret);
	return r < 0 ? r : prove(k, ret, evidence);
}
