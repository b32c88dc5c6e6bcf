#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/image/mem_file.h"

#define STEPS 300 /* extents looked at: an input may have 2^40 of them */

/* An extent moves on, or the reader above would not end. */
static void check_extent(const struct extent *e, uint64_t at)
{
	if (e->start != at || e->end <= at || e->status >= PAGE_STATUSES)
		abort();
}

static void use_format(const struct format *format, const struct opened *o)
{
	unsigned char *page = malloc(65536);
	struct extent e;
	uint64_t at = 0;

	for (int i = 0; i < STEPS && at < UINT64_MAX; i++, at = e.end) {
		if (format->extent(o->priv, at, &e) < 0)
			break;
		check_extent(&e, at);
		if (e.status != PAGE_PRESENT)
			continue;
		if (format->read)
			format->read(o->priv, at, page, e.end - at < 100 ? e.end - at : 100);
		else
			format->read_page(o->priv, at / o->facts.page_size, page);
	}
	if (format->truncated)
		format->truncated(o->priv);
	free(page);
}

void fuzz_format(const struct format *format, const uint8_t *data, size_t size)
{
	struct mem_file mem;
	struct file *f = mem_file(&mem, data, size);
	struct opened o = { .facts = { .page_size = 4096, .dump_level = -1 } };

	if (!format->probe(data, size))
		return;
	if (format->open(&f, 1, &o) == 0)
		use_format(format, &o);
	format->close(o.priv);
	free(o.notes);
	free(o.vmcoreinfo);
	free(o.segments);
	strbuf_fini(&o.facts.header);
	strbuf_fini(&o.facts.problems);
}

int fuzz_file(const uint8_t *data, size_t size, char ret_path[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(ret_path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

void fuzz_use(uint64_t value)
{
	static volatile uint64_t used;

	used = used + value;
}

void fuzz_dump(struct dump *d)
{
	const struct vmcoreinfo *vi;
	unsigned char bytes[5000];
	const struct note *notes;
	size_t n = dump_notes(d, &notes);
	struct extent e;
	uint64_t at = 0;

	for (int i = 0; i < STEPS && at < UINT64_MAX; i++, at = e.end) {
		if (dump_extent(d, at, &e) < 0)
			break;
		check_extent(&e, at);
		dump_read(d, at, bytes, e.end - at < sizeof(bytes) ? e.end - at : sizeof(bytes));
	}
	for (size_t i = 0; i < n; i++) {
		fuzz_use((unsigned char)notes[i].name[0]);
		fuzz_use(notes[i].desc_len ? notes[i].desc[notes[i].desc_len - 1] : 0);
	}
	dump_vmcoreinfo(d, &vi);
	dump_incomplete(d);
}
