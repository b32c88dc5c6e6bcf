#include "fs/text.h"

#include <string.h>
#include <time.h>

void put_time(struct strbuf *out, const char *label, uint64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[64];
	struct tm tm;

	/* A year that has no four digits is no date of a crash. */
	if (seconds < 253402300800 && gmtime_r(&t, &tm) &&
	    strftime(text, sizeof(text), "%a %b %e %H:%M:%S UTC %Y", &tm))
		put(out, "%s%s\n", label, text);
	else
		put(out, "%s%lu seconds after 1970\n", label, seconds);
}

void put_amount(struct strbuf *out, uint64_t bytes)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB", "PB" };
	double amount = (double)bytes / 1024;
	size_t unit = 0;

	while (amount >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		amount /= 1024;
		unit++;
	}
	if (amount == (double)(uint64_t)amount)
		put(out, "%lu %s", (uint64_t)amount, units[unit]);
	else
		put(out, "%.1f %s", amount, units[unit]);
}

void put_label(struct strbuf *out, const char *label)
{
	put(out, "%12s: ", label);
}

void put_row(struct strbuf *out, const char *label, const char *text)
{
	if (!*text)
		return;
	put_label(out, label);
	put_escaped(out, text, strlen(text), "");
	put_str(out, "\n");
}
