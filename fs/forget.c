#include "fs/forget.h"

#include <string.h>

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include <fuse_lowlevel.h>

#define KEPT (64u << 10) /* nodes: some 300 bytes each */

/* The kernel keeps what it has looked up until it lacks memory. Told that a directory's name is no longer
 * valid it looks it up again, and drops all below that nobody uses. It locks the directory above for that,
 * where another of our threads may have to answer a lookup first: so only one thread at a time waits for
 * it, and never the only one. */
void forget_much(struct mount *m)
{
	struct nodes *ns = m->fs->nodes;
	struct node *dir;

	if (!m->session || pthread_mutex_trylock(&m->forgetting))
		return;
	dir = nodes_forget_due(ns, KEPT) ? nodes_fullest(ns) : NULL;
	if (dir) {
		const bool at_top = dir->parent == nodes_root(ns);

		fuse_lowlevel_notify_inval_entry(m->session,
						 at_top ? FUSE_ROOT_ID : (uintptr_t)dir->parent,
						 dir->name, strlen(dir->name));
		node_unref(ns, dir, 1);
	}
	pthread_mutex_unlock(&m->forgetting);
}
