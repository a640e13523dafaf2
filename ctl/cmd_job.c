// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl job: endpoints that are handed over: how far, and what became of each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs.h"
#include "nl_config.h"
#include "nl_jobs.h"
#include "table.h"

static void print_jobs(const struct spillctl *ctl, const struct model_job *jobs, size_t count)
{
	static const char *const columns[] = { ">ID",     ">AGE",  ">TOTAL",   ">MOVED",
					       ">STAYED", ">LOST", ">RUNNING", ">TIME" };
	struct table *table = table_new(columns, 8, ctl->header);
	char id[TEXT_MAX], age[TEXT_MAX], total[TEXT_MAX], moved[TEXT_MAX], stayed[TEXT_MAX],
		lost[TEXT_MAX], running[TEXT_MAX], time[TEXT_MAX];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct model_job *job = &jobs[i];
		const char *const row[] = {
			text_number(job->id, id),
			text_time_ms(job->age_ms, age),
			text_number(job->total, total),
			text_number(job->moved, moved),
			text_number(job->stayed, stayed),
			text_number(job->lost, lost),
			text_number(model_job_running(job), running),
			job->has_time ? text_time_ms(job->time_ms, time) : "-",
		};

		table_row(table, row);
	}
	table_print(table);
}

static int list(struct spillctl *ctl)
{
	struct json_object *array;
	struct model_job *jobs = NULL;
	struct nl_error error;
	size_t count = 0, i;
	int ret;

	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	if (nl_jobs(ctl->session, &jobs, &count, &error) < 0)
		return say_failed(ctl, &error);
	if (ctl->json) {
		array = json_object_new_array();
		for (i = 0; i < count; i++)
			json_object_array_add(array, json_job(&jobs[i]));
		ret = json_print(ctl, json_document("jobs", array));
	} else {
		print_jobs(ctl, jobs, count);
		ret = fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
	}
	free(jobs);
	return ret;
}

static void print_moves(const struct spillctl *ctl, const struct job_whole *whole,
			const struct model_peer *peers, size_t peer_count)
{
	static const char *const columns[] = { ">ID",    "PEER",      "RESULT",
					       "REASON", ">BLACKOUT", ">BYTES" };
	struct table *table = table_new(columns, 6, ctl->header);
	char id[TEXT_MAX], number[TEXT_MAX], blackout[TEXT_MAX], bytes[TEXT_MAX];
	size_t i;

	for (i = 0; i < whole->count; i++) {
		const struct model_job_move *m = &whole->moves[i];
		const char *peer = job_peer(peers, peer_count, m->peer_id);
		const char *const row[] = {
			text_number(m->conn_id, id),
			ctl->numeric || !peer ? text_number(m->peer_id, number) : peer,
			model_word(&model_result, m->result),
			m->reason ? model_word(&model_reason, m->reason) : "-",
			m->blackout_us ? text_time_us(m->blackout_us, blackout) : "-",
			m->bytes ? text_bytes(m->bytes, bytes) : "-",
		};

		table_row(table, row);
	}
	table_print(table);
}

/* In words: all of it for show, else how it ended. */
static int print_whole(struct spillctl *ctl, const struct job_whole *whole, bool show)
{
	struct model_peer *peers = NULL;
	struct nl_error error;
	size_t count = 0;
	int ret = EXIT_DONE;

	if (nl_peers(ctl->session, &peers, &count, &error) < 0)
		return say_failed(ctl, &error);
	if (ctl->json)
		ret = json_print(ctl, json_document("job", job_json(whole, peers, count)));
	else if (show)
		print_moves(ctl, whole, peers, count);
	else if (!ctl->quiet)
		job_print(whole);
	free(peers);
	return ret || fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}

static int show(struct spillctl *ctl, uint32_t id)
{
	struct job_whole whole = { .count = 0 };
	int ret = job_get(ctl, id, &whole);

	if (!ret)
		ret = print_whole(ctl, &whole, true);
	free(whole.moves);
	return ret;
}

static int wait_for(struct spillctl *ctl, uint32_t id, uint64_t deadline)
{
	struct job_whole whole = { .count = 0 };
	int ret = job_wait(ctl, id, deadline, &whole);

	if (!ret) {
		job_tell(ctl, &whole);
		ret = print_whole(ctl, &whole, false);
	}
	if (!ret)
		ret = job_exit(whole.job.total, whole.job.moved);
	free(whole.moves);
	return ret;
}

static int cancel(struct spillctl *ctl, uint32_t id)
{
	struct nl_error error;

	return nl_job_cancel(ctl->session, id, &error) ? say_failed(ctl, &error) : EXIT_DONE;
}

int cmd_job(struct spillctl *ctl, int argc, char **argv)
{
	uint64_t id, deadline = JOB_FOR_EVER;
	const char *verb = argc ? argv[0] : "";
	bool waits = !strcmp(verb, "wait");
	int i = 2, ret;

	if (!argc || (argc == 1 && !strcmp(verb, "show")))
		return list(ctl);
	if (strcmp(verb, "show") && strcmp(verb, "cancel") && !waits)
		return say_usage(ctl, "\"%s\" is none of show, wait, cancel", verb);
	if (argc < 2)
		return say_usage(ctl, "%s: a job's number is missing", verb);
	if (!arg_number(ctl, "job", argv[1], 1, UINT32_MAX, &id))
		return EXIT_USAGE;
	if (waits && !job_read_seconds(ctl, argc, argv, &i, &deadline))
		return EXIT_USAGE;
	if (i != argc)
		return say_usage(ctl, "\"%s\" is too much", argv[i]);
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	if (waits)
		return wait_for(ctl, (uint32_t)id, deadline);
	return *verb == 's' ? show(ctl, (uint32_t)id) : cancel(ctl, (uint32_t)id);
}
