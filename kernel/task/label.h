/* What a security module has a task labelled with. It knows AppArmor alone. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* Its own, the one before it changed that, the one of the next program; of what it makes. */
enum label_kind { LABEL_CURRENT, LABEL_PREV, LABEL_EXEC, LABEL_CREATE };

/* Is AppArmor at work? */
bool has_apparmor(struct kernel *k);

/* Append the label as procfs prints it, with its newline; nothing where the task has none of this kind.
 * -EOPNOTSUPP: another module labels tasks. */
int put_task_label(
	struct strbuf *out, struct kernel *k,
	uint64_t
		task, /* Its own, the one before it changed that, the one of the next program; of what it makes. */
	enum label_kind kind);
