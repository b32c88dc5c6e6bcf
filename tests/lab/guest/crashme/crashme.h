/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CRASHME_H
#define CRASHME_H

/*
 * crashme: leaves known things in a kernel and brings it down in chosen ways.
 *
 * Each part makes its things at load and later describes them in /proc/crashme, a line each:
 *	KEY ADDRESS VALUE...
 * ADDRESS is hexadecimal, or - for what has none.
 */
#include <linux/seq_file.h>
#include <linux/version.h>

/* %p hashes its argument since ad67b74d2469 (v4.15). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 15, 0)
#define PX "%px"
#else
#define PX "%p"
#endif

/* For functions that keep a frame of their own, by their own name, with the arguments they have. */
#define OWN_FRAME noinline __attribute__((noclone))

void params_show(struct seq_file *s);

int known_init(void);
void known_show(struct seq_file *s);

int threads_init(void);
void threads_show(struct seq_file *s);
int threads_block(void);
int threads_spin(void);

/* -ENOENT: no such way; 0: it will happen shortly; mostly it does not return. */
int crash_by_name(const char *name);
void crash_show(struct seq_file *s);

#endif
