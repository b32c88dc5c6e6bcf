/* /tasks/<pid>/wchan, as procfs prints it of kernels that can tell: those that unwind by ORC tables could
 * not before 42a20f86dc19 (v5.16), and said 0. */
#include <string.h>

#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/wchan.h"

int gen_task_wchan(struct render *r)
{
	struct symbol s;
	uint64_t pc;
	int e = task_wchan(r->k, key_task(r), &pc);

	if (e < 0)
		return e;
	if (pc && symbol_at(r->k, pc, &s) >= 0)
		put_escaped(r->out, s.name, strlen(s.name), "");
	else
		put_str(r->out, "0");
	return 0;
}
