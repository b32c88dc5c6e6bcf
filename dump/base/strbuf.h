/* Append-only text with a sticky error: generators never check an append, the one who owns the
 * buffer looks at .error once. It does not know encodings: bytes in, bytes out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf {
	char *data; /* NUL-terminated when not NULL */
	size_t len, room;
	int error; /* 0, -ENOMEM, or -EFBIG when LIMIT_TEXT was hit */
};

void strbuf_fini(struct strbuf *sb);

/* A buffer that frees itself at the end of the scope. */
#define STRBUF(name) __attribute__((cleanup(strbuf_fini))) struct strbuf name = { 0 }

/* Hand the bytes out: the caller frees them. NULL when the buffer is empty or in error. */
char *strbuf_steal(struct strbuf *sb, size_t *ret_len);

void put(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void put_bytes(struct strbuf *sb, const void *bytes, size_t len);
void put_str(struct strbuf *sb, const char *s);

/* Bytes of the dump made safe for a terminal: control bytes, backslash and every byte of @also
 * become \ooo, as procfs does with names; printable bytes and UTF-8 go through. */
void put_escaped(struct strbuf *sb, const void *bytes, size_t len, const char *also);

/* Of what is there already: control bytes but tab and newline become \ooo. */
void strbuf_escape_controls(struct strbuf *sb);

/* A line, made safe so as a whole. */
void put_safe_line(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
