/* Processes in namespaces, control groups and mounts of their own, and the sleepers. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"
#include "net.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static void enter(struct slot *s, int flags)
{
	if (unshare(flags))
		fact_errno(s, "namespace");
}

static void in_uts(struct slot *s)
{
	enter(s, CLONE_NEWUTS);
	sethostname("other.host", 10);
	fact_str(s, "hostname", "other.host");
}

static void in_ipc(struct slot *s)
{
	enter(s, CLONE_NEWIPC);
}

/* Up, with a socket that listens: net/ of this process differs from that of the others. */
static void in_net(struct slot *s)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	enter(s, CLONE_NEWNET);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		fact_errno(s, "lo");
	fact_num(s, "fd", tcp_listen("127.0.0.1", 7301));
}

static void in_user(struct slot *s)
{
	char path[64];

	enter(s, CLONE_NEWUSER);
	snprintf(path, sizeof(path), "/proc/self/setgroups");
	write_file(path, "deny");
	if (write_file("/proc/self/uid_map", "0 0 1\n") < 0 ||
	    write_file("/proc/self/gid_map", "0 0 1\n") < 0)
		fact_errno(s, "uid_map");
}

static void in_cgroup_ns(struct slot *s)
{
	enter(s, CLONE_NEWCGROUP);
}

/* The first process of a pid namespace, and one deeper, each with a child. */
static void in_pid_deeper(struct slot *s)
{
	fact_num(s, "inner_pid", getpid());
}

static void in_pid(struct slot *s)
{
	fact_num(s, "inner_pid", getpid());
	enter(s, CLONE_NEWPID);
	start_child(s, "in_pid_deeper", in_pid_deeper);
}

static void in_pid_parent(struct slot *s)
{
	enter(s, CLONE_NEWPID);
	start_child(s, "in_pid", in_pid);
}

static void in_time_child(struct slot *s)
{
	(void)s;
}

static void in_time(struct slot *s)
{
	if (unshare(CLONE_NEWTIME))
		return absent(s, "CLONE_NEWTIME");
	write_file("/proc/self/timens_offsets", "monotonic 86400 0\nboottime 172800 0\n");
	start_child(s, "in_time_child", in_time_child);
}

static void mount_at(struct slot *s, const char *type, const char *path, unsigned long flags,
		     const char *options)
{
	mkdir(path, 0755);
	if (mount(type, path, type, flags, options))
		fact_errno(s, path);
}

/* Mounts that nobody else sees; a file is open on one that is then detached. */
static void in_mount(struct slot *s)
{
	enter(s, CLONE_NEWNS);
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	mount_at(s, "tmpfs", "/mnt/private place", MS_NOSUID | MS_NOEXEC, "size=1m,mode=700");
	mount("/tmp", "/mnt/private place", NULL, MS_BIND, NULL);
	mount_at(s, "tmpfs", "/mnt/detached", MS_NOATIME, "size=1m");
	fact_num(s, "fd detached", open("/mnt/detached/file", O_RDWR | O_CREAT, 0600));
	umount2("/mnt/detached", MNT_DETACH);
	chdir("/mnt/private place");
}

#define CGROUPS	    "/sys/fs/cgroup"
#define CONTROLLERS "+memory +pids +cpu +io"

/* Moves itself; a path that the cgroup tree does not have is absent there. */
static void move_to_cgroup(struct slot *s, const char *path)
{
	char procs[128];
	int r;

	snprintf(procs, sizeof(procs), CGROUPS "%s/cgroup.procs", path);
	r = write_file(procs, "0");
	if (r < 0)
		fact_str(s, "absent cgroup", strerror(-r));
	else
		fact_str(s, "cgroup", path);
}

/* What counts in a control group: memory of its own, a file in memory and one on a disk. */
static void use_memory(struct slot *s, const char *name)
{
	static char text[64 << 12];
	char path[64];
	int fd;

	for (size_t i = 0; i < sizeof(text); i += 4096)
		snprintf(text + i, 64, "vmcorefs %s %zu", name, i);
	snprintf(path, sizeof(path), "/tmp/%s", name);
	write_file(path, text);
	snprintf(path, sizeof(path), "/mnt/disk/%s", name);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || write(fd, text, sizeof(text)) != sizeof(text) || fsync(fd))
		fact_errno(s, "file of cgroup");
	close(fd);
}

static void in_cgroup(struct slot *s)
{
	mkdir(CGROUPS "/lab", 0755);
	mkdir(CGROUPS "/lab/in ner\\1", 0755);
	write_file(CGROUPS "/cgroup.subtree_control", CONTROLLERS);
	write_file(CGROUPS "/lab/memory.max", "50000000");
	write_file(CGROUPS "/lab/cgroup.subtree_control", CONTROLLERS);
	write_file(CGROUPS "/lab/in ner\\1/pids.max", "12");
	write_file(CGROUPS "/lab/in ner\\1/memory.high", "40000000");
	write_file(CGROUPS "/lab/in ner\\1/cpu.max", "50000 200000");
	write_file(CGROUPS "/lab/in ner\\1/cpu.weight", "250");
	move_to_cgroup(s, "/lab/in ner\\1");
	use_memory(s, "in_cgroup");
}

/* A group beside that one, with two processes. */
static void in_cgroup_child(struct slot *s)
{
	use_memory(s, "in_cgroup_child");
}

static void in_cgroup_second(struct slot *s)
{
	mkdir(CGROUPS "/second", 0755);
	move_to_cgroup(s, "/second");
	fact_num(s, "child", start_child(s, "in_cgroup_child", in_cgroup_child));
}

static const struct role places[] = {
	{ "in_uts", in_uts, false },
	{ "in_ipc", in_ipc, false },
	{ "in_net", in_net, false },
	{ "in_user", in_user, false },
	{ "in_cgroup_ns", in_cgroup_ns, false },
	{ "in_pid_parent", in_pid_parent, false },
	{ "in_time", in_time, false },
	{ "in_mount", in_mount, false },
	{ "in_cgroup", in_cgroup, false },
	{ "in_cgroup_second", in_cgroup_second, false },
};

/* Mounts of the initial namespace: read-only, bound, shared, slave, with odd names, overlaid. */
static void make_mounts(void)
{
	struct slot *s = slot_new("mounts");

	mount_at(s, "tmpfs", "/mnt/a b\tc\\d\ne#f", MS_NODEV | MS_RELATIME, "size=2m,nr_inodes=77");
	mount_at(s, "tmpfs", "/mnt/read only", MS_RDONLY, NULL);
	mkdir("/mnt/bound", 0755);
	mount("/tmp/files", "/mnt/bound", NULL, MS_BIND, NULL);
	mount(NULL, "/mnt/bound", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
	mount_at(s, "tmpfs", "/mnt/shared", 0, NULL);
	mount(NULL, "/mnt/shared", NULL, MS_SHARED, NULL);
	mkdir("/mnt/slave", 0755);
	mount("/mnt/shared", "/mnt/slave", NULL, MS_BIND, NULL);
	mount(NULL, "/mnt/slave", NULL, MS_SLAVE, NULL);
	mount_at(s, "tmpfs", "/mnt/unbindable", 0, NULL);
	mount(NULL, "/mnt/unbindable", NULL, MS_UNBINDABLE, NULL);
	mkdir("/mnt/lower", 0755);
	mkdir("/mnt/shared/upper", 0755);
	mkdir("/mnt/shared/work", 0755);
	mount_at(s, "overlay", "/mnt/overlay", 0,
		 "lowerdir=/mnt/lower,upperdir=/mnt/shared/upper,workdir=/mnt/shared/work");
	fact_num(s, "fd overlay", open("/mnt/overlay/file", O_RDWR | O_CREAT, 0600));
	ready(s, 'R', NO_SYSCALL);
}

void start_namespaces(void)
{
	make_mounts();
	start_roles(places, ARRAY_SIZE(places), false);
}

/* Only the first is a slot: what is true of one is true of all. */
void start_sleepers(int count)
{
	static const struct role sleeper = { "sleeper", rest, true };

	if (count > 0)
		start_role(&sleeper);
	for (int i = 1; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork of sleeper %d: %s", i, strerror(errno));
		if (pid)
			continue;
		prctl(PR_SET_NAME, "sleeper");
		for (;;)
			syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	}
}
