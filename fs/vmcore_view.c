/* /memory/vmcore: the dump as the ELF file that /proc/vmcore would have been, whatever its format.
 *
 *   ELF header | program headers | section header 0 | notes | pad | piece 0 | piece 1 | ...
 *                                  (more than 65534)        to a page
 *
 * The first program header is the PT_NOTE, then comes a PT_LOAD for each piece, then those of the
 * second mappings (the kernel's text), which share the bytes of the pieces. p_align is 0 as the kernel
 * leaves it: crash takes aligned segments for another format. */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/pieces.h"
#include "kernel/arch.h"
#include "kernel/space.h"

#define PAGE 4096

struct view {
	struct dump *dump;
	struct pieces *pieces;
	unsigned char *notes;
	size_t notes_len;
	uint64_t nr_phdrs;
	uint64_t shdr_at, notes_at, data_at, size; /* offsets in the file */
	unsigned char ehdr[sizeof(Elf64_Ehdr)], shdr[sizeof(Elf64_Shdr)];
};

/* Append @value to @p, little-endian. */
static void le(unsigned char **p, size_t size, uint64_t value)
{
	for (; size; size--, value >>= 8)
		*(*p)++ = (unsigned char)value;
}

static void make_ehdr(struct view *v, uint16_t machine)
{
	bool many = v->nr_phdrs >= PN_XNUM;
	unsigned char *p = v->ehdr;

	memcpy(p, ELFMAG, SELFMAG);
	p[EI_CLASS] = ELFCLASS64;
	p[EI_DATA] = ELFDATA2LSB;
	p[EI_VERSION] = EV_CURRENT;
	p += EI_NIDENT;
	le(&p, 2, ET_CORE);
	le(&p, 2, machine);
	le(&p, 4, EV_CURRENT);
	le(&p, 8, 0); /* entry */
	le(&p, 8, sizeof(Elf64_Ehdr));
	le(&p, 8, many ? v->shdr_at : 0);
	le(&p, 4, 0); /* flags */
	le(&p, 2, sizeof(Elf64_Ehdr));
	le(&p, 2, sizeof(Elf64_Phdr));
	le(&p, 2, many ? PN_XNUM : v->nr_phdrs);
	le(&p, 2, many ? sizeof(Elf64_Shdr) : 0);
	le(&p, 2, many);
	le(&p, 2, 0);
	/* sh_info of the null section is the true number of program headers. */
	p = v->shdr + offsetof(Elf64_Shdr, sh_info);
	le(&p, 4, v->nr_phdrs);
}

static void make_phdr(uint32_t type, const struct piece *piece, unsigned char *p)
{
	le(&p, 4, type);
	le(&p, 4, type == PT_LOAD ? PF_R | PF_W | PF_X : 0);
	le(&p, 8, piece->offset);
	le(&p, 8, piece->vaddr);
	le(&p, 8, piece->paddr);
	le(&p, 8, piece->size);
	le(&p, 8, piece->size);
	le(&p, 8, 0);
}

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static size_t note_size(const struct note *n)
{
	return 12 + padded(strlen(n->name) + 1) + padded(n->desc_len);
}

static void put_note(unsigned char **p, const struct note *n)
{
	size_t name_len = strlen(n->name) + 1;

	le(p, 4, name_len);
	le(p, 4, n->desc_len);
	le(p, 4, n->type);
	memcpy(*p, n->name, name_len);
	*p += padded(name_len);
	memcpy(*p, n->desc, n->desc_len);
	*p += padded(n->desc_len);
}

/* The dump's notes, and VMCOREINFO if it was found elsewhere. */
static int make_notes(struct view *v, struct kernel *k)
{
	const struct vmcoreinfo *vi;
	const struct note *notes;
	size_t n = dump_notes(v->dump, &notes), len = 0;
	struct note found = { .name = "VMCOREINFO" };
	unsigned char *p;

	for (size_t i = 0; i < n; i++)
		len += note_size(&notes[i]);
	if (!note_find(notes, n, "VMCOREINFO", 0)) {
		int r = kernel_vmcoreinfo(k, &vi);

		if (r == -EINTR)
			return r;
		if (r == 0) {
			found.desc = (const unsigned char *)vi->text;
			found.desc_len = (uint32_t)vi->len;
			len += note_size(&found);
		}
	}
	v->notes = calloc(1, len + 1);
	if (!v->notes)
		return fail(-ENOMEM, "%zu bytes of notes", len);
	v->notes_len = len;
	p = v->notes;
	for (size_t i = 0; i < n; i++)
		put_note(&p, &notes[i]);
	if (found.desc)
		put_note(&p, &found);
	return 0;
}

static void lay_out(struct view *v)
{
	const struct alias *aliases;
	size_t n = pieces_aliases(v->pieces, &aliases);

	v->nr_phdrs = 1 + pieces_count(v->pieces);
	for (size_t i = 0; i < n; i++)
		v->nr_phdrs += aliases[i].count;
	v->shdr_at = sizeof(Elf64_Ehdr) + v->nr_phdrs * sizeof(Elf64_Phdr);
	v->notes_at = v->shdr_at + (v->nr_phdrs >= PN_XNUM ? sizeof(Elf64_Shdr) : 0);
	v->data_at = (v->notes_at + v->notes_len + PAGE - 1) / PAGE * PAGE;
	v->size = v->data_at + pieces_end(v->pieces);
}

/* The program header that a number stands for: a piece, or what an alias shares of it. */
struct place {
	const struct alias *alias; /* NULL: the piece itself */
	uint64_t piece;
};

static struct place place_of(const struct view *v, uint64_t load)
{
	const struct alias *aliases;
	size_t n = pieces_aliases(v->pieces, &aliases);

	if (load < pieces_count(v->pieces))
		return (struct place){ NULL, load };
	load -= pieces_count(v->pieces);
	for (size_t i = 0; i < n; i++) {
		if (load < aliases[i].count)
			return (struct place){ &aliases[i], aliases[i].first + load };
		load -= aliases[i].count;
	}
	return (struct place){ NULL, pieces_count(v->pieces) };
}

static void cut_to_alias(struct piece *piece, const struct segment *range)
{
	uint64_t start = piece->paddr, end = piece->paddr + piece->size;

	if (start < range->paddr)
		start = range->paddr;
	if (end > range->paddr + range->size)
		end = range->paddr + range->size;
	piece->offset += start - piece->paddr;
	piece->vaddr = range->vaddr + (start - range->paddr);
	piece->paddr = start;
	piece->size = end - start;
}

/* The @load-th PT_LOAD; @c stands before its piece, or anywhere when .at[BY_INDEX] is another. */
static int load_phdr(const struct view *v, uint64_t load, struct cursor *c, unsigned char *ret)
{
	struct place place = place_of(v, load);
	struct piece piece;
	int r = 0;

	if (c->at[BY_INDEX] != place.piece)
		r = pieces_seek(v->pieces, BY_INDEX, place.piece, c);
	if (r == 0)
		r = pieces_next(v->pieces, c, &piece);
	if (r < 0)
		return r;
	if (r == 0)
		return fail(-EBADMSG, "segment %#lx is gone", load);
	if (place.alias)
		cut_to_alias(&piece, &place.alias->range);
	piece.offset += v->data_at;
	make_phdr(PT_LOAD, &piece, ret);
	return 0;
}

/* The parts of the file, each read at offsets from its own start. */
static int read_ehdr(const struct view *v, uint64_t off, unsigned char *buf, size_t len)
{
	memcpy(buf, v->ehdr + off, len);
	return 0;
}

static int read_phdrs(const struct view *v, uint64_t off, unsigned char *buf, size_t len)
{
	const struct piece notes = { .offset = v->notes_at, .size = v->notes_len };
	unsigned char phdr[sizeof(Elf64_Phdr)];
	struct cursor c = { { UINT64_MAX } };
	size_t n;
	int r = 0;

	for (; len; off += n, buf += n, len -= n) {
		uint64_t i = off / sizeof(phdr), in = off % sizeof(phdr);

		if (i == 0)
			make_phdr(PT_NOTE, &notes, phdr);
		else
			r = load_phdr(v, i - 1, &c, phdr);
		if (r < 0)
			return r;
		n = sizeof(phdr) - in < len ? sizeof(phdr) - in : len;
		memcpy(buf, phdr + in, n);
	}
	return 0;
}

static int read_shdr(const struct view *v, uint64_t off, unsigned char *buf, size_t len)
{
	memcpy(buf, v->shdr + off, len);
	return 0;
}

static int read_notes(const struct view *v, uint64_t off, unsigned char *buf, size_t len)
{
	memcpy(buf, v->notes + off, len);
	return 0;
}

static int read_padding(const struct view *v, uint64_t off, unsigned char *buf, size_t len)
{
	(void)v, (void)off;
	memset(buf, 0, len);
	return 0;
}

static int read_pieces(const struct view *v, uint64_t off, unsigned char *buf, size_t len)
{
	struct piece piece;
	struct cursor c;
	size_t n;
	int r = pieces_seek(v->pieces, BY_OFFSET, off, &c);

	if (r < 0)
		return r;
	while (len) {
		r = pieces_next(v->pieces, &c, &piece);
		if (r < 0)
			return r;
		if (r == 0)
			return fail(-EBADMSG, "no memory at %#lx of the file", off);
		/* What lies between two pieces reads as zeros. */
		n = off < piece.offset ? (size_t)(piece.offset - off) : 0;
		n = n < len ? n : len;
		memset(buf, 0, n);
		off += n, buf += n, len -= n;
		if (!len)
			break;
		n = piece.size - (off - piece.offset);
		n = n < len ? n : len;
		r = dump_read(v->dump, piece.paddr + (off - piece.offset), buf, n);
		if (r < 0)
			return r;
		off += n, buf += n, len -= n;
	}
	return 0;
}

static int view_read(const struct raw *raw, uint64_t off, void *buf, size_t len)
{
	const struct view *v = raw->priv;
	const struct {
		uint64_t end;
		int (*read)(const struct view *v, uint64_t off, unsigned char *buf, size_t len);
	} parts[] = {
		{ sizeof(v->ehdr), read_ehdr }, { v->shdr_at, read_phdrs },
		{ v->notes_at, read_shdr },	{ v->notes_at + v->notes_len, read_notes },
		{ v->data_at, read_padding },	{ v->size, read_pieces },
	};
	uint64_t start = 0;
	unsigned char *to = buf;

	for (size_t i = 0; len; start = parts[i++].end) {
		size_t n;
		int r;

		if (off >= parts[i].end)
			continue;
		n = parts[i].end - off < len ? (size_t)(parts[i].end - off) : len;
		r = parts[i].read(v, off - start, to, n);
		if (r < 0)
			return r;
		off += n, to += n, len -= n;
	}
	return 0;
}

/* Where the kernel maps memory for itself, as far as it can be told without the dump's word. */
static size_t segments_of_kernel(struct kernel *k, struct segment ret[2])
{
	uint64_t end = dump_facts(kernel_dump(k))->end;
	const struct space *space;
	size_t n = 0;

	if (kernel_space(k, &space) < 0)
		return 0;
	for (int i = 0; i < 2; i++) {
		const struct region *r = i ? &space->image : &space->direct;
		uint64_t paddr = r->first + r->delta, size = r->last - r->first + 1;

		if (!r->last || paddr >= end)
			continue;
		ret[n++] = (struct segment){
			.vaddr = r->first,
			.paddr = paddr,
			.size = size < end - paddr ? size : end - paddr,
		};
	}
	return n;
}

/* QEMU's segments, unless it was asked to walk the page tables, have their physical address or none. */
static int find_pieces(struct view *v, struct kernel *k)
{
	const struct segment *given;
	size_t n = dump_segments(v->dump, &given), used = 0;
	_free_ struct segment *segments = malloc((n + 2) * sizeof(*segments));

	if (!segments)
		return fail(-ENOMEM, "%zu segments", n);
	for (size_t i = 0; i < n; i++)
		if (given[i].vaddr && given[i].vaddr != given[i].paddr && given[i].size)
			segments[used++] = given[i];
	if (!used)
		used = segments_of_kernel(k, segments);
	return pieces_new(v->dump, segments, used, &v->pieces);
}

static void view_free(struct view *v)
{
	pieces_free(v->pieces);
	free(v->notes);
	free(v);
}

static void view_close(struct raw *raw)
{
	view_free(raw->priv);
}

static const struct raw_ops view_ops = { .read = view_read, .close = view_close };

static uint16_t machine_of(struct kernel *k)
{
	const struct arch *arch;
	uint16_t machine = dump_facts(kernel_dump(k))->machine;

	return machine || kernel_arch(k, &arch) < 0 ? machine : arch->machine;
}

int raw_vmcore(struct render *r, struct raw *ret)
{
	struct view *v = calloc(1, sizeof(*v));
	int e;

	if (!v)
		return fail(-ENOMEM, "ELF view");
	v->dump = kernel_dump(r->k);
	e = make_notes(v, r->k);
	if (e == 0)
		e = find_pieces(v, r->k);
	if (e < 0) {
		view_free(v);
		return e;
	}
	lay_out(v);
	make_ehdr(v, machine_of(r->k));
	*ret = (struct raw){
		.ops = &view_ops,
		.size = v->size,
		.stored = v->size,
		.weight = sizeof(*v) + v->notes_len + pieces_weight(v->pieces),
		.priv = v,
	};
	return 0;
}
