#include "tests/unit/fake_kernel.h"

#include <elf.h>
#include <stdlib.h>

#include "tests/unit/unit.h"

struct fake *fake_new(void)
{
	struct fake *f = must_alloc(sizeof(*f));

	memset(f, 0, sizeof(*f));
	f->made.fd = -1;
	f->machine = EM_X86_64;
	put(&f->vmcoreinfo, "OSRELEASE=6.0.0-fake\nPAGESIZE=4096\nNUMBER(phys_base)=0\n");
	return f;
}

/* Its page tables are not in the dump. */
struct fake *fake_arm64(uint64_t stext)
{
	struct fake *f = fake_new();

	f->machine = EM_AARCH64;
	put(&f->vmcoreinfo,
	    "NUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=0x10\nNUMBER(kimage_voffset)=0x%llx\n"
	    "NUMBER(PHYS_OFFSET)=0x0\nNUMBER(KERNELPACMASK)=0xffff000000000000\n"
	    "SYMBOL(swapper_pg_dir)=%llx\nSYMBOL(_stext)=%lx\n",
	    FAKE_BASE, FAKE_BASE + FAKE_SIZE, stext);
	return f;
}

struct kernel *fake_open(struct fake *f)
{
	struct image img;
	struct shape shape = { 0 };

	image_init(&img);
	img.machine = f->machine;
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
	assert_ok(kernel_open(f->dump, f->options, &f->kernel));
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

void fake_cpus(struct fake *f, uint64_t at, unsigned int n, uint64_t first, uint64_t step)
{
	static const char *const masks[] = { "__cpu_possible_mask", "__cpu_present_mask",
					     "__cpu_online_mask" };

	put(&f->vmcoreinfo, "SYMBOL(nr_cpu_ids)=%lx\nSYMBOL(__per_cpu_offset)=%lx\n", at, at + 64);
	fake_put(f, at, n, 4);
	for (unsigned int i = 0; i < n; i++)
		fake_put(f, at + 64 + 8 * i, first + i * step, 8);
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		put(&f->vmcoreinfo, "SYMBOL(%s)=%lx\n", masks[i], at + 16 + 8 * i);
		fake_put(f, at + 16 + 8 * i, (1ull << n) - 1, 8);
	}
}
