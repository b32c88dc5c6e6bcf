#include "fs/sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dump/base/err.h"
#include "fs/sandbox/build.h"

#define CALL(name) SCMP_SYS(name)

/* Bytes in and out of what is open, and opening what landlock leaves. perror(3) has a descriptor of its own,
 * and is how libfuse says that the kernel's device failed, as at an unmount. */
static const int files[] = {
	CALL(read),	  CALL(readv),	   CALL(pread64),    CALL(preadv),	 CALL(write),
	CALL(writev),	  CALL(close),	   CALL(lseek),	     CALL(_llseek),	 CALL(fstat),
	CALL(fstat64),	  CALL(stat),	   CALL(stat64),     CALL(lstat),	 CALL(lstat64),
	CALL(newfstatat), CALL(fstatat64), CALL(statx),	     CALL(access),	 CALL(faccessat),
	CALL(faccessat2), CALL(readlink),  CALL(readlinkat), CALL(getdents64),	 CALL(fcntl),
	CALL(fcntl64),	  CALL(poll),	   CALL(ppoll),	     CALL(ppoll_time64), CALL(pipe2),
	CALL(splice),	  CALL(vmsplice),  CALL(fadvise64),  CALL(dup),
};

static const int memory_and_threads[] = {
	CALL(brk),    CALL(munmap),	  CALL(mremap),		 CALL(madvise),
	CALL(futex),  CALL(futex_time64), CALL(set_robust_list), CALL(rseq),
	CALL(gettid), CALL(getpid),	  CALL(sched_yield),	 CALL(sched_getaffinity),
	CALL(exit),   CALL(exit_group),	  CALL(restart_syscall),
};

static const int time_and_signals[] = {
	CALL(clock_gettime),
	CALL(clock_gettime64),
	CALL(clock_nanosleep),
	CALL(clock_nanosleep_time64),
	CALL(nanosleep),
	CALL(gettimeofday),
	CALL(time),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(sigaltstack),
	CALL(getrandom),
	CALL(sysinfo),
	CALL(uname),
	CALL(getuid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getegid),
};

/* Where something may be kept. */
static const int keeping[] = {
	CALL(rename),	CALL(renameat), CALL(renameat2), CALL(unlink),
	CALL(unlinkat), CALL(mkdir),	CALL(mkdirat),
};

/* What a library makes a tree with that it unpacks. */
static const int unpacking[] = {
	CALL(symlink),	 CALL(symlinkat), CALL(linkat),	   CALL(link),	    CALL(chmod),
	CALL(fchmod),	 CALL(fchmodat),  CALL(utimensat), CALL(futimesat), CALL(umask),
	CALL(ftruncate), CALL(pwrite64),  CALL(getcwd),	   CALL(rmdir),
};

/* For a command's end. */
static const int waiting[] = { CALL(wait4), CALL(waitid), CALL(getpgrp), CALL(getpgid) };

/* What the sanitizers do when they report, and look for leaks: in a process of their own. */
static const int checking[] = {
	CALL(clone),
	CALL(fork),
	CALL(ptrace),
	CALL(prctl),
	CALL(wait4),
	CALL(kill),
	CALL(tgkill),
	CALL(getppid),
	CALL(mmap),
	CALL(mprotect),
	CALL(open),
	CALL(openat),
	CALL(process_vm_readv),
	CALL(prlimit64),
	CALL(getrlimit),
	CALL(pipe),
	CALL(dup2),
	CALL(arch_prctl),
	CALL(set_tid_address),
	CALL(ioctl),
	CALL(personality),
	CALL(getcwd),
	CALL(getdents),
	CALL(sched_setaffinity),
};

static int admit(scmp_filter_ctx f, const int *calls, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
		/* Some architectures have other calls instead. */
		if (r == -EDOM || r == -EINVAL)
			r = 0;
	}
	return r;
}

#define ADMIT(f, list) admit(f, list, sizeof(list) / sizeof((list)[0]))

/* @call when the bits @mask of its argument @arg are @value. */
static int admit_when(scmp_filter_ctx f, int call, unsigned int arg, uint64_t mask, uint64_t value)
{
	int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 1,
				 SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, mask, value));

	return r == -EDOM ? 0 : r;
}

#define ALL	  UINT64_C(0xffffffff)
#define NOT_READ  ((uint64_t)(O_ACCMODE | O_CREAT | O_TRUNC))
#define ONLY_MAKE ((uint64_t)(O_CREAT | O_EXCL))

/* Calls that are harmless with some arguments only. */
static int admit_some(scmp_filter_ctx f, enum making making, pid_t child)
{
	const struct {
		bool wanted;
		int call;
		unsigned int arg;
		uint64_t mask, value;
	} some[] = {
		{ true, CALL(open), 1, NOT_READ, 0 },
		{ true, CALL(openat), 2, NOT_READ, 0 },
		/* Nothing that exists is written to. */
		{ making >= MAKE_FILES, CALL(open), 1, ONLY_MAKE, ONLY_MAKE },
		{ making >= MAKE_FILES, CALL(openat), 2, ONLY_MAKE, ONLY_MAKE },
		{ true, CALL(mmap), 2, PROT_EXEC, 0 },
		{ true, CALL(mmap2), 2, PROT_EXEC, 0 },
		{ true, CALL(mprotect), 2, PROT_EXEC, 0 },
		{ true, CALL(clone), 0, CLONE_THREAD, CLONE_THREAD },
		{ true, CALL(tgkill), 0, ALL, (uint64_t)getpid() },
		{ true, CALL(prctl), 0, ALL, PR_SET_NAME },
		{ true, CALL(prlimit64), 2, ~UINT64_C(0), 0 },
		/* isatty(3) */
		{ true, CALL(ioctl), 1, ALL, TCGETS },
		{ child > 0, CALL(ioctl), 1, ALL, TIOCGPGRP },
		{ child > 0, CALL(ioctl), 1, ALL, TIOCSPGRP },
		{ child > 0, CALL(kill), 0, ALL, (uint64_t)child },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(some) / sizeof(some[0]); i++)
		if (some[i].wanted)
			r = admit_when(f, some[i].call, some[i].arg, some[i].mask, some[i].value);
	/* Its flags are in memory, where no filter sees them: the C library takes clone() then. */
	return r < 0 ? r : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
}

static int fill(scmp_filter_ctx f, enum making making, pid_t child)
{
	int r = ADMIT(f, files);

	if (r == 0)
		r = ADMIT(f, memory_and_threads);
	if (r == 0)
		r = ADMIT(f, time_and_signals);
	if (r == 0 && making >= MAKE_FILES)
		r = ADMIT(f, keeping);
	if (r == 0 && making >= MAKE_TREE)
		r = ADMIT(f, unpacking);
	if (r == 0 && child > 0)
		r = ADMIT(f, waiting);
	if (r == 0 && BUILD_IS_CHECKED)
		r = ADMIT(f, checking);
	if (r == 0)
		r = admit_some(f, making, child);
	/* As a tree: the depth counts for every call. */
	if (r == 0)
		seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return r;
}

int filter_load(enum making making, pid_t child)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	if (!f)
		return fail(-ENOMEM, "seccomp");
	r = fill(f, making, child);
	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	return r < 0 ? fail(r, "seccomp: %s", strerror(-r)) : 0;
}
