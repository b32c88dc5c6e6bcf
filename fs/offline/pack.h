/* Where an export goes: a new or empty directory, or, by its name, a tar archive. Names are relative,
 * and of directories and files that are there once each. It does not know the tree. */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "fs/offline/copy.h"

struct pack;

/* @to ends with ".tar", or is "-" (an archive to standard output), or is a directory. Everything in it is
 * of @time, and for its owner alone, as a dump holds secrets. */
int pack_open(const char *to, time_t time, struct pack **ret);

/* The directory, absolute; NULL: it goes to an archive, which is open. */
const char *pack_folder(const struct pack *p);

int pack_dir(struct pack *p, const char *path);
int pack_link(struct pack *p, const char *path, const char *target);

/* The file begins when its size is known, and ends with pack_end(), filled up with zeros. @path must live
 * until then. */
void pack_file(struct pack *p, const char *path, struct copy_sink *ret);
int pack_end(struct pack *p);

/* Is it the place to write to that failed? */
bool pack_failed(const struct pack *p);

/* Write what is left. */
int pack_finish(struct pack *p);
void pack_close(struct pack *p);
