#include "kernel/unwind/recover.h"

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/symbol/symbols.h"
#include "kernel/unwind/code.h"
#include "kernel/walk/guard.h"
#include "kernel/walk/list.h"

#define KPROBE_TABLE 64	  /* chains */
#define SHADOW_STACK 4096 /* bytes: SHADOW_STACK_SIZE; before v6.11 50 entries of at most 56 */

/* A chain of llist_node from the task on; each entry knows its place on the stack. */
struct chain {
	enum field head, next, place, real;
};

static bool on_chain(struct kernel *k, uint64_t task, const struct chain *c, uint64_t at,
		     uint64_t *ret)
{
	struct guard guard = { 0 };
	uint64_t node, entry, place;
	int r = field_u64(k, task, c->head, &node);

	while (r >= 0 && node) {
		r = guard_step(&guard, node);
		if (r >= 0)
			r = field_owner(k, node, c->next, &entry);
		if (r >= 0)
			r = field_u64(k, entry, c->place, &place);
		if (r >= 0 && place == at)
			return field_u64(k, entry, c->real, ret) >= 0;
		if (r >= 0)
			r = kernel_read_uint(k, node, 8, &node);
	}
	return false;
}

static bool by_rethook(struct kernel *k, uint64_t task, uint64_t at, uint64_t *ret)
{
	static const struct chain chain = { F_task_rethooks, F_rethook_llist, F_rethook_frame,
					    F_rethook_ret_addr };

	return on_chain(k, task, &chain, at, ret);
}

/* Before v5.11 those of all tasks are in one table. */
static bool in_table(struct kernel *k, uint64_t head, uint64_t task, uint64_t at, uint64_t *ret)
{
	uint64_t entry, owner, place;
	struct list_walk w;
	int r = hlist_begin(&w, k, head, F_kretprobe_hlist);

	while (r >= 0 && (r = hlist_next(&w, &entry)) > 0) {
		r = field_u64(k, entry, F_kretprobe_task, &owner);
		if (r >= 0)
			r = field_u64(k, entry, F_kretprobe_fp, &place);
		if (r >= 0 && owner == task && place == at)
			return field_u64(k, entry, F_kretprobe_ret_addr, ret) >= 0;
	}
	return false;
}

static bool by_kretprobe(struct kernel *k, uint64_t task, uint64_t at, uint64_t *ret)
{
	static const struct chain chain = { F_task_kretprobes, F_kretprobe_llist, F_kretprobe_fp,
					    F_kretprobe_ret_addr };
	uint64_t table;

	if (field_exists(k, F_task_kretprobes))
		return on_chain(k, task, &chain, at, ret);
	if (symbol_addr(k, "kretprobe_inst_table", &table) < 0)
		return false;
	for (size_t i = 0; i < KPROBE_TABLE; i++)
		if (in_table(k, table + 8 * i, task, at, ret))
			return true;
	return false;
}

/* A stack of its own that grows up; what lies between the entries depends on the version, but each
 * has .retp. */
static bool by_graph(struct kernel *k, uint64_t task, uint64_t at, uint64_t *ret)
{
	unsigned char shadow[SHADOW_STACK];
	uint64_t base, retp, real;

	if (field_u64(k, task, F_task_ret_stack, &base) < 0 || !base ||
	    field_offset(k, F_ret_stack_retp, &retp) < 0 ||
	    field_offset(k, F_ret_stack_ret, &real) < 0 ||
	    kernel_read(k, base, shadow, sizeof(shadow)) < 0)
		return false;
	/* The newest entry is the highest. */
	for (uint64_t i = sizeof(shadow) - 8; i >= retp && i >= 8; i -= 8) {
		uint64_t entry = i - retp;

		if (load_le64(shadow + i) != at || entry + real + 8 > sizeof(shadow))
			continue;
		*ret = load_le64(shadow + entry + real);
		return true;
	}
	return false;
}

uint64_t recover_return(struct kernel *k, uint64_t task, uint64_t pc, uint64_t at)
{
	static const struct {
		enum code_mark mark;
		bool (*find)(struct kernel *k, uint64_t task, uint64_t at, uint64_t *ret);
	} tracers[] = {
		{ MARK_RETHOOK, by_rethook },
		{ MARK_KRETPROBE, by_kretprobe },
		{ MARK_GRAPH, by_graph },
	};

	/* One's code may return to another's. */
	for (size_t i = 0; task && i < sizeof(tracers) / sizeof(tracers[0]); i++)
		if (pc == code_mark(k, tracers[i].mark))
			tracers[i].find(k, task, at, &pc);
	return pc;
}
