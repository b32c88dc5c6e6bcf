#include "fs/sigbus.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump/base/err.h"
#include "dump/base/trouble.h"

#define PAGE 4096 /* at least; a larger one is mapped again for each */

/* A page of zeros in place of what is gone: the access is tried again, and succeeds. */
static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	uintptr_t page = (uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1);
	int saved = errno;

	(void)context;
	if (info->si_code != BUS_ADRERR ||
	    mmap((void *)page, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		signal(sig, SIG_DFL); /* the access is tried again, and ends us */
	trouble_note(-EIO);
	errno = saved;
}

int sigbus_handle(void)
{
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	return sigaction(SIGBUS, &action, NULL) < 0 ? fail(-errno, "SIGBUS: %s", strerror(errno))
						    : 0;
}
