/* A kernel whose types are not known: older than BTF, or built without, and no debug file was found. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* Does it lack them? *@ret: in words, for the reader; valid as why() is. -EINTR, -ENOMEM. */
int lacks_types(struct kernel *k, const char **ret);
