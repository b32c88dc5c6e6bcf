#include "kernel/task/label.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"

#define NAME_LEN 512

/* enum profile_mode */
static const char *const modes[] = { "enforce", "complain", "kill", "unconfined", "user" };

bool has_apparmor(struct kernel *k)
{
	uint64_t on;

	return symbol_u64(k, "apparmor_initialized", 4, &on) >= 0 && on;
}

/* Where AppArmor's part of what the modules keep together begins. */
static int blob_of(struct kernel *k, uint64_t blob, enum field offset, uint64_t *ret)
{
	uint64_t sizes, at = 0;
	int r = symbol_addr(k, "apparmor_blob_sizes", &sizes);

	if (r >= 0)
		r = field_u64(k, sizes, offset, &at);
	if (r >= 0)
		*ret = blob + (uint32_t)at;
	return r;
}

/* 0: none of this kind. */
static int label_of(struct kernel *k, uint64_t task, enum label_kind kind, uint64_t *ret)
{
	uint64_t at;
	int r;

	if (kind == LABEL_CURRENT) {
		r = field_u64(k, task, F_task_real_cred, &at);
		if (r >= 0)
			r = field_u64(k, at, F_cred_security, &at);
		if (r >= 0)
			r = blob_of(k, at, F_blob_cred, &at);
		return r < 0 ? r : kernel_read_uint(k, at, 8, ret);
	}
	r = field_u64(k, task, F_task_security, &at);
	if (r >= 0)
		r = blob_of(k, at, F_blob_task, &at);
	return r < 0 ? r : field_u64(k, at, kind == LABEL_PREV ? F_aa_previous : F_aa_onexec, ret);
}

/* One of the profiles that a label is made of. */
struct profile {
	char name[NAME_LEN];
	uint64_t ns;
	int64_t mode;
};

static int read_profile(struct kernel *k, uint64_t label, uint64_t i, struct profile *ret)
{
	uint64_t at, mode;
	int r = field_addr(k, label, F_aa_label_vec, &at);

	if (r >= 0)
		r = kernel_read_uint(k, at + 8 * i, 8, &at);
	if (r >= 0)
		r = field_str(k, at, F_aa_profile_hname, ret->name, sizeof(ret->name));
	if (r >= 0)
		r = field_u64(k, at, F_aa_profile_ns, &ret->ns);
	if (r >= 0)
		r = field_u64(k, at, F_aa_profile_mode, &mode);
	if (r >= 0)
		ret->mode = (int64_t)mode;
	return r;
}

/* aa_label_snxprint(): "a//&b (enforce)". What is not confined has no mode. */
static int put_label(struct strbuf *out, struct kernel *k, uint64_t label)
{
	uint64_t n, root = 0;
	bool mixed = false;
	int64_t mode = -1;
	struct profile p;
	int r = field_u64(k, label, F_aa_label_size, &n);

	if (r >= 0)
		r = symbol_u64(k, "root_ns", 8, &root);
	if (r >= 0 && (!n || n > LIMIT_LABEL))
		r = fail(-EBADMSG, "a label of %lu profiles", n);
	for (uint64_t i = 0; r >= 0 && i < n; i++) {
		r = read_profile(k, label, i, &p);
		if (r >= 0 && p.ns != root)
			r = fail(-EOPNOTSUPP, "a profile of another namespace");
		if (r < 0)
			break;
		put_str(out, i ? "//&" : "");
		put_escaped(out, p.name, strlen(p.name), "");
		if (!strcmp(p.name, "unconfined"))
			continue;
		mixed |= mode >= 0 && mode != p.mode;
		mode = p.mode;
	}
	if (r < 0)
		return within(r, "label at %#lx", label);
	if (mixed)
		put_str(out, " (mixed)");
	else if (mode >= 0 && mode < (int64_t)(sizeof(modes) / sizeof(modes[0])))
		put(out, " (%s)", modes[mode]);
	put_str(out, "\n");
	return 0;
}

int put_task_label(struct strbuf *out, struct kernel *k, uint64_t task, enum label_kind kind)
{
	uint64_t label;
	int r;

	if (!has_apparmor(k))
		return fail(-EOPNOTSUPP, "the labels of this kernel's security module");
	if (kind == LABEL_CREATE)
		return 0; /* others know one */
	r = label_of(k, task, kind, &label);
	return r < 0 || !label ? r : put_label(out, k, label);
}
