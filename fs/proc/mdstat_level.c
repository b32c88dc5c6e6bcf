/* /proc/mdstat: what the personalities tell of their arrays: chunks, copies, and which members are in sync. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/proc/mdstat.h"
#include "kernel/fields.h"

#define DISKS_MAX 4096 /* a superblock has 1920 */

/* How a personality keeps its members: an array of structures that begin anywhere with a struct md_rdev *. */
struct members {
	enum field count, array, rdev;
	const char *element;
};

static const struct members of_raid1 = { F_r1conf_raid_disks, F_r1conf_mirrors, F_raid1_info_rdev,
					 "raid1:raid1_info" };
static const struct members of_raid10 = { F_r10conf_raid_disks, F_r10conf_mirrors,
					  F_raid10_info_rdev, "raid10:raid10_info" };
static const struct members of_raid5 = { F_r5conf_raid_disks, F_r5conf_disks, F_disk_info_rdev,
					 "raid456:disk_info" };
static const struct members of_multipath = { F_mpconf_raid_disks, F_mpconf_multipaths,
					     F_multipath_info_rdev, "multipath:multipath_info" };

static int in_sync(struct kernel *k, uint64_t at, enum field rdev_of, bool *ret)
{
	uint64_t rdev, flags;
	int e = field_u64(k, at, rdev_of, &rdev);

	*ret = false;
	if (e >= 0 && rdev)
		e = field_u64(k, rdev, F_rdev_flags, &flags);
	if (e < 0 || !rdev)
		return e;
	return md_must_bit(k, flags, "md_mod:In_sync", ret);
}

/* [3/2] [UU_] */
static int put_members(struct render *r, uint64_t md, uint64_t conf, const struct members *m)
{
	uint64_t n, degraded, array, size;
	bool good;
	int e = field_u64(r->k, conf, m->count, &n);

	if (e >= 0)
		e = field_u64(r->k, md, F_mddev_degraded, &degraded);
	if (e >= 0)
		e = field_u64(r->k, conf, m->array, &array);
	if (e >= 0)
		e = kernel_sizeof(r->k, m->element, &size);
	if (e >= 0 && n > DISKS_MAX)
		e = fail(-EBADMSG, "%d members", (int)n);
	if (e < 0)
		return e;
	put(r->out, " [%d/%d] [", (int)n, (int)n - (int)degraded);
	for (uint64_t i = 0; e >= 0 && i < n; i++) {
		e = in_sync(r->k, array + i * size, m->rdev, &good);
		if (e >= 0)
			put_str(r->out, good ? "U" : "_");
	}
	if (e >= 0)
		put_str(r->out, "]");
	return e < 0 ? within(e, "members") : 0;
}

static int put_number(struct render *r, uint64_t at, enum field f, int divisor, const char *what)
{
	uint64_t v;
	int e = field_u64(r->k, at, f, &v);

	if (e >= 0)
		put(r->out, " %d%s", (int)v / divisor, what);
	return e;
}

static int put_linear(struct render *r, uint64_t md, uint64_t conf)
{
	(void)conf;
	return put_number(r, md, F_mddev_chunk_sectors, 2, "k rounding");
}

static int put_raid0(struct render *r, uint64_t md, uint64_t conf)
{
	(void)conf;
	return put_number(r, md, F_mddev_chunk_sectors, 2, "k chunks");
}

static int put_raid1(struct render *r, uint64_t md, uint64_t conf)
{
	return put_members(r, md, conf, &of_raid1);
}

static int put_multipath(struct render *r, uint64_t md, uint64_t conf)
{
	return put_members(r, md, conf, &of_multipath);
}

/* Does this kernel have journals? Since v4.4; what came with v4.3 has no member of its own. */
static bool knows_journals(struct kernel *k)
{
	uint64_t bit;

	return kernel_enumerator(k, "md_mod:Journal", &bit) >= 0;
}

static int put_far_copies(struct render *r, uint64_t conf, uint64_t disks)
{
	uint64_t offset, set;
	int e = field_u64(r->k, conf, F_r10conf_far_offset, &offset);

	if (e >= 0)
		e = put_number(r, conf, F_r10conf_far_copies, 1,
			       offset ? " offset-copies" : " far-copies");
	if (e < 0 || !knows_journals(r->k)) /* 8bce6d35b308 (v4.3) */
		return e;
	e = field_u64(r->k, conf, F_r10conf_far_set_size, &set);
	if (e >= 0 && set != disks)
		put(r->out, " %d devices per set", (int)set);
	return e;
}

static int put_raid10(struct render *r, uint64_t md, uint64_t conf)
{
	uint64_t disks, near, far;
	int e = field_u64(r->k, conf, F_r10conf_raid_disks, &disks);

	if (e >= 0)
		e = field_u64(r->k, conf, F_r10conf_near_copies, &near);
	if (e >= 0)
		e = field_u64(r->k, conf, F_r10conf_far_copies, &far);
	if (e >= 0 && (int)near < (int)disks)
		e = put_number(r, md, F_mddev_chunk_sectors, 2, "K chunks");
	if (e >= 0 && (int)near > 1)
		put(r->out, " %d near-copies", (int)near);
	if (e >= 0 && (int)far > 1)
		e = put_far_copies(r, conf, disks);
	return e < 0 ? e : put_members(r, md, conf, &of_raid10);
}

/* Before 3cb5edf4541e (v4.3) the chunk is that which the array had before a change that is under way. */
static int put_raid5(struct render *r, uint64_t md, uint64_t conf)
{
	bool own = knows_journals(r->k);
	uint64_t level, chunk, layout;
	int e = field_u64(r->k, md, F_mddev_level, &level);

	if (e >= 0)
		e = own ? field_u64(r->k, conf, F_r5conf_chunk_sectors, &chunk)
			: field_u64(r->k, md, F_mddev_chunk_sectors, &chunk);
	if (e >= 0)
		e = field_u64(r->k, md, F_mddev_layout, &layout);
	if (e < 0)
		return e;
	put(r->out, " level %d, %dk chunk, algorithm %d", (int)level, (int)chunk / 2, (int)layout);
	return put_members(r, md, conf, &of_raid5);
}

/* Its modes by their numbers, in the order in which it shows them. */
static int put_faulty(struct render *r, uint64_t md, uint64_t conf)
{
	static const struct {
		const char *name;
		unsigned int mode;
		bool once; /* without a period */
	} modes[] = {
		{ "WriteTransient", 0, false },	 { "ReadTransient", 1, false },
		{ "WritePersistent", 2, false }, { "ReadPersistent", 3, false },
		{ "ReadFixable", 5, false },	 { "WriteAll", 4, true },
	};
	uint64_t counters, periods, n, period;
	int e = field_addr(r->k, conf, F_faulty_conf_counters, &counters);

	(void)md;
	if (e >= 0)
		e = field_addr(r->k, conf, F_faulty_conf_period, &periods);
	for (size_t i = 0; e >= 0 && i < sizeof(modes) / sizeof(modes[0]); i++) {
		e = kernel_read_uint(r->k, counters + 4 * modes[i].mode, 4, &n);
		if (e >= 0)
			e = kernel_read_uint(r->k, periods + 4 * modes[i].mode, 4, &period);
		if (e < 0 || !n)
			continue;
		put(r->out, " %s", modes[i].name);
		if (!modes[i].once)
			put(r->out, "=%d(%d)", (int)n, (int)period);
	}
	if (e >= 0)
		e = field_u64(r->k, conf, F_faulty_conf_nfaults, &n);
	if (e >= 0)
		put(r->out, " nfaults=%d", (int)n);
	return e;
}

static const struct {
	const char *name;
	int (*put)(struct render *r, uint64_t md, uint64_t conf);
} personalities[] = {
	{ "linear", put_linear }, { "raid0", put_raid0 },   { "raid1", put_raid1 },
	{ "raid10", put_raid10 }, { "raid4", put_raid5 },   { "raid5", put_raid5 },
	{ "raid6", put_raid5 },	  { "faulty", put_faulty }, { "multipath", put_multipath },
};

int put_md_status(struct render *r, uint64_t md, const char *personality)
{
	uint64_t conf;
	int e = field_u64(r->k, md, F_mddev_private, &conf);

	if (e < 0)
		return e;
	for (size_t i = 0; i < sizeof(personalities) / sizeof(personalities[0]); i++)
		if (!strcmp(personalities[i].name, personality))
			return personalities[i].put(r, md, conf);
	return fail(-EOPNOTSUPP, "what %s tells of an array is not known", personality);
}
