#include "kernel/arch.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"

static const struct arch *const arches[] = { &arch_x86_64, &arch_arm64 };

#define NR_ARCHES (sizeof(arches) / sizeof(arches[0]))

int arch_of_dump(struct dump *d, const struct arch **ret)
{
	const struct dump_facts *facts = dump_facts(d);
	const struct vmcoreinfo *vi;
	int r;

	for (size_t i = 0; i < NR_ARCHES; i++) {
		if (arches[i]->machine != facts->machine &&
		    (facts->machine || strcmp(arches[i]->name, facts->arch)))
			continue;
		*ret = arches[i];
		return 0;
	}
	if (facts->machine)
		return fail(-EOPNOTSUPP, "ELF machine %u is not supported", facts->machine);
	r = dump_vmcoreinfo(d, &vi);
	if (r < 0)
		return within(r, "architecture");
	for (size_t i = 0; i < NR_ARCHES; i++) {
		if (!arches[i]->recognise(vi))
			continue;
		*ret = arches[i];
		return 0;
	}
	return fail(-EOPNOTSUPP, "VMCOREINFO is of no supported architecture");
}
