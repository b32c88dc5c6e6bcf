/* Sets of CPUs, memory nodes and other small numbers as the kernel prints them. */
#pragma once

#include "dump/base/strbuf.h"

/* "3", "ff,ffffffff": the @nr bits of @words, 32 to a group. */
void put_mask(struct strbuf *out, const uint64_t *words, size_t nr);

/* "0-1,5" */
void put_mask_list(struct strbuf *out, const uint64_t *words, size_t nr);
