/* The part of fdinfo that timers tell. */
#include <errno.h>

#include "dump/base/err.h"
#include "fs/task/fdinfo.h"
#include "kernel/sys/vitals.h"

#define NSEC_PER_SEC 1000000000

/* Linux's numbers of clocks. */
enum { REALTIME = 0, BOOTTIME = 7, REALTIME_ALARM = 8, BOOTTIME_ALARM = 9 };

/* The clock that this one goes by, as of the last tick. */
static int now_of(struct kernel *k, uint64_t clock, uint64_t *ret)
{
	struct clocks c;
	int r = kernel_clocks(k, &c);

	if (r < 0)
		return r;
	if (clock == REALTIME || clock == REALTIME_ALARM)
		*ret = c.real;
	else if (clock == BOOTTIME || clock == BOOTTIME_ALARM)
		*ret = c.boot;
	else
		*ret = c.mono;
	return 0;
}

static void put_span(struct strbuf *out, const char *name, uint64_t ns)
{
	put(out, "%s: (%lu, %lu)\n", name, ns / NSEC_PER_SEC, ns % NSEC_PER_SEC);
}

int put_timerfd(struct strbuf *out, struct kernel *k, const struct info *i)
{
	uint64_t clock, ticks, flags, expires, interval, now;
	enum field expiry = F_timerfd_tmr_expires;
	int r = field_u64(k, i->private, F_timerfd_clockid, &clock);

	if (clock == REALTIME_ALARM || clock == BOOTTIME_ALARM)
		expiry = F_timerfd_alarm_expires;
	if (r == 0)
		r = field_u64(k, i->private, F_timerfd_ticks, &ticks);
	if (r == 0)
		r = field_u64(k, i->private, F_timerfd_settime_flags, &flags);
	if (r == 0)
		r = field_u64(k, i->private, expiry, &expires);
	if (r == 0)
		r = field_u64(k, i->private, F_timerfd_tintv, &interval);
	if (r == 0)
		r = now_of(k, clock, &now);
	if (r < 0)
		return r;
	put(out, "clockid: %d\nticks: %lu\nsettime flags: 0%lo\n", (int)clock, ticks, flags);
	put_span(out, "it_value", expires > now ? expires - now : 0);
	put_span(out, "it_interval", interval);
	return 0;
}
