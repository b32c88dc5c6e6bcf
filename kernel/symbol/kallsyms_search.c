/* Finding the tables by their content, for kernels whose VMCOREINFO does not name them or is not
 * there. Digits occur in symbols, so ten neighbouring tokens are "0" to "9"; the index that follows
 * the tokens proves the hit. From there the rest is found by its place (scripts/kallsyms.c):
 *
 *   until 6.3   [addresses | offsets relative_base] num_syms names markers [seqs] tokens index
 *   from 6.4    num_syms names markers tokens index offsets [relative_base] seqs
 *
 * markers tells where every 256th name begins: that proves the names. */
#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/cancel.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/symbol/kallsyms.h"

#define CHUNK	     (256u << 10)
#define OVERLAP	     4096
#define DIGIT	     0x30 /* the token of "0" */
#define TOKENS	     256
#define TOKENS_ROOM  (64u << 10) /* an index has 16 bits */
#define INDEX_GAP    64		 /* bytes between the tokens and the index */
#define MIN_SYMBOLS  1000	 /* fewer than any kernel has */
#define FIRST_WINDOW (4u << 20)	 /* where num_syms is, before the tokens; then the double */
#define MAX_STEPS    (64u << 20) /* names gone over in all attempts */

static const char digits[20] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";

/* Do the @len bytes at @p, copied from @va, which begin with token DIGIT, go on to the last token and to their index?
 * Its value for DIGIT tells where the tokens begin. */
static bool index_follows(uint64_t va, const unsigned char *p, size_t len, size_t *ret_before,
			  size_t *ret_index)
{
	uint16_t at[TOKENS] = { 0 };
	size_t pos = 0;

	for (int t = DIGIT; t < TOKENS; t++) {
		const unsigned char *end = memchr(p + pos, 0, len - pos);

		if (!end || pos > UINT16_MAX)
			return false;
		at[t] = (uint16_t)pos;
		pos = (size_t)(end - p) + 1;
	}
	for (size_t i = pos + (-(va + pos) & 3); i < pos + INDEX_GAP; i += 4) {
		struct bytes b = bytes_of(p, len);
		uint16_t first, base = 0;
		bool same = true;

		bytes_seek(&b, i);
		first = bytes_u16(&b);
		for (int t = 1; t < TOKENS && same; t++) {
			uint16_t v = bytes_u16(&b);

			if (t == DIGIT)
				base = v;
			same = t < DIGIT || v == (uint16_t)(base + at[t]);
		}
		if (!same || first || b.short_ || !base)
			continue;
		*ret_before = base;
		*ret_index = i;
		return true;
	}
	return false;
}

/* Look at the chunk for a hit that is proven. */
static bool tokens_in(struct dump *d, const struct space *s, uint64_t va, const unsigned char *buf,
		      size_t len, unsigned char *room, struct kallsyms_place *ret)
{
	size_t before, index, got;

	for (const unsigned char *hit = buf;; hit++) {
		uint64_t hit_va;

		hit = memmem(hit, (size_t)(buf + len - hit), digits, sizeof(digits));
		if (!hit)
			return false;
		hit_va = va + (size_t)(hit - buf);
		got = space_read_some(s, d, hit_va, room, TOKENS_ROOM);
		if (!index_follows(hit_va, room, got, &before, &index))
			continue;
		ret->tokens = hit_va - before;
		ret->index = hit_va + index;
		return true;
	}
}

/* How far at least nothing can be read from @va on. */
static uint64_t hole(struct dump *d, const struct space *s, uint64_t va)
{
	const uint64_t page = dump_facts(d)->page_size, rest = page - va % page;
	struct mapping m;
	struct extent e;

	if (space_lookup(s, d, va, &m) < 0)
		return rest;
	if (m.kind != MAP_RAM)
		return m.left;
	/* A page that should be there is corrupt. */
	if (dump_extent(d, m.pa, &e) < 0 || extent_readable(&e) || e.end <= m.pa)
		return rest;
	return e.end - m.pa < m.left ? e.end - m.pa : m.left;
}

static int find_tokens(struct dump *d, const struct space *s, uint64_t first, uint64_t last,
		       struct kallsyms_place *ret)
{
	_free_ unsigned char *buf = malloc(CHUNK), *room = malloc(TOKENS_ROOM);

	if (!buf || !room)
		return fail(-ENOMEM, "search for kallsyms");
	for (uint64_t at = first, left = last - first + 1, got; left; at += got, left -= got) {

		if (cancelled())
			return fail(-EINTR, "interrupted while looking for kallsyms");
		got = space_read_some(s, d, at, buf, left < CHUNK ? (size_t)left : CHUNK);
		if (tokens_in(d, s, at, buf, (size_t)got, room, ret))
			return 0;
		/* A page that is missing ended it; else begin anew with the end of this. */
		if (got < CHUNK && got < left)
			got += hole(d, s, at + got);
		else if (got < left)
			got -= OVERLAP;
		if (got > left)
			break;
	}
	return fail(-ENOENT, "no kallsyms in the kernel image");
}

/* Bytes before the tokens. */
struct window {
	unsigned char *p;
	size_t len, steps;
};

/* Go over @n names from @pos on; where they end, and where the 256th began. */
static bool walk_names(struct window *w, size_t pos, uint32_t n, size_t *ret_end, size_t *ret_256)
{
	for (uint32_t i = 0; i < n; i++) {
		size_t len;

		if (i == 256)
			*ret_256 = pos;
		if (pos + 2 > w->len || w->steps++ > MAX_STEPS)
			return false;
		len = w->p[pos++];
		if (len & 0x80)
			len = (len & 0x7f) | (size_t)w->p[pos++] << 7;
		if (!len || len > LIMIT_SYMBOL_NAME || len > w->len - pos)
			return false;
		pos += len;
	}
	*ret_end = pos;
	return true;
}

/* Are there @n names at @pos, with their markers behind? These are u32, before 4.20 u64. */
static bool names_at(struct window *w, size_t pos, uint32_t n)
{
	size_t end = 0, at_256 = 0;

	if (!walk_names(w, pos, n, &end, &at_256))
		return false;
	for (size_t align = 4; align <= 8; align += 4) {
		size_t at = (end + align - 1) & ~(align - 1);

		if (at + 16 > w->len || load_le32(w->p + at))
			continue;
		if (load_le32(w->p + at + 4) == at_256 - pos ||
		    load_le64(w->p + at + 8) == at_256 - pos)
			return true;
	}
	return false;
}

/* num_syms is the last number before the tokens that so many names follow; they begin at the next
 * multiple of 8, from 7.0 on of 4. */
static bool find_names(struct window *w, uint64_t va, struct kallsyms_place *ret, uint64_t *ret_num)
{
	for (size_t at = w->len / 4 * 4; at >= 4; at -= 4) {
		size_t num = at - 4;
		uint32_t n = load_le32(w->p + num);
		size_t names;

		if (n < MIN_SYMBOLS || n > LIMIT_SYMBOLS || num + 16 > w->len)
			continue;
		names = num + (load_le32(w->p + num + 4) ? 4 : 8);
		if (!names_at(w, names, n))
			continue;
		ret->nr = n;
		ret->names = va + names;
		*ret_num = va + num;
		return true;
	}
	return false;
}

/* Copy what is there of the @len bytes before @end: from the last missing page on. */
static int load_window(struct dump *d, const struct space *s, uint64_t end, size_t len,
		       struct window *ret)
{
	const size_t page = dump_facts(d)->page_size;
	unsigned char *p = malloc(len);
	size_t got = 0;

	if (!p)
		return fail(-ENOMEM, "search for kallsyms");
	while (got < len) {
		size_t n = (size_t)((end - got - 1) % page) + 1;

		if (n > len - got)
			n = len - got;
		if (space_read(s, d, end - got - n, p + len - got - n, n) < 0)
			break;
		got += n;
	}
	memmove(p, p + len - got, got);
	*ret = (struct window){ .p = p, .len = got };
	return 0;
}

static int find_num_syms(struct dump *d, const struct space *s, uint64_t first,
			 struct kallsyms_place *ret, uint64_t *ret_num)
{
	uint64_t end = ret->tokens & ~7ull, most = end - first;

	if (most > LIMIT_KALLSYMS)
		most = LIMIT_KALLSYMS;
	for (uint64_t len = FIRST_WINDOW;; len *= 2) {
		struct window w;
		bool found;
		int r;

		if (len > most)
			len = most;
		r = load_window(d, s, end, (size_t)len, &w);
		if (r < 0)
			return r;
		found = find_names(&w, end - w.len, ret, ret_num);
		free(w.p);
		if (found)
			return 0;
		if (len == most || w.len < len || w.steps > MAX_STEPS)
			return fail(-ENOENT,
				    "kallsyms_num_syms not found before the tokens at %#lx",
				    ret->tokens);
	}
}

/* A number that can be the address of the kernel's text. */
static bool read_base(struct dump *d, const struct space *s, uint64_t va, uint64_t *ret)
{
	unsigned char raw[8];

	if (space_read(s, d, va, raw, sizeof(raw)) < 0)
		return false;
	*ret = load_le64(raw);
	return *ret >> 48 == 0xffff;
}

/* The addresses before num_syms or behind the index, as this encoding lays them out. A base is behind
 * its offsets. */
static bool try(struct dump *d, const struct space *s, uint64_t num, bool before,
		enum kallsyms_encoding encoding, struct kallsyms_place *place)
{
	const uint64_t offsets = (4ull * place->nr + 7) & ~7ull;

	place->encoding = encoding;
	place->relative_base = 0;
	if (encoding == KALLSYMS_ABSOLUTE)
		place->addresses = num - 8ull * place->nr;
	else
		place->addresses = before ? num - 8 - offsets : place->index + KALLSYMS_INDEX_LEN;
	if ((encoding == KALLSYMS_RELATIVE || encoding == KALLSYMS_PERCPU) &&
	    !read_base(d, s, place->addresses + offsets, &place->relative_base))
		return false;
	return kallsyms_fits(d, s, place) == 0;
}

static bool find_addresses(struct dump *d, const struct space *s, uint64_t num,
			   struct kallsyms_place *place)
{
	static const struct {
		bool before;
		enum kallsyms_encoding encoding;
	} forms[] = {
		{ true, KALLSYMS_RELATIVE }, { true, KALLSYMS_PERCPU },
		{ true, KALLSYMS_ABSOLUTE }, { false, KALLSYMS_RELATIVE },
		{ false, KALLSYMS_PERCPU },  { false, KALLSYMS_PLACE },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (try(d, s, num, forms[i].before, forms[i].encoding, place))
			return true;
	return false;
}

/* What belongs to the tokens that were found. */
static int find_rest(struct dump *d, const struct space *s, uint64_t first,
		     struct kallsyms_place *place)
{
	uint64_t num;
	int r = find_num_syms(d, s, first, place, &num);

	if (r < 0)
		return r;
	return find_addresses(d, s, num, place) ? 0 : -ENOENT;
}

int kallsyms_search(struct dump *d, const struct space *s, uint64_t first, uint64_t last,
		    struct kallsyms_place *ret)
{
	struct kallsyms_place place = { .origin = "a search" };
	uint64_t tokens = 0;
	int r;

	for (uint64_t from = first;; from = place.index) {
		r = find_tokens(d, s, from, last, &place);
		if (r < 0)
			break;
		tokens = place.tokens;
		r = find_rest(d, s, first, &place);
		if (r != -ENOENT)
			break;
	}
	if (r == -ENOENT && tokens)
		return fail(-EBADMSG, "of kallsyms only the tokens at %#lx are whole", tokens);
	if (r == 0)
		*ret = place;
	return r;
}
