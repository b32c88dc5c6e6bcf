#include "kernel/sys/bpf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/cpu/cpu.h"
#include "kernel/enum_name.h"
#include "kernel/fields.h"
#include "kernel/mem/counts.h"
#include "kernel/symbol/symbols.h"
#include "kernel/walk/xarray.h"

#define INSN_SIZE    8
#define MAP_HASH     1 /* BPF_MAP_TYPE_HASH */
#define POINTER_SIZE 8
#define NO_PREALLOC  1u /* BPF_F_NO_PREALLOC */
#define LOCKS	     8	/* HASHTAB_MAP_LOCK_COUNT, 20b6cc34ea74 (v5.11): of each CPU */
#define MAP_ARRAY    2	/* BPF_MAP_TYPE_ARRAY */
#define F_MMAPABLE   (1u << 10)
#define FUNCS_MAX    256   /* BPF_MAX_SUBPROGS */
#define MAPS_MAX     65536 /* of a program: MAX_USED_MAPS is 64 */

struct number {
	enum field f;
	uint64_t *to;
};

static int read_numbers(struct kernel *k, uint64_t at, const struct number *n, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count && r >= 0; i++)
		r = field_u64(k, at, n[i].f, n[i].to);
	return r;
}

static int each(struct kernel *k, const char *idr, bpf_fn *fn, void *arg)
{
	uint64_t at, id, addr;
	struct xa_walk w;
	int r = symbol_addr(k, idr, &at);

	if (r >= 0)
		r = idr_begin(&w, k, at);
	while (r >= 0 && (r = xa_next(&w, &id, &addr)) > 0) {
		r = fn(arg, addr);
		if (r)
			break;
	}
	return r < 0 ? within(r, "%s", idr) : r;
}

int bpf_maps_each(struct kernel *k, bpf_fn *fn, void *arg)
{
	return each(k, "map_idr", fn, arg);
}

int bpf_progs_each(struct kernel *k, bpf_fn *fn, void *arg)
{
	return each(k, "prog_idr", fn, arg);
}

int bpf_map_read(struct kernel *k, uint64_t addr, struct bpf_map *ret)
{
	struct bpf_map m = { .addr = addr };
	const struct number numbers[] = {
		{ F_bpf_map_id, &m.id },
		{ F_bpf_map_type, &m.type },
		{ F_bpf_map_key_size, &m.key_size },
		{ F_bpf_map_value_size, &m.value_size },
		{ F_bpf_map_max_entries, &m.max_entries },
		{ F_bpf_map_flags, &m.flags },
	};
	int r = read_numbers(k, addr, numbers, sizeof(numbers) / sizeof(numbers[0]));

	if (r >= 0 && field_exists(k, F_bpf_map_frozen)) /* 87df15de441b (v5.2) */
		r = field_u64(k, addr, F_bpf_map_frozen, &m.frozen);
	if (r >= 0)
		r = field_str(k, addr, F_bpf_map_name, m.name, sizeof(m.name));
	if (r < 0)
		return within(r, "map at %#lx", addr);
	*ret = m;
	return 0;
}

/* Each of its functions is compiled for itself, when there are several; the first is the program's. */
static int add_functions(struct kernel *k, struct bpf_prog *p)
{
	uint64_t n, table, func, bytes, sum = 0;
	int r = field_u64(k, p->aux, F_bpf_aux_func_cnt, &n);

	if (r < 0 || !n)
		return r;
	if (n > FUNCS_MAX)
		return fail(-EBADMSG, "a program of %lu functions", n);
	r = field_u64(k, p->aux, F_bpf_aux_func, &table);
	for (uint64_t i = 0; r >= 0 && table && i < n; i++) {
		r = kernel_read_uint(k, table + 8 * i, 8, &func);
		if (r >= 0)
			r = field_u64(k, func, F_bpf_prog_jited_len, &bytes);
		if (r >= 0)
			sum += bytes;
	}
	if (r >= 0 && table)
		p->jited_bytes = sum;
	return r;
}

static int read_aux(struct kernel *k, struct bpf_prog *p)
{
	uint64_t user;
	const struct number numbers[] = {
		{ F_bpf_aux_id, &p->id },
		{ F_bpf_aux_load_time, &p->loaded },
		{ F_bpf_aux_user, &user },
		{ F_bpf_aux_used_maps, &p->maps },
		{ F_bpf_aux_used_map_cnt, &p->nr_maps },
	};
	int r = read_numbers(k, p->aux, numbers, sizeof(numbers) / sizeof(numbers[0]));

	if (r >= 0)
		r = field_str(k, p->aux, F_bpf_aux_name, p->name, sizeof(p->name));
	if (r >= 0 && user)
		r = field_u64(k, user, F_user_uid, &p->uid);
	if (r >= 0 && p->nr_maps > MAPS_MAX)
		r = fail(-EBADMSG, "a program of %lu maps", p->nr_maps);
	return r < 0 ? r : add_functions(k, p);
}

int bpf_prog_read(struct kernel *k, uint64_t addr, struct bpf_prog *ret)
{
	struct bpf_prog p = { .addr = addr };
	uint64_t insns = 0, at;
	const struct number numbers[] = {
		{ F_bpf_prog_type, &p.type }, { F_bpf_prog_jited, &p.jited },
		{ F_bpf_prog_gpl, &p.gpl },   { F_bpf_prog_pages, &p.pages },
		{ F_bpf_prog_len, &insns },   { F_bpf_prog_jited_len, &p.jited_bytes },
		{ F_bpf_prog_aux, &p.aux },
	};
	int r = read_numbers(k, addr, numbers, sizeof(numbers) / sizeof(numbers[0]));

	p.xlated_bytes = insns * INSN_SIZE;
	if (r >= 0)
		r = field_addr(k, addr, F_bpf_prog_tag, &at);
	if (r >= 0)
		r = kernel_read(k, at, p.tag, sizeof(p.tag));
	if (r >= 0)
		r = read_aux(k, &p);
	if (r < 0)
		return within(r, "program at %#lx", addr);
	*ret = p;
	return 0;
}

int bpf_prog_map(struct kernel *k, const struct bpf_prog *p, uint64_t i, uint64_t *ret_id)
{
	uint64_t map;
	int r = kernel_read_uint(k, p->maps + 8 * i, 8, &map);

	return r < 0 ? r : field_u64(k, map, F_bpf_map_id, ret_id);
}

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

static uint64_t array_memory(const struct bpf_map *m, uint64_t header, uint64_t element,
			     uint64_t page)
{
	if (m->flags & F_MMAPABLE)
		return round_up(header, page) + round_up(m->max_entries * element, page);
	return header + m->max_entries * element;
}

/* All elements are there from the start, and one more for each CPU: htab_map_mem_usage(). */
static int hash_memory(struct kernel *k, const struct bpf_map *m, uint64_t *ret)
{
	uint64_t table, header, bucket, buckets, element;
	const struct cpus *cpus;
	size_t possible = 0;
	int r = m->flags & NO_PREALLOC ? fail(-EOPNOTSUPP, "elements made one by one") : 0;

	if (r == 0)
		r = kernel_sizeof(k, "bpf_htab", &header);
	if (r == 0)
		r = kernel_sizeof(k, "bucket", &bucket);
	if (r == 0)
		r = field_owner(k, m->addr, F_bpf_htab_map, &table);
	if (r == 0)
		r = field_u64(k, table, F_bpf_htab_n_buckets, &buckets);
	if (r == 0)
		r = field_u64(k, table, F_bpf_htab_elem_size, &element);
	if (r == 0)
		r = cpus_get(k, &cpus);
	if (r < 0)
		return r;
	for (size_t cpu = 0; cpu < cpus->nr; cpu++)
		possible += cpu_is_in(&cpus->possible, cpu);
	*ret = header + buckets * bucket + element * (m->max_entries + possible) +
	       POINTER_SIZE * possible;
	if (field_exists(k, F_bpf_htab_map_locked))
		*ret += possible * LOCKS * sizeof(int);
	return 0;
}

/* 90a5527d7686 (v6.4): what a map has really taken, which its kind reckons: two kinds are known here. */
int bpf_map_memory(struct kernel *k, const struct bpf_map *m, uint64_t *ret)
{
	uint64_t header, element, page = kernel_page_size(k);
	int r;

	if (!field_exists(k, F_bpf_map_ops_mem_usage)) {
		element = round_up(m->key_size + round_up(m->value_size, 8), 8);
		*ret = round_up(m->max_entries * element, page);
		return 0;
	}
	if (m->type == MAP_HASH)
		return hash_memory(k, m, ret);
	if (m->type != MAP_ARRAY)
		return fail(-EOPNOTSUPP, "a kind of map");
	r = field_offset(k, F_bpf_array_value, &header);
	if (r == 0)
		r = field_u64(k, m->addr, F_bpf_array_elem_size, &element);
	if (r < 0)
		return r;
	*ret = array_memory(m, header, element, page);
	return 0;
}

/* The enumerator in small letters, without what all begin with and what marks old ones. */
static void type_name(struct kernel *k, const char *name, const char *prefix, uint64_t value,
		      char ret[BPF_TYPE_LEN])
{
	static const char old[] = "_deprecated";
	const char *enumerator = enum_name(k, name, value);
	size_t len = strlen(prefix), n;

	if (!enumerator || strncmp(enumerator, prefix, len)) {
		snprintf(ret, BPF_TYPE_LEN, "type %lu", value);
		return;
	}
	enumerator += len;
	for (n = 0; n < BPF_TYPE_LEN - 1 && enumerator[n]; n++)
		ret[n] = (char)tolower((unsigned char)enumerator[n]);
	ret[n] = 0;
	if (n > strlen(old) && !strcmp(ret + n - strlen(old), old))
		ret[n - strlen(old)] = 0;
}

void bpf_prog_type(struct kernel *k, uint64_t type, char ret[BPF_TYPE_LEN])
{
	type_name(k, "bpf_prog_type", "BPF_PROG_TYPE_", type, ret);
}

void bpf_map_type(struct kernel *k, uint64_t type, char ret[BPF_TYPE_LEN])
{
	type_name(k, "bpf_map_type", "BPF_MAP_TYPE_", type, ret);
}
