/* Evaluation of what call frame information says of a value: mostly a register and an offset, now and
 * then an expression for a stack machine. */
#include <dwarf.h>
#include <errno.h>

#include "dump/base/err.h"
#include "kernel/debug/cfi.h"

#define STACK_MAX 16

struct machine {
	const struct cfi_reader *reader;
	uint64_t v[STACK_MAX];
	size_t n;
	bool is_value; /* what is on top, not where it lies */
	int error;
};

static void push(struct machine *m, uint64_t value)
{
	if (m->n == STACK_MAX)
		m->error = -EBADMSG;
	else
		m->v[m->n++] = value;
}

static uint64_t pop(struct machine *m)
{
	if (m->n)
		return m->v[--m->n];
	m->error = -EBADMSG;
	return 0;
}

static uint64_t reg(struct machine *m, uint64_t n)
{
	uint64_t value = 0;
	int r = n > CFI_CFA ? -EBADMSG : m->reader->reg(m->reader->arg, (uint8_t)n, &value);

	if (r < 0 && !m->error)
		m->error = r;
	return value;
}

static void deref(struct machine *m)
{
	uint64_t value = 0;
	int r = m->reader->word(m->reader->arg, pop(m), &value);

	if (r < 0 && !m->error)
		m->error = r;
	push(m, value);
}

static void binary(struct machine *m, uint8_t atom)
{
	uint64_t b = pop(m), a = pop(m);

	switch (atom) {
	case DW_OP_plus:
		push(m, a + b);
		break;
	case DW_OP_minus:
		push(m, a - b);
		break;
	case DW_OP_mul:
		push(m, a * b);
		break;
	case DW_OP_and:
		push(m, a & b);
		break;
	case DW_OP_or:
		push(m, a | b);
		break;
	case DW_OP_xor:
		push(m, a ^ b);
		break;
	case DW_OP_shl:
		push(m, b < 64 ? a << b : 0);
		break;
	case DW_OP_shr:
		push(m, b < 64 ? a >> b : 0);
		break;
	case DW_OP_eq:
		push(m, a == b);
		break;
	case DW_OP_ne:
		push(m, a != b);
		break;
	case DW_OP_ge:
		push(m, (int64_t)a >= (int64_t)b);
		break;
	case DW_OP_gt:
		push(m, (int64_t)a > (int64_t)b);
		break;
	case DW_OP_le:
		push(m, (int64_t)a <= (int64_t)b);
		break;
	case DW_OP_lt:
		push(m, (int64_t)a < (int64_t)b);
		break;
	default:
		m->error = -EBADMSG;
	}
}

/* Operations on what is on top. */
static void shuffle(struct machine *m, uint8_t atom)
{
	uint64_t a = pop(m), b;

	switch (atom) {
	case DW_OP_dup:
		push(m, a);
		push(m, a);
		break;
	case DW_OP_drop:
		break;
	case DW_OP_swap:
		b = pop(m);
		push(m, a);
		push(m, b);
		break;
	case DW_OP_neg:
		push(m, -a);
		break;
	case DW_OP_not:
		push(m, ~a);
		break;
	default:
		m->error = -EBADMSG;
	}
}

static bool is_constant(uint8_t atom)
{
	return (atom >= DW_OP_const1u && atom <= DW_OP_consts) || atom == DW_OP_addr;
}

/* There are no jumps: each operation is done once. */
static void operate(struct machine *m, const Dwarf_Op *op)
{
	uint8_t atom = op->atom;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
		push(m, atom - DW_OP_lit0);
	else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
		push(m, reg(m, (uint64_t)(atom - DW_OP_breg0)) + op->number);
	else if (atom == DW_OP_bregx)
		push(m, reg(m, op->number) + op->number2);
	else if (atom >= DW_OP_reg0 && atom <= DW_OP_reg31)
		push(m, reg(m, (uint64_t)(atom - DW_OP_reg0)));
	else if (atom == DW_OP_regx)
		push(m, reg(m, op->number));
	else if (atom == DW_OP_call_frame_cfa)
		push(m, reg(m, CFI_CFA));
	else if (atom == DW_OP_plus_uconst)
		push(m, pop(m) + op->number);
	else if (atom == DW_OP_deref)
		deref(m);
	else if (is_constant(atom))
		push(m, op->number);
	else if (atom == DW_OP_stack_value || atom == DW_OP_nop)
		m->is_value |= atom == DW_OP_stack_value;
	else if (atom >= DW_OP_dup && atom <= DW_OP_swap)
		shuffle(m, atom);
	else if (atom == DW_OP_neg || atom == DW_OP_not)
		shuffle(m, atom);
	else
		binary(m, atom);
	/* A register is what the value is, not where. */
	m->is_value |= (atom >= DW_OP_reg0 && atom <= DW_OP_reg31) || atom == DW_OP_regx;
}

static int evaluate(const struct cfi_value *v, const struct cfi_reader *reader, uint64_t *ret,
		    bool *ret_is_value)
{
	struct machine m = { .reader = reader };

	for (size_t i = 0; i < v->n && !m.error; i++)
		operate(&m, &v->ops[i]);
	*ret = pop(&m);
	*ret_is_value = m.is_value;
	return m.error < 0 ? fail(m.error, "call frame information: no sound expression") : 0;
}

int cfi_frame(const struct cfi_rule *rule, const struct cfi_reader *reader, uint64_t *ret)
{
	const struct cfi_value *v = &rule->cfa;
	bool is_value;
	int r;

	if (v->kind == CFI_EXPRESSION)
		return evaluate(v, reader, ret, &is_value);
	r = reader->reg(reader->arg, v->reg, ret);
	*ret += r < 0 ? 0 : (uint64_t)v->offset;
	return r;
}

int cfi_value(const struct cfi_value *v, const struct cfi_reader *reader, uint64_t *ret,
	      uint64_t *ret_at)
{
	bool is_value = v->kind == CFI_SUM;
	uint64_t value;
	int r;

	if (v->kind == CFI_EXPRESSION)
		r = evaluate(v, reader, &value, &is_value);
	else
		r = reader->reg(reader->arg, v->reg, &value);
	if (r < 0)
		return r;
	if (v->kind != CFI_EXPRESSION)
		value += (uint64_t)v->offset;
	*ret_at = is_value ? 0 : value;
	*ret = value;
	return is_value ? 0 : reader->word(reader->arg, value, ret);
}
