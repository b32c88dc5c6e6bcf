#include "kernel/task/cred.h"

#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"

static int read_id(struct kernel *k, uint64_t cred, enum field f, uint32_t *ret)
{
	uint64_t id;
	int r = field_u64(k, cred, f, &id);

	if (r >= 0)
		*ret = (uint32_t)id;
	return r;
}

/* One number of 64 bits, or before f122a08b197d (v6.3) two of 32, the low one first. */
static int read_caps(struct kernel *k, uint64_t cred, enum field f, uint64_t *ret)
{
	uint64_t at;
	int r = field_addr(k, cred, f, &at);

	return r < 0 ? r : kernel_read_uint(k, at, 8, ret);
}

/* Before 7d8b6c63751c (v3.17) sets had bits of no capability, which /proc left off. */
static uint64_t known_caps(struct kernel *k)
{
	uint64_t last;

	return symbol_u64(k, "cap_last_cap", 4, &last) < 0 || last >= 63 ? UINT64_MAX
									 : (2ull << last) - 1;
}

static int read_cred(struct kernel *k, struct cred *c)
{
	const struct {
		enum field f;
		uint32_t *to;
	} ids[] = {
		{ F_cred_uid, &c->uid[ID_REAL] },   { F_cred_euid, &c->uid[ID_EFFECTIVE] },
		{ F_cred_suid, &c->uid[ID_SAVED] }, { F_cred_fsuid, &c->uid[ID_FS] },
		{ F_cred_gid, &c->gid[ID_REAL] },   { F_cred_egid, &c->gid[ID_EFFECTIVE] },
		{ F_cred_sgid, &c->gid[ID_SAVED] }, { F_cred_fsgid, &c->gid[ID_FS] },
	};
	const struct {
		enum field f;
		uint64_t *to;
	} caps[] = {
		{ F_cred_cap_inheritable, &c->cap_inheritable },
		{ F_cred_cap_permitted, &c->cap_permitted },
		{ F_cred_cap_effective, &c->cap_effective },
		{ F_cred_cap_bset, &c->cap_bset },
		{ F_cred_cap_ambient, &c->cap_ambient },
	};
	const uint64_t known = known_caps(k);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(ids) / sizeof(ids[0]); i++)
		r = read_id(k, c->addr, ids[i].f, ids[i].to);
	for (size_t i = 0; r >= 0 && i < sizeof(caps) / sizeof(caps[0]); i++) {
		r = read_caps(k, c->addr, caps[i].f, caps[i].to);
		/* 58319057b784 (v4.3) brought the ambient ones. */
		if (r == -ENOENT && caps[i].f == F_cred_cap_ambient)
			r = 0;
		*caps[i].to &= known;
	}
	return r;
}

int task_cred(struct kernel *k, uint64_t task, struct cred *ret)
{
	struct cred c = { 0 };
	int r = field_u64(k, task, F_task_real_cred, &c.addr);

	if (r >= 0)
		r = read_cred(k, &c);
	if (r < 0)
		return within(r, "credentials of %#lx", task);
	*ret = c;
	return 0;
}

static int read_gids(struct kernel *k, uint64_t info, size_t n, struct groups *ret)
{
	const size_t a_block = kernel_page_size(k) / sizeof(ret->gid[0]);
	uint64_t at, block;
	int r;

	if (field_exists(k, F_group_info_gid)) {
		r = field_addr(k, info, F_group_info_gid, &at);
		return r < 0 ? r : kernel_read(k, at, ret->gid, n * sizeof(ret->gid[0]));
	}
	/* before 81243eacfa40 (v4.9) */
	r = field_addr(k, info, F_group_info_blocks, &at);
	for (size_t i = 0; r >= 0 && i < n; i += a_block) {
		size_t some = n - i < a_block ? n - i : a_block;

		r = kernel_read_uint(k, at + i / a_block * 8, 8, &block);
		if (r >= 0)
			r = kernel_read(k, block, ret->gid + i, some * sizeof(ret->gid[0]));
	}
	return r;
}

int cred_groups(struct kernel *k, uint64_t cred, struct groups *ret)
{
	uint64_t info, n;
	int r = field_u64(k, cred, F_cred_group_info, &info);

	if (r >= 0)
		r = field_u64(k, info, F_group_info_ngroups, &n);
	if (r >= 0 && n > LIMIT_GROUPS)
		r = fail(-EBADMSG, "%lu groups", n);
	if (r >= 0)
		r = read_gids(k, info, n, ret);
	if (r < 0)
		return within(r, "groups");
	for (size_t i = 0; i < n; i++)
		ret->gid[i] = load_le32(&ret->gid[i]);
	ret->n = n;
	return 0;
}

/* Counted by user namespace since d64696905554 (v5.14), by user before. */
int cred_queued_signals(struct kernel *k, uint64_t cred, uint64_t *ret)
{
	uint64_t counts, i, at;
	int r;

	if (kernel_enumerator(k, "UCOUNT_RLIMIT_SIGPENDING", &i) < 0) {
		r = field_u64(k, cred, F_cred_user, &at);
		return r < 0 ? r : field_u64(k, at, F_user_sigpending, ret);
	}
	r = field_u64(k, cred, F_cred_ucounts, &counts);
	if (r >= 0)
		r = field_addr(k, counts, F_ucounts_rlimit, &at);
	return r < 0 ? r : kernel_read_uint(k, at + 8 * i, 8, ret);
}
