/* The command line, taken apart; what the files are is not asked here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include <fuse_opt.h>

/* What is asked for. */
enum verb { VERB_MOUNT, VERB_EXEC, VERB_CAT, VERB_LS, VERB_EXPORT };

struct options {
	enum verb verb;
	int help, version, foreground, debug, single, force, allow_other, no_debuginfo, no_cache,
		no_sandbox;
	int no_btf, no_orc, no_data_symbols, stable, list_long, recursive;
	int timeout;	    /* seconds; negative: as ever */
	size_t cache_bytes; /* of texts that are kept; 0: as ever */
	char *vmlinux;	    /* -o vmlinux=FILE; NULL: none */
	char *debug_dir;    /* NULL: none */
	char **modules;	    /* -m */
	size_t nr_modules;
	char **files; /* the arguments before the last */
	size_t nr_files;
	char *mountpoint;      /* the last; of VERB_MOUNT alone, else NULL */
	char **words;	       /* what stands after "--"; ends with NULL; borrowed from argv */
	struct fuse_args args; /* what is left for FUSE */
};

/* @argv is changed, and must outlive @ret. -EINVAL: what is wrong with it. @ret is to be released in either case. */
int options_parse(int argc, char **argv, struct options *ret);
void options_fini(struct options *o);

/* What --help prints. */
extern const char options_help[];
