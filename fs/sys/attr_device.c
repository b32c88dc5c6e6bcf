/* Files of any device: drivers/base/core.c, power/sysfs.c. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/sys/attr.h"
#include "kernel/mem/counts.h"
#include "kernel/symbol/symbols.h"

#define MINOR_BITS    20
#define NSEC_PER_MSEC 1000000

static unsigned int major_of(uint64_t devt)
{
	return (unsigned int)(devt >> MINOR_BITS);
}

static unsigned int minor_of(uint64_t devt)
{
	return (unsigned int)(devt & ((1u << MINOR_BITS) - 1));
}

/* "KEY=" and the name that the structure @at has. */
static int put_key(struct sysfile *a, const char *key, uint64_t at, enum field name)
{
	char text[128] = "";
	int r = field_str(a->k, at, name, text, sizeof(text));

	if (r < 0 || !*text)
		return r;
	put(a->out, "%s=", key);
	put_escaped(a->out, text, strlen(text), "");
	put_str(a->out, "\n");
	return 0;
}

/* What the class or the type of the device adds. */
static int put_uevent_of(struct sysfile *a)
{
	uint64_t v;
	int r;

	if (a->owner == OWNER_NET) {
		r = put_key(a, "INTERFACE", a->of, F_net_device_name);
		if (r >= 0)
			r = field_u64(a->k, a->of, F_net_device_ifindex, &v);
		if (r >= 0)
			put(a->out, "IFINDEX=%lu\n", v);
		return r;
	}
	if (a->owner == OWNER_DISK && field_exists(a->k, F_gendisk_diskseq)) {
		r = field_u64(a->k, a->of, F_gendisk_diskseq, &v);
		if (r >= 0)
			put(a->out, "DISKSEQ=%lu\n", v);
		return r;
	}
	return 0;
}

/* Of network interfaces and disks: what else there is, is its bus's. */
static int put_uevent(struct sysfile *a)
{
	uint64_t devt, type, driver;
	int r = field_u64(a->k, a->device, F_device_devt, &devt);

	if (a->owner != OWNER_NET && a->owner != OWNER_DISK)
		return 0;
	if (r >= 0)
		r = field_u64(a->k, a->device, F_device_type, &type);
	if (r >= 0)
		r = field_u64(a->k, a->device, F_device_driver, &driver);
	if (r < 0)
		return r;
	if (major_of(devt))
		put(a->out, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\n", major_of(devt), minor_of(devt),
		    a->dir);
	if (type)
		r = put_key(a, "DEVTYPE", type, F_device_type_name);
	if (r >= 0 && driver)
		r = put_key(a, "DRIVER", driver, F_device_driver_name);
	if (r >= 0)
		r = put_uevent_of(a);
	return r < 0 ? r : 1;
}

/* Of a device whose power is not managed: of others time goes on. */
static int put_power(struct sysfile *a)
{
	static const struct attr_member names[] = {
		{ "runtime_active_time", ATTR_UDEC, F_device_active_time },
		{ "runtime_suspended_time", ATTR_UDEC, F_device_suspended_time },
	};
	uint64_t disabled, error, v;
	int r;

	if (!strcmp(a->name, "control")) {
		r = field_u64(a->k, a->device, F_device_runtime_auto, &v);
		if (r >= 0)
			put_str(a->out, v ? "auto\n" : "on\n");
		return r < 0 ? r : 1;
	}
	r = field_u64(a->k, a->device, F_device_disable_depth, &disabled);
	if (r >= 0)
		r = field_u64(a->k, a->device, F_device_runtime_error, &error);
	if (r < 0 || !disabled || error)
		return r;
	if (!strcmp(a->name, "runtime_status")) {
		put_str(a->out, "unsupported\n");
		return 1;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, a->name) != 0)
			continue;
		r = field_u64(a->k, a->device, names[i].field, &v);
		return r < 0 ? r : put_attr_number(a, names[i].form, v / NSEC_PER_MSEC);
	}
	return 0;
}

/* /sys/class/bdi: how the files of a disk are cached. Percents are in parts since v6.3, when there came
 * files that tell of these. */
static int put_bdi_attr(struct sysfile *a)
{
	enum { BDI_RATIO_SCALE = 10000 };
	static const struct {
		const char *name;
		enum field field;
	} ratios[] = { { "max_ratio", F_bdi_max_ratio }, { "min_ratio", F_bdi_min_ratio } };
	uint64_t bdi, v, fine;
	int r = field_u64(a->k, a->device, F_device_driver_data, &bdi);

	if (r >= 0 && !strcmp(a->name, "read_ahead_kb")) {
		r = field_u64(a->k, bdi, F_bdi_ra_pages, &v);
		return r < 0 ? r : put_attr_number(a, ATTR_UDEC, v * page_kb(a->k));
	}
	for (size_t i = 0; r >= 0 && i < 2; i++) {
		if (strcmp(ratios[i].name, a->name) != 0)
			continue;
		r = field_u64(a->k, bdi, ratios[i].field, &v);
		if (r >= 0 && symbol_addr(a->k, "max_ratio_fine_show", &fine) >= 0)
			v /= BDI_RATIO_SCALE;
		return r < 0 ? r : put_attr_number(a, ATTR_UDEC, v);
	}
	return r;
}

int put_device_attr(struct sysfile *a)
{
	uint64_t devt;
	int r;

	if (!a->group && !strcmp(a->top, "bdi")) {
		r = put_bdi_attr(a);
		if (r)
			return r;
	}

	if (a->group)
		return strcmp(a->dir, "power") ? 0 : put_power(a);
	if (!strcmp(a->name, "uevent"))
		return put_uevent(a);
	if (strcmp(a->name, "dev") != 0)
		return 0;
	r = field_u64(a->k, a->device, F_device_devt, &devt);
	if (r >= 0)
		put(a->out, "%u:%u\n", major_of(devt), minor_of(devt));
	return r < 0 ? r : 1;
}
