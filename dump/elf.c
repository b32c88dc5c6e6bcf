/* ELF core dumps of physical memory: /proc/vmcore, QEMU's dump-guest-memory, makedumpfile -E.
 *
 * Only p_paddr addresses memory; p_vaddr is what the writer believed the kernel maps there (0 from
 * QEMU). The kernel-text segment of /proc/vmcore covers RAM that another segment covers too. */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "dump/format.h"
#include "dump/ranges.h"

#define EHDR_SIZE	64
#define PHDR_SIZE	56
#define SHDR_INFO	44  /* offset of sh_info in a section header */
#define DUMP_INCOMPLETE 0x1 /* makedumpfile's DUMP_ELF_INCOMPLETE in e_flags */

struct ehdr {
	uint16_t type, machine, phentsize;
	uint32_t flags;
	uint64_t phoff, shoff, phnum;
};

static bool elf_probe(const unsigned char *head, size_t len)
{
	/* e_type stands at 16 in both classes. */
	return len >= 20 && !memcmp(head, ELFMAG, SELFMAG) &&
	       (head[EI_DATA] == ELFDATA2MSB ? head[17] : head[16]) == ET_CORE;
}

static int decode_ehdr(const unsigned char *raw, struct ehdr *ret)
{
	struct bytes b = bytes_of(raw, EHDR_SIZE);

	if (raw[EI_DATA] != ELFDATA2LSB)
		return fail(-EOPNOTSUPP, "an ELF core of a big-endian machine: only little-endian "
					 "dumps (x86_64, arm64) can be read");
	if (raw[EI_CLASS] != ELFCLASS64)
		return fail(-EOPNOTSUPP, "a 32-bit ELF core: only dumps of 64-bit kernels can be "
					 "read");
	bytes_seek(&b, 16);
	ret->type = bytes_u16(&b);
	ret->machine = bytes_u16(&b);
	bytes_seek(&b, 32);
	ret->phoff = bytes_u64(&b);
	ret->shoff = bytes_u64(&b);
	ret->flags = bytes_u32(&b);
	bytes_u16(&b); /* e_ehsize */
	ret->phentsize = bytes_u16(&b);
	ret->phnum = bytes_u16(&b);
	return 0;
}

/* More than 0xfffe program headers: the count stands in section header 0. */
static int extended_phnum(struct file *f, struct ehdr *eh)
{
	unsigned char info[4];
	int r;

	if (eh->phnum != PN_XNUM)
		return 0;
	r = file_read(f, eh->shoff + SHDR_INFO, info, sizeof(info));
	if (r < 0)
		return within(r, "section header 0, which counts the program headers");
	eh->phnum = load_le32(info);
	return 0;
}

static int read_ehdr(struct file *f, struct ehdr *ret)
{
	unsigned char raw[EHDR_SIZE];
	int r = file_read(f, 0, raw, sizeof(raw));

	if (r < 0)
		return r;
	r = decode_ehdr(raw, ret);
	if (r < 0)
		return r;
	r = extended_phnum(f, ret);
	if (r < 0)
		return r;
	if (ret->phentsize != PHDR_SIZE)
		return fail(-EBADMSG, "program headers of %u bytes, not %u", ret->phentsize,
			    PHDR_SIZE);
	if (!ret->phnum)
		return fail(-EOPNOTSUPP, "an ELF core without program headers (of a Xen domain?): "
					 "not supported");
	if (ret->phnum > LIMIT_PHDRS)
		return fail(-EBADMSG, "%lu program headers", ret->phnum);
	if (ret->phoff > f->size || ret->phnum * PHDR_SIZE > f->size - ret->phoff)
		return fail(-ENODATA, "the file ends within its %lu program headers", ret->phnum);
	return 0;
}

static int read_notes(struct file *f, uint64_t off, uint64_t size, struct opened *ret)
{
	unsigned char *more;
	size_t done;
	int r;

	if (size > LIMIT_NOTES - ret->notes_len)
		return fail(-EBADMSG, "%lu bytes of notes", size);
	more = realloc(ret->notes, ret->notes_len + size + 1);
	if (!more)
		return fail(-ENOMEM, "%lu bytes of notes", size);
	ret->notes = more;
	r = file_read_some(f, off, more + ret->notes_len, size, &done);
	if (r < 0)
		return r;
	ret->notes_len += done;
	if (done < size)
		return fail(-ENODATA, "the file ends within its notes");
	return 0;
}

struct phdr {
	uint32_t type;
	uint64_t off, vaddr, paddr, filesz, memsz;
};

static struct phdr decode_phdr(const unsigned char *raw)
{
	return (struct phdr){
		.type = load_le32(raw),
		.off = load_le64(raw + 8),
		.vaddr = load_le64(raw + 16),
		.paddr = load_le64(raw + 24),
		.filesz = load_le64(raw + 32),
		.memsz = load_le64(raw + 40),
	};
}

static int add_load(struct ranges *rs, const struct phdr *ph, struct opened *ret)
{
	struct range range = {
		.paddr = ph->paddr, .size = ph->memsz, .off = ph->off, .saved = ph->filesz
	};

	/* filesz > memsz contradicts ELF; the bytes that are there cannot be more than memory. */
	if (range.saved > range.size)
		range.saved = range.size;
	if (ph->filesz > ph->memsz)
		problem(&ret->facts, "segment at %#lx: %#lx bytes in the file, %#lx in memory",
			ph->paddr, ph->filesz, ph->memsz);
	if (range.saved && (ph->off > rs->file->size || range.saved > rs->file->size - ph->off))
		ret->facts.incomplete = true;
	ret->segments[ret->nr_segments++] = (struct segment){ ph->vaddr, ph->paddr, ph->memsz };
	return ranges_add(rs, &range);
}

/* A bad segment costs itself only. */
static int take_phdr(struct ranges *rs, const struct phdr *ph, struct opened *ret)
{
	int r = 0;

	if (ph->type == PT_NOTE)
		r = read_notes(rs->file, ph->off, ph->filesz, ret);
	else if (ph->type == PT_LOAD)
		r = add_load(rs, ph, ret);
	if (r < 0 && r != -ENOMEM) {
		problem(&ret->facts, "%s", why());
		r = 0;
	}
	return r;
}

static int read_phdrs(struct ranges *rs, const struct ehdr *eh, struct opened *ret)
{
	enum { BATCH = 1024 };
	_free_ unsigned char *raw = malloc(BATCH * PHDR_SIZE);
	struct phdr ph;
	int r = 0;

	ret->segments = calloc(eh->phnum, sizeof(*ret->segments));
	if (!raw || !ret->segments)
		return fail(-ENOMEM, "%lu program headers", eh->phnum);
	for (uint64_t i = 0; i < eh->phnum && r == 0; i++) {
		uint64_t left = eh->phnum - i;

		if (i % BATCH == 0)
			r = file_read(rs->file, eh->phoff + i * PHDR_SIZE, raw,
				      (left < BATCH ? left : BATCH) * PHDR_SIZE);
		if (r < 0)
			break;
		ph = decode_phdr(raw + i % BATCH * PHDR_SIZE);
		r = take_phdr(rs, &ph, ret);
	}
	return r;
}

/* A process's core has what no kernel dump has: its auxiliary vector and its file mappings. */
static int refuse_process(const struct opened *o)
{
	struct note *notes;
	size_t n;
	bool process;

	if (notes_parse(o->notes, o->notes_len, &notes, &n) == -ENOMEM)
		return -ENOMEM;
	process = note_find(notes, n, "CORE", NT_AUXV) || note_find(notes, n, "CORE", NT_FILE);
	free(notes);
	return process ? fail(-EINVAL, "the core of a process, not of a kernel; open it with gdb")
		       : 0;
}

static void describe(const struct ehdr *eh, struct opened *ret)
{
	struct dump_facts *facts = &ret->facts;

	header_row(facts, "e_machine", "%u", eh->machine);
	header_row(facts, "e_flags", "%#x", eh->flags);
	header_row(facts, "e_phoff", "%#lx", eh->phoff);
	header_row(facts, "e_phnum", "%lu", eh->phnum);
	put(&facts->header, "\n%-18s %-18s %-18s\n", "PT_LOAD p_paddr", "p_vaddr", "p_memsz");
	for (size_t i = 0; i < ret->nr_segments; i++) {
		const struct segment *s = &ret->segments[i];

		if (i == 1000) {
			put(&facts->header, "!! %zu more segments\n", ret->nr_segments - i);
			break;
		}
		put(&facts->header, "%#-18lx %#-18lx %#-18lx\n", s->paddr, s->vaddr, s->size);
	}
	if (facts->incomplete)
		problem(facts, "the dump is incomplete: %s",
			eh->flags & DUMP_INCOMPLETE ? "its writer says so"
						    : "segments lie beyond the end of the file");
}

static int elf_open(struct file *const *files, size_t n, struct opened *ret)
{
	struct ranges *rs = calloc(1, sizeof(*rs));
	struct ehdr eh;
	int r;

	(void)n;
	if (!rs)
		return fail(-ENOMEM, "ELF");
	ret->priv = rs;
	rs->file = files[0];
	r = read_ehdr(files[0], &eh);
	if (r < 0)
		return r;
	ret->facts.machine = eh.machine;
	ret->facts.incomplete = eh.flags & DUMP_INCOMPLETE;
	r = read_phdrs(rs, &eh, ret);
	if (r < 0)
		return r;
	r = refuse_process(ret);
	if (r < 0)
		return r;
	r = ranges_settle(rs);
	if (r < 0)
		return r;
	if (!rs->n)
		return fail(-EBADMSG, "an ELF core without memory (no usable PT_LOAD)");
	ret->facts.end = ranges_end(rs);
	describe(&eh, ret);
	return 0;
}

static int elf_read(void *priv, uint64_t paddr, void *buf, size_t len)
{
	return ranges_read(priv, paddr, buf, len);
}

static int elf_extent(void *priv, uint64_t paddr, struct extent *ret)
{
	ranges_extent(priv, paddr, ret);
	return 0;
}

static void elf_close(void *priv)
{
	struct ranges *rs = priv;

	if (!rs)
		return;
	ranges_fini(rs);
	free(rs);
}

const struct format format_elf = {
	.name = "ELF core",
	.probe = elf_probe,
	.open = elf_open,
	.read = elf_read,
	.extent = elf_extent,
	.close = elf_close,
};
