/* /blocked, and of one task: who blocks it. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/table/table.h"
#include "fs/task/task_key.h"
#include "kernel/cpu/stack.h"
#include "kernel/fields.h"
#include "kernel/file/disk.h"
#include "kernel/file/inode.h"
#include "kernel/lock/blocked.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"
#include "kernel/task/task.h"

static void put_comm(struct render *r, uint64_t task)
{
	char name[TASK_NAME_LEN];

	if (task_name(r->k, task, name) < 0)
		put_str(r->out, "?");
	else
		put_escaped(r->out, name, strlen(name), "");
}

static bool is_on_own_stack(struct kernel *k, const struct blocked *b)
{
	struct stack stack;

	return stack_of_task(k, b->task, &stack) >= 0 && b->wait.object >= stack.low &&
	       b->wait.object < stack.end;
}

/* When the timer will go off. */
static void put_left(struct strbuf *out, struct kernel *k, uint64_t timer)
{
	uint64_t expires, jiffies, hz;

	if (field_u64(k, timer, F_timer_expires, &expires) < 0 ||
	    symbol_u64(k, "jiffies_64", 8, &jiffies) < 0 || kernel_hz(k, &hz) < 0 || !hz) {
		put_str(out, "?");
		return;
	}
	put(out, "left=%.3f", (double)(int64_t)(expires - jiffies) / (double)hz);
}

static void put_file_of_page(struct strbuf *out, struct kernel *k, uint64_t page)
{
	uint64_t inode;

	if (inode_of_page(k, page, &inode) < 0 || put_inode(out, k, inode, " \t\n\\") < 0)
		put_str(out, "?");
}

static void put_disk(struct strbuf *out, struct kernel *k, uint64_t bio)
{
	char name[DISK_NAME_LEN];

	if (disk_of_bio(k, bio, name) < 0)
		put_str(out, "?");
	else
		put_name_column(out, name, 0);
}

/* What it waits for, by its name. */
static void put_object(struct strbuf *out, struct kernel *k, const struct blocked *b)
{
	if (!b->wait.object)
		put_str(out, "?");
	else if (b->wait.kind == WAIT_TIMEOUT)
		put_left(out, k, b->wait.object);
	else if (b->wait.kind == WAIT_BIO)
		put_disk(out, k, b->wait.object);
	else if (b->wait.kind == WAIT_PAGE_LOCK || b->wait.kind == WAIT_PAGE_BIT)
		put_file_of_page(out, k, b->wait.object);
	else if (is_on_own_stack(k, b))
		put_str(out, "stack");
	else
		put_place(out, k, b->wait.object);
}

static void put_owner(struct render *r, const struct wait *w)
{
	uint64_t pid;

	if (w->owner && field_u64(r->k, w->owner, F_task_pid, &pid) >= 0)
		put(r->out, " %7lu", pid);
	else if (w->readers)
		put(r->out, " %6luR", w->readers);
	else
		put_str(r->out, w->kind == WAIT_UNKNOWN ? "       ?" : "       -");
}

static void put_line(struct render *r, const struct blocked *b)
{
	STRBUF(object);

	put(r->out, "%8u  %016lx ", b->pid, b->task);
	if (b->is_old)
		put_seconds(r->out, (int64_t)b->ns, 14);
	else
		put_str(r->out, "             ?");
	put(r->out, "  %-11s", wait_name(b->wait.kind));
	if (b->wait.object)
		put(r->out, "  %016lx", b->wait.object);
	else
		put(r->out, "  %-16s", "?");
	put_owner(r, &b->wait);
	put_object(&object, r->k, b);
	put(r->out, "  %-29s ", object.data ? object.data : "?");
	if (b->wait.pc)
		put_place_column(r->out, r->k, b->wait.pc, 35);
	else
		put(r->out, "%-35s", "?");
	put_str(r->out, " ");
	put_comm(r, b->task);
	put_str(r->out, "\n");
}

/* "deadlock: 127 (left) mutex right_lock -> 128 (right) mutex left_lock -> 127" */
static void put_ring(struct render *r, const struct blocked_list *l, const struct blocked *first)
{
	const struct blocked *b = first;

	put_str(r->out, "deadlock: ");
	do {
		put(r->out, "%u (", b->pid);
		put_comm(r, b->task);
		put(r->out, ") %s ", wait_name(b->wait.kind));
		put_object(r->out, r->k, b);
		put_str(r->out, " -> ");
		b = &l->v[b->next];
	} while (b != first);
	put(r->out, "%u\n", first->pid);
}

int gen_task_blocked_by(struct render *r)
{
	struct wait w = { 0 };
	struct rings *rings;
	uint64_t pid;
	char state;
	int e = task_state(r->k, key_task(r), &state);

	/* A directory has it of those that /blocked tells of. */
	if (e >= 0 && state != 'D')
		return fail(-ENOENT, "it is not blocked");
	rings = rings_new(r->k);
	if (!rings)
		return fail(-ENOMEM, "what it waits for");
	if (e >= 0)
		e = task_wait(r->k, key_task(r), rings, &w);
	rings_free(rings);
	if (e >= 0 && !w.owner)
		e = fail(-ENOENT, "what it waits for has no owner");
	if (e >= 0)
		e = field_u64(r->k, w.owner, F_task_pid, &pid);
	if (e < 0)
		return e;
	put_way_up(r);
	put(r->out, "tasks/%lu", pid);
	return 0;
}

int gen_blocked(struct render *r)
{
	struct blocked_list l;
	int e = blocked_get(r->k, &l);

	if (e < 0)
		return e;
	for (size_t i = 0; i < l.all; i++)
		if (l.v[i].is_first)
			put_ring(r, &l, &l.v[i]);
	put(r->out, "%8s  %-16s %14s  %-11s  %-16s %7s  %-29s %-35s %s\n", "PID", "TASK", "BLOCKED",
	    "FOR", "OBJECT", "OWNER", "NAME", "IN", "COMM");
	for (size_t i = 0; i < l.n; i++)
		put_line(r, &l.v[i]);
	put_problem_lines(r->out, "", &l.problems);
	blocked_free(&l);
	return 0;
}
