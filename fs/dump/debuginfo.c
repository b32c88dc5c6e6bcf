/* Which debug files are used. */
#include "fs/gen.h"
#include "kernel/debug/debuginfo.h"

int gen_dump_debuginfo(struct render *r)
{
	return put_debuginfo(r->out, r->k);
}

int gen_module_debuginfo(struct render *r)
{
	return put_module_debuginfo(r->out, r->k, r->key[0].id);
}
