/* Debug files from servers: debuginfod. */
#pragma once

#include "kernel/symbol/objfile.h"

/* Is the file not wanted any more? */
typedef bool fetch_stop_fn(void *arg);

/* Ask the servers of the user's environment for the debug file with this build-id, and keep it where
 * debuginfod keeps its files. @stop is asked now and then. @ret is the caller's to free. -ENOENT: none has
 * it; -EOPNOTSUPP: built without debuginfod, or its library is not there; -EINTR. */
int fetch_debug_file(const struct build_id *id, fetch_stop_fn *stop, void *arg, char **ret);
