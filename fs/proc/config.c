/* /proc/config.gz. */
#include "kernel/sys/config.h"

#include "fs/gen.h"

bool has_proc_config(struct render *r)
{
	return kernel_has_config(r->k);
}

int gen_proc_config(struct render *r)
{
	r->verbatim = true;
	return kernel_config(r->k, r->out);
}
