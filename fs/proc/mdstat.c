/* /proc/mdstat: arrays of disks, their members, and how far they are with making them equal. */
#include "fs/proc/mdstat.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/file/disk.h"
#include "kernel/file/path.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"
#include "kernel/walk/list.h"
#include "kernel/walk/xarray.h"

#define MAX_SECTOR UINT64_MAX
#define BAR_STEPS  20

enum { RO = 1, AUTO_RO = 2 };			/* mddev.ro */
enum { RESYNC_DELAYED = 2, RESYNC_ACTIVE = 3 }; /* mddev.curr_resync, below the first sector */

/* A variable of md, which may be built in. */
static int find_variable(struct kernel *k, const char *name, uint64_t *ret)
{
	struct symbol s;
	int e = symbol_addr(k, name, ret);

	if (e != -ENOENT)
		return e;
	e = symbol_find(k, name, &s);
	if (e >= 0)
		*ret = s.addr;
	return e;
}

static int find_bit(struct kernel *k, uint64_t word, const char *name, bool *ret)
{
	uint64_t bit;
	int e = kernel_enumerator(k, name, &bit);

	if (e >= 0)
		*ret = bit < 64 && word >> bit & 1;
	return e;
}

int md_must_bit(struct kernel *k, uint64_t word, const char *name, bool *ret)
{
	*ret = false;
	return word ? find_bit(k, word, name, ret) : 0;
}

int md_bit(struct kernel *k, uint64_t word, const char *name, bool *ret)
{
	int e = md_must_bit(k, word, name, ret);

	return e == -ENOENT ? 0 : e;
}

/* What mddev.recovery says. Before they were enumerators, which was in v4.10 at last, these were macros. */
static int recovery_bit(struct kernel *k, uint64_t word, const char *name, unsigned int macro,
			bool *ret)
{
	bool macros = !field_exists(k, F_mddev_sb_flags);
	int e = md_must_bit(k, word, name, ret);

	if (e != -ENOENT || !macros)
		return e;
	*ret = word >> macro & 1;
	return 0;
}

static void put_name(struct render *r, const char *name)
{
	put_escaped(r->out, name, strlen(name), "");
}

static int put_personalities(struct render *r)
{
	char name[MD_NAME_LEN];
	uint64_t head, index, at, type, personality;
	struct list_walk w;
	struct xa_walk x;
	int e;

	put_str(r->out, "Personalities : ");
	if (!field_exists(r->k, F_md_submodule_type)) {
		e = find_variable(r->k, "pers_list", &head);
		if (e >= 0)
			e = list_begin(&w, r->k, head, F_md_pers_list);
		while (e >= 0 && (e = list_next(&w, &at)) > 0) {
			e = field_str(r->k, at, F_md_pers_name, name, sizeof(name));
			if (e >= 0)
				put(r->out, "[%s] ", name);
		}
	} else {
		e = find_variable(r->k, "md_submodule", &head);
		if (e >= 0)
			e = kernel_enumerator(r->k, "md_mod:MD_PERSONALITY", &personality);
		if (e >= 0)
			e = xa_begin(&x, r->k, head);
		while (e >= 0 && (e = xa_next(&x, &index, &at)) > 0) {
			e = field_u64(r->k, at, F_md_submodule_type, &type);
			if (e >= 0)
				e = field_str(r->k, at, F_md_submodule_name, name, sizeof(name));
			if (e >= 0 && type == personality)
				put(r->out, "[%s] ", name);
		}
	}
	put_str(r->out, "\n");
	return e < 0 ? within(e, "personalities") : 0;
}

static int put_member(struct render *r, uint64_t rdev, uint64_t *sectors)
{
	static const struct {
		const char *bit, *text;
	} marks[] = { { "md_mod:WriteMostly", "(W)" }, { "md_mod:Journal", "(J)" } };
	char name[DISK_NAME_LEN];
	uint64_t bdev, number, flags, disk, size;
	bool set, faulty;
	int e = field_u64(r->k, rdev, F_rdev_bdev, &bdev);

	if (e >= 0)
		e = disk_of_bdev(r->k, bdev, name);
	if (e >= 0)
		e = field_u64(r->k, rdev, F_rdev_desc_nr, &number);
	if (e >= 0)
		e = field_u64(r->k, rdev, F_rdev_flags, &flags);
	if (e >= 0)
		e = field_u64(r->k, rdev, F_rdev_raid_disk, &disk);
	if (e >= 0)
		e = field_u64(r->k, rdev, F_rdev_sectors, &size);
	if (e >= 0)
		e = md_must_bit(r->k, flags, "md_mod:Faulty", &faulty);
	if (e < 0)
		return within(e, "member at %#lx", rdev);
	put_str(r->out, " ");
	put_name(r, name);
	put(r->out, "[%d]", (int)number);
	for (size_t i = 0; e >= 0 && i < sizeof(marks) / sizeof(marks[0]); i++) {
		e = md_bit(r->k, flags, marks[i].bit, &set);
		if (e >= 0 && set)
			put_str(r->out, marks[i].text);
	}
	if (e < 0 || faulty) {
		put_str(r->out, e < 0 ? "" : "(F)");
		return e;
	}
	if ((int)disk < 0)
		put_str(r->out, "(S)");
	e = md_bit(r->k, flags, "md_mod:Replacement", &set);
	if (e >= 0 && set)
		put_str(r->out, "(R)");
	*sectors += size;
	return e;
}

/* @ret_sectors: of those that are not faulty. */
static int put_members(struct render *r, uint64_t md, uint64_t *ret_sectors, bool *ret_any)
{
	uint64_t head, rdev;
	struct list_walk w;
	int e = field_addr(r->k, md, F_mddev_disks, &head);

	*ret_sectors = 0;
	*ret_any = false;
	if (e >= 0)
		e = list_begin(&w, r->k, head, F_rdev_same_set);
	while (e >= 0 && (e = list_next(&w, &rdev)) > 0) {
		*ret_any = true;
		e = put_member(r, rdev, ret_sectors);
	}
	return e;
}

static int put_super(struct render *r, uint64_t md)
{
	uint64_t persistent, external, major, minor;
	char type[MD_NAME_LEN];
	int e = field_u64(r->k, md, F_mddev_persistent, &persistent);

	if (e >= 0)
		e = field_u64(r->k, md, F_mddev_external, &external);
	if (e >= 0)
		e = field_u64(r->k, md, F_mddev_major_version, &major);
	if (e >= 0)
		e = field_u64(r->k, md, F_mddev_minor_version, &minor);
	if (e >= 0)
		e = field_str(r->k, md, F_mddev_metadata_type, type, sizeof(type));
	if (e < 0)
		return e;
	if (persistent) {
		if (major != 0 || minor != 90)
			put(r->out, " super %d.%d", (int)major, (int)minor);
	} else if (external) {
		put_str(r->out, " super external:");
		put_name(r, type);
	} else {
		put_str(r->out, " super non-persistent");
	}
	return 0;
}

/* What a line of progress is made of. */
struct resync {
	uint64_t current, max, offset, active; /* sectors */
	bool sync, reshape, check, done;
	bool oldest, newest; /* how the kernel computes it: see where_it_is() */
};

static int read_resync(struct kernel *k, uint64_t md, uint64_t recovery, struct resync *ret)
{
	uint64_t active;
	int e;

	ret->oldest = !field_exists(k, F_mddev_lock);
	ret->newest = kernel_enumerator(k, "md_mod:MD_RESYNC_ACTIVE", &active) >= 0;
	e = recovery_bit(k, recovery, "md_mod:MD_RECOVERY_SYNC", 1, &ret->sync);
	if (e >= 0)
		e = recovery_bit(k, recovery, "md_mod:MD_RECOVERY_RESHAPE", 8, &ret->reshape);
	if (e >= 0)
		e = recovery_bit(k, recovery, "md_mod:MD_RECOVERY_CHECK", 7, &ret->check);
	if (e >= 0)
		e = recovery_bit(k, recovery, "md_mod:MD_RECOVERY_DONE", 4, &ret->done);
	if (e >= 0)
		e = field_u64(k, md,
			      ret->sync || ret->reshape ? F_mddev_resync_max_sectors
							: F_mddev_dev_sectors,
			      &ret->max);
	if (e >= 0)
		e = field_u64(k, md, F_mddev_curr_resync, &ret->current);
	if (e >= 0)
		e = field_u64(k, md, F_mddev_resync_offset, &ret->offset);
	if (e >= 0)
		e = field_u64(k, md, F_mddev_recovery_active, &ret->active);
	return e;
}

/* The sector that is reached, or less than RESYNC_ACTIVE. Before v4.2 what had ended was not looked at; since
 * eac58d08d493 (v6.0) what is active never looks as if it were not. */
static uint64_t where_it_is(const struct resync *s)
{
	if (s->current < RESYNC_ACTIVE || (s->current == RESYNC_ACTIVE && !s->newest))
		return s->done && !s->oldest ? s->max : s->current;
	if (s->newest && s->current > s->max)
		return s->max;
	if (s->newest && (s->current < s->active || s->current - s->active < RESYNC_ACTIVE))
		return RESYNC_ACTIVE;
	return s->current - s->active;
}

/* Of one that another node of a cluster synchronizes. */
static int put_remote(struct render *r, uint64_t md)
{
	uint64_t head, rdev, disk, offset, flags, position;
	struct list_walk w;
	bool faulty;
	int e = field_addr(r->k, md, F_mddev_disks, &head);

	if (e >= 0)
		e = list_begin(&w, r->k, head, F_rdev_same_set);
	while (e >= 0 && (e = list_next(&w, &rdev)) > 0) {
		e = field_u64(r->k, rdev, F_rdev_raid_disk, &disk);
		if (e >= 0)
			e = field_u64(r->k, rdev, F_rdev_recovery_offset, &offset);
		if (e >= 0)
			e = field_u64(r->k, rdev, F_rdev_flags, &flags);
		if (e >= 0)
			e = md_must_bit(r->k, flags, "md_mod:Faulty", &faulty);
		if (e >= 0 && (int)disk >= 0 && !faulty && offset != MAX_SECTOR && offset) {
			put_str(r->out, "\trecover=REMOTE");
			return 0;
		}
	}
	if (e >= 0)
		e = field_u64(r->k, md, F_mddev_reshape_position, &position);
	if (e >= 0)
		put_str(r->out, position != MAX_SECTOR ? "\treshape=REMOTE" : "\tresync=REMOTE");
	return e;
}

/* As status_resync() does, its clock the dump's: in 64 sectors, to keep what the end is near to. */
static int put_speed(struct render *r, uint64_t md, const struct resync *s, uint64_t reached)
{
	uint64_t jiffies, hz, mark, mark_count, count, seconds, done = 0, left;
	int e = symbol_u64(r->k, "jiffies", 8, &jiffies);

	if (e >= 0)
		e = kernel_hz(r->k, &hz);
	if (e >= 0)
		e = field_u64(r->k, md, F_mddev_resync_mark, &mark);
	if (e >= 0)
		e = field_u64(r->k, md, F_mddev_resync_mark_cnt, &mark_count);
	if (e >= 0)
		e = field_u64(r->k, md, F_mddev_curr_mark_cnt, &count);
	if (e >= 0 && !hz)
		e = fail(-EBADMSG, "a clock of no ticks");
	if (e < 0)
		return e;
	seconds = (jiffies - mark) / hz;
	if (!seconds)
		seconds = 1;
	if (s->oldest || count >= s->active + mark_count)
		done = count - s->active - mark_count;
	left = (s->max - reached) / (done / 32 + 1) * seconds >> 5;
	put(r->out, " finish=%lu.%lumin speed=%ldK/sec", left / 60, left % 60 / 6,
	    (long)(done / 2 / seconds));
	return 0;
}

static int put_progress(struct render *r, uint64_t md, const struct resync *s, uint64_t reached)
{
	const char *what = s->reshape ? "reshape"
			   : s->check ? "check"
			   : s->sync  ? "resync"
				      : "recovery";
	const uint64_t parts = (s->max >> 10) + 1;
	uint32_t per_mille;

	if (reached > s->max || parts > UINT32_MAX)
		return fail(-EBADMSG, "%s at sector %lu of %lu", what, reached, s->max);
	per_mille = (uint32_t)((reached >> 10) * 1000 / parts);
	put_str(r->out, "[");
	for (uint32_t i = 0; i < per_mille / 50; i++)
		put_str(r->out, "=");
	put_str(r->out, ">");
	for (uint32_t i = per_mille / 50; i < BAR_STEPS; i++)
		put_str(r->out, ".");
	put(r->out, "]  %s =%3u.%u%% (%lu/%lu)", what, per_mille / 10, per_mille % 10, reached / 2,
	    s->max / 2);
	return put_speed(r, md, s, reached);
}

static int put_resync(struct render *r, uint64_t md)
{
	struct resync s = { 0 };
	uint64_t recovery, reached;
	bool remote = false;
	int e = field_u64(r->k, md, F_mddev_recovery, &recovery);

	if (e >= 0)
		e = read_resync(r->k, md, recovery, &s);
	if (e >= 0)
		e = md_bit(r->k, recovery, "md_mod:MD_RESYNCING_REMOTE", &remote);
	if (e < 0)
		return e;
	reached = where_it_is(&s);
	if (!reached && !remote && s.offset == MAX_SECTOR)
		return 0;
	if (!reached && remote)
		e = put_remote(r, md);
	else if (!reached)
		put_str(r->out, "\tresync=PENDING");
	else if (reached <= RESYNC_DELAYED)
		put_str(r->out, "\tresync=DELAYED");
	else /* the first kernels show it as the begin */
		e = put_progress(r, md, &s, s.oldest && reached == RESYNC_ACTIVE ? 0 : reached);
	if (e >= 0)
		put_str(r->out, "\n      ");
	return e;
}

/* @ret_file: NULL: it is on the members. Returns 0 when none is shown. */
static int read_bitmap(struct kernel *k, uint64_t md, uint64_t *ret_pages, uint64_t *ret_missing,
		       uint64_t *ret_file)
{
	uint64_t bitmap, id = 0, lockless = 1, flags, page;
	bool wrong;
	int e = field_u64(k, md, F_mddev_bitmap, &bitmap);

	*ret_missing = *ret_file = 0;
	if (e < 0 || !bitmap)
		return e;
	if (field_exists(k, F_mddev_bitmap_id)) {
		e = field_u64(k, md, F_mddev_bitmap_id, &id);
		if (e >= 0)
			e = kernel_enumerator(k, "md_mod:ID_LLBITMAP", &lockless);
	}
	if (e >= 0 && id == lockless) {
		e = field_u64(k, bitmap, F_llbitmap_flags, &flags);
		if (e >= 0)
			e = md_must_bit(k, flags, "md_mod:BITMAP_WRITE_ERROR", &wrong);
		if (e >= 0)
			e = field_u64(k, bitmap, F_llbitmap_nr_pages, ret_pages);
		return e < 0 ? e : !wrong;
	}
	/* ec6bb299c7c3 (v6.12): without a superblock there are no numbers of it */
	if (e >= 0 && field_exists(k, F_md_bitmap_stats_pages)) {
		e = field_u64(k, bitmap, F_md_bitmap_sb_page, &page);
		if (e < 0 || !page)
			return e;
	}
	if (e >= 0)
		e = field_u64(k, bitmap, F_md_bitmap_pages, ret_pages);
	if (e >= 0)
		e = field_u64(k, bitmap, F_md_bitmap_missing_pages, ret_missing);
	if (e >= 0)
		e = field_u64(k, bitmap, F_md_bitmap_file, ret_file);
	return e < 0 ? e : 1;
}

static int put_bitmap(struct render *r, uint64_t md)
{
	uint64_t pages, missing, file, chunk;
	struct path path, root;
	int e = read_bitmap(r->k, md, &pages, &missing, &file);

	if (e <= 0)
		return e;
	e = field_u64(r->k, md, F_mddev_bitmap_chunksize, &chunk);
	if (e < 0)
		return e;
	pages -= missing;
	put(r->out, "bitmap: %lu/%lu pages [%luKB], %lu%s chunk", pages, pages + missing,
	    pages * (kernel_page_size(r->k) / 1024), chunk >> 10 ? chunk >> 10 : chunk,
	    chunk >> 10 ? "KB" : "B");
	if (file) {
		put_str(r->out, ", file: ");
		e = path_of_init(r->k, &root);
		if (e >= 0)
			e = path_of_file(r->k, file, &path);
		if (e >= 0)
			e = put_path(r->out, r->k, &path, &root, " \t\n");
	}
	if (e >= 0)
		put_str(r->out, "\n");
	return e < 0 ? within(e, "bitmap") : 0;
}

/* "active raid1"; @ret: the personality, "" without one. 2d2b3bc145b9 (v6.12, as were operations of bitmaps)
 * tells those that have lost too many members. */
static int put_state(struct render *r, uint64_t md, uint64_t pers, char ret[MD_NAME_LEN])
{
	uint64_t flags, ro;
	bool broken;
	int e = field_u64(r->k, md, F_mddev_flags, &flags);

	ret[0] = 0;
	if (!pers) {
		put_str(r->out, "inactive");
		return e;
	}
	if (e >= 0)
		e = field_u64(r->k, md, F_mddev_ro, &ro);
	if (e >= 0)
		e = field_str(r->k, pers, F_md_pers_name, ret, MD_NAME_LEN);
	if (e >= 0)
		e = md_bit(r->k, flags, "md_mod:MD_BROKEN", &broken);
	if (e < 0)
		return e;
	put_str(r->out, broken && field_exists(r->k, F_mddev_bitmap_ops) ? "broken" : "active");
	put_str(r->out, ro == RO ? " (read-only)" : ro == AUTO_RO ? " (auto-read-only)" : "");
	put_str(r->out, " ");
	put_name(r, ret);
	return 0;
}

/* What is behind the first line. */
static int put_details(struct render *r, uint64_t md, uint64_t pers, const char *personality)
{
	uint64_t sync_request;
	int e = put_super(r, md);

	if (e >= 0 && !pers)
		put_str(r->out, "\n       ");
	if (e < 0 || !pers)
		return e;
	e = put_md_status(r, md, personality);
	if (e == -EOPNOTSUPP) { /* that of this one alone */
		put(r->out, " <%s>", why());
		e = 0;
	}
	put_str(r->out, "\n      ");
	if (e >= 0)
		e = field_u64(r->k, pers, F_md_pers_sync_request, &sync_request);
	return e < 0 || !sync_request ? e : put_resync(r, md);
}

static int array_name(struct kernel *k, uint64_t md, char ret[DISK_NAME_LEN])
{
	uint64_t disk;
	int e = field_u64(k, md, F_mddev_gendisk, &disk);

	strcpy(ret, "mdX");
	return e < 0 || !disk ? e : field_str(k, disk, F_gendisk_name, ret, DISK_NAME_LEN);
}

/* Is there anything to show of it? Not of one that is about to go, or was opened and nothing more. */
static int is_shown(struct kernel *k, uint64_t md, uint64_t pers, bool *ret)
{
	uint64_t flags, disks, head, first;
	bool deleted;
	int e = field_u64(k, md, F_mddev_flags, &flags);

	if (e >= 0)
		e = md_bit(k, flags, "md_mod:MD_DELETED", &deleted);
	if (e >= 0)
		e = field_u64(k, md, F_mddev_raid_disks, &disks);
	if (e >= 0)
		e = field_addr(k, md, F_mddev_disks, &head);
	if (e >= 0)
		e = kernel_read_uint(k, head, 8, &first);
	if (e >= 0)
		*ret = !deleted && (pers || disks || first != head);
	return e;
}

static int put_array(struct render *r, uint64_t md)
{
	char name[DISK_NAME_LEN] = "", personality[MD_NAME_LEN];
	uint64_t pers, sectors, size;
	bool shown, any;
	int e = field_u64(r->k, md, F_mddev_pers, &pers);

	if (e >= 0)
		e = is_shown(r->k, md, pers, &shown);
	if (e >= 0 && !shown)
		return 0;
	if (e >= 0)
		e = array_name(r->k, md, name);
	if (e >= 0) {
		put_name(r, name);
		put_str(r->out, " : ");
		e = put_state(r, md, pers, personality);
	}
	if (e >= 0)
		e = put_members(r, md, &sectors, &any);
	if (e >= 0)
		e = field_u64(r->k, md, F_mddev_array_sectors, &size);
	if (e >= 0 && any)
		put(r->out, "\n      %lu blocks", (pers ? size : sectors) / 2);
	if (e >= 0)
		e = put_details(r, md, pers, personality);
	if (e >= 0)
		e = put_bitmap(r, md);
	if (e < 0)
		return within(e, "array %s at %#lx", name, md);
	put_str(r->out, "\n");
	return 0;
}

static int put_unused(struct render *r)
{
	char name[DISK_NAME_LEN];
	struct list_walk w;
	uint64_t head, rdev, bdev;
	bool any = false;
	int e = find_variable(r->k, "pending_raid_disks", &head);

	put_str(r->out, "unused devices: ");
	if (e >= 0)
		e = list_begin(&w, r->k, head, F_rdev_same_set);
	while (e >= 0 && (e = list_next(&w, &rdev)) > 0) {
		e = field_u64(r->k, rdev, F_rdev_bdev, &bdev);
		if (e >= 0)
			e = disk_of_bdev(r->k, bdev, name);
		if (e >= 0) {
			any = true;
			put_name(r, name);
			put_str(r->out, " ");
		}
	}
	put_str(r->out, e < 0 ? "\n" : any ? "\n" : "<none>\n");
	return e < 0 ? within(e, "unused devices") : 0;
}

bool has_proc_mdstat(struct render *r)
{
	uint64_t va;

	return find_variable(r->k, "all_mddevs", &va) >= 0 ||
	       find_variable(r->k, "md_seq_show", &va) >= 0;
}

int gen_proc_mdstat(struct render *r)
{
	struct list_walk w;
	uint64_t head, md;
	int e = put_personalities(r);

	if (e >= 0)
		e = find_variable(r->k, "all_mddevs", &head);
	if (e >= 0)
		e = list_begin(&w, r->k, head, F_mddev_all);
	while (e >= 0 && (e = list_next(&w, &md)) > 0)
		e = put_array(r, md);
	return e < 0 ? e : put_unused(r);
}
