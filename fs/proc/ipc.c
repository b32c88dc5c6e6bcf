/* /proc/sysvipc: message queues, semaphores and shared memory of the initial namespace. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/xarray.h"

enum ipc { IPC_SEM, IPC_MSG, IPC_SHM }; /* ipc_namespace.ids[] */

/* What all kinds have. */
struct perm {
	uint64_t key, id, mode, uid, gid, cuid, cgid;
};

typedef int put_ipc_fn(struct render *r, uint64_t perm, const struct perm *p);

struct number {
	enum field f;
	uint64_t *to;
};

static int read_numbers(struct kernel *k, uint64_t owner, const struct number *numbers, size_t n)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++)
		r = field_u64(k, owner, numbers[i].f, numbers[i].to);
	return r;
}

#define NUMBERS(a) a, sizeof(a) / sizeof((a)[0])

static int read_perm(struct kernel *k, uint64_t perm, struct perm *ret)
{
	const struct number numbers[] = {
		{ F_ipc_perm_key, &ret->key },	 { F_ipc_perm_id, &ret->id },
		{ F_ipc_perm_mode, &ret->mode }, { F_ipc_perm_uid, &ret->uid },
		{ F_ipc_perm_gid, &ret->gid },	 { F_ipc_perm_cuid, &ret->cuid },
		{ F_ipc_perm_cgid, &ret->cgid },
	};

	return read_numbers(k, perm, NUMBERS(numbers));
}

static int each(struct render *r, enum ipc kind, put_ipc_fn *fn)
{
	uint64_t ns, ids, size, index, perm;
	struct perm p;
	struct xa_walk w;
	int e = symbol_addr(r->k, "init_ipc_ns", &ns);

	if (e >= 0)
		e = field_addr(r->k, ns, F_ipc_ns_ids, &ids);
	if (e >= 0)
		e = kernel_sizeof(r->k, "ipc_ids", &size);
	if (e >= 0)
		e = field_addr(r->k, ids + kind * size, F_ipc_ids_idr, &ids);
	if (e >= 0)
		e = idr_begin(&w, r->k, ids);
	while (e >= 0 && (e = xa_next(&w, &index, &perm)) > 0) {
		e = read_perm(r->k, perm, &p);
		if (e >= 0)
			e = fn(r, perm, &p);
	}
	return e;
}

/* The number of the process at @f, as the initial namespace has it; 0: none. */
static int read_pid(struct kernel *k, uint64_t owner, enum field f, unsigned int *ret)
{
	uint64_t pid, numbers, size = 0, nr = 0;
	int r = field_u64(k, owner, f, &pid);

	if (r >= 0)
		r = field_size(k, f, &size);
	/* 98f929b1bd4d (v4.17) keeps the struct pid; before, the number itself */
	if (r >= 0 && size == 4) {
		nr = pid;
	} else if (r >= 0 && pid) {
		r = field_addr(k, pid, F_pid_numbers, &numbers);
		if (r >= 0)
			r = field_u64(k, numbers, F_upid_nr, &nr);
	}
	*ret = (unsigned int)nr;
	return r;
}

static void put_begin(struct render *r, const struct perm *p)
{
	put(r->out, "%10d %10d  %4o", (int)p->key, (int)p->id, (unsigned int)p->mode);
}

static void put_owners(struct render *r, const struct perm *p)
{
	put(r->out, " %5u %5u %5u %5u", (unsigned int)p->uid, (unsigned int)p->gid,
	    (unsigned int)p->cuid, (unsigned int)p->cgid);
}

static int put_msg(struct render *r, uint64_t perm, const struct perm *p)
{
	uint64_t q, bytes, n, stime, rtime, ctime;
	unsigned int sender, receiver;
	const struct number numbers[] = {
		{ F_msg_cbytes, &bytes }, { F_msg_qnum, &n },	   { F_msg_stime, &stime },
		{ F_msg_rtime, &rtime },  { F_msg_ctime, &ctime },
	};
	int e = field_owner(r->k, perm, F_msg_perm, &q);

	if (e >= 0)
		e = read_numbers(r->k, q, NUMBERS(numbers));
	if (e >= 0)
		e = read_pid(r->k, q, F_msg_lspid, &sender);
	if (e >= 0)
		e = read_pid(r->k, q, F_msg_lrpid, &receiver);
	if (e < 0)
		return e;
	put_begin(r, p);
	put(r->out, "  %10lu %10lu %5u %5u", bytes, n, sender, receiver);
	put_owners(r, p);
	put(r->out, " %10lu %10lu %10lu\n", stime, rtime, ctime);
	return 0;
}

int gen_proc_msg(struct render *r)
{
	put_str(r->out,
		"       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid"
		"  cgid      stime      rtime      ctime\n");
	return each(r, IPC_MSG, put_msg);
}

/* When one of its semaphores was last changed. */
static int last_operation(struct kernel *k, uint64_t array, uint64_t n, uint64_t *ret)
{
	enum { SEMMSL = 32000 };
	uint64_t at, size, v;
	int r = field_exists(k, F_sem_base) ? field_u64(k, array, F_sem_base, &at)
					    : field_addr(k, array, F_sem_sems, &at);

	*ret = 0;
	if (r >= 0)
		r = kernel_sizeof(k, "sem", &size);
	if (r >= 0 && n > SEMMSL)
		r = fail(-EBADMSG, "%lu semaphores", n);
	for (uint64_t i = 0; r >= 0 && i < n; i++) {
		r = field_u64(k, at + i * size, F_sem_otime, &v);
		if (r >= 0 && v > *ret)
			*ret = v;
	}
	return r;
}

static int put_sem(struct render *r, uint64_t perm, const struct perm *p)
{
	uint64_t array, n, ctime, otime;
	int e = field_owner(r->k, perm, F_sem_perm, &array);

	if (e >= 0)
		e = field_u64(r->k, array, F_sem_nsems, &n);
	if (e >= 0)
		e = field_u64(r->k, array, F_sem_ctime, &ctime);
	if (e >= 0)
		e = last_operation(r->k, array, n, &otime);
	if (e < 0)
		return e;
	put_begin(r, p);
	put(r->out, " %10u", (unsigned int)n);
	put_owners(r, p);
	put(r->out, " %10lu %10lu\n", otime, ctime);
	return 0;
}

int gen_proc_sem(struct render *r)
{
	put_str(r->out, "       key      semid perms      nsems   uid   gid  cuid  cgid      otime"
			"      ctime\n");
	return each(r, IPC_SEM, put_sem);
}

/* Pages of its file that are in memory, and swapped out. */
static int count_pages(struct kernel *k, uint64_t shm, uint64_t *ret_rss, uint64_t *ret_swap)
{
	uint64_t file, inode, mapping, ops, info;
	struct symbol s;
	int r = field_u64(k, shm, F_shm_file, &file);

	*ret_rss = *ret_swap = 0;
	if (r < 0 || !file)
		return r;
	r = field_u64(k, file, F_file_inode, &inode);
	if (r >= 0)
		r = field_u64(k, inode, F_inode_mapping, &mapping);
	if (r >= 0)
		r = field_u64(k, mapping, F_mapping_nrpages, ret_rss);
	if (r >= 0)
		r = field_u64(k, file, F_file_op, &ops);
	if (r < 0)
		return r;
	/* of huge pages each counts as many */
	if (symbol_at(k, ops, &s) >= 0 && !strcmp(s.name, "shm_file_operations_huge")) {
		*ret_rss *= 512;
		return 0;
	}
	r = field_owner(k, inode, F_shmem_inode_vfs_inode, &info);
	return r < 0 ? r : field_u64(k, info, F_shmem_inode_swapped, ret_swap);
}

static int put_shm(struct render *r, uint64_t perm, const struct perm *p)
{
	uint64_t shm, size, n, atime, dtime, ctime, rss, swap;
	unsigned int creator, last;
	const struct number numbers[] = {
		{ F_shm_segsz, &size }, { F_shm_nattch, &n },	{ F_shm_atim, &atime },
		{ F_shm_dtim, &dtime }, { F_shm_ctim, &ctime },
	};
	int e = field_owner(r->k, perm, F_shm_perm, &shm);

	if (e >= 0)
		e = read_numbers(r->k, shm, NUMBERS(numbers));
	if (e >= 0)
		e = read_pid(r->k, shm, F_shm_cprid, &creator);
	if (e >= 0)
		e = read_pid(r->k, shm, F_shm_lprid, &last);
	if (e >= 0)
		e = count_pages(r->k, shm, &rss, &swap);
	if (e < 0)
		return e;
	put_begin(r, p);
	put(r->out, " %21lu %5u %5u  %5lu", size, creator, last, n);
	put_owners(r, p);
	put(r->out, " %10lu %10lu %10lu %21lu %21lu\n", atime, dtime, ctime,
	    rss << kernel_page_shift(r->k), swap << kernel_page_shift(r->k));
	return 0;
}

int gen_proc_shm(struct render *r)
{
	put_str(r->out,
		"       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid"
		"  cgid      atime      dtime      ctime                   rss                  swap\n");
	return each(r, IPC_SHM, put_shm);
}
