/* Wait queues, simple and full, and what hangs in one: completions, pages, bits; bios and timers, which
 * know whom they wake. */
#include <errno.h>
#include <string.h>

#include "dump/base/err.h"
#include "kernel/fields.h"
#include "kernel/lock/site.h"
#include "kernel/symbol/symbols.h"
#include "kernel/task/task.h"

static bool is_function(struct kernel *k, uint64_t va, struct symbol *ret)
{
	return va >> 63 && symbol_at(k, va, ret) >= 0 && ret->addr == va &&
	       (ret->kind | 0x20) == 't';
}

/* An entry begins with what wakes it; where a head would have that is its spinlock. */
static int is_wait_entry(struct kernel *k, uint64_t link)
{
	struct symbol s;
	uint64_t entry, func;
	int r = field_owner(k, link, F_wait_entry_link, &entry);

	if (r >= 0)
		r = field_u64(k, entry, F_wait_entry_func, &func);
	return r < 0 ? r : is_function(k, func, &s);
}

static int is_swait_entry(struct kernel *k, uint64_t link)
{
	uint64_t entry, task;
	int r = field_owner(k, link, F_swait_link, &entry);

	if (r >= 0)
		r = field_u64(k, entry, F_swait_task, &task);
	return r < 0 ? r : is_on_stack_of(k, task, link);
}

/* Kinds of queue. */
struct queue_kind {
	enum field link, task; /* of an entry */
	enum field head;       /* of the queue */
	is_entry_fn *is_entry;
};

static const struct queue_kind of_wait = { F_wait_entry_link, F_wait_entry_private,
					   F_wait_queue_head, is_wait_entry };
static const struct queue_kind of_swait = { F_swait_link, F_swait_task, F_swait_queue_head,
					    is_swait_entry };

/* What completions have: simple ones since a5c6234e1028 (v5.7). The member of a full one was called as
 * theirs before v4.13. */
static const struct queue_kind *of_completion(struct kernel *k)
{
	bool old = field_exists(k, F_wait_queue_head) && !field_is_newest(k, F_wait_queue_head);

	return old || field_is_newest(k, F_completion_head) ? &of_wait : &of_swait;
}

/* Is there an entry of this task at @at? Then where its queue's list begins. */
static bool is_entry_at(const struct wait_site *s, const struct queue_kind *q, uint64_t at,
			uint64_t *ret_head)
{
	uint64_t task, link;

	return field_u64(s->k, at, q->task, &task) >= 0 && task == s->task &&
	       field_addr(s->k, at, q->link, &link) >= 0 && q->is_entry(s->k, link) > 0 &&
	       ring_head(s->rings, link, q->is_entry, ret_head) >= 0 && *ret_head;
}

/* Who made it is who waits until its child has another memory. */
static int find_vfork_child(struct kernel *k, uint64_t completion, uint64_t *ret)
{
	const struct task_list *l;
	uint64_t done;
	int r = tasks_get(k, &l);

	for (size_t i = 0; r >= 0 && i < l->n; i++)
		if (field_u64(k, l->v[i].task, F_task_vfork_done, &done) >= 0 &&
		    done == completion) {
			*ret = l->v[i].task;
			break;
		}
	return r;
}

/* Does the bio at @bio tell @whom when it is done? Ends that do, by name: of submit_bio_wait() and the
 * like to a completion, of a direct read or write to the task. */
static bool is_bio_for(const struct wait_site *s, uint64_t bio, uint64_t whom)
{
	static const char *const ends[] = { "submit_bio_wait_endio", "bio_wait_end_io",
					    "blkdev_bio_end_io_simple" };
	uint64_t private, end;
	struct symbol symbol;

	if (!(bio >> 63) || bio % 8 || field_u64(s->k, bio, F_bio_private, &private) < 0 ||
	    private != whom || field_u64(s->k, bio, F_bio_end_io, &end) < 0 ||
	    !is_function(s->k, end, &symbol))
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!strcmp(symbol.name, ends[i]))
			return true;
	return false;
}

/* On the stack, or what a word there points to. */
static int find_bio(const struct wait_site *s, uint64_t whom, uint64_t *ret)
{
	uint64_t word;

	for (uint64_t at = s->low; at < s->far; at += 8) {
		if (is_bio_for(s, at, whom)) {
			*ret = at;
			return 0;
		}
		if (kernel_read_uint(s->k, at, 8, &word) >= 0 && is_bio_for(s, word, whom)) {
			*ret = word;
			return 0;
		}
	}
	return fail(-ENOENT, "no bio");
}

int completion_of_waiter(const struct wait_site *s, struct wait *ret)
{
	const struct queue_kind *q = of_completion(s->k);
	uint64_t head, done, bio;
	struct wait w = { .kind = WAIT_COMPLETION, .pc = ret->pc };
	int r = -ENOENT;

	for (uint64_t at = s->low; at < s->end && r < 0; at += 8)
		if (is_entry_at(s, q, at, &head))
			r = field_owner(s->k, head, F_completion_head, &w.object);
	if (r >= 0)
		r = field_u64(s->k, w.object, F_completion_done, &done);
	if (r < 0)
		return r;
	if (is_on_stack_of(s->k, s->task, w.object)) {
		r = find_vfork_child(s->k, w.object, &w.owner);
		if (r >= 0 && find_bio(s, w.object, &bio) >= 0) {
			w.kind = WAIT_BIO;
			w.object = bio;
		}
	}
	if (r >= 0)
		*ret = w;
	return r;
}

/* What is before an entry that @func wakes: the page, or the word. */
static int read_key(const struct wait_site *s, uint64_t entry, const char *func, struct wait *w)
{
	static const struct {
		const char *func;
		enum wait_kind kind;
		enum field entry, object;
	} keys[] = {
		{ "wake_page_function", WAIT_PAGE_BIT, F_wait_page_entry, F_wait_page_page },
		{ "wake_bit_function", WAIT_BIT, F_wait_bit_entry, F_wait_bit_word },
		{ "var_wake_function", WAIT_VAR, F_wait_bit_entry, F_wait_bit_word },
	};
	uint64_t key, bit;
	int r;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(func, keys[i].func))
			continue;
		r = field_owner(s->k, entry, keys[i].entry, &key);
		if (r >= 0)
			r = field_u64(s->k, key, keys[i].object, &w->object);
		w->kind = keys[i].kind;
		if (r >= 0 && w->kind == WAIT_PAGE_BIT) {
			r = field_u64(s->k, key, F_wait_page_bit, &bit);
			if (r >= 0 && !bit) /* PG_locked */
				w->kind = WAIT_PAGE_LOCK;
		}
		return r;
	}
	return 0;
}

int queue_of_waiter(const struct wait_site *s, struct wait *ret)
{
	struct wait w = { .kind = WAIT_QUEUE, .pc = ret->pc };
	struct symbol func;
	uint64_t head, address;
	int r;

	for (uint64_t at = s->low; at < s->far; at += 8) {
		if (!is_entry_at(s, &of_wait, at, &head))
			continue;
		r = field_owner(s->k, head, F_wait_queue_head, &w.object);
		if (r >= 0)
			r = field_u64(s->k, at, F_wait_entry_func, &address);
		if (r >= 0 && is_function(s->k, address, &func))
			r = read_key(s, at, func.name, &w);
		if (r >= 0)
			*ret = w;
		return r;
	}
	if (find_bio(s, s->task, &w.object) >= 0) {
		w.kind = WAIT_BIO;
		*ret = w;
		return 0;
	}
	return fail(-ENOENT, "in no queue");
}

/* struct process_timer of schedule_timeout(), 58e1177b4cd1 (v4.15). */
int timer_of_waiter(const struct wait_site *s, struct wait *ret)
{
	struct symbol func;
	uint64_t task, timer, pprev, first, link, f;

	for (uint64_t at = s->low; at < s->far; at += 8) {
		if (field_u64(s->k, at, F_process_timer_task, &task) < 0 || task != s->task ||
		    field_addr(s->k, at, F_process_timer_timer, &timer) < 0 ||
		    field_u64(s->k, timer, F_timer_function, &f) < 0 ||
		    !is_function(s->k, f, &func) || strcmp(func.name, "process_timeout") != 0)
			continue;
		/* It is in a list: what points to it does. */
		if (field_u64(s->k, timer, F_timer_pprev, &pprev) < 0 ||
		    field_addr(s->k, timer, F_timer_entry, &link) < 0 ||
		    kernel_read_uint(s->k, pprev, 8, &first) < 0 || first != link)
			continue;
		ret->kind = WAIT_TIMEOUT;
		ret->object = timer;
		return 0;
	}
	return fail(-ENOENT, "no timer");
}
