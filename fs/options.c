#include "fs/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"

const char options_help[] =
	"usage: vmcorefs [options] VMCORE... [VMLINUX] [MODULE.ko...] MOUNTPOINT\n"
	"       vmcorefs exec [options] VMCORE... [VMLINUX] [MODULE.ko...] [-- COMMAND...]\n"
	"       vmcorefs cat [options] VMCORE... [VMLINUX] [MODULE.ko...] -- PATH...\n"
	"       vmcorefs ls [options] [-l] [-R] VMCORE... [VMLINUX] [MODULE.ko...] [-- PATH...]\n"
	"       vmcorefs export [options] VMCORE... [VMLINUX] [MODULE.ko...] -- DIR|FILE.tar [PATH...]\n"
	"\n"
	"Mount a Linux kernel crash dump as a read-only file tree. Which file is what is told by its\n"
	"content; several VMCOREs are the parts of a split dump. Start with MOUNTPOINT/README.\n"
	"Debug files are not needed. Those that are not given are looked for in the usual places, and\n"
	"with debuginfod where DEBUGINFOD_URLS is set.\n"
	"\n"
	"With exec, COMMAND (or a shell) runs where /proc and /sys are the dump's, as in\n"
	"vmcorefs exec vmcore -- ps aux\n"
	"cat, ls and export need no mount. PATH is one of the tree, as in /tasks/1/stack or\n"
	"'/tasks/*/comm'; export writes the whole tree but /memory when there is none. Their exit\n"
	"status tells whether everything asked for was there, and whole.\n"
	"\n"
	"    -f, --foreground      stay in the foreground\n"
	"    -d, --debug           the same, and print what FUSE does\n"
	"    -s, --single-thread   answer one request at a time\n"
	"    -m, --module FILE     the .ko or debug file of a module that distributions do not have\n"
	"        --debug-dir DIR   look for debug files there first\n"
	"        --no-debuginfo    use the dump alone, and look for no debug files\n"
	"        --no-cache        keep nothing in ${XDG_CACHE_HOME:-~/.cache}/vmcorefs\n"
	"        --stable          no addresses or times, so that two dumps can be compared\n"
	"    -l                    of ls: kind, size and target of each\n"
	"    -R                    of ls: and what is below\n"
	"        --force           take a VMLINUX that is not the dumped kernel's\n"
	"        --no-sandbox      do not lock it down when its files are open: for gdb, strace\n"
	"    -o vmlinux=FILE       the VMLINUX, for fstab\n"
	"    -o cache=SIZE         memory for texts that are kept, such as 64M (8M)\n"
	"    -o timeout=SECONDS    how long one text may take to make (10); 0: as long as it takes\n"
	"    -o allow_other        let other users see the tree (a dump holds secrets)\n"
	"    -o OPTION[,OPTION]    other mount options, see mount.fuse3(8)\n"
	"    -h, --help            print this\n"
	"    -V, --version         print the version\n"
	"\n"
	"Unmount with `fusermount3 -u MOUNTPOINT` or `umount MOUNTPOINT`.\n";

#define FLAG(template, field)                                \
	{                                                    \
		template, offsetof(struct options, field), 1 \
	}

#define VALUE(template, field)                               \
	{                                                    \
		template, offsetof(struct options, field), 0 \
	}

enum { KEY_MODULE = 1, KEY_DEBUG_DIR, KEY_CACHE };

static const struct fuse_opt table[] = {
	FLAG("-h", help),
	FLAG("--help", help),
	FLAG("-V", version),
	FLAG("--version", version),
	FLAG("-f", foreground),
	FLAG("--foreground", foreground),
	FLAG("-d", debug),
	FLAG("--debug", debug),
	FLAG("debug", debug),
	FLAG("-s", single),
	FLAG("--single-thread", single),
	FLAG("--force", force),
	FLAG("force", force),
	FLAG("allow_other", allow_other),
	FLAG("--no-debuginfo", no_debuginfo),
	FLAG("no_debuginfo", no_debuginfo),
	FLAG("--no-cache", no_cache),
	FLAG("no_cache", no_cache),
	FLAG("--no-sandbox", no_sandbox),
	FLAG("no_sandbox", no_sandbox),
	/* Of tests alone, and not in --help. */
	FLAG("--no-btf", no_btf),
	FLAG("--no-orc", no_orc),
	FLAG("--no-data-symbols", no_data_symbols),
	FLAG("--stable", stable),
	FLAG("stable", stable),
	FLAG("-l", list_long),
	FLAG("-R", recursive),
	/* With a blank, the value may be an argument of its own. */
	FUSE_OPT_KEY("--debug-dir ", KEY_DEBUG_DIR),
	FUSE_OPT_KEY("debug_dir=", KEY_DEBUG_DIR),
	FUSE_OPT_KEY("-m ", KEY_MODULE),
	FUSE_OPT_KEY("--module ", KEY_MODULE),
	FUSE_OPT_KEY("module=", KEY_MODULE),
	FUSE_OPT_KEY("cache=", KEY_CACHE),
	VALUE("timeout=%d", timeout),
	VALUE("vmlinux=%s", vmlinux),
	/* FUSE is to see it as well. */
	FUSE_OPT_KEY("allow_other", FUSE_OPT_KEY_KEEP),
	FUSE_OPT_END,
};

static int append(char ***list, size_t *n, const char *arg)
{
	char **more = realloc(*list, (*n + 1) * sizeof(*more));

	if (!more)
		return fail(-1, "out of memory");
	*list = more;
	more[*n] = strdup(arg);
	if (!more[*n])
		return fail(-1, "out of memory");
	++*n;
	return 0;
}

/* Where the value begins in "-mFILE", "--module=FILE", "module=FILE" and the like. */
static const char *value_of(const char *arg)
{
	static const char *const names[] = { "--module", "module", "-m", "--debug-dir",
					     "debug_dir" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(arg, names[i], strlen(names[i]))) {
			arg += strlen(names[i]);
			return arg[0] == '=' ? arg + 1 : arg;
		}
	return arg;
}

static int set(char **ret, const char *value)
{
	free(*ret);
	*ret = strdup(value);
	return *ret ? 0 : fail(-1, "out of memory");
}

/* "64M": a number, and K, M or G. */
static int take_size(const char *arg, const char *text, size_t *ret)
{
	static const char units[] = "KMG";
	const char *unit;
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (errno || end == text || *text == '-' || (*end && (!unit || end[1])) || !n ||
	    n > SIZE_MAX >> 30)
		return fail(-1, "%s: not a size such as 64M", arg);
	*ret = (size_t)n << (unit ? 10 * (unit - units + 1) : 0);
	return 0;
}

static int take_argument(void *data, const char *arg, int key, struct fuse_args *outargs)
{
	struct options *o = data;

	(void)outargs;
	if (key == KEY_MODULE)
		return append(&o->modules, &o->nr_modules, value_of(arg));
	if (key == KEY_CACHE)
		return take_size(arg, arg + strlen("cache="), &o->cache_bytes);
	if (key == KEY_DEBUG_DIR)
		return set(&o->debug_dir, value_of(arg));
	if (key == FUSE_OPT_KEY_OPT && arg[0] == '-')
		return fail(-1, "there is no option %s", arg);
	if (key != FUSE_OPT_KEY_NONOPT)
		return 1;
	return append(&o->files, &o->nr_files, arg);
}

/* The commands beside mounting, and whether they need words after "--". */
static const struct command {
	const char *name;
	enum verb verb;
	const char *needs;
} commands[] = {
	{ "exec", VERB_EXEC, NULL },
	{ "cat", VERB_CAT, "-- PATH..." },
	{ "ls", VERB_LS, NULL },
	{ "export", VERB_EXPORT, "-- DIRECTORY or -- FILE.tar" },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* "exec FILES -- COMMAND": what is before the dashes is parsed as ever. */
static int take_command(int argc, char **argv, char ***ret_words)
{
	int end = 2;

	while (end < argc && strcmp(argv[end], "--") != 0)
		end++;
	*ret_words = argv + (end < argc ? end + 1 : argc);
	memmove(argv + 1, argv + 2, (size_t)(end - 2) * sizeof(*argv));
	argv[end - 1] = NULL;
	return end - 1;
}

static int check(struct options *o, const struct command *command)
{
	if (command) {
		if (!o->nr_files)
			return fail(-EINVAL, "usage: the dump is missing");
		if (command->needs && !o->words[0])
			return fail(-EINVAL, "usage: %s: %s is missing", command->name,
				    command->needs);
		return 0;
	}
	if (o->nr_files < 2)
		return fail(-EINVAL, "usage: %s is missing",
			    o->nr_files ? "the dump or the mount point" : "the dump");
	o->mountpoint = o->files[--o->nr_files];
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret)
{
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
	char **words = NULL;

	if (command)
		argc = take_command(argc, argv, &words);
	*ret = (struct options){ .args = FUSE_ARGS_INIT(argc, argv),
				 .verb = command ? command->verb : VERB_MOUNT,
				 .words = words,
				 .timeout = -1 };
	fail(-EINVAL, "an option without its value");
	if (fuse_opt_parse(&ret->args, ret, table, take_argument) < 0)
		return within(-EINVAL, "usage");
	return ret->help || ret->version ? 0 : check(ret, command);
}

void options_fini(struct options *o)
{
	for (size_t i = 0; i < o->nr_files; i++)
		free(o->files[i]);
	free(o->files);
	for (size_t i = 0; i < o->nr_modules; i++)
		free(o->modules[i]);
	free(o->modules);
	free(o->debug_dir);
	free(o->mountpoint);
	free(o->vmlinux);
	fuse_opt_free_args(&o->args);
}
