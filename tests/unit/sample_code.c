/* Code whose lines and calls are known: its tests name these lines. */

int sample(int x);
int sample_call(int x);

/* A place that the tests find by name, with an instruction of this line. */
#define PLACE(name) __asm__ volatile(".globl " name "\n" name ": nop" : "+r"(x))
#define INLINE	    static inline __attribute__((always_inline))
#ifdef __clang__
#define ALONE __attribute__((noinline))
#else
#define ALONE __attribute__((noipa))
#endif

#line 100 "lib/./sub/../sample.h"
INLINE int innermost(int x)
{
	PLACE("in_innermost");
	return x * 3;
}

#line 200 "lib/sample.c"
INLINE int middle(int x)
{
	x += innermost(x);
	PLACE("in_middle");
	return x;
}

ALONE int sample_call(int x)
{
	PLACE("in_call");
	return x + 1;
}

ALONE int sample(int x)
{
	{
		volatile int y = x;

		x = middle(y);
	}
	PLACE("in_sample");
	x = sample_call(x);
	PLACE("in_sample_behind");
	return x * 2;
}
