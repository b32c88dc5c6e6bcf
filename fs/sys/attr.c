#include "fs/sys/attr.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/kernfs.h"
#include "kernel/sys/vitals.h"

/* The name of what is at @va; "" when it is not the start of anything. */
static void name_of(struct kernel *k, uint64_t va, char *ret, size_t size)
{
	struct symbol s;

	ret[0] = 0;
	if (va && symbol_at(k, va, &s) >= 0 && s.addr == va && strlen(s.name) < size)
		strcpy(ret, s.name);
}

/* A device by its class. */
static int own_device(struct sysfile *a)
{
	char class[32] = "", type[32] = "";
	uint64_t at;
	int r = field_u64(a->k, a->device, F_device_class, &at);

	if (r >= 0 && at)
		r = field_str(a->k, at, F_class_name, class, sizeof(class));
	if (r >= 0)
		r = field_u64(a->k, a->device, F_device_type, &at);
	if (r >= 0 && at)
		r = field_str(a->k, at, F_device_type_name, type, sizeof(type));
	if (r < 0)
		return r;
	a->owner = OWNER_DEVICE;
	a->of = a->device;
	if (!strcmp(class, "net")) {
		a->owner = OWNER_NET;
		return field_owner(a->k, a->device, F_net_device_dev, &a->of);
	}
	if (strcmp(class, "block") != 0)
		return 0;
	a->owner = strcmp(type, "partition") ? OWNER_DISK : OWNER_PART;
	r = field_owner(a->k, a->device,
			field_exists(a->k, F_bdev_device) ? F_bdev_device : F_hd_dev, &a->of);
	if (r < 0 || a->owner == OWNER_PART)
		return r;
	return field_exists(a->k, F_bdev_device)
		       ? field_u64(a->k, a->of, F_bdev_disk, &a->of)
		       : field_owner(a->k, a->of, F_gendisk_part0, &a->of);
}

static int own_queue(struct sysfile *a)
{
	uint64_t disk;
	int r;

	a->owner = OWNER_QUEUE;
	if (!field_exists(a->k, F_gendisk_queue_kobj))
		return field_owner(a->k, a->kobj, F_queue_kobj, &a->of);
	r = field_owner(a->k, a->kobj, F_gendisk_queue_kobj, &disk);
	return r < 0 ? r : field_u64(a->k, disk, F_gendisk_queue, &a->of);
}

/* By the kind of the kobject. */
static int find_owner(struct sysfile *a)
{
	char type[64], name[256];
	uint64_t at;
	int r = field_u64(a->k, a->kobj, F_kobject_ktype, &at);

	if (r >= 0)
		r = field_str(a->k, a->kobj, F_kobject_name, name, sizeof(name));
	if (r < 0)
		return r;
	a->group = strcmp(name, a->dir) != 0;
	name_of(a->k, at, type, sizeof(type));
	if (!strcmp(type, "device_ktype")) {
		r = field_owner(a->k, a->kobj, F_device_kobj, &a->device);
		return r < 0 ? r : own_device(a);
	}
	if (!strcmp(type, "blk_queue_ktype"))
		return own_queue(a);
	if (!strcmp(type, "irq_kobj_type")) {
		a->owner = OWNER_IRQ;
		return field_owner(a->k, a->kobj, F_irq_kobj, &a->of);
	}
	return 0;
}

int attr_open(struct render *r, uint64_t node, struct sysfile *ret)
{
	struct sysfile a = { .r = r, .k = r->k, .out = r->out, .node = node };
	struct kernfs file, dir, top = { 0 };
	uint64_t parent;
	int e = kernfs_read(r->k, node, &file);

	if (e >= 0)
		e = kernfs_parent(r->k, node, &parent);
	if (e >= 0)
		e = kernfs_read(r->k, parent, &dir);
	if (e >= 0)
		e = kernfs_parent(r->k, parent, &parent);
	if (e >= 0 && parent)
		e = kernfs_read(r->k, parent, &top);
	if (e < 0)
		return e;
	a.attribute = file.priv;
	a.kobj = dir.priv;
	memcpy(a.name, file.name, sizeof(a.name));
	memcpy(a.dir, dir.name, sizeof(a.dir));
	memcpy(a.top, top.name, sizeof(a.top));
	e = a.kobj ? find_owner(&a) : 0;
	*ret = a;
	return e;
}

int put_attr_number(struct sysfile *a, enum attr_form form, uint64_t v)
{
	uint64_t hz;
	int r;

	switch (form) {
	case ATTR_DEC:
		put(a->out, "%ld\n", (int64_t)v);
		break;
	case ATTR_UDEC:
		put(a->out, "%lu\n", v);
		break;
	case ATTR_HEX:
		put(a->out, "0x%lx\n", v);
		break;
	case ATTR_BOOL:
		put(a->out, "%d\n", v != 0);
		break;
	case ATTR_TRUTH:
		put_str(a->out, v ? "true\n" : "false\n");
		break;
	case ATTR_HALF:
		put(a->out, "%lu\n", v / 2);
		break;
	case ATTR_SECTORS:
		put(a->out, "%lu\n", v << 9);
		break;
	case ATTR_MS:
		r = kernel_hz(a->k, &hz);
		if (r < 0 || !hz)
			return r < 0 ? r : fail(-EBADMSG, "no ticks");
		put(a->out, "%lu\n", v * 1000 / hz);
		break;
	}
	return 1;
}

int put_attr_member(struct sysfile *a, uint64_t base, const struct attr_member *members, size_t n)
{
	uint64_t v;
	int r;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(members[i].name, a->name) != 0)
			continue;
		r = field_u64(a->k, base, members[i].field, &v);
		return r < 0 ? r : put_attr_number(a, members[i].form, v);
	}
	return 0;
}

int put_attr_choice(struct sysfile *a, const char *const *words, size_t n, size_t chosen)
{
	for (size_t i = 0; i < n; i++)
		put(a->out, i == chosen ? "%s[%s]" : "%s%s", i ? " " : "", words[i]);
	put_str(a->out, "\n");
	return 1;
}

static attr_fn *const makers[][3] = {
	[OWNER_NONE] = { put_kernel_attr, put_mm_attr },
	[OWNER_NET] = { put_net_attr, put_device_attr },
	[OWNER_DISK] = { put_disk_attr, put_device_attr },
	[OWNER_PART] = { put_part_attr, put_device_attr },
	[OWNER_DEVICE] = { put_cpu_attr, put_node_attr, put_device_attr },
	[OWNER_QUEUE] = { put_queue_attr },
	[OWNER_IRQ] = { put_irq_attr },
};

int put_attr(struct sysfile *a)
{
	char show[128] = "";
	uint64_t at;
	int r = 0;

	for (size_t i = 0; i < 3 && makers[a->owner][i]; i++) {
		r = makers[a->owner][i](a);
		if (r)
			return r < 0 ? r : 0;
	}
	if (field_u64(a->k, a->attribute, F_device_attribute_show, &at) >= 0)
		name_of(a->k, at, show, sizeof(show));
	return show[0] ? fail(-EOPNOTSUPP, "%s() makes this value", show)
		       : fail(-EOPNOTSUPP, "the kernel makes this value in a way of its own");
}
