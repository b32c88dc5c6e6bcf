#include "kernel/debug/cfi.h"

#include <dwarf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "dump/base/err.h"
#include "dump/base/trouble.h"
#include "kernel/debug/debuginfo.h"

#define KEPT 4096 /* rules, of as many addresses */

struct kept {
	uint64_t pc; /* 0: nothing */
	bool known;
	struct cfi_rule rule;
};

struct cfi_cache {
	struct kernel *k;
	pthread_mutex_t lock; /* of .kept; not held while a file is read */
	struct kept *kept;
};

struct cfi_cache *cfi_cache_new(struct kernel *k)
{
	struct cfi_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->k = k;
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void cfi_cache_free(struct cfi_cache *c)
{
	if (!c)
		return;
	free(c->kept);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* A register and an offset, where it is no more than that. The offset of DW_OP_plus_uconst is as
 * negative as that in the file. */
static bool is_sum(const Dwarf_Op *op, size_t n, struct cfi_value *ret)
{
	uint8_t atom = op[0].atom;

	if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31 && n == 1)
		*ret = (struct cfi_value){ .reg = (uint8_t)(atom - DW_OP_breg0),
					   .offset = (int64_t)op[0].number };
	else if (atom == DW_OP_bregx && n == 1 && op[0].number < CFI_CFA)
		*ret = (struct cfi_value){ .reg = (uint8_t)op[0].number,
					   .offset = (int64_t)op[0].number2 };
	else if (atom == DW_OP_regx && n == 1 && op[0].number < CFI_CFA)
		*ret = (struct cfi_value){ .reg = (uint8_t)op[0].number };
	else if (atom == DW_OP_call_frame_cfa && n == 1)
		*ret = (struct cfi_value){ .reg = CFI_CFA };
	else if (atom == DW_OP_call_frame_cfa && n == 2 && op[1].atom == DW_OP_plus_uconst)
		*ret = (struct cfi_value){ .reg = CFI_CFA, .offset = (int64_t)op[1].number };
	else
		return false;
	return true;
}

static struct cfi_value expression(const Dwarf_Op *ops, size_t n)
{
	if (n > UINT16_MAX)
		return (struct cfi_value){ .kind = CFI_UNDEFINED };
	return (struct cfi_value){ .kind = CFI_EXPRESSION, .n = (uint16_t)n, .ops = ops };
}

/* @ops: what libdw gave; those that it made itself are in @own. */
static struct cfi_value value_of(const Dwarf_Op *ops, size_t n, const Dwarf_Op *own)
{
	struct cfi_value v;

	if (!n)
		return (struct cfi_value){ .kind = ops ? CFI_UNDEFINED : CFI_SAME };
	if (is_sum(ops, n, &v)) {
		v.kind = ops[0].atom == DW_OP_call_frame_cfa ? CFI_SAVED : CFI_SUM;
		return v;
	}
	if (ops[n - 1].atom == DW_OP_stack_value && n > 1 && is_sum(ops, n - 1, &v)) {
		v.kind = CFI_SUM;
		return v;
	}
	if (ops == own)
		return (struct cfi_value){ .kind = CFI_UNDEFINED };
	return expression(ops, n);
}

static int read_rule(Dwarf_Frame *frame, struct cfi_rule *ret)
{
	Dwarf_Addr first, end;
	Dwarf_Op own[3], *ops;
	size_t n;
	int pc = dwarf_frame_info(frame, &first, &end, &ret->signal);

	if (pc < 0 || pc >= CFI_REGS || dwarf_frame_cfa(frame, &ops, &n) != 0 || !n)
		return -ENOENT;
	ret->pc = (uint8_t)pc;
	/* A sum is in the frame's own memory; of a register that there is not, it makes no rule. */
	if (is_sum(ops, n, &ret->cfa))
		ret->cfa.kind = CFI_SUM;
	else if (n == 1 && ops[0].atom == DW_OP_bregx)
		return -ENOENT;
	else
		ret->cfa = expression(ops, n);
	for (int i = 0; i < CFI_REGS; i++) {
		if (dwarf_frame_register(frame, i, own, &ops, &n) == 0)
			ret->reg[i] = value_of(ops, n, own);
		else
			ret->reg[i] = (struct cfi_value){ .kind = CFI_UNDEFINED };
	}
	return 0;
}

int cfi_read(Dwarf_CFI *cfi, Dwarf_Addr pc, struct cfi_rule *ret)
{
	Dwarf_Frame *frame;
	int r;

	if (dwarf_cfi_addrframe(cfi, pc, &frame) != 0)
		return -ENOENT;
	r = read_rule(frame, ret);
	free(frame);
	return r;
}

static int look_up(struct debugfile *f, uint64_t pc, struct cfi_rule *ret)
{
	Dwarf_Addr bias;
	Dwarf_CFI *cfi;
	int r = -ENOENT;

	debugfile_lock(f);
	cfi = dwfl_module_dwarf_cfi(debugfile_module(f), &bias);
	if (cfi)
		r = cfi_read(cfi, pc - debugfile_bias(f), ret);
	debugfile_unlock(f);
	return r;
}

static struct kept *place_for(struct cfi_cache *c, uint64_t pc)
{
	return &c->kept[(pc * 0x9e3779b97f4a7c15u) >> 52];
}

/* 1: it is kept, known or not; 0: it is not. */
static int recall(struct cfi_cache *c, uint64_t pc, struct kept *ret)
{
	int r = 0;

	pthread_mutex_lock(&c->lock);
	if (!c->kept)
		c->kept = calloc(KEPT, sizeof(*c->kept));
	if (!c->kept)
		r = fail(-ENOMEM, "call frame information");
	else if (place_for(c, pc)->pc == pc)
		r = 1;
	if (r > 0)
		*ret = *place_for(c, pc);
	pthread_mutex_unlock(&c->lock);
	return r;
}

static void keep(struct cfi_cache *c, const struct kept *kept)
{
	pthread_mutex_lock(&c->lock);
	*place_for(c, kept->pc) = *kept;
	pthread_mutex_unlock(&c->lock);
}

int cfi_find(struct kernel *k, uint64_t pc, struct cfi_rule *ret)
{
	struct cfi_cache *c = kernel_cfi_cache(k);
	struct kept kept = { .pc = pc };
	struct debugfile *f;
	int r = debuginfo_at(k, pc, &f);

	if (r >= 0)
		r = recall(c, pc, &kept);
	if (r < 0)
		return r;
	if (!r) {
		kept.known = look_up(f, pc, &kept.rule) == 0;
		if (!trouble())
			keep(c, &kept);
	}
	if (!kept.known)
		return fail(-ENOENT, "no call frame information for %#lx", pc);
	*ret = kept.rule;
	return 0;
}
