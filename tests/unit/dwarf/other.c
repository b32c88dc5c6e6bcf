#include "kinds.h"

struct defined_elsewhere {
	struct kinds *owner;
	char name[16];
};

static long twin __attribute__((used)) = 2;
struct defined_elsewhere a_defined = { .name = "defined" };
int declared_only[3] = { 7, 8, 9 };

long declared_function(const char *name, ...)
{
	return name ? twin : 0;
}
