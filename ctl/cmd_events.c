// SPDX-License-Identifier: GPL-2.0-or-later
/* spillctl events: what happens, a line each, until it is interrupted. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "nl_conns.h"
#include "spillctl.h"

static void print_time(void)
{
	struct timespec now;
	struct tm tm;
	char text[16];

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("[%s.%03ld] ", text, now.tv_nsec / 1000000);
}

static void print_device(const struct model_device *device)
{
	printf("config %s node %s id %u port %u\n", device->ifname,
	       device->node_name[0] ? device->node_name : "-", device->node_id, device->port);
}

static void print_peer(const struct model_peer *peer)
{
	printf("health peer %s %s (%s) pmtu %u\n", peer->name,
	       model_word(&model_peer_state, peer->state), model_word(&model_reason, peer->reason),
	       peer->pmtu);
}

static void print_conn(const struct spillctl *ctl, const struct model_conn *conn)
{
	char local[ENDPOINT_TEXT_MAX], remote[ENDPOINT_TEXT_MAX], id[TEXT_MAX];

	printf("conn   %llu %s %s %s", (unsigned long long)conn->id,
	       model_word(&model_event, conn->event),
	       endpoint_text(&conn->local, conn->local_port, local),
	       endpoint_text(&conn->remote, conn->remote_port, remote));
	if (conn->peer_id)
		printf(" -> %s", ctl->numeric ? text_number(conn->peer_id, id) : conn->peer_name);
	if (conn->reason)
		printf(" (%s)", model_word(&model_reason, conn->reason));
	putchar('\n');
}

static void print_job(const struct model_job *job)
{
	char time[TEXT_MAX];

	if (model_job_running(job))
		printf("job    %u begun: %u connections\n", job->id, job->total);
	else
		printf("job    %u over: %u moved, %u stayed, %u lost in %s\n", job->id, job->moved,
		       job->stayed, job->lost, text_time_ms(job->time_ms, time));
}

static void print_text(const struct spillctl *ctl, const struct nl_event *event)
{
	if (ctl->times)
		print_time();
	switch (event->kind) {
	case SPILLWAY_CMD_DEV_NTF:
		print_device(&event->device);
		break;
	case SPILLWAY_CMD_PEER_NTF:
		print_peer(&event->peer);
		break;
	case SPILLWAY_CMD_CONN_NTF:
		print_conn(ctl, &event->conn);
		break;
	case SPILLWAY_CMD_JOB_NTF:
		print_job(&event->job);
		break;
	default: /* of a newer module */
		printf("unknown event %u\n", event->kind);
	}
}

static void add_text(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void add_conn(struct json_object *o, const struct model_conn *conn)
{
	add_text(o, "what", model_word(&model_event, conn->event));
	add_text(o, "reason", model_word(&model_reason, conn->reason));
	json_object_object_add(o, "conn", json_conn(conn));
}

/* { "t_ms", "event": "config|health|conn|job", "generation", then the object } */
static void print_json(const struct nl_event *event)
{
	struct json_object *o = json_object_new_object();
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	json_object_object_add(o, "t_ms",
			       json_object_new_int64(now.tv_sec * 1000LL + now.tv_nsec / 1000000));
	json_object_object_add(o, "generation", json_object_new_uint64(event->generation));
	switch (event->kind) {
	case SPILLWAY_CMD_DEV_NTF:
		add_text(o, "event", "config");
		json_object_object_add(o, "node", json_device(&event->device));
		break;
	case SPILLWAY_CMD_PEER_NTF:
		add_text(o, "event", "health");
		json_object_object_add(o, "peer", json_peer(&event->peer, false));
		break;
	case SPILLWAY_CMD_CONN_NTF:
		add_text(o, "event", "conn");
		add_conn(o, &event->conn);
		break;
	case SPILLWAY_CMD_JOB_NTF:
		add_text(o, "event", "job");
		json_object_object_add(o, "job", json_job(&event->job));
		break;
	default:
		add_text(o, "event", "unknown");
	}
	json_print_line(o);
}

static void take(const struct nl_event *event, void *data)
{
	const struct spillctl *ctl = data;

	if (ctl->json)
		print_json(event);
	else
		print_text(ctl, event);
}

static int follow(struct spillctl *ctl, struct nl_events *events)
{
	struct pollfd fd = { .fd = nl_events_fd(events), .events = POLLIN };
	struct nl_error error;
	int err;

	for (;;) {
		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			return say_error(ctl, "poll: %s", strerror(errno));
		err = nl_events_read(events, take, ctl, &error);
		if (err == -ENOBUFS)
			say_warning(ctl,
				    "events were lost, for the %llu. time: this reader is too slow",
				    (unsigned long long)nl_events_overruns(events));
		else if (err)
			return say_failed(ctl, &error);
		if (fflush(stdout))
			return EXIT_REFUSED;
	}
}

int cmd_events(struct spillctl *ctl, int argc, char **argv)
{
	struct nl_events *events;
	struct nl_error error;
	int ret;

	if (argc)
		return say_usage(ctl, "\"%s\" is too much", argv[0]);
	ret = spillctl_open(ctl);
	if (ret)
		return ret;
	if (nl_events_open(&events, ctl->session, 1, &error))
		return say_failed(ctl, &error);
	ret = follow(ctl, events);
	nl_events_close(events);
	return ret;
}
