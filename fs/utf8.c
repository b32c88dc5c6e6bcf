#include "fs/utf8.h"

#include <stdint.h>

/* Length of the sequence that begins with @first, and the smallest character that may be so long. */
static size_t sequence(unsigned char first, uint32_t *ret_min)
{
	if (first >= 0xf0 && first < 0xf8)
		return *ret_min = 0x10000, 4;
	if (first >= 0xe0 && first < 0xf0)
		return *ret_min = 0x800, 3;
	if (first >= 0xc0 && first < 0xe0)
		return *ret_min = 0x80, 2;
	*ret_min = 0;
	return first < 0x80;
}

/* The character at @text and its length; 0: none. */
static size_t decode(const char *text, size_t len, uint32_t *ret)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t min, c;
	size_t n = sequence(p[0], &min);

	if (!n || n > len)
		return 0;
	c = n == 1 ? p[0] : p[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < min || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret = c;
	return n;
}

size_t utf8_printable(const char *text, size_t len)
{
	uint32_t c;
	size_t n = decode(text, len, &c);

	return n && c >= 0x20 && (c < 0x7f || c >= 0xa0) ? n : 0;
}

void put_utf8(struct strbuf *out, const char *text, size_t len)
{
	uint32_t c;

	while (len) {
		size_t n = decode(text, len, &c);

		if (n)
			put_bytes(out, text, n);
		else
			put_str(out, "\xef\xbf\xbd");
		text += n ? n : 1;
		len -= n ? n : 1;
	}
}
