#include "kernel/log/log.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/log/layout.h"

/* Newest first; chosen by the symbol that VMCOREINFO names. */
static const struct log_layout {
	const char *symbol;
	int (*read)(struct kernel *k, const struct vmcoreinfo *vi, log_record_fn *emit, void *arg);
} layouts[] = {
	{ "prb", log_prb_read },	       /* 896fbe20b4e2 (v5.10) */
	{ "log_first_idx", log_records_read }, /* 7ff9554bb578 (v3.5) */
};

int log_read(struct kernel *k, log_record_fn *emit, void *arg)
{
	const struct vmcoreinfo *vi;
	uint64_t va;
	int r = kernel_vmcoreinfo(k, &vi);

	if (r < 0)
		return within(r, "kernel log");
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (!vmcoreinfo_symbol(vi, layouts[i].symbol, &va))
			continue;
		r = layouts[i].read(k, vi, emit, arg);
		return r < 0 ? within(r, "kernel log") : r;
	}
	return fail(-ENOENT, "kernel log: VMCOREINFO names no log buffer");
}
