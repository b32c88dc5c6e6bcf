#include "tests/unit/made_kallsyms.h"

#include <stdio.h>
#include <string.h>

#define TOKENS	  256
#define SYM_TOKEN 0x80 /* "sym_" */

uint64_t made_symbol_address(const struct made_kallsyms *m, uint32_t i)
{
	if (i < m->nr_per_cpu)
		return 8ull * i;
	if (i % 10 == 9 && i > m->nr_per_cpu)
		i--;
	return m->text + 16ull * (i - m->nr_per_cpu);
}

char made_symbol_kind(uint32_t i)
{
	return "TtDdR"[i % 5];
}

void made_symbol_name(const struct made_kallsyms *m, uint32_t i, char ret[MADE_NAME])
{
	int n = snprintf(ret, MADE_NAME, "sym_%u", i);

	if (m->banner && i == m->nr_per_cpu)
		snprintf(ret, MADE_NAME, "linux_banner");
	if (m->banner && i == m->nr_per_cpu + 256)
		snprintf(ret, MADE_NAME, "init_top_pgt");
	for (size_t c = 0; c < m->nr_called; c++)
		if (m->called[c].i == i)
			snprintf(ret, MADE_NAME, "%s", m->called[c].name);
	if (!m->long_name || i + 1 != m->nr)
		return;
	memset(ret + n, 'a', 300);
	ret[n + 300] = 0;
}

static void token_text(unsigned int token, char ret[8])
{
	if (token > ' ' && token < 0x7f)
		snprintf(ret, 8, "%c", (char)token);
	else
		snprintf(ret, 8, token == SYM_TOKEN ? "sym_" : "q%xz", token);
}

static void number(struct blob *b, uint64_t value, size_t width)
{
	unsigned char raw[8];

	for (size_t i = 0; i < width; i++)
		raw[i] = (unsigned char)(value >> (8 * i));
	blob_add(b, raw, width);
}

/* Pad to where the next table begins; its address. */
static uint64_t label(struct made_kallsyms *m)
{
	size_t align = m->align4 ? 4 : 8;

	while (m->blob.len % align)
		number(&m->blob, 0, 1);
	return m->va + m->blob.len;
}

static uint64_t encoded(const struct made_kallsyms *m, uint32_t i)
{
	uint64_t address = made_symbol_address(m, i);

	switch (m->encoding) {
	case KALLSYMS_RELATIVE:
		return address - m->text;
	case KALLSYMS_PERCPU:
		return i < m->nr_per_cpu ? address : m->text - 1 - address;
	case KALLSYMS_PLACE:
		return address - (m->addresses + 4ull * i);
	default:
		return address;
	}
}

static void put_addresses(struct made_kallsyms *m)
{
	m->addresses = label(m);
	for (uint32_t i = 0; i < m->nr; i++)
		number(&m->blob, encoded(m, i), m->encoding == KALLSYMS_ABSOLUTE ? 8 : 4);
	if (m->encoding != KALLSYMS_RELATIVE && m->encoding != KALLSYMS_PERCPU)
		return;
	m->base_at = label(m);
	number(&m->blob, m->text, 8);
}

/* A length, the letter, one token for "sym_" if the name begins so, and one for each character. */
static void put_name(struct made_kallsyms *m, uint32_t i)
{
	char name[MADE_NAME];
	size_t prefix, n;

	made_symbol_name(m, i, name);
	prefix = strncmp(name, "sym_", 4) ? 0 : 4;
	n = 1 + strlen(name) - prefix + (prefix != 0);
	if (n < 0x80) {
		number(&m->blob, n, 1);
	} else {
		number(&m->blob, (n & 0x7f) | 0x80, 1);
		number(&m->blob, n >> 7, 1);
	}
	number(&m->blob, (unsigned char)(m->functions ? 'T' : made_symbol_kind(i)), 1);
	if (prefix)
		number(&m->blob, SYM_TOKEN, 1);
	blob_add(&m->blob, name + prefix, strlen(name) - prefix);
}

static void put_names(struct made_kallsyms *m)
{
	const size_t width = m->old_numbers ? 8 : 4;
	uint64_t markers[64] = { 0 };

	m->num_syms = label(m);
	number(&m->blob, m->nr, width);
	m->names = label(m);
	for (uint32_t i = 0; i < m->nr; i++) {
		if (i % 256 == 0)
			markers[i / 256] = m->va + m->blob.len - m->names;
		put_name(m, i);
	}
	label(m);
	for (uint32_t i = 0; i < m->nr; i += 256)
		number(&m->blob, markers[i / 256], width);
}

static void put_tokens(struct made_kallsyms *m)
{
	uint16_t at[TOKENS];
	char text[8];

	m->tokens = label(m);
	for (unsigned int t = 0; t < TOKENS; t++) {
		token_text(t, text);
		at[t] = (uint16_t)(m->va + m->blob.len - m->tokens);
		blob_add(&m->blob, text, strlen(text) + 1);
	}
	m->index = label(m);
	for (unsigned int t = 0; t < TOKENS; t++)
		number(&m->blob, at[t], 2);
}

/* kallsyms_seqs_of_names: three bytes a symbol, the highest first. */
static void put_seqs(struct made_kallsyms *m)
{
	label(m);
	for (uint32_t i = 0; i < m->nr; i++)
		number(&m->blob, i << 16 | (i & 0xff00) | i >> 16, 3);
}

void made_kallsyms(struct made_kallsyms *m)
{
	if (m->layout == LAYOUT_OLD)
		put_addresses(m);
	put_names(m);
	put_tokens(m);
	if (m->layout == LAYOUT_NEW) {
		put_addresses(m);
		put_seqs(m);
	}
}
