#include "net/offload.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	OFFLOAD_STACK = 512 * 1024,
	OFFLOAD_NICE = 5 /* so much nicer than the loop are its threads */
};

enum job_state { JOB_WAITING, JOB_TAKEN };

TAILQ_HEAD(job_list, offload_job);

struct offload {
	struct watch watch;
	int fd; /* eventfd: something has ended */
	unsigned most, room;
	pthread_mutex_t mutex; /* for all that follows */
	pthread_cond_t wanted;
	struct job_list waiting, ended;
	unsigned waiting_count;
	unsigned idle; /* threads that wait for a job */
	bool closing;
	unsigned count; /* of threads */
	pthread_t threads[];
};

static void
offload_tell(const struct offload *offload)
{
	uint64_t one = 1;

	while (write(offload->fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

/* The next job, or NULL: it is over. With the mutex. */
static struct offload_job *
offload_take(struct offload *offload)
{
	struct offload_job *job;

	while ((job = TAILQ_FIRST(&offload->waiting)) == NULL && !offload->closing) {
		offload->idle++;
		pthread_cond_wait(&offload->wanted, &offload->mutex);
		offload->idle--;
	}
	if (job == NULL || offload->closing)
		return NULL;
	TAILQ_REMOVE(&offload->waiting, job, link);
	offload->waiting_count--;
	job->state = JOB_TAKEN;
	return job;
}

static void *
offload_thread(void *arg)
{
	struct offload *offload = arg;
	struct offload_job *job;

	/* on Linux the priority is that of the thread */
	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + OFFLOAD_NICE);
	pthread_mutex_lock(&offload->mutex);
	while ((job = offload_take(offload)) != NULL) {
		pthread_mutex_unlock(&offload->mutex);
		job->run(job);
		pthread_mutex_lock(&offload->mutex);
		if (TAILQ_EMPTY(&offload->ended))
			offload_tell(offload);
		TAILQ_INSERT_TAIL(&offload->ended, job, link);
	}
	pthread_mutex_unlock(&offload->mutex);
	return NULL;
}

/* Starts one more thread, with the mutex. An errno, 0: it runs. */
static int
offload_start(struct offload *offload)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return error;
	pthread_attr_setstacksize(&attributes, OFFLOAD_STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* the thread has the mask of who starts it */
	error = pthread_create(&offload->threads[offload->count], &attributes, offload_thread, offload);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (error != 0)
		return error;
	pthread_setname_np(offload->threads[offload->count], "offload");
	offload->count++;
	return 0;
}

/* Tells the end of what has ended up to now. */
static void
offload_finish(struct offload *offload)
{
	struct job_list ended = TAILQ_HEAD_INITIALIZER(ended);
	struct offload_job *job;

	pthread_mutex_lock(&offload->mutex);
	TAILQ_CONCAT(&ended, &offload->ended, link);
	pthread_mutex_unlock(&offload->mutex);
	while ((job = TAILQ_FIRST(&ended)) != NULL) {
		TAILQ_REMOVE(&ended, job, link);
		job->done(job, true);
	}
}

static void
offload_watch_cb(struct watch *watch, unsigned events)
{
	struct offload *offload = CONTAINER_OF(watch, struct offload, watch);
	uint64_t number;

	(void)events;
	if (read(offload->fd, &number, sizeof number) == (ssize_t)sizeof number)
		offload_finish(offload);
}

struct offload *
offload_new(struct loop *loop, unsigned threads, unsigned room, struct error *err)
{
	unsigned most = threads < OFFLOAD_THREADS_MAX ? threads : OFFLOAD_THREADS_MAX;
	struct offload *offload = calloc(1, sizeof *offload + most * sizeof offload->threads[0]);

	if (offload == NULL) {
		error_set(err, "no memory for threads");
		return NULL;
	}
	offload->most = most;
	offload->room = room;
	TAILQ_INIT(&offload->waiting);
	TAILQ_INIT(&offload->ended);
	pthread_mutex_init(&offload->mutex, NULL);
	pthread_cond_init(&offload->wanted, NULL);
	offload->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (offload->fd >= 0 && watch_open_level(&offload->watch, loop, offload->fd, offload_watch_cb) == 0)
		return offload;
	error_errno(err, "cannot hear of threads");
	offload_free(offload);
	return NULL;
}

void
offload_free(struct offload *offload)
{
	struct offload_job *job;
	unsigned i;

	if (offload == NULL)
		return;
	pthread_mutex_lock(&offload->mutex);
	offload->closing = true;
	pthread_cond_broadcast(&offload->wanted);
	pthread_mutex_unlock(&offload->mutex);
	for (i = 0; i < offload->count; i++)
		pthread_join(offload->threads[i], NULL);
	offload_finish(offload);
	while ((job = TAILQ_FIRST(&offload->waiting)) != NULL) {
		TAILQ_REMOVE(&offload->waiting, job, link);
		job->state = JOB_TAKEN; /* there is nothing to cancel any more */
		job->done(job, false);
	}
	watch_close(&offload->watch);
	if (offload->fd >= 0)
		close(offload->fd);
	pthread_cond_destroy(&offload->wanted);
	pthread_mutex_destroy(&offload->mutex);
	free(offload);
}

/* With the mutex. An errno, 0: it waits for a thread that there is. */
static int
offload_queue(struct offload *offload, struct offload_job *job)
{
	int error = 0;

	if (offload->closing || offload->waiting_count >= offload->room)
		return EAGAIN;
	if (offload->waiting_count >= offload->idle && offload->count < offload->most)
		error = offload_start(offload);
	if (offload->count == 0)
		return error != 0 ? error : EAGAIN;
	job->state = JOB_WAITING;
	TAILQ_INSERT_TAIL(&offload->waiting, job, link);
	offload->waiting_count++;
	pthread_cond_signal(&offload->wanted);
	return 0;
}

int
offload_add(struct offload *offload, struct offload_job *job, offload_run_fn *run, offload_done_fn *done)
{
	int error;

	job->run = run;
	job->done = done;
	pthread_mutex_lock(&offload->mutex);
	error = offload_queue(offload, job);
	pthread_mutex_unlock(&offload->mutex);
	errno = error;
	return error == 0 ? 0 : -1;
}

bool
offload_cancel(struct offload *offload, struct offload_job *job)
{
	bool waiting;

	pthread_mutex_lock(&offload->mutex);
	waiting = job->state == JOB_WAITING;
	if (waiting) {
		TAILQ_REMOVE(&offload->waiting, job, link);
		offload->waiting_count--;
	}
	pthread_mutex_unlock(&offload->mutex);
	return waiting;
}

unsigned
offload_waiting(struct offload *offload)
{
	unsigned count;

	pthread_mutex_lock(&offload->mutex);
	count = offload->waiting_count;
	pthread_mutex_unlock(&offload->mutex);
	return count;
}
