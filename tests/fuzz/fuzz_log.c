#include "kernel/log/log.h"

#include <string.h>

#include "kernel/sys/uts.h"
#include "tests/fuzz/fuzz.h"

static int take_record(void *arg, const struct log_record *r)
{
	size_t *sum = arg;

	for (size_t i = 0; i < r->text_len; i++)
		*sum += (unsigned char)r->text[i];
	for (size_t i = 0; i < r->dict_len; i++)
		*sum += (unsigned char)r->dict[i];
	*sum += strlen(r->subsystem) + strlen(r->device);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel *k = fuzz_kernel(data, size);
	struct uts uts;
	size_t sum = 0;

	if (!k)
		return 0;
	log_read(k, take_record, &sum);
	kernel_uts(k, &uts);
	fuzz_use(sum);
	fuzz_kernel_close(k);
	return 0;
}
