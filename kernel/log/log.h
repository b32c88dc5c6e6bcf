/* The kernel log (printk), oldest record first, by VMCOREINFO alone: no symbols, no types. */
#pragma once

#include "kernel/kernel.h"

#define LOG_NEWLINE 2 /* the record ends its line */
#define LOG_CONT    8 /* it continues the record before it */

struct log_record {
	uint64_t seq;
	uint64_t ts_nsec; /* nanoseconds since boot */
	const char *text; /* not NUL-terminated, no trailing newline; may hold newlines */
	size_t text_len;
	uint8_t level;	  /* 0..7, syslog(3) severity */
	uint8_t facility; /* 0 kernel, 1 user, ... */
	uint8_t flags;
	bool has_caller;    /* who wrote it was recorded, */
	bool shows_caller;  /* and dmesg of this kernel shows it: CONFIG_PRINTK_CALLER */
	uint32_t caller_id; /* a task's pid, or with bit 31 a CPU number */
	char subsystem[17], device[49]; /* printk's dev_printk_info, "" none */
	const char *dict; /* 3.5 to 5.9: KEY=value strings, NUL-separated; NULL none */
	size_t dict_len;
};

/* Not 0: stop, and log_read() returns it. */
typedef int log_record_fn(void *arg, const struct log_record *record);

/* Emit every record that can be read; an error after that says what could not. */
int log_read(struct kernel *k, log_record_fn *emit, void *arg);
