#include "fs/sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"

/* The same on every architecture. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

#define ASK_VERSION  1u
#define PATH_BENEATH 1

enum {
	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_FILE = 1 << 5,
	MAKE_DIR = 1 << 7,
	MAKE_REG = 1 << 8,
	MAKE_SYM = 1 << 12,
	TRUNCATE = 1 << 14,
};

/* struct landlock_ruleset_attr as it began; later members are left 0 by a shorter size. */
struct ruleset {
	uint64_t handled_fs;
};

/* struct landlock_path_beneath_attr */
struct beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

/* All that can be denied, by version: a right that a kernel does not know is an error.
 * 265885daf3e5 (v5.13), b91c3e4ea756 (v5.19), b9f5ce27c8f8 (v6.2), b25f7415eb41 (v6.10) */
static uint64_t rights(long version)
{
	static const uint64_t all[] = { 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff };
	const long newest = sizeof(all) / sizeof(all[0]);

	return all[(version < newest ? version : newest) - 1];
}

int landlock_begin(int *ret)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
	struct ruleset set;
	long fd;

	if (version <= 0)
		return fail(-EOPNOTSUPP, "landlock: %s", strerror(errno));
	set.handled_fs = rights(version);
	fd = syscall(SYS_landlock_create_ruleset, &set, sizeof(set), 0);
	if (fd < 0)
		return fail(-errno, "landlock: %s", strerror(errno));
	*ret = (int)fd;
	return 0;
}

int landlock_allow(int rules, const char *path, enum making making)
{
	_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	struct beneath rule = { .allowed = READ_FILE, .fd = fd };
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		rule.allowed |= READ_DIR;
	if (S_ISDIR(st.st_mode) && making >= MAKE_TREE)
		rule.allowed |= MAKE_SYM;
	if (S_ISDIR(st.st_mode) && making >= MAKE_FILES)
		rule.allowed |= WRITE_FILE | REMOVE_FILE | MAKE_DIR | MAKE_REG | TRUNCATE;
	rule.allowed &= rights(version);
	if (syscall(SYS_landlock_add_rule, rules, PATH_BENEATH, &rule, 0) < 0)
		return fail(-errno, "landlock: %s: %s", path, strerror(errno));
	return 0;
}

int landlock_enforce(int rules)
{
	if (syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return fail(-errno, "landlock: %s", strerror(errno));
	return 0;
}
