#include "kernel/symbol/objfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump/base/err.h"
#include "dump/notes.h"

#define NOTE_BUILD_ID 3 /* name "GNU" */

struct objfile {
	char *path;
	int fd;
	Elf *elf;
	struct build_id id;
	pthread_mutex_t lock; /* of .elf: libelf loads on demand */
};

void build_id_text(const struct build_id *id, char ret[2 * BUILD_ID_MAX + 1])
{
	snprintf(ret, 2 * BUILD_ID_MAX + 1, "none");
	for (size_t i = 0; i < id->len; i++)
		snprintf(ret + 2 * i, 3, "%02x", id->bytes[i]);
}

bool build_id_same(const struct build_id *a, const struct build_id *b)
{
	return a->len && a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

void build_id_of_notes(const unsigned char *blob, size_t len, struct build_id *ret)
{
	const struct note *id;
	struct note *notes = NULL;
	size_t n = 0;

	ret->len = 0;
	if (notes_parse(blob, len, &notes, &n) < 0 && !notes)
		return;
	id = note_find(notes, n, "GNU", NOTE_BUILD_ID);
	if (id && id->desc_len <= BUILD_ID_MAX) {
		memcpy(ret->bytes, id->desc, id->desc_len);
		ret->len = id->desc_len;
	}
	free(notes);
}

static void find_build_id(struct objfile *o)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while (!o->id.len && (scn = elf_nextscn(o->elf, scn))) {
		Elf_Data *data;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_NOTE)
			continue;
		data = elf_rawdata(scn, NULL);
		if (data && data->d_buf)
			build_id_of_notes(data->d_buf, data->d_size, &o->id);
	}
}

int objfile_open(const char *path, struct objfile **ret)
{
	struct objfile *o = calloc(1, sizeof(*o));

	if (!o)
		return fail(-ENOMEM, "%s", path);
	pthread_mutex_init(&o->lock, NULL);
	o->path = strdup(path);
	o->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (o->fd < 0) {
		int r = fail(-errno, "%s: %s", path, strerror(errno));

		objfile_close(o);
		return r;
	}
	elf_version(EV_CURRENT);
	o->elf = elf_begin(o->fd, ELF_C_READ_MMAP, NULL);
	if (!o->elf || elf_kind(o->elf) != ELF_K_ELF) {
		objfile_close(o);
		return fail(-EINVAL, "%s: no ELF file", path);
	}
	find_build_id(o);
	*ret = o;
	return 0;
}

void objfile_close(struct objfile *o)
{
	if (!o)
		return;
	if (o->elf)
		elf_end(o->elf);
	if (o->fd >= 0)
		close(o->fd);
	pthread_mutex_destroy(&o->lock);
	free(o->path);
	free(o);
}

const char *objfile_path(const struct objfile *o)
{
	return o->path;
}

const struct build_id *objfile_build_id(const struct objfile *o)
{
	return &o->id;
}

int objfile_base(struct objfile *o, uint64_t *ret)
{
	uint64_t base = UINT64_MAX;
	GElf_Phdr phdr;
	size_t n = 0;

	pthread_mutex_lock(&o->lock);
	elf_getphdrnum(o->elf, &n);
	for (size_t i = 0; i < n; i++)
		if (gelf_getphdr(o->elf, (int)i, &phdr) && phdr.p_type == PT_LOAD &&
		    phdr.p_vaddr >> 63 && phdr.p_vaddr < base)
			base = phdr.p_vaddr;
	pthread_mutex_unlock(&o->lock);
	if (base == UINT64_MAX)
		return fail(-ENOENT, "%s: nothing is loaded to where a kernel lives", o->path);
	*ret = base;
	return 0;
}

/* The section of this name, or of this type when @name is NULL. */
static Elf_Scn *find_section(struct objfile *o, const char *name, uint32_t type, GElf_Shdr *ret)
{
	Elf_Scn *scn = NULL;
	size_t strings;

	if (elf_getshdrstrndx(o->elf, &strings) < 0)
		return NULL;
	while ((scn = elf_nextscn(o->elf, scn))) {
		const char *is;

		if (!gelf_getshdr(scn, ret))
			continue;
		if (!name && ret->sh_type == type)
			return scn;
		is = name ? elf_strptr(o->elf, strings, ret->sh_name) : NULL;
		if (is && !strcmp(is, name))
			return scn;
	}
	return NULL;
}

int objfile_section(struct objfile *o, const char *name, struct section *ret)
{
	Elf_Data *data = NULL;
	GElf_Shdr shdr;
	Elf_Scn *scn;

	pthread_mutex_lock(&o->lock);
	scn = find_section(o, name, 0, &shdr);
	if (scn && shdr.sh_type != SHT_NOBITS)
		data = elf_rawdata(scn, NULL);
	pthread_mutex_unlock(&o->lock);
	if (!scn)
		return fail(-ENOENT, "%s: no section %s", o->path, name);
	*ret = (struct section){ .va = shdr.sh_addr,
				 .size = shdr.sh_size,
				 .bytes = data ? data->d_buf : NULL };
	if (data && data->d_size < ret->size)
		ret->size = data->d_size;
	return 0;
}

/* As nm(1) calls it. */
static char kind_of(Elf *elf, const GElf_Sym *sym)
{
	Elf_Scn *scn = elf_getscn(elf, sym->st_shndx);
	GElf_Shdr shdr;
	char kind = 'D';

	if (GELF_ST_BIND(sym->st_info) == STB_WEAK)
		return GELF_ST_TYPE(sym->st_info) == STT_OBJECT ? 'V' : 'W';
	if (sym->st_shndx >= SHN_LORESERVE || !scn || !gelf_getshdr(scn, &shdr))
		kind = 'A';
	else if (shdr.sh_flags & SHF_EXECINSTR)
		kind = 'T';
	else if (shdr.sh_type == SHT_NOBITS)
		kind = 'B';
	else if (!(shdr.sh_flags & SHF_WRITE))
		kind = 'R';
	return GELF_ST_BIND(sym->st_info) == STB_LOCAL ? (char)tolower(kind) : kind;
}

/* "$x" and "$d" tell arm's code from data; what is linked twice has a prefix there too. */
static bool is_mark(const char *name)
{
	const char *mark = strrchr(name, '$');

	return mark && (mark[1] == 'x' || mark[1] == 'd') && (!mark[2] || mark[2] == '.');
}

static bool is_named(const GElf_Sym *sym, const char *name)
{
	int type = GELF_ST_TYPE(sym->st_info);

	return sym->st_shndx != SHN_UNDEF && type != STT_SECTION && type != STT_FILE && name &&
	       *name && !is_mark(name);
}

static int add_symbols(struct objfile *o, uint64_t offset, struct symtab *ret)
{
	GElf_Shdr shdr;
	Elf_Scn *scn = find_section(o, NULL, SHT_SYMTAB, &shdr);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	GElf_Sym sym;

	if (!data)
		return fail(-ENOENT, "%s: no symbol table", o->path);
	for (int i = 0; gelf_getsym(data, i, &sym); i++) {
		const char *name = elf_strptr(o->elf, shdr.sh_link, sym.st_name);
		uint64_t moved = sym.st_value >> 63 && sym.st_shndx != SHN_ABS ? offset : 0;
		int r;

		if (!is_named(&sym, name))
			continue;
		r = symtab_add(ret, sym.st_value + moved, name, strlen(name), kind_of(o->elf, &sym),
			       0);
		if (r < 0)
			return within(r, "%s", o->path);
	}
	return 0;
}

int objfile_symbols(struct objfile *o, uint64_t offset, struct symtab *ret)
{
	int r;

	pthread_mutex_lock(&o->lock);
	r = add_symbols(o, offset, ret);
	pthread_mutex_unlock(&o->lock);
	return r;
}
