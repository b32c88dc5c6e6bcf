#include "fs/ops_reply.h"

#include <errno.h>
#include <stdlib.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "fs/ops.h"

/* A read of the dump has failed, which /dump/problems is to tell; the kernel may have what it told before.
 * With one thread the kernel cannot be told: it may be waiting for that one. */
static void renew_problems(struct mount *m)
{
	struct node *n = fs_expire_problems(m->fs);

	if (!n)
		return;
	if (m->session)
		fuse_lowlevel_notify_inval_inode(m->session, (uintptr_t)n, 0, 0);
	node_unref(m->fs->nodes, n, 1);
}

void reply_error(fuse_req_t req, int code)
{
	struct mount *m = fuse_req_userdata(req);
	static const int io_errors[] = { EFAULT, ENODATA, EBADMSG, ELOOP, EOPNOTSUPP };
	bool failed = code == -EIO;

	for (size_t i = 0; i < sizeof(io_errors) / sizeof(io_errors[0]); i++)
		if (code == -io_errors[i])
			code = -EIO;
	fuse_reply_err(req, -code);
	if (failed)
		renew_problems(m);
}

/* A short answer would tell the kernel that the file ends there: all or an error. */
static void reply_bytes(fuse_req_t req, const struct raw *raw, uint64_t off, size_t len)
{
	const char *bytes = raw_bytes(raw);
	_free_ char *buf = NULL;
	int r;

	if (bytes) {
		fuse_reply_buf(req, bytes + off, len);
		return;
	}
	buf = malloc(len);
	r = buf ? raw_read(raw, off, buf, len) : fail(-ENOMEM, "%zu bytes", len);
	if (r < 0)
		reply_error(req, r);
	else
		fuse_reply_buf(req, buf, len);
}

static void reply_some(fuse_req_t req, const struct raw *raw, uint64_t off, size_t len)
{
	_free_ char *buf = malloc(len);
	size_t n = 0;
	int r = buf ? raw->ops->read_some(raw, off, buf, len, &n) : fail(-ENOMEM, "%zu bytes", len);

	if (r < 0)
		reply_error(req, r);
	else
		fuse_reply_buf(req, buf, n);
}

void reply_read(fuse_req_t req, const struct raw *raw, uint64_t off, size_t len)
{
	if (raw->ops && raw->ops->read_some) {
		reply_some(req, raw, off, len);
		return;
	}
	if (off >= raw->size)
		len = 0;
	else if (len > raw->size - off)
		len = (size_t)(raw->size - off);
	if (len)
		reply_bytes(req, raw, off, len);
	else
		fuse_reply_buf(req, NULL, 0);
}
