/* /bpf/{progs,maps}: as bpftool(8) lists them, one a line. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/usage/top.h"
#include "kernel/file/holders.h"
#include "kernel/mem/counts.h"
#include "kernel/sys/bpf.h"
#include "kernel/sys/vitals.h"

#define NSEC_PER_SEC 1000000000

struct table {
	struct render *r;
	struct holders holders;
	uint64_t booted; /* nanoseconds since 1970; 0: not known */
};

static void put_name(struct strbuf *out, const char *name, int width)
{
	STRBUF(safe);

	put_escaped(&safe, name, strlen(name), " ");
	put(out, "  %-*s", width, safe.len ? safe.data : "-");
}

/* A line that tells of an error alone. */
static int put_broken(struct render *r, int e)
{
	put(r->out, "!! %s\n", why());
	return e == -EINTR ? e : 0;
}

static int put_map(void *arg, uint64_t addr)
{
	struct table *t = arg;
	struct strbuf *out = t->r->out;
	struct kernel *k = t->r->k;
	char type[BPF_TYPE_LEN];
	struct bpf_map m;
	uint64_t memory;
	int e = bpf_map_read(k, addr, &m);

	if (e < 0)
		return put_broken(t->r, e);
	bpf_map_type(k, m.type, type);
	put(out, "%6lu  %-20s", m.id, type);
	put_name(out, m.name, 15);
	put(out, " %7lu %7lu %11lu %#7lx", m.key_size, m.value_size, m.max_entries, m.flags);
	if (bpf_map_memory(k, &m, &memory) >= 0)
		put(out, " %10lu", memory);
	else
		put(out, " %10s", "?");
	put(out, "  %-6s  ", m.frozen ? "frozen" : "-");
	put_holders(out, k, &t->holders, addr);
	put_str(out, "\n");
	return 0;
}

int gen_bpf_maps(struct render *r)
{
	struct table t = { .r = r };
	int e = holders_find(r->k, "bpf_map_fops", NULL, &t.holders);

	put_str(r->out,
		"    ID  TYPE                  NAME                KEY   VALUE MAX_ENTRIES   "
		"FLAGS    MEMLOCK  STATE   TASKS\n");
	if (e >= 0)
		e = bpf_maps_each(r->k, put_map, &t);
	put_problems(r->out, &t.holders.problems);
	holders_fini(&t.holders);
	return e;
}

/* bpftool's form of it, in UTC. */
static void put_loaded(struct table *t, uint64_t ns)
{
	time_t when = (time_t)((t->booted + ns) / NSEC_PER_SEC);
	char text[32];
	struct tm tm;

	if (!t->booted || !gmtime_r(&when, &tm) || !strftime(text, sizeof(text), "%FT%T+0000", &tm))
		strcpy(text, "-");
	put(t->r->out, "  %-24s", text);
}

static int put_maps_of(struct table *t, const struct bpf_prog *p)
{
	uint64_t id;
	STRBUF(ids);

	for (uint64_t i = 0; i < p->nr_maps; i++) {
		int e = bpf_prog_map(t->r->k, p, i, &id);

		if (e == -EINTR)
			return e;
		if (e < 0)
			put(&ids, "%s?", i ? "," : "");
		else
			put(&ids, "%s%lu", i ? "," : "", id);
	}
	put(t->r->out, "  %-12s", ids.len ? ids.data : "-");
	return 0;
}

static int put_prog(void *arg, uint64_t addr)
{
	struct table *t = arg;
	struct strbuf *out = t->r->out;
	char type[BPF_TYPE_LEN];
	struct bpf_prog p;
	int e = bpf_prog_read(t->r->k, addr, &p);

	if (e < 0)
		return put_broken(t->r, e);
	bpf_prog_type(t->r->k, p.type, type);
	put(out, "%6lu  %-22s", p.id, type);
	put_name(out, p.name, 15);
	put_str(out, "  ");
	for (size_t i = 0; i < sizeof(p.tag); i++)
		put(out, "%02x", p.tag[i]);
	put(out, "  %-3s", p.gpl ? "gpl" : "-");
	put_loaded(t, p.loaded);
	put(out, " %6lu %8lu %8lu %8lu", p.uid, p.xlated_bytes, p.jited ? p.jited_bytes : 0,
	    p.pages * kernel_page_size(t->r->k));
	e = put_maps_of(t, &p);
	put_str(out, "  ");
	put_holders(out, t->r->k, &t->holders, addr);
	put_str(out, "\n");
	return e;
}

int gen_bpf_progs(struct render *r)
{
	struct table t = { .r = r };
	struct clocks c;
	int e = holders_find(r->k, "bpf_prog_fops", NULL, &t.holders);

	if (kernel_clocks(r->k, &c) >= 0)
		t.booted = c.real - c.boot;
	put_str(r->out, "    ID  TYPE                    NAME             TAG               GPL  "
			"LOADED_AT                   UID   XLATED    JITED  MEMLOCK  MAPS          "
			"TASKS\n");
	if (e >= 0)
		e = bpf_progs_each(r->k, put_prog, &t);
	put_problems(r->out, &t.holders.problems);
	holders_fini(&t.holders);
	return e;
}
