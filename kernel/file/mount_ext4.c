#include "kernel/file/mount_ext4.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/file/mount_options.h"
#include "kernel/sys/vitals.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define DATA_MASK  0xc00
#define COMMIT_AGE 5 /* seconds: JBD2_DEFAULT_MAX_COMMIT_AGE */
#define NSEC	   1000000000ull

/* Bits of s_mount_opt that show when they are not as the file system has them by itself, in the order
 * in which they do. NULL: that state does not show. */
static const struct flag {
	uint64_t bits;
	const char *if_set, *if_clear;
} flags[] = {
	{ 0x80, "minixdf", "bsddf" },
	{ 0x4, "grpid", "nogrpid" },
	{ 0x20000000, "block_validity", "noblock_validity" },
	{ 0x400000, "dioread_nolock", "dioread_lock" },
	{ 0x40000000, "discard", "nodiscard" },
	{ 0x8000000, "delalloc", "nodelalloc" },
	{ 0x800000, "journal_checksum", "nojournal_checksum" },
	{ 0x1000000, "journal_async_commit", NULL },
	{ 0x100, "norecovery", NULL },
	{ 0x4000, "user_xattr", "nouser_xattr" },
	{ 0x8000, "acl", "noacl" },
	{ 0x2000, "nouid32", NULL },
	{ 0x8, "debug", NULL },
	{ 0x10000, "noauto_da_alloc", "auto_da_alloc" },
	{ 0x20000, "barrier", "nobarrier" },
	{ 0x80000000, NULL, "noinit_itable" },
	{ 0x10000000, "data_err=abort", NULL },
	{ 0x200, "dax", NULL },
	{ 0x80000, "usrquota", NULL },
	{ 0x100000, "grpquota", NULL },
	{ 0x200000, "prjquota", NULL },
};

static void put_flags(struct strbuf *out, uint64_t set, uint64_t usual)
{
	for (size_t i = 0; i < COUNT(flags); i++) {
		const char *text = set & flags[i].bits ? flags[i].if_set : flags[i].if_clear;

		if ((set ^ usual) & flags[i].bits && text)
			put(out, ",%s", text);
	}
}

/* What the file system does on errors unless it is told: from its super block, which lies in the page
 * cache and may not be in the dump. */
static int put_errors(struct strbuf *out, struct kernel *k, uint64_t info, uint64_t set)
{
	static const struct {
		uint64_t bit, usual;
		const char *text;
	} errors[] = {
		{ 0x20, 2, "remount-ro" },
		{ 0x10, 1, "continue" },
		{ 0x40, 3, "panic" },
	};
	uint64_t es, usual;
	int r = field_u64(k, info, F_ext4_es, &es);

	if (r == 0)
		r = field_u64(k, es, F_ext4_es_errors, &usual);
	if (r == -ENODATA) {
		put_str(out, OPTIONS_UNKNOWN);
		return 0;
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < COUNT(errors); i++)
		if (set & errors[i].bit && usual != errors[i].usual)
			put(out, ",errors=%s", errors[i].text);
	return 0;
}

static int put_numbers(struct strbuf *out, struct kernel *k, uint64_t info)
{
	uint64_t interval, stripe, hz;
	int r = field_u64(k, info, F_ext4_commit_interval, &interval);

	if (r == 0)
		r = field_u64(k, info, F_ext4_stripe, &stripe);
	if (r < 0)
		return r;
	if (kernel_hz(k, &hz) < 0)
		put_str(out, OPTIONS_UNKNOWN);
	else if (interval != COMMIT_AGE * hz)
		put(out, ",commit=%lu", interval / hz);
	if (stripe)
		put(out, ",stripe=%lu", stripe);
	return 0;
}

int put_ext4(struct strbuf *out, struct kernel *k, uint64_t sb, uint64_t info)
{
	static const char *const modes[] = { NULL, "journal", "ordered", "writeback" };
	uint64_t set, usual, mode;
	int r;

	(void)sb;
	if (!field_exists(k, F_ext4_mount_opt)) {
		put_str(out, OPTIONS_UNKNOWN);
		return 0;
	}
	r = field_u64(k, info, F_ext4_mount_opt, &set);
	if (r == 0)
		r = field_u64(k, info, F_ext4_def_mount_opt, &usual);
	if (r < 0)
		return r;
	put_flags(out, set, usual);
	r = put_errors(out, k, info, set);
	if (r == 0)
		r = put_numbers(out, k, info);
	mode = (set & DATA_MASK) >> 10;
	if (r == 0 && (set ^ usual) & DATA_MASK && modes[mode])
		put(out, ",data=%s", modes[mode]);
	return r;
}
