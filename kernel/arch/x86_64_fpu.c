/* The x87, SSE, AVX and AVX-512 registers that a task saved: what FXSAVE writes, and XSAVE behind it.
 *
 *   0 x87 control  24 MXCSR  32 x87  160 SSE  416 free  464 for software | 512 header | 576 AVX
 *
 * Where the parts behind AVX lie is the processor's choice, and depends on whether XSAVE compacts. In the
 * note they lie where Intel's have them, whatever the processor: that is where readers look that know the
 * length alone.
 *
 * XSAVE leaves out, and says so in the header, what is as it is after a reset: there lie old values. */
#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/arch/x86_64.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/fpregs.h"

#define LEGACY	 512
#define HEADER	 64
#define EXTENDED (LEGACY + HEADER)
#define SW_XCR0	 464 /* where programs find the mask of what there may be */

#define CONTROL_LEN 24 /* of x87 before MXCSR */
#define MXCSR_OFF   24
#define X87_OFF	    32
#define X87_LEN	    128
#define SSE_OFF	    160
#define SSE_LEN	    256

#define HAS_X87	  1u
#define HAS_SSE	  2u
#define HAS_AVX	  4u
#define COMPACTED (1ull << 63) /* of xcomp_bv: by XSAVES or XSAVEC */

/* What lies behind the header: its bit is its index. Every length is a multiple of what XSAVES may align
 * to, so compacting is leaving out. */
static const struct part {
	uint64_t off, len;
} parts[] = {
	[2] = { 576, 256 },   /* AVX */
	[3] = { 960, 64 },    /* bounds of MPX */
	[4] = { 1024, 64 },   /* and its settings */
	[5] = { 1088, 64 },   /* masks of AVX-512 */
	[6] = { 1152, 512 },  /* upper halves of the first 16 */
	[7] = { 1664, 1024 }, /* the other 16 */
};

#define NR_PARTS  (sizeof(parts) / sizeof(parts[0]))
#define KNOWN	  ((1u << NR_PARTS) - 1)
#define SAVED_MAX 0x10000 /* no part lies as far */

#define INIT_FCW   0x37f
#define INIT_MXCSR 0x1f80

struct saved {
	uint64_t at;   /* of union fpregs_state */
	uint64_t mask; /* what XSAVE was told to save; 0: it was FXSAVE */
};

/* struct fpu: in the task, and since v6.16 behind it. */
static int fpu_of(struct kernel *k, uint64_t task, uint64_t *ret)
{
	uint64_t size;
	int r;

	if (field_exists(k, F_task_fpu))
		return field_addr(k, task, F_task_fpu, ret);
	r = kernel_sizeof(k, "task_struct", &size);
	if (r >= 0)
		*ret = task + size;
	return r;
}

/* 87d0e5be0fac (v5.16) put it behind a pointer. */
static int by_fpstate(struct kernel *k, uint64_t fpu, struct saved *ret)
{
	uint64_t fpstate;
	int r = field_u64(k, fpu, F_fpu_fpstate, &fpstate);

	if (r >= 0 && !fpstate)
		r = fail(-ENOENT, "the task has no state of the FPU");
	if (r >= 0)
		r = field_addr(k, fpstate, F_fpstate_regs, &ret->at);
	if (r >= 0)
		r = field_u64(k, fpstate, F_fpstate_xfeatures, &ret->mask);
	return r;
}

/* Before, it was in struct fpu; until 7366ed771f49 (v4.2) behind a pointer that was NULL at first. */
static int by_state(struct kernel *k, uint64_t fpu, struct saved *ret)
{
	static const char *const masks[] = { "xfeatures_mask_all", "xfeatures_mask",
					     "pcntxt_mask" };
	uint64_t size;
	int r = field_size(k, F_fpu_state, &size);

	if (r >= 0)
		r = size == 8 ? field_u64(k, fpu, F_fpu_state, &ret->at)
			      : field_addr(k, fpu, F_fpu_state, &ret->at);
	if (r < 0)
		return r;
	if (!ret->at)
		return fail(-ENOENT, "the task has no state of the FPU");
	ret->mask = 0;
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
		if (symbol_u64(k, masks[i], 8, &ret->mask) >= 0)
			break;
	return 0;
}

static int find(struct kernel *k, uint64_t task, struct saved *ret)
{
	uint64_t fpu;
	int r = fpu_of(k, task, &fpu);

	if (r < 0)
		return r;
	return field_exists(k, F_fpu_fpstate) ? by_fpstate(k, fpu, ret) : by_state(k, fpu, ret);
}

static void store16(unsigned char *p, uint16_t v)
{
	p[0] = (unsigned char)v;
	p[1] = (unsigned char)(v >> 8);
}

static void store64(unsigned char *p, uint64_t v)
{
	for (size_t i = 0; i < 8; i++, v >>= 8)
		p[i] = (unsigned char)v;
}

/* What was left out is as after a reset, as copy_xstate_to_uabi_buf() has it. */
static void put_initial(unsigned char legacy[LEGACY], uint64_t has)
{
	if (!(has & HAS_X87)) {
		memset(legacy, 0, CONTROL_LEN);
		memset(legacy + X87_OFF, 0, X87_LEN);
		store16(legacy, INIT_FCW);
	}
	if (!(has & HAS_SSE))
		memset(legacy + SSE_OFF, 0, SSE_LEN);
	if (!(has & (HAS_SSE | HAS_AVX)))
		store64(legacy + MXCSR_OFF, INIT_MXCSR | 0xffffull << 32);
}

/* Where in what was saved the part @nr lies. */
static int place_of(struct kernel *k, uint64_t compact, size_t nr, uint64_t *ret)
{
	uint64_t va;
	int r;

	*ret = EXTENDED;
	if (compact) {
		for (size_t i = 2; i < nr; i++)
			*ret += compact & 1u << i ? parts[i].len : 0;
		return 0;
	}
	if (nr == 2)
		return 0;
	r = symbol_addr(k, "xstate_offsets", &va);
	if (r >= 0)
		r = kernel_read_uint(k, va + nr * 4, 4, ret);
	if (r >= 0 && (*ret < EXTENDED || *ret > SAVED_MAX))
		r = fail(-EBADMSG, "part %zu of XSAVE at %#lx", nr, *ret);
	return r;
}

/* @has of the parts in @mask, which are those that there may be. */
static int put_parts(struct kernel *k, const struct saved *s, uint64_t compact, uint64_t has,
		     uint64_t mask, struct fpregs *ret)
{
	uint64_t known = HAS_X87 | HAS_SSE, off;
	int r;

	for (size_t i = 2; i < NR_PARTS; i++) {
		if (!(mask & 1u << i) || place_of(k, compact, i, &off) < 0)
			continue;
		known |= 1u << i;
		ret->xstate_len = parts[i].off + parts[i].len;
		if (!(has & 1u << i))
			continue;
		r = kernel_read(k, s->at + off, ret->xstate + parts[i].off, parts[i].len);
		if (r < 0)
			return r;
	}
	store64(ret->xstate + SW_XCR0, known);
	store64(ret->xstate + LEGACY, has & known);
	return 0;
}

static int read_extended(struct kernel *k, const struct saved *s, struct fpregs *ret)
{
	unsigned char header[HEADER];
	uint64_t has, compact;
	int r = kernel_read(k, s->at + LEGACY, header, sizeof(header));

	if (r < 0)
		return r;
	has = load_le64(header);
	compact = load_le64(header + 8);
	if ((has & ~s->mask) || (compact && !(compact & COMPACTED)) ||
	    (compact && (has & KNOWN & ~compact)))
		return fail(-EBADMSG, "XSAVE at %#lx: has %#lx of %#lx, as %#lx", s->at, has,
			    s->mask, compact);
	put_initial(ret->set, has);
	if (!(s->mask & HAS_AVX))
		return 0;
	memcpy(ret->xstate, ret->set, LEGACY);
	memset(ret->xstate + SSE_OFF + SSE_LEN, 0, LEGACY - SSE_OFF - SSE_LEN);
	return put_parts(k, s, compact, has, s->mask, ret);
}

int x86_fpregs(struct kernel *k, uint64_t task, struct fpregs *ret)
{
	struct saved s;
	int r = find(k, task, &s);

	*ret = (struct fpregs){ .set_len = LEGACY };
	if (r >= 0)
		r = kernel_read(k, s.at, ret->set, LEGACY);
	if (r >= 0 && s.mask)
		r = read_extended(k, &s, ret);
	return r;
}
