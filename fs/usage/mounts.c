/* /mounts: what is mounted in all namespaces, one line each. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/usage/inode.h"
#include "fs/usage/top.h"
#include "kernel/file/mount.h"
#include "kernel/file/mount_ns.h"
#include "kernel/file/mount_options.h"

#define ESCAPES " \t\n\\"

/* As /proc/mounts has them. */
static int put_options(struct strbuf *out, struct kernel *k, const struct mount *m)
{
	bool is_ro = m->flags & MNT_READONLY || m->sb_flags & SB_RDONLY;
	int e;

	put_str(out, is_ro ? "ro" : "rw");
	put_sb_flags(out, m);
	e = put_mount_flags(out, k, m);
	return e < 0 ? e : put_fs_options(out, k, m->sb);
}

/* Bytes that mountinfo escapes are escaped by then, and backslashes do not come twice. */
static void put_word(struct strbuf *out, const struct strbuf *word, int width)
{
	STRBUF(safe);

	for (size_t i = 0; i < word->len; i++) {
		unsigned char c = (unsigned char)word->data[i];

		if (c < ' ' || c == 0x7f)
			put(&safe, "\\%03o", c);
		else
			put_bytes(&safe, word->data + i, 1);
	}
	put(out, " %-*s", width, safe.len ? safe.data : "-");
}

static int put_mount(struct render *r, const struct mount_ns *ns, const struct mount *m,
		     const struct path *root)
{
	STRBUF(type);
	STRBUF(source);
	STRBUF(dir);
	STRBUF(options);
	STRBUF(place);
	int e = put_fs_type(&type, r->k, m);

	put(r->out, "%7lu %7lu %10lu", m->id, m->parent_id, ns->inum);
	put_dev(r->out, m->dev, 8);
	if (e >= 0)
		e = put_mount_source(&source, r->k, m);
	if (e >= 0)
		e = put_dentry(&dir, r->k, m->root.dentry, ESCAPES);
	if (e >= 0)
		e = put_options(&options, r->k, m);
	if (e >= 0)
		e = put_path(&place, r->k, &m->root, root, ESCAPES);
	put_word(r->out, &type, 10);
	put_word(r->out, &source, 12);
	put_word(r->out, &dir, 6);
	put_word(r->out, &place, 24);
	put_word(r->out, &options, 0);
	if (e < 0)
		put(r->out, " !! %s", why());
	put_str(r->out, "\n");
	return e == -EINTR ? e : 0;
}

static int put_namespace(struct render *r, const struct mount_ns *ns)
{
	struct mount_walk w;
	struct path root;
	struct mount m;
	int e = mount_ns_root(r->k, ns->addr, &root);

	if (e >= 0)
		e = mounts_begin(&w, r->k, ns->addr);
	while (e >= 0 && (e = mounts_next(&w, &m)) > 0)
		e = put_mount(r, ns, &m, &root);
	if (e < 0 && e != -EINTR) {
		put(r->out, "!! namespace %lu: %s\n", ns->inum, why());
		return 0;
	}
	return e;
}

int gen_mounts(struct render *r)
{
	struct mount_nss nss;
	int e = mount_namespaces(r->k, &nss);

	if (e < 0)
		return e;
	put_str(r->out, "     ID  PARENT  NAMESPACE     DEV TYPE       SOURCE       ROOT   "
			"MOUNT POINT              OPTIONS\n");
	for (size_t i = 0; e >= 0 && i < nss.n; i++)
		e = put_namespace(r, &nss.v[i]);
	put_problems(r->out, &nss.problems);
	mount_nss_fini(&nss);
	return e;
}
