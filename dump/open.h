/* struct dump, for the sources of this layer that make up dump.h. */
#pragma once

#include <pthread.h>

#include "dump/cache.h"
#include "dump/dump.h"
#include "dump/format.h"

struct dump {
	const struct format *format;
	struct file **files;
	size_t nr_files;
	struct opened opened;
	struct cache *pages, *blocks; /* of memory; of the files */
	struct note *notes;
	size_t nr_notes;
	pthread_mutex_t scan_lock; /* of the four below */
	bool scanned;		   /* memory was searched for VMCOREINFO */
	char *vmcoreinfo_text;
	struct vmcoreinfo vmcoreinfo;
};
