/* What a file is, by its content: a dump, a vmlinux, a module, or something else with a name. */
#pragma once

#include <stddef.h>

#include "dump/file.h"

enum file_kind { FILE_DUMP, FILE_VMLINUX, FILE_MODULE };

/* -EINVAL, with what it looks like and what to do about it, for every other file; errors of opening
 * and reading it. */
int identify(const char *path, enum file_kind *ret);

/* Start the message for a file that is no dump: "PATH: <what it is>; <what to do>". @f may be a
 * flattened dump's inner file. */
int identify_refuse(struct file *f);
