#include "kernel/sys/keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/lazy.h"
#include "kernel/mem/constant.h"
#include "kernel/symbol/symbols.h"

#define KEY_MAX 64	    /* bytes of a key */
#define CHUNK	(256 << 10) /* bytes read at once */

struct keys {
	struct kernel *kernel;
	struct lazy once;
	uint64_t *hashes; /* sorted */
	size_t n, room;
};

struct keys *keys_new(struct kernel *k)
{
	struct keys *keys = calloc(1, sizeof(*keys));

	if (!keys)
		return NULL;
	keys->kernel = k;
	lazy_init(&keys->once);
	return keys;
}

void keys_free(struct keys *keys)
{
	if (!keys)
		return;
	lazy_fini(&keys->once);
	free(keys->hashes);
	free(keys);
}

/* FNV-1a */
static uint64_t hash(const char *key, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	while (len--)
		h = (h ^ (unsigned char)*key++) * 0x100000001b3;
	return h;
}

static int add(struct keys *keys, uint64_t h)
{
	if (keys->n == keys->room) {
		size_t room = keys->room ? 2 * keys->room : 4096;
		uint64_t *hashes = realloc(keys->hashes, room * sizeof(*hashes));

		if (!hashes)
			return fail(-ENOMEM, "%zu keys", keys->n);
		keys->hashes = hashes;
		keys->room = room;
	}
	keys->hashes[keys->n++] = h;
	return 0;
}

static bool is_key_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Add the words before the colons of @text, also with the colon and the tab behind it; the first
 * @before bytes were seen before, but for what follows the last of them. */
static int add_keys(struct keys *keys, const char *text, size_t before, size_t len)
{
	const char *at = text + (before ? before - 1 : 0), *end = text + len;
	int r = 0;

	while (r >= 0 && (at = memchr(at, ':', (size_t)(end - at)))) {
		size_t n = 0;

		while (n < KEY_MAX && at - n > text && is_key_char(at[-1 - (long)n]))
			n++;
		if (n && n < KEY_MAX)
			r = add(keys, hash(at - n, n));
		if (r >= 0 && n && n < KEY_MAX && at + 1 < end && at[1] == '\t')
			r = add(keys, hash(at - n, n + 2));
		at++;
	}
	return r;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int read_keys(struct keys *keys, uint64_t from, uint64_t to, char *text)
{
	size_t before = 0;
	int r = 0;

	for (uint64_t n; r >= 0 && from < to; from += n) {
		n = to - from < CHUNK ? to - from : CHUNK;
		r = kernel_read(keys->kernel, from, text + before, n);
		if (r >= 0)
			r = add_keys(keys, text, before, before + n);
		/* A key may lie across. */
		if (n >= KEY_MAX)
			memmove(text, text + before + n - KEY_MAX, KEY_MAX);
		before = n >= KEY_MAX ? KEY_MAX : 0;
	}
	return r;
}

/* From __start_rodata on; BTF, which may lie at the end, has none. Without those symbols by the page tables. */
static int find_constant(struct kernel *k, uint64_t *from, uint64_t *to)
{
	struct region region;
	const struct space *s;
	uint64_t btf;
	int r = symbol_addr(k, "__start_rodata", from);

	if (r >= 0)
		r = symbol_addr(k, "__end_rodata", to);
	if (r >= 0) {
		if (symbol_addr(k, "__start_BTF", &btf) >= 0 && btf > *from && btf < *to)
			*to = btf;
		return 0;
	}
	if (r == -ENOENT && symbols_lack_data(k) && kernel_space(k, &s) >= 0 &&
	    constant_region(kernel_dump(k), s, &region)) {
		*from = region.first;
		*to = region.last + 1;
		return 0;
	}
	return r;
}

static int make_keys(void *arg)
{
	struct keys *keys = arg;
	uint64_t from, to;
	char *text;
	int r = find_constant(keys->kernel, &from, &to);

	if (r < 0)
		return r;
	if (to < from || to - from > LIMIT_RODATA)
		return fail(-EBADMSG, "constant data from %#lx to %#lx", from, to);
	text = malloc(KEY_MAX + CHUNK);
	if (!text)
		return fail(-ENOMEM, "constant data");
	/* An attempt that was interrupted has left its half. */
	keys->n = 0;
	r = read_keys(keys, from, to, text);
	free(text);
	if (r >= 0 && keys->n)
		qsort(keys->hashes, keys->n, sizeof(*keys->hashes), by_value);
	return r < 0 ? within(r, "constant data") : 0;
}

/* Asked for each line of each task's status: bsearch() would call for each step. */
static bool has(const struct keys *keys, uint64_t h)
{
	size_t lo = 0, hi = keys->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (keys->hashes[mid] < h)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < keys->n && keys->hashes[lo] == h;
}

bool kernel_prints(struct kernel *k, const char *key)
{
	struct keys *keys = kernel_keys(k);
	uint64_t h = hash(key, strlen(key));

	if (lazy_get(&keys->once, make_keys, keys) < 0)
		return true;
	return has(keys, h);
}
