/* /proc/keys, key-users: the kernel's keyrings, as root who has none of his own saw them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"
#include "kernel/walk/rbtree.h"

#define KEY_TYPE_LEN   32
#define KEY_DESC_LEN   4097 /* KEY_MAX_DESC_SIZE is a page */
#define NEVER	       0x7fffffffffffffffull
#define NSEC_PER_SEC   1000000000ull
#define UNINSTANTIATED 0
#define ALGORITHM_LEN  64
#define KEY_ID_SHOWN   4 /* bytes */

struct key_facts {
	uint64_t addr, type;
	int state; /* as since v4.15: 0 not made yet, 1 positive, below 0 negative */
	bool revoked, dead, in_quota, user_construct, invalidated;
};

/* The bits of key.flags: two of them went to key.state in v4.15, and the others moved. */
static int read_flags(struct kernel *k, struct key_facts *ret)
{
	bool apart = field_exists(k, F_key_state);
	uint64_t flags, state = 0;
	int r = field_u64(k, ret->addr, F_key_flags, &flags);

	if (r >= 0 && apart)
		r = field_u64(k, ret->addr, F_key_state, &state);
	if (r < 0)
		return r;
	ret->state = apart ? (int)state : !(flags & 1) ? UNINSTANTIATED : flags & 32 ? -1 : 1;
	if (!apart)
		flags >>= 1;
	ret->dead = flags & 1;
	ret->revoked = flags & 2;
	ret->in_quota = flags & 4;
	ret->user_construct = flags & 8;
	ret->invalidated = flags & (apart ? 32 : 64);
	return 0;
}

static int put_expiry(struct render *r, uint64_t key)
{
	enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY };
	uint64_t expiry, now, left;
	struct clocks clocks;
	char text[24];
	int e = field_u64(r->k, key, F_key_expiry, &expiry);

	if (e >= 0 && (!expiry || expiry == NEVER)) { /* the latter since v6.7 */
		put_str(r->out, "perm");
		return 0;
	}
	if (e >= 0)
		e = kernel_clocks(r->k, &clocks);
	if (e < 0)
		return e;
	now = clocks.real / NSEC_PER_SEC;
	left = expiry - now;
	if (now >= expiry)
		snprintf(text, sizeof(text), "expd");
	else if (left < MINUTE)
		snprintf(text, sizeof(text), "%lus", left);
	else if (left < HOUR)
		snprintf(text, sizeof(text), "%lum", left / MINUTE);
	else if (left < DAY)
		snprintf(text, sizeof(text), "%luh", left / HOUR);
	else if (left < WEEK)
		snprintf(text, sizeof(text), "%lud", left / DAY);
	else
		snprintf(text, sizeof(text), "%luw", left / WEEK);
	put(r->out, "%4s", text);
	return 0;
}

/* The last bytes of the second of its identifiers. */
static int put_key_id(struct render *r, uint64_t ids)
{
	unsigned char bytes[KEY_ID_SHOWN];
	uint64_t at, id, len, data;
	int e = field_addr(r->k, ids, F_asymmetric_key_ids_id, &at);

	if (e >= 0)
		e = kernel_read_uint(r->k, at + 8, 8, &id);
	if (e < 0 || !id)
		return e;
	e = field_u64(r->k, id, F_asymmetric_key_id_len, &len);
	if (e >= 0)
		e = field_addr(r->k, id, F_asymmetric_key_id_data, &data);
	len &= 0xffff;
	if (e >= 0 && len > KEY_ID_SHOWN) {
		data += len - KEY_ID_SHOWN;
		len = KEY_ID_SHOWN;
	}
	if (e >= 0)
		e = kernel_read(r->k, data, bytes, len);
	if (e < 0)
		return e;
	put_str(r->out, " ");
	for (size_t i = 0; i < len; i++)
		put(r->out, "%02x", bytes[i]);
	return 0;
}

static int put_public_key(struct render *r, uint64_t public)
{
	char type[ALGORITHM_LEN], algorithm[ALGORITHM_LEN];
	int e = field_str(r->k, public, F_public_key_id_type, type, sizeof(type));

	if (e >= 0)
		e = field_str(r->k, public, F_public_key_pkey_algo, algorithm, sizeof(algorithm));
	if (e < 0)
		return e;
	put_escaped(r->out, type, strlen(type), "");
	put_str(r->out, ".");
	put_escaped(r->out, algorithm, strlen(algorithm), "");
	return 0;
}

static int put_asymmetric(struct render *r, const struct key_facts *key)
{
	uint64_t at, crypto, subtype, ids, describe;
	struct symbol s;
	int e = field_addr(r->k, key->addr, F_key_payload, &at);

	if (e >= 0)
		e = kernel_read_uint(r->k, at, 8, &crypto);
	if (e >= 0)
		e = kernel_read_uint(r->k, at + 8, 8, &subtype);
	if (e >= 0)
		e = kernel_read_uint(r->k, at + 16, 8, &ids);
	if (e < 0 || !subtype)
		return e;
	put_str(r->out, ": ");
	e = field_u64(r->k, subtype, F_asymmetric_describe, &describe);
	if (e >= 0)
		e = symbol_at(r->k, describe, &s);
	if (e >= 0 && crypto && !strcmp(s.name, "public_key_describe"))
		e = put_public_key(r, crypto);
	if (e >= 0 && ids)
		e = put_key_id(r, ids);
	put_str(r->out, " []");
	return e;
}

/* What each type of key tells of one. */
static int put_description(struct render *r, const struct key_facts *key)
{
	char text[KEY_DESC_LEN];
	uint64_t describe, at, n;
	struct symbol s = { .name = "" };
	int e = field_u64(r->k, key->type, F_key_type_describe, &describe);
	bool ring;

	if (e < 0 || !describe)
		return e;
	e = symbol_at(r->k, describe, &s);
	ring = e >= 0 && !strcmp(s.name, "keyring_describe");
	if (e >= 0)
		e = field_u64(r->k, key->addr, F_key_description, &at);
	if (e >= 0)
		e = field_str(r->k, key->addr, F_key_description, text, sizeof(text));
	if (e < 0)
		return e;
	if (!at && ring)
		strcpy(text, "[anon]");
	put_escaped(r->out, text, strlen(text), "");
	if (!strcmp(s.name, "asymmetric_key_describe"))
		return put_asymmetric(r, key);
	if (key->state <= 0)
		return 0;
	if (ring) {
		e = field_u64(r->k, key->addr, F_key_nr_leaves, &n);
		if (e >= 0 && n)
			put(r->out, ": %lu", n);
		else if (e >= 0)
			put_str(r->out, ": empty");
	} else if (!strcmp(s.name, "user_describe")) {
		e = field_u64(r->k, key->addr, F_key_datalen, &n);
		if (e >= 0)
			put(r->out, ": %u", (unsigned int)n & 0xffff);
	}
	return e;
}

/* May root see it, who does not possess it? */
static bool is_visible(uint64_t uid, uint64_t gid, uint64_t perm)
{
	enum { VIEW = 1, GROUP_ALL = 0x3f00 };

	if (!(uint32_t)uid)
		return perm >> 16 & VIEW;
	if (perm & GROUP_ALL && !(uint32_t)gid)
		return perm >> 8 & VIEW;
	return perm & VIEW;
}

static int put_key(struct render *r, struct key_facts *key)
{
	uint64_t serial, usage, perm, uid, gid;
	char type[KEY_TYPE_LEN];
	int e = field_u64(r->k, key->addr, F_key_serial, &serial);

	if (e >= 0)
		e = field_u64(r->k, key->addr, F_key_perm, &perm);
	if (e >= 0)
		e = field_u64(r->k, key->addr, F_key_uid, &uid);
	if (e >= 0)
		e = field_u64(r->k, key->addr, F_key_gid, &gid);
	if (e < 0 || !is_visible(uid, gid, perm))
		return e;
	e = field_u64(r->k, key->addr, F_key_usage, &usage);
	if (e >= 0)
		e = field_u64(r->k, key->addr, F_key_type, &key->type);
	if (e >= 0)
		e = read_flags(r->k, key);
	if (e >= 0)
		e = field_str(r->k, key->type, F_key_type_name, type, sizeof(type));
	if (e < 0)
		return e;
	put(r->out, "%08x %c%c%c%c%c%c%c %5d ", (unsigned int)serial,
	    key->state != UNINSTANTIATED ? 'I' : '-', key->revoked ? 'R' : '-',
	    key->dead ? 'D' : '-', key->in_quota ? 'Q' : '-', key->user_construct ? 'U' : '-',
	    key->state < 0 ? 'N' : '-', key->invalidated ? 'i' : '-', (int)usage);
	e = put_expiry(r, key->addr);
	put(r->out, " %08x %5d %5d %-9.9s ", (unsigned int)perm, (int)uid,
	    (uint32_t)gid == UINT32_MAX ? 65534 : (int)gid, type);
	if (e >= 0)
		e = put_description(r, key);
	put_str(r->out, "\n");
	return e;
}

int gen_proc_keys(struct render *r)
{
	struct key_facts key;
	struct rb_walk w;
	uint64_t root;
	int e = symbol_addr(r->k, "key_serial_tree", &root);

	if (e >= 0)
		e = rb_begin(&w, r->k, root, F_key_serial_node);
	while (e >= 0 && (e = rb_next(&w, &key.addr)) > 0) {
		e = put_key(r, &key);
		if (e < 0)
			e = within(e, "key at %#lx", key.addr);
	}
	return e;
}

static int put_key_user(struct render *r, uint64_t user)
{
	static const enum field shown[] = {
		F_key_user_uid,	   F_key_user_usage,  F_key_user_nkeys,
		F_key_user_nikeys, F_key_user_qnkeys, F_key_user_qnbytes
	};
	uint64_t v[6], keys, bytes;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < 6; i++)
		e = field_u64(r->k, user, shown[i], &v[i]);
	if (e >= 0)
		e = symbol_u64(r->k, v[0] ? "key_quota_maxkeys" : "key_quota_root_maxkeys", 4,
			       &keys);
	if (e >= 0)
		e = symbol_u64(r->k, v[0] ? "key_quota_maxbytes" : "key_quota_root_maxbytes", 4,
			       &bytes);
	if (e >= 0)
		put(r->out, "%5u: %5d %d/%d %d/%d %d/%d\n", (unsigned int)v[0], (int)v[1],
		    (int)v[2], (int)v[3], (int)v[4], (int)keys, (int)v[5], (int)bytes);
	return e;
}

int gen_proc_key_users(struct render *r)
{
	struct rb_walk w;
	uint64_t root, user;
	int e = symbol_addr(r->k, "key_user_tree", &root);

	if (e >= 0)
		e = rb_begin(&w, r->k, root, F_key_user_node);
	while (e >= 0 && (e = rb_next(&w, &user)) > 0) {
		e = put_key_user(r, user);
		if (e < 0)
			e = within(e, "user of keys at %#lx", user);
	}
	return e;
}

/* CONFIG_KEYS */
bool has_proc_keys(struct render *r)
{
	uint64_t root;

	return symbol_addr(r->k, "key_serial_tree", &root) >= 0;
}

bool has_proc_key_users(struct render *r)
{
	return has_proc_keys(r);
}
