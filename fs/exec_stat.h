/* stat(2) by a command that sees the dump: what links of /proc lead to are files of the dead machine, which
 * no path of this one reaches. The kernel hands such calls to us (seccomp_unotify(2)), and we answer. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Tells of the file that the link at @path leads to. An error: the kernel shall see to the call itself. */
typedef int stat_answer_fn(void *arg, const char *path, struct stat *ret);

/* From now on this process, and what it starts, asks. Returns the descriptor on which it does, or -errno:
 * the kernel has no such thing, or does not let us. */
int stat_ask(void);

/* Send a descriptor, or none (-1), through a socket; receive it: -1 for none. */
int stat_send(int socket, int fd);
int stat_receive(int socket);

/* Answer on the descriptor until nobody is left who could ask, or @stop. */
void stat_serve(int fd, stat_answer_fn *answer, void *arg, const atomic_bool *stop);
