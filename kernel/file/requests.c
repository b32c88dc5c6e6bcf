#include "kernel/file/requests.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/enum_name.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"
#include "kernel/walk/xarray.h"

#define OP_MASK	      0xff
#define STATE_MAX     IO_COMPLETE /* of enum mq_rq_state */
#define SHIFT_MAX     6		  /* bits of a word */
#define MAPPING_FLAGS 3

struct walk {
	struct kernel *k;
	uint64_t queue;
	request_fn *fn;
	tags_fn *of_tags; /* instead of .fn */
	void *arg;
	uint64_t hwq;
	/* of the hardware queue before: often they share their tags */
	uint64_t seen_tags, seen_sched_tags;
};

static int read_request(struct kernel *k, uint64_t addr, uint64_t state, struct io_request *ret)
{
	struct io_request rq = { .addr = addr, .state = (enum io_state)state };
	uint64_t tag;
	const struct {
		enum field f;
		uint64_t *to;
	} members[] = {
		{ F_request_q, &rq.queue },	  { F_request_cmd_flags, &rq.flags },
		{ F_request_sector, &rq.sector }, { F_request_data_len, &rq.bytes },
		{ F_request_start, &rq.start },	  { F_request_io_start, &rq.issued },
		{ F_request_bio, &rq.bio },	  { F_request_tag, &tag },
	};
	int r = 0;

	if (state > STATE_MAX)
		return fail(-EBADMSG, "request at %#lx: state %lu", addr, state);
	for (size_t i = 0; r >= 0 && i < sizeof(members) / sizeof(members[0]); i++)
		r = field_u64(k, addr, members[i].f, members[i].to);
	if (r < 0)
		return within(r, "request at %#lx", addr);
	rq.tag = (int32_t)tag;
	*ret = rq;
	return 0;
}

/* One that was given out has a reference; tags of other queues may lie between. */
static int give(struct walk *w, uint64_t addr)
{
	struct io_request rq;
	uint64_t refs, state;
	int r = field_u64(w->k, addr, F_request_ref, &refs);

	if (r >= 0)
		r = field_u64(w->k, addr, F_request_state, &state);
	if (r < 0 || !(refs & 0xffffffff))
		return r;
	r = read_request(w->k, addr, state, &rq);
	if (r < 0 || rq.queue != w->queue)
		return r;
	rq.hwq = w->hwq;
	return w->fn(w->arg, &rq);
}

/* A struct sbitmap_queue, of whose bits that are set each is the number of a request, @first added. */
struct bits {
	uint64_t depth, shift, words, map, word_size, first;
};

static int read_bits(struct kernel *k, uint64_t at, struct bits *ret)
{
	int r = field_u64(k, at, F_sbitmap_depth, &ret->depth);

	if (r >= 0)
		r = field_u64(k, at, F_sbitmap_shift, &ret->shift);
	if (r >= 0)
		r = field_u64(k, at, F_sbitmap_map_nr, &ret->words);
	if (r >= 0)
		r = field_u64(k, at, F_sbitmap_map, &ret->map);
	if (r >= 0)
		r = kernel_sizeof(k, "sbitmap_word", &ret->word_size);
	if (r >= 0 &&
	    (ret->depth > LIMIT_TAGS || ret->words > LIMIT_TAGS || ret->shift > SHIFT_MAX))
		r = fail(-EBADMSG, "%lu tags in %lu words", ret->depth, ret->words);
	return r;
}

static int each_bit(struct walk *w, const struct bits *b, uint64_t requests, uint64_t nr_tags)
{
	uint64_t word, cleared = 0, rq;
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < b->words; i++) {
		uint64_t at = b->map + i * b->word_size;

		r = field_u64(w->k, at, F_sbitmap_word, &word);
		if (r >= 0 && word && field_exists(w->k, F_sbitmap_cleared)) /* v5.0 */
			r = field_u64(w->k, at, F_sbitmap_cleared, &cleared);
		word &= ~cleared;
		for (uint64_t bit = 0; r == 0 && word && bit < 1ull << b->shift; bit++) {
			uint64_t n = b->first + (i << b->shift) + bit;

			if (!(word >> bit & 1) || n >= nr_tags)
				continue;
			r = kernel_read_uint(w->k, requests + 8 * n, 8, &rq);
			if (r == 0 && rq)
				r = give(w, rq);
		}
	}
	return r;
}

/* The tags at @at; those that are reserved come first. */
static int each_of_tags(struct walk *w, uint64_t at)
{
	static const enum field maps[] = { F_tags_reserved_map, F_tags_map };
	uint64_t nr_tags, nr_reserved, requests, size;
	int r;

	if (w->of_tags)
		return w->of_tags(w->arg, at);
	r = field_u64(w->k, at, F_tags_nr_tags, &nr_tags);
	if (r >= 0)
		r = field_u64(w->k, at, F_tags_nr_reserved, &nr_reserved);
	if (r >= 0)
		r = field_u64(w->k, at, F_tags_static_rqs, &requests);
	if (r >= 0 && nr_tags > LIMIT_TAGS)
		r = fail(-EBADMSG, "%lu tags", nr_tags);
	for (size_t i = 0; r == 0 && i < 2; i++) {
		struct bits b = { .first = i ? nr_reserved : 0 };
		uint64_t map;

		if (!i && !nr_reserved)
			continue;
		r = field_addr(w->k, at, maps[i], &map);
		if (r >= 0)
			r = field_size(w->k, maps[i], &size);
		if (r >= 0 && size == 8) /* v5.10 to v5.15: a pointer to it */
			r = kernel_read_uint(w->k, map, 8, &map);
		if (r >= 0)
			r = read_bits(w->k, map, &b);
		if (r >= 0)
			r = each_bit(w, &b, requests, nr_tags);
	}
	return r < 0 ? within(r, "tags at %#lx", at) : r;
}

/* The one that flushes what devices keep to themselves. */
static int give_flush(struct walk *w, uint64_t hctx)
{
	uint64_t fq, rq, state;
	int r = field_u64(w->k, hctx, F_hctx_fq, &fq);

	if (r >= 0 && fq)
		r = field_u64(w->k, fq, F_flush_queue_rq, &rq);
	if (r < 0 || !fq || !rq)
		return r;
	r = field_u64(w->k, rq, F_request_state, &state);
	return r < 0 || state == IO_QUEUED ? r : give(w, rq);
}

/* With a scheduler a request has one of its tags first; those past it have the driver's alone. */
static int each_of_hctx(struct walk *w, uint64_t hctx)
{
	uint64_t tags, sched_tags;
	int r = field_u64(w->k, hctx, F_hctx_tags, &tags);

	if (r >= 0)
		r = field_u64(w->k, hctx, F_hctx_sched_tags, &sched_tags);
	if (r >= 0)
		r = field_u64(w->k, hctx, F_hctx_queue_num, &w->hwq);
	if (r == 0 && sched_tags && sched_tags != w->seen_sched_tags)
		r = each_of_tags(w, sched_tags);
	if (r == 0 && tags && tags != w->seen_tags)
		r = each_of_tags(w, tags);
	if (r == 0 && w->fn)
		r = give_flush(w, hctx);
	if (r < 0)
		return within(r, "hardware queue at %#lx", hctx);
	w->seen_tags = tags;
	w->seen_sched_tags = sched_tags;
	return r;
}

/* An xarray from 4e5cc99e1e48 (v5.19) until v6.19. */
static int each_of_table(struct walk *w)
{
	uint64_t at, index, hctx;
	struct xa_walk x;
	int r = field_addr(w->k, w->queue, F_queue_hctx_table, &at);

	if (r >= 0)
		r = xa_begin(&x, w->k, at);
	while (r >= 0 && (r = xa_next(&x, &index, &hctx)) > 0) {
		r = each_of_hctx(w, hctx);
		if (r)
			break;
	}
	return r;
}

static int each_of_array(struct walk *w)
{
	uint64_t n, at, hctx;
	int r = field_u64(w->k, w->queue, F_queue_nr_hw_queues, &n);

	if (r >= 0)
		r = field_u64(w->k, w->queue, F_queue_hw_ctx, &at);
	if (r >= 0 && n > LIMIT_CPUS)
		r = fail(-EBADMSG, "%lu hardware queues", n);
	for (uint64_t i = 0; r == 0 && i < n; i++) {
		r = kernel_read_uint(w->k, at + 8 * i, 8, &hctx);
		if (r == 0 && hctx)
			r = each_of_hctx(w, hctx);
	}
	return r;
}

static int each_hctx(struct walk *w)
{
	uint64_t ops;
	int r = field_u64(w->k, w->queue, F_queue_mq_ops, &ops);

	if (r >= 0 && !ops)
		return fail(-EOPNOTSUPP, "a queue without requests");
	if (r >= 0)
		r = field_exists(w->k, F_queue_hctx_table) ? each_of_table(w) : each_of_array(w);
	return r < 0 ? within(r, "queue at %#lx", w->queue) : r;
}

int requests_each(struct kernel *k, uint64_t queue, request_fn *fn, void *arg)
{
	return each_hctx(&(struct walk){ .k = k, .queue = queue, .fn = fn, .arg = arg });
}

int request_tags_each(struct kernel *k, uint64_t queue, tags_fn *fn, void *arg)
{
	return each_hctx(&(struct walk){ .k = k, .queue = queue, .of_tags = fn, .arg = arg });
}

void request_op(struct kernel *k, const struct io_request *rq, char ret[IO_OP_LEN])
{
	static const char prefix[] = "REQ_OP_";
	const char *name = enum_name(k, "req_op", rq->flags & OP_MASK);

	if (!name) /* until v5.19 */
		name = enum_name(k, "req_opf", rq->flags & OP_MASK);
	if (name && !strncmp(name, prefix, strlen(prefix)))
		snprintf(ret, IO_OP_LEN, "%s", name + strlen(prefix));
	else
		snprintf(ret, IO_OP_LEN, "op %lu", rq->flags & OP_MASK);
}

/* The first that waits for the struct completion at @done. */
static int completion_waiter(struct kernel *k, uint64_t done, uint64_t *ret)
{
	struct list_walk w;
	uint64_t head, waiter;
	int r = field_addr(k, done, F_completion_waiters, &head);

	if (r >= 0)
		r = list_begin(&w, k, head, F_swait_queue_list);
	if (r >= 0)
		r = list_next(&w, &waiter);
	if (r == 0)
		return fail(-ENOENT, "nobody waits");
	return r < 0 ? r : field_u64(k, waiter, F_swait_queue_task, ret);
}

int bio_waiter(struct kernel *k, uint64_t bio, uint64_t *ret)
{
	uint64_t end_io, private;
	struct symbol s;
	int r = field_u64(k, bio, F_bio_end_io, &end_io);

	if (r >= 0)
		r = field_u64(k, bio, F_bio_private, &private);
	if (r >= 0)
		r = symbol_at(k, end_io, &s);
	if (r < 0)
		return r;
	if (!strcmp(s.name, "submit_bio_wait_endio") || !strcmp(s.name, "bio_wait_end_io"))
		return completion_waiter(k, private, ret);
	if (strcmp(s.name, "blkdev_bio_end_io_simple") || !private)
		return fail(-ENOENT, "nobody is known to wait");
	*ret = private;
	return 0;
}

int bio_inode(struct kernel *k, uint64_t bio, uint64_t *ret)
{
	uint64_t vec, page, mapping, host = 0;
	int r = field_u64(k, bio, F_bio_io_vec, &vec);

	if (r >= 0 && !vec)
		r = fail(-ENOENT, "a bio without pages");
	if (r >= 0)
		r = field_u64(k, vec, F_bio_vec_page, &page);
	if (r >= 0 && !page)
		r = fail(-ENOENT, "a bio without pages");
	if (r >= 0)
		r = field_u64(k, page, F_page_mapping, &mapping);
	if (r >= 0 && mapping && !(mapping & MAPPING_FLAGS))
		r = field_u64(k, mapping, F_mapping_host, &host);
	if (r >= 0 && !host)
		r = fail(-ENOENT, "no page of a file");
	if (r >= 0)
		*ret = host;
	return r;
}
