/* Preloaded into vmcorefs by tests: makes reads of files fail, and time pass. What is to happen is in the file
 * that FAULTS names, as struct plan; a test changes it while the daemon runs. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { FAIL_ONE = 1, FAIL_FROM = 2, SHORT = 3, FAIL_TWO = 4, LATE = 5, STALE = 6, FORBIDDEN = 7 };

#define HOUR 3600

struct plan {
	_Atomic uint32_t reads; /* so far */
	_Atomic uint32_t at;	/* which of them it is about, from 1 */
	_Atomic uint32_t what;
	_Atomic uint32_t done;	/* faults made */
	_Atomic uint64_t bytes; /* read so far */
	_Atomic uint32_t asked; /* for the time, so far */
	uint32_t unused;
};

static struct plan *plan;
static ssize_t (*real)(int fd, void *buf, size_t len, off64_t off);
static int (*real_time)(clockid_t clock, struct timespec *ret);
static atomic_bool later;

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("FAULTS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	real = (ssize_t(*)(int, void *, size_t, off64_t))dlsym(RTLD_NEXT, "pread64");
	real_time = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	if (fd < 0)
		return;
	plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (plan == MAP_FAILED)
		plan = NULL;
	close(fd);
}

static ssize_t read_or_fail(int fd, void *buf, size_t len, off64_t off)
{
	uint32_t n = plan ? atomic_fetch_add(&plan->reads, 1) + 1 : 0;
	uint32_t what = plan ? atomic_load(&plan->what) : 0, at = plan ? atomic_load(&plan->at) : 0;
	ssize_t got;

	if ((what == FAIL_ONE && n == at) || (what == FAIL_TWO && (n == at || n == at + 1)) ||
	    ((what == FAIL_FROM || what == STALE) && n >= at)) {
		atomic_fetch_add(&plan->done, 1);
		errno = what == STALE ? ESTALE : EIO;
		return -1;
	}
	/* What no reading of a dump needs. */
	if (what == FORBIDDEN && n == at) {
		atomic_fetch_add(&plan->done, 1);
		close(socket(AF_INET, SOCK_STREAM, 0));
	}
	if (what == SHORT && len > 1) {
		atomic_fetch_add(&plan->done, 1);
		len = 1 + len / 3;
	}
	got = real(fd, buf, len, off);
	if (plan && got > 0)
		atomic_fetch_add(&plan->bytes, (uint64_t)got);
	return got;
}

__attribute__((visibility("default"))) ssize_t pread(int fd, void *buf, size_t len, off_t off)
{
	return read_or_fail(fd, buf, len, off);
}

__attribute__((visibility("default"))) ssize_t pread64(int fd, void *buf, size_t len, off64_t off)
{
	return read_or_fail(fd, buf, len, off);
}

/* The clock that says when a text takes too long. LATE: once, it is an hour later. */
__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int r = real_time(clock, ret);

	if (!plan || clock != CLOCK_MONOTONIC_COARSE)
		return r;
	if (atomic_fetch_add(&plan->asked, 1) + 1 == atomic_load(&plan->at) &&
	    atomic_load(&plan->what) == LATE) {
		atomic_fetch_add(&plan->done, 1);
		atomic_store(&later, true);
	}
	if (atomic_load(&later))
		ret->tv_sec += HOUR;
	return r;
}
