/* BPF programs and maps: struct bpf_prog, struct bpf_map, by the numbers that bpf(2) gives them. */
#pragma once

#include "kernel/kernel.h"

#define BPF_NAME_LEN 16 /* BPF_OBJ_NAME_LEN */
#define BPF_TAG_SIZE 8
#define BPF_TYPE_LEN 48

struct bpf_map {
	uint64_t addr, id;
	uint64_t type, key_size, value_size, max_entries, flags;
	uint64_t frozen;
	char name[BPF_NAME_LEN + 1];
};

struct bpf_prog {
	uint64_t addr, aux, id;
	uint64_t type, jited, gpl;
	unsigned char tag[BPF_TAG_SIZE];
	uint64_t loaded;	/* nanoseconds since the boot, sleep included */
	uint64_t uid;		/* who did */
	uint64_t xlated_bytes;	/* of instructions of BPF, */
	uint64_t jited_bytes;	/* of the machine, of all its functions */
	uint64_t pages;		/* that it takes */
	uint64_t maps, nr_maps; /* the array of pointers to those that it uses */
	char name[BPF_NAME_LEN + 1];
};

/* Each, by rising number: its address. Not 0: stop, and the function returns it. -ENOENT: this kernel
 * has no BPF. */
typedef int bpf_fn(void *arg, uint64_t addr);
int bpf_maps_each(struct kernel *k, bpf_fn *fn, void *arg);
int bpf_progs_each(struct kernel *k, bpf_fn *fn, void *arg);

int bpf_map_read(struct kernel *k, uint64_t addr, struct bpf_map *ret);
int bpf_prog_read(struct kernel *k, uint64_t addr, struct bpf_prog *ret);

/* The number of the @i-th map that it uses. */
int bpf_prog_map(struct kernel *k, const struct bpf_prog *p, uint64_t i, uint64_t *ret_id);

/* Bytes that it has taken. -EOPNOTSUPP: not known of this kind. */
int bpf_map_memory(struct kernel *k, const struct bpf_map *m, uint64_t *ret);

/* What bpftool(8) calls a kind: "cgroup_skb", "hash"; "type 99" of an unknown one. */
void bpf_prog_type(struct kernel *k, uint64_t type, char ret[BPF_TYPE_LEN]);
void bpf_map_type(struct kernel *k, uint64_t type, char ret[BPF_TYPE_LEN]);
