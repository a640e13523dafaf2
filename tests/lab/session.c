// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * session: a server that knows Spillway. It counts the requests of each connection and
 * knows who has logged in; both go along when the connection moves. An example for
 * authors of applications, and what the scene handoff_session moves.
 *
 *   session PORT NAME
 *
 * Of questions, each a line: "login WHO" logs in; "give [PEER]" gives the connection away,
 * after the answer; "state" tells what became of that. Each is answered with NAME, who has
 * logged in, and the number of the question.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <spillway/app.h>

#define LINE 4096

/**
 * struct session - all that this server knows of a connection; it means the same on
 *	every node, whatever machine that is
 * @version: of this struct: nodes are not upgraded all at once
 * @count: questions so far, in network order
 * @who: has logged in, ends with a NUL
 */
struct session {
	uint32_t version;
	uint32_t count;
	char who[32];
};

enum { VERSION = 1 };

/* True for a connection whose session came with it. */
static bool session_load(int fd, struct session *session)
{
	ssize_t len = spillway_session_get(fd, session, sizeof(*session));

	if (len == (ssize_t)sizeof(*session) && session->version == htonl(VERSION)) {
		session->who[sizeof(session->who) - 1] = '\0';
		return true;
	}
	*session = (struct session){ .version = htonl(VERSION), .who = "nobody" };
	return false;
}

/* False if it has moved: nothing is to be done with the socket then. */
static bool give_away(int fd, const char *peer)
{
	struct spillway_handoff_state state = { 0 };
	struct pollfd p = { .fd = fd };

	if (spillway_give_away(fd, *peer ? peer : NULL)) {
		printf("give: %s\n", strerrorname_np(errno));
		return true;
	}
	while (!poll(&p, 1, 10) && !spillway_given_away(fd, &state))
		if (state.result == SPILLWAY_MOVE_STAYED)
			return true;
	return false;
}

static int answer(int fd, struct session *session, const char *name, const char *line)
{
	struct spillway_handoff_state state = { 0 };
	char text[256];
	int len;

	session->count = htonl(ntohl(session->count) + 1);
	if (!strncmp(line, "login ", 6))
		snprintf(session->who, sizeof(session->who), "%.31s", line + 6);
	/* Before the answer: whoever takes over has both or neither. */
	if (spillway_session_set(fd, session, sizeof(*session)))
		printf("session: %s\n", strerrorname_np(errno));
	len = snprintf(text, sizeof(text), "%s %s %u", name, session->who, ntohl(session->count));
	if (!strcmp(line, "state") && !spillway_given_away(fd, &state))
		len += snprintf(text + len, sizeof(text) - (size_t)len, " result %u reason %u",
				state.result, state.reason);
	text[len++] = '\n';
	return send(fd, text, (size_t)len, MSG_NOSIGNAL) == len ? 0 : -1;
}

static void serve(int fd, const char *name)
{
	struct session session;
	char line[LINE], *end;
	size_t len = 0;
	ssize_t got;

	printf("%s\n", session_load(fd, &session) ? "came" : "new");
	while (len < sizeof(line)) {
		got = recv(fd, line + len, sizeof(line) - len, 0);
		if (got <= 0)
			return;
		len += (size_t)got;
		while ((end = memchr(line, '\n', len))) {
			*end = '\0';
			if (answer(fd, &session, name, line))
				return;
			/* Only at the end of what was read: the rest would not go along. */
			if (!strncmp(line, "give", 4) && line + len == end + 1 &&
			    !give_away(fd, line + 4 + (line[4] == ' ')))
				return;
			len -= (size_t)(end + 1 - line);
			memmove(line, end + 1, len);
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	int listener = socket(AF_INET6, SOCK_STREAM, 0), fd;
	const int on = 1;

	if (argc != 3) {
		fputs("usage: session PORT NAME\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	at.sin6_port = htons((uint16_t)atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 128)) {
		perror("session");
		return 1;
	}
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd >= 0 && !fork()) {
			close(listener);
			serve(fd, argv[2]);
			return 0;
		}
		if (fd >= 0)
			close(fd);
	}
}
