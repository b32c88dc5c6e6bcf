#include "kernel/file/inode.h"
#include "kernel/file/lock.h"

#include "dump/base/err.h"
#include "kernel/walk/list.h"

#define FL_POSIX	     1
#define FL_FLOCK	     2
#define FL_DELEG	     4
#define FL_ACCESS	     8
#define FL_LEASE	     32
#define FL_DOWNGRADE_PENDING 256
#define FL_UNLOCK_PENDING    512
#define FL_OFDLCK	     1024

enum { READ, WRITE, UNLOCK }; /* F_RDLCK and so on */

#define OFFSET_MAX INT64_MAX
#define MINOR_BITS 20

struct lock {
	uint64_t flags, type, pid, file, start, end;
};

static int read_lock(struct kernel *k, uint64_t lock, struct lock *ret)
{
	const struct {
		enum field f;
		uint64_t *to;
	} members[] = {
		{ F_lock_flags, &ret->flags }, { F_lock_type, &ret->type },
		{ F_lock_pid, &ret->pid },     { F_lock_file, &ret->file },
		{ F_lock_start, &ret->start }, { F_lock_end, &ret->end },
	};
	/* Only these have a range: others may be of a shorter type. */
	size_t n = sizeof(members) / sizeof(members[0]);
	int r = 0;

	ret->flags = 0;
	for (size_t i = 0; i < n && r == 0; i++)
		if (i < n - 2 || ret->flags & FL_POSIX)
			r = field_u64(k, lock, members[i].f, members[i].to);
	return r;
}

static const char *kind_of(const struct lock *l)
{
	if (l->flags & FL_POSIX)
		return l->flags & FL_ACCESS   ? "ACCESS ADVISORY  "
		       : l->flags & FL_OFDLCK ? "OFDLCK ADVISORY  "
					      : "POSIX  ADVISORY  ";
	if (l->flags & FL_FLOCK)
		return "FLOCK  ADVISORY  ";
	if (!(l->flags & (FL_LEASE | FL_DELEG)))
		return "UNKNOWN UNKNOWN  ";
	return l->flags & FL_DELEG ? "DELEG  " : "LEASE  ";
}

static const char *lease_state(const struct lock *l)
{
	if (l->flags & (FL_UNLOCK_PENDING | FL_DOWNGRADE_PENDING))
		return "BREAKING  ";
	return l->file ? "ACTIVE    " : "BREAKER   ";
}

/* A lease that is broken counts as what it will be. */
static uint64_t type_of(const struct lock *l)
{
	if (l->flags & FL_UNLOCK_PENDING)
		return UNLOCK;
	return l->flags & FL_DOWNGRADE_PENDING ? READ : l->type;
}

static int put_place(struct strbuf *out, struct kernel *k, uint64_t file)
{
	uint64_t inode, dev, ino;
	int r = field_u64(k, file, F_file_inode, &inode);

	if (r == 0)
		r = inode_id(k, inode, &ino, &dev);
	if (r == 0)
		put(out, "%02lx:%02lx:%lu ", dev >> MINOR_BITS, dev & ((1u << MINOR_BITS) - 1),
		    ino);
	return r;
}

int put_lock(struct strbuf *out, struct kernel *k, uint64_t lock, unsigned int id,
	     unsigned int depth)
{
	struct lock l;
	uint64_t type;
	int r = read_lock(k, lock, &l);

	if (r < 0)
		return r;
	type = type_of(&l);
	put(out, "%u: ", id);
	if (depth) /* a column deeper each since v5.10, where the depth is a width */
		put(out, "%*s", (int)depth - 1 + 3, "-> ");
	put(out, "%s%s%s %d ", kind_of(&l), l.flags & (FL_LEASE | FL_DELEG) ? lease_state(&l) : "",
	    type == WRITE  ? "WRITE"
	    : type == READ ? "READ"
			   : "UNLCK",
	    l.flags & FL_OFDLCK ? -1 : (int)l.pid);
	if (l.file)
		r = put_place(out, k, l.file);
	else
		put_str(out, "<none>:0 ");
	if (!(l.flags & FL_POSIX))
		put_str(out, "0 EOF\n");
	else if (l.end == OFFSET_MAX)
		put(out, "%ld EOF\n", (int64_t)l.start);
	else
		put(out, "%ld %ld\n", (int64_t)l.start, (int64_t)l.end);
	return r;
}

static int put_list(struct strbuf *out, struct kernel *k, uint64_t head, uint64_t file,
		    uint64_t files, unsigned int *id)
{
	uint64_t lock, of, owner;
	struct list_walk w;
	int r = list_begin(&w, k, head, F_lock_list);

	while (r >= 0 && (r = list_next(&w, &lock)) > 0) {
		r = field_u64(k, lock, F_lock_file, &of);
		if (r == 0)
			r = field_u64(k, lock, F_lock_owner, &owner);
		if (r < 0 || of != file || (owner != files && owner != file))
			continue;
		put_str(out, "lock:\t");
		r = put_lock(out, k, lock, ++*id, 0);
	}
	return r;
}

/* Since 4a075e39c865 (v4.0); kernels before do not tell of locks here. 0: there are none. */
static int context_of(struct kernel *k, uint64_t inode, uint64_t *ret)
{
	*ret = 0;
	return field_exists(k, F_inode_flctx) ? field_u64(k, inode, F_inode_flctx, ret) : 0;
}

int put_locks_of_file(struct strbuf *out, struct kernel *k, uint64_t file, uint64_t files)
{
	static const enum field lists[] = { F_flctx_flock, F_flctx_posix, F_flctx_lease };
	uint64_t inode, context, head;
	unsigned int id = 0;
	int r = field_u64(k, file, F_file_inode, &inode);

	if (r == 0)
		r = context_of(k, inode, &context);
	for (size_t i = 0; r == 0 && context && i < sizeof(lists) / sizeof(lists[0]); i++) {
		r = field_addr(k, context, lists[i], &head);
		if (r == 0)
			r = put_list(out, k, head, file, files, &id);
	}
	return r;
}
