#include "dump/vmcoreinfo.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *vmcoreinfo_value(const struct vmcoreinfo *vi, const char *key, size_t *ret_len)
{
	size_t key_len = strlen(key);
	const char *line = vi->text, *end = vi->text + vi->len, *eol;

	for (; line < end; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol)
			eol = end;
		if ((size_t)(eol - line) > key_len && line[key_len] == '=' &&
		    !memcmp(line, key, key_len)) {
			*ret_len = (size_t)(eol - line) - key_len - 1;
			return line + key_len + 1;
		}
	}
	return NULL;
}

static bool number(const struct vmcoreinfo *vi, const char *key, int base, uint64_t *ret)
{
	size_t len;
	const char *value = vmcoreinfo_value(vi, key, &len);
	char text[32], *end;
	uint64_t v;

	if (!value || !len || len >= sizeof(text))
		return false;
	memcpy(text, value, len);
	text[len] = 0;
	if (base == 10 && len > 2 && text[0] == '0' && tolower(text[1]) == 'x')
		base = 16;
	errno = 0;
	/* strtoull() negates in two's complement: what NUMBER(phys_base) wants. */
	v = strtoull(text, &end, base);
	if (errno || *end || isspace((unsigned char)text[0]))
		return false;
	*ret = v;
	return true;
}

static bool wrapped(const struct vmcoreinfo *vi, const char *kind, const char *name, int base,
		    uint64_t *ret)
{
	char key[96];

	if ((size_t)snprintf(key, sizeof(key), "%s(%s)", kind, name) >= sizeof(key))
		return false;
	return number(vi, key, base, ret);
}

bool vmcoreinfo_symbol(const struct vmcoreinfo *vi, const char *name, uint64_t *ret)
{
	return wrapped(vi, "SYMBOL", name, 16, ret);
}

bool vmcoreinfo_number(const struct vmcoreinfo *vi, const char *name, uint64_t *ret)
{
	return wrapped(vi, "NUMBER", name, 10, ret);
}

bool vmcoreinfo_size(const struct vmcoreinfo *vi, const char *name, uint64_t *ret)
{
	return wrapped(vi, "SIZE", name, 10, ret);
}

bool vmcoreinfo_offset(const struct vmcoreinfo *vi, const char *name, uint64_t *ret)
{
	return wrapped(vi, "OFFSET", name, 10, ret);
}

bool vmcoreinfo_decimal(const struct vmcoreinfo *vi, const char *key, uint64_t *ret)
{
	return number(vi, key, 10, ret);
}

bool vmcoreinfo_hex(const struct vmcoreinfo *vi, const char *key, uint64_t *ret)
{
	return number(vi, key, 16, ret);
}

/* Printable lines with a '=' in each: the kernel's page holds nothing else. */
static bool lines_ok(const char *text, size_t len)
{
	bool equals = false;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' && !equals)
			return false;
		if (text[i] == '\n')
			equals = false;
		else if (text[i] == '=')
			equals = true;
		else if (text[i] < 0x20 || text[i] == 0x7f)
			return false;
	}
	return true;
}

size_t vmcoreinfo_recognise(const unsigned char *page, size_t len)
{
	static const char first[] = "OSRELEASE=";
	size_t n;

	if (len < sizeof(first) || memcmp(page, first, sizeof(first) - 1))
		return 0;
	n = strnlen((const char *)page, len);
	if (!memmem(page, n, "\nPAGESIZE=", 10) || !memmem(page, n, "\nSYMBOL(", 8) ||
	    !lines_ok((const char *)page, n))
		return 0;
	return n;
}
