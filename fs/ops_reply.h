/* Answers that several requests get: an error as programs understand it, bytes of a file. */
#pragma once

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include <fuse_lowlevel.h>

#include <stddef.h>
#include <stdint.h>

#include "fs/raw.h"

/* @code is one of ours, negative. */
void reply_error(fuse_req_t req, int code);

/* What there is of @len bytes at @off. */
void reply_read(fuse_req_t req, const struct raw *raw, uint64_t off, size_t len);
