/* What XSAVE and FXSAVE left, wherever kernels of several times keep it. */
#include "kernel/task/fpregs.h"

#include <errno.h>

#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define TASK	(FAKE_BASE + 0x4000)
#define FPSTATE (FAKE_BASE + 0x5000)
#define MASK	(FAKE_BASE + 0x100)
#define OFFSETS (FAKE_BASE + 0x200)

enum { X87 = 1, SSE = 2, AVX = 4 };

/* Where struct fpu keeps it: behind a pointer, in the task or after it; in itself; behind a pointer of
 * old. */
static const struct place_of {
	const char *types;
	uint64_t pointer, regs, mask;
} places[] = {
	{ "fpstate 1152 u64 xfeatures@8 u64 regs@64\nfpu 64 ptr fpstate@16\n"
	  "thread_struct 128 fpu fpu@64\n"
	  "task_struct 256 u32 flags@0 thread_struct thread@128\n",
	  TASK + 128 + 64 + 16, FPSTATE + 64, FPSTATE + 8 },
	{ "fpstate 1152 u64 xfeatures@8 u64 regs@64\nfpu 64 ptr fpstate@16\n"
	  "task_struct 256 u32 flags@0\n",
	  TASK + 256 + 16, FPSTATE + 64, FPSTATE + 8 },
	{ "fpu 1152 u8[1088] state@64\nthread_struct 1280 fpu fpu@64\n"
	  "task_struct 2048 u32 flags@0 thread_struct thread@128\n",
	  0, TASK + 128 + 64 + 64, MASK },
	{ "fpu 64 ptr state@16\nthread_struct 128 fpu fpu@64\n"
	  "task_struct 256 u32 flags@0 thread_struct thread@128\n",
	  TASK + 128 + 64 + 16, FPSTATE, MASK },
};

static void put_bytes_at(struct fake *f, uint64_t va, unsigned int byte, size_t len)
{
	memset(fake_at(f, va), (int)byte, len);
}

/* @has: what XSAVE wrote; @mask: what it was told to write, 0: it was FXSAVE. */
static struct fake *make(const struct place_of *p, uint64_t mask, uint64_t has, uint64_t compact)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(xfeatures_mask)=%llx\n", MASK);
	if (p->pointer)
		fake_put(f, p->pointer, p->mask == MASK ? p->regs : FPSTATE, 8);
	fake_put(f, p->mask, mask, 8);
	put_bytes_at(f, p->regs, 0x11, 24);
	put_bytes_at(f, p->regs + 24, 0x22, 8);
	put_bytes_at(f, p->regs + 32, 0x33, 128);
	put_bytes_at(f, p->regs + 160, 0x44, 256);
	put_bytes_at(f, p->regs + 416, 0x55, 96);
	fake_put(f, p->regs + 512, has, 8);
	fake_put(f, p->regs + 520, compact, 8);
	put_bytes_at(f, p->regs + 576, 0x66, 256);
	return f;
}

static int read_it(struct fake *f, const struct place_of *p, struct fpregs *ret)
{
	fake_open(f);
	fake_structs(f, p->types);
	return task_fpregs(f->kernel, TASK, ret);
}

static void assert_all(const unsigned char *p, size_t len, unsigned int byte)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(p[i], byte);
}

static void check(const struct fpregs *regs, unsigned int has)
{
	const unsigned char *x = regs->xstate;

	assert_int_equal(regs->set_len, 512);
	assert_int_equal(regs->set[0], has & X87 ? 0x11 : 0x7f);
	assert_int_equal(regs->set[1], has & X87 ? 0x11 : 3);
	assert_all(regs->set + 2, 22, has & X87 ? 0x11 : 0);
	assert_int_equal(regs->set[24], has & (SSE | AVX) ? 0x22 : 0x80);
	assert_int_equal(regs->set[25], has & (SSE | AVX) ? 0x22 : 0x1f);
	assert_all(regs->set + 32, 128, has & X87 ? 0x33 : 0);
	assert_all(regs->set + 160, 256, has & SSE ? 0x44 : 0);
	if (!regs->xstate_len)
		return;
	assert_int_equal(regs->xstate_len, 832);
	assert_memory_equal(x, regs->set, 416);
	assert_int_equal(x[464], X87 | SSE | AVX);
	assert_int_equal(x[512], has & 7);
	assert_all(x + 513, 63, 0);
	assert_all(x + 576, 256, has & AVX ? 0x66 : 0);
}

static void everywhere(void **state)
{
	struct fpregs regs;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places) * 8; i++) {
		const unsigned int has = i % 8;
		struct fake *f = make(&places[i / 8], 0x21f, has | 0x200, 0);

		assert_ok(read_it(f, &places[i / 8], &regs));
		assert_int_equal(regs.xstate_len, 832);
		check(&regs, has);
		fake_free(f);
	}
}

/* XSAVES leaves out what is between; AVX comes first all the same. */
static void compacted(void **state)
{
	struct fake *f = make(&places[0], 0x207, 0x206, 1ull << 63 | 0x207);
	struct fpregs regs;

	(void)state;
	assert_ok(read_it(f, &places[0], &regs));
	check(&regs, SSE | AVX);
	fake_free(f);
}

enum { MPX = 0x18, AVX512 = 0xe0, PKRU = 0x200 };

/* How a processor lays out what is behind the header: by index of the part. */
struct layout {
	uint64_t mask, compact;
	uint64_t at[8];
};

static const struct layout layouts[] = {
	/* as Intel's, and AMD's, write it all */
	{ X87 | SSE | AVX | MPX | AVX512, 0, { 0, 0, 576, 960, 1024, 1088, 1152, 1664 } },
	{ X87 | SSE | AVX | AVX512 | PKRU, 0, { 0, 0, 576, 0, 0, 832, 896, 1408 } },
	/* compacted: without MPX, with it; without the upper halves, which this task never had */
	{ X87 | SSE | AVX | AVX512, 1ull << 63 | 0xe7, { 0, 0, 576, 0, 0, 832, 896, 1408 } },
	{ X87 | SSE | AVX | MPX | AVX512,
	  1ull << 63 | 0xff,
	  { 0, 0, 576, 832, 896, 960, 1024, 1536 } },
	{ X87 | SSE | AVX | AVX512 | PKRU, 1ull << 63 | 0x2a7, { 0, 0, 576, 0, 0, 832, 0, 896 } },
};

/* In the note each part lies where Intel's processors have it. */
static void avx512(void **state)
{
	static const size_t to[] = { 0, 0, 576, 960, 1024, 1088, 1152, 1664 };
	static const size_t len[] = { 0, 0, 256, 64, 64, 64, 512, 1024 };
	struct fpregs regs;

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(layouts); n++) {
		const struct layout *l = &layouts[n];
		const uint64_t has = l->compact ? l->compact & l->mask : l->mask;
		struct fake *f = make(&places[0], l->mask, has & ~(uint64_t)AVX, l->compact);

		put(&f->vmcoreinfo, "SYMBOL(xstate_offsets)=%llx\n", OFFSETS);
		put_bytes_at(f, places[0].regs + 576, 0xee, 0xa00);
		for (unsigned int i = 2; i < 8; i++) {
			fake_put(f, OFFSETS + i * 4,
				 l->compact || !l->at[i] ? 0xffffffff : l->at[i], 4);
			if (l->at[i])
				put_bytes_at(f, places[0].regs + l->at[i], 0x60 + i, len[i]);
		}
		assert_ok(read_it(f, &places[0], &regs));
		assert_int_equal(regs.xstate_len, 2688);
		assert_int_equal(regs.xstate[464], l->mask & 0xff);
		assert_int_equal(regs.xstate[465], 0);
		assert_int_equal(regs.xstate[512], has & 0xff & ~AVX);
		for (unsigned int i = 2; i < 8; i++)
			assert_all(regs.xstate + to[i], len[i],
				   has & 1u << i && i != 2 ? 0x60 + i : 0);
		fake_free(f);
	}
}

/* Where the processor has the others is not told, or nonsense: AVX is what is sure. */
static void places_unknown(void **state)
{
	struct fpregs regs;

	(void)state;
	for (uint64_t at = 575, i = 0; i < 2; at = 0x10001, i++) {
		struct fake *f = make(&places[0], 0xe7, 0xe7, 0);

		put(&f->vmcoreinfo, "SYMBOL(xstate_offsets)=%llx\n", OFFSETS);
		for (unsigned int part = 5; part < 8; part++)
			fake_put(f, OFFSETS + part * 4, at, 4);
		assert_ok(read_it(f, &places[0], &regs));
		check(&regs, X87 | SSE | AVX);
		fake_free(f);
	}
}

/* Processors without AVX, and without XSAVE. */
static void less(void **state)
{
	struct fake *f = make(&places[0], X87 | SSE, SSE, 0);
	struct fpregs regs;

	(void)state;
	assert_ok(read_it(f, &places[0], &regs));
	assert_int_equal(regs.xstate_len, 0);
	check(&regs, SSE);
	fake_free(f);
	f = make(&places[0], 0, 0x7777, 0x7777);
	assert_ok(read_it(f, &places[0], &regs));
	assert_int_equal(regs.xstate_len, 0);
	check(&regs, X87 | SSE);
	fake_free(f);
}

static void broken(void **state)
{
	struct fpregs regs;
	struct fake *f = make(&places[0], 7, 8, 0);

	(void)state;
	assert_fails(read_it(f, &places[0], &regs), -EBADMSG, "has 0x8 of 0x7");
	fake_free(f);
	f = make(&places[0], 7, 7, 7);
	assert_fails(read_it(f, &places[0], &regs), -EBADMSG, "as 0x7");
	fake_free(f);
	f = make(&places[0], 0xe7, 0xe7, 1ull << 63 | 7);
	assert_fails(read_it(f, &places[0], &regs), -EBADMSG, "has 0xe7 of 0xe7");
	fake_free(f);
	f = make(&places[0], 7, 7, 0);
	fake_put(f, places[0].pointer, 0, 8);
	assert_fails(read_it(f, &places[0], &regs), -ENOENT, "no state of the FPU");
	fake_free(f);
	f = make(&places[0], 7, 7, 0);
	fake_put(f, places[0].pointer, 0x4141414141414141, 8);
	assert_fails(read_it(f, &places[0], &regs), -EFAULT, "");
	fake_free(f);
	f = make(&places[0], 7, 7, 0);
	f->missing[5] = true;
	assert_fails(read_it(f, &places[0], &regs), -ENODATA, "");
	fake_free(f);
	f = make(&places[0], 7, 7, 0);
	fake_put(f, TASK, 0x00200000, 4);
	assert_fails(read_it(f, &places[0], &regs), -ENOENT, "a kernel thread");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(everywhere), cmocka_unit_test(compacted), cmocka_unit_test(avx512),
	   cmocka_unit_test(places_unknown), cmocka_unit_test(less), cmocka_unit_test(broken))
