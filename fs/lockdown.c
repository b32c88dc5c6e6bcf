#include "fs/lockdown.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/dump.h"
#include "fs/sandbox/readable.h"
#include "kernel/debug/keep.h"

void lockdown_init(struct lockdown *l)
{
	*l = (struct lockdown){ 0 };
	monitor_init(&l->monitor);
	sandbox_init(&l->sandbox);
}

/* Our own /proc/self, which a user namespace needs, is not ours once we are hidden. */
int lockdown_begin(struct lockdown *l, const struct options *o, const struct monitor_job *job)
{
	int r;

	l->off = o->no_sandbox;
	r = l->off ? 0 : sandbox_hide();
	return r < 0 ? r : monitor_start(&l->monitor, job);
}

/* What debuginfod fetches, as its client finds the folder. */
static int add_fetched(struct readable *l, const struct surroundings *around)
{
	const char *given = around->debuginfod_cache, *cache = around->cache_home,
		   *home = around->home;
	_free_ char *folder = NULL;
	int r;

	if (given)
		r = asprintf(&folder, "%s", given);
	else if (cache)
		r = asprintf(&folder, "%s/debuginfod_client", cache);
	else
		r = asprintf(&folder, "%s/.cache/debuginfod_client", home ? home : "");
	if (r < 0) {
		folder = NULL;
		return fail(-ENOMEM, "folders of debug files");
	}
	keep_make_folder(folder);
	return readable_add(l, folder);
}

/* A reader's numbers are in its host's /proc: see reader.c. */
static int add_all(struct readable *l, const struct sources *s, const struct surroundings *around)
{
	const struct kernel_options *o = kernel_options(s->kernel);
	int r = readable_add_debug(l, o, dump_facts(s->dump)->release);

	if (r >= 0 && o->fetch)
		r = add_fetched(l, around);
	return r < 0 ? r : readable_add(l, "/proc");
}

int lockdown_prepare(struct lockdown *l, const struct sources *s, const struct surroundings *around,
		     const char *export)
{
	struct readable readable = { 0 };
	int r;

	if (l->off)
		return 0;
	r = add_all(&readable, s, around);
	if (s->cache_dir)
		keep_make_folder(s->cache_dir);
	if (r >= 0)
		r = sandbox_prepare(&l->sandbox, readable.paths, s->cache_dir, export);
	readable_fini(&readable);
	return r;
}

int lockdown_lock(const struct lockdown *l, pid_t child)
{
	int r = l->off ? 0 : sandbox_lock(&l->sandbox, child);

	return r < 0 ? within(r, "locking it down (--no-sandbox does without)") : 0;
}

void lockdown_end(struct lockdown *l)
{
	monitor_end(&l->monitor);
	sandbox_fini(&l->sandbox);
}
