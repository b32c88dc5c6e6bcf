#include "kernel/symbol/vmlinux.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "kernel/symbol/producers.h"
#include "kernel/mem/space.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/uts.h"

#define BANNER	   "Linux version "
#define NOTES_MAX  65536
#define BANNER_MAX 512

/* The image begins where the file's first segment was moved to. */
int vmlinux_offset(struct kernel *k, struct objfile *o, uint64_t *ret)
{
	const struct vmcoreinfo *vi;
	const struct space *s;
	uint64_t base;
	int r;

	if (dump_vmcoreinfo_told(kernel_dump(k), &vi) == 0 &&
	    vmcoreinfo_hex(vi, "KERNELOFFSET", ret))
		return 0;
	r = kernel_space(k, &s);
	if (r < 0)
		return r;
	*ret = s->moved;
	if (s->moved)
		return 0;
	r = objfile_base(o, &base);
	if (r < 0)
		return r;
	if (!s->pt)
		return fail(-ENOENT, "how far the kernel was moved is not known");
	*ret = s->image.first - base;
	return 0;
}

static void read_build_id(struct kernel *k, uint64_t va, uint64_t size, struct build_id *ret)
{
	_free_ unsigned char *notes = NULL;

	ret->len = 0;
	if (!size || size > NOTES_MAX)
		return;
	notes = malloc((size_t)size);
	if (notes && kernel_read(k, va, notes, (size_t)size) == 0)
		build_id_of_notes(notes, (size_t)size, ret);
}

static unsigned int nibble(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

/* BUILD-ID= is there since 0935288c6e00 (v5.9). */
static void told_build_id(struct kernel *k, struct build_id *ret)
{
	const struct vmcoreinfo *vi;
	const char *hex;
	size_t len;

	if (dump_vmcoreinfo_told(kernel_dump(k), &vi) < 0)
		return;
	hex = vmcoreinfo_value(vi, "BUILD-ID", &len);
	if (!hex || strspn(hex, "0123456789abcdefABCDEF") < len || len / 2 > BUILD_ID_MAX)
		return;
	for (size_t i = 0; i < len / 2; i++)
		ret->bytes[i] = (unsigned char)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
	ret->len = len / 2;
}

/* Some stable kernels had garbage in VMCOREINFO's, so memory comes first. */
void kernel_build_id(struct kernel *k, struct build_id *ret)
{
	uint64_t start, stop;

	ret->len = 0;
	if (symbol_addr(k, "__start_notes", &start) == 0 &&
	    symbol_addr(k, "__stop_notes", &stop) == 0)
		read_build_id(k, start, stop - start, ret);
	if (!ret->len)
		told_build_id(k, ret);
}

/* Are the file's notes in memory, where the file says? This needs no symbols, so it is quick. */
static bool notes_in_place(struct kernel *k, struct objfile *o)
{
	struct section notes;
	struct build_id id;
	uint64_t offset;

	if (objfile_section(o, ".notes", &notes) < 0 || vmlinux_offset(k, o, &offset) < 0)
		return false;
	read_build_id(k, notes.va + offset, notes.size, &id);
	return build_id_same(&id, objfile_build_id(o));
}

/* "Linux version ..." in the file's read-only data; "" none. */
static void banner_of_file(struct objfile *o, char ret[BANNER_MAX])
{
	struct section rodata;
	const char *at, *end, *line_end;

	ret[0] = 0;
	if (objfile_section(o, ".rodata", &rodata) < 0 || !rodata.bytes)
		return;
	end = (const char *)rodata.bytes + rodata.size;
	at = memmem(rodata.bytes, (size_t)rodata.size, BANNER, strlen(BANNER));
	line_end = at ? memchr(at, '\n', (size_t)(end - at)) : NULL;
	if (line_end && line_end - at < BANNER_MAX)
		snprintf(ret, BANNER_MAX, "%.*s", (int)(line_end - at), at);
}

/* The release is the third word. */
static bool same_release(const char *banner, const char *release)
{
	const char *word = banner + strlen(BANNER);
	size_t len = strcspn(word, " ");

	return len == strlen(release) && !strncmp(word, release, len);
}

int vmlinux_fits(struct kernel *k, struct objfile *o)
{
	char ours[2 * BUILD_ID_MAX + 1], theirs[2 * BUILD_ID_MAX + 1], banner[BANNER_MAX];
	struct build_id id;
	struct uts uts;

	if (notes_in_place(k, o))
		return 0;
	kernel_build_id(k, &id);
	if (build_id_same(&id, objfile_build_id(o)))
		return 0;
	build_id_text(objfile_build_id(o), theirs);
	build_id_text(&id, ours);
	if (id.len && objfile_build_id(o)->len)
		return fail(-EINVAL,
			    "%s: build-id %s, but the dump's kernel has %s; --force takes it",
			    objfile_path(o), theirs, ours);
	kernel_uts(k, &uts);
	banner_of_file(o, banner);
	if (!uts.release[0] || !banner[0] || same_release(banner, uts.release))
		return 0;
	return fail(-EINVAL, "%s: \"%.80s\", but the dump's kernel is %s; --force takes it",
		    objfile_path(o), banner, uts.release);
}

int symbols_of_vmlinux(struct kernel *k, struct symtab *ret, struct strbuf *evidence)
{
	struct objfile *o = kernel_vmlinux(k);
	uint64_t offset;
	int r;

	if (!o)
		return fail(-ENOENT, "no vmlinux was given");
	r = vmlinux_offset(k, o, &offset);
	if (r < 0)
		return r;
	r = objfile_symbols(o, offset, ret);
	if (r < 0)
		return r;
	put(evidence, "more symbols       %zu from ", ret->n);
	put_escaped(evidence, objfile_path(o), strlen(objfile_path(o)), "");
	put(evidence, ", moved by %#lx\n", offset);
	return symtab_seal(ret);
}
