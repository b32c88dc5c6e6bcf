/* Finding VMCOREINFO in RAM: QEMU and LiME do not put it into their notes. Every readable page is
 * looked at, by all cores, in rising order of address; the lowest one that fits wins, so that the
 * result does not depend on the threads. Before 203e9e41219b (v4.13) it begins within a page: that is
 * taken when no page begins with one. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/cleanup.h"
#include "dump/base/crew.h"
#include "dump/base/err.h"
#include "dump/base/trouble.h"
#include "dump/dump.h"

#define CHUNK (4ull << 20) /* bytes a thread takes at a time */
#define BATCH (64u << 10)  /* bytes read at a time */
#define PAGE  4096	   /* the kernel's may be smaller than the dump's, as in QEMU's of arm64 */

struct scan {
	struct dump *dump;
	uint64_t end;
	_Atomic uint64_t next;	/* first address that nobody has taken */
	_Atomic uint64_t found; /* lowest page that fits; UINT64_MAX: none yet */
	_Atomic uint64_t within,
		dated;	    /* the same within pages: any, and with the time of a crash */
	atomic_int trouble; /* a file could not be read */
};

static void bring_down(_Atomic uint64_t *at, uint64_t value)
{
	uint64_t old = *at;

	while (value < old && !atomic_compare_exchange_weak(at, &old, value))
		;
}

static void advance(_Atomic uint64_t *at, uint64_t value)
{
	uint64_t old = *at;

	while (value > old && !atomic_compare_exchange_weak(at, &old, value))
		;
}

/* Whether it is at @paddr, where its first words are. */
static void look_closer(struct scan *s, uint64_t paddr, unsigned char *text)
{
	const size_t page = dump_facts(s->dump)->page_size;
	size_t len;

	if (paddr >= s->dated || dump_read(s->dump, paddr, text, page) < 0)
		return;
	len = vmcoreinfo_recognise(text, page);
	if (!len)
		return;
	bring_down(&s->within, paddr);
	if (memmem(text, len, "\nCRASHTIME=", 11))
		bring_down(&s->dated, paddr);
}

/* A text of the kernel's follows the name of its note, or what was zeroed. */
static void look_within(struct scan *s, uint64_t paddr, const unsigned char *buf, size_t len,
			unsigned char *text)
{
	static const char first[] = "\0OSRELEASE=";
	const unsigned char *at = buf, *end = buf + len;

	while ((at = memmem(at, (size_t)(end - at), first, sizeof(first) - 1))) {
		at++;
		look_closer(s, paddr + (uint64_t)(at - buf), text);
	}
}

/* A page that cannot be read is not the one. */
static void look(struct scan *s, uint64_t paddr, size_t len, unsigned char *buf,
		 unsigned char *text)
{
	const size_t page = PAGE;
	bool whole = dump_read(s->dump, paddr, buf, len) == 0;

	for (size_t off = 0; off + page <= len; off += page) {
		if (!whole && dump_read(s->dump, paddr + off, buf + off, page) < 0)
			continue;
		if (vmcoreinfo_recognise(buf + off, page)) {
			bring_down(&s->found, paddr + off);
			return;
		}
	}
	if (whole)
		look_within(s, paddr, buf, len, text);
}

static void look_through(struct scan *s, uint64_t from, uint64_t to, unsigned char *buf,
			 unsigned char *text)
{
	const uint64_t page = PAGE;
	struct extent e;

	for (uint64_t at = from; at < to; at = e.end) {
		if (dump_extent(s->dump, at, &e) < 0)
			return;
		/* What holds no memory may be far larger than a chunk. */
		if (!extent_readable(&e))
			advance(&s->next, (e.end < s->end ? e.end : s->end) & ~(page - 1));
		if (e.end > to)
			e.end = to;
		if (!extent_readable(&e) || e.status == PAGE_ZERO)
			continue;
		at = (at + page - 1) & ~(page - 1);
		for (; at < e.end && at < s->found; at += BATCH)
			look(s, at, e.end - at < BATCH ? (size_t)(e.end - at) : BATCH, buf, text);
	}
}

static void take_chunks(void *arg)
{
	struct scan *s = arg;
	_free_ unsigned char *buf = malloc(BATCH);
	_free_ unsigned char *text = malloc(dump_facts(s->dump)->page_size);

	while (buf && text && !cancelled()) {
		uint64_t from = atomic_fetch_add(&s->next, CHUNK);

		if (from >= s->end || from > s->found)
			break;
		look_through(s, from, from + CHUNK, buf, text);
	}
	if (trouble() < 0)
		s->trouble = trouble();
}

int vmcoreinfo_scan(struct dump *d, char **ret_text, size_t *ret_len, uint64_t *ret_paddr)
{
	struct scan s = {
		.dump = d,
		.end = dump_facts(d)->end,
		.found = UINT64_MAX,
		.within = UINT64_MAX,
		.dated = UINT64_MAX,
	};
	const size_t page = PAGE;
	_free_ char *text = calloc(1, page + 1);
	size_t len;
	int r;

	if (!text)
		return fail(-ENOMEM, "VMCOREINFO");
	crew_run(CREW_MOST, take_chunks, &s);
	if (cancelled())
		return fail(-EINTR, "interrupted while looking for VMCOREINFO");
	/* It may have been where nothing could be read; whoever asked is to know as well. */
	if (s.trouble < 0)
		return trouble_note(
			fail(s.trouble, "a file could not be read while looking for VMCOREINFO"));
	if (s.found == UINT64_MAX)
		s.found = s.dated != UINT64_MAX ? s.dated : s.within;
	if (s.found == UINT64_MAX)
		return fail(-ENOENT, "no VMCOREINFO, neither in the notes nor in memory");
	r = dump_read(d, s.found, text, page);
	if (r < 0)
		return r;
	len = strlen(text);
	*ret_paddr = s.found;
	*ret_len = len;
	*ret_text = take(&text);
	return 0;
}
