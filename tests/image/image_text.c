/* The text form of a memory, a line each:
 *
 *	set release 6.1.0-test		also nodename, version, arch, machine, page_size, cpus,
 *					phys_base, time
 *	vmcoreinfo OSRELEASE=6.1.0	a line of VMCOREINFO
 *	note CORE 1 0*336		name, type, bytes as below
 *	page 0x1000 u64 0x2067 0*511	eight-byte numbers; N*COUNT repeats
 *	page 0x6000 bytes "hello" 0*91	bytes and strings (\n \\ \" only); the rest is zeros
 *	page 0x7000 vmcoreinfo		the VMCOREINFO text so far, as the kernel keeps it
 *	pages 1M..4M user pattern	zero, pattern, random or excluded; before it may stand what
 *					the pages are for: kernel, cache, private, user, free
 *	comb 4G..16T 16G 2M pattern	such pages, 2M of each 16G
 *
 * Addresses ascend; # begins a comment. Numbers may end in K, M, G, T, or in p for pages. */
#include "tests/image/image.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct words {
	const char *p;
	int line;
	uint32_t page_size;
};

static void skip_blanks(struct words *w)
{
	while (*w->p == ' ' || *w->p == '\t')
		w->p++;
	if (*w->p == '#')
		w->p += strcspn(w->p, "\n");
}

/* Is @word next? Then step over it. */
static bool word(struct words *w, const char *word)
{
	size_t len = strlen(word);

	skip_blanks(w);
	if (strncmp(w->p, word, len) || (w->p[len] && !isspace((unsigned char)w->p[len])))
		return false;
	w->p += len;
	return true;
}

static bool at_end(struct words *w)
{
	skip_blanks(w);
	return !*w->p || *w->p == '\n';
}

static uint64_t number(struct words *w)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	char *end;
	uint64_t v;

	skip_blanks(w);
	v = strtoull(w->p, &end, 0);
	if (end == w->p)
		die("line %d: a number belongs here: %.20s", w->line, w->p);
	w->p = end;
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (suffix)
		v <<= 10 * (suffix - suffixes + 1);
	else if (*end == 'p')
		v *= w->page_size;
	w->p += suffix || *end == 'p';
	return v;
}

static void range(struct words *w, uint64_t *start, uint64_t *end)
{
	*start = number(w);
	if (strncmp(w->p, "..", 2))
		die("line %d: a range is START..END", w->line);
	w->p += 2;
	*end = number(w);
}

/* What is left of the line, without blanks around it. */
static size_t rest(struct words *w, const char **ret)
{
	size_t len;

	w->p += strspn(w->p, " \t"); /* not a comment: "#1 SMP" */
	*ret = w->p;
	len = strcspn(w->p, "\n");
	w->p += len;
	while (len && isspace((unsigned char)(*ret)[len - 1]))
		len--;
	return len;
}

static void string(struct words *w, struct blob *ret)
{
	for (w->p++; *w->p != '"'; w->p++) {
		char c = *w->p;

		if (!c || c == '\n')
			die("line %d: the string does not end", w->line);
		if (c == '\\') {
			c = *++w->p;
			c = c == 'n' ? '\n' : c;
		}
		blob_add(ret, &c, 1);
	}
	w->p++;
}

/* Numbers of @width bytes and strings up to the end of the line. */
static void content(struct words *w, size_t width, struct blob *ret)
{
	while (!at_end(w)) {
		uint64_t value, count = 1;

		if (*w->p == '"') {
			string(w, ret);
			continue;
		}
		value = number(w);
		if (*w->p == '*') {
			w->p++;
			count = number(w);
		}
		while (count--)
			blob_add(ret, &value, width);
	}
}

static unsigned int class_of(struct words *w)
{
	static const struct {
		const char *name;
		unsigned int class;
	} classes[] = {
		{ "kernel", CLASS_KERNEL }, { "cache", CLASS_CACHE }, { "private", CLASS_PRIVATE },
		{ "user", CLASS_USER },	    { "free", CLASS_FREE },
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (word(w, classes[i].name))
			return classes[i].class;
	return CLASS_KERNEL;
}

static bool fill_of(struct words *w, enum fill *ret)
{
	static const char *const names[] = {
		[FILL_ZERO] = "zero",
		[FILL_PATTERN] = "pattern",
		[FILL_RANDOM] = "random",
		[FILL_NONE] = "excluded",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] && word(w, names[i])) {
			*ret = (enum fill)i;
			return true;
		}
	return false;
}

static void one_page(struct image *img, struct words *w)
{
	uint64_t paddr = number(w);
	unsigned int class = class_of(w);
	struct blob page = { 0 };
	enum fill fill;

	if (fill_of(w, &fill)) {
		image_add(img, paddr, img->page_size, fill, class, NULL);
		return;
	}
	if (word(w, "u64"))
		content(w, 8, &page);
	else if (word(w, "bytes"))
		content(w, 1, &page);
	else if (word(w, "vmcoreinfo"))
		blob_add(&page, img->vmcoreinfo.data, img->vmcoreinfo.len);
	else
		die("line %d: no such content: %.20s", w->line, w->p);
	if (page.len > img->page_size)
		die("line %d: %zu bytes in a page", w->line, page.len);
	while (page.len < img->page_size)
		blob_add(&page, "", 1);
	image_add(img, paddr, img->page_size, FILL_BYTES, class, page.data);
}

static void many_pages(struct image *img, struct words *w, bool comb)
{
	uint64_t start, end, step, size;
	unsigned int class;
	enum fill fill;

	range(w, &start, &end);
	step = comb ? number(w) : end - start;
	size = comb ? number(w) : end - start;
	class = class_of(w);
	if (!step || !fill_of(w, &fill))
		die("line %d: zero, pattern, random or excluded?", w->line);
	for (; start < end; start += step)
		image_add(img, start, size, fill, class, NULL);
}

static void note_line(struct image *img, struct words *w)
{
	struct blob desc = { 0 };
	char name[64];
	int len = 0;
	uint32_t type;

	skip_blanks(w);
	if (sscanf(w->p, "%63s%n", name, &len) != 1)
		die("line %d: a note has a name", w->line);
	w->p += len;
	type = (uint32_t)number(w);
	content(w, 1, &desc);
	note_add(&img->notes, name, type, desc.data, desc.len);
	blob_fini(&desc);
}

static void set_line(struct image *img, struct words *w)
{
	const struct {
		const char *name;
		char *text;
		uint64_t *u64;
		uint32_t *u32;
	} facts[] = {
		{ .name = "nodename", .text = img->nodename },
		{ .name = "release", .text = img->release },
		{ .name = "version", .text = img->version },
		{ .name = "arch", .text = img->arch },
		{ .name = "page_size", .u32 = &img->page_size },
		{ .name = "cpus", .u32 = &img->nr_cpus },
		{ .name = "phys_base", .u64 = &img->phys_base },
		{ .name = "time", .u64 = &img->time },
	};
	const char *value;
	size_t len;

	if (word(w, "machine")) {
		img->machine = (uint16_t)number(w);
		return;
	}
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (!word(w, facts[i].name))
			continue;
		if (facts[i].u32) {
			*facts[i].u32 = (uint32_t)number(w);
		} else if (facts[i].u64) {
			*facts[i].u64 = number(w);
		} else {
			len = rest(w, &value);
			snprintf(facts[i].text, 66, "%.*s", (int)len, value);
		}
		return;
	}
	die("line %d: no such fact: %.20s", w->line, w->p);
}

static void one_line(struct image *img, struct words *w)
{
	const char *text;
	size_t len;

	if (word(w, "set")) {
		set_line(img, w);
	} else if (word(w, "vmcoreinfo")) {
		len = rest(w, &text);
		blob_add(&img->vmcoreinfo, text, len);
		blob_add(&img->vmcoreinfo, "\n", 1);
	} else if (word(w, "note")) {
		note_line(img, w);
	} else if (word(w, "page")) {
		one_page(img, w);
	} else if (word(w, "pages")) {
		many_pages(img, w, false);
	} else if (word(w, "comb")) {
		many_pages(img, w, true);
	}
	if (!at_end(w))
		die("line %d: not understood: %.20s", w->line, w->p);
}

void image_parse(struct image *img, const char *text)
{
	struct words w = { .p = text };

	while (*w.p) {
		w.line++;
		w.page_size = img->page_size;
		one_line(img, &w);
		w.p += *w.p == '\n';
	}
}

void image_load(struct image *img, const char *path)
{
	FILE *f = fopen(path, "r");
	struct blob text = { 0 };
	char buf[4096];
	size_t n;

	if (!f)
		die("%s: %m", path);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		blob_add(&text, buf, n);
	fclose(f);
	blob_add(&text, "", 0);
	image_parse(img, (char *)text.data);
	blob_fini(&text);
}
