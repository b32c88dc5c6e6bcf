#include "fs/exec_serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "fs/desk.h"
#include "fs/exec.h"
#include "fs/fs.h"
#include "fs/session.h"
#include "fs/task/link_stat.h"

struct serving {
	const struct exec_service *s;
	pthread_t main;	   /* serves FUSE */
	pthread_t waits;   /* for the command's end */
	pthread_t hears;   /* what the command asks */
	pthread_t answers; /* it from the dump */
	dev_t sockets;
	atomic_bool stop;
	struct desk desk;
};

/* The device that a socket of this machine is of: programs know sockets by it. */
static dev_t device_of_sockets(void)
{
	_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st = { 0 };

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_dev : 0;
}

static int answer_stat(void *arg, const char *path, struct stat *ret)
{
	struct serving *v = arg;
	int r = -ENOENT;

	if (!strncmp(path, "/proc/", 6))
		r = fs_behind_path(v->s->fs, path, task_link_stat, ret);
	if (r == 0 && S_ISSOCK(ret->st_mode))
		ret->st_dev = v->sockets;
	return r;
}

static void *answer_questions(void *arg)
{
	struct serving *v = arg;

	desk_answer(&v->desk, answer_stat, v);
	return NULL;
}

static int hand_on(void *arg, const char *path, struct stat *ret)
{
	struct serving *v = arg;

	return desk_ask(&v->desk, path, ret);
}

/* Not locked down: no locked one may look into the command's memory, where the questions are. */
static void *hear_command(void *arg)
{
	struct serving *v = arg;

	exec_answer(v->s->exec, hand_on, v, &v->stop);
	return NULL;
}

static void *wait_for_command(void *arg)
{
	struct serving *v = arg;

	exec_wait(v->s->exec);
	pthread_kill(v->main, SIGTERM);
	return NULL;
}

/* It still runs if we were told to end. */
static int serve_session(struct serving *v)
{
	const struct exec_service *s = v->s;
	int r = session_serve(s->session, s->mount, s->single);

	if (s->exec->init > 0)
		kill(s->exec->init, SIGKILL);
	return r;
}

/* The thread that hears the command begins before the lock. */
int exec_serve(const struct exec_service *s)
{
	struct serving v = { .s = s, .main = pthread_self(), .sockets = device_of_sockets() };
	bool hears, answers, waits;
	int r;

	desk_init(&v.desk);
	hears = pthread_create(&v.hears, NULL, hear_command, &v) == 0;
	r = s->lock(s->arg);
	answers = r == 0 && pthread_create(&v.answers, NULL, answer_questions, &v) == 0;
	waits = r == 0 && pthread_create(&v.waits, NULL, wait_for_command, &v) == 0;
	if (r == 0)
		r = hears && answers && waits ? serve_session(&v) : fail(-ENOMEM, "a thread");
	atomic_store(&v.stop, true);
	desk_close(&v.desk);
	if (waits)
		pthread_join(v.waits, NULL);
	if (hears)
		pthread_join(v.hears, NULL);
	if (answers)
		pthread_join(v.answers, NULL);
	desk_fini(&v.desk);
	return r;
}
