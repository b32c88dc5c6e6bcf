#include "fs/dump/elf_view.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/dump/pieces.h"
#include "kernel/arch.h"

#define PAGE 4096

_Static_assert(sizeof(Elf64_Ehdr) <= 64 && sizeof(Elf64_Shdr) <= 64, "headers fit");

struct elf_view *elf_view_new(struct kernel *k)
{
	struct elf_view *v = calloc(1, sizeof(*v));

	if (v)
		v->dump = kernel_dump(k);
	return v;
}

void elf_view_free(struct elf_view *v)
{
	if (!v)
		return;
	pieces_free(v->pieces);
	free(v->spans);
	strbuf_fini(&v->notes);
	free(v);
}

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* Append @value to @p, little-endian. */
static void le(unsigned char **p, size_t size, uint64_t value)
{
	for (; size; size--, value >>= 8)
		*(*p)++ = (unsigned char)value;
}

void elf_view_note(struct elf_view *v, const struct note *n)
{
	static const char zeros[4];
	size_t name_len = strlen(n->name) + 1;
	unsigned char head[12], *p = head;

	le(&p, 4, name_len);
	le(&p, 4, n->desc_len);
	le(&p, 4, n->type);
	put_bytes(&v->notes, head, sizeof(head));
	put_bytes(&v->notes, n->name, name_len);
	put_bytes(&v->notes, zeros, padded(name_len) - name_len);
	put_bytes(&v->notes, n->desc, n->desc_len);
	put_bytes(&v->notes, zeros, padded(n->desc_len) - n->desc_len);
}

static int add_span(struct elf_view *v, uint64_t va, uint64_t size, uint32_t flags, bool apart)
{
	struct span *last = v->nr_spans ? &v->spans[v->nr_spans - 1] : NULL, *spans;

	if (last && !apart && last->va + last->size == va && last->flags == flags) {
		last->size += size;
	} else {
		if (v->nr_spans == LIMIT_SPANS)
			return fail(-ELOOP, "more than %u pieces", LIMIT_SPANS);
		if (v->nr_spans == v->room) {
			v->room = v->room ? 2 * v->room : 64;
			spans = realloc(v->spans, v->room * sizeof(*spans));
			if (!spans)
				return fail(-ENOMEM, "%zu pieces", v->room);
			v->spans = spans;
		}
		v->spans[v->nr_spans++] = (struct span){
			.va = va,
			.size = size,
			.at = v->spans_size,
			.flags = flags,
		};
	}
	v->spans_size += size;
	return 0;
}

int elf_view_add(struct elf_view *v, const struct mapped *m, uint32_t flags, bool apart)
{
	uint64_t done = 0, n;
	struct extent e;
	int r = 0;

	for (; done < m->size && r == 0; done += n) {
		if (cancelled())
			return fail(-EINTR, "interrupted");
		r = dump_extent(v->dump, m->pa + done, &e);
		if (r < 0)
			return r;
		n = e.end - e.start < m->size - done ? e.end - e.start : m->size - done;
		if (!extent_readable(&e))
			continue;
		r = add_span(v, m->va + done, n, flags, apart);
		apart = false;
	}
	return r;
}

static void make_ehdr(struct elf_view *v, uint16_t machine)
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

static void make_phdr(uint32_t type, uint32_t flags, const struct piece *piece, unsigned char *p)
{
	le(&p, 4, type);
	le(&p, 4, flags);
	le(&p, 8, piece->offset);
	le(&p, 8, piece->vaddr);
	le(&p, 8, piece->paddr);
	le(&p, 8, piece->size);
	le(&p, 8, piece->size);
	le(&p, 8, 0); /* as the kernel leaves it: crash takes aligned segments for another format */
}

static uint64_t page_up(uint64_t offset)
{
	return (offset + PAGE - 1) / PAGE * PAGE;
}

static void lay_out(struct elf_view *v)
{
	const struct alias *aliases;
	size_t n = v->pieces ? pieces_aliases(v->pieces, &aliases) : 0;

	v->nr_phdrs = 1 + (v->pieces ? pieces_count(v->pieces) : 0) + v->nr_spans;
	for (size_t i = 0; i < n; i++)
		v->nr_phdrs += aliases[i].count;
	v->shdr_at = sizeof(Elf64_Ehdr) + v->nr_phdrs * sizeof(Elf64_Phdr);
	v->notes_at = v->shdr_at + (v->nr_phdrs >= PN_XNUM ? sizeof(Elf64_Shdr) : 0);
	v->data_at = page_up(v->notes_at + v->notes.len);
	v->size = v->data_at + (v->pieces ? pieces_end(v->pieces) : 0);
	v->spans_at = v->nr_spans ? page_up(v->size) : v->size;
	v->size = v->spans_at + v->spans_size;
}

/* The program header that a number stands for: a piece, or what an alias shares of it. */
struct place {
	const struct span *span;
	const struct alias *alias; /* NULL: the piece itself */
	uint64_t piece;
};

static struct place place_of(const struct elf_view *v, uint64_t load)
{
	const struct alias *aliases;
	uint64_t count = v->pieces ? pieces_count(v->pieces) : 0;
	size_t n = v->pieces ? pieces_aliases(v->pieces, &aliases) : 0;

	if (load < count)
		return (struct place){ .piece = load };
	load -= count;
	for (size_t i = 0; i < n; i++) {
		if (load < aliases[i].count)
			return (struct place){ .alias = &aliases[i],
					       .piece = aliases[i].first + load };
		load -= aliases[i].count;
	}
	return (struct place){ .span = &v->spans[load] };
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

static void span_phdr(const struct elf_view *v, const struct span *s, unsigned char *ret)
{
	const struct piece piece = {
		.paddr = v->span_paddr,
		.vaddr = s->va,
		.size = s->size,
		.offset = v->spans_at + s->at,
	};

	make_phdr(PT_LOAD, s->flags, &piece, ret);
}

/* The @load-th PT_LOAD; @c stands before its piece, or anywhere when .at[BY_INDEX] is another. */
static int load_phdr(const struct elf_view *v, uint64_t load, struct cursor *c, unsigned char *ret)
{
	struct place place = place_of(v, load);
	struct piece piece;
	int r = 0;

	if (place.span) {
		span_phdr(v, place.span, ret);
		return 0;
	}
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
	make_phdr(piece.vaddr || !v->mapped_only ? PT_LOAD : PT_NULL, PF_R | PF_W | PF_X, &piece,
		  ret);
	return 0;
}

/* The parts of the file, each read at offsets from its own start. */
static int read_ehdr(const struct elf_view *v, uint64_t off, unsigned char *buf, size_t len)
{
	memcpy(buf, v->ehdr + off, len);
	return 0;
}

static int read_phdrs(const struct elf_view *v, uint64_t off, unsigned char *buf, size_t len)
{
	const struct piece notes = { .offset = v->notes_at, .size = v->notes.len };
	unsigned char phdr[sizeof(Elf64_Phdr)];
	struct cursor c = { { UINT64_MAX } };
	size_t n;
	int r = 0;

	for (; len; off += n, buf += n, len -= n) {
		uint64_t i = off / sizeof(phdr), in = off % sizeof(phdr);

		if (i == 0)
			make_phdr(PT_NOTE, 0, &notes, phdr);
		else
			r = load_phdr(v, i - 1, &c, phdr);
		if (r < 0)
			return r;
		n = sizeof(phdr) - in < len ? sizeof(phdr) - in : len;
		memcpy(buf, phdr + in, n);
	}
	return 0;
}

static int read_shdr(const struct elf_view *v, uint64_t off, unsigned char *buf, size_t len)
{
	memcpy(buf, v->shdr + off, len);
	return 0;
}

static int read_notes(const struct elf_view *v, uint64_t off, unsigned char *buf, size_t len)
{
	memcpy(buf, v->notes.data + off, len);
	return 0;
}

static int read_padding(const struct elf_view *v, uint64_t off, unsigned char *buf, size_t len)
{
	(void)v, (void)off;
	memset(buf, 0, len);
	return 0;
}

static int read_pieces(const struct elf_view *v, uint64_t off, unsigned char *buf, size_t len)
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

static int read_spans(const struct elf_view *v, uint64_t off, unsigned char *buf, size_t len)
{
	size_t low = 0, high = v->nr_spans;

	/* The last one that begins at or before the offset. */
	while (high - low > 1) {
		size_t mid = (low + high) / 2;

		if (v->spans[mid].at <= off)
			low = mid;
		else
			high = mid;
	}
	for (size_t n; len; low++, off += n, buf += n, len -= n) {
		const struct span *s = &v->spans[low];
		uint64_t in = off - s->at;
		int r;

		n = s->size - in < len ? (size_t)(s->size - in) : len;
		r = space_read(&v->space, v->dump, s->va + in, buf, n);
		if (r < 0)
			return r;
	}
	return 0;
}

static int view_read(const struct raw *raw, uint64_t off, void *buf, size_t len)
{
	const struct elf_view *v = raw->priv;
	const uint64_t pieces = v->pieces ? pieces_end(v->pieces) : 0;
	const struct {
		uint64_t end;
		int (*read)(const struct elf_view *v, uint64_t off, unsigned char *buf, size_t len);
	} parts[] = {
		{ sizeof(v->ehdr), read_ehdr }, { v->shdr_at, read_phdrs },
		{ v->notes_at, read_shdr },	{ v->notes_at + v->notes.len, read_notes },
		{ v->data_at, read_padding },	{ v->data_at + pieces, read_pieces },
		{ v->spans_at, read_padding },	{ v->size, read_spans },
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

static void view_close(struct raw *raw)
{
	elf_view_free(raw->priv);
}

static const struct raw_ops view_ops = { .read = view_read, .close = view_close };

uint16_t elf_machine_of(struct kernel *k)
{
	const struct arch *arch;
	uint16_t machine = dump_facts(kernel_dump(k))->machine;

	return machine || kernel_arch(k, &arch) < 0 ? machine : arch->machine;
}

int elf_view_open(struct elf_view *v, uint16_t machine, struct raw *ret)
{
	if (v->notes.error) {
		int r = fail(v->notes.error, "%zu bytes of notes", v->notes.len);

		elf_view_free(v);
		return r;
	}
	lay_out(v);
	make_ehdr(v, machine);
	*ret = (struct raw){
		.ops = &view_ops,
		.size = v->size,
		.stored = v->size,
		.weight = sizeof(*v) + v->notes.room + v->room * sizeof(*v->spans) +
			  (v->pieces ? pieces_weight(v->pieces) : 0),
		.priv = v,
	};
	return 0;
}
