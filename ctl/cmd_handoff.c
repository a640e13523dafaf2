// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl handoff, drain: the endpoints of connections go to peers, as jobs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chosen.h"
#include "jobs.h"
#include "nl_config.h"
#include "nl_conns.h"

/**
 * struct begun - one job
 * @id: its number
 * @count: connections in it
 */
struct begun {
	uint32_t id;
	size_t count;
};

/**
 * struct handoff - what the command line says, and what was begun
 * @peer: to whom, NULL: to all that are ready
 * @peers: these
 * @peer_count: of @peers
 * @chosen: connections
 * @flags: &enum spillway_job_flags
 * @wait: until it is over
 * @deadline: but no longer
 * @jobs: begun
 * @job_count: of @jobs
 * @moved: connections that are at their peers, once waited for
 * @told: jobs for JSON
 */
struct handoff {
	const char *peer;
	struct model_peer *peers;
	size_t peer_count;
	struct chosen chosen;
	uint32_t flags;
	bool wait;
	uint64_t deadline;
	struct begun *jobs;
	size_t job_count;
	uint64_t moved;
	struct json_object *told;
};

/* Where "to" stands behind ids or pairs of filter words; a peer, too, may be named so. */
static int find_to(int argc, char **argv)
{
	int i, step = argc && argv[0][0] >= '0' && argv[0][0] <= '9' ? 1 : 2;

	for (i = step; i < argc; i += step)
		if (!strcmp(argv[i], "to"))
			return i;
	return argc;
}

static bool read_options(const struct spillctl *ctl, int argc, char **argv, struct handoff *h)
{
	int i = 0;

	while (i < argc) {
		if (!strcmp(argv[i], "anytime")) {
			h->flags |= SPILLWAY_JOB_ANYTIME;
			i++;
		} else if (!strcmp(argv[i], "wait")) {
			h->wait = true;
			i++;
			if (!job_read_seconds(ctl, argc, argv, &i, &h->deadline))
				return false;
		} else {
			say_usage(ctl, "\"%s\" is neither anytime nor wait", argv[i]);
			return false;
		}
	}
	return true;
}

/* Every batch that is taken is a job; there is room for all. */
static int send_job(struct nl_session *session, struct model_move *moves, size_t count, void *data,
		    struct nl_error *error)
{
	struct handoff *h = data;
	struct begun *job = &h->jobs[h->job_count];
	int err = nl_handoff(session, moves, count, h->flags, &job->id, error);

	if (err)
		return err;
	job->count = count;
	h->job_count++;
	return 0;
}

static int find_peer(struct spillctl *ctl, struct handoff *h)
{
	struct nl_error error;

	h->peers = calloc(1, sizeof(*h->peers));
	if (!h->peers)
		return say_error(ctl, "no memory");
	if (nl_peer_get(ctl->session, h->peer, h->peers, &error))
		return say_failed(ctl, &error);
	h->peer_count = 1;
	return EXIT_DONE;
}

static int find_peers(struct spillctl *ctl, struct handoff *h)
{
	struct nl_error error;
	size_t count = 0, i;

	if (nl_peers(ctl->session, &h->peers, &count, &error) < 0)
		return say_failed(ctl, &error);
	for (i = 0; i < count; i++)
		if (h->peers[i].state == SPILLWAY_PEER_UP &&
		    h->peers[i].admin == SPILLWAY_ADMIN_READY && h->peers[i].weight)
			h->peers[h->peer_count++] = h->peers[i];
	return h->peer_count ? EXIT_DONE : say_error(ctl, "no peer is up and ready");
}

static int begin(struct spillctl *ctl, int argc, char **argv, struct handoff *h)
{
	int err = chosen_read(ctl, argc, argv, SPILLWAY_ROLE_LOCAL, &h->chosen);

	if (!err)
		err = spillctl_open(ctl);
	if (!err)
		err = h->peer ? find_peer(ctl, h) : find_peers(ctl, h);
	if (!err)
		err = chosen_spread(ctl, h->peers, h->peer_count, &h->chosen);
	if (err)
		return err;
	h->jobs = calloc(h->chosen.count / SPILLWAY_BATCH_MAX + 1, sizeof(*h->jobs));
	if (!h->jobs)
		return say_error(ctl, "no memory");
	return chosen_send(ctl, &h->chosen, send_job, h);
}

/* Before the wait, so that whoever waits knows what to cancel. */
static int print_begun(const struct spillctl *ctl, const struct handoff *h)
{
	struct json_object *o;
	size_t i;

	for (i = 0; i < h->job_count; i++) {
		if (ctl->json && !h->wait) {
			o = json_object_new_object();
			json_object_object_add(o, "id", json_object_new_uint64(h->jobs[i].id));
			json_object_object_add(o, "total",
					       json_object_new_uint64(h->jobs[i].count));
			json_object_array_add(h->told, o);
		} else if (!ctl->json && !ctl->quiet) {
			printf("job %u: %zu connections\n", h->jobs[i].id, h->jobs[i].count);
		}
	}
	if (!h->job_count && !ctl->json && !ctl->quiet)
		puts("0 connections");
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

static int await(struct spillctl *ctl, struct handoff *h, const struct begun *job)
{
	struct job_whole whole = { .count = 0 };
	int ret = job_wait(ctl, job->id, h->deadline, &whole);

	if (!ret) {
		h->moved += whole.job.moved;
		job_tell(ctl, &whole);
		if (ctl->json)
			json_object_array_add(h->told, job_json(&whole, h->peers, h->peer_count));
		else if (!ctl->quiet)
			job_print(&whole);
	}
	free(whole.moves);
	return ret;
}

/* All jobs, whatever becomes of one. */
static int await_all(struct spillctl *ctl, struct handoff *h, int began)
{
	const struct chosen *chosen = &h->chosen;
	int ret = EXIT_DONE, failed = EXIT_DONE;
	size_t i;

	for (i = 0; i < h->job_count; i++) {
		ret = await(ctl, h, &h->jobs[i]);
		failed = ret ? ret : failed;
	}
	if (!chosen->done)
		return began;
	ret = job_exit(chosen->done, h->moved);
	if (!ret && began)
		ret = EXIT_PARTLY;
	return ret == EXIT_REFUSED && failed ? failed : ret;
}

static int print_json(const struct spillctl *ctl, struct handoff *h)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "jobs", json_object_get(h->told));
	json_object_object_add(o, "refused", json_object_get(h->chosen.told));
	return json_print(ctl, json_document(ctl->verb, o));
}

/* All that the command line says is known now, but for the words of connections. */
static int run(struct spillctl *ctl, int argc, char **argv, struct handoff *h)
{
	int ret = begin(ctl, argc, argv, h), printed;

	if (!h->jobs)
		return ret;
	printed = print_begun(ctl, h);
	if (h->wait)
		ret = await_all(ctl, h, ret);
	if (ctl->json)
		printed = print_json(ctl, h);
	return ret ? ret : printed;
}

static int handoff(struct spillctl *ctl, int argc, char **argv, struct handoff *h)
{
	int to = find_to(argc, argv);

	if (to + 1 >= argc)
		return say_usage(ctl, "usage: handoff ID...|FILTER... to PEER [anytime] "
				      "[wait [SECONDS]]");
	h->peer = argv[to + 1];
	if (!arg_name(ctl, "peer", h->peer) || !read_options(ctl, argc - to - 2, argv + to + 2, h))
		return EXIT_USAGE;
	return run(ctl, to, argv, h);
}

static int drain(struct spillctl *ctl, int argc, char **argv, struct handoff *h)
{
	int options = argc && !strcmp(argv[0], "to") ? 2 : 0;

	if (options > argc)
		return say_usage(ctl, "to: a value is missing");
	if (options) {
		h->peer = argv[1];
		if (!arg_name(ctl, "peer", h->peer))
			return EXIT_USAGE;
	}
	if (!read_options(ctl, argc - options, argv + options, h))
		return EXIT_USAGE;
	return run(ctl, 0, argv, h);
}

static int with_handoff(struct spillctl *ctl, int argc, char **argv,
			int (*command)(struct spillctl *ctl, int argc, char **argv,
				       struct handoff *h))
{
	struct handoff h = { .deadline = JOB_FOR_EVER, .told = json_object_new_array() };
	int ret;

	chosen_init(&h.chosen);
	ret = command(ctl, argc, argv, &h);
	chosen_free(&h.chosen);
	json_object_put(h.told);
	free(h.peers);
	free(h.jobs);
	return ret;
}

int cmd_handoff(struct spillctl *ctl, int argc, char **argv)
{
	return with_handoff(ctl, argc, argv, handoff);
}

int cmd_drain(struct spillctl *ctl, int argc, char **argv)
{
	return with_handoff(ctl, argc, argv, drain);
}
