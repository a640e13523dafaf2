// SPDX-License-Identifier: GPL-2.0-or-later
/* nl_jobs: what became of endpoints that were handed to peers. */
#include <errno.h>
#include <stdlib.h>

#include "nl_decode.h"
#include "nl_jobs.h"

int nl_jobs(struct nl_session *session, struct model_job **jobs, size_t *count,
	    struct nl_error *error)
{
	struct nlmsghdr *nlh = nl_request(session, SPILLWAY_CMD_JOB_GET, NLM_F_DUMP);
	struct nl_list list = { .size = sizeof(struct model_job), .decode = nl_decode_job };
	int ret = nl_dump(session, nlh, &list, error);

	*jobs = list.items;
	*count = list.count;
	return ret;
}

/* A request about one job. */
static struct nlmsghdr *request(struct nl_session *session, uint8_t command, uint32_t id)
{
	struct nlmsghdr *nlh = nl_request(session, command, 0);
	struct nlattr *nest = mnl_attr_nest_start(nlh, SPILLWAY_A_JOB);

	mnl_attr_put_u32(nlh, SPILLWAY_JOB_A_ID, id);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

struct whole {
	struct model_job job;
	struct model_job_move *moves;
	size_t count;
};

/* The connections may need more than one message; the job itself is in one of them. */
static int take_part(const struct nlmsghdr *nlh, void *data)
{
	size_t more = nl_decode_job_moves(nlh, NULL, 0);
	struct model_job_move *moves;
	struct whole *whole = data;
	struct model_job job;

	nl_decode_job(nlh, &job);
	if (job.id)
		whole->job = job;
	if (!more)
		return MNL_CB_OK;
	moves = reallocarray(whole->moves, whole->count + more, sizeof(*moves));
	if (!moves)
		return MNL_CB_ERROR;
	whole->moves = moves;
	nl_decode_job_moves(nlh, moves + whole->count, more);
	whole->count += more;
	return MNL_CB_OK;
}

/* Without its connections, of which there may be thousands. */
static int job_alone(struct nl_session *session, uint32_t id, struct model_job *job,
		     struct nl_error *error)
{
	struct model_job *jobs;
	size_t count, i;
	int err = nl_jobs(session, &jobs, &count, error);

	if (err < 0)
		return err;
	for (i = 0; i < count && jobs[i].id != id; i++)
		;
	if (i < count)
		*job = jobs[i];
	free(jobs);
	return i < count ? 0 : nl_fail(error, ENOENT, "no such job");
}

int nl_job_get(struct nl_session *session, uint32_t id, struct model_job *job,
	       struct model_job_move **moves, size_t *count, struct nl_error *error)
{
	struct whole whole = { .moves = NULL };
	struct nlmsghdr *nlh;
	int err;

	if (!moves)
		return job_alone(session, id, job, error);
	nlh = request(session, SPILLWAY_CMD_JOB_GET, id);
	err = nl_talk(session, nlh, take_part, &whole, error);
	if (!err && whole.job.id != id)
		err = nl_fail(error, EBADMSG, "the module does not tell of job %u", id);
	if (err) {
		free(whole.moves);
		whole.moves = NULL;
		whole.count = 0;
	}
	*job = whole.job;
	*moves = whole.moves;
	*count = whole.count;
	return err;
}

int nl_job_cancel(struct nl_session *session, uint32_t id, struct nl_error *error)
{
	return nl_talk(session, request(session, SPILLWAY_CMD_JOB_CANCEL, id), NULL, NULL, error);
}
