#include "kernel/task/id_map.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/fields.h"

/* Up to five extents lie in the namespace itself, more of them apart: 6397fac4915a (v4.15). */
#define EXTENTS_WITHIN 5

static int read_extent(struct kernel *k, uint64_t at, struct id_extent *ret)
{
	uint64_t first, lower, count;
	int r = field_u64(k, at, F_uid_gid_extent_first, &first);

	if (r >= 0)
		r = field_u64(k, at, F_uid_gid_extent_lower_first, &lower);
	if (r >= 0)
		r = field_u64(k, at, F_uid_gid_extent_count, &count);
	if (r >= 0)
		*ret = (struct id_extent){ (uint32_t)first, (uint32_t)lower, (uint32_t)count };
	return r;
}

static int read_map(struct kernel *k, uint64_t map, struct id_map *ret)
{
	uint64_t n, at, size;
	int r = field_u64(k, map, F_uid_gid_map_nr_extents, &n);

	if (r >= 0 && n > LIMIT_ID_EXTENTS)
		r = fail(-EBADMSG, "%lu extents", n);
	if (r >= 0)
		r = kernel_sizeof(k, "uid_gid_extent", &size);
	if (r >= 0)
		r = n <= EXTENTS_WITHIN || !field_exists(k, F_uid_gid_map_forward)
			    ? field_addr(k, map, F_uid_gid_map_extent, &at)
			    : field_u64(k, map, F_uid_gid_map_forward, &at);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = read_extent(k, at + i * size, &ret->extent[i]);
	if (r >= 0)
		ret->n = n;
	return r;
}

int task_id_map(struct kernel *k, uint64_t task, enum id_kind kind, struct id_map *ret)
{
	static const enum field maps[] = {
		[ID_USER] = F_user_ns_uid_map,
		[ID_GROUP] = F_user_ns_gid_map,
		[ID_PROJECT] = F_user_ns_projid_map,
	};
	uint64_t cred, ns, map;
	int r = field_u64(k, task, F_task_real_cred, &cred);

	if (r >= 0)
		r = field_u64(k, cred, F_cred_user_ns, &ns);
	if (r >= 0)
		r = field_addr(k, ns, maps[kind], &map);
	if (r >= 0)
		r = read_map(k, map, ret);
	return r < 0 ? within(r, "ids of %#lx", task) : 0;
}
