#include "kernel/task/signal.h"

#include <errno.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/fields.h"

#define SIGNALS	       64
#define SIGACTION_MAX  64 /* bytes of a struct k_sigaction */
#define HANDLER_DFL    0
#define HANDLER_IGNORE 1

/* Tell the handlers of the sighand_struct at @sighand apart. */
static int read_handlers(struct kernel *k, uint64_t sighand, struct signals *ret)
{
	unsigned char raw[SIGNALS * SIGACTION_MAX];
	uint64_t at, size, handler_at;
	int r = field_addr(k, sighand, F_sighand_action, &at);

	if (r >= 0)
		r = kernel_sizeof(k, "k_sigaction", &size);
	if (r >= 0)
		r = field_offset(k, F_k_sigaction_handler, &handler_at);
	if (r >= 0 && (size > SIGACTION_MAX || handler_at + 8 > size))
		r = fail(-EBADMSG, "a struct k_sigaction of %lu bytes", size);
	if (r >= 0)
		r = kernel_read(k, at, raw, SIGNALS * size);
	if (r < 0)
		return r;
	for (size_t i = 0; i < SIGNALS; i++) {
		uint64_t handler = load_le64(raw + i * size + handler_at);

		if (handler == HANDLER_IGNORE)
			ret->ignored |= 1ull << i;
		else if (handler != HANDLER_DFL)
			ret->caught |= 1ull << i;
	}
	return 0;
}

int task_signals(struct kernel *k, uint64_t task, struct signals *ret)
{
	struct signals s = { 0 };
	uint64_t signal, sighand;
	int r = field_u64(k, task, F_task_sighand, &sighand);

	if (r >= 0)
		r = field_u64(k, task, F_task_signal, &signal);
	if (r >= 0 && (!sighand || !signal)) {
		*ret = s;
		return 0;
	}
	if (r >= 0)
		r = field_u64(k, task, F_task_pending_signal, &s.pending);
	if (r >= 0)
		r = field_u64(k, task, F_task_blocked, &s.blocked);
	if (r >= 0)
		r = field_u64(k, signal, F_signal_shared_pending_signal, &s.shared);
	if (r >= 0)
		r = field_u64(k, signal, F_signal_nr_threads, &s.threads);
	if (r >= 0)
		r = read_handlers(k, sighand, &s);
	if (r < 0)
		return within(r, "signals of %#lx", task);
	*ret = s;
	return 0;
}

int task_rlimits(struct kernel *k, uint64_t task, struct rlimit ret[RLIMITS])
{
	unsigned char raw[RLIMITS * 16];
	uint64_t signal, at;
	int r = field_u64(k, task, F_task_signal, &signal);

	if (r >= 0)
		r = field_addr(k, signal, F_signal_rlim, &at);
	if (r >= 0)
		r = kernel_read(k, at, raw, sizeof(raw));
	if (r < 0)
		return within(r, "limits of %#lx", task);
	for (size_t i = 0; i < RLIMITS; i++)
		ret[i] = (struct rlimit){ load_le64(raw + 16 * i), load_le64(raw + 16 * i + 8) };
	return 0;
}
