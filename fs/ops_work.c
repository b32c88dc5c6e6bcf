#include "fs/ops_work.h"

#include "dump/base/cancel.h"
#include "dump/base/trouble.h"
#include "fs/content.h"

static void interrupted(fuse_req_t req, void *data)
{
	struct work *w = data;

	(void)req;
	atomic_store(&w->stop, true);
	contents_wake(w->contents);
}

void work_begin(fuse_req_t req, struct contents *contents, struct work *w)
{
	atomic_init(&w->stop, false);
	w->contents = contents;
	trouble_begin();
	cancel_arm(&w->stop);
	fuse_req_interrupt_func(req, interrupted, w);
}

void work_end(fuse_req_t req)
{
	fuse_req_interrupt_func(req, NULL, NULL);
	cancel_arm(NULL);
}
