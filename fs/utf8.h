/* Bytes of the dump as UTF-8. */
#pragma once

#include "dump/base/strbuf.h"

/* Length of the printable character at @text, or 0: a control byte, or no UTF-8. */
size_t utf8_printable(const char *text, size_t len);

/* Every byte that is no UTF-8 becomes U+FFFD; control bytes go through. */
void put_utf8(struct strbuf *out, const char *text, size_t len);
