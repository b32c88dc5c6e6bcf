/* What is costly to make, kept in a folder under the build-id of what it was made from. All of it may be
 * deleted at any time; that it cannot be read or written is no error, only slow. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/symbol/objfile.h"

/* The bytes that were kept for @id; the caller frees them. -ENOENT: none, or none that can be had. */
int keep_read(const char *folder, const struct build_id *id, void **ret, size_t *ret_len);

/* Keep @bytes, in place of what was kept, at once or not at all. The folder is made when it is missing;
 * what is in it is for its owner alone. */
void keep_write(const char *folder, const struct build_id *id, const struct strbuf *bytes);

/* Make the folder, and the one above, where they are not: a home that is not there stays away. */
void keep_make_folder(const char *folder);
