#include "kernel/task/ns.h"

#include <errno.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/task/pid.h"

/* Those of the nsproxy; the others go by the credentials and the pid. */
static const struct namespace
{
	const char *name, *kind;
	enum field member, inum;
}
namespaces[] = {
	{ "net", "net", F_nsproxy_net_ns, F_net_inum },
	{ "uts", "uts", F_nsproxy_uts_ns, F_uts_ns_inum },
	{ "ipc", "ipc", F_nsproxy_ipc_ns, F_ipc_ns_inum },
	{ "pid", "pid", F_upid_ns, F_pid_ns_inum },
	{ "pid_for_children", "pid", F_nsproxy_pid_ns, F_pid_ns_inum },
	{ "user", "user", F_cred_user_ns, F_user_ns_inum },
	{ "mnt", "mnt", F_nsproxy_mnt_ns, F_mnt_ns_inum },
	{ "cgroup", "cgroup", F_nsproxy_cgroup_ns, F_cgroup_ns_inum },
	{ "time", "time", F_nsproxy_time_ns, F_time_ns_inum },
	{ "time_for_children", "time", F_nsproxy_time_ns_for_children, F_time_ns_inum },
};

static const struct namespace *namespace(size_t i)
{
	return i < sizeof(namespaces) / sizeof(namespaces[0]) ? &namespaces[i] : NULL;
}

const char *ns_name(size_t i)
{
	return namespace(i) ? namespace(i)->name : NULL;
}

const char *ns_kind(size_t i)
{
	return namespace(i) ? namespace(i)->kind : NULL;
}

/* The namespace in which the task was born: its pid has a number in it. */
static int pid_ns_of(struct kernel *k, uint64_t task, uint64_t *ret)
{
	struct pid_numbers numbers;
	uint64_t pid;
	int r = task_pid_struct(k, task, PID_TASK, &pid);

	if (r < 0)
		return r;
	*ret = 0;
	if (!pid)
		return 0;
	r = pid_numbers(k, pid, &numbers);
	if (r == 0 && numbers.n)
		*ret = numbers.ns[numbers.n - 1];
	return r;
}

static int member_of_proxy(struct kernel *k, uint64_t task, enum field member, uint64_t *ret)
{
	uint64_t proxy;
	int r = field_u64(k, task, F_task_nsproxy, &proxy);

	if (r < 0)
		return r;
	*ret = 0;
	return proxy ? field_u64(k, proxy, member, ret) : 0;
}

static int find_ns(struct kernel *k, uint64_t task, enum field member, uint64_t *ret)
{
	uint64_t cred;
	int r;

	switch (member) {
	case F_upid_ns:
		return pid_ns_of(k, task, ret);
	case F_cred_user_ns:
		r = field_u64(k, task, F_task_real_cred, &cred);
		return r < 0 ? r : field_u64(k, cred, member, ret);
	default:
		return member_of_proxy(k, task, member, ret);
	}
}

int task_ns(struct kernel *k, uint64_t task, size_t i, uint64_t *ret)
{
	uint64_t ns;
	int r = find_ns(k, task, namespace(i)->member, &ns);

	if (r < 0)
		return r;
	if (!ns)
		return fail(-ENOENT, "the task has left its namespaces");
	return field_u64(k, ns, namespace(i)->inum, ret);
}
