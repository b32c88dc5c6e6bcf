#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "tests/image/write.h"

#define MAX_PAGES 64

static void make_image(const uint8_t *data, size_t size, struct image *ret)
{
	size_t info = strnlen((const char *)data, size), at = info + (info < size);

	image_init(ret);
	blob_add(&ret->vmcoreinfo, data, info);
	for (uint64_t pa = 0; at < size; pa += 4096, at += 4096) {
		unsigned char *page = must_alloc(4096);

		memcpy(page, data + at, size - at < 4096 ? size - at : 4096);
		image_add(ret, pa, 4096, FILL_BYTES, CLASS_KERNEL, page);
	}
}

struct kernel *fuzz_kernel(const uint8_t *data, size_t size)
{
	struct shape shape = { 0 };
	struct kernel *k = NULL;
	char path[32], *paths[] = { path };
	struct image img;
	struct sink *sink;
	struct dump *d;
	int fd;

	if (size > 4096 * MAX_PAGES)
		return NULL;
	make_image(data, size, &img);
	fd = fuzz_file(data, 0, path);
	sink = sink_file(fd);
	write_elf(&img, &shape, sink);
	sink_close(sink);
	image_fini(&img);
	if (dump_open((const char *const *)paths, 1, &d) == 0 && kernel_open(d, NULL, &k) < 0)
		dump_close(d);
	close(fd);
	return k;
}

void fuzz_kernel_close(struct kernel *k)
{
	struct dump *d = kernel_dump(k);

	kernel_close(k);
	dump_close(d);
}
