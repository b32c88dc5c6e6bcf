/* That the host could not read a file, kept per thread: what was made without those bytes is neither to be
 * shown nor to be kept, since a later read may succeed. What a dump does not hold is no trouble. */
#pragma once

/* Note it; returns @code, whose message is that of fail(). Also from a signal handler. */
int trouble_note(int code);

/* What happened before does not count until trouble_end(). Returns what had. */
int trouble_begin(void);
void trouble_end(int before);

/* The same, of what failed since and is tried in another way. */
void trouble_undo(int before);

/* 0, or since trouble_begin() a read has failed: its error, with a message. */
int trouble(void);
