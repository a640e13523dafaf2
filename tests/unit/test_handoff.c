// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spillctl handoff, drain and job against a module that is played here: what is asked of it,
 * what is said, how long is waited, and with which exit status it ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "nl_config.h"
#include "nl_conns.h"
#include "nl_jobs.h"
#include "spillctl.h"

#include "kselftest_harness.h"

enum { CONNS = SPILLWAY_BATCH_MAX + 2, JOBS = 3 };

struct nl_events {
	int fd;
};

/* The module. */
static struct {
	bool peers_down;
	size_t conn_count; /* what a filter finds: ids from 1 on */
	struct model_filter filter;
	uint64_t refuse_id; /* in every batch */
	uint8_t refuse_reason;

	struct model_move sent[JOBS][CONNS];
	size_t sent_count[JOBS];
	uint32_t flags;
	uint32_t jobs;

	uint64_t stays_id; /* its move comes to nothing; all but those that are lost */
	bool all_stay;
	unsigned int over_at; /* jobs run until they are asked for so often */
	unsigned int asked;
	uint32_t cancelled;

	struct nl_events events;
	int events_err; /* none can be had */
	int read_err;
	unsigned int more; /* that come when some are read */
	uint32_t says_id;  /* the job that an event is about */
	bool closed;
} fake;

static int as_told(struct nl_error *error, int err)
{
	error->err = err;
	snprintf(error->text, sizeof(error->text), "as told");
	return -err;
}

int spillctl_open(struct spillctl *ctl)
{
	(void)ctl;
	return EXIT_DONE;
}

int nl_conns(struct nl_session *session, const struct model_filter *filter,
	     struct model_conn **conns, size_t *count, struct nl_error *error)
{
	(void)session;
	(void)error;
	fake.filter = *filter;
	*count = fake.conn_count;
	*conns = calloc(CONNS, sizeof(**conns));
	for (size_t i = 0; i < *count; i++)
		(*conns)[i].id = i + 1;
	return 0;
}

int nl_peer_get(struct nl_session *session, const char *name, struct model_peer *peer,
		struct nl_error *error)
{
	(void)session;
	*peer = (struct model_peer){ .id = 2,
				     .name = "n2",
				     .weight = 1,
				     .state = fake.peers_down ? SPILLWAY_PEER_DOWN :
								SPILLWAY_PEER_UP };
	return strcmp(name, "n2") ? as_told(error, ENOENT) : 0;
}

int nl_peers(struct nl_session *session, struct model_peer **peers, size_t *count,
	     struct nl_error *error)
{
	*count = 4;
	*peers = calloc(4, sizeof(**peers));
	nl_peer_get(session, "n2", &(*peers)[1], error);
	for (uint16_t i = 0; i < 4; i++) {
		(*peers)[i] = (*peers)[1];
		(*peers)[i].id = i + 1;
		snprintf((*peers)[i].name, sizeof((*peers)[i].name), "n%u", i + 1);
	}
	(*peers)[0].admin = SPILLWAY_ADMIN_DRAIN;
	(*peers)[2].weight = 0;
	(*peers)[3].weight = 3;
	return 0;
}

int nl_handoff(struct nl_session *session, struct model_move *moves, size_t count, uint32_t flags,
	       uint32_t *job, struct nl_error *error)
{
	int err = 0;

	(void)session;
	for (size_t i = 0; i < count; i++) {
		moves[i].reason = SPILLWAY_REASON_NONE;
		if (moves[i].conn_id == fake.refuse_id) {
			moves[i].reason = fake.refuse_reason;
			err = EINVAL;
		}
	}
	if (err)
		return as_told(error, err);
	memcpy(fake.sent[fake.jobs], moves, count * sizeof(*moves));
	fake.sent_count[fake.jobs] = count;
	fake.flags = flags;
	*job = ++fake.jobs;
	return 0;
}

/* A job: all that are still under way, or how each of its connections ended. */
static void tell_job(uint32_t id, struct model_job *job, struct model_job_move *moves)
{
	bool over = fake.asked >= fake.over_at;

	*job = (struct model_job){ .id = id, .age_ms = 5000, .has_time = over, .time_ms = 1500 };
	for (size_t i = 0; i < fake.sent_count[id - 1]; i++) {
		struct model_job_move m = { .conn_id = fake.sent[id - 1][i].conn_id, .peer_id = 2 };

		job->total++;
		if (over && (fake.all_stay || m.conn_id == fake.stays_id)) {
			m.result = SPILLWAY_MOVE_STAYED;
			m.reason = SPILLWAY_REASON_MOVE_LISTENER;
			job->stayed++;
		} else if (over) {
			m.result = SPILLWAY_MOVE_MOVED;
			m.blackout_us = 700;
			m.bytes = 4096;
			job->moved++;
		}
		if (moves)
			moves[i] = m;
	}
}

int nl_job_get(struct nl_session *session, uint32_t id, struct model_job *job,
	       struct model_job_move **moves, size_t *count, struct nl_error *error)
{
	(void)session;
	if (!id || id > fake.jobs)
		return as_told(error, ENOENT);
	fake.asked++;
	if (moves) {
		*count = fake.sent_count[id - 1];
		*moves = calloc(CONNS, sizeof(**moves));
	}
	tell_job(id, job, moves ? *moves : NULL);
	return 0;
}

int nl_jobs(struct nl_session *session, struct model_job **jobs, size_t *count,
	    struct nl_error *error)
{
	(void)session;
	(void)error;
	*count = fake.jobs;
	*jobs = calloc(JOBS, sizeof(**jobs));
	for (uint32_t id = 1; id <= fake.jobs; id++)
		tell_job(id, *jobs + id - 1, NULL);
	return 0;
}

int nl_job_cancel(struct nl_session *session, uint32_t id, struct nl_error *error)
{
	(void)session;
	fake.cancelled = id;
	return id > fake.jobs ? as_told(error, ENOENT) : 0;
}

int nl_events_open(struct nl_events **events, struct nl_session *session, int with_conns,
		   struct nl_error *error)
{
	(void)session;
	if (!with_conns || fake.events_err)
		return as_told(error, fake.events_err);
	*events = &fake.events;
	return 0;
}

void nl_events_close(struct nl_events *events)
{
	fake.closed |= !!events;
}

int nl_events_fd(const struct nl_events *events)
{
	return events->fd;
}

/* The next ones come as soon as these are read: only the clock of who misses them runs. */
int nl_events_read(struct nl_events *events, void (*take)(const struct nl_event *event, void *data),
		   void *data, struct nl_error *error)
{
	struct nl_event event = { .kind = SPILLWAY_CMD_CONN_NTF, .job = { .id = 1 } };
	eventfd_t value;
	int err = fake.read_err;

	if (eventfd_read(events->fd, &value))
		return 0;
	if (fake.more) {
		fake.more--;
		eventfd_write(events->fd, 1);
	}
	if (err)
		return as_told(error, err);
	take(&event, data); /* of a connection */
	event.kind = SPILLWAY_CMD_JOB_NTF;
	event.job.id = fake.says_id;
	take(&event, data);
	return 0;
}

FIXTURE(handoff)
{
	struct spillctl ctl;
	FILE *out, *err;
	int out_fd, err_fd;
	char out_text[2048], err_text[2048];
	uint64_t took_ms;
};

FIXTURE_SETUP(handoff)
{
	memset(&fake, 0, sizeof(fake));
	fake.events.fd = eventfd(0, EFD_NONBLOCK);
	fake.refuse_reason = SPILLWAY_REASON_CONN_BUSY;
	memset(&self->ctl, 0, sizeof(self->ctl));
	self->ctl.header = true;
	self->out = tmpfile();
	self->err = tmpfile();
	ASSERT_TRUE(self->out && self->err);
	fflush(stdout);
	self->out_fd = dup(STDOUT_FILENO);
	self->err_fd = dup(STDERR_FILENO);
}

FIXTURE_TEARDOWN(handoff)
{
	close(fake.events.fd);
	close(self->out_fd);
	close(self->err_fd);
	fclose(self->out);
	fclose(self->err);
}

static void said(FILE *file, char *text, size_t size)
{
	size_t len;

	rewind(file);
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	rewind(file);
	if (ftruncate(fileno(file), 0))
		abort();
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Runs a command line, as main() would; what it says is in the fixture. */
static int run(FIXTURE_DATA(handoff) * self, const char *line)
{
	char copy[256], *argv[32];
	int argc = 0, ret;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	dup2(fileno(self->out), STDOUT_FILENO);
	dup2(fileno(self->err), STDERR_FILENO);
	self->took_ms = now_ms();
	self->ctl.verb = argv[0];
	ret = (!strcmp(argv[0], "job")   ? cmd_job :
	       !strcmp(argv[0], "drain") ? cmd_drain :
					   cmd_handoff)(&self->ctl, argc - 1, argv + 1);
	self->took_ms = now_ms() - self->took_ms;
	fflush(stdout);
	dup2(self->out_fd, STDOUT_FILENO);
	dup2(self->err_fd, STDERR_FILENO);
	said(self->out, self->out_text, sizeof(self->out_text));
	said(self->err, self->err_text, sizeof(self->err_text));
	return ret;
}

TEST_F(handoff, by_ids)
{
	EXPECT_EQ(EXIT_DONE, run(self, "handoff 5 6 to n2"));
	EXPECT_STREQ("job 1: 2 connections\n", self->out_text);
	EXPECT_STREQ("", self->err_text);
	EXPECT_EQ(2, fake.sent_count[0]);
	EXPECT_EQ(6, fake.sent[0][1].conn_id);
	EXPECT_EQ(2, fake.sent[0][1].peer_id);
	EXPECT_EQ(0, fake.flags);
	EXPECT_EQ(0, fake.asked);
	EXPECT_EQ(EXIT_DONE, run(self, "handoff 5 to n2 anytime"));
	EXPECT_EQ(SPILLWAY_JOB_ANYTIME, fake.flags);
	self->ctl.quiet = true;
	EXPECT_EQ(EXIT_DONE, run(self, "handoff 5 to n2"));
	EXPECT_STREQ("", self->out_text);
}

TEST_F(handoff, by_filter)
{
	fake.conn_count = 3;
	EXPECT_EQ(EXIT_DONE, run(self, "handoff dport 80 to n2"));
	EXPECT_EQ(SPILLWAY_ROLE_LOCAL, fake.filter.role);
	EXPECT_EQ(80, fake.filter.remote_port);
	EXPECT_STREQ("job 1: 3 connections\n", self->out_text);
	fake.conn_count = 0;
	EXPECT_EQ(EXIT_DONE, run(self, "handoff peer to to n2 wait"));
	EXPECT_STREQ("to", fake.filter.peer_name);
	EXPECT_STREQ("0 connections\n", self->out_text);
	EXPECT_EQ(1, fake.jobs);
}

TEST_F(handoff, more_than_a_batch_is_several_jobs)
{
	fake.conn_count = SPILLWAY_BATCH_MAX + 1;
	EXPECT_EQ(EXIT_DONE, run(self, "handoff dport 80 to n2 wait"));
	EXPECT_STREQ("job 1: 2048 connections\njob 2: 1 connections\n"
		     "job 1: 2048 moved, 0 stayed, 0 lost in 1.5s\n"
		     "job 2: 1 moved, 0 stayed, 0 lost in 1.5s\n",
		     self->out_text);
	EXPECT_EQ(2, fake.jobs);
}

TEST_F(handoff, refused_ones_of_a_filter_are_left_out)
{
	fake.conn_count = 3;
	fake.refuse_id = 2;
	EXPECT_EQ(EXIT_PARTLY, run(self, "handoff dport 80 to n2"));
	EXPECT_STREQ("job 1: 2 connections\n", self->out_text);
	EXPECT_STREQ("spillctl: handoff: conn 2: refused: offloaded-already\n", self->err_text);
	EXPECT_EQ(EXIT_PARTLY, run(self, "handoff dport 80 to n2 wait"));
	fake.refuse_reason = SPILLWAY_REASON_CONN_GONE; /* has ended meanwhile */
	EXPECT_EQ(EXIT_DONE, run(self, "handoff dport 80 to n2 wait"));
	EXPECT_STREQ("", self->err_text);
}

TEST_F(handoff, ids_are_all_or_none)
{
	fake.refuse_id = 6;
	EXPECT_EQ(EXIT_REFUSED, run(self, "handoff 5 6 to n2 wait"));
	EXPECT_EQ(0, fake.jobs);
	fake.refuse_reason = SPILLWAY_REASON_CONN_GONE;
	EXPECT_EQ(EXIT_NO_OBJECT, run(self, "handoff 5 6 to n2 wait"));
	EXPECT_EQ(EXIT_NO_OBJECT, run(self, "handoff 5 to n3"));
}

TEST_F(handoff, what_stayed_is_told_with_its_reason)
{
	fake.stays_id = 6;
	EXPECT_EQ(EXIT_PARTLY, run(self, "handoff 5 6 to n2 wait"));
	EXPECT_STREQ("job 1: 2 connections\njob 1: 1 moved, 1 stayed, 0 lost in 1.5s\n",
		     self->out_text);
	EXPECT_STREQ("spillctl: handoff: conn 6: stayed: no-listener\n", self->err_text);
	fake.all_stay = true;
	EXPECT_EQ(EXIT_REFUSED, run(self, "handoff 5 to n2 wait"));
	EXPECT_EQ(EXIT_REFUSED, run(self, "job wait 1"));
	EXPECT_STREQ("job 1: 0 moved, 2 stayed, 0 lost in 1.5s\n", self->out_text);
	EXPECT_STREQ("spillctl: job: conn 5: stayed: no-listener\n"
		     "spillctl: job: conn 6: stayed: no-listener\n",
		     self->err_text);
}

/* Six questions: five seconds by the clock, a quarter of one where it polls. */
TEST_F(handoff, events_end_the_wait)
{
	fake.over_at = 6;
	fake.says_id = 1;
	fake.more = 6;
	eventfd_write(fake.events.fd, 1);
	EXPECT_EQ(EXIT_DONE, run(self, "handoff 5 to n2 wait"));
	EXPECT_GT(4000, self->took_ms);
	EXPECT_TRUE(fake.closed);
}

TEST_F(handoff, what_was_lost_may_have_been_the_one)
{
	fake.over_at = 6;
	fake.says_id = 9;
	fake.read_err = ENOBUFS;
	fake.more = 6;
	eventfd_write(fake.events.fd, 1);
	EXPECT_EQ(EXIT_DONE, run(self, "handoff 5 to n2 wait"));
	EXPECT_GT(4000, self->took_ms);
}

TEST_F(handoff, an_event_of_another_job_does_not_end_it)
{
	fake.over_at = 2;
	fake.says_id = 9;
	fake.more = 6;
	eventfd_write(fake.events.fd, 1);
	EXPECT_EQ(EXIT_DONE, run(self, "handoff 5 to n2 wait"));
	EXPECT_LE(990, self->took_ms);
}

TEST_F(handoff, without_events_it_polls)
{
	fake.over_at = 6;
	fake.events_err = ENOENT;
	EXPECT_EQ(EXIT_DONE, run(self, "handoff 5 to n2 wait"));
	EXPECT_LE(240, self->took_ms);
	EXPECT_GT(4000, self->took_ms);
	fake.over_at = fake.asked + 6;
	fake.events_err = 0;
	fake.read_err = EIO; /* they end */
	eventfd_write(fake.events.fd, 1);
	EXPECT_EQ(EXIT_DONE, run(self, "job wait 1"));
	EXPECT_LE(190, self->took_ms);
	EXPECT_GT(4000, self->took_ms);
}

TEST_F(handoff, the_time_may_be_over_before)
{
	fake.over_at = 100;
	EXPECT_EQ(EXIT_REFUSED, run(self, "handoff 5 6 to n2 wait 0"));
	EXPECT_NE(NULL, strstr(self->out_text, "\njob 1: 0 moved, 0 stayed, 0 lost, "
					       "2 under way after 5.0s\n"));
	EXPECT_STREQ("spillctl: handoff: job 1: 2 connections are still under way\n",
		     self->err_text);
	EXPECT_EQ(EXIT_REFUSED, run(self, "job wait 1 1"));
	EXPECT_LE(900, self->took_ms);
}

TEST_F(handoff, json)
{
	self->ctl.json = true;
	EXPECT_EQ(EXIT_DONE, run(self, "handoff 5 6 to n2"));
	EXPECT_NE(NULL, strstr(self->out_text, "\"handoff\":{\"jobs\":[{\"id\":1,\"total\":2}],"
					       "\"refused\":[]}"));
	fake.stays_id = 6;
	EXPECT_EQ(EXIT_PARTLY, run(self, "handoff 5 6 to n2 wait"));
	EXPECT_NE(NULL, strstr(self->out_text, "{\"id\":6,\"peer_id\":2,\"peer\":\"n2\",\"result\":"
					       "\"stayed\",\"reason\":\"no-listener\"}"));
	EXPECT_NE(NULL, strstr(self->out_text, "\"total\":2,\"moved\":1,\"stayed\":1,\"lost\":0,"
					       "\"running\":0,\"age_ms\":5000,\"time_ms\":1500,"));
	EXPECT_EQ(EXIT_DONE, run(self, "job"));
	EXPECT_NE(NULL, strstr(self->out_text, "\"jobs\":[{\"id\":1,\"anytime\":false,"));
	EXPECT_EQ(EXIT_DONE, run(self, "job show 2"));
	EXPECT_NE(NULL, strstr(self->out_text, "\"job\":{\"id\":2,"));
	EXPECT_NE(NULL, strstr(self->out_text, "\"blackout_us\":700,\"image_bytes\":4096}"));
}

TEST_F(handoff, a_drain_is_shared_out_by_weight)
{
	size_t got[5] = { 0 };

	fake.conn_count = 100;
	fake.refuse_id = 7;
	EXPECT_EQ(EXIT_PARTLY, run(self, "drain wait"));
	EXPECT_EQ(SPILLWAY_ROLE_LOCAL, fake.filter.role);
	EXPECT_STREQ("job 1: 99 connections\njob 1: 99 moved, 0 stayed, 0 lost in 1.5s\n",
		     self->out_text);
	EXPECT_STREQ("spillctl: drain: conn 7: refused: offloaded-already\n", self->err_text);
	for (size_t i = 0; i < 99; i++)
		got[fake.sent[0][i].peer_id]++;
	EXPECT_EQ(99, got[2] + got[4]); /* not to who drains, nor of weight 0 */
	EXPECT_TRUE(got[2] == 25 || got[2] == 24);
	fake.refuse_id = 0;
	EXPECT_EQ(EXIT_DONE, run(self, "drain to n2 anytime"));
	EXPECT_EQ(2, fake.sent[1][99].peer_id);
	EXPECT_EQ(SPILLWAY_JOB_ANYTIME, fake.flags);
	fake.peers_down = true;
	EXPECT_EQ(EXIT_REFUSED, run(self, "drain"));
	EXPECT_STREQ("spillctl: drain: no peer is up and ready\n", self->err_text);
	EXPECT_EQ(2, fake.jobs);
}

TEST_F(handoff, jobs_as_tables)
{
	fake.stays_id = 6;
	EXPECT_EQ(EXIT_DONE, run(self, "job"));
	EXPECT_STREQ("", self->out_text);
	run(self, "handoff 5 6 to n2");
	EXPECT_EQ(EXIT_DONE, run(self, "job"));
	EXPECT_STREQ("ID  AGE TOTAL MOVED STAYED LOST RUNNING TIME\n"
		     " 1 5.0s     2     1      1    0       0 1.5s\n",
		     self->out_text);
	self->ctl.header = false;
	EXPECT_EQ(EXIT_DONE, run(self, "job show 1"));
	EXPECT_STREQ(" 5 n2   moved  -              700us 4.1kB\n"
		     " 6 n2   stayed no-listener        -     -\n",
		     self->out_text);
	EXPECT_EQ(EXIT_NO_OBJECT, run(self, "job show 2"));
	EXPECT_EQ(EXIT_DONE, run(self, "job cancel 1"));
	EXPECT_EQ(1, fake.cancelled);
	EXPECT_EQ(EXIT_NO_OBJECT, run(self, "job cancel 2"));
	EXPECT_EQ(EXIT_NO_OBJECT, run(self, "job wait 2"));
}

TEST_F(handoff, wrong_words)
{
	static const char *const bad[] = {
		"handoff",
		"handoff 5",
		"handoff 5 to",
		"handoff to n2",
		"handoff 5 x to n2",
		"handoff dport 80 x to n2",
		"handoff 5 to n2 now",
		"handoff 5 to n2 wait soon",
		"handoff 5 to n2 wait 99999999999",
		"drain to",
		"drain n2",
		"drain to n2 n3",
		"job 1",
		"job show x",
		"job show 0",
		"job show 1 2",
		"job wait",
		"job wait 1 x",
		"job cancel",
		"job cancel 4294967296",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(EXIT_USAGE, run(self, bad[i]))
		{
			TH_LOG("%s: %s", bad[i], self->err_text);
		}
		EXPECT_STRNE("", self->err_text);
		EXPECT_STREQ("", self->out_text);
	}
	EXPECT_EQ(0, fake.jobs);
}

TEST_HARNESS_MAIN
