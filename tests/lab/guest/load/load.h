#pragma once
/*
 * load: puts tasks of the guest into known states, copies what /proc and /sys then say to a disk,
 * and lets the kernel crash.
 *
 * A slot is what is known of one task made on purpose. Slots live in memory that all of load's
 * tasks share: the task itself fills its slot in and says in which state and system call it will be
 * found; main waits until /proc agrees. Facts are what a test can look for in the dump.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NO_SYSCALL    (-2)

enum phase { SLOT_BUSY, SLOT_READY, SLOT_ABSENT, SLOT_BROKEN };

struct slot {
	char name[32];
	pid_t pid;
	pid_t tid;
	int phase;     /* enum phase; accessed atomically */
	char state;    /* as in /proc/PID/stat */
	long syscall;  /* as in /proc/PID/syscall; NO_SYSCALL: not looked at */
	char why[128]; /* why it is absent or broken */
	unsigned int used;
	char facts[8000]; /* members of a JSON object, each with a comma before it */
};

typedef void role_fn(struct slot *slot);

struct role {
	const char *name;
	role_fn *run;
	bool calm; /* part of the small load too */
};

/* slot.c: slots and their facts; broken() ends the task, absent() only marks it */
void slots_init(void);
struct slot *slot_new(const char *name);
struct slot *slot_get(size_t i);
struct slot *slot_find(const char *name);
void ready(struct slot *slot, char state, long syscall);
void absent(struct slot *slot, const char *what);
void broken(struct slot *slot, const char *what) __attribute__((noreturn));
void fact_num(struct slot *slot, const char *key, long long value);
void fact_hex(struct slot *slot, const char *key, uint64_t value);
void fact_text(struct slot *slot, const char *key, const void *text, size_t len);
void fact_str(struct slot *slot, const char *key, const char *text);
void fact_errno(struct slot *slot, const char *key);
size_t slots_json(char *buf, size_t size);

/* settle.c */
void rest(struct slot *slot) __attribute__((noreturn));
void start_role(const struct role *role);
void start_roles(const struct role *roles, size_t count, bool small);
pid_t start_child(struct slot *parent, const char *name, role_fn *run);
bool settle(int seconds);
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* util.c: small things that several roles need; -errno on failure */
int write_file(const char *path, const char *text);
int read_file(const char *path, char *buf, size_t size);
int find_disk(const char *serial, int flags, uint64_t *ret_size);

/* one role or group of roles each */
role_fn wait_threads, spin_user, spin_kernel, hold_files, hold_sockets, hold_maps, hold_many_maps;
role_fn hold_arrays;

/* asleep in one system call each, as threads of wait.c */
role_fn sleep_accept, sleep_accept_unix, sleep_udp, sleep_tcp_recv, sleep_tcp_send;
role_fn sleep_unix_recv, sleep_netlink, sleep_packet, sleep_futex_waitv, sleep_userfault;
role_fn sleep_uring, sleep_pidfd, sleep_fanotify;
void start_states(bool small);
void start_namespaces(void);
void start_sleepers(int count);
int exec_main(int argc, char **argv);

/* processes of names.c and busy.c that states.c starts */
role_fn comm_odd, comm_bytes, title, exec_plain, exec_odd, exec_long, exec_empty, exec_deleted;
role_fn exec_memfd, in_chroot, cwd_deleted, registers, hold_keys;

/* tar.c: a plain tar stream to a block device, past the page cache */
struct tar;
struct stat;
struct tar *tar_open(int fd, uint64_t room);
void tar_file(struct tar *t, const char *path, const struct stat *st, const void *data, size_t len);
void tar_dir(struct tar *t, const char *path, const struct stat *st);
void tar_link(struct tar *t, const char *path, const struct stat *st, const char *target,
	      size_t target_len);
uint64_t tar_close(struct tar *t);

/* programs.c: what the programs of /programs print; nothing where there is no such list */
void programs_copy(struct tar *tar);

/* bpf.c: what bpf(2) tells of all programs and maps */
void bpf_copy(struct tar *tar);

/* pagemap.c: nothing of a process without pages */
void pagemap_copy(struct tar *tar, const char *pid);

/* truth.c: returns the length of the stream */
uint64_t truth_copy(int fd, uint64_t room);
