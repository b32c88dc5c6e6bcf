#include "kernel/enum_name.h"

#include "kernel/types/type.h"

const char *enum_name(struct kernel *k, const char *type, uint64_t value)
{
	const struct types *ts;
	const struct type *t;

	if (kernel_types(k, &ts) < 0)
		return NULL;
	t = types_find(ts, TYPE_ENUM, type, NULL);
	for (uint32_t i = 0; t && i < t->nr; i++)
		if (t->values[i].value == value)
			return t->values[i].name;
	return NULL;
}
