/* The keys that the kernel's own files print: "VmPeak" of "VmPeak:\t". They stand in its constant data,
 * so what a file of this very kernel has in it is asked there, whatever its version and patches. */
#pragma once

#include "kernel/kernel.h"

/* Is @key, with a colon behind it, in the kernel's constant data? "ino:\t" asks for one that a tab
 * follows, which is how most files of /proc write. Also true when that cannot be read:
 * what is printed then depends on the members that there are. */
bool kernel_prints(struct kernel *k, const char *key);

struct keys;

/* kernel.c's: what is kept of them. NULL: no memory. */
struct keys *keys_new(struct kernel *k);
void keys_free(struct keys *keys);
