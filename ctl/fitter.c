// SPDX-License-Identifier: GPL-2.0-or-later
/* fitter: a model is fitted beside the loop. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fitter.h"

#define NICE 10 /* the samples come first */

enum state {
	IDLE, /* the loop may submit */
	BUSY, /* the worker has it */
	DONE, /* the loop may take */
	QUIT,
};

struct fitter {
	pthread_t thread;
	pthread_mutex_t lock;   /* guards state */
	pthread_cond_t changed; /* signals state */
	enum state state;
	size_t room;
	size_t n; /* this and below: of the side whose turn it is */
	int ret;
	struct arima arima;
	double y[];
};

static enum state wait_for_work(struct fitter *fitter)
{
	enum state state;

	pthread_mutex_lock(&fitter->lock);
	while (fitter->state != BUSY && fitter->state != QUIT)
		pthread_cond_wait(&fitter->changed, &fitter->lock);
	state = fitter->state;
	pthread_mutex_unlock(&fitter->lock);
	return state;
}

/* To quit wins over the result of a fit. */
static void set_done(struct fitter *fitter)
{
	pthread_mutex_lock(&fitter->lock);
	if (fitter->state == BUSY)
		fitter->state = DONE;
	pthread_mutex_unlock(&fitter->lock);
}

static void *work(void *arg)
{
	struct fitter *fitter = arg;

	/* On Linux, of this thread alone: setpriority(2). Best effort. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	while (wait_for_work(fitter) == BUSY) {
		fitter->ret = arima_choose(&fitter->arima, fitter->y, fitter->n);
		set_done(fitter);
	}
	return NULL;
}

/* Signals are for the loop. */
static int start(struct fitter *fitter)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&fitter->thread, NULL, work, fitter);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

struct fitter *fitter_new(size_t room)
{
	struct fitter *fitter = calloc(1, sizeof(*fitter) + room * sizeof(double));

	if (!fitter)
		return NULL;
	fitter->room = room;
	pthread_mutex_init(&fitter->lock, NULL);
	pthread_cond_init(&fitter->changed, NULL);
	if (!start(fitter))
		return fitter;
	free(fitter);
	return NULL;
}

void fitter_free(struct fitter *fitter)
{
	if (!fitter)
		return;
	pthread_mutex_lock(&fitter->lock);
	fitter->state = QUIT;
	pthread_cond_signal(&fitter->changed);
	pthread_mutex_unlock(&fitter->lock);
	pthread_join(fitter->thread, NULL);
	pthread_cond_destroy(&fitter->changed);
	pthread_mutex_destroy(&fitter->lock);
	free(fitter);
}

bool fitter_submit(struct fitter *fitter, const double *y, size_t n)
{
	bool idle;

	pthread_mutex_lock(&fitter->lock);
	idle = fitter->state == IDLE && n <= fitter->room;
	if (idle) {
		memcpy(fitter->y, y, n * sizeof(*y));
		fitter->n = n;
		fitter->state = BUSY;
		pthread_cond_signal(&fitter->changed);
	}
	pthread_mutex_unlock(&fitter->lock);
	return idle;
}

int fitter_take(struct fitter *fitter, struct arima *arima)
{
	int ret = 0;

	pthread_mutex_lock(&fitter->lock);
	if (fitter->state == DONE) {
		ret = fitter->ret ? fitter->ret : 1;
		if (!fitter->ret)
			*arima = fitter->arima;
		fitter->state = IDLE;
	}
	pthread_mutex_unlock(&fitter->lock);
	return ret;
}
