/* What the fuzz targets share. Each target is one function that eats bytes from anywhere; libFuzzer
 * calls it, or fuzz_main.c with files. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dump/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Open the bytes as this format, and go over all extents and notes. */
void fuzz_format(const struct format *format, const uint8_t *data, size_t size);

/* A file without a name that holds the bytes; @ret_path opens it. */
int fuzz_file(const uint8_t *data, size_t size, char ret_path[32]);

/* Look at a value that was parsed: what it was made of must have been there. */
void fuzz_use(uint64_t value);

struct kernel;

/* A kernel whose VMCOREINFO are the bytes up to a NUL, and whose memory at 0xffffffff80000000 those
 * behind it; NULL when they make none. */
struct kernel *fuzz_kernel(const uint8_t *data, size_t size);
void fuzz_kernel_close(struct kernel *k);

/* Extents and some of the bytes of each, notes and VMCOREINFO. */
void fuzz_dump(struct dump *d);
