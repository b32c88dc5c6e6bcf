/* /proc/bus/pci/devices. */
#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/bus.h"

#define DRIVER_NAME_LEN 64
#define RESOURCES	7 /* those of the standard, and ROM */

struct range {
	uint64_t start, end, flags;
};

static int read_ranges(struct kernel *k, uint64_t dev, struct range ret[RESOURCES])
{
	uint64_t at, size;
	int r = field_addr(k, dev, F_pci_dev_resource, &at);

	if (r >= 0)
		r = kernel_sizeof(k, "resource", &size);
	for (size_t i = 0; r >= 0 && i < RESOURCES; i++) {
		r = field_u64(k, at + i * size, F_resource_start, &ret[i].start);
		if (r >= 0)
			r = field_u64(k, at + i * size, F_resource_end, &ret[i].end);
		if (r >= 0)
			r = field_u64(k, at + i * size, F_resource_flags, &ret[i].flags);
	}
	return r;
}

/* One without a driver whose memory is in use is driven by one that does not know of PCI. */
static int put_driver(struct render *r, uint64_t dev, const struct range ranges[RESOURCES])
{
	char name[DRIVER_NAME_LEN] = "";
	const uint64_t busy = 0x80000000;
	uint64_t driver;
	int e = field_u64(r->k, dev, F_pci_dev_driver, &driver);

	if (e >= 0 && driver)
		e = field_str(r->k, driver, F_pci_driver_name, name, sizeof(name));
	put_str(r->out, name);
	for (size_t i = 0; e >= 0 && !driver && i < RESOURCES; i++) {
		if (ranges[i].flags & busy) {
			put_str(r->out, "compat");
			break;
		}
	}
	return e;
}

static int put_device(struct render *r, uint64_t dev)
{
	static const enum field shown[] = { F_pci_dev_devfn, F_pci_dev_vendor, F_pci_dev_id,
					    F_pci_dev_irq };
	struct range ranges[RESOURCES];
	uint64_t bus, number, v[4];
	int e = field_u64(r->k, dev, F_pci_dev_bus, &bus);

	if (e >= 0)
		e = field_u64(r->k, bus, F_pci_bus_number, &number);
	for (size_t i = 0; e >= 0 && i < 4; i++)
		e = field_u64(r->k, dev, shown[i], &v[i]);
	if (e >= 0)
		e = read_ranges(r->k, dev, ranges);
	if (e < 0)
		return e;
	put(r->out, "%02lx%02lx\t%04lx%04lx\t%x", number, v[0], v[1], v[2], (unsigned int)v[3]);
	for (size_t i = 0; i < RESOURCES; i++)
		put(r->out, "\t%16lx", ranges[i].start | (ranges[i].flags & 0xf));
	for (size_t i = 0; i < RESOURCES; i++)
		put(r->out, "\t%16lx",
		    ranges[i].start < ranges[i].end ? ranges[i].end - ranges[i].start + 1 : 0);
	put_str(r->out, "\t");
	e = put_driver(r, dev, ranges);
	put_str(r->out, "\n");
	return e;
}

int gen_pci_devices(struct render *r)
{
	struct list_walk w;
	uint64_t device, dev;
	int e = bus_devices_begin(&w, r->k, "pci_bus_type");

	while (e >= 0 && (e = bus_devices_next(&w, &device)) > 0) {
		e = field_owner(r->k, device, F_pci_dev_device, &dev);
		if (e >= 0)
			e = put_device(r, dev);
		if (e < 0)
			e = within(e, "PCI device at %#lx", device);
	}
	return e;
}

bool has_pci_devices(struct render *r)
{
	uint64_t va;

	return symbol_addr(r->k, "pci_bus_type", &va) >= 0;
}
