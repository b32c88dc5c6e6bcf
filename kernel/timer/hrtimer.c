#include "kernel/timer/hrtimer.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/walk/rbtree.h"

/* include/uapi/linux/time.h */
static const char *clock_name(uint64_t id)
{
	static const char *const names[] = {
		[0] = "realtime",
		[1] = "monotonic",
		[7] = "boottime",
		[11] = "tai",
	};

	return id < sizeof(names) / sizeof(names[0]) && names[id] ? names[id] : "?";
}

static int read_base(struct kernel *k, uint64_t at, struct hrtimer_base *ret)
{
	uint64_t id, offset;
	int r = field_u64(k, at, F_hrtimer_base_clockid, &id);

	if (r >= 0)
		r = field_u64(k, at, F_hrtimer_base_offset, &offset);
	if (r >= 0)
		*ret = (struct hrtimer_base){ .addr = at,
					      .offset = (int64_t)offset,
					      .clock = clock_name(id) };
	return r;
}

int hrtimer_bases(struct kernel *k, size_t cpu, struct hrtimer_base ret[HRTIMER_BASES_MAX],
		  size_t *ret_n)
{
	uint64_t at, size, count;
	int r = percpu_symbol(k, "hrtimer_bases", cpu, &at);

	if (r >= 0)
		r = field_addr(k, at, F_hrtimer_cpu_bases, &at);
	if (r >= 0)
		r = field_count(k, F_hrtimer_cpu_bases, &count);
	if (r >= 0)
		r = kernel_sizeof(k, "hrtimer_clock_base", &size);
	*ret_n = 0;
	for (uint64_t i = 0; r >= 0 && i < count && i < HRTIMER_BASES_MAX; i++) {
		r = read_base(k, at + i * size, &ret[i]);
		if (r < 0)
			break;
		/* They come in two halves where there are soft ones. */
		ret[i].soft = field_exists(k, F_hrtimer_is_soft) && i >= count / 2;
		++*ret_n;
	}
	return r;
}

static int read_timer(struct kernel *k, uint64_t at, struct hrtimer *ret)
{
	uint64_t soft, expires;
	int r = field_u64(k, at, F_hrtimer_softexpires, &soft);

	if (r >= 0)
		r = field_u64(k, at, F_hrtimer_expires, &expires);
	if (r >= 0)
		r = field_u64(k, at, F_hrtimer_function, &ret->function);
	if (r < 0)
		return r;
	ret->addr = at;
	ret->soft_expires = (int64_t)soft;
	ret->expires = (int64_t)expires;
	return 0;
}

int hrtimers_each(struct kernel *k, const struct hrtimer_base *b, hrtimer_fn *fn, void *arg)
{
	struct rb_walk w;
	struct hrtimer t;
	uint64_t root, at;
	int r = field_addr(k, b->addr, F_hrtimer_base_active, &root);

	if (r >= 0)
		r = rb_begin(&w, k, root, F_hrtimer_node);
	while (r >= 0 && (r = rb_next(&w, &at)) > 0) {
		r = read_timer(k, at, &t);
		if (r >= 0)
			r = fn(arg, &t);
		if (r)
			break;
	}
	return r;
}
