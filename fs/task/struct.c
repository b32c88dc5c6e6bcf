/* The structures that a task is made of, printed as C. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/task/task_key.h"
#include "kernel/fields.h"
#include "kernel/types/member.h"
#include "kernel/types/value.h"

/* The structure @name at @addr. */
static int put_struct(struct render *r, const char *name, uint64_t addr)
{
	const struct types *ts;
	struct place place;
	int e = kernel_types(r->k, &ts);

	if (e >= 0)
		e = member_of(ts, name, "", &place);
	return e < 0 ? e : put_object(r->out, r->k, place.type, addr);
}

/* The one that a member of the task points to; the file is empty when it has none. */
static int put_pointed(struct render *r, const char *name, enum field pointer)
{
	uint64_t addr;
	int e = field_u64(r->k, key_task(r), pointer, &addr);

	return e < 0 || !addr ? e : put_struct(r, name, addr);
}

int gen_task_struct(struct render *r)
{
	return put_struct(r, "task_struct", key_task(r));
}

int gen_task_mm_struct(struct render *r)
{
	return put_pointed(r, "mm_struct", F_task_mm);
}

int gen_task_signal_struct(struct render *r)
{
	return put_pointed(r, "signal_struct", F_task_signal);
}

int gen_task_sighand(struct render *r)
{
	return put_pointed(r, "sighand_struct", F_task_sighand);
}

int gen_task_files_struct(struct render *r)
{
	return put_pointed(r, "files_struct", F_task_files);
}

int gen_task_fs_struct(struct render *r)
{
	return put_pointed(r, "fs_struct", F_task_fs);
}

int gen_task_cred(struct render *r)
{
	return put_pointed(r, "cred", F_task_real_cred);
}

int gen_task_nsproxy(struct render *r)
{
	return put_pointed(r, "nsproxy", F_task_nsproxy);
}
