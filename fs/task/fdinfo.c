/* /tasks/{pid}/fdinfo: what procfs tells of an open file, each kind in its own way. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/task/fdinfo.h"
#include "fs/task/task_key.h"
#include "kernel/file/files.h"
#include "kernel/file/inode.h"
#include "kernel/sys/keys.h"
#include "kernel/file/lock.h"
#include "kernel/file/path.h"
#include "kernel/task/pid.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/list.h"
#include "kernel/walk/rbtree.h"

#define O_CLOEXEC_BIT 02000000

#define LOWEST_POINTER 4096

#define EFD_SEMAPHORE	1
#define TCP_ESTABLISHED 1
#define TCP_LISTEN	10
#define SOCK_DGRAM_TYPE 2

static int put_eventfd(struct strbuf *out, struct kernel *k, const struct info *i)
{
	uint64_t count, id, flags;
	int r = field_u64(k, i->private, F_eventfd_count, &count);

	if (r == 0)
		r = field_u64(k, i->private, F_eventfd_flags, &flags);
	if (r < 0)
		return r;
	put(out, "eventfd-count: %16lx\n", count);
	if (kernel_prints(k, "eventfd-id") && field_exists(k, F_eventfd_id)) {
		r = field_u64(k, i->private, F_eventfd_id, &id);
		put(out, "eventfd-id: %d\n", (int)id);
	}
	if (kernel_prints(k, "eventfd-semaphore"))
		put(out, "eventfd-semaphore: %d\n", !!(flags & EFD_SEMAPHORE));
	return r;
}

static int put_signalfd(struct strbuf *out, struct kernel *k, const struct info *i)
{
	uint64_t mask;
	int r = field_u64(k, i->private, F_signalfd_sigmask, &mask);

	if (r == 0)
		put(out, "sigmask:\t%016lx\n", ~mask);
	return r;
}

static int put_epitem(struct strbuf *out, struct kernel *k, uint64_t item)
{
	uint64_t fd, file, events, data, inode, pos, ino, dev;
	int r = field_u64(k, item, F_epitem_fd, &fd);

	if (r == 0)
		r = field_u64(k, item, F_epitem_file, &file);
	if (r == 0)
		r = field_u64(k, item, F_epitem_events, &events);
	if (r == 0)
		r = field_u64(k, item, F_epitem_data, &data);
	if (r == 0)
		r = field_u64(k, file, F_file_pos, &pos);
	if (r == 0)
		r = field_u64(k, file, F_file_inode, &inode);
	if (r == 0)
		r = inode_id(k, inode, &ino, &dev);
	if (r == 0)
		put(out, "tfd: %8d events: %8lx data: %16lx  pos:%ld ino:%lx sdev:%lx\n", (int)fd,
		    events, data, (int64_t)pos, ino, dev);
	return r;
}

static int put_epoll(struct strbuf *out, struct kernel *k, const struct info *i)
{
	uint64_t root, item;
	struct rb_walk w;
	int r = field_addr(k, i->private, F_eventpoll_rbr, &root);

	if (r == 0)
		r = rb_begin(&w, k, root, F_epitem_rbn);
	while (r >= 0 && (r = rb_next(&w, &item)) > 0)
		r = put_epitem(out, k, item);
	return r;
}

/* From v6.9 on the inode of a pidfd leads to the pid; before, the file itself. */
static int pid_of_pidfd(struct kernel *k, const struct info *i, uint64_t *ret)
{
	uint64_t inode;
	int r;

	*ret = i->private;
	if (i->private)
		return 0;
	r = field_u64(k, i->file, F_file_inode, &inode);
	return r < 0 ? r : field_u64(k, inode, F_inode_private, ret);
}

static int put_pidfd(struct strbuf *out, struct kernel *k, const struct info *i)
{
	struct pid_numbers numbers;
	uint64_t pid, task;
	int r = pid_of_pidfd(k, i, &pid);

	if (r == 0)
		r = pid_task(k, pid, &task);
	if (r == 0)
		r = pid_numbers(k, pid, &numbers);
	if (r < 0)
		return r;
	if (!task) {
		put_str(out, "Pid:\t-1\nNSpid:\t-1\n");
		return 0;
	}
	put(out, "Pid:\t%u\nNSpid:", numbers.number[0]);
	for (size_t n = 0; n < numbers.n; n++)
		put(out, "\t%u", numbers.number[n]);
	put_str(out, "\n");
	return 0;
}

static int count_list(struct kernel *k, uint64_t at, enum field head, size_t *ret)
{
	struct list_walk w;
	uint64_t entry;
	size_t n = 0;
	int r = field_addr(k, at, head, &at);

	if (r == 0)
		r = list_begin_at(&w, k, at, 0);
	while (r >= 0 && (r = list_next(&w, &entry)) > 0)
		n++;
	if (r == 0)
		*ret = n;
	return r;
}

/* What may be asked of a descriptor grows with the kernel: bits by what the requests carry. */
static uint64_t userfault_ioctls(struct kernel *k)
{
	static const struct {
		const char *type;
		uint64_t bit;
	} later[] = {
		{ "uffdio_move", 1 << 5 },
		{ "uffdio_writeprotect", 1 << 6 },
		{ "uffdio_continue", 1 << 7 },
		{ "uffdio_poison", 1 << 8 },
	};
	uint64_t ioctls = 1ull << 63 | 0x1f, size;

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (kernel_sizeof(k, later[i].type, &size) == 0)
			ioctls |= later[i].bit;
	return ioctls;
}

static int put_userfaultfd(struct strbuf *out, struct kernel *k, const struct info *i)
{
	uint64_t features;
	size_t pending, taken;
	int r = count_list(k, i->private, F_userfaultfd_pending, &pending);

	if (r == 0)
		r = count_list(k, i->private, F_userfaultfd_taken, &taken);
	if (r == 0)
		r = field_u64(k, i->private, F_userfaultfd_features, &features);
	if (r == 0)
		put(out, "pending:\t%zu\ntotal:\t%zu\nAPI:\taa:%lx:%lx\n", pending, pending + taken,
		    features & 0xffffffff, userfault_ioctls(k));
	return r;
}

/* A terminal's driver may have more to tell: only the one of pseudo terminals does. */
static int put_tty(struct strbuf *out, struct kernel *k, const struct info *i)
{
	uint64_t tty, ops, function, index;
	struct symbol s;
	int r = field_u64(k, i->private, F_tty_file_tty, &tty);

	if (r == 0)
		r = field_u64(k, tty, F_tty_ops, &ops);
	if (r == 0)
		r = field_u64(k, ops, F_tty_ops_show_fdinfo, &function);
	if (r < 0 || !function || symbol_at(k, function, &s) < 0 ||
	    strcmp(s.name, "pty_show_fdinfo"))
		return r;
	r = field_u64(k, tty, F_tty_index, &index);
	if (r == 0)
		put(out, "tty-index:\t%d\n", (int)index);
	return r;
}

static int put_tun(struct strbuf *out, struct kernel *k, const struct info *i)
{
	char name[16] = "";
	uint64_t tun, dev;
	int r = field_u64(k, i->private, F_tun_file_tun, &tun);

	if (r == 0 && tun) {
		r = field_u64(k, tun, F_tun_dev, &dev);
		if (r == 0)
			r = field_str(k, dev, F_net_device_name, name, sizeof(name));
	}
	if (r == 0)
		put(out, "iff:\t%s\n", name);
	return r;
}

static int put_perf(struct strbuf *out, struct kernel *k, const struct info *i)
{
	static const struct {
		enum field f;
		const char *key;
	} configs[] = {
		{ F_perf_config, "perf_event_attr.config" },
		{ F_perf_config1, "perf_event_attr.config1" },
		{ F_perf_config2, "perf_event_attr.config2" },
		{ F_perf_config3, "perf_event_attr.config3" },
		{ F_perf_config4, "perf_event_attr.config4" },
	};
	uint64_t type, pmu, pmu_type, v;
	int r = field_u64(k, i->private, F_perf_type, &type);

	if (r == 0)
		r = field_u64(k, i->private, F_perf_pmu, &pmu);
	if (r == 0)
		r = field_u64(k, pmu, F_pmu_type, &pmu_type);
	if (r < 0)
		return r;
	put(out, "perf_event_attr.type:\t%lu\npmu_type:\t%lu\n", type, pmu_type);
	for (size_t n = 0; n < sizeof(configs) / sizeof(configs[0]) && r == 0; n++) {
		if (!field_exists(k, configs[n].f))
			continue;
		r = field_u64(k, i->private, configs[n].f, &v);
		if (r == 0)
			put(out, "%s:\t0x%lx\n", configs[n].key, v);
	}
	return r;
}

/* The fuse_conn of a fuse_dev, through a fuse_chan in v7.2. 0: no file system is mounted on it yet; it
 * then leads nowhere, or to a small number that is a mark. */
static int fuse_conn_of(struct kernel *k, uint64_t dev, uint64_t *ret)
{
	bool is_chan = field_exists(k, F_fuse_dev_chan);
	uint64_t at = 0;
	int r = 0;

	if (dev >= LOWEST_POINTER)
		r = field_u64(k, dev, is_chan ? F_fuse_dev_chan : F_fuse_dev_fc, &at);
	if (r == 0 && is_chan && at >= LOWEST_POINTER)
		r = field_u64(k, at, F_fuse_chan_conn, &at);
	if (r == 0)
		*ret = at >= LOWEST_POINTER ? at : 0;
	return r;
}

static int put_fuse_device(struct strbuf *out, struct kernel *k, const struct info *i)
{
	uint64_t conn, dev;
	int r = fuse_conn_of(k, i->private, &conn);

	if (r < 0 || !conn)
		return r;
	r = field_u64(k, conn, F_fuse_dev, &dev);
	if (r == 0)
		put(out, "fuse_connection:\t%lu\n", dev);
	return r;
}

static int fds_in_flight(struct kernel *k, uint64_t sk, uint64_t *ret)
{
	return field_u64(k, sk, F_unix_nr_fds, ret);
}

/* Of the sockets that wait to be accepted. */
static int fds_of_waiting(struct kernel *k, uint64_t sk, uint64_t *ret)
{
	uint64_t head, skb, waiting, n, sum = 0;
	struct list_walk w;
	int r = field_addr(k, sk, F_sock_receive_queue, &head);

	/* An sk_buff begins with its links. */
	if (r == 0)
		r = list_begin_at(&w, k, head, 0);
	while (r >= 0 && (r = list_next(&w, &skb)) > 0) {
		r = field_u64(k, skb, F_skb_sk, &waiting);
		if (r == 0)
			r = fds_in_flight(k, waiting, &n);
		sum += r == 0 ? n : 0;
	}
	if (r == 0)
		*ret = sum;
	return r;
}

/* Sockets of other families have nothing to tell. */
static int put_unix_socket(struct strbuf *out, struct kernel *k, const struct info *i)
{
	uint64_t ops, function, sk, type, state, fds = 0;
	struct symbol s;
	int r = field_u64(k, i->private, F_socket_ops, &ops);

	if (r == 0)
		r = field_u64(k, ops, F_proto_ops_show_fdinfo, &function);
	if (r == 0)
		r = field_u64(k, i->private, F_socket_sk, &sk);
	if (r < 0 || !function || !sk || symbol_at(k, function, &s) < 0 ||
	    strcmp(s.name, "unix_show_fdinfo"))
		return r;
	r = field_u64(k, i->private, F_socket_type, &type);
	if (r == 0)
		r = field_u64(k, sk, F_sock_state, &state);
	if (r == 0 && (type == SOCK_DGRAM_TYPE || state == TCP_ESTABLISHED))
		r = fds_in_flight(k, sk, &fds);
	else if (r == 0 && state == TCP_LISTEN)
		r = fds_of_waiting(k, sk, &fds);
	if (r == 0)
		put(out, "scm_fds: %lu\n", fds);
	return r;
}

/* Who tells what, by the function in which the kernel does it. */
static const struct {
	const char *function;
	put_info_fn *put;
} kinds[] = {
	{ "eventfd_show_fdinfo", put_eventfd },	  { "timerfd_show", put_timerfd },
	{ "signalfd_show_fdinfo", put_signalfd }, { "ep_show_fdinfo", put_epoll },
	{ "inotify_show_fdinfo", put_inotify },	  { "fanotify_show_fdinfo", put_fanotify },
	{ "pidfd_show_fdinfo", put_pidfd },	  { "userfaultfd_show_fdinfo", put_userfaultfd },
	{ "tty_show_fdinfo", put_tty },		  { "tun_chr_show_fdinfo", put_tun },
	{ "sock_show_fdinfo", put_unix_socket },  { "fuse_dev_show_fdinfo", put_fuse_device },
	{ "perf_show_fdinfo", put_perf },	  { "bpf_map_show_fdinfo", put_bpf_map },
	{ "bpf_prog_show_fdinfo", put_bpf_prog },
};

static int put_kind(struct strbuf *out, struct kernel *k, uint64_t file)
{
	struct info i = { .file = file };
	uint64_t ops, function;
	struct symbol s;
	int r = field_u64(k, file, F_file_op, &ops);

	if (r == 0)
		r = field_u64(k, ops, F_file_ops_show_fdinfo, &function);
	if (r == 0)
		r = field_u64(k, file, F_file_private_data, &i.private);
	if (r < 0 || !function)
		return r;
	r = symbol_at(k, function, &s);
	for (size_t n = 0; r == 0 && n < sizeof(kinds) / sizeof(kinds[0]); n++)
		if (!strcmp(s.name, kinds[n].function))
			return kinds[n].put(out, k, &i);
	return r < 0 ? r : fail(-EOPNOTSUPP, "%s() tells more", s.name);
}

/* mnt_id is that of the mount it was opened through. */
static int put_common(struct strbuf *out, struct kernel *k, const struct open_file *f)
{
	uint64_t pos, flags, mnt, mount, id, inode, ino;
	int r = field_u64(k, f->file, F_file_pos, &pos);

	if (r == 0)
		r = field_u64(k, f->file, F_file_flags, &flags);
	if (r == 0)
		r = field_u64(k, f->file, F_file_mnt, &mnt);
	if (r == 0)
		r = field_owner(k, mnt, F_mount_mnt, &mount);
	if (r == 0)
		r = field_u64(k, mount, F_mount_id, &id);
	if (r == 0)
		r = field_u64(k, f->file, F_file_inode, &inode);
	if (r == 0)
		r = field_u64(k, inode, F_inode_ino, &ino);
	if (r < 0)
		return r;
	flags |= f->cloexec ? O_CLOEXEC_BIT : 0;
	put(out, "pos:\t%ld\nflags:\t0%o\nmnt_id:\t%d\n", (int64_t)pos, (unsigned int)flags,
	    (int)id);
	if (kernel_prints(k, "ino:\t"))
		put(out, "ino:\t%lu\n", ino);
	return 0;
}

int gen_task_fdinfo(struct render *r)
{
	uint64_t task = key_task_above(r, 1), files;
	struct open_file f;
	int e = files_find(r->k, task, r->key[key_count(r) - 1].id, &f);

	if (e == 0)
		e = field_u64(r->k, task, F_task_files, &files);
	if (e == 0)
		e = put_common(r->out, r->k, &f);
	if (e == 0)
		e = put_locks_of_file(r->out, r->k, f.file, files);
	return e < 0 ? e : put_kind(r->out, r->k, f.file);
}
