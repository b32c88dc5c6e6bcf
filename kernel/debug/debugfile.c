#include "kernel/debug/debugfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump/base/err.h"

/* Smaller ones are not worth it. */
#define GIVE_BACK_MIN (64u << 20)

struct debugfile {
	char *path, *name;
	uint64_t offset;   /* of a kernel */
	section_fn *where; /* of a module; NULL: a kernel */
	void *arg;
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf *dwarf;
	uint64_t bias;
	pthread_mutex_t lock; /* of what libdw keeps */
};

/* The linker of binutils 2.44 gives the sections of modules addresses, which to libdwfl are those they
 * were loaded to. */
static void forget_addresses(Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &shdr) || !shdr.sh_addr)
			continue;
		shdr.sh_addr = 0;
		gelf_update_shdr(scn, &shdr);
	}
}

/* libdwfl asks for the file of a module that has been reported to it, and owns what it gets. */
static int find_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
		    char **file_name, Elf **elf)
{
	const struct debugfile *f = *userdata;
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	GElf_Ehdr ehdr;

	(void)mod;
	(void)name;
	(void)base;
	*file_name = fd < 0 ? NULL : strdup(f->path);
	if (fd < 0)
		return fd;
	*elf = elf_begin(fd, ELF_C_READ_MMAP_PRIVATE, NULL);
	if (*elf && gelf_getehdr(*elf, &ehdr) && ehdr.e_type == ET_REL)
		forget_addresses(*elf);
	return fd;
}

/* The file that was found is the one; libdwfl is not to look for others. */
static int find_no_debuginfo(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
			     const char *file, const char *link, GElf_Word crc, char **ret)
{
	(void)mod;
	(void)userdata;
	(void)name;
	(void)base;
	(void)file;
	(void)link;
	(void)crc;
	(void)ret;
	return -1;
}

/* (Dwarf_Addr)-1 is libdwfl's word for a section that was not loaded. */
static int section_address(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
			   const char *section, GElf_Word shndx, const GElf_Shdr *shdr,
			   Dwarf_Addr *ret)
{
	const struct debugfile *f = *userdata;
	uint64_t addr;

	(void)mod;
	(void)name;
	(void)base;
	(void)shndx;
	(void)shdr;
	*ret = f->where(f->arg, section, &addr) < 0 ? (Dwarf_Addr)-1 : addr;
	return DWARF_CB_OK;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_no_debuginfo,
	.section_address = section_address,
};

/* A module lies where its sections are; to libdwfl it needs some range. A kernel that can move itself is a
 * shared object, which has addresses of its own all the same. */
static Dwfl_Module *report(struct debugfile *f)
{
	Dwfl_Module *mod;
	void **userdata;

	dwfl_report_begin(f->dwfl);
	if (f->where)
		mod = dwfl_report_module(f->dwfl, f->name, 0, 1);
	else
		mod = dwfl_report_elf(f->dwfl, f->name, f->path, -1, 0, true);
	if (mod) {
		dwfl_module_info(mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
		*userdata = f;
	}
	return dwfl_report_end(f->dwfl, NULL, NULL) < 0 ? NULL : mod;
}

static int load(struct debugfile *f)
{
	Dwarf_Addr bias;

	f->dwfl = dwfl_begin(&callbacks);
	if (!f->dwfl)
		return fail(-ENOMEM, "%s: %s", f->path, dwfl_errmsg(-1));
	f->module = report(f);
	if (!f->module)
		return fail(-EINVAL, "%s: %s", f->path, dwfl_errmsg(-1));
	f->dwarf = dwfl_module_getdwarf(f->module, &bias);
	if (!f->dwarf)
		return fail(-ENOENT, "%s: %s", f->path, dwfl_errmsg(-1));
	f->bias = bias + f->offset;
	return 0;
}

static int open_file(const struct debugfile *like, struct debugfile **ret)
{
	struct debugfile *f = calloc(1, sizeof(*f));
	int fd, r;

	if (!f)
		return fail(-ENOMEM, "%s", like->path);
	*f = (struct debugfile){ .offset = like->offset, .where = like->where, .arg = like->arg };
	pthread_mutex_init(&f->lock, NULL);
	f->path = strdup(like->path);
	f->name = strdup(like->name);
	if (!f->path || !f->name) {
		debugfile_close(f);
		return fail(-ENOMEM, "%s", like->path);
	}
	fd = open(f->path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? fail(-errno, "%s: %s", f->path, strerror(errno)) : 0;
	if (fd >= 0)
		close(fd);
	if (r >= 0)
		r = load(f);
	if (r < 0) {
		debugfile_close(f);
		return r;
	}
	*ret = f;
	return 0;
}

int debugfile_open_kernel(const char *path, uint64_t offset, struct debugfile **ret)
{
	struct debugfile like = { .path = (char *)path,
				  .name = (char *)"kernel",
				  .offset = offset };

	return open_file(&like, ret);
}

int debugfile_open_module(const char *path, const char *name, section_fn *where, void *arg,
			  struct debugfile **ret)
{
	struct debugfile like = {
		.path = (char *)path, .name = (char *)name, .where = where, .arg = arg
	};

	return open_file(&like, ret);
}

/* libelf maps a file privately, and libdwfl writes only to one that it relocates. One that could not be
 * mapped was read to memory of malloc(): that does not begin at a page when it is as large. */
void dwarf_give_back(Dwarf *dwarf)
{
	Elf *elf = dwarf_getelf(dwarf);
	GElf_Ehdr ehdr;
	size_t size;
	char *file;

	if (!gelf_getehdr(elf, &ehdr) || ehdr.e_type == ET_REL)
		return;
	file = elf_rawfile(elf, &size);
	if (file && size >= GIVE_BACK_MIN &&
	    (uintptr_t)file % (uintptr_t)sysconf(_SC_PAGESIZE) == 0)
		madvise(file, size, MADV_DONTNEED);
}

int debugfile_again(const struct debugfile *f, struct debugfile **ret)
{
	return open_file(f, ret);
}

void debugfile_close(struct debugfile *f)
{
	if (!f)
		return;
	if (f->dwfl)
		dwfl_end(f->dwfl);
	pthread_mutex_destroy(&f->lock);
	free(f->path);
	free(f->name);
	free(f);
}

const char *debugfile_path(const struct debugfile *f)
{
	return f->path;
}

static bool has_compressed(Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &shdr) && shdr.sh_flags & SHF_COMPRESSED)
			return true;
	return false;
}

bool debugfile_is_compressed(const struct debugfile *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	bool ret = elf && has_compressed(elf);

	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return ret;
}

uint64_t debugfile_bias(const struct debugfile *f)
{
	return f->bias;
}

Dwarf *debugfile_lock(struct debugfile *f)
{
	pthread_mutex_lock(&f->lock);
	return f->dwarf;
}

Dwfl_Module *debugfile_module(struct debugfile *f)
{
	return f->module;
}

void debugfile_unlock(struct debugfile *f)
{
	pthread_mutex_unlock(&f->lock);
}
