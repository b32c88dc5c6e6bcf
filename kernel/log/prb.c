/* The lockless ring buffer, 896fbe20b4e2 ("printk: use the lockless ringbuffer") (v5.10).
 *
 *   descs[2^count_bits]  state_var (2 bits of state over 62 of id), begin and next of the text
 *   infos[2^count_bits]  struct printk_info, same index
 *   data[2^size_bits]    blocks: u64 id, text; a block that would wrap begins again at 0
 *
 * tail_id and head_id are the oldest and newest descriptors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/cancel.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/log/layout.h"

#define ID_MASK		((1ull << 62) - 1)
#define STATE_SHIFT	62
#define STATE_COMMITTED 1 /* written, may still be extended */
#define STATE_FINALIZED 2
#define DATALESS	1ull /* in begin and next: the record has no text */
#define DESC_MAX	256  /* bounds on the sizes VMCOREINFO gives; 24 and 88..112 in practice */
#define INFO_MAX	1024
#define COUNT_BITS_MAX	26
#define SIZE_BITS_MAX	31 /* log_buf_len is at most 2 GB */

struct prb {
	struct kernel *k;
	uint64_t descs, infos, data; /* addresses */
	uint64_t count_bits, size_bits, head_id, tail_id;
	/* Sizes and offsets. */
	uint64_t desc_size, state_var, begin, next, info_size, seq, ts_nsec, text_len, caller_id,
		dev_info, subsystem, device;
};

/* One list of what VMCOREINFO must name, by kind. */
struct wanted {
	bool (*get)(const struct vmcoreinfo *vi, const char *name, uint64_t *ret);
	const char *name;
	uint64_t *ret;
};

static int get_all(const struct vmcoreinfo *vi, const struct wanted *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!w[i].get(vi, w[i].name, w[i].ret))
			return fail(-ENOENT, "VMCOREINFO does not tell of %s", w[i].name);
	return 0;
}

static int read_geometry(struct prb *p, uint64_t rb, uint64_t desc_ring, uint64_t data_ring,
			 const struct vmcoreinfo *vi)
{
	static const struct {
		const char *member;
		bool text; /* of the text data ring, else of the descriptor ring */
		uint8_t size;
		size_t at;
	} reads[] = {
		{ "prb_desc_ring.count_bits", false, 4, offsetof(struct prb, count_bits) },
		{ "prb_desc_ring.descs", false, 8, offsetof(struct prb, descs) },
		{ "prb_desc_ring.infos", false, 8, offsetof(struct prb, infos) },
		{ "prb_desc_ring.head_id", false, 8, offsetof(struct prb, head_id) },
		{ "prb_desc_ring.tail_id", false, 8, offsetof(struct prb, tail_id) },
		{ "prb_data_ring.size_bits", true, 4, offsetof(struct prb, size_bits) },
		{ "prb_data_ring.data", true, 8, offsetof(struct prb, data) },
	};

	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		uint64_t off, base = rb + (reads[i].text ? data_ring : desc_ring);
		int r;

		if (!vmcoreinfo_offset(vi, reads[i].member, &off))
			return fail(-ENOENT, "VMCOREINFO does not tell of %s", reads[i].member);
		r = kernel_read_uint(p->k, base + off, reads[i].size,
				     (uint64_t *)((char *)p + reads[i].at));
		if (r < 0)
			return within(r, "%s", reads[i].member);
	}
	if (p->count_bits > COUNT_BITS_MAX || p->size_bits > SIZE_BITS_MAX)
		return fail(-EBADMSG, "ring of 2^%lu records and 2^%lu bytes", p->count_bits,
			    p->size_bits);
	return 0;
}

static int prb_init(struct prb *p, const struct vmcoreinfo *vi)
{
	uint64_t pointer, rb, desc_ring, data_ring, lpos, begin, next;
	const struct wanted wanted[] = {
		{ vmcoreinfo_symbol, "prb", &pointer },
		{ vmcoreinfo_offset, "printk_ringbuffer.desc_ring", &desc_ring },
		{ vmcoreinfo_offset, "printk_ringbuffer.text_data_ring", &data_ring },
		{ vmcoreinfo_size, "prb_desc", &p->desc_size },
		{ vmcoreinfo_offset, "prb_desc.state_var", &p->state_var },
		{ vmcoreinfo_offset, "prb_desc.text_blk_lpos", &lpos },
		{ vmcoreinfo_offset, "prb_data_blk_lpos.begin", &begin },
		{ vmcoreinfo_offset, "prb_data_blk_lpos.next", &next },
		{ vmcoreinfo_size, "printk_info", &p->info_size },
		{ vmcoreinfo_offset, "printk_info.seq", &p->seq },
		{ vmcoreinfo_offset, "printk_info.ts_nsec", &p->ts_nsec },
		{ vmcoreinfo_offset, "printk_info.text_len", &p->text_len },
		{ vmcoreinfo_offset, "printk_info.caller_id", &p->caller_id },
		{ vmcoreinfo_offset, "printk_info.dev_info", &p->dev_info },
		{ vmcoreinfo_offset, "dev_printk_info.subsystem", &p->subsystem },
		{ vmcoreinfo_offset, "dev_printk_info.device", &p->device },
	};
	int r = get_all(vi, wanted, sizeof(wanted) / sizeof(wanted[0]));

	if (r < 0)
		return r;
	p->begin = lpos + begin;
	p->next = lpos + next;
	if (p->desc_size > DESC_MAX || p->info_size > INFO_MAX)
		return fail(-EBADMSG, "descriptors of %lu and %lu bytes", p->desc_size,
			    p->info_size);
	r = kernel_read_uint(p->k, pointer, 8, &rb);
	if (r < 0)
		return within(r, "prb");
	return read_geometry(p, rb, desc_ring, data_ring, vi);
}

/* Where the text of a block lies, behind its id, and how long it is at most. False: no text. */
static bool block_of(const struct prb *p, uint64_t begin, uint64_t next, uint64_t *ret_at,
		     uint64_t *ret_len)
{
	uint64_t mask = (1ull << p->size_bits) - 1, at = begin & mask, len = next - begin;

	if (begin & DATALESS && next & DATALESS)
		return false;
	if (begin >> p->size_bits != (next - 1) >> p->size_bits) {
		at = 0;
		len = next & mask;
	}
	if (len < sizeof(uint64_t) || len > mask + 1 || at + len > mask + 1)
		return false;
	*ret_at = at;
	*ret_len = len;
	return true;
}

static void copy_name(const unsigned char *info, size_t info_size, uint64_t off, char *ret,
		      size_t size)
{
	size_t len;

	ret[0] = 0;
	if (off + size - 1 > info_size)
		return;
	len = strnlen((const char *)info + off, size - 1);
	memcpy(ret, info + off, len);
	ret[len] = 0;
}

/* Facility, and level over flags, are the two bytes behind text_len in every version. */
static int decode_info(const struct prb *p, const unsigned char *info, struct log_record *ret)
{
	struct bytes b = bytes_of(info, p->info_size);
	uint8_t packed;

	bytes_seek(&b, p->seq);
	ret->seq = bytes_u64(&b);
	bytes_seek(&b, p->ts_nsec);
	ret->ts_nsec = bytes_u64(&b);
	bytes_seek(&b, p->text_len);
	ret->text_len = bytes_u16(&b);
	ret->facility = (uint8_t)bytes_uint(&b, 1);
	packed = (uint8_t)bytes_uint(&b, 1);
	ret->flags = packed & 31;
	ret->level = packed >> 5;
	bytes_seek(&b, p->caller_id);
	ret->caller_id = bytes_u32(&b);
	ret->has_caller = true;
	if (b.short_)
		return fail(-EBADMSG, "printk_info of %lu bytes", p->info_size);
	copy_name(info, p->info_size, p->dev_info + p->subsystem, ret->subsystem,
		  sizeof(ret->subsystem));
	copy_name(info, p->info_size, p->dev_info + p->device, ret->device, sizeof(ret->device));
	return 0;
}

/* Read the record of @id. 1: it has none (reserved or reused). The text goes to @text. */
static int read_record(const struct prb *p, uint64_t id, char *text, struct log_record *ret)
{
	uint64_t index = id & ((1ull << p->count_bits) - 1), at, len, block_id, state;
	unsigned char desc[DESC_MAX], info[INFO_MAX];
	struct bytes b = bytes_of(desc, p->desc_size);
	uint64_t begin, next;
	int r = kernel_read(p->k, p->descs + index * p->desc_size, desc, p->desc_size);

	if (r < 0)
		return r;
	bytes_seek(&b, p->state_var);
	state = bytes_u64(&b);
	bytes_seek(&b, p->begin);
	begin = bytes_u64(&b);
	bytes_seek(&b, p->next);
	next = bytes_u64(&b);
	if (b.short_)
		return fail(-EBADMSG, "prb_desc of %lu bytes", p->desc_size);
	if ((state & ID_MASK) != (id & ID_MASK) ||
	    (state >> STATE_SHIFT != STATE_COMMITTED && state >> STATE_SHIFT != STATE_FINALIZED))
		return 1;
	r = kernel_read(p->k, p->infos + index * p->info_size, info, p->info_size);
	if (r == 0)
		r = decode_info(p, info, ret);
	if (r < 0)
		return r;
	ret->text = text;
	if (!block_of(p, begin, next, &at, &len)) {
		ret->text_len = 0;
		return 0;
	}
	r = kernel_read_uint(p->k, p->data + at, sizeof(block_id), &block_id);
	if (r < 0)
		return r;
	if (block_id != id)
		return 1;
	if (ret->text_len > len - sizeof(block_id))
		ret->text_len = len - sizeof(block_id);
	return kernel_read(p->k, p->data + at + sizeof(block_id), text, ret->text_len);
}

int log_prb_read(struct kernel *k, const struct vmcoreinfo *vi, log_record_fn *emit, void *arg)
{
	_free_ char *text = malloc(LIMIT_LOG_TEXT);
	struct prb p = { .k = k };
	uint64_t count, lost = 0;
	int r = text ? prb_init(&p, vi) : fail(-ENOMEM, "record"), error = 0;

	if (r < 0)
		return r;
	count = ((p.head_id - p.tail_id) & ID_MASK) + 1;
	if (count > 1ull << p.count_bits)
		return fail(-EBADMSG, "ring from %#lx to %#lx has more than 2^%lu records",
			    p.tail_id, p.head_id, p.count_bits);
	for (uint64_t i = 0; i < count; i++) {
		struct log_record record = { 0 };

		if (cancelled())
			return fail(-EINTR, "interrupted");
		r = read_record(&p, (p.tail_id + i) & ID_MASK, text, &record);
		if (r < 0) {
			error = r;
			lost++;
		}
		if (r)
			continue;
		r = emit(arg, &record);
		if (r)
			return r;
	}
	return error ? within(error, "%lu of %lu records lost, the last because", lost, count) : 0;
}
