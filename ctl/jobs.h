/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jobs: how spillctl waits for endpoints that are handed over, and tells of them. */
#ifndef SPILLWAY_CTL_JOBS_H
#define SPILLWAY_CTL_JOBS_H

#include "spillctl.h"

/**
 * struct job_whole - a job with its connections
 * @job: job
 * @moves: what became of each, to be freed
 * @count: of @moves
 */
struct job_whole {
	struct model_job job;
	struct model_job_move *moves;
	size_t count;
};

/* When a wait ends (ms of the monotonic clock). */
#define JOB_FOR_EVER UINT64_MAX

/* Takes a number of seconds at argv[*i], if there is one; false after a message. */
bool job_read_seconds(const struct spillctl *ctl, int argc, char **argv, int *i,
		      uint64_t *deadline);

/**
 * job_wait() - wait until a job is over
 * @id: its number
 * @deadline: from job_read_seconds(), or %JOB_FOR_EVER
 * @whole: receives it as it is then
 *
 * Return: %EXIT_DONE, also where the time is over before: some of it is running then; or
 * an exit code, after a message.
 */
int job_wait(struct spillctl *ctl, uint32_t id, uint64_t deadline, struct job_whole *whole);

/* Asks for it as it is now; an exit code, after a message. */
int job_get(struct spillctl *ctl, uint32_t id, struct job_whole *whole);

/* One line of how it ended, or how far it is; on stderr, what has not moved and why. */
void job_print(const struct job_whole *whole);
void job_tell(const struct spillctl *ctl, const struct job_whole *whole);

/* With its connections. */
struct json_object *job_json(const struct job_whole *whole, const struct model_peer *peers,
			     size_t peer_count);

/* A peer's name by its id, NULL if there is none any more. */
const char *job_peer(const struct model_peer *peers, size_t count, uint16_t id);

/* A command's exit code by how many were to be moved and are. */
int job_exit(uint64_t total, uint64_t moved);

#endif /* SPILLWAY_CTL_JOBS_H */
