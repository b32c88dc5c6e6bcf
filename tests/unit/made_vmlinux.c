#include "tests/unit/made_vmlinux.h"

#include <elf.h>
#include <string.h>

#define SECTIONS_MAX 10
#define SYMBOL_GAP   0x40

/* A file in the making: sections come one after the other behind the headers. */
struct maker {
	struct blob body, names;
	Elf64_Shdr sections[SECTIONS_MAX];
	unsigned int nr;
};

#define BODY_AT (sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr))

static Elf64_Shdr *add_section(struct maker *m, const char *name, uint32_t type, uint64_t va,
			       const void *bytes, size_t len)
{
	Elf64_Shdr *s = &m->sections[m->nr++];

	while (m->body.len % 8)
		blob_add(&m->body, "", 1);
	*s = (Elf64_Shdr){
		.sh_name = (uint32_t)m->names.len,
		.sh_type = type,
		.sh_flags = va ? SHF_ALLOC : 0,
		.sh_addr = va,
		.sh_offset = BODY_AT + m->body.len,
		.sh_size = len,
		.sh_addralign = 8,
	};
	blob_add(&m->names, name, strlen(name) + 1);
	blob_add(&m->body, bytes, len);
	return s;
}

static void add_notes(struct maker *m, const char *build_id)
{
	const Elf64_Nhdr head = { .n_namesz = 4, .n_descsz = 4, .n_type = NT_GNU_BUILD_ID };
	struct blob note = { 0 };

	blob_add(&note, &head, sizeof(head));
	blob_add(&note, "GNU", 4);
	blob_add(&note, build_id, 4);
	add_section(m, ".notes", SHT_NOTE, VMLINUX_BASE + VMLINUX_NOTES, note.data, note.len);
	blob_fini(&note);
}

static void add_symbols(struct maker *m)
{
	static const char strings[] = "\0vm_0\0vm_1\0vm_2";
	Elf64_Sym symbols[1 + VMLINUX_SYMBOLS] = { 0 };
	Elf64_Shdr *s;

	for (unsigned int i = 0; i < VMLINUX_SYMBOLS; i++)
		symbols[1 + i] = (Elf64_Sym){
			.st_name = 1 + 5 * i,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
			.st_shndx = 1,
			.st_value = VMLINUX_BASE + SYMBOL_GAP * i,
		};
	s = add_section(m, ".symtab", SHT_SYMTAB, 0, symbols, sizeof(symbols));
	s->sh_link = m->nr;
	s->sh_info = 1;
	s->sh_entsize = sizeof(symbols[0]);
	add_section(m, ".strtab", SHT_STRTAB, 0, strings, sizeof(strings));
}

static struct blob finish(struct maker *m)
{
	Elf64_Ehdr head = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(head),
		.e_ehsize = sizeof(head),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	Elf64_Phdr segment = {
		.p_type = PT_LOAD, .p_vaddr = VMLINUX_BASE, .p_memsz = 0x100000, .p_align = 4096
	};
	struct blob file = { 0 };

	add_section(m, ".shstrtab", SHT_STRTAB, 0, "", 0);
	m->sections[m->nr - 1].sh_size = m->names.len;
	blob_add(&m->body, m->names.data, m->names.len);
	while (m->body.len % 8)
		blob_add(&m->body, "", 1);
	head.e_shoff = BODY_AT + m->body.len;
	head.e_shnum = (uint16_t)m->nr;
	head.e_shstrndx = (uint16_t)(m->nr - 1);
	blob_add(&file, &head, sizeof(head));
	blob_add(&file, &segment, sizeof(segment));
	blob_add(&file, m->body.data, m->body.len);
	blob_add(&file, m->sections, m->nr * sizeof(m->sections[0]));
	blob_fini(&m->body);
	blob_fini(&m->names);
	return file;
}

struct blob made_vmlinux(const struct made_vmlinux *v)
{
	struct maker m = { 0 };

	add_section(&m, "", SHT_NULL, 0, "", 0)->sh_offset = 0;
	add_section(&m, ".text", SHT_NOBITS, VMLINUX_BASE, "", 0)->sh_flags |= SHF_EXECINSTR;
	if (v->build_id)
		add_notes(&m, v->build_id);
	if (v->banner)
		add_section(&m, ".rodata", SHT_PROGBITS, VMLINUX_BASE + 0x1000, v->banner,
			    strlen(v->banner) + 1);
	if (v->btf)
		add_section(&m, ".BTF", SHT_PROGBITS, VMLINUX_BASE + 0x2000, v->btf->data,
			    v->btf->len);
	if (v->dwarf)
		add_section(&m, ".debug_info", SHT_PROGBITS, 0, "\0\0\0\0", 4);
	if (!v->stripped)
		add_symbols(&m);
	return finish(&m);
}
