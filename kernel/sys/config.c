#include "kernel/sys/config.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "dump/base/strbuf.h"
#include "kernel/symbol/symbols.h"

#define START	   "IKCFG_ST"
#define END	   "IKCFG_ED"
#define MARKER_LEN 8
#define CHUNK	   4096

/* Also of a module, configs.ko. */
static int find(struct kernel *k, uint64_t *ret)
{
	struct symbol s;
	int r = symbol_addr(k, "kernel_config_data", ret);

	if (r == -ENOENT) {
		r = symbol_find(k, "kernel_config_data", &s);
		if (r >= 0)
			*ret = s.addr;
	}
	return r;
}

bool kernel_has_config(struct kernel *k)
{
	uint64_t at;

	return find(k, &at) >= 0;
}

/* Before 13610aa908dc (v5.1) the variable began with the marker, then it begins behind it. */
static int find_start(struct kernel *k, uint64_t *ret)
{
	char marker[MARKER_LEN];
	int r = find(k, ret);

	if (r >= 0)
		r = kernel_read(k, *ret, marker, sizeof(marker));
	if (r >= 0 && !memcmp(marker, START, MARKER_LEN))
		*ret += MARKER_LEN;
	return r;
}

static int append_to_marker(struct kernel *k, uint64_t at, struct strbuf *out)
{
	char text[MARKER_LEN - 1 + CHUNK], *end;
	size_t kept = 0, len;
	int r;

	for (uint64_t stop = at + LIMIT_CONFIG, n; at < stop; at += n) {
		n = CHUNK - at % CHUNK;
		r = kernel_read(k, at, text + kept, n);
		if (r < 0)
			return r;
		len = kept + n;
		end = memmem(text, len, END, MARKER_LEN);
		if (end) {
			put_bytes(out, text, (size_t)(end - text));
			return 0;
		}
		/* What may be the beginning of the marker waits. */
		kept = len < MARKER_LEN - 1 ? len : MARKER_LEN - 1;
		put_bytes(out, text, len - kept);
		memmove(text, text + len - kept, kept);
	}
	return fail(-EBADMSG, "no %s in %u bytes", END, LIMIT_CONFIG);
}

int kernel_config(struct kernel *k, struct strbuf *out)
{
	uint64_t at;
	int r = find_start(k, &at);

	if (r >= 0)
		r = append_to_marker(k, at, out);
	return r < 0 ? within(r, "configuration of the kernel") : 0;
}
