#include "kernel/problems.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/module/module.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

static int check_types(struct kernel *k)
{
	const struct types *ts;
	int r = kernel_types(k, &ts);

	return r == 0 && types_problem(ts) ? fail(-EBADMSG, "%s", types_problem(ts)) : r;
}

static int check_modules(struct kernel *k)
{
	struct list_walk w;
	uint64_t module;
	int r = modules_begin(&w, k);

	while (r >= 0 && (r = list_next(&w, &module)) > 0)
		;
	return r;
}

int kernel_problems(struct kernel *k, struct strbuf *out)
{
	static const struct {
		const char *name;
		int (*check)(struct kernel *k);
	} parts[] = {
		{ "symbols", symbols_check },
		{ "types", check_types },
		{ "modules", check_modules },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int r = parts[i].check(k);

		if (r == -EINTR || r == -ENOMEM)
			return r;
		if (r < 0 && r != -ENOENT)
			put(out, "%s: %s\n", parts[i].name, why());
	}
	return task_problems(k, out);
}
