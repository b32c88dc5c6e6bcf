#include "kernel/sys/uts.h"

#include <stdio.h>
#include <string.h>

#define FIELD_LEN 65 /* __NEW_UTS_LEN + 1 */
#define WINDOW	  1024

/* Members of struct new_utsname, in order. */
static void take_fields(struct uts *ret, const char *name)
{
	char *const field[] = { ret->sysname, ret->nodename, ret->release, ret->version,
				ret->machine };

	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		memcpy(field[i], name + i * FIELD_LEN, FIELD_LEN);
		field[i][FIELD_LEN] = 0;
	}
}

/* Where the members of init_uts_ns lie moved over time; that the third of the strings is the release
 * which VMCOREINFO names both finds them and proves the translation. */
static void from_memory(struct kernel *k, const struct vmcoreinfo *vi, struct uts *ret)
{
	size_t len;
	const char *release = vmcoreinfo_value(vi, "OSRELEASE", &len), *found;
	char window[WINDOW], wanted[FIELD_LEN + 1];
	uint64_t va;

	if (!release || !len || len >= FIELD_LEN || !vmcoreinfo_symbol(vi, "init_uts_ns", &va) ||
	    kernel_read(k, va, window, sizeof(window)) < 0)
		return;
	memcpy(wanted, release, len);
	wanted[len] = 0;
	found = memmem(window + 2 * FIELD_LEN, sizeof(window) - 5 * FIELD_LEN, wanted, len + 1);
	if (found)
		take_fields(ret, found - 2 * FIELD_LEN);
}

void kernel_uts(struct kernel *k, struct uts *ret)
{
	const struct dump_facts *facts = dump_facts(kernel_dump(k));
	const struct vmcoreinfo *vi;
	const char *release;
	size_t len;

	*ret = (struct uts){ 0 };
	snprintf(ret->nodename, sizeof(ret->nodename), "%s", facts->nodename);
	snprintf(ret->release, sizeof(ret->release), "%s", facts->release);
	snprintf(ret->version, sizeof(ret->version), "%s", facts->version);
	snprintf(ret->machine, sizeof(ret->machine), "%s", facts->arch);
	if (kernel_vmcoreinfo(k, &vi) < 0)
		return;
	release = vmcoreinfo_value(vi, "OSRELEASE", &len);
	if (release)
		snprintf(ret->release, sizeof(ret->release), "%.*s", (int)len, release);
	from_memory(k, vi, ret);
}
