/* Copying the tables out of the dump, from places that VMCOREINFO or a search gives. */
#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/mem/bulk.h"
#include "kernel/symbol/kallsyms.h"

/* What is there of @len bytes at @va; malloced. */
static int copy(struct dump *d, const struct space *s, uint64_t va, uint64_t len,
		unsigned char **ret, size_t *ret_len)
{
	_free_ unsigned char *buf = NULL;
	size_t got;

	if (!len || len > LIMIT_KALLSYMS)
		return fail(-EBADMSG, "kallsyms: a table of %lu bytes at %#lx", len, va);
	buf = malloc((size_t)len);
	if (!buf)
		return fail(-ENOMEM, "kallsyms");
	got = bulk_read_some(s, d, va, buf, (size_t)len);
	if (!got)
		return within(-ENODATA, "kallsyms");
	*ret_len = got;
	*ret = take(&buf);
	return 0;
}

/* The addresses alone. */
static int copy_addresses(struct dump *d, const struct space *s, const struct kallsyms_place *place,
			  unsigned char **buf, struct kallsyms *ret)
{
	uint64_t width = place->encoding == KALLSYMS_ABSOLUTE ? 8 : 4;
	int r = copy(d, s, place->addresses, place->nr * width, buf, &ret->addresses_len);

	if (r < 0)
		return r;
	ret->nr = place->nr;
	ret->addresses = *buf;
	ret->addresses_va = place->addresses;
	ret->relative_base = place->relative_base;
	ret->encoding = place->encoding;
	return 0;
}

/* Do they rise, as the symbols do? */
static int rise(const struct kallsyms *ks)
{
	return kallsyms_ascending(ks) ? 0 : fail(-EBADMSG, "kallsyms: the addresses do not rise");
}

int kallsyms_fits(struct dump *d, const struct space *s, const struct kallsyms_place *place)
{
	_free_ unsigned char *addresses = NULL;
	struct kallsyms ks = { 0 };
	int r = copy_addresses(d, s, place, &addresses, &ks);

	if (r < 0)
		return r;
	return rise(&ks);
}

/* Of two encodings the one whose addresses rise. Relative ones would also rise, as small numbers, if
 * they were taken for the other kind. */
static int choose(struct dump *d, const struct space *s, struct kallsyms_place *place)
{
	_free_ unsigned char *addresses = NULL;
	struct kallsyms ks = { 0 };
	int r;

	place->encoding = KALLSYMS_RELATIVE;
	r = copy_addresses(d, s, place, &addresses, &ks);
	if (r < 0)
		return r;
	r = rise(&ks);
	if (r < 0) {
		ks.encoding = KALLSYMS_PERCPU;
		r = rise(&ks);
	}
	place->encoding = ks.encoding;
	return r;
}

int kallsyms_by_vmcoreinfo(struct dump *d, const struct space *s, const struct vmcoreinfo *vi,
			   struct kallsyms_place *ret)
{
	struct kallsyms_place place = { .origin = "VMCOREINFO" };
	unsigned char raw[8];
	uint64_t nr, base;
	int r;

	if (!vmcoreinfo_symbol(vi, "kallsyms_num_syms", &nr) ||
	    !vmcoreinfo_symbol(vi, "kallsyms_names", &place.names) ||
	    !vmcoreinfo_symbol(vi, "kallsyms_token_table", &place.tokens) ||
	    !vmcoreinfo_symbol(vi, "kallsyms_token_index", &place.index))
		return fail(-ENOENT, "VMCOREINFO does not name kallsyms");
	r = space_read(s, d, nr, raw, 4);
	if (r < 0)
		return within(r, "kallsyms_num_syms");
	place.nr = load_le32(raw);
	if (vmcoreinfo_symbol(vi, "kallsyms_addresses", &place.addresses)) {
		place.encoding = KALLSYMS_ABSOLUTE;
	} else if (!vmcoreinfo_symbol(vi, "kallsyms_offsets", &place.addresses)) {
		return fail(-ENOENT, "VMCOREINFO does not name kallsyms' addresses");
	} else if (!vmcoreinfo_symbol(vi, "kallsyms_relative_base", &base)) {
		place.encoding = KALLSYMS_PLACE;
	} else {
		r = space_read(s, d, base, raw, 8);
		if (r < 0)
			return within(r, "kallsyms_relative_base");
		place.relative_base = load_le64(raw);
	}
	r = place.relative_base ? choose(d, s, &place) : kallsyms_fits(d, s, &place);
	if (r < 0)
		return r;
	*ret = place;
	return 0;
}

/* In all kernels the names are before the tokens and these before their index. */
int kallsyms_read(struct dump *d, const struct space *s, const struct kallsyms_place *place,
		  struct symtab *ret)
{
	_free_ unsigned char *names = NULL, *tokens = NULL, *addresses = NULL;
	unsigned char index[KALLSYMS_INDEX_LEN];
	struct kallsyms ks = { 0 };
	int r = copy_addresses(d, s, place, &addresses, &ks);

	if (r < 0)
		return r;
	r = copy(d, s, place->names, place->tokens - place->names, &names, &ks.names_len);
	if (r < 0)
		return r;
	r = copy(d, s, place->tokens, place->index - place->tokens, &tokens, &ks.tokens_len);
	if (r < 0)
		return r;
	r = space_read(s, d, place->index, index, sizeof(index));
	if (r < 0)
		return within(r, "kallsyms_token_index");
	ks.names = names;
	ks.tokens = tokens;
	ks.index = index;
	return kallsyms_decode(&ks, ret);
}
