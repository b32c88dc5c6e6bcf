#include "fs/sources.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/base/err.h"
#include "dump/dump.h"
#include "dump/identify.h"
#include "kernel/kernel.h"

int absolute(const char *path, char **ret)
{
	*ret = realpath(path, NULL);
	return *ret ? 0 : fail(-errno, "%s: %s", path, strerror(errno));
}

static int set_vmlinux(struct sources *s, const char *path)
{
	if (s->vmlinux)
		return fail(-EINVAL, "%s: a second vmlinux, after %s", path, s->vmlinux);
	return absolute(path, &s->vmlinux);
}

static int take_file(struct sources *s, const char *path)
{
	enum file_kind kind;
	int r = identify(path, &kind);

	if (r < 0)
		return r;
	switch (kind) {
	case FILE_VMLINUX:
		return set_vmlinux(s, path);
	case FILE_MODULE:
		return absolute(path, &s->modules[s->nr_modules++]);
	case FILE_DUMP:
		break;
	}
	return absolute(path, &s->dumps[s->nr_dumps++]);
}

static int take_option_files(struct sources *s, const struct options *o)
{
	enum file_kind kind;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < o->nr_modules; i++)
		r = absolute(o->modules[i], &s->modules[s->nr_modules++]);
	if (r >= 0 && o->debug_dir)
		r = absolute(o->debug_dir, &s->debug_dir);
	if (r < 0 || !o->vmlinux)
		return r;
	r = identify(o->vmlinux, &kind);
	if (r == 0 && kind != FILE_VMLINUX)
		r = fail(-EINVAL, "%s: not a vmlinux", o->vmlinux);
	return r < 0 ? r : set_vmlinux(s, o->vmlinux);
}

/* Which argument is what. */
static int sort_files(struct sources *s, const struct options *o)
{
	int r;

	s->dumps = calloc(o->nr_files, sizeof(*s->dumps));
	s->modules = calloc(o->nr_files + o->nr_modules + 1, sizeof(*s->modules));
	if (!s->dumps || !s->modules)
		return fail(-ENOMEM, "%zu files", o->nr_files);
	for (size_t i = 0; i < o->nr_files; i++) {
		r = take_file(s, o->files[i]);
		if (r < 0)
			return r;
	}
	if (!s->nr_dumps)
		return fail(-EINVAL, "%s is a %s: a dump is missing", o->files[0],
			    s->vmlinux ? "vmlinux" : "module");
	return take_option_files(s, o);
}

/* Where debug files may be, and where what is costly to make is kept. */
static int find_folders(struct sources *s, const struct options *o,
			const struct surroundings *around)
{
	const char *cache = around->cache_home, *home = around->home, *slash;

	slash = strrchr(s->dumps[0], '/');
	s->dump_dir =
		strndup(s->dumps[0], slash == s->dumps[0] ? 1 : (size_t)(slash - s->dumps[0]));
	if (!s->dump_dir)
		return fail(-ENOMEM, "%s", s->dumps[0]);
	if (o->no_cache)
		return 0;
	if (cache && cache[0] == '/') {
		if (asprintf(&s->cache_dir, "%s/vmcorefs", cache) < 0)
			s->cache_dir = NULL;
	} else if (home && home[0] == '/' &&
		   asprintf(&s->cache_dir, "%s/.cache/vmcorefs", home) < 0) {
		s->cache_dir = NULL;
	}
	return 0;
}

/* When it crashed, without searching for it; or when the dump was made. */
static time_t time_of(struct dump *d, time_t mtime)
{
	const struct note *notes, *note;
	size_t n = dump_notes(d, &notes);
	struct vmcoreinfo vi;
	uint64_t t;

	note = note_find(notes, n, "VMCOREINFO", 0);
	if (note) {
		vi = (struct vmcoreinfo){ .text = (const char *)note->desc, .len = note->desc_len };
		if (vmcoreinfo_decimal(&vi, "CRASHTIME", &t))
			return (time_t)t;
	}
	t = dump_facts(d)->time;
	return t ? (time_t)t : mtime;
}

static void find_facts(struct sources *s)
{
	struct stat st;
	time_t mtime = 0;

	for (size_t i = 0; i < s->nr_dumps; i++) {
		if (stat(s->dumps[i], &st) < 0)
			continue;
		s->bytes += (uint64_t)st.st_size;
		mtime = st.st_mtime;
	}
	s->time = time_of(s->dump, mtime);
}

static int open_kernel(struct sources *s, const struct options *o,
		       const struct surroundings *around, const struct asking *asking)
{
	const char *urls = around->debuginfod_urls;
	const struct kernel_options options = {
		.vmlinux = s->vmlinux,
		.force = o->force,
		.no_debuginfo = o->no_debuginfo,
		.no_btf = o->no_btf,
		.no_orc = o->no_orc,
		.no_data_symbols = o->no_data_symbols,
		.modules = (const char *const *)s->modules,
		.debug_dir = s->debug_dir,
		.dump_dir = s->dump_dir,
		.fetch = urls && *urls ? asking->fetch : NULL,
		.fetch_arg = asking->arg,
		.cache_dir = s->cache_dir,
		.progress = asking->progress,
	};

	return kernel_open(s->dump, &options, &s->kernel);
}

int sources_open(struct sources *s, const struct options *o, const struct surroundings *around,
		 const struct asking *asking)
{
	int r = sort_files(s, o);

	if (r == 0)
		r = find_folders(s, o, around);
	if (r == 0)
		r = dump_open((const char *const *)s->dumps, s->nr_dumps, &s->dump);
	if (r == 0)
		r = open_kernel(s, o, around, asking);
	if (r == 0)
		r = fs_new(s->kernel, o->stable, o->cache_bytes, &s->fs);
	if (r < 0)
		return r;
	if (o->timeout >= 0)
		s->fs->seconds = (unsigned int)o->timeout;
	find_facts(s);
	return 0;
}

void sources_close(struct sources *s)
{
	fs_free(s->fs);
	kernel_close(s->kernel);
	dump_close(s->dump);
	for (size_t i = 0; i < s->nr_dumps; i++)
		free(s->dumps[i]);
	free(s->dumps);
	for (size_t i = 0; i < s->nr_modules; i++)
		free(s->modules[i]);
	free(s->modules);
	free(s->debug_dir);
	free(s->dump_dir);
	free(s->cache_dir);
	free(s->vmlinux);
}
