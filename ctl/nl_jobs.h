/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nl_jobs: what became of endpoints that were handed to peers; see nl_handoff(). */
#ifndef SPILLWAY_CTL_NL_JOBS_H
#define SPILLWAY_CTL_NL_JOBS_H

#include "model.h"
#include "nl_session.h"

/**
 * nl_jobs() - the jobs that the module knows
 * @jobs: receives an array to be freed, NULL if there are none
 * @count: how many
 *
 * Return: as nl_dump().
 */
int nl_jobs(struct nl_session *session, struct model_job **jobs, size_t *count,
	    struct nl_error *error);

/**
 * nl_job_get() - one job, with each of its connections
 * @id: its number
 * @job: receives it
 * @moves: receives an array to be freed, NULL if there are none; NULL where they are
 *	not wanted: the module is not asked for them
 * @count: how many
 *
 * Return: 0 or a negative errno.
 */
int nl_job_get(struct nl_session *session, uint32_t id, struct model_job *job,
	       struct model_job_move **moves, size_t *count, struct nl_error *error);

/* nl_job_cancel() - what has not come to the point of no return stays; 0 or -errno */
int nl_job_cancel(struct nl_session *session, uint32_t id, struct nl_error *error);

#endif /* SPILLWAY_CTL_NL_JOBS_H */
