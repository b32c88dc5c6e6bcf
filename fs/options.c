#include "fs/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"

const char options_help[] =
	"usage: vmcorefs [options] VMCORE... [VMLINUX] MOUNTPOINT\n"
	"\n"
	"Mount a Linux kernel crash dump as a read-only file tree. Which file is what is told by its\n"
	"content; several VMCOREs are the parts of a split dump. Start with MOUNTPOINT/README.\n"
	"\n"
	"    -f, --foreground      stay in the foreground\n"
	"    -d, --debug           the same, and print what FUSE does\n"
	"    -s, --single-thread   answer one request at a time\n"
	"        --force           take a VMLINUX that is not the dumped kernel's\n"
	"    -o vmlinux=FILE       the VMLINUX, for fstab\n"
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
	{ "vmlinux=%s", offsetof(struct options, vmlinux), 0 },
	/* FUSE is to see it as well. */
	FUSE_OPT_KEY("allow_other", FUSE_OPT_KEY_KEEP),
	FUSE_OPT_END,
};

static int take_argument(void *data, const char *arg, int key, struct fuse_args *outargs)
{
	struct options *o = data;
	char **files;

	(void)outargs;
	if (key == FUSE_OPT_KEY_OPT && arg[0] == '-')
		return fail(-1, "there is no option %s", arg);
	if (key != FUSE_OPT_KEY_NONOPT)
		return 1;
	files = realloc(o->files, (o->nr_files + 1) * sizeof(*files));
	if (!files)
		return fail(-1, "out of memory");
	o->files = files;
	o->files[o->nr_files] = strdup(arg);
	if (!o->files[o->nr_files])
		return fail(-1, "out of memory");
	o->nr_files++;
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret)
{
	*ret = (struct options){ .args = FUSE_ARGS_INIT(argc, argv) };
	fail(-EINVAL, "an option without its value");
	if (fuse_opt_parse(&ret->args, ret, table, take_argument) < 0)
		return within(-EINVAL, "usage");
	if (ret->help || ret->version)
		return 0;
	if (ret->nr_files < 2)
		return fail(-EINVAL, "usage: %s is missing",
			    ret->nr_files ? "the dump or the mount point" : "the dump");
	ret->mountpoint = ret->files[--ret->nr_files];
	return 0;
}

void options_fini(struct options *o)
{
	for (size_t i = 0; i < o->nr_files; i++)
		free(o->files[i]);
	free(o->files);
	free(o->mountpoint);
	free(o->vmlinux);
	fuse_opt_free_args(&o->args);
}
