/* The files that a run is about, which is what, and what they open to: the dump, the kernel, the tree.
 * It neither mounts nor prints. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "fs/fs.h"
#include "fs/options.h"
#include "kernel/kernel.h"

/* What the environment says; NULL: nothing. */
struct surroundings {
	const char *home, *cache_home, *debuginfod_urls, *debuginfod_cache, *temporary, *shell;
};

struct sources {
	char **dumps; /* absolute, as are the others */
	size_t nr_dumps;
	char *vmlinux;
	char **modules; /* ends with NULL */
	size_t nr_modules;
	char *debug_dir, *dump_dir, *cache_dir;
	struct dump *dump;
	struct kernel *kernel;
	struct fs *fs;
	uint64_t bytes; /* of the dumps */
	time_t time;	/* of the crash, or when the dump was made */
};

/* The path without links and dots, malloced. */
int absolute(const char *path, char **ret);

/* Who is told how far what takes seconds is, and who asks servers for debug files; NULL: nobody. */
struct asking {
	progress_fn *progress;
	fetch_fn *fetch;
	void *arg;
};

/* Open all. @s, all zeros before, is to be closed in either case. */
int sources_open(struct sources *s, const struct options *o, const struct surroundings *around,
		 const struct asking *asking);
void sources_close(struct sources *s);
