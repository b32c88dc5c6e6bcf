/* A command that sees the dump in place of the machine: in mount and pid namespaces of its own the
 * tree's /proc and /sys lie over the host's. It knows no FUSE: the tree is mounted, or will be, at a
 * folder that no one outside sees. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "fs/exec_stat.h"

struct exec {
	char *folder; /* where the tree is to be mounted */
	pid_t init;   /* first process of the command's namespace; 0: none yet */
	int status;   /* what it ended with, as a shell has it */
	int ready[2]; /* pipe: a byte when the mount answers */
	int asks[2];  /* sockets: where it asks for stat(2) comes through, see exec_stat.h */
};

#define EXEC_FAILED 125 /* status: it could not be tried at all */

/* Enter a mount namespace, of a user namespace where that is needed, and make the folder in @parent. */
int exec_prepare(struct exec *e, const char *parent);

/* Start @command, which ends with NULL and finds its program as a shell would, as soon as a byte comes
 * out of the pipe. Without @command[0] it is @shell. In its environment VMCOREFS is the folder. */
int exec_start(struct exec *e, char *const *command, const char *shell, const char *release);

/* Wait for its end; .status tells. All that it has started ends with it. */
void exec_wait(struct exec *e);

/* Answer its calls of stat(2) until it has ended or @stop. */
void exec_answer(struct exec *e, stat_answer_fn *answer, void *arg, const atomic_bool *stop);

/* End it, if it runs, and take the terminal back. The folder is left to the one who unmounts it. */
void exec_fini(struct exec *e);
