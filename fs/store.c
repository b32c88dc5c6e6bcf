#include "fs/store.h"

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include <fuse_lowlevel.h>

#define STORE_BYTES (64u << 10) /* what is larger is read in few requests anyway */

bool store_wants(const struct mount *m, const struct node *n)
{
	return m->session && !entry_is_dir(n->entry) && n->entry->rule->kind == RULE_TEXT &&
	       !node_is_sized(n);
}

/* The kernel locks the page that it stores to, and may have done so already for a read that waits for
 * one of our threads. So only one thread at a time gives something, and never the only one. */
void store_text(struct mount *m, struct node *n)
{
	struct fuse_bufvec buf = FUSE_BUFVEC_INIT(0);
	const struct raw *raw;

	if (!n->size || n->size > STORE_BYTES || pthread_mutex_trylock(&m->storing))
		return;
	if (fs_pin(m->fs, n, &raw) == 0) {
		buf.buf[0].size = raw->size;
		buf.buf[0].mem = (void *)(uintptr_t)raw_bytes(raw);
		if (fuse_lowlevel_notify_store(m->session, (uintptr_t)n, 0, &buf, 0) == 0)
			fs_unpin_last(m->fs, n);
		else
			fs_unpin(m->fs, n);
	}
	pthread_mutex_unlock(&m->storing);
}
