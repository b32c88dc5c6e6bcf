#include "kernel/cpu/prstatus.h"

#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/arch.h"
#include "kernel/fields.h"
#include "kernel/task/pid.h"
#include "kernel/cpu/regs.h"
#include "kernel/task/task.h"
#include "kernel/unwind/machine.h"
#include "kernel/task/user_regs.h"

/* In struct elf_prstatus, on every machine of 64 bits. */
#define PR_PID	32
#define PR_PPID 36
#define PR_PGRP 40
#define PR_SID	44

/* In struct elf_prpsinfo. */
#define PS_SNAME  1
#define PS_ZOMB	  2
#define PS_NICE	  3
#define PS_FLAG	  8
#define PS_UID	  16
#define PS_GID	  20
#define PS_PID	  24
#define PS_PPID	  28
#define PS_PGRP	  32
#define PS_SID	  36
#define PS_FNAME  40
#define PS_PSARGS 56
#define PS_ARGS	  80

static void store(unsigned char *p, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++, value >>= 8)
		p[i] = (unsigned char)value;
}

static int begin(struct kernel *k, const struct arch **ret_arch, struct prstatus *ret)
{
	int r = kernel_arch(k, ret_arch);

	if (r < 0)
		return r;
	if (!(*ret_arch)->unwind || (*ret_arch)->prstatus_size > PRSTATUS_MAX)
		return fail(-EOPNOTSUPP, "registers of %s are not supported", (*ret_arch)->name);
	*ret = (struct prstatus){ .len = (*ret_arch)->prstatus_size };
	return 0;
}

static void put_register(const struct arch *arch, const char *name, uint64_t value,
			 struct prstatus *p)
{
	for (const struct arch_reg *reg = arch->prstatus; reg->name; reg++)
		if (!strcmp(reg->name, name) && reg->off + 8u <= p->len)
			store(p->desc + reg->off, 8, value);
}

static void put_cursor(const struct arch *arch, const struct cursor *c, struct prstatus *p)
{
	for (size_t i = 0; arch->unwind->regs[i].name; i++)
		if (cursor_knows(c, i))
			put_register(arch, arch->unwind->regs[i].name, c->reg[i], p);
}

int prstatus_of_cpu(struct kernel *k, size_t cpu, struct prstatus *ret)
{
	enum regs_source source;
	const struct arch *arch;
	struct regs regs;
	int r = begin(k, &arch, ret);

	if (r >= 0)
		r = regs_of_cpu(k, cpu, &regs, &source);
	if (r < 0)
		return r;
	for (size_t i = 0; i < regs.n; i++)
		put_register(arch, regs.reg[i].name, regs.reg[i].value, ret);
	return 0;
}

int prstatus_asleep(struct kernel *k, uint64_t task, struct prstatus *ret)
{
	struct words w = { .k = k, .task = task };
	const struct arch *arch;
	struct cursor c;
	int r = begin(k, &arch, ret);

	if (r >= 0)
		r = arch->unwind->asleep(&w, &c);
	if (r >= 0)
		put_cursor(arch, &c, ret);
	return r;
}

int prstatus_of_user(struct kernel *k, uint64_t task, struct prstatus *ret)
{
	const struct arch *arch;
	struct cursor c;
	uint64_t value;
	int r = begin(k, &arch, ret);

	if (r >= 0)
		r = user_regs(k, task, &c);
	if (r < 0)
		return r;
	put_cursor(arch, &c, ret);
	for (const struct arch_saved *s = arch->saved; s && s->off; s++)
		if (field_u64(k, task, (enum field)s->field, &value) >= 0)
			store(ret->desc + s->off, 8, value);
	return 0;
}

void prstatus_set_pid(struct prstatus *p, uint32_t pid)
{
	store(p->desc + PR_PID, 4, pid);
}

struct numbers {
	uint64_t pid, parent, group, session;
};

static int numbers_of(struct kernel *k, uint64_t task, struct numbers *ret)
{
	uint64_t parent;
	int r = field_u64(k, task, F_task_pid, &ret->pid);

	if (r >= 0)
		r = field_u64(k, task, F_task_real_parent, &parent);
	if (r >= 0)
		r = field_u64(k, parent, F_task_tgid, &ret->parent);
	if (r >= 0)
		r = task_pid_number(k, task, PID_PGRP, &ret->group);
	if (r >= 0)
		r = task_pid_number(k, task, PID_SESSION, &ret->session);
	return r;
}

int prstatus_number(struct kernel *k, uint64_t task, struct prstatus *p)
{
	struct numbers n;
	int r = numbers_of(k, task, &n);

	if (r < 0)
		return r;
	store(p->desc + PR_PID, 4, n.pid);
	store(p->desc + PR_PPID, 4, n.parent);
	store(p->desc + PR_PGRP, 4, n.group);
	store(p->desc + PR_SID, 4, n.session);
	return 0;
}

/* An argument's NUL is a space, as the kernel prints them there. */
static void put_args(const char *args, size_t len, unsigned char *p)
{
	if (len > PS_ARGS - 1)
		len = PS_ARGS - 1;
	for (size_t i = 0; i < len; i++)
		p[i] = args[i] ? (unsigned char)args[i] : ' ';
}

int prpsinfo_of_task(struct kernel *k, uint64_t task, const char *args, size_t len,
		     unsigned char ret[PRPSINFO_SIZE])
{
	uint64_t cred, value;
	char comm[TASK_COMM_LEN], state = 0;
	struct numbers n;
	int r = numbers_of(k, task, &n);

	memset(ret, 0, PRPSINFO_SIZE);
	if (r >= 0)
		r = task_state(k, task, &state);
	if (r >= 0)
		r = task_comm(k, task, comm);
	if (r >= 0)
		r = field_u64(k, task, F_task_real_cred, &cred);
	if (r >= 0)
		r = field_u64(k, cred, F_cred_uid, &value);
	if (r < 0)
		return r;
	store(ret + PS_UID, 4, value);
	if (field_u64(k, cred, F_cred_gid, &value) >= 0)
		store(ret + PS_GID, 4, value);
	if (field_u64(k, task, F_task_flags, &value) >= 0)
		store(ret + PS_FLAG, 8, value);
	if (field_u64(k, task, F_task_static_prio, &value) >= 0)
		store(ret + PS_NICE, 1, value - 120);
	ret[PS_SNAME] = (unsigned char)state;
	ret[PS_ZOMB] = state == 'Z';
	store(ret + PS_PID, 4, n.pid);
	store(ret + PS_PPID, 4, n.parent);
	store(ret + PS_PGRP, 4, n.group);
	store(ret + PS_SID, 4, n.session);
	memcpy(ret + PS_FNAME, comm, strnlen(comm, sizeof(comm) - 1));
	put_args(args, len, ret + PS_PSARGS);
	return 0;
}

void prpsinfo_of_kernel(const char *args, size_t len, unsigned char ret[PRPSINFO_SIZE])
{
	static const char name[] = "vmlinux";

	memset(ret, 0, PRPSINFO_SIZE);
	ret[PS_SNAME] = 'R';
	memcpy(ret + PS_FNAME, name, sizeof(name));
	put_args(args, len, ret + PS_PSARGS);
}
