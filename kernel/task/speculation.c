/* After arch/x86/kernel/cpu/bugs.c and arch/arm64/kernel/proton-pack.c: what was chosen at boot, and the task's own flags. */
#include "kernel/task/speculation.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"

/* Bits of cpuinfo_x86.x86_capability, counted from the first word of bugs. */
#define BUG_SPECTRE_V2	      16
#define BUG_SPEC_STORE_BYPASS 17

/* enum ssb_mitigation */
enum { SSB_NONE, SSB_DISABLE, SSB_PRCTL, SSB_SECCOMP };

/* enum spectre_v2_user_mitigation */
enum { USER_NONE, USER_STRICT, USER_STRICT_PREFERRED, USER_PRCTL, USER_SECCOMP };

/* task_struct.atomic_flags */
enum {
	SSB_DISABLED = 3,
	SSB_FORCE_DISABLED = 4,
	IB_DISABLED = 5,
	IB_FORCE_DISABLED = 6,
	SSB_NOEXEC = 7,
};

static int variable(struct kernel *k, const char *name, uint64_t *ret)
{
	uint64_t va;
	int r = symbol_addr(k, name, &va);

	if (r == -ENOENT)
		return fail(symbols_lack_data(k) ? -ENODATA : -EOPNOTSUPP, "no variable %s", name);
	return r < 0 ? r : kernel_read_uint(k, va, 4, ret);
}

/* The words of bugs follow those of features; there are as many as x86_bug_flags names bugs for. */
static int has_bug(struct kernel *k, unsigned int bug, bool *ret)
{
	struct symbol names;
	uint64_t at, size, cpu, word;
	int r = symbol_find(k, "x86_bug_flags", &names);

	if (r >= 0)
		r = symbol_addr(k, "boot_cpu_data", &cpu);
	if (r >= 0)
		r = field_addr(k, cpu, F_cpuinfo_capability, &at);
	if (r >= 0)
		r = field_size(k, F_cpuinfo_capability, &size);
	if (r < 0)
		return r;
	/* 32 names of 8 bytes for each word of 4; alignment may follow. */
	word = size - names.size / 256 * 4;
	if (names.size < 256 || word >= size)
		return fail(-EBADMSG, "%lu bytes of CPU bugs", names.size);
	r = kernel_read_uint(k, at + word, 4, &word);
	if (r >= 0)
		*ret = word >> bug & 1;
	return r;
}

static unsigned int own_choice(uint64_t flags, unsigned int force, unsigned int noexec,
			       unsigned int disable)
{
	if (flags >> force & 1)
		return SPEC_PRCTL | SPEC_FORCE_DISABLE;
	if (noexec && flags >> noexec & 1)
		return SPEC_PRCTL | SPEC_NOEXEC;
	return SPEC_PRCTL | (flags >> disable & 1 ? SPEC_DISABLE : SPEC_ENABLE);
}

static bool is_arm64(struct kernel *k)
{
	return field_exists(k, F_task_thread_cpu_context);
}

/* enum mitigation_state, enum spectre_v4_policy */
enum { V4_UNAFFECTED, V4_MITIGATED, V4_VULNERABLE };
enum { V4_DYNAMIC, V4_ENABLED, V4_DISABLED };

static int store_of_arm64(struct kernel *k, uint64_t task, unsigned int *ret)
{
	uint64_t state, policy, mitigations, flags;
	bool off;
	int r = variable(k, "spectre_v4_state", &state);

	if (r >= 0)
		r = variable(k, "__spectre_v4_policy", &policy);
	if (r >= 0)
		r = field_u64(k, task, F_task_atomic_flags, &flags);
	if (r < 0)
		return r;
	/* CPU_MITIGATIONS_OFF is 0. */
	off = policy == V4_DISABLED ||
	      (variable(k, "cpu_mitigations", &mitigations) >= 0 && !mitigations);
	if (state == V4_UNAFFECTED || (state == V4_MITIGATED && !off && policy == V4_ENABLED))
		*ret = SPEC_NOT_AFFECTED;
	else if (state == V4_MITIGATED && !off)
		*ret = own_choice(flags, SSB_FORCE_DISABLED, SSB_NOEXEC, SSB_DISABLED);
	else
		*ret = SPEC_ENABLE;
	return 0;
}

int task_spec_store(struct kernel *k, uint64_t task, unsigned int *ret)
{
	uint64_t mode, flags;
	bool bug;
	int r;

	if (is_arm64(k))
		return store_of_arm64(k, task, ret);
	r = variable(k, "ssb_mode", &mode);

	if (r >= 0)
		r = has_bug(k, BUG_SPEC_STORE_BYPASS, &bug);
	if (r >= 0)
		r = field_u64(k, task, F_task_atomic_flags, &flags);
	if (r < 0)
		return r;
	if (mode == SSB_DISABLE)
		*ret = SPEC_DISABLE;
	else if (mode == SSB_PRCTL || mode == SSB_SECCOMP)
		*ret = own_choice(flags, SSB_FORCE_DISABLED, SSB_NOEXEC, SSB_DISABLED);
	else
		*ret = bug ? SPEC_ENABLE : SPEC_NOT_AFFECTED;
	return 0;
}

static bool is_own(uint64_t mode)
{
	return mode == USER_PRCTL || mode == USER_SECCOMP;
}

int task_spec_branch(struct kernel *k, uint64_t task, unsigned int *ret)
{
	uint64_t ibpb, stibp, flags;
	bool bug;
	int r;

	*ret = SPEC_UNKNOWN;
	if (is_arm64(k))
		return 0;
	r = variable(k, "spectre_v2_user_ibpb", &ibpb);
	if (r >= 0)
		r = variable(k, "spectre_v2_user_stibp", &stibp);
	if (r >= 0)
		r = has_bug(k, BUG_SPECTRE_V2, &bug);
	if (r >= 0)
		r = field_u64(k, task, F_task_atomic_flags, &flags);
	if (r < 0)
		return r;
	if (!bug)
		*ret = SPEC_NOT_AFFECTED;
	else if (ibpb == USER_NONE && stibp == USER_NONE)
		*ret = SPEC_ENABLE;
	else if (is_own(ibpb) || is_own(stibp))
		*ret = own_choice(flags, IB_FORCE_DISABLED, 0, IB_DISABLED);
	else
		*ret = SPEC_DISABLE;
	return 0;
}
