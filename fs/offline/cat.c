/* vmcorefs cat: the bytes of files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/offline/copy.h"
#include "fs/offline/offline.h"
#include "fs/offline/place.h"

struct cat {
	struct fs *fs;
	int *status;
};

static int to_stdout(void *arg, const void *bytes, size_t len)
{
	(void)arg;
	if (fwrite(bytes, 1, len, stdout) != len)
		return fail(-errno, "standard output: %s", strerror(errno));
	return 0;
}

static int cat_place(void *arg, const char *path, struct node *n)
{
	const struct cat *c = arg;
	const struct copy_sink sink = { .write = to_stdout };
	bool partial = false;
	int r;

	if (node_is_dir(n)) {
		offline_complain(path, "is a directory", c->status);
		return 0;
	}
	r = copy_file(c->fs, n, &sink, &partial);
	if (r == COPY_SINK_FAILED)
		return -EIO;
	if (r < 0)
		offline_complain(path, NULL, c->status);
	else if (partial)
		*c->status = 1; /* what is missing stands there */
	return 0;
}

int offline_cat(struct sources *s, char *const *paths, int *ret_status)
{
	struct cat c = { .fs = s->fs, .status = ret_status };
	int r = 0;

	for (size_t i = 0; r == 0 && paths[i]; i++) {
		r = places(s->fs, paths[i], true, cat_place, &c);
		if (r == -EIO && ferror(stdout))
			return r;
		if (r < 0)
			offline_complain(paths[i], NULL, ret_status);
		r = 0;
	}
	if (fflush(stdout) != 0)
		return fail(-errno, "standard output: %s", strerror(errno));
	return 0;
}
