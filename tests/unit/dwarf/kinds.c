#include "kinds.h"

struct kinds a_kinds = { .yes = 1 };
static struct bits some_bits[3] = { { 1 } };
enum wide a_wide = HUGE;
int matrix[4][5] = { { 1 } };
extern int declared_only[];
extern long declared_function(const char *name, ...);

struct later {
	struct later *self;
	enum depth depth;
};

static struct later a_later __attribute__((used));

/* Two variables of one name, that only their addresses tell apart. */
static int twin __attribute__((used)) = 1;

static int __attribute__((noinline, used)) helper(struct bits *b, int n)
{
	static int calls = 40;
	struct local {
		int here;
	};
	static struct local a_local;

	calls += n + b->tail + ALONE;
	a_local.here += calls;
	return a_local.here;
}

long entry(const char *name, struct kinds *k, u32 n)
{
	if (declared_function(name, 1))
		return declared_only[0];
	return helper(some_bits, (int)n) + a_later.depth + twin + (k->yes ? 1 : 0);
}
