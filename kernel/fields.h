/* The members of kernel structures that this program reads, by one name each, whatever the kernel at
 * hand calls them: fields.def has the spellings. Each is looked up once, on first use. Width, sign
 * and bit position come from the kernel's types. */
#pragma once

#include "kernel/kernel.h"
#include "kernel/types/member.h"

enum field {
#define FIELD(id, ...) F_##id,
#include "kernel/fields.def"
#undef FIELD
	NR_FIELDS
};

/* Where @f is. -ENOENT: this kernel has none. Borrowed, valid until kernel_close(). */
int field_place(struct kernel *k, enum field f, const struct place **ret);

bool field_exists(struct kernel *k, enum field f);

/* Does this kernel spell it the newest way? For what changed its meaning with its name. */
bool field_is_newest(struct kernel *k, enum field f);

/* Bytes from the start of its structure, and of it. */
int field_offset(struct kernel *k, enum field f, uint64_t *ret);
int field_size(struct kernel *k, enum field f, uint64_t *ret);

/* How many elements it has, an array: 1 for what is none. -EBADMSG: more than LIMIT_ELEMENTS. */
int field_count(struct kernel *k, enum field f, uint64_t *ret);

/* Its address in the structure at @addr. */
int field_addr(struct kernel *k, uint64_t addr, enum field f, uint64_t *ret);

/* The structure that has it at @addr: container_of(). */
int field_owner(struct kernel *k, uint64_t addr, enum field f, uint64_t *ret);

/* Its value in the structure at @addr: an integer, enumeration, pointer, bit field of up to 8 bytes,
 * or a structure around one such member (kuid_t, atomic_t), as long as that. A signed one comes
 * sign-extended. */
int field_u64(struct kernel *k, uint64_t addr, enum field f, uint64_t *ret);

/* The string at @addr: an array of characters, or what a pointer points to; "" for NULL. Cut to
 * @size, always ended. */
int field_str(struct kernel *k, uint64_t addr, enum field f, char *ret, size_t size);

/* Bytes of the type called @name: structure, union or typedef; "raid1:r1conf" of a module that may be built
 * in. */
int kernel_sizeof(struct kernel *k, const char *name, uint64_t *ret);

/* The value of an enumerator, as MOD_TEXT, or "md_mod:Faulty" as above. */
int kernel_enumerator(struct kernel *k, const char *name, uint64_t *ret);

struct fields;

/* kernel.c's: the table of what was looked up. */
int fields_open(struct fields **ret);
void fields_close(struct fields *fs);
