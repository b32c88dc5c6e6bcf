#include "dump/base/strbuf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/limits.h"

void strbuf_fini(struct strbuf *sb)
{
	free(sb->data);
	*sb = (struct strbuf){ 0 };
}

char *strbuf_steal(struct strbuf *sb, size_t *ret_len)
{
	char *data = sb->data;

	if (sb->error)
		return NULL;
	*ret_len = sb->len;
	*sb = (struct strbuf){ 0 };
	return data;
}

/* Room for @more bytes and a NUL. */
static bool reserve(struct strbuf *sb, size_t more)
{
	size_t need = sb->len + more + 1, room = sb->room ? sb->room : 256;
	char *data;

	if (sb->error)
		return false;
	if (more > LIMIT_TEXT || need > LIMIT_TEXT) {
		sb->error = -EFBIG;
		return false;
	}
	if (need <= sb->room)
		return true;
	while (room < need)
		room *= 2;
	data = realloc(sb->data, room);
	if (!data) {
		sb->error = -ENOMEM;
		return false;
	}
	sb->data = data;
	sb->room = room;
	return true;
}

__attribute__((format(printf, 2, 0))) static void put_args(struct strbuf *sb, const char *fmt,
							   va_list ap)
{
	va_list again;
	size_t room;
	int n;

	if (!reserve(sb, 128))
		return;
	room = sb->room - sb->len;
	va_copy(again, ap);
	n = vsnprintf(sb->data + sb->len, room, fmt, ap);
	if (n > 0 && (size_t)n >= room && reserve(sb, (size_t)n))
		vsnprintf(sb->data + sb->len, (size_t)n + 1, fmt, again);
	if (n > 0 && !sb->error)
		sb->len += (size_t)n;
	if (sb->data)
		sb->data[sb->len] = 0;
	va_end(again);
}

void put(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_args(sb, fmt, ap);
	va_end(ap);
}

void put_bytes(struct strbuf *sb, const void *bytes, size_t len)
{
	if (!reserve(sb, len))
		return;
	if (len)
		memcpy(sb->data + sb->len, bytes, len);
	sb->len += len;
	sb->data[sb->len] = 0;
}

void put_str(struct strbuf *sb, const char *s)
{
	put_bytes(sb, s, strlen(s));
}

/* Length of the UTF-8 sequence at @p that encodes a character above the C1 controls, or 0. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
	size_t n = p[0] >= 0xf0 && p[0] < 0xf5	 ? 4
		   : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
		   : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
						 : 0;

	if (!n || n > left || (p[0] == 0xc2 && p[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

void put_escaped(struct strbuf *sb, const void *bytes, size_t len, const char *also)
{
	const unsigned char *p = bytes;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = 1;
		if (p[i] >= 0x80)
			n = utf8_length(p + i, len - i);
		else if (p[i] < 0x20 || p[i] == 0x7f || p[i] == '\\' || strchr(also, p[i]))
			n = 0;
		if (n) {
			put_bytes(sb, p + i, n);
			continue;
		}
		put(sb, "\\%03o", p[i]);
		n = 1;
	}
}

static bool is_control(unsigned char c)
{
	return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

/* Where the next control byte at or after @from is; @len: there is none. All of a block is looked at without
 * a branch: the compiler does that with vectors. */
static size_t next_control(const unsigned char *p, size_t len, size_t from)
{
	enum { BLOCK = 64 };
	size_t i = from;

	while (i + BLOCK <= len) {
		unsigned found = 0;

		for (size_t j = 0; j < BLOCK; j++)
			found |= is_control(p[i + j]);
		if (found)
			break;
		i += BLOCK;
	}
	while (i < len && !is_control(p[i]))
		i++;
	return i;
}

void strbuf_escape_controls(struct strbuf *sb)
{
	const unsigned char *p = (const unsigned char *)sb->data;
	size_t at = next_control(p, sb->len, 0), from = 0;
	struct strbuf safe = { 0 };

	if (at == sb->len)
		return;
	for (; at < sb->len; at = next_control(p, sb->len, from)) {
		put_bytes(&safe, p + from, at - from);
		put(&safe, "\\%03o", p[at]);
		from = at + 1;
	}
	put_bytes(&safe, p + from, sb->len - from);
	if (sb->error && !safe.error)
		safe.error = sb->error;
	strbuf_fini(sb);
	*sb = safe;
}

void put_safe_line(struct strbuf *sb, const char *fmt, ...)
{
	STRBUF(line);
	va_list ap;

	va_start(ap, fmt);
	put_args(&line, fmt, ap);
	va_end(ap);
	if (line.error && !sb->error)
		sb->error = line.error;
	else
		put_escaped(sb, line.data, line.len, "");
	put_str(sb, "\n");
}
