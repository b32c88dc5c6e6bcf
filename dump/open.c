/* Opening: host file -> flattened? -> format -> notes, and what stays with the dump. */
#include "dump/open.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "dump/flat.h"
#include "dump/identify.h"
#include "dump/near.h"

#define HEAD	    4096
#define FROM_MEMORY "memory" /* where VMCOREINFO was found */

static const char *const status_names[PAGE_STATUSES] = {
	[PAGE_PRESENT] = "present", [PAGE_ZERO] = "zero",	    [PAGE_EXCLUDED] = "excluded",
	[PAGE_NO_RAM] = "no RAM",   [PAGE_TRUNCATED] = "truncated",
};

const char *page_status_name(enum page_status status)
{
	return status_names[status];
}

static int read_head(struct file *f, unsigned char *head, size_t *ret_len)
{
	return file_read_some(f, 0, head, HEAD, ret_len);
}

/* Open the next path, and look through a flattened stream. */
static int open_file(struct dump *d, const char *path, struct file **ret)
{
	struct dump_facts *facts = &d->opened.facts;
	unsigned char head[HEAD];
	struct file *f;
	bool complete;
	size_t len;
	int r = file_open(path, &f);

	if (r == 0)
		r = near_open(f, d->blocks, d->nr_files, &f);
	if (r < 0)
		return r;
	r = read_head(f, head, &len);
	if (r < 0) {
		file_close(f);
		return within(r, "%s", path);
	}
	if (flat_probe(head, len)) {
		r = flat_open(f, &f, &complete);
		if (r < 0)
			return within(r, "%s", path);
		facts->flattened = true;
		if (!complete) {
			facts->incomplete = true;
			problem(facts, "the flattened dump is incomplete: it has no end record");
		}
	}
	*ret = f;
	return 0;
}

static int find_format(struct file *f, const struct format **ret)
{
	unsigned char head[HEAD];
	size_t len;
	int r = read_head(f, head, &len);

	if (r < 0)
		return within(r, "%s", f->name);
	*ret = format_probe(head, len);
	return *ret ? 0 : identify_refuse(f);
}

/* All files must be of one format, and that must be one that splits. */
static int agree(struct dump *d)
{
	const struct format *other;

	for (size_t i = 0; i < d->nr_files; i++) {
		int r = find_format(d->files[i], &other);

		if (r < 0)
			return r;
		if (i == 0)
			d->format = other;
		if (d->nr_files > 1 && (other != d->format || !other->splits))
			return fail(-EINVAL,
				    "%s: several files were given, but this %s is not part "
				    "of a split set; give one dump",
				    d->files[i]->name, other->name);
	}
	return 0;
}

static int parse_notes(struct dump *d)
{
	struct opened *o = &d->opened;
	const struct note *n;
	int r = notes_parse(o->notes, o->notes_len, &d->notes, &d->nr_notes);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		problem(&o->facts, "%s", why());
	n = note_find(d->notes, d->nr_notes, "VMCOREINFO", 0);
	if (n && n->desc_len) {
		d->vmcoreinfo = (struct vmcoreinfo){ .origin = "note" };
		d->vmcoreinfo_text = strndup((const char *)n->desc, n->desc_len);
	} else if (o->vmcoreinfo_len) {
		d->vmcoreinfo = (struct vmcoreinfo){ .origin = "header" };
		d->vmcoreinfo_text = strndup(o->vmcoreinfo, o->vmcoreinfo_len);
	} else {
		return 0;
	}
	if (!d->vmcoreinfo_text)
		return fail(-ENOMEM, "VMCOREINFO");
	d->vmcoreinfo.text = d->vmcoreinfo_text;
	d->vmcoreinfo.len = strlen(d->vmcoreinfo_text);
	return 0;
}

static int open_format(struct dump *d)
{
	struct opened *o = &d->opened;
	int r;

	o->facts.format = d->format->name;
	o->facts.page_size = 4096;
	o->facts.dump_level = -1;
	r = d->format->open(d->files, d->nr_files, o);
	if (r < 0)
		/* Of several files the format has named the one. */
		return d->nr_files > 1 ? r : within(r, "%s", d->files[0]->name);
	r = cache_new(o->facts.page_size, PAGE_CACHE_BYTES, &d->pages);
	return r < 0 ? r : parse_notes(d);
}

int dump_open(const char *const *paths, size_t n, struct dump **ret)
{
	struct dump *d;
	int r = 0;

	if (!n || n > LIMIT_DUMP_FILES)
		return fail(-EINVAL, "%zu dump files", n);
	d = calloc(1, sizeof(*d));
	if (!d)
		return fail(-ENOMEM, "dump");
	pthread_mutex_init(&d->scan_lock, NULL);
	d->files = calloc(n, sizeof(*d->files));
	if (!d->files)
		r = fail(-ENOMEM, "%zu dump files", n);
	if (r == 0)
		r = near_cache(&d->blocks);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = open_file(d, paths[i], &d->files[i]);
		d->nr_files += r == 0;
	}
	if (r == 0)
		r = agree(d);
	if (r == 0)
		r = open_format(d);
	if (r < 0) {
		dump_close(d);
		return r;
	}
	*ret = d;
	return 0;
}

void dump_close(struct dump *d)
{
	if (!d)
		return;
	if (d->format)
		d->format->close(d->opened.priv);
	for (size_t i = 0; i < d->nr_files; i++)
		file_close(d->files[i]);
	free(d->files);
	cache_free(d->pages);
	cache_free(d->blocks);
	free(d->notes);
	free(d->vmcoreinfo_text);
	free(d->opened.notes);
	free(d->opened.vmcoreinfo);
	free(d->opened.segments);
	strbuf_fini(&d->opened.facts.header);
	strbuf_fini(&d->opened.facts.problems);
	pthread_mutex_destroy(&d->scan_lock);
	free(d);
}

const struct dump_facts *dump_facts(const struct dump *d)
{
	return &d->opened.facts;
}

size_t dump_path_count(const struct dump *d)
{
	return d->nr_files;
}

const char *dump_path(const struct dump *d, size_t i)
{
	return d->files[i]->name;
}

size_t dump_notes(const struct dump *d, const struct note **ret)
{
	*ret = d->notes;
	return d->nr_notes;
}

size_t dump_segments(const struct dump *d, const struct segment **ret)
{
	*ret = d->opened.segments;
	return d->opened.nr_segments;
}

bool dump_incomplete(struct dump *d)
{
	return d->opened.facts.incomplete ||
	       (d->format->truncated && d->format->truncated(d->opened.priv));
}

void dump_problems(struct dump *d, struct strbuf *out)
{
	const struct dump_facts *facts = &d->opened.facts;

	put_bytes(out, facts->problems.data, facts->problems.len);
	for (size_t i = 0; i < d->nr_files; i++)
		file_problem(d->files[i], out);
	if (dump_incomplete(d) && !facts->incomplete)
		put(out, "the dump is incomplete: the file ends before its last pages\n");
}

/* With .scan_lock held. */
static void take_vmcoreinfo(struct dump *d, char *text, size_t len, uint64_t paddr)
{
	d->vmcoreinfo_text = text;
	d->vmcoreinfo = (struct vmcoreinfo){
		.text = text, .len = len, .origin = FROM_MEMORY, .paddr = paddr
	};
}

int dump_vmcoreinfo(struct dump *d, const struct vmcoreinfo **ret)
{
	uint64_t paddr;
	size_t len;
	char *text;
	int r = 0;

	pthread_mutex_lock(&d->scan_lock);
	if (!d->vmcoreinfo_text && !d->scanned) {
		r = vmcoreinfo_scan(d, &text, &len, &paddr);
		if (r == 0)
			take_vmcoreinfo(d, text, len, paddr);
		/* An interrupted or failed scan has not shown that there is none. */
		d->scanned = r == 0 || r == -ENOENT;
	} else if (!d->vmcoreinfo_text) {
		r = fail(-ENOENT, "no VMCOREINFO, neither in the notes nor in memory");
	}
	pthread_mutex_unlock(&d->scan_lock);
	if (r < 0)
		return r;
	*ret = &d->vmcoreinfo;
	return 0;
}

int dump_vmcoreinfo_told(struct dump *d, const struct vmcoreinfo **ret)
{
	bool told;

	pthread_mutex_lock(&d->scan_lock);
	told = d->vmcoreinfo_text && strcmp(d->vmcoreinfo.origin, FROM_MEMORY);
	pthread_mutex_unlock(&d->scan_lock);
	if (!told)
		return fail(-ENOENT, "no VMCOREINFO in the notes");
	*ret = &d->vmcoreinfo;
	return 0;
}

void dump_vmcoreinfo_at(struct dump *d, uint64_t paddr)
{
	const size_t page = d->opened.facts.page_size;
	_free_ char *text = calloc(1, page + 1);
	size_t len;

	pthread_mutex_lock(&d->scan_lock);
	if (text && !d->vmcoreinfo_text && dump_read(d, paddr, text, page) == 0) {
		len = vmcoreinfo_recognise((unsigned char *)text, page);
		if (len)
			take_vmcoreinfo(d, take(&text), len, paddr);
	}
	pthread_mutex_unlock(&d->scan_lock);
}
