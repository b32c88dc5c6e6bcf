/* What bpf(2) tells of the programs and maps that there are: a line each, words KEY=VALUE. */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* The length of the kernel's own structure, of which ours may know less or more. */
static bool info_of(int fd, void *info, size_t size)
{
	union bpf_attr attr = { .info.bpf_fd = fd,
				.info.info_len = size,
				.info.info = (uintptr_t)info };

	memset(info, 0, size);
	return !bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

static void show_program(FILE *out, int fd)
{
	struct bpf_prog_info p;

	if (!info_of(fd, &p, sizeof(p)))
		return;
	fprintf(out, "id=%u type=%u name=%s tag=", p.id, p.type, p.name);
	for (size_t i = 0; i < sizeof(p.tag); i++)
		fprintf(out, "%02x", p.tag[i]);
	fprintf(out,
		" jited_len=%u xlated_len=%u load_time=%llu uid=%u maps=%u gpl=%u btf_id=%u "
		"run_time_ns=%llu run_cnt=%llu\n",
		p.jited_prog_len, p.xlated_prog_len, (unsigned long long)p.load_time,
		p.created_by_uid, p.nr_map_ids, p.gpl_compatible, p.btf_id,
		(unsigned long long)p.run_time_ns, (unsigned long long)p.run_cnt);
}

static void show_map(FILE *out, int fd)
{
	struct bpf_map_info m;

	if (info_of(fd, &m, sizeof(m)))
		fprintf(out, "id=%u type=%u name=%s key=%u value=%u max=%u flags=%#x btf_id=%u\n",
			m.id, m.type, m.name, m.key_size, m.value_size, m.max_entries, m.map_flags,
			m.btf_id);
}

static void copy(struct tar *tar, const char *path, int next, int get,
		 void (*show)(FILE *out, int fd))
{
	const struct stat st = { .st_mode = S_IFREG | 0644, .st_mtime = time(NULL) };
	union bpf_attr attr = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		die("no memory for %s", path);
	while (!bpf(next, &attr)) {
		union bpf_attr by_id = { .prog_id = attr.next_id };
		int fd = bpf(get, &by_id);

		if (fd >= 0)
			show(out, fd);
		close(fd);
		attr.start_id = attr.next_id;
	}
	fclose(out);
	tar_file(tar, path, &st, text, len);
	free(text);
}

void bpf_copy(struct tar *tar)
{
	copy(tar, "bpf/programs", BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, show_program);
	copy(tar, "bpf/maps", BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, show_map);
}
