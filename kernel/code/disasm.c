/* capstone keeps tables that it fills on first use, without a lock: one handle, used by one thread at a
 * time. */
#include "kernel/code/disasm.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/arch.h"
#include "kernel/code/disasm_arch.h"
#include "kernel/mem/space.h"

struct decoder {
	pthread_mutex_t lock;
	bool open;
	csh handle;
	cs_insn *insn;
};

struct decoder *decoder_new(struct kernel *k)
{
	struct decoder *d = calloc(1, sizeof(*d));

	(void)k;
	if (d)
		pthread_mutex_init(&d->lock, NULL);
	return d;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	if (d->open) {
		cs_free(d->insn, 1);
		cs_close(&d->handle);
	}
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static int open_handle(struct decoder *d, const struct arch_decoder *a)
{
	cs_err e;

	if (d->open)
		return 0;
	e = cs_open(a->arch, a->mode, &d->handle);
	if (e != CS_ERR_OK)
		return fail(e == CS_ERR_MEM ? -ENOMEM : -EOPNOTSUPP, "capstone: %s",
			    cs_strerror(e));
	cs_option(d->handle, CS_OPT_SYNTAX, a->syntax);
	cs_option(d->handle, CS_OPT_DETAIL, CS_OPT_ON);
	d->insn = cs_malloc(d->handle);
	if (!d->insn) {
		cs_close(&d->handle);
		return fail(-ENOMEM, "an instruction");
	}
	d->open = true;
	return 0;
}

static int arch_decoder(struct kernel *k, const struct arch_decoder **ret)
{
	const struct arch *arch;
	int r = kernel_arch(k, &arch);

	if (r < 0)
		return r;
	if (!arch->decoder)
		return fail(-EOPNOTSUPP, "no decoder for the code of %s", arch->name);
	*ret = arch->decoder;
	return 0;
}

int disasm_begin(struct disasm *d, struct kernel *k, uint64_t from, uint64_t end)
{
	const struct arch_decoder *a;
	int r = arch_decoder(k, &a);

	if (r < 0)
		return r;
	d->k = k;
	d->at = from;
	d->end = end;
	d->first = 0;
	d->n = 0;
	return 0;
}

/* Have what is there of the longest instruction from .at on. */
static int fill(struct disasm *d)
{
	size_t left = d->end - d->at < INSN_BYTES_MAX ? d->end - d->at : INSN_BYTES_MAX;
	const struct space *s;
	size_t n;
	int r;

	if (d->n && d->at - d->first + left <= d->n)
		return 0;
	r = kernel_space(d->k, &s);
	if (r < 0)
		return r;
	n = d->end - d->at < DISASM_WINDOW ? d->end - d->at : DISASM_WINDOW;
	d->first = d->at;
	d->n = space_read_some(s, kernel_dump(d->k), d->at, d->window, n);
	if (d->n)
		return 0;
	return kernel_read(d->k, d->at, d->window, 1);
}

/* What cannot be decoded is as long as the shortest instruction. */
static void take_unit(const struct arch_decoder *a, struct insn *ret)
{
	ret->bad = true;
	ret->size = a->unit;
	if (a->unit == 4)
		snprintf(ret->text, sizeof(ret->text), ".inst  %#010x", load_le32(ret->bytes));
	else
		snprintf(ret->text, sizeof(ret->text), ".byte  %#x", ret->bytes[0]);
}

static void put_text(const struct arch_decoder *a, const cs_insn *insn, const char *name,
		     struct insn *ret)
{
	size_t n = (size_t)snprintf(ret->text, sizeof(ret->text), *insn->op_str ? "%-6s " : "%s",
				    name ? name : insn->mnemonic);

	a->put_operands(ret->text + n, sizeof(ret->text) - n, insn->op_str, insn);
}

static int decode(struct disasm *d, const struct arch_decoder *a, struct insn *ret)
{
	struct decoder *decoder = kernel_decoder(d->k);
	size_t have = d->n - (d->at - d->first), n;
	unsigned char bytes[INSN_BYTES_MAX];
	const uint8_t *rest = bytes;
	uint64_t at = d->at;
	const char *name;
	int r;

	n = have < sizeof(bytes) ? have : sizeof(bytes);
	memcpy(bytes, d->window + (d->at - d->first), n);
	memcpy(ret->bytes, bytes, n);
	name = a->stand_in(bytes, n);

	pthread_mutex_lock(&decoder->lock);
	r = open_handle(decoder, a);
	if (r >= 0 && cs_disasm_iter(decoder->handle, &rest, &n, &at, decoder->insn)) {
		ret->size = (uint8_t)(at - d->at);
		put_text(a, decoder->insn, name, ret);
		a->describe(decoder->insn, ret);
	} else if (r >= 0) {
		take_unit(a, ret);
	}
	pthread_mutex_unlock(&decoder->lock);
	return r;
}

int disasm_next(struct disasm *d, struct insn *ret)
{
	struct insn insn = { .addr = d->at };
	const struct arch_decoder *a;
	size_t have;
	int r = arch_decoder(d->k, &a);

	if (r < 0)
		return r;
	if (d->at >= d->end)
		return 0;
	r = fill(d);
	if (r >= 0)
		r = decode(d, a, &insn);
	if (r < 0)
		return within(r, "code at %#lx", d->at);
	have = d->n - (d->at - d->first);
	/* Its end may be on a page that is missing. */
	if (insn.bad && have < INSN_BYTES_MAX && d->at + have < d->end) {
		r = kernel_read(d->k, d->at + have, d->window, 1);
		return r < 0 ? within(r, "code at %#lx", d->at) : r;
	}
	d->at += insn.size;
	*ret = insn;
	return 1;
}
