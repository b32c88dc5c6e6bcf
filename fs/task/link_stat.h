/* What stat(2) showed of the file that a link of a process leads to. */
#pragma once

#include <sys/stat.h>

#include "fs/gen.h"

/* @link: the one of the tree table that @r is of. -ENOENT: it is not of a file. */
int task_link_stat(struct render *r, text_fn *link, struct stat *ret);
