#include "kernel/file/mount_ns.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/file/super.h"
#include "kernel/task/task.h"

static int by_number(const void *a, const void *b)
{
	const struct mount_ns *x = a, *y = b;

	if (x->inum != y->inum)
		return x->inum < y->inum ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void sort(struct mount_nss *nss)
{
	size_t n = 0;

	if (nss->n)
		qsort(nss->v, nss->n, sizeof(*nss->v), by_number);
	for (size_t i = 0; i < nss->n; i++)
		if (!n || nss->v[n - 1].addr != nss->v[i].addr)
			nss->v[n++] = nss->v[i];
	nss->n = n;
}

/* Most come many times: they are thrown out before there is more room. */
static int make_room(struct mount_nss *nss)
{
	struct mount_ns *v;
	size_t room = nss->room ? 2 * nss->room : 64;

	sort(nss);
	if (nss->n < nss->room / 2)
		return 0;
	v = realloc(nss->v, room * sizeof(*v));
	if (!v)
		return fail(-ENOMEM, "%zu mount namespaces", room);
	nss->v = v;
	nss->room = room;
	return 0;
}

static int add(struct kernel *k, struct mount_nss *nss, uint64_t ns)
{
	struct mount_ns found = { .addr = ns };
	int r;

	if (nss->n && nss->v[nss->n - 1].addr == ns)
		return 0;
	r = field_u64(k, ns, F_mnt_ns_inum, &found.inum);
	if (r >= 0 && nss->n == nss->room)
		r = make_room(nss);
	if (r >= 0)
		nss->v[nss->n++] = found;
	return r;
}

struct search {
	struct kernel *k;
	struct mount_nss *nss;
};

static int add_of_mount(void *arg, uint64_t mount)
{
	struct search *s = arg;
	uint64_t ns;
	int r = mount_namespace(s->k, mount, &ns);

	return r < 0 || !ns || ns == MOUNT_OF_KERNEL ? r : add(s->k, s->nss, ns);
}

/* Errors of the dump are told; 0 then. */
static int tell(struct mount_nss *nss, int r)
{
	if (r >= 0 || r == -EINTR || r == -ENOMEM)
		return r < 0 ? r : 0;
	put(&nss->problems, "%s\n", why());
	return 0;
}

static int add_of_supers(struct search *s)
{
	struct list_walk w;
	uint64_t sb;
	int r = supers_begin(&w, s->k);

	while (r >= 0 && (r = list_next(&w, &sb)) > 0)
		r = tell(s->nss, super_mounts_each(s->k, sb, add_of_mount, s));
	return tell(s->nss, r);
}

static int add_of_task(struct search *s, uint64_t task)
{
	uint64_t proxy, ns;
	int r = field_u64(s->k, task, F_task_nsproxy, &proxy);

	if (r < 0 || !proxy)
		return r;
	r = field_u64(s->k, proxy, F_nsproxy_mnt_ns, &ns);
	return r < 0 || !ns ? r : add(s->k, s->nss, ns);
}

int mount_namespaces(struct kernel *k, struct mount_nss *ret)
{
	struct mount_nss nss = { 0 };
	struct search s = { k, &nss };
	const struct task_list *l;
	int r = tasks_get(k, &l);

	if (r >= 0)
		r = add_of_supers(&s);
	for (size_t i = 0; r >= 0 && i < l->n; i++)
		r = tell(&nss, add_of_task(&s, l->v[i].task));
	if (r < 0) {
		mount_nss_fini(&nss);
		return r;
	}
	sort(&nss);
	*ret = nss;
	return 0;
}

void mount_nss_fini(struct mount_nss *nss)
{
	free(nss->v);
	strbuf_fini(&nss->problems);
	*nss = (struct mount_nss){ 0 };
}

int mount_ns_root(struct kernel *k, uint64_t ns, struct path *ret)
{
	uint64_t mount;
	struct path p;
	int r = field_u64(k, ns, F_mnt_ns_root, &mount);

	if (r == 0)
		r = field_addr(k, mount, F_mount_mnt, &p.mnt);
	if (r == 0)
		r = field_u64(k, p.mnt, F_vfsmount_root, &p.dentry);
	if (r == 0)
		*ret = p;
	return r;
}
