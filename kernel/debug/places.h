/* Names of files that may be debug files, as distributions lay them out. It opens none of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kernel/symbol/objfile.h"

/* The @i-th path below @root for the kernel of this @release, the likeliest first; the caller frees it.
 * NULL: no more, or no memory. */
char *place_of_vmlinux(const char *root, const char *release, size_t i);

/* Below @root by build-id, which has at least two bytes; the caller frees it. NULL: no memory. */
char *place_of_build_id(const char *root, const struct build_id *id);

/* "snd_hda" of ".../snd-hda.ko.debug", "vmlinux" of ".../vmlinux-6.1.0"; false: it is neither. */
bool place_name(const char *path, char *ret, size_t size);

/* The files in some folders by the name that place_name() gives. */
struct place_index {
	struct place_entry {
		char *name, *path;
		size_t order;
	} * v;
	size_t n;
	bool cut; /* there are more than LIMIT_DEBUG_FILES */
};

/* Add those in @folder; @deep: and below it. A folder that is not there has none. -ENOMEM; -EINTR. */
int place_index_add(struct place_index *ix, const char *folder, bool deep);
void place_index_seal(struct place_index *ix);
void place_index_fini(struct place_index *ix);

/* The @i-th path of this name, in the order of adding. NULL: no more. */
const char *place_index_find(const struct place_index *ix, const char *name, size_t i);
