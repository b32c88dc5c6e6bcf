#include "kernel/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/uts.h"
#include "tests/fuzz/fuzz.h"
#include "tests/image/write.h"

#define MAX_PAGES 64

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

static void read_log(const char *path)
{
	struct kernel *k;
	struct uts uts;
	struct dump *d;
	size_t sum = 0;

	if (dump_open(&path, 1, &d) < 0)
		return;
	if (kernel_open(d, NULL, &k) == 0) {
		log_read(k, take_record, &sum);
		kernel_uts(k, &uts);
		kernel_close(k);
	}
	dump_close(d);
}

/* VMCOREINFO up to a NUL, then the kernel's memory, mapped at 0xffffffff80000000. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t info = strnlen((const char *)data, size), at = info + (info < size);
	struct image img;
	struct shape shape = { 0 };
	struct sink *sink;
	char path[32];
	int fd;

	if (at == size || size - at > 4096 * MAX_PAGES)
		return 0;
	image_init(&img);
	blob_add(&img.vmcoreinfo, data, info);
	for (uint64_t pa = 0; at < size; pa += 4096, at += 4096) {
		unsigned char *page = must_alloc(4096);

		memcpy(page, data + at, size - at < 4096 ? size - at : 4096);
		image_add(&img, pa, 4096, FILL_BYTES, CLASS_KERNEL, page);
	}
	fd = fuzz_file(data, 0, path);
	sink = sink_file(fd);
	write_elf(&img, &shape, sink);
	sink_close(sink);
	image_fini(&img);
	read_log(path);
	close(fd);
	return 0;
}
