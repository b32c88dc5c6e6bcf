#include "kernel/sys/sysctl.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/rbtree.h"

#define TYPE_MASK 0170000
#define TYPE_DIR  0040000
#define TYPE_LINK 0120000
#define DEPTH_MAX 32

/* Where entries that are per namespace are: which kind, the root's function of permissions tells. */
static const struct {
	const char *permissions, *ns;
	enum field set;
} roots[] = {
	{ "net_ctl_permissions", "init_net", F_net_sysctls },
	{ "set_permissions", "init_user_ns", F_user_ns_set },
	{ "pid_table_root_permissions", "init_pid_ns", F_pid_ns_set },
	{ "ipc_permissions", "init_ipc_ns", F_ipc_ns_ipc_set },
	{ "mq_permissions", "init_ipc_ns", F_ipc_ns_mq_set },
};

int sysctl_root(struct kernel *k, uint64_t *ret)
{
	uint64_t root;
	int r = symbol_addr(k, "sysctl_table_root", &root);

	if (r >= 0)
		r = field_addr(k, root, F_ctl_root_default_set, &root);
	return r < 0 ? r : field_addr(k, root, F_ctl_set_dir, ret);
}

static int read_table(struct kernel *k, uint64_t table, struct sysctl *ret)
{
	int r = field_str(k, table, F_ctl_procname, ret->name, sizeof(ret->name));

	ret->table = table;
	ret->dir = 0;
	if (r >= 0)
		r = field_u64(k, table, F_ctl_data, &ret->data);
	if (r >= 0)
		r = field_u64(k, table, F_ctl_maxlen, &ret->max);
	if (r >= 0)
		r = field_u64(k, table, F_ctl_mode, &ret->mode);
	if (r >= 0)
		r = field_u64(k, table, F_ctl_handler, &ret->handler);
	return r < 0 ? within(r, "ctl_table at %#lx", table) : 0;
}

/* The entry that hangs in the tree by the ctl_node at @node; and its ctl_table_header. */
static int read_node(struct kernel *k, uint64_t node, struct sysctl *ret, uint64_t *ret_header)
{
	uint64_t nodes, tables, node_size, table_size, i;
	int r = field_u64(k, node, F_ctl_node_header, ret_header);

	if (r >= 0)
		r = field_u64(k, *ret_header, F_ctl_header_node, &nodes);
	if (r >= 0)
		r = field_u64(k, *ret_header, F_ctl_header_table, &tables);
	if (r >= 0)
		r = kernel_sizeof(k, "ctl_node", &node_size);
	if (r >= 0)
		r = kernel_sizeof(k, "ctl_table", &table_size);
	if (r < 0)
		return r;
	i = node_size ? (node - nodes) / node_size : 0;
	if (i > UINT16_MAX)
		return fail(-EBADMSG, "a ctl_node at %#lx that is not its header's", node);
	r = read_table(k, tables + i * table_size, ret);
	if (r >= 0 && (ret->mode & TYPE_MASK) == TYPE_DIR)
		r = field_owner(k, *ret_header, F_ctl_dir_header, &ret->dir);
	return r;
}

/* The entries of one directory, links as they are. */
static int each_plain(struct kernel *k, uint64_t dir,
		      int (*fn)(void *arg, const struct sysctl *s, uint64_t header), void *arg)
{
	uint64_t root, node, header;
	struct sysctl s;
	struct rb_walk w;
	int r = field_addr(k, dir, F_ctl_dir_root, &root);

	if (r >= 0)
		r = rb_begin(&w, k, root, F_ctl_node_node);
	while (r >= 0 && (r = rb_next(&w, &node)) > 0) {
		r = read_node(k, node, &s, &header);
		if (r >= 0)
			r = fn(arg, &s, header);
		if (r)
			break;
	}
	return r < 0 ? within(r, "ctl_dir at %#lx", dir) : r;
}

struct search {
	const char *name;
	struct sysctl *ret;
};

static int is_it(void *arg, const struct sysctl *s, uint64_t header)
{
	struct search *search = arg;

	(void)header;
	if (strcmp(s->name, search->name))
		return 0;
	*search->ret = *s;
	return 1;
}

static int find_plain(struct kernel *k, uint64_t dir, const char *name, struct sysctl *ret)
{
	struct search search = { name, ret };
	int r = each_plain(k, dir, is_it, &search);

	return r ? (r < 0 ? r : 0) : fail(-ENOENT, "no entry %s", name);
}

/* The directory of @set that has the path of @dir. */
static int same_dir(struct kernel *k, uint64_t set, uint64_t dir, unsigned int depth, uint64_t *ret)
{
	uint64_t header, parent, table;
	char name[SYSCTL_NAME_LEN];
	struct sysctl s;
	int r = field_addr(k, dir, F_ctl_dir_header, &header);

	if (r >= 0)
		r = field_u64(k, header, F_ctl_header_parent, &parent);
	if (r >= 0 && !parent)
		return field_addr(k, set, F_ctl_set_dir, ret);
	if (r >= 0 && depth == DEPTH_MAX)
		r = fail(-ELOOP, "directories too deep");
	if (r >= 0)
		r = same_dir(k, set, parent, depth + 1, &parent);
	if (r >= 0)
		r = field_u64(k, header, F_ctl_header_table, &table);
	if (r >= 0)
		r = field_str(k, table, F_ctl_procname, name, sizeof(name));
	if (r >= 0)
		r = find_plain(k, parent, name, &s);
	if (r >= 0 && !s.dir)
		r = fail(-EBADMSG, "%s is no directory", name);
	if (r >= 0)
		*ret = s.dir;
	return r;
}

/* The set of entries that the initial namespace has below @root. */
static int set_of_root(struct kernel *k, uint64_t root, uint64_t *ret)
{
	uint64_t permissions, ns;
	struct symbol s;
	int r = field_u64(k, root, F_ctl_root_permissions, &permissions);

	if (r >= 0)
		r = symbol_at(k, permissions, &s);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		if (strcmp(s.name, roots[i].permissions))
			continue;
		r = symbol_addr(k, roots[i].ns, &ns);
		return r < 0 ? r : field_addr(k, ns, roots[i].set, ret);
	}
	return fail(-EOPNOTSUPP, "namespaces by %s()", s.name);
}

static int follow(struct kernel *k, uint64_t header, struct sysctl *s)
{
	uint64_t set, dir;
	int r = set_of_root(k, s->data, &set);

	if (r >= 0)
		r = field_u64(k, header, F_ctl_header_parent, &dir);
	if (r >= 0)
		r = same_dir(k, set, dir, 0, &dir);
	if (r >= 0) {
		char name[SYSCTL_NAME_LEN];

		memcpy(name, s->name, sizeof(name));
		r = find_plain(k, dir, name, s);
	}
	return r;
}

struct following {
	struct kernel *k;
	sysctl_fn *fn;
	void *arg;
};

/* A link that leads nowhere is not there, as for who has no such namespace. */
static int give(void *arg, const struct sysctl *s, uint64_t header)
{
	const struct following *f = arg;
	struct sysctl followed = *s;
	int r = 0;

	if ((s->mode & TYPE_MASK) == TYPE_LINK)
		r = follow(f->k, header, &followed);
	if (r == -ENOENT)
		return 0;
	if (r == -EINTR || r == -ENOMEM)
		return r;
	/* One that cannot be followed is there all the same, and tells so when it is read. */
	return f->fn(f->arg, r < 0 ? s : &followed);
}

int sysctls_each(struct kernel *k, uint64_t dir, sysctl_fn *fn, void *arg)
{
	struct following f = { k, fn, arg };

	return each_plain(k, dir, give, &f);
}

static int is_named(void *arg, const struct sysctl *s)
{
	return is_it(arg, s, 0);
}

int sysctl_find(struct kernel *k, uint64_t dir, const char *name, struct sysctl *ret)
{
	struct search search = { name, ret };
	int r = sysctls_each(k, dir, is_named, &search);

	return r ? (r < 0 ? r : 0) : fail(-ENOENT, "no entry %s", name);
}

int put_sysctl(struct strbuf *out, struct kernel *k, uint64_t table)
{
	struct sysctl s;
	int r = read_table(k, table, &s);

	return r < 0 ? r : put_sysctl_value(out, k, &s);
}
