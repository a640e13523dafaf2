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

static void print_peer(const struct model_peer *peer)
{
	printf("health peer %s %s (%s)\n", peer->name,
	       model_word(&model_peer_state, peer->state),
	       model_word(&model_reason, peer->reason));
}

static void print_conn(const struct model_conn *conn)
{
	char local[32], remote[32];

	printf("conn   %llu %s %s %s", (unsigned long long)conn->id,
	       model_word(&model_event, conn->event),
	       text_addr(conn->local, conn->local_port, local),
	       text_addr(conn->remote, conn->remote_port, remote));
	if (conn->peer_id)
		printf(" -> %s", conn->peer_name);
	printf(conn->reason ? " (%s)\n" : "\n", model_word(&model_reason, conn->reason));
}

static void print_json(const struct spillctl *ctl, const struct nl_event *event)
{
	struct json_object *o = event->kind == SPILLWAY_CMD_PEER_NTF ?
				json_peer(&event->peer, false) :
				event->kind == SPILLWAY_CMD_CONN_NTF ?
				json_conn(&event->conn) : json_object_new_object();
	const char *kind = event->kind == SPILLWAY_CMD_PEER_NTF ? "health" :
			   event->kind == SPILLWAY_CMD_CONN_NTF ? "conn" : "config";

	json_object_object_add(o, "event", json_object_new_string(kind));
	json_object_object_add(o, "generation", json_object_new_uint64(event->generation));
	if (event->kind == SPILLWAY_CMD_CONN_NTF) {
		json_object_object_add(o, "what", json_object_new_string(
				       model_word(&model_event, event->conn.event)));
		json_object_object_add(o, "reason", json_object_new_string(
				       model_word(&model_reason, event->conn.reason)));
	}
	json_print(ctl, o);
}

static void take(const struct nl_event *event, void *data)
{
	const struct spillctl *ctl = data;

	if (ctl->json) {
		print_json(ctl, event);
		return;
	}
	if (ctl->times)
		print_time();
	if (event->kind == SPILLWAY_CMD_PEER_NTF)
		print_peer(&event->peer);
	else if (event->kind == SPILLWAY_CMD_CONN_NTF)
		print_conn(&event->conn);
	else
		puts("config changed");
}

int cmd_events(struct spillctl *ctl, int argc, char **argv)
{
	struct nl_events *events;
	struct nl_error error;
	struct pollfd fd;
	int err;

	if (argc)
		return say_usage(ctl, "\"%s\" is too much", argv[0]);
	if (nl_events_open(&events, ctl->session, 1, &error))
		return say_failed(ctl, &error);
	fd = (struct pollfd){ .fd = nl_events_fd(events), .events = POLLIN };
	for (;;) {
		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			break;
		err = nl_events_read(events, take, ctl, &error);
		if (err == -ENOBUFS)
			fputs("spillctl: events: some were lost, this reader is too slow\n",
			      stderr);
		else if (err)
			break;
		if (fflush(stdout))
			break;
	}
	nl_events_close(events);
	return EXIT_REFUSED;
}
