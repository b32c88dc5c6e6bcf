/* Forms that several generators share. */
#pragma once

#include "dump/base/strbuf.h"

/* "LABEL Sat Nov 21 01:02:03 UTC 2026\n", as date(1) prints seconds since 1970. */
void put_time(struct strbuf *out, const char *label, uint64_t seconds);

/* What begins a row of crash's banner: a label, right-aligned. */
void put_label(struct strbuf *out, const char *label);

/* A row; none when the text is empty. */
void put_row(struct strbuf *out, const char *label, const char *text);

/* As crash prints amounts of memory: "511.5 MB". */
void put_amount(struct strbuf *out, uint64_t bytes);
