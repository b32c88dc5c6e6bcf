/* Write types as BTF: what another producer knows becomes what btf_load() reads. Records that are equal
 * are one type, so that "struct foo *" is there once; types that may lead to themselves get their id
 * before their record. It knows nothing of where the types come from. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/types/btf_format.h"

/* One type on its way: the three words, then what follows them. */
struct btf_record {
	struct strbuf words;
	uint32_t nr; /* elements */
	bool flag;
};

struct btf_writer {
	struct strbuf data, strings; /* records in the order in which they came */
	struct btf_slot *slots;	     /* where the record of each type is, by id - 1 */
	uint32_t nr, room;
	uint32_t *buckets, *string_buckets; /* ids; offsets. 0 empty */
	size_t nr_buckets, nr_string_buckets, nr_interned, nr_strings;
	int error; /* sticky: -ENOMEM, -ELOOP when LIMIT_BTF was hit */
};

void btf_writer_fini(struct btf_writer *w);

/* The offset of @s among the strings. */
uint32_t btf_write_string(struct btf_writer *w, const char *s);

/* An id whose record is put later; one that never is is void. */
uint32_t btf_reserve(struct btf_writer *w);

void btf_record_begin(struct btf_record *rec, enum btf_kind kind, uint32_t name,
		      uint32_t size_or_type);
void btf_record_word(struct btf_record *rec, uint32_t word);

/* End the record and free it: for @id, which was reserved; or 0: for whichever id has an equal one.
 * Returns the id. */
uint32_t btf_record_end(struct btf_writer *w, struct btf_record *rec, uint32_t id);

/* Append the whole BTF to @out. */
int btf_write(const struct btf_writer *w, struct strbuf *out);
