/* Errors: a negative errno travels as the return value, its text in a buffer of the thread.
 *
 * The closed set: -ENOENT no such symbol, type or member; -EFAULT no translation; -ENODATA page not
 * saved in the dump; -EBADMSG the dump or the debug information contradicts itself; -ELOOP a sanity
 * bound was hit; -EINTR the reader gave up; -ETIMEDOUT it took too long; -EOPNOTSUPP; -ENOMEM; -EINVAL a wrong request; errnos of
 * the host's I/O. An expected failure may be ignored: there is nothing to free. */
#pragma once

/* Start a message; returns @code. */
int fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prefix the message with "text: "; returns @code. */
int within(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Text of this thread's last failure, one line, control bytes replaced. Valid until the next one. */
const char *why(void);
