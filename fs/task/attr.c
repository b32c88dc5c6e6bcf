/* /proc/<pid>/attr: what the security module labels a task with. Of what a task may ask for what it makes,
 * AppArmor keeps nothing but for the next program. */
#include "fs/task/task_key.h"
#include "kernel/task/label.h"

static int put_label_of(struct render *r, enum label_kind kind)
{
	return put_task_label(r->out, r->k, key_task(r), kind);
}

bool has_task_attr_apparmor(struct render *r)
{
	return has_apparmor(r->k);
}

int gen_task_attr_current(struct render *r)
{
	return put_label_of(r, LABEL_CURRENT);
}

int gen_task_attr_prev(struct render *r)
{
	return put_label_of(r, LABEL_PREV);
}

int gen_task_attr_exec(struct render *r)
{
	return put_label_of(r, LABEL_EXEC);
}

int gen_task_attr_create(struct render *r)
{
	return put_task_label(r->out, r->k, key_task(r), LABEL_CREATE);
}
