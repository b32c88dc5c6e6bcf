#include "fs/dump/no_types.h"

#include <errno.h>

#include "dump/base/err.h"

int lacks_types(struct kernel *k, const char **ret)
{
	const struct types *ts;
	int r = kernel_types(k, &ts);

	if (r == -EINTR || r == -ENOMEM || r >= 0)
		return r < 0 ? r : 0;
	*ret = r == -ENOENT
		       ? "this kernel has no BTF: a VMLINUX with DWARF is needed for tasks, modules and stacks"
		       : why();
	return 1;
}
