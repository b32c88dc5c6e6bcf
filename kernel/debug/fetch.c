#include "kernel/debug/fetch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dump/base/err.h"

#ifdef HAVE_DEBUGINFOD
#include <elfutils/debuginfod.h>

struct asker {
	fetch_stop_fn *stop;
	void *arg;
};

/* Not 0 ends the transfer. */
static int go_on(debuginfod_client *client, long done, long all)
{
	const struct asker *a = debuginfod_get_user_data(client);

	(void)done;
	(void)all;
	return a->stop(a->arg);
}

int fetch_debug_file(const struct build_id *id, fetch_stop_fn *stop, void *arg, char **ret)
{
	debuginfod_client *client = debuginfod_begin();
	struct asker a = { stop, arg };
	int fd;

	if (!client)
		return fail(-ENOMEM, "debuginfod");
	debuginfod_set_user_data(client, &a);
	debuginfod_set_progressfn(client, go_on);
	fd = debuginfod_find_debuginfo(client, id->bytes, (int)id->len, ret);
	debuginfod_end(client);
	if (stop(arg))
		return fail(-EINTR, "interrupted");
	if (fd < 0)
		return fail(-ENOENT, "debuginfod: %s", strerror(-fd));
	close(fd);
	return 0;
}
#else
int fetch_debug_file(const struct build_id *id, fetch_stop_fn *stop, void *arg, char **ret)
{
	(void)id;
	(void)stop;
	(void)arg;
	(void)ret;
	return fail(-EOPNOTSUPP, "debuginfod: built without it");
}
#endif
