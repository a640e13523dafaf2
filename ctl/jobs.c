// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jobs: how spillctl waits for endpoints that are handed over, and tells of them. A job
 * is asked for again when an event says so, and once a second in case that was lost;
 * where no events can be had, every 50 ms.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "jobs.h"
#include "nl_conns.h"
#include "nl_jobs.h"

enum {
	ASK_AGAIN_MS = 1000,
	POLL_MS = 50,
	SECONDS_MAX = 31 * 86400,
};

/**
 * struct watch - waits for the end of one job
 * @events: NULL where there are none
 * @id: of the job
 * @woken: something was said of it
 */
struct watch {
	struct nl_events *events;
	uint32_t id;
	bool woken;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool job_read_seconds(const struct spillctl *ctl, int argc, char **argv, int *i, uint64_t *deadline)
{
	uint64_t seconds;

	*deadline = JOB_FOR_EVER;
	if (*i >= argc || argv[*i][0] < '0' || argv[*i][0] > '9')
		return true;
	if (!arg_number(ctl, "seconds", argv[*i], 0, SECONDS_MAX, &seconds))
		return false;
	*deadline = now_ms() + seconds * 1000;
	(*i)++;
	return true;
}

static void take(const struct nl_event *event, void *data)
{
	struct watch *watch = data;

	watch->woken |= event->kind == SPILLWAY_CMD_JOB_NTF && event->job.id == watch->id;
}

/* Events that were lost may have been the one. */
static void read_events(struct watch *watch)
{
	struct nl_error error;
	int err = nl_events_read(watch->events, take, watch, &error);

	watch->woken |= err;
	if (err && err != -ENOBUFS) {
		nl_events_close(watch->events);
		watch->events = NULL;
	}
}

static void pause_until(struct watch *watch, uint64_t until)
{
	struct pollfd fd = { .events = POLLIN };
	uint64_t now = now_ms();

	watch->woken = false;
	for (; !watch->woken && now < until; now = now_ms()) {
		fd.fd = watch->events ? nl_events_fd(watch->events) : -1;
		if (poll(&fd, 1, (int)(until - now)) > 0)
			read_events(watch);
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int follow(struct spillctl *ctl, struct watch *watch, uint64_t deadline,
		  struct job_whole *whole)
{
	struct nl_error error;
	uint64_t now;

	for (;;) {
		if (nl_job_get(ctl->session, watch->id, &whole->job, NULL, NULL, &error))
			return say_failed(ctl, &error);
		now = now_ms();
		if (!model_job_running(&whole->job) || now >= deadline)
			return job_get(ctl, watch->id, whole);
		pause_until(watch,
			    earlier(deadline, now + (watch->events ? ASK_AGAIN_MS : POLL_MS)));
	}
}

int job_wait(struct spillctl *ctl, uint32_t id, uint64_t deadline, struct job_whole *whole)
{
	struct watch watch = { .id = id };
	struct nl_error error;
	int ret;

	if (nl_events_open(&watch.events, ctl->session, 1, &error))
		watch.events = NULL;
	ret = follow(ctl, &watch, deadline, whole);
	nl_events_close(watch.events);
	return ret;
}

int job_get(struct spillctl *ctl, uint32_t id, struct job_whole *whole)
{
	struct nl_error error;

	return nl_job_get(ctl->session, id, &whole->job, &whole->moves, &whole->count, &error) ?
		       say_failed(ctl, &error) :
		       EXIT_DONE;
}

void job_print(const struct job_whole *whole)
{
	const struct model_job *job = &whole->job;
	uint32_t running = model_job_running(job);
	char time[TEXT_MAX];

	printf("job %u: %u moved, %u stayed, %u lost", job->id, job->moved, job->stayed, job->lost);
	if (running)
		printf(", %u under way", running);
	printf(" %s %s\n", running ? "after" : "in",
	       text_time_ms(running ? job->age_ms : job->time_ms, time));
}

void job_tell(const struct spillctl *ctl, const struct job_whole *whole)
{
	uint32_t running = model_job_running(&whole->job);
	size_t i;

	if (running)
		say_warning(ctl, "job %u: %u connections are still under way", whole->job.id,
			    running);
	for (i = 0; i < whole->count; i++) {
		const struct model_job_move *move = &whole->moves[i];

		if (move->result == SPILLWAY_MOVE_STAYED || move->result == SPILLWAY_MOVE_LOST)
			fprintf(stderr, "spillctl: %s: conn %llu: %s: %s\n", ctl->verb,
				(unsigned long long)move->conn_id,
				model_word(&model_result, move->result),
				model_word(&model_reason, move->reason));
	}
}

const char *job_peer(const struct model_peer *peers, size_t count, uint16_t id)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (peers[i].id == id)
			return peers[i].name;
	return NULL;
}

struct json_object *job_json(const struct job_whole *whole, const struct model_peer *peers,
			     size_t peer_count)
{
	struct json_object *o = json_job(&whole->job);
	struct json_object *conns = json_object_new_array();
	size_t i;

	for (i = 0; i < whole->count; i++) {
		const struct model_job_move *move = &whole->moves[i];

		json_object_array_add(
			conns, json_job_move(move, job_peer(peers, peer_count, move->peer_id)));
	}
	json_object_object_add(o, "conns", conns);
	return o;
}

int job_exit(uint64_t total, uint64_t moved)
{
	if (moved >= total)
		return EXIT_DONE;
	return moved ? EXIT_PARTLY : EXIT_REFUSED;
}
