/* Records in one buffer, 7ff9554bb578 ("printk: convert byte-buffer to variable-length record
 * buffer") (v3.5) to v5.9:
 *
 *   u64 ts_nsec  u16 len  u16 text_len  u16 dict_len  u8 facility  u8 flags:5 level:3
 *   [u32 caller_id, 15ff2069cb7f (v5.1) with CONFIG_PRINTK_CALLER]  text  dict  padding
 *
 * A len of 0 sends the reader back to the start. struct log became printk_log in 62e32ac3505a
 * (v3.11). */
#include <errno.h>
#include <stdlib.h>

#include "dump/base/bytes.h"
#include "dump/base/cancel.h"
#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/log/layout.h"

#define HEADER_WITHOUT_CALLER 16
#define HEADER_MAX	      64

struct records {
	struct kernel *k;
	uint64_t buf, buf_len, first, next; /* address; bytes; offsets into it */
	uint64_t size, ts_nsec, len, text_len, dict_len;
};

static int read_variable(struct kernel *k, const struct vmcoreinfo *vi, const char *name,
			 size_t size, uint64_t *ret)
{
	uint64_t va;
	int r;

	if (!vmcoreinfo_symbol(vi, name, &va))
		return fail(-ENOENT, "VMCOREINFO does not tell of %s", name);
	r = kernel_read_uint(k, va, size, ret);
	return r < 0 ? within(r, "%s", name) : 0;
}

static int read_layout(const struct vmcoreinfo *vi, struct records *rs)
{
	uint64_t n;

	if (vmcoreinfo_size(vi, "printk_log", &n) &&
	    vmcoreinfo_offset(vi, "printk_log.ts_nsec", &rs->ts_nsec) &&
	    vmcoreinfo_offset(vi, "printk_log.len", &rs->len) &&
	    vmcoreinfo_offset(vi, "printk_log.text_len", &rs->text_len) &&
	    vmcoreinfo_offset(vi, "printk_log.dict_len", &rs->dict_len)) {
		rs->size = n;
	} else if (vmcoreinfo_size(vi, "log", &n) &&
		   vmcoreinfo_offset(vi, "log.ts_nsec", &rs->ts_nsec) &&
		   vmcoreinfo_offset(vi, "log.len", &rs->len) &&
		   vmcoreinfo_offset(vi, "log.text_len", &rs->text_len) &&
		   vmcoreinfo_offset(vi, "log.dict_len", &rs->dict_len)) {
		rs->size = n;
	} else {
		return fail(-ENOENT, "VMCOREINFO does not tell of printk_log");
	}
	if (rs->size < HEADER_WITHOUT_CALLER || rs->size > HEADER_MAX)
		return fail(-EBADMSG, "records with a header of %lu bytes", rs->size);
	return 0;
}

static int records_init(struct records *rs, const struct vmcoreinfo *vi)
{
	static const struct {
		const char *name;
		uint8_t size;
		size_t at;
	} variables[] = {
		{ "log_buf", 8, offsetof(struct records, buf) },
		{ "log_buf_len", 4, offsetof(struct records, buf_len) },
		{ "log_first_idx", 4, offsetof(struct records, first) },
		{ "log_next_idx", 4, offsetof(struct records, next) },
	};
	int r = read_layout(vi, rs);

	for (size_t i = 0; r == 0 && i < sizeof(variables) / sizeof(variables[0]); i++)
		r = read_variable(rs->k, vi, variables[i].name, variables[i].size,
				  (uint64_t *)((char *)rs + variables[i].at));
	return r;
}

/* Facility, and level over flags, are the two bytes behind dict_len in every version. */
static int decode(const struct records *rs, const unsigned char *raw, uint64_t *ret_len,
		  struct log_record *ret)
{
	struct bytes b = bytes_of(raw, rs->size);
	uint8_t packed;

	bytes_seek(&b, rs->ts_nsec);
	ret->ts_nsec = bytes_u64(&b);
	bytes_seek(&b, rs->len);
	*ret_len = bytes_u16(&b);
	bytes_seek(&b, rs->text_len);
	ret->text_len = bytes_u16(&b);
	bytes_seek(&b, rs->dict_len);
	ret->dict_len = bytes_u16(&b);
	ret->facility = (uint8_t)bytes_uint(&b, 1);
	packed = (uint8_t)bytes_uint(&b, 1);
	ret->flags = packed & 31;
	ret->level = packed >> 5;
	if (rs->size > HEADER_WITHOUT_CALLER) {
		bytes_seek(&b, HEADER_WITHOUT_CALLER);
		ret->caller_id = bytes_u32(&b);
		ret->has_caller = ret->shows_caller = true;
	}
	return b.short_ ? fail(-EBADMSG, "record header of %lu bytes", rs->size) : 0;
}

/* The record at offset *@idx, which moves on to the next one. */
static int read_record(const struct records *rs, uint64_t *idx, char *text, struct log_record *ret)
{
	unsigned char raw[HEADER_MAX];
	uint64_t len;
	int r;

	/* A wrap mark needs only its len; the kernel leaves room for a header there too. */
	if (*idx + rs->size > rs->buf_len)
		return fail(-EBADMSG, "record at %#lx leaves the buffer of %#lx bytes", *idx,
			    rs->buf_len);
	r = kernel_read(rs->k, rs->buf + *idx, raw, rs->size);
	if (r == 0)
		r = decode(rs, raw, &len, ret);
	if (r < 0)
		return r;
	if (!len) {
		*idx = 0;
		return 1;
	}
	if (len < rs->size || *idx + len > rs->buf_len ||
	    rs->size + ret->text_len + ret->dict_len > len)
		return fail(-EBADMSG, "record at %#lx: %lu bytes for %zu of text", *idx, len,
			    ret->text_len);
	r = kernel_read(rs->k, rs->buf + *idx + rs->size, text, ret->text_len + ret->dict_len);
	if (r < 0)
		return r;
	ret->text = text;
	ret->dict = ret->dict_len ? text + ret->text_len : NULL;
	*idx += len;
	return 0;
}

int log_records_read(struct kernel *k, const struct vmcoreinfo *vi, log_record_fn *emit, void *arg)
{
	_free_ char *text = malloc(2 * LIMIT_LOG_TEXT);
	struct records rs = { .k = k };
	uint64_t idx, seq = 0, wraps = 0;
	int r = text ? records_init(&rs, vi) : fail(-ENOMEM, "record");

	if (r < 0)
		return r;
	for (idx = rs.first; idx != rs.next;) {
		struct log_record record = { .seq = seq };
		uint64_t at = idx;

		if (cancelled())
			return fail(-EINTR, "interrupted");
		if (seq == LIMIT_LOG_RECORDS || wraps > 1)
			return fail(-ELOOP, "records do not end");
		r = read_record(&rs, &idx, text, &record);
		if (r < 0)
			return within(r, "record at %#lx", at);
		if (r > 0) {
			wraps++;
			continue;
		}
		seq++;
		r = emit(arg, &record);
		if (r)
			return r;
	}
	return 0;
}
