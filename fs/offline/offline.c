#include "fs/offline/offline.h"

#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/lockdown.h"
#include "fs/offline/pack.h"

bool offline_does(enum verb verb)
{
	return verb == VERB_CAT || verb == VERB_LS || verb == VERB_EXPORT;
}

void offline_complain(const char *path, const char *what, int *ret_status)
{
	fprintf(stderr, "vmcorefs: %s: %s\n", path, what ? what : why());
	*ret_status = 1;
}

/* Where an export goes is open when no more can be opened. */
static int export(struct lockdown *l, struct sources *s, const struct options *o,
		  const struct surroundings *around, int *ret_status)
{
	struct pack *pack;
	int r = pack_open(o->words[0], s->time, &pack);

	if (r < 0)
		return r;
	r = lockdown_prepare(l, s, around, pack_folder(pack));
	if (r == 0)
		r = lockdown_lock(l, 0);
	if (r == 0)
		r = offline_export(s, pack, o->words + 1, ret_status);
	pack_close(pack);
	return r < 0 ? within(r, "%s", o->words[0]) : 0;
}

static int print(struct lockdown *l, struct sources *s, const struct options *o,
		 const struct surroundings *around, int *ret_status)
{
	int r = lockdown_prepare(l, s, around, NULL);

	if (r == 0)
		r = lockdown_lock(l, 0);
	if (r < 0)
		return r;
	return o->verb == VERB_CAT ? offline_cat(s, o->words, ret_status)
				   : offline_ls(s, o, ret_status);
}

int offline_run(const struct options *o, const struct surroundings *around, int *ret_status)
{
	const struct monitor_job job = { 0 };
	struct sources s = { 0 };
	struct lockdown l;
	struct asking asking = { .fetch = monitor_fetch, .arg = &l.monitor };
	int r;

	*ret_status = 0;
	lockdown_init(&l);
	r = lockdown_begin(&l, o, &job);
	if (r == 0)
		r = sources_open(&s, o, around, &asking);
	if (r == 0)
		r = o->verb == VERB_EXPORT ? export(&l, &s, o, around, ret_status)
					   : print(&l, &s, o, around, ret_status);
	lockdown_end(&l);
	sources_close(&s);
	return r;
}
