/* The units that a debug file consists of: which of them an address is in, and which functions and line.
 * It reads by a handle of its own, which is opened anew when what libdw keeps of it has grown too large;
 * where functions lie is kept. */
#pragma once

#include "kernel/debug/debugfile.h"
#include "kernel/debug/lines.h"

struct units;

/* @f is borrowed. NULL: no memory. Nothing is read yet. */
struct units *units_new(const struct debugfile *f);
void units_free(struct units *u);

/* As lines_at(), of this file. Any thread may call. */
int units_lines(struct units *u, uint64_t va, struct lines **ret);
