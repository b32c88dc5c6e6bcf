#include "fs/sandbox/sandbox.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dump/base/err.h"
#include "fs/sandbox/build.h"
#include "fs/sandbox/filter.h"
#include "fs/sandbox/landlock.h"

void sandbox_init(struct sandbox *s)
{
	*s = (struct sandbox){ .rules = -1 };
}

void sandbox_fini(struct sandbox *s)
{
	if (s->rules >= 0)
		close(s->rules);
	s->rules = -1;
}

int sandbox_hide(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return fail(-errno, "no core files: %s", strerror(errno));
	/* The sanitizers look for leaks as a debugger does. */
	if (!BUILD_IS_CHECKED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(-errno, "no core files: %s", strerror(errno));
	return 0;
}

/* What a sanitizer finds goes to a file of its own, wherever that is. */
int sandbox_prepare(struct sandbox *s, char *const *readable, const char *cache, const char *export)
{
	int r = BUILD_IS_CHECKED ? -EOPNOTSUPP : landlock_begin(&s->rules);

	s->making = export ? MAKE_TREE : cache ? MAKE_FILES : MAKE_NOTHING;
	if (r < 0)
		return r == -EOPNOTSUPP ? 0 : r;
	for (char *const *path = readable; r >= 0 && path && *path; path++)
		r = landlock_allow(s->rules, *path, MAKE_NOTHING);
	if (r >= 0 && cache)
		r = landlock_allow(s->rules, cache, MAKE_FILES);
	return r >= 0 && export ? landlock_allow(s->rules, export, MAKE_TREE) : r;
}

static void *wait_for_cancel(void *arg)
{
	pause();
	return arg;
}

/* The C library loads what it needs to cancel a thread when the first one is cancelled; the loop of FUSE
 * does that when it ends. */
static int load_cancel(void)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, wait_for_cancel, NULL);

	if (r)
		return fail(-r, "a thread: %s", strerror(r));
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	return 0;
}

int sandbox_lock(const struct sandbox *s, pid_t child)
{
	int r = load_cancel();

	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(-errno, "no_new_privs: %s", strerror(errno));
	r = s->rules >= 0 ? landlock_enforce(s->rules) : 0;
	return r < 0 ? r : filter_load(s->making, child);
}
