/* The part of fdinfo that BPF's maps and programs tell. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/task/fdinfo.h"
#include "kernel/cpu/cpu.h"
#include "kernel/sys/bpf.h"
#include "kernel/symbol/symbols.h"

#define TAG_SIZE 8

int put_bpf_map(struct strbuf *out, struct kernel *k, const struct info *i)
{
	uint64_t extra, memory;
	struct bpf_map m;
	int r = bpf_map_read(k, i->private, &m);

	if (r < 0)
		return r;
	put(out, "map_type:\t%lu\nkey_size:\t%lu\nvalue_size:\t%lu\nmax_entries:\t%lu\n", m.type,
	    m.key_size, m.value_size, m.max_entries);
	put(out, "map_flags:\t0x%lx\n", m.flags);
	if (field_exists(k, F_bpf_map_extra)) {
		r = field_u64(k, m.addr, F_bpf_map_extra, &extra);
		put(out, "map_extra:\t0x%lx\n", extra);
	}
	if (bpf_map_memory(k, &m, &memory) == 0)
		put(out, "memlock:\t%lu\n", memory);
	else
		put_str(out, "memlock:\t?\n");
	put(out, "map_id:\t%lu\nfrozen:\t%lu\n", m.id, m.frozen);
	return r;
}

/* Every CPU counts for itself. */
static int put_stats(struct strbuf *out, struct kernel *k, uint64_t prog, uint64_t aux)
{
	static const struct {
		enum field f;
		const char *key;
	} counts[] = {
		{ F_bpf_stats_nsecs, "run_time_ns" },
		{ F_bpf_stats_cnt, "run_cnt" },
		{ F_bpf_stats_misses, "recursion_misses" },
	};
	const struct cpus *cpus;
	uint64_t stats, at, n;
	bool is_aux = !field_exists(k, F_bpf_prog_stats); /* 700d4796ef59 (v5.12) */
	int r = is_aux ? field_u64(k, aux, F_bpf_aux_stats, &stats)
		       : field_u64(k, prog, F_bpf_prog_stats, &stats);

	if (r == 0)
		r = cpus_get(k, &cpus);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]) && r == 0; i++) {
		uint64_t sum = 0;

		if (!field_exists(k, counts[i].f))
			continue;
		for (size_t cpu = 0; cpu < cpus->nr && r == 0; cpu++) {
			if (!cpu_is_in(&cpus->possible, cpu))
				continue;
			r = percpu_addr(k, stats, cpu, &at);
			if (r == 0)
				r = field_u64(k, at, counts[i].f, &n);
			sum += r == 0 ? n : 0;
		}
		put(out, "%s:\t%lu\n", counts[i].key, sum);
	}
	return r;
}

int put_bpf_prog(struct strbuf *out, struct kernel *k, const struct info *i)
{
	uint64_t prog = i->private, type, jited, pages, aux, id, insns, at;
	unsigned char tag[TAG_SIZE];
	int r = field_u64(k, prog, F_bpf_prog_type, &type);

	if (r == 0)
		r = field_u64(k, prog, F_bpf_prog_jited, &jited);
	if (r == 0)
		r = field_u64(k, prog, F_bpf_prog_pages, &pages);
	if (r == 0)
		r = field_u64(k, prog, F_bpf_prog_aux, &aux);
	if (r == 0)
		r = field_u64(k, aux, F_bpf_aux_id, &id);
	if (r == 0)
		r = field_addr(k, prog, F_bpf_prog_tag, &at);
	if (r == 0)
		r = kernel_read(k, at, tag, sizeof(tag));
	if (r < 0)
		return r;
	put(out, "prog_type:\t%lu\nprog_jited:\t%lu\nprog_tag:\t", type, jited);
	for (size_t n = 0; n < sizeof(tag); n++)
		put(out, "%02x", tag[n]);
	put(out, "\nmemlock:\t%lu\nprog_id:\t%lu\n", pages * kernel_page_size(k), id);
	r = put_stats(out, k, prog, aux);
	if (r == 0 && field_exists(k, F_bpf_aux_verified_insns)) {
		r = field_u64(k, aux, F_bpf_aux_verified_insns, &insns);
		put(out, "verified_insns:\t%lu\n", insns);
	}
	return r;
}
