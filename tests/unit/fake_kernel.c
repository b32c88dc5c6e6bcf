#include "tests/unit/fake_kernel.h"

#include <elf.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

struct fake *fake_new(void)
{
	struct fake *f = must_alloc(sizeof(*f));

	memset(f, 0, sizeof(*f));
	f->made.fd = -1;
	put(&f->vmcoreinfo, "OSRELEASE=6.0.0-fake\nPAGESIZE=4096\nNUMBER(phys_base)=0\n");
	return f;
}

struct kernel *fake_open(struct fake *f)
{
	struct image img;
	struct shape shape = { 0 };

	image_init(&img);
	img.machine = EM_X86_64;
	for (size_t i = 0; i < FAKE_PAGES; i++) {
		unsigned char *page = must_alloc(4096);

		memcpy(page, f->mem + i * 4096, 4096);
		if (f->missing[i])
			free(page);
		else
			image_add(&img, i * 4096, 4096, FILL_BYTES, CLASS_KERNEL, page);
	}
	blob_add(&img.vmcoreinfo, f->vmcoreinfo.data, f->vmcoreinfo.len);
	f->made = made_dump(&img, &shape, write_elf, -1);
	image_fini(&img);
	f->dump = must_open(&f->made, 1);
	assert_ok(kernel_open(f->dump, NULL, &f->kernel));
	return f->kernel;
}

void fake_free(struct fake *f)
{
	kernel_close(f->kernel);
	dump_close(f->dump);
	if (f->made.fd >= 0)
		made_close(&f->made);
	strbuf_fini(&f->vmcoreinfo);
	free(f);
}

void *fake_at(struct fake *f, uint64_t va)
{
	if (va < FAKE_BASE || va >= FAKE_BASE + FAKE_SIZE)
		die("%#lx is outside of the fake kernel", va);
	return f->mem + (va - FAKE_BASE);
}

void fake_put(struct fake *f, uint64_t va, uint64_t value, size_t size)
{
	unsigned char *p = fake_at(f, va);

	for (size_t i = 0; i < size; i++)
		p[i] = (unsigned char)(value >> (8 * i));
}
