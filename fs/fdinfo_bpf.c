/* The part of fdinfo that BPF's maps and programs tell. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/fdinfo.h"
#include "kernel/cpu.h"
#include "kernel/keys.h"
#include "kernel/symbols.h"

#define PAGE_SIZE  4096ull
#define TAG_SIZE   8
#define MAP_ARRAY  2 /* BPF_MAP_TYPE_ARRAY */
#define F_MMAPABLE (1u << 10)

struct map {
	uint64_t type, key_size, value_size, max_entries, flags;
};

static int read_members(struct kernel *k, uint64_t at, const enum field *f, size_t n, uint64_t *ret)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = field_u64(k, at, f[i], &ret[i]);
	return r;
}

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* 90a5527d7686 (v6.4): what a map has really taken, which its kind reckons: arrays are known here. */
static int memory_of(struct kernel *k, uint64_t map, const struct map *m, uint64_t *ret)
{
	uint64_t header, element;
	int r;

	if (!field_exists(k, F_bpf_map_ops_mem_usage)) {
		element = round_up(m->key_size + round_up(m->value_size, 8), 8);
		*ret = round_up(m->max_entries * element, PAGE_SIZE);
		return 0;
	}
	if (m->type != MAP_ARRAY)
		return fail(-EOPNOTSUPP, "a kind of map");
	r = field_offset(k, F_bpf_array_value, &header);
	if (r == 0)
		r = field_u64(k, map, F_bpf_array_elem_size, &element);
	if (r < 0)
		return r;
	*ret = m->flags & F_MMAPABLE
		       ? round_up(header, PAGE_SIZE) + round_up(m->max_entries * element, PAGE_SIZE)
		       : header + m->max_entries * element;
	return 0;
}

int put_bpf_map(struct strbuf *out, struct kernel *k, const struct info *i)
{
	static const enum field members[] = { F_bpf_map_type, F_bpf_map_key_size,
					      F_bpf_map_value_size, F_bpf_map_max_entries,
					      F_bpf_map_flags };
	uint64_t map = i->private, v[5], extra, id, frozen, memory;
	int r = read_members(k, map, members, 5, v);

	if (r == 0)
		r = field_u64(k, map, F_bpf_map_id, &id);
	if (r == 0)
		r = field_u64(k, map, F_bpf_map_frozen, &frozen);
	if (r < 0)
		return r;
	put(out, "map_type:\t%lu\nkey_size:\t%lu\nvalue_size:\t%lu\nmax_entries:\t%lu\n", v[0],
	    v[1], v[2], v[3]);
	put(out, "map_flags:\t0x%lx\n", v[4]);
	if (field_exists(k, F_bpf_map_extra)) {
		r = field_u64(k, map, F_bpf_map_extra, &extra);
		put(out, "map_extra:\t0x%lx\n", extra);
	}
	if (memory_of(k, map, &(struct map){ v[0], v[1], v[2], v[3], v[4] }, &memory) == 0)
		put(out, "memlock:\t%lu\n", memory);
	else
		put_str(out, "memlock:\t?\n");
	put(out, "map_id:\t%lu\nfrozen:\t%lu\n", id, frozen);
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
	put(out, "\nmemlock:\t%llu\nprog_id:\t%lu\n", pages * PAGE_SIZE, id);
	r = put_stats(out, k, prog, aux);
	if (r == 0 && field_exists(k, F_bpf_aux_verified_insns)) {
		r = field_u64(k, aux, F_bpf_aux_verified_insns, &insns);
		put(out, "verified_insns:\t%lu\n", insns);
	}
	return r;
}
