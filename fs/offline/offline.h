/* The tree without a mount: what `vmcorefs cat`, `ls` and `export` do. It knows no FUSE. */
#pragma once

#include <stdbool.h>

#include "fs/options.h"
#include "fs/sources.h"

bool offline_does(enum verb verb);

/* Do what @o says. *@ret_status: 0, or 1 when something asked for was not there, or not whole; it has
 * been said on stderr. An error: nothing could be done. */
int offline_run(const struct options *o, const struct surroundings *around, int *ret_status);

struct pack;

/* The commands. *@ret_status is 0 before. */
int offline_cat(struct sources *s, char *const *paths, int *ret_status);
int offline_ls(struct sources *s, const struct options *o, int *ret_status);
int offline_export(struct sources *s, struct pack *pack, char *const *paths, int *ret_status);

/* Say on stderr what is wrong with @path: @what, or why(). */
void offline_complain(const char *path, const char *what, int *ret_status);
