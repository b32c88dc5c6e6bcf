#include "kernel/sys/vitals.h"

#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"

#define NSEC_PER_SEC 1000000000
#define TK_CORE_SEQ  8 /* bytes before the timekeeper in tk_core, while that had no type's name */

/* One of many since v6.17; before, tk_core, whose type has a name since v6.13; before 3fdb14fd1df7
 * (v3.17) alone. */
static int timekeeper(struct kernel *k, uint64_t *ret)
{
	uint64_t va;
	int r = symbol_addr(k, "timekeeper_data", &va);

	if (r == -ENOENT)
		r = symbol_addr(k, "tk_core", &va);
	if (r == -ENOENT)
		return symbol_addr(k, "timekeeper", ret);
	if (r < 0)
		return r;
	if (field_exists(k, F_tk_data_timekeeper))
		return field_addr(k, va, F_tk_data_timekeeper, ret);
	*ret = va + TK_CORE_SEQ;
	return 0;
}

int kernel_clocks(struct kernel *k, struct clocks *ret)
{
	uint64_t tk, sec, nsec, shift, mono_sec, mono_nsec, boot;
	int r = timekeeper(k, &tk);

	if (r >= 0)
		r = field_u64(k, tk, F_tk_xtime_sec, &sec);
	if (r >= 0)
		r = field_u64(k, tk, F_tk_xtime_nsec, &nsec);
	if (r >= 0)
		r = field_u64(k, tk, F_tk_shift, &shift);
	if (r >= 0)
		r = field_u64(k, tk, F_tk_wall_to_monotonic_sec, &mono_sec);
	if (r >= 0)
		r = field_u64(k, tk, F_tk_wall_to_monotonic_nsec, &mono_nsec);
	if (r >= 0)
		r = field_u64(k, tk, F_tk_offs_boot, &boot);
	if (r >= 0 && shift >= 64)
		r = fail(-EBADMSG, "a timekeeper with shift %lu", shift);
	if (r < 0)
		return within(r, "clocks");
	/* What is added may be negative, and wraps around. */
	ret->real = sec * NSEC_PER_SEC + (nsec >> shift);
	ret->boot = ret->real + mono_sec * NSEC_PER_SEC + mono_nsec + boot;
	ret->mono = ret->boot - boot;
	return 0;
}

/* The length of a tick in nanoseconds: what ntp gives the timekeeper, with 32 bits of fraction; before v3.17
 * it kept that to itself. */
static int tick_length(struct kernel *k, uint64_t *ret)
{
	uint64_t tk;
	int r;

	if (!field_exists(k, F_tk_ntp_tick))
		return symbol_u64(k, "tick_nsec", 8, ret);
	r = timekeeper(k, &tk);
	if (r >= 0)
		r = field_u64(k, tk, F_tk_ntp_tick, ret);
	if (r >= 0)
		*ret >>= 32;
	return r;
}

int kernel_hz(struct kernel *k, uint64_t *ret)
{
	uint64_t tick;
	int r = tick_length(k, &tick);

	if (r < 0)
		return within(r, "clocks");
	if (!tick || tick > NSEC_PER_SEC)
		return fail(-EBADMSG, "a tick of %lu ns", tick);
	*ret = (NSEC_PER_SEC + tick / 2) / tick;
	return 0;
}

int kernel_load(struct kernel *k, unsigned int ret[3])
{
	enum { FIXED_1 = 2048 };
	unsigned char raw[24];
	uint64_t va;
	int r = symbol_addr(k, "avenrun", &va);

	if (r >= 0)
		r = kernel_read(k, va, raw, sizeof(raw));
	for (size_t i = 0; r >= 0 && i < 3; i++) {
		uint64_t load = load_le64(raw + 8 * i) + FIXED_1 / 200;

		ret[i] = (unsigned int)(load / FIXED_1 * 100 + load % FIXED_1 * 100 / FIXED_1);
	}
	return r;
}

int kernel_taints(struct kernel *k, uint64_t *ret)
{
	uint64_t va;
	int r = symbol_addr(k, "tainted_mask", &va);

	return r < 0 ? r : kernel_read_uint(k, va, 8, ret);
}

int kernel_mhz(struct kernel *k, uint64_t *ret)
{
	uint64_t va, khz;
	int r = symbol_addr(k, "cpu_khz", &va);

	if (r >= 0)
		r = kernel_read_uint(k, va, 4, &khz);
	if (r >= 0)
		*ret = khz / 1000;
	return r;
}
