/* One process with a mapping of every kind, and one with thousands. Memory that is written holds a
 * text which tells its kind and address.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "load.h"

#define PAGE	    4096ul
#define LENGTH	    (8 * PAGE)
#define HUGE_LENGTH (2ul << 20)
#define MANY	    3000

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static void note(struct slot *slot, const char *kind, const void *p)
{
	char key[64];

	snprintf(key, sizeof(key), "map %s", kind);
	if (p == MAP_FAILED)
		fact_errno(slot, key);
	else
		fact_hex(slot, key, (uintptr_t)p);
}

/* The last page stays untouched: not every page of a mapping is there. */
static void scribble(const char *kind, void *p, size_t len)
{
	for (size_t at = 0; p != MAP_FAILED && at + PAGE < len; at += PAGE)
		snprintf((char *)p + at, 128, "vmcorefs %s at %p", kind, (void *)((char *)p + at));
}

static void *map(struct slot *slot, const char *kind, size_t len, int prot, int flags, int fd)
{
	void *p = mmap(NULL, len, prot, flags, fd, 0);

	if (prot & PROT_WRITE)
		scribble(kind, p, len);
	note(slot, kind, p);
	return p;
}

static const struct {
	const char *kind;
	int prot;
	int flags;
} anonymous[] = {
	{ "private", PROT_READ | PROT_WRITE, MAP_PRIVATE },
	{ "shared", PROT_READ | PROT_WRITE, MAP_SHARED },
	{ "none", PROT_NONE, MAP_PRIVATE },
	{ "noreserve", PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE },
	{ "growsdown", PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_GROWSDOWN },
	{ "locked", PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_LOCKED },
	{ "populated", PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE },
	{ "executable", PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE },
	{ "read_only", PROT_READ, MAP_PRIVATE },
};

static void map_anonymous(struct slot *slot)
{
	for (size_t i = 0; i < ARRAY_SIZE(anonymous); i++)
		map(slot, anonymous[i].kind, LENGTH, anonymous[i].prot,
		    anonymous[i].flags | MAP_ANONYMOUS, -1);
}

static const struct {
	const char *kind;
	int advice;
} advised[] = {
	{ "dontfork", MADV_DONTFORK },	   { "wipeonfork", MADV_WIPEONFORK },
	{ "dontdump", MADV_DONTDUMP },	   { "mergeable", MADV_MERGEABLE },
	{ "random", MADV_RANDOM },	   { "sequential", MADV_SEQUENTIAL },
	{ "nohugepage", MADV_NOHUGEPAGE }, { "free", MADV_FREE },
};

static void map_advised(struct slot *slot)
{
	for (size_t i = 0; i < ARRAY_SIZE(advised); i++) {
		void *p = map(slot, advised[i].kind, LENGTH, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1);

		if (madvise(p, LENGTH, advised[i].advice))
			fact_errno(slot, advised[i].kind);
	}
}

/* Pages whose translation is there but not accessible, and half of a mapping made so. */
static void map_protected(struct slot *slot)
{
	char *p = map(slot, "protected", LENGTH, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1);

	mprotect(p, 2 * PAGE, PROT_NONE);
	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
}

static void map_named(struct slot *slot)
{
	void *p =
		map(slot, "named", LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	void *q = map(slot, "named_shared", LENGTH, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1);

	if (prctl(PR_SET_VMA, 0, p, LENGTH, "a name (of lab)"))
		fact_errno(slot, "named");
	if (prctl(PR_SET_VMA, 0, q, LENGTH, "shared name"))
		fact_errno(slot, "named_shared");
}

static int file_of(const char *path, size_t len)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	return fd >= 0 && ftruncate(fd, len) ? -1 : fd;
}

static void map_files(struct slot *slot)
{
	int fd = file_of("/tmp/mapped", LENGTH);

	map(slot, "file_shared", LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	map(slot, "file_private", LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	note(slot, "file_offset", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 3 * PAGE));
	close(fd);
	fd = file_of("/tmp/mapped with space\nand line\\", LENGTH);
	map(slot, "file_odd", LENGTH, PROT_READ, MAP_PRIVATE, fd);
	close(fd);
	fd = file_of("/tmp/mapped deleted", LENGTH);
	map(slot, "file_deleted", LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	unlink("/tmp/mapped deleted");
	close(fd);
	fd = file_of("/dev/shm/posix", LENGTH);
	map(slot, "shm_posix", LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	close(fd);
	fd = file_of("/mnt/disk/mapped", LENGTH);
	map(slot, "ext4", LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	close(fd);
	fd = open("/dev/zero", O_RDWR);
	map(slot, "zero", LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	map(slot, "zero_shared", LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	close(fd);
	fd = open("/init", O_RDONLY);
	note(slot, "rootfs", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
	close(fd);
}

static void map_memfd(struct slot *slot)
{
	int fd = syscall(SYS_memfd_create, "mapped memfd", 0);

	if (fd >= 0 && !ftruncate(fd, LENGTH))
		map(slot, "memfd", LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	fd = syscall(SYS_memfd_secret, 0);
	if (fd < 0 || ftruncate(fd, LENGTH))
		fact_errno(slot, "map secret");
	else
		map(slot, "secret", LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
}

static void map_sysv(struct slot *slot)
{
	int id = shmget(0x1ab0003, LENGTH, IPC_CREAT | 0604);
	int gone = shmget(IPC_PRIVATE, LENGTH, IPC_CREAT | 0600);
	void *p = shmat(id, NULL, 0), *q = shmat(gone, NULL, SHM_RDONLY);

	if (id < 0)
		return fact_errno(slot, "map sysv");
	scribble("sysv", p, LENGTH);
	note(slot, "sysv", p);
	note(slot, "sysv_removed", q);
	fact_num(slot, "shmid", id);
	shmctl(gone, IPC_RMID, NULL);
}

/* A transparent huge page, and one that was split by a change of protection. */
static void map_huge(struct slot *slot)
{
	char *p = mmap(NULL, 4 * HUGE_LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	char *aligned = (char *)(((uintptr_t)p + HUGE_LENGTH - 1) & ~(HUGE_LENGTH - 1));

	note(slot, "thp", p == MAP_FAILED ? p : aligned);
	if (p == MAP_FAILED)
		return;
	madvise(aligned, 2 * HUGE_LENGTH, MADV_HUGEPAGE);
	scribble("thp", aligned, HUGE_LENGTH);
	scribble("thp_split", aligned + HUGE_LENGTH, HUGE_LENGTH);
	mprotect(aligned + HUGE_LENGTH, PAGE, PROT_READ);
	note(slot, "thp_split", aligned + HUGE_LENGTH);
}

static void map_hugetlb(struct slot *slot)
{
	void *p;

	write_file("/proc/sys/vm/nr_hugepages", "2");
	p = mmap(NULL, HUGE_LENGTH, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	scribble("hugetlb", p, 3 * PAGE);
	note(slot, "hugetlb", p);
}

/* Written, then pushed out: to swap where there is any. */
static void map_swapped(struct slot *slot)
{
	const size_t len = 64 * PAGE;
	void *p =
		map(slot, "swapped", len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (madvise(p, len, 21 /* MADV_PAGEOUT, v5.4 */))
		fact_errno(slot, "swapped");
}

static void map_pkey(struct slot *slot)
{
#ifdef SYS_pkey_alloc
	void *p;
	int key = syscall(SYS_pkey_alloc, 0, 0);

	if (key < 0)
		return fact_errno(slot, "map pkey");
	p = map(slot, "pkey", LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	syscall(SYS_pkey_mprotect, p, LENGTH, PROT_READ | PROT_WRITE, key);
#endif
}

static void map_userfault(struct slot *slot)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	void *p;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		return fact_errno(slot, "map userfault");
	p = map(slot, "userfault", LENGTH, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	area.range.start = (uintptr_t)p;
	area.range.len = LENGTH;
	ioctl(fd, UFFDIO_REGISTER, &area);
}

static char in_data[] = "vmcorefs static data";
static char in_bss[2 * PAGE];

static void map_own(struct slot *slot)
{
	char *heap = sbrk(3 * PAGE);

	scribble("heap", heap, 3 * PAGE);
	note(slot, "heap", heap);
	note(slot, "data", in_data);
	memcpy(in_bss, "vmcorefs bss", 13);
	note(slot, "bss", in_bss);
}

void hold_maps(struct slot *slot)
{
	map_anonymous(slot);
	map_advised(slot);
	map_protected(slot);
	map_named(slot);
	map_files(slot);
	map_memfd(slot);
	map_sysv(slot);
	map_huge(slot);
	map_hugetlb(slot);
	map_swapped(slot);
	map_pkey(slot);
	map_userfault(slot);
	map_own(slot);
}

/* Every second page of another protection: as many areas as there are pages. */
void hold_many_maps(struct slot *slot)
{
	char *p = mmap(NULL, MANY * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		broken(slot, "mmap");
	for (unsigned int i = 0; i < MANY; i += 2)
		if (mprotect(p + i * PAGE, PAGE, PROT_READ | PROT_WRITE))
			broken(slot, "mprotect");
	for (unsigned int i = 0; i < MANY; i += 100)
		scribble("many", p + i * PAGE, 2 * PAGE);
	fact_hex(slot, "map many", (uintptr_t)p);
	fact_num(slot, "count", MANY);
}
