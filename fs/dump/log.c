/* /log and /log.json: the records of the kernel log, as text and for programs. */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/utf8.h"
#include "kernel/log/log.h"

#define CALLER_CPU (1u << 31)

/* "T123" for a task, "C0" for a CPU, as the kernel writes it. */
static void format_caller(uint32_t id, char ret[static 12])
{
	snprintf(ret, 12, "%c%u", id & CALLER_CPU ? 'C' : 'T', id & ~CALLER_CPU);
}

static void put_prefix(struct strbuf *out, const struct log_record *rec)
{
	char caller[12];

	put(out, "[%5" PRIu64 ".%06" PRIu64 "]", rec->ts_nsec / 1000000000,
	    rec->ts_nsec / 1000 % 1000000);
	if (rec->shows_caller) {
		format_caller(rec->caller_id, caller);
		put(out, "[%6s]", caller);
	}
	put_str(out, " ");
}

/* What dmesg(1) does with bytes that are no text, which is not what procfs does. */
static void put_dmesg(struct strbuf *out, const char *text, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_printable(text + i, len - i);
		if (n) {
			put_bytes(out, text + i, n);
			continue;
		}
		n = 1;
		if (text[i] == '\t')
			put_str(out, "\t");
		else
			put(out, "\\x%02x", (unsigned char)text[i]);
	}
}

/* Further lines of a record stand below its text. */
static int put_record(void *arg, const struct log_record *rec)
{
	struct strbuf *out = ((struct render *)arg)->out;
	const char *text = rec->text, *end = rec->text + rec->text_len, *eol;
	size_t start = out->len;
	int indent;

	if (!((struct render *)arg)->stable)
		put_prefix(out, rec);
	indent = (int)(out->len - start);
	for (;; text = eol + 1) {
		eol = memchr(text, '\n', (size_t)(end - text));
		put_dmesg(out, text, (size_t)((eol ? eol : end) - text));
		put_str(out, "\n");
		if (!eol || eol + 1 == end)
			return out->error;
		put(out, "%*s", indent, "");
	}
}

int gen_log(struct render *r)
{
	return log_read(r->k, put_record, r);
}

static void add_text(struct json_object *o, const char *name, const char *text, size_t len)
{
	STRBUF(clean);

	put_utf8(&clean, text, len);
	json_object_object_add(
		o, name, json_object_new_string_len(clean.len ? clean.data : "", (int)clean.len));
}

/* KEY=value strings, each ended by a NUL. */
static void add_dict(struct json_object *o, const char *dict, size_t len)
{
	struct json_object *all = json_object_new_object();
	const char *end = dict + len, *value;

	for (size_t n; dict < end; dict += n + 1) {
		STRBUF(key);

		n = strnlen(dict, (size_t)(end - dict));
		value = memchr(dict, '=', n);
		if (!value)
			continue;
		put_utf8(&key, dict, (size_t)(value - dict));
		if (key.len)
			add_text(all, key.data, value + 1, n - (size_t)(value - dict) - 1);
	}
	json_object_object_add(o, "dict", all);
}

static int put_json(void *arg, const struct log_record *rec)
{
	struct strbuf *out = arg;
	struct json_object *o = json_object_new_object();
	char text[40];

	if (!o)
		return fail(-ENOMEM, "JSON object");
	json_object_object_add(o, "seq", json_object_new_uint64(rec->seq));
	/* All digits: a double has too few for nanoseconds. */
	snprintf(text, sizeof(text), "%" PRIu64 ".%09" PRIu64, rec->ts_nsec / 1000000000,
		 rec->ts_nsec % 1000000000);
	json_object_object_add(o, "ts", json_object_new_double_s((double)rec->ts_nsec / 1e9, text));
	json_object_object_add(o, "level", json_object_new_int(rec->level));
	json_object_object_add(o, "facility", json_object_new_int(rec->facility));
	if (rec->has_caller) {
		format_caller(rec->caller_id, text);
		json_object_object_add(o, "caller", json_object_new_string(text));
	}
	add_text(o, "text", rec->text, rec->text_len);
	if (rec->subsystem[0])
		add_text(o, "subsystem", rec->subsystem, strlen(rec->subsystem));
	if (rec->device[0])
		add_text(o, "device", rec->device, strlen(rec->device));
	if (rec->dict)
		add_dict(o, rec->dict, rec->dict_len);
	put_str(out, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	put_str(out, "\n");
	json_object_put(o);
	return out->error;
}

int gen_log_json(struct render *r)
{
	return log_read(r->k, put_json, r->out);
}
