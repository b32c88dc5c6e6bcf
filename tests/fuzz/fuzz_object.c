/* Paths through objects: types, members, elements, containers. The input is the length of a BTF in two
 * bytes, the BTF, a path up to a NUL, and the memory. */
#include <stdlib.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "kernel/object/container.h"
#include "kernel/types/btf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/image/image.h"

#define PATH_MAX_LEN 1024
#define ENTRIES_MAX  256

static int take_entry(void *arg, uint64_t index, const struct object *entry)
{
	size_t *left = arg;

	fuzz_use(index + entry->addr);
	return --*left ? 0 : 1;
}

static int take_member(void *arg, const char *name, const struct object *member)
{
	size_t *left = arg;

	fuzz_use(member->addr + (unsigned char)name[0] + object_size(member));
	return --*left ? 0 : 1;
}

static void look_at(struct kernel *k, const struct object *o)
{
	size_t left = ENTRIES_MAX;
	struct container c;
	struct object to;
	uint64_t v;
	STRBUF(name);

	object_members(o, take_member, &left);
	if (object_value(k, o, &v) >= 0 && object_kind(o) == OBJECT_POINTER &&
	    object_target(o, v, &to) >= 0)
		put_object_name(&name, &to);
	left = ENTRIES_MAX;
	if (container_of_object(k, o, &c) >= 0 && c.entry)
		container_each(k, &c, take_entry, &left);
	fuzz_use(name.len);
}

/* One step of a path: a member, an element, or what a container holds. */
static int step(struct kernel *k, const char *name, struct object *o)
{
	const char *colon = strchr(name, ':');
	char *end;
	unsigned long i = strtoul(name, &end, 10);
	struct container c;
	size_t left = ENTRIES_MAX;
	int r;

	if (colon) {
		r = container_as(k, o, colon + 1, &c);
		if (r >= 0)
			container_each(k, &c, take_entry, &left);
		return r < 0 ? r : container_at(k, &c, 1, o);
	}
	return *name && !*end ? object_element(o, i, o) : object_member(o, name, o);
}

static void walk(struct kernel *k, char *path)
{
	char *rest, *name = strtok_r(path, "/", &rest);
	struct object o;

	if (!name || object_parse(k, name, &o) < 0)
		return;
	do {
		look_at(k, &o);
		name = strtok_r(NULL, "/", &rest);
	} while (name && o.type && step(k, name, &o) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char info[] = "OSRELEASE=1\nPAGESIZE=4096\nNUMBER(phys_base)=0\n";
	struct bytes b = bytes_of(data, size);
	size_t len = bytes_u16(&b);
	const void *btf = bytes_take(&b, len);
	char path[PATH_MAX_LEN + 1] = "";
	struct blob whole = { 0 };
	struct types *ts;
	struct kernel *k;

	for (size_t i = 0; btf && b.pos < b.len && i < PATH_MAX_LEN; i++) {
		path[i] = (char)b.p[b.pos++];
		if (!path[i])
			break;
	}
	if (!btf || btf_load(btf, len, NULL, &ts) < 0)
		return 0;
	blob_add(&whole, info, sizeof(info));
	blob_add(&whole, b.p + b.pos, b.len - b.pos);
	k = fuzz_kernel(whole.data, whole.len);
	blob_fini(&whole);
	if (!k) {
		types_close(ts);
		return 0;
	}
	kernel_give_types(k, ts);
	walk(k, path);
	fuzz_kernel_close(k);
	return 0;
}
