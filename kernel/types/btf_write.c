#include "kernel/types/btf_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/hash.h"
#include "dump/base/limits.h"

#define KIND_AT	 24 /* bits of the word info: the kind, the flag, the number of elements below */
#define FLAG_AT	 31
#define NR_MAX	 0xffffff
#define INFO_POS 4

struct btf_slot {
	uint32_t at, len;
};

static void put_u32(struct strbuf *sb, uint32_t v)
{
	unsigned char le[4] = { (unsigned char)v, (unsigned char)(v >> 8), (unsigned char)(v >> 16),
				(unsigned char)(v >> 24) };

	put_bytes(sb, le, sizeof(le));
}

void btf_writer_fini(struct btf_writer *w)
{
	strbuf_fini(&w->data);
	strbuf_fini(&w->strings);
	free(w->slots);
	free(w->buckets);
	free(w->string_buckets);
}

static void set_error(struct btf_writer *w, int error)
{
	if (!w->error)
		w->error = error;
}

/* Twice as many buckets; the caller fills them. NULL: no memory. */
static uint32_t *more_buckets(struct btf_writer *w, size_t *nr)
{
	size_t more = *nr ? 2 * *nr : 1024;
	uint32_t *buckets = calloc(more, sizeof(*buckets));

	if (buckets)
		*nr = more;
	else
		set_error(w, -ENOMEM);
	return buckets;
}

static void add_bucket(uint32_t *buckets, size_t nr, uint32_t h, uint32_t value)
{
	size_t i = h & (nr - 1);

	while (buckets[i])
		i = (i + 1) & (nr - 1);
	buckets[i] = value;
}

static bool grow_strings(struct btf_writer *w)
{
	uint32_t *old = w->string_buckets;
	size_t n = w->nr_string_buckets;

	if (2 * (w->nr_strings + 1) < n)
		return true;
	w->string_buckets = more_buckets(w, &w->nr_string_buckets);
	if (!w->string_buckets) {
		w->string_buckets = old;
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const char *s = w->strings.data + old[i];

		if (old[i])
			add_bucket(w->string_buckets, w->nr_string_buckets,
				   hash_bytes(s, strlen(s)), old[i]);
	}
	free(old);
	return true;
}

uint32_t btf_write_string(struct btf_writer *w, const char *s)
{
	size_t len = strlen(s), i;
	uint32_t h = hash_bytes(s, len), at;

	if (!w->strings.len)
		put_bytes(&w->strings, "", 1);
	if (!len || w->error || !grow_strings(w))
		return 0;
	for (i = h & (w->nr_string_buckets - 1); w->string_buckets[i];
	     i = (i + 1) & (w->nr_string_buckets - 1))
		if (!strcmp(w->strings.data + w->string_buckets[i], s))
			return w->string_buckets[i];
	at = (uint32_t)w->strings.len;
	put_bytes(&w->strings, s, len + 1);
	if (w->strings.error || w->strings.len > LIMIT_BTF) {
		set_error(w, w->strings.error == -ENOMEM ? -ENOMEM : -ELOOP);
		return 0;
	}
	w->string_buckets[i] = at;
	w->nr_strings++;
	return at;
}

uint32_t btf_reserve(struct btf_writer *w)
{
	if (w->nr == w->room) {
		uint32_t room = w->room ? 2 * w->room : 1024;
		struct btf_slot *more = w->error ? NULL : realloc(w->slots, room * sizeof(*more));

		if (!more) {
			set_error(w, -ENOMEM);
			return 0;
		}
		w->slots = more;
		w->room = room;
	}
	w->slots[w->nr] = (struct btf_slot){ 0 };
	return ++w->nr;
}

void btf_record_begin(struct btf_record *rec, enum btf_kind kind, uint32_t name,
		      uint32_t size_or_type)
{
	*rec = (struct btf_record){ 0 };
	put_u32(&rec->words, name);
	put_u32(&rec->words, (uint32_t)kind << KIND_AT);
	put_u32(&rec->words, size_or_type);
}

void btf_record_word(struct btf_record *rec, uint32_t word)
{
	put_u32(&rec->words, word);
}

static void finish(struct btf_record *rec)
{
	uint32_t info =
		load_le32(rec->words.data + INFO_POS) | (uint32_t)rec->flag << FLAG_AT | rec->nr;
	STRBUF(le);

	put_u32(&le, info);
	if (!le.error)
		memcpy(rec->words.data + INFO_POS, le.data, 4);
}

static bool is_record(const struct btf_writer *w, uint32_t id, const struct btf_record *rec)
{
	const struct btf_slot *s = &w->slots[id - 1];

	return s->len == rec->words.len && !memcmp(w->data.data + s->at, rec->words.data, s->len);
}

static bool grow_interned(struct btf_writer *w)
{
	uint32_t *old = w->buckets;
	size_t n = w->nr_buckets;

	if (2 * (w->nr_interned + 1) < n)
		return true;
	w->buckets = more_buckets(w, &w->nr_buckets);
	if (!w->buckets) {
		w->buckets = old;
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const struct btf_slot *s = old[i] ? &w->slots[old[i] - 1] : NULL;

		if (s)
			add_bucket(w->buckets, w->nr_buckets,
				   hash_bytes(w->data.data + s->at, s->len), old[i]);
	}
	free(old);
	return true;
}

/* Keep the record as that of @id. */
static void store(struct btf_writer *w, const struct btf_record *rec, uint32_t id)
{
	size_t at = w->data.len;

	put_bytes(&w->data, rec->words.data, rec->words.len);
	if (w->data.error || w->data.len > LIMIT_BTF) {
		set_error(w, w->data.error == -ENOMEM ? -ENOMEM : -ELOOP);
		return;
	}
	w->slots[id - 1] = (struct btf_slot){ (uint32_t)at, (uint32_t)rec->words.len };
}

static uint32_t intern(struct btf_writer *w, const struct btf_record *rec)
{
	uint32_t h = hash_bytes(rec->words.data, rec->words.len), id;
	size_t i;

	if (!grow_interned(w))
		return 0;
	for (i = h & (w->nr_buckets - 1); w->buckets[i]; i = (i + 1) & (w->nr_buckets - 1))
		if (is_record(w, w->buckets[i], rec))
			return w->buckets[i];
	id = btf_reserve(w);
	if (!id)
		return 0;
	store(w, rec, id);
	w->buckets[i] = id;
	w->nr_interned++;
	return id;
}

uint32_t btf_record_end(struct btf_writer *w, struct btf_record *rec, uint32_t id)
{
	if (rec->words.error || rec->nr > NR_MAX)
		set_error(w, rec->words.error == -ENOMEM ? -ENOMEM : -ELOOP);
	if (!w->error) {
		finish(rec);
		if (id)
			store(w, rec, id);
		else
			id = intern(w, rec);
	}
	strbuf_fini(&rec->words);
	return w->error ? 0 : id;
}

/* What a reader takes for void, where nothing was put. */
static const unsigned char nothing[BTF_TYPE_SIZE] = { [INFO_POS + 3] = BTF_CONST };

int btf_write(const struct btf_writer *w, struct strbuf *out)
{
	size_t len = 0;

	for (uint32_t i = 0; i < w->nr; i++)
		len += w->slots[i].len ? w->slots[i].len : sizeof(nothing);
	if (w->error || len > LIMIT_BTF)
		return fail(w->error ? w->error : -ELOOP, "%u types in BTF", w->nr);
	put_u32(out, BTF_MAGIC | 1u << 16);
	put_u32(out, BTF_HEADER_MIN);
	put_u32(out, 0);
	put_u32(out, (uint32_t)len);
	put_u32(out, (uint32_t)len);
	put_u32(out, (uint32_t)w->strings.len);
	for (uint32_t i = 0; i < w->nr; i++) {
		if (w->slots[i].len)
			put_bytes(out, w->data.data + w->slots[i].at, w->slots[i].len);
		else
			put_bytes(out, nothing, sizeof(nothing));
	}
	put_bytes(out, w->strings.data, w->strings.len);
	return out->error ? fail(out->error, "%u types in BTF", w->nr) : 0;
}
