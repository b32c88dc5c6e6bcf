#include "kernel/debug/fetch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dump/base/err.h"

#ifdef HAVE_DEBUGINFOD
#include <dlfcn.h>
#include <elfutils/debuginfod.h>

/* Of the library, which is loaded when a server is asked: with what it needs itself it takes longer to load
 * than all else. Never unloaded, as what it needs has to stay. */
static struct library {
	__typeof__(&debuginfod_begin) begin;
	__typeof__(&debuginfod_end) end;
	__typeof__(&debuginfod_set_user_data) set_user_data;
	__typeof__(&debuginfod_get_user_data) get_user_data;
	__typeof__(&debuginfod_set_progressfn) set_progressfn;
	__typeof__(&debuginfod_find_debuginfo) find_debuginfo;
} library;

struct asker {
	fetch_stop_fn *stop;
	void *arg;
};

static int load(struct library *l)
{
	void *handle = dlopen(DEBUGINFOD_SONAME, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return fail(-EOPNOTSUPP, "%s", dlerror());
	l->begin = dlsym(handle, "debuginfod_begin");
	l->end = dlsym(handle, "debuginfod_end");
	l->set_user_data = dlsym(handle, "debuginfod_set_user_data");
	l->get_user_data = dlsym(handle, "debuginfod_get_user_data");
	l->set_progressfn = dlsym(handle, "debuginfod_set_progressfn");
	l->find_debuginfo = dlsym(handle, "debuginfod_find_debuginfo");
	if (!l->begin || !l->end || !l->set_user_data || !l->get_user_data || !l->set_progressfn ||
	    !l->find_debuginfo)
		return fail(-EOPNOTSUPP, "%s: %s", DEBUGINFOD_SONAME, dlerror());
	return 0;
}

/* Not 0 ends the transfer. */
static int go_on(debuginfod_client *client, long done, long all)
{
	const struct asker *a = library.get_user_data(client);

	(void)done;
	(void)all;
	return a->stop(a->arg);
}

int fetch_debug_file(const struct build_id *id, fetch_stop_fn *stop, void *arg, char **ret)
{
	struct asker a = { stop, arg };
	debuginfod_client *client;
	int r = load(&library), fd;

	if (r < 0)
		return r;
	client = library.begin();
	if (!client)
		return fail(-ENOMEM, "debuginfod");
	library.set_user_data(client, &a);
	library.set_progressfn(client, go_on);
	fd = library.find_debuginfo(client, id->bytes, (int)id->len, ret);
	library.end(client);
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
