#include "kernel/debug/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/debug/index_format.h"
#include "kernel/types/btf.h"

struct index {
	unsigned char *bytes;
	const unsigned char *records;
	const char *strings; /* ends with a NUL */
	uint32_t nr_defined, nr_declared, strings_len;
	struct types *types;
};

/* FNV-1a by words: a page is nothing that anybody would forge, but a disk may. */
uint64_t index_sum(const unsigned char *bytes, size_t len)
{
	uint64_t h = 14695981039346656037ull;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t word = i == INDEX_AT_SUM ? 0 : load_le64(bytes + i);

		h = (h ^ word) * 1099511628211ull;
		h ^= h >> 29;
	}
	for (; i < len; i++)
		h = (h ^ bytes[i]) * 1099511628211ull;
	return h;
}

static int check_header(const unsigned char *p, size_t len, const struct build_id *id)
{
	if (len < INDEX_HEADER || memcmp(p, INDEX_MAGIC, INDEX_AT_VERSION) != 0)
		return fail(-EBADMSG, "no index of types");
	if (load_le32(p + INDEX_AT_VERSION) != INDEX_VERSION)
		return fail(-EBADMSG, "index of types of version %u",
			    load_le32(p + INDEX_AT_VERSION));
	if (id && (load_le32(p + INDEX_AT_ID_LEN) != id->len ||
		   memcmp(p + INDEX_AT_ID, id->bytes, id->len) != 0))
		return fail(-EBADMSG, "index of types of another build");
	if (load_le64(p + INDEX_AT_LEN) != len)
		return fail(-EBADMSG, "index of types of %zu bytes instead of %lu", len,
			    load_le64(p + INDEX_AT_LEN));
	return 0;
}

/* Where the parts are; the last is BTF. */
static int find_parts(struct index *ix, size_t len, const unsigned char **ret_btf, size_t *ret_len)
{
	const unsigned char *p = ix->bytes;
	uint64_t records, strings, btf = load_le32(p + INDEX_AT_BTF);

	ix->nr_defined = load_le32(p + INDEX_AT_DEFINED);
	ix->nr_declared = load_le32(p + INDEX_AT_DECLARED);
	ix->strings_len = load_le32(p + INDEX_AT_STRINGS);
	records = ((uint64_t)ix->nr_defined + ix->nr_declared) * INDEX_RECORD;
	strings = ix->strings_len;
	if (INDEX_HEADER + records + strings + btf != len || !strings)
		return fail(-EBADMSG, "index of types whose parts have %lu bytes, not %zu",
			    INDEX_HEADER + records + strings + btf, len);
	ix->records = p + INDEX_HEADER;
	ix->strings = (const char *)p + INDEX_HEADER + records;
	if (ix->strings[strings - 1])
		return fail(-EBADMSG, "index of types with a string that does not end");
	*ret_btf = p + INDEX_HEADER + records + strings;
	*ret_len = (size_t)btf;
	return 0;
}

static int load(struct index *ix, size_t len, const struct build_id *id)
{
	const unsigned char *btf;
	size_t btf_len;
	int r = check_header(ix->bytes, len, id);

	if (r >= 0)
		r = find_parts(ix, len, &btf, &btf_len);
	if (r < 0)
		return r;
	if (index_sum(ix->bytes, len) != load_le64(ix->bytes + INDEX_AT_SUM))
		return fail(-EBADMSG, "index of types with a wrong checksum");
	return btf_load(btf, btf_len, NULL, &ix->types);
}

int index_load(void *bytes, size_t len, const struct build_id *id, struct index **ret)
{
	struct index *ix = calloc(1, sizeof(*ix));
	int r;

	if (!ix) {
		free(bytes);
		return fail(-ENOMEM, "index of types");
	}
	ix->bytes = bytes;
	r = load(ix, len, id);
	if (r < 0) {
		index_close(ix);
		return r;
	}
	*ret = ix;
	return 0;
}

void index_close(struct index *ix)
{
	if (!ix)
		return;
	types_close(ix->types);
	free(ix->bytes);
	free(ix);
}

const struct types *index_types(const struct index *ix)
{
	return ix->types;
}

size_t index_count(const struct index *ix)
{
	return (size_t)ix->nr_defined + ix->nr_declared;
}

static const char *string_at(const struct index *ix, uint32_t at)
{
	return at < ix->strings_len ? ix->strings + at : "";
}

static const unsigned char *record(const struct index *ix, size_t i)
{
	return ix->records + i * INDEX_RECORD;
}

static const char *name_at(const struct index *ix, size_t i)
{
	return string_at(ix, load_le32(record(ix, i) + 8));
}

void index_at(const struct index *ix, size_t i, struct declaration *ret)
{
	const unsigned char *p = record(ix, i);
	uint32_t type = load_le32(p + 12), flags = load_le32(p + 24);

	*ret = (struct declaration){
		.name = name_at(ix, i),
		.file = string_at(ix, load_le32(p + 16)),
		.line = load_le32(p + 20),
		.type = type && type <= types_count(ix->types) ? types_at(ix->types, type - 1)
							       : &type_void,
		.addr = load_le64(p),
		.is_function = flags & INDEX_FUNCTION,
		.external = flags & INDEX_EXTERNAL,
		.assembly = flags & INDEX_ASSEMBLY,
		.defined = i < ix->nr_defined,
	};
}

/* "foo"; "foo.isra.0" is made of foo; "foo.bar" is clang's name for bar within foo, "bar.0" gcc's. */
static bool is_called(const char *symbol, const char *name)
{
	size_t len = strlen(name);

	while (len && symbol) {
		if (!strncmp(symbol, name, len) && (!symbol[len] || symbol[len] == '.'))
			return true;
		symbol = strchr(symbol, '.');
		symbol = symbol ? symbol + 1 : NULL;
	}
	return false;
}

bool index_find(const struct index *ix, uint64_t addr, const char *name, struct declaration *ret)
{
	size_t low = 0, high = ix->nr_defined;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (load_le64(record(ix, mid)) < addr)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < ix->nr_defined && load_le64(record(ix, low)) == addr; low++) {
		if (!is_called(name, name_at(ix, low)))
			continue;
		index_at(ix, low, ret);
		return true;
	}
	return false;
}

bool index_find_declared(const struct index *ix, const char *name, bool is_function,
			 struct declaration *ret)
{
	size_t low = ix->nr_defined, high = low + ix->nr_declared;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct declaration d;
		int order;

		index_at(ix, mid, &d);
		order = (int)is_function - (int)d.is_function;
		if (!order)
			order = strcmp(name, d.name);
		if (!order) {
			*ret = d;
			return true;
		}
		if (order > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}
