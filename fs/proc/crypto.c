/* /proc/crypto: algorithms, and what each kind of them tells of itself. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/module/module.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"

#define ALG_NAME_LEN 128 /* CRYPTO_MAX_ALG_NAME */
#define ROWS_MAX     7

enum { ALG_CIPHER = 1, ALG_COMPRESS = 2, ALG_TYPE_MASK = 15 };
enum { ALG_LARVAL = 0x10, ALG_ASYNC = 0x80, ALG_TESTED = 0x400, ALG_INTERNAL = 0x2000 };
enum { ALG_FIPS_INTERNAL = 0x20000 };

/* A member of the structure around struct crypto_alg, or of that itself. */
struct row {
	const char *label;
	enum field f;
	bool own; /* crypto_alg's */
};

/* What the function that prints one tells: the kind's name, and members. */
static const struct kind {
	const char *show, *name;
	bool async; /* may it be? */
	enum field base;
	struct row rows[ROWS_MAX];
} kinds[] = {
	{ "crypto_skcipher_show",
	  "skcipher",
	  true,
	  F_skcipher_base,
	  { { "blocksize", F_crypto_blocksize, true },
	    { "min keysize", F_skcipher_min_keysize, false },
	    { "max keysize", F_skcipher_max_keysize, false },
	    { "ivsize", F_skcipher_ivsize, false },
	    { "chunksize", F_skcipher_chunksize, false },
	    { "walksize", F_skcipher_walksize, false },
	    { "statesize", F_skcipher_statesize, false } } },
	{ "crypto_lskcipher_show",
	  "lskcipher",
	  false,
	  F_lskcipher_base,
	  { { "blocksize", F_crypto_blocksize, true },
	    { "min keysize", F_lskcipher_min_keysize, false },
	    { "max keysize", F_lskcipher_max_keysize, false },
	    { "ivsize", F_lskcipher_ivsize, false },
	    { "chunksize", F_lskcipher_chunksize, false },
	    { "statesize", F_lskcipher_statesize, false } } },
	{ "crypto_shash_show",
	  "shash",
	  false,
	  F_hash_base,
	  { { "blocksize", F_crypto_blocksize, true },
	    { "digestsize", F_hash_digestsize, false } } },
	{ "crypto_ahash_show",
	  "ahash",
	  true,
	  F_hash_base,
	  { { "blocksize", F_crypto_blocksize, true },
	    { "digestsize", F_hash_digestsize, false } } },
	{ "crypto_aead_show",
	  "aead",
	  true,
	  F_aead_base,
	  { { "blocksize", F_crypto_blocksize, true },
	    { "ivsize", F_aead_ivsize, false },
	    { "maxauthsize", F_aead_maxauthsize, false } } },
	{ "crypto_rng_show", "rng", false, F_rng_base, { { "seedsize", F_rng_seedsize, false } } },
	{ .show = "crypto_akcipher_show", .name = "akcipher" },
	{ .show = "crypto_kpp_show", .name = "kpp" },
	{ .show = "crypto_sig_show", .name = "sig" },
	{ .show = "crypto_acomp_show", .name = "acomp" },
	{ .show = "crypto_scomp_show", .name = "scomp" },
};

static void put_text(struct render *r, const char *label, const char *text)
{
	put(r->out, "%-13s: ", label);
	put_escaped(r->out, text, strlen(text), "");
	put_str(r->out, "\n");
}

static int put_number(struct render *r, uint64_t at, const char *label, enum field f)
{
	uint64_t v;
	int e = field_u64(r->k, at, f, &v);

	if (e >= 0)
		put(r->out, "%-13s: %u\n", label, (unsigned int)v);
	return e;
}

static int put_kind(struct render *r, const struct kind *kind, uint64_t alg, uint64_t flags)
{
	uint64_t owner = alg;
	int e = kind->rows[0].label ? field_owner(r->k, alg, kind->base, &owner) : 0;

	put_text(r, "type", kind->name);
	if (kind->async)
		put_text(r, "async", flags & ALG_ASYNC ? "yes" : "no");
	for (size_t i = 0; e >= 0 && i < ROWS_MAX && kind->rows[i].label; i++)
		if (field_exists(r->k, kind->rows[i].f))
			e = put_number(r, kind->rows[i].own ? alg : owner, kind->rows[i].label,
				       kind->rows[i].f);
	if (e >= 0 && kind->base == F_aead_base)
		put_text(r, "geniv", "<none>");
	return e;
}

/* Those that have no kind of their own. */
static int put_old_kind(struct render *r, uint64_t alg, uint64_t flags)
{
	int e;

	if ((flags & ALG_TYPE_MASK) == ALG_COMPRESS)
		put_text(r, "type", "compression");
	else if ((flags & ALG_TYPE_MASK) != ALG_CIPHER)
		put_text(r, "type", "unknown");
	if ((flags & ALG_TYPE_MASK) != ALG_CIPHER)
		return 0;
	put_text(r, "type", "cipher");
	e = put_number(r, alg, "blocksize", F_crypto_blocksize);
	if (e >= 0)
		e = put_number(r, alg, "min keysize", F_crypto_cia_min_keysize);
	return e < 0 ? e : put_number(r, alg, "max keysize", F_crypto_cia_max_keysize);
}

static int put_details(struct render *r, uint64_t alg, uint64_t flags)
{
	uint64_t type, show = 0;
	struct symbol s;
	int e;

	if (flags & ALG_LARVAL) {
		put_text(r, "type", "larval");
		put(r->out, "flags        : 0x%lx\n", flags);
		return 0;
	}
	e = field_u64(r->k, alg, F_crypto_type, &type);
	if (e >= 0 && type)
		e = field_u64(r->k, type, F_crypto_type_show, &show);
	if (e < 0 || !show)
		return e < 0 ? e : put_old_kind(r, alg, flags);
	e = symbol_at(r->k, show, &s);
	for (size_t i = 0; e >= 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(s.name, kinds[i].show))
			return put_kind(r, &kinds[i], alg, flags);
	return e < 0 ? e : fail(-EOPNOTSUPP, "what %s() prints is not known", s.name);
}

static int put_algorithm(struct render *r, uint64_t alg, bool fips)
{
	char name[ALG_NAME_LEN] = "", driver[ALG_NAME_LEN], module[MODULE_NAME_MAX] = "kernel";
	uint64_t at, flags, priority, refs;
	int e = field_str(r->k, alg, F_crypto_name, name, sizeof(name));

	if (e >= 0)
		e = field_str(r->k, alg, F_crypto_driver_name, driver, sizeof(driver));
	if (e >= 0)
		e = field_u64(r->k, alg, F_crypto_module, &at);
	if (e >= 0 && at)
		e = module_name(r->k, at, module, sizeof(module));
	if (e >= 0)
		e = field_u64(r->k, alg, F_crypto_priority, &priority);
	if (e >= 0)
		e = field_u64(r->k, alg, F_crypto_refcnt, &refs);
	if (e >= 0)
		e = field_u64(r->k, alg, F_crypto_flags, &flags);
	if (e < 0)
		return within(e, "algorithm %s at %#lx", name, alg);
	put_text(r, "name", name);
	put_text(r, "driver", driver);
	put_text(r, "module", module);
	put(r->out, "priority     : %d\nrefcnt       : %u\n", (int)priority, (unsigned int)refs);
	put_text(r, "selftest", flags & ALG_TESTED ? "passed" : "unknown");
	put_text(r, "internal", flags & ALG_INTERNAL ? "yes" : "no");
	if (fips)
		put_text(r, "fips", flags & ALG_FIPS_INTERNAL ? "no" : "yes");
	e = put_details(r, alg, flags);
	if (e == -EOPNOTSUPP) { /* that one line of this one alone */
		put(r->out, "type         : <%s>\n", why());
		e = 0;
	}
	put_str(r->out, "\n");
	return e < 0 ? within(e, "algorithm %s at %#lx", name, alg) : 0;
}

bool has_proc_crypto(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "crypto_alg_list", &va) >= 0;
}

int gen_proc_crypto(struct render *r)
{
	uint64_t head, alg, fips = 0;
	struct list_walk w;
	int e = symbol_addr(r->k, "crypto_alg_list", &head);

	/* A line since v5.19, of which nothing else tells that has to do with it. */
	if (symbol_u64(r->k, "fips_enabled", 4, &fips) < 0 ||
	    !field_is_newest(r->k, F_ucounts_rlimit))
		fips = 0;
	if (e >= 0)
		e = list_begin(&w, r->k, head, F_crypto_list);
	while (e >= 0 && (e = list_next(&w, &alg)) > 0)
		e = put_algorithm(r, alg, fips);
	return e;
}
