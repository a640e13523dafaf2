// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sockopts: what Spillway's socket options say to good and bad input.
 *
 *   sockopts all ADDRESS PORT    of a connection to there, that is tracked
 *   sockopts full ADDRESS PORT   where the operator lets nothing be stored or given away
 *   sockopts none ADDRESS PORT   where there is no device
 *
 * Prints what is not as it must be, and fails then.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <spillway/app.h>

#define NOWHERE ((void *)16)

static int wrong;

static void expect(const char *what, long got, int error)
{
	int is = got < 0 ? errno : 0;

	if (is == error)
		return;
	printf("%s: %s, not %s\n", what, is ? strerrorname_np(is) : "done",
	       error ? strerrorname_np(error) : "done");
	wrong++;
}

static void expect_stored(const char *after, int fd, const void *data, size_t len)
{
	static char got[SPILLWAY_SESSION_MAX];
	ssize_t n = spillway_session_get(fd, got, sizeof(got));

	if (n == (ssize_t)len && !memcmp(got, data, len))
		return;
	printf("after %s: %zd bytes are stored, not %zu, or others\n", after, n, len);
	wrong++;
}

/* A socket of IPv6 with a mapped address, or of IPv4. */
static int open_to(bool mapped, const char *host, const char *port)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = to6.sin6_port };
	int fd = socket(mapped ? AF_INET6 : AF_INET, SOCK_STREAM, 0), err;
	char text[64];

	snprintf(text, sizeof(text), "::ffff:%s", host);
	inet_pton(AF_INET6, text, &to6.sin6_addr);
	inet_pton(AF_INET, host, &to.sin_addr);
	err = mapped ? connect(fd, (struct sockaddr *)&to6, sizeof(to6)) :
		       connect(fd, (struct sockaddr *)&to, sizeof(to));
	if (err) {
		perror("sockopts: connect");
		exit(2);
	}
	return fd;
}

static void try_session(int fd)
{
	static char large[SPILLWAY_SESSION_MAX + 1];
	socklen_t len;
	char one = 'x';

	memset(large, 7, sizeof(large));
	expect_stored("nothing", fd, "", 0);
	expect("abc", spillway_session_set(fd, "abc", 3), 0);
	expect_stored("abc", fd, "abc", 3);
	expect("too long", spillway_session_set(fd, large, sizeof(large)), EMSGSIZE);
	expect("from nowhere", spillway_session_set(fd, NOWHERE, 3), EFAULT);
	expect("from NULL", spillway_session_set(fd, NULL, 3), EFAULT);
	expect("negative length", spillway_session_set(fd, "abc", (socklen_t)-1), EINVAL);
	expect("into nowhere", spillway_session_get(fd, NOWHERE, 10), EFAULT);
	len = 10;
	expect("length nowhere", getsockopt(fd, SOL_IP, SPILLWAY_SO_SESSION, large, NOWHERE),
	       EFAULT);
	len = (socklen_t)-5;
	expect("negative room", getsockopt(fd, SOL_IP, SPILLWAY_SO_SESSION, large, &len), EINVAL);
	expect("too little room", spillway_session_get(fd, &one, 1), ERANGE);
	if (one != 'x' || spillway_session_get(fd, NULL, 0) != 3) {
		puts("too little room: it was written to, or the length is not told");
		wrong++;
	}
	expect("other level", setsockopt(fd, SOL_TCP, SPILLWAY_SO_SESSION, "four", 4), ENOPROTOOPT);
	expect("next option", setsockopt(fd, SOL_IP, SPILLWAY_SO_END, "d", 1), ENOPROTOOPT);
	expect("option before", setsockopt(fd, SOL_IP, SPILLWAY_SO_BASE - 1, "d", 1), ENOPROTOOPT);
	expect_stored("all that was wrong", fd, "abc", 3);
	expect("the longest", spillway_session_set(fd, large, SPILLWAY_SESSION_MAX), 0);
	expect_stored("the longest", fd, large, SPILLWAY_SESSION_MAX);
	expect("clear", spillway_session_set(fd, NULL, 0), 0);
	expect_stored("clear", fd, "", 0);
	expect("clear again", spillway_session_set(fd, NULL, 0), 0);
	expect("last", spillway_session_set(fd, "last", 4), 0);
}

static void try_handoff(int fd)
{
	struct spillway_handoff h = { .peer = "n2", .flags = 1 };
	struct spillway_handoff_state state;
	socklen_t len = sizeof(state) - 1;

	expect("flags", setsockopt(fd, SOL_IP, SPILLWAY_SO_HANDOFF, &h, sizeof(h)), EINVAL);
	h.flags = 0;
	expect("short", setsockopt(fd, SOL_IP, SPILLWAY_SO_HANDOFF, &h, sizeof(h) - 1), EINVAL);
	expect("empty", setsockopt(fd, SOL_IP, SPILLWAY_SO_HANDOFF, NULL, 0), EINVAL);
	expect("to nowhere", setsockopt(fd, SOL_IP, SPILLWAY_SO_HANDOFF, NOWHERE, sizeof(h)),
	       EFAULT);
	memset(h.peer, 'a', sizeof(h.peer));
	expect("no end", setsockopt(fd, SOL_IP, SPILLWAY_SO_HANDOFF, &h, sizeof(h)), EINVAL);
	expect("unknown peer", spillway_give_away(fd, "stranger"), ENXIO);
	expect("state of nothing", spillway_given_away(fd, &state), ENODATA);
	expect("state, short", getsockopt(fd, SOL_IP, SPILLWAY_SO_HANDOFF, &state, &len), EINVAL);
	len = sizeof(state);
	expect("state nowhere", getsockopt(fd, SOL_IP, SPILLWAY_SO_HANDOFF, NOWHERE, &len),
	       ENODATA);
}

/* Of which nothing can be stored or given away, whatever the error. */
static void try_all(const char *what, int fd, int error)
{
	struct spillway_handoff_state state;
	char byte, text[64];

	snprintf(text, sizeof(text), "%s: session", what);
	expect(text, spillway_session_set(fd, "a", 1), error);
	expect(text, spillway_session_set(fd, NULL, 0), error);
	expect(text, spillway_session_get(fd, &byte, 1), error);
	snprintf(text, sizeof(text), "%s: handoff", what);
	expect(text, spillway_give_away(fd, NULL), error);
	expect(text, spillway_given_away(fd, &state), error);
}

static void try_others(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int udp = socket(AF_INET, SOCK_DGRAM, 0), fresh = socket(AF_INET, SOCK_STREAM, 0);
	int listener = socket(AF_INET, SOCK_STREAM, 0), udp6 = socket(AF_INET6, SOCK_DGRAM, 0);
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	try_all("UDP", udp, ENOPROTOOPT);
	try_all("UDP of IPv6", udp6, ENOPROTOOPT);
	try_all("not connected", fresh, ENOTCONN);
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&at, &len) ||
	    connect(fresh, (struct sockaddr *)&at, sizeof(at))) {
		perror("sockopts: loopback");
		wrong++;
		return;
	}
	try_all("listening", listener, ENOTCONN);
	try_all("inside the node", fresh, ENOENT);
	close(listener);
	try_all("ended", fresh, ENOTCONN);
}

static void try_levels(int fd4, int fd6)
{
	char data[8];
	socklen_t len = sizeof(data);

	expect("IPv6's level of IPv4", setsockopt(fd4, SOL_IPV6, SPILLWAY_SO_SESSION, "d", 1),
	       ENOPROTOOPT);
	expect("level of IPv6", setsockopt(fd6, SOL_IPV6, SPILLWAY_SO_SESSION, "v6", 2), 0);
	expect_stored("level of IPv6", fd6, "v6", 2);
	expect("read there", getsockopt(fd6, SOL_IPV6, SPILLWAY_SO_SESSION, data, &len), 0);
	expect_stored("another connection's", fd4, "last", 4);
}

int main(int argc, char **argv)
{
	int fd4, fd6;

	if (argc != 4) {
		fputs("usage: sockopts all|full|none ADDRESS PORT\n", stderr);
		return 2;
	}
	fd4 = open_to(false, argv[2], argv[3]);
	fd6 = open_to(true, argv[2], argv[3]);
	if (!strcmp(argv[1], "none")) {
		try_all("without a device", fd4, ENOPROTOOPT);
		try_all("of IPv6 without a device", fd6, ENOPROTOOPT);
		return wrong != 0;
	}
	if (!strcmp(argv[1], "full")) {
		expect("session", spillway_session_set(fd4, "a", 1), ENOBUFS);
		expect("clear", spillway_session_set(fd4, NULL, 0), 0);
		expect("handoff", spillway_give_away(fd4, NULL), EPERM);
		return wrong != 0;
	}
	try_session(fd4);
	try_session(fd6);
	try_levels(fd4, fd6);
	try_handoff(fd4);
	try_others();
	return wrong != 0;
}
