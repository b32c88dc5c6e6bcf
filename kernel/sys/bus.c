#include "kernel/sys/bus.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/symbol/symbols.h"

/* What a kind of subsys_private is found by. */
struct kind {
	const char *kset;    /* the list of all */
	enum field leads_to; /* until v6.3 the class or bus led to it */
	enum field owner;
};

static int find(struct kernel *k, const char *symbol, const struct kind *kind, uint64_t *ret)
{
	uint64_t owner, set, head, kobj, of;
	struct list_walk w;
	int r = symbol_addr(k, symbol, &owner);

	if (r < 0)
		return r;
	if (field_exists(k, kind->leads_to))
		return field_u64(k, owner, kind->leads_to, ret);
	r = symbol_u64(k, kind->kset, 8, &set);
	if (r >= 0)
		r = field_addr(k, set, F_kset_list, &head);
	if (r >= 0)
		r = list_begin(&w, k, head, F_kobject_entry);
	while (r >= 0 && (r = list_next(&w, &kobj)) > 0) {
		r = field_owner(k, kobj, F_subsys_kobj, ret);
		if (r >= 0)
			r = field_u64(k, *ret, kind->owner, &of);
		if (r >= 0 && of == owner)
			return 0;
	}
	return r < 0 ? r : fail(-ENOENT, "%s is not in the list %s", symbol, kind->kset);
}

int class_subsys(struct kernel *k, const char *symbol, uint64_t *ret)
{
	static const struct kind class = { "class_kset", F_class_p, F_subsys_class };

	return find(k, symbol, &class, ret);
}

int bus_devices_begin(struct list_walk *w, struct kernel *k, const char *symbol)
{
	static const struct kind bus = { "bus_kset", F_bus_type_p, F_subsys_bus };
	uint64_t subsys, head;
	int r = find(k, symbol, &bus, &subsys);

	if (r >= 0)
		r = field_addr(k, subsys, F_subsys_klist_devices, &head);
	return r < 0 ? r : list_begin(w, k, head, F_device_private_knode_bus);
}

int bus_devices_next(struct list_walk *w, uint64_t *ret)
{
	uint64_t private;
	int r = list_next(w, &private);

	if (r > 0) {
		int e = field_u64(w->k, private, F_device_private_device, ret);

		r = e < 0 ? e : r;
	}
	return r;
}
