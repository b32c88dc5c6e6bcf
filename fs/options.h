/* The command line, taken apart; what the files are is not asked here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include <fuse_opt.h>

struct options {
	int help, version, foreground, debug, single, force, allow_other;
	char *vmlinux; /* -o vmlinux=FILE; NULL: none */
	char **files;  /* the arguments before the last */
	size_t nr_files;
	char *mountpoint;      /* the last */
	struct fuse_args args; /* what is left for FUSE */
};

/* -EINVAL: what is wrong with it. @ret is to be released in either case. */
int options_parse(int argc, char **argv, struct options *ret);
void options_fini(struct options *o);

/* What --help prints. */
extern const char options_help[];
