/* Contents of files: opened once whoever asks first, shared, and dropped when there are too many.
 *
 *   EMPTY -> BUSY -> READY      the first reader opens with no lock held, the others wait for it;
 *     ^________|       |        failure goes back to EMPTY, so that the next one tries again
 *     |________________|        dropped, the least recently used first, when no one holds it
 *
 * The dump never changes: what was dropped comes back with the same bytes, but for a text that was stopped. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "fs/raw.h"

enum content_state { CONTENT_EMPTY, CONTENT_BUSY, CONTENT_READY };

/* Lives in its file's node; all zeros is EMPTY. */
struct content {
	enum content_state state;
	unsigned pins; /* who holds it */
	unsigned failures;
	int error; /* of the last failure */
	struct raw raw;
	TAILQ_ENTRY(content) lru; /* READY and not pinned */
};

struct contents;

/* Opens the bytes with no lock held, perhaps for long: it ends with -EINTR when cancelled(). */
typedef int content_open_fn(void *arg, struct raw *ret);

/* Hold at most @bytes of host memory, pinned contents not counted out. */
int contents_new(size_t bytes, struct contents **ret);
void contents_free(struct contents *cs);

/* Pin @c, opening it if it is empty. The thread's cancel flag (cancel.h) ends the wait as well as the
 * opening: -EINTR. The raw is valid until content_put(). */
int content_get(struct contents *cs, struct content *c, content_open_fn *open, void *arg,
		const struct raw **ret);
void content_put(struct contents *cs, struct content *c);

/* The same; @c need not be kept: someone else has its bytes now. */
void content_put_last(struct contents *cs, struct content *c);

/* Drop @c, which no one holds, for good. */
void content_drop(struct contents *cs, struct content *c);

/* Drop @c if it is there and no one holds it: its bytes are no longer true. */
void content_expire(struct contents *cs, struct content *c);

/* A flag that cancels someone was set: those who wait must look. */
void contents_wake(struct contents *cs);
