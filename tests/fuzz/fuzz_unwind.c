#include "dump/base/limits.h"
#include "kernel/unwind/unwind.h"
#include "tests/fuzz/fuzz.h"

#define BASE 0xffffffff80000000ull

/* The first words of memory: where it stands; the stack is the third and fourth page. */
static bool begin(struct unwind *u, struct kernel *k)
{
	uint64_t pc, sp, fp;

	if (unwind_begin(u, k, 0) < 0 || kernel_read_uint(k, BASE, 8, &pc) < 0 ||
	    kernel_read_uint(k, BASE + 8, 8, &sp) < 0 || kernel_read_uint(k, BASE + 16, 8, &fp) < 0)
		return false;
	u->stacks[0] = (struct stack){ .low = BASE + 0x2000, .end = BASE + 0x4000 };
	u->nr_stacks = 1;
	cursor_set(&u->c, u->arch->pc, pc);
	cursor_set(&u->c, u->arch->sp, sp);
	cursor_set(&u->c, u->arch->fp, fp);
	return true;
}

/* There is an end, and once there it stays. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel *k = fuzz_kernel(data, size);
	unsigned int n = 0;
	struct unwind u;
	struct frame f;
	int r = 0;

	if (!k)
		return 0;
	if (begin(&u, k)) {
		while ((r = unwind_next(&u, &f)) > 0) {
			fuzz_use(f.pc + f.at + f.guess + (f.regs ? f.regs->reg[u.arch->sp] : 0));
			if (++n > LIMIT_FRAMES)
				__builtin_trap();
		}
		if (r == 0 && unwind_next(&u, &f) != 0)
			__builtin_trap();
	}
	fuzz_kernel_close(k);
	return 0;
}
