// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pool: a client that knows Spillway. It keeps connections to a server, numbers what it
 * asks on each, and gives them to its twin on another node, which goes on with the next
 * number. An example for authors of applications, and what the scene handoff_adopt moves.
 *
 *   pool ADDRESS PORT
 *
 * The server is asked for lines and ends each of its own with how many there were (such as
 * tests/lab/session.c). Commands, each a line on the standard input and answered by one:
 *
 *   open N     N more connections
 *   adopt N    N more sockets wait for one
 *   adopt ID   of the twin's, with a # before it: a socket waits for this very connection
 *   wait N     until N connections are here
 *   ask        a question on each; how many answers were right
 *   give PEER  give all to the twin; how many went
 *   ids        of the connections
 *   leave N    close N sockets that wait
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <spillway/app.h>

#define MAX     64
#define SECONDS 5000 /* ms: what takes longer will not happen */

/**
 * struct session - what the twin has to know of a connection
 * @version: of this struct: nodes are not upgraded all at once
 * @asked: questions so far, in network order
 */
struct session {
	uint32_t version;
	uint32_t asked;
};

enum { VERSION = 1 };

/**
 * struct member - one of the pool
 * @fd: socket
 * @waits: for a connection of the twin
 * @session: of the connection
 */
struct member {
	int fd;
	bool waits;
	struct session session;
};

static struct member members[MAX];
static int count;
static struct sockaddr_storage server;
static socklen_t server_len;

static void drop(int i)
{
	close(members[i].fd);
	members[i] = members[--count];
}

static struct member *fresh(void)
{
	struct member *m = &members[count];

	if (count == MAX)
		return NULL;
	*m = (struct member){ .session.version = htonl(VERSION) };
	m->fd = socket(server.ss_family, SOCK_STREAM, 0);
	return m->fd < 0 ? NULL : m;
}

static bool open_one(void)
{
	struct member *m = fresh();

	if (!m || connect(m->fd, (struct sockaddr *)&server, server_len))
		return false;
	count++;
	return true;
}

/* Only connections to our server, that the twin has opened. */
static bool adopt_one(uint64_t id)
{
	struct spillway_adopt want = { .id = id, .direction = SPILLWAY_DIR_OUT };
	struct member *m = fresh();

	if (!m)
		return false;
	spillway_adopt_from(&want, (struct sockaddr *)&server,
			    server.ss_family == AF_INET6 ? 128 : 32);
	if (spillway_adopt(m->fd, &want)) {
		printf("adopt: %s\n", strerrorname_np(errno));
		close(m->fd);
		return false;
	}
	m->waits = true;
	count++;
	return true;
}

static int number(bool waits)
{
	int n = 0;

	for (int i = 0; i < count; i++)
		n += members[i].waits == waits;
	return n;
}

/* Who had a session before goes on with it; who has not is of no use. */
static void look(int i)
{
	struct member *m = &members[i];
	int adopted = spillway_adopted(m->fd);
	struct session got;

	if (!adopted)
		return;
	if (adopted < 0 || spillway_session_get(m->fd, &got, sizeof(got)) != sizeof(got) ||
	    got.version != htonl(VERSION)) {
		printf("lost: %s\n", strerrorname_np(errno));
		drop(i);
		return;
	}
	m->session = got;
	m->waits = false;
}

static void wait_for(int wanted)
{
	struct pollfd p[MAX];
	int n = count, ready = 1;

	while (number(false) < wanted && ready > 0) {
		n = count;
		for (int i = 0; i < n; i++)
			p[i] = (struct pollfd){ .fd = members[i].waits ? members[i].fd : -1,
						.events = POLLOUT };
		ready = poll(p, (nfds_t)n, SECONDS);
		for (int i = n - 1; i >= 0 && ready > 0; i--)
			if (p[i].revents)
				look(i);
	}
	printf("here %d\n", number(false));
}

/* Whoever takes over has the number of the last question that was answered. */
static bool ask(struct member *m)
{
	struct pollfd p = { .fd = m->fd, .events = POLLIN };
	char line[256], *last;
	ssize_t got;

	m->session.asked = htonl(ntohl(m->session.asked) + 1);
	if (send(m->fd, "what\n", 5, MSG_NOSIGNAL) != 5 || poll(&p, 1, SECONDS) != 1)
		return false;
	got = recv(m->fd, line, sizeof(line) - 1, 0);
	if (got <= 0 || line[got - 1] != '\n')
		return false;
	line[got - 1] = '\0';
	last = strrchr(line, ' ');
	if (spillway_session_set(m->fd, &m->session, sizeof(m->session)))
		printf("session: %s\n", strerrorname_np(errno));
	return last && strtoul(last, NULL, 10) == ntohl(m->session.asked);
}

/* The operator moves connections as well: ours has ended then. */
static void drop_ended(void)
{
	for (int i = count - 1; i >= 0; i--) {
		struct pollfd p = { .fd = members[i].fd };

		if (!members[i].waits && poll(&p, 1, 0) == 1)
			drop(i);
	}
}

static void ask_all(void)
{
	int right = 0, asked = 0;

	drop_ended();
	for (int i = 0; i < count; i++) {
		if (members[i].waits)
			continue;
		asked++;
		right += ask(&members[i]);
	}
	printf("right %d of %d\n", right, asked);
}

/* True once it has gone. One that stays is ours as before. */
static bool gone(const struct member *m)
{
	struct spillway_handoff_state state = { 0 };
	struct pollfd p = { .fd = m->fd };

	while (state.result != SPILLWAY_MOVE_STAYED)
		if (poll(&p, 1, 10) || spillway_given_away(m->fd, &state))
			return true;
	return false;
}

static void give_all(const char *peer)
{
	int went = 0, stayed = 0;

	for (int i = count - 1; i >= 0; i--)
		if (!members[i].waits && spillway_give_away(members[i].fd, peer))
			printf("give: %s\n", strerrorname_np(errno));
	for (int i = count - 1; i >= 0; i--) {
		if (members[i].waits)
			continue;
		if (gone(&members[i])) {
			went++;
			drop(i);
		} else {
			stayed++;
		}
	}
	printf("gave %d kept %d\n", went, stayed);
}

static void tell_ids(void)
{
	uint64_t id;

	printf("ids");
	for (int i = 0; i < count; i++)
		if (!members[i].waits && !spillway_id(members[i].fd, &id))
			printf(" %llu", (unsigned long long)id);
	printf("\n");
}

static void leave(int n)
{
	for (int i = count - 1; i >= 0 && n; i--)
		if (members[i].waits) {
			drop(i);
			n--;
		}
	printf("waits %d\n", number(true));
}

static void obey(char *line)
{
	char *word = strtok(line, " \n"), *rest = strtok(NULL, " \n");
	int n = rest ? atoi(rest) : 0, done = 0;

	if (!word)
		return;
	if (!strcmp(word, "open")) {
		while (done < n && open_one())
			done++;
		printf("opened %d\n", done);
	} else if (!strcmp(word, "adopt") && rest && *rest == '#') {
		adopt_one(strtoull(rest + 1, NULL, 10));
		printf("waits %d\n", number(true));
	} else if (!strcmp(word, "adopt")) {
		while (done < n && adopt_one(0))
			done++;
		printf("waits %d\n", number(true));
	} else if (!strcmp(word, "wait")) {
		wait_for(n);
	} else if (!strcmp(word, "ask")) {
		ask_all();
	} else if (!strcmp(word, "give")) {
		give_all(rest);
	} else if (!strcmp(word, "ids")) {
		tell_ids();
	} else if (!strcmp(word, "leave")) {
		leave(n);
	}
}

static bool read_server(const char *address, const char *port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&server;
	struct sockaddr_in *in = (struct sockaddr_in *)&server;

	if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)atoi(port));
		server_len = sizeof(*in6);
	} else if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)atoi(port));
		server_len = sizeof(*in);
	}
	return server_len;
}

int main(int argc, char **argv)
{
	char line[128];

	if (argc != 3 || !read_server(argv[1], argv[2])) {
		fputs("usage: pool ADDRESS PORT\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	return 0;
}
