// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * adopter: what a socket that waits for a connection of another node says and does.
 *
 *   adopter all       waiting, ending it, bad input
 *   adopter denied    by who may not
 *   adopter limit N   N sockets can wait, and no more
 *   adopter device    waits until the device goes
 *   adopter churn S   for S seconds sockets wait for nothing, are used wrongly, and closed
 *   adopter thief S   the same, but for any connection
 *
 * Prints what is not as it must be, and fails then.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <spillway/app.h>

#define NOWHERE ((void *)16)

static const struct spillway_adopt any = { 0 };
/* Nobody has this one. */
static const struct spillway_adopt nobodys = { .id = ~0ULL };
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

static int fresh(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
}

static int revents(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&p, 1, ms);
	return p.revents;
}

static void expect_waits(const char *what, int fd)
{
	int said = revents(fd, 20), adopted = spillway_adopted(fd);

	if (!said && !adopted)
		return;
	printf("%s: poll says %x, adopted %d\n", what, said, adopted);
	wrong++;
}

static int end(int fd)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	return connect(fd, &none, sizeof(none));
}

/* As one that connects, and nothing it is asked changes that. */
static void try_waiting(int family)
{
	struct sockaddr_in6 to = { .sin6_family = (sa_family_t)family, .sin6_port = htons(9) };
	int fd = fresh(family);
	char byte = 0;

	expect("adopt", spillway_adopt(fd, &nobodys), 0);
	expect_waits("at first", fd);
	expect("adopt again", spillway_adopt(fd, &nobodys), EISCONN);
	expect("connect", connect(fd, (struct sockaddr *)&to, sizeof(to)), EALREADY);
	expect("bind", bind(fd, (struct sockaddr *)&to, sizeof(to)), EINVAL);
	expect("listen", listen(fd, 1), EINVAL);
	expect("send", send(fd, &byte, 1, MSG_NOSIGNAL), EAGAIN);
	expect("recv", recv(fd, &byte, 1, 0), EAGAIN);
	expect("session", spillway_session_set(fd, "a", 1), ENOTCONN);
	expect("give away", spillway_give_away(fd, NULL), ENOTCONN);
	expect_waits("after all that", fd);
	expect("end", end(fd), 0);
	if (!(revents(fd, 0) & POLLHUP)) {
		puts("an end: poll waits");
		wrong++;
	}
	expect("anew", spillway_adopt(fd, &nobodys), 0);
	expect_waits("anew", fd);
	expect("shutdown", shutdown(fd, SHUT_RDWR), 0);
	expect("after shutdown", spillway_adopt(fd, &nobodys), 0);
	expect_waits("after shutdown", fd);
	close(fd);
}

static void try_fields(void)
{
	struct spillway_adopt bad = { .direction = __SPILLWAY_DIR_MAX };
	int fd = fresh(AF_INET);

	expect("direction", spillway_adopt(fd, &bad), EINVAL);
	bad = (struct spillway_adopt){ .remote_plen = 129 };
	expect("prefix", spillway_adopt(fd, &bad), EINVAL);
	bad = (struct spillway_adopt){ .remote_plen = 96, .remote[15] = 1 };
	expect("bits behind the prefix", spillway_adopt(fd, &bad), EINVAL);
	bad = (struct spillway_adopt){ .reserved = 1 };
	expect("reserved", spillway_adopt(fd, &bad), EINVAL);
	bad = any;
	memset(bad.peer, 'a', sizeof(bad.peer));
	expect("no end", spillway_adopt(fd, &bad), EINVAL);
	expect("short", setsockopt(fd, SOL_IP, SPILLWAY_SO_ADOPT, &any, sizeof(any) - 1), EINVAL);
	expect("empty", setsockopt(fd, SOL_IP, SPILLWAY_SO_ADOPT, NULL, 0), EINVAL);
	expect("nowhere", setsockopt(fd, SOL_IP, SPILLWAY_SO_ADOPT, NOWHERE, sizeof(any)), EFAULT);
	expect("id is not set", setsockopt(fd, SOL_IP, SPILLWAY_SO_ID, &any, 8), ENOPROTOOPT);
	close(fd);
}

static void try_others(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int udp = socket(AF_INET, SOCK_DGRAM, 0), bound = fresh(AF_INET);
	int listener = fresh(AF_INET), connected = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(at);
	uint64_t id;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(bound, (struct sockaddr *)&at, sizeof(at));
	listen(listener, 1);
	getsockname(listener, (struct sockaddr *)&at, &len);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	expect("to itself", connect(connected, (struct sockaddr *)&at, sizeof(at)), 0);
	expect("UDP", spillway_adopt(udp, &any), ENOPROTOOPT);
	expect("bound", spillway_adopt(bound, &any), EISCONN);
	expect("listening", spillway_adopt(listener, &any), EISCONN);
	expect("connected", spillway_adopt(connected, &any), EISCONN);
	expect("id inside the node", spillway_id(connected, &id), ENOENT);
	expect("id of none", spillway_id(listener, &id), ENOTCONN);
	close(udp);
	close(bound);
	close(connected);
	close(listener);
}

static void try_limit(int n)
{
	int fds[n], extra = fresh(AF_INET);

	for (int i = 0; i < n; i++) {
		fds[i] = fresh(i % 2 ? AF_INET : AF_INET6);
		expect("below the limit", spillway_adopt(fds[i], &nobodys), 0);
	}
	expect("beyond it", spillway_adopt(extra, &nobodys), ENOBUFS);
	close(fds[n / 2]);
	expect("one less", spillway_adopt(extra, &nobodys), 0);
	expect("end", end(fds[0]), 0);
	expect("one less again", spillway_adopt(fds[0], &nobodys), 0);
	for (int i = 0; i < n; i++)
		if (i != n / 2)
			close(fds[i]);
	close(extra);
}

static void wait_for_the_end(void)
{
	int fd = fresh(AF_INET);

	expect("adopt", spillway_adopt(fd, &nobodys), 0);
	puts("waits");
	fflush(stdout);
	if (!(revents(fd, 10000) & POLLERR)) {
		puts("the device has gone: poll says nothing");
		wrong++;
	}
	expect("after the device", spillway_adopted(fd), ENODEV);
	expect("without a device", spillway_adopt(fresh(AF_INET), &any), ENOPROTOOPT);
}

/* Whatever moves meanwhile finds sockets in any state. */
static void churn(int seconds, const struct spillway_adopt *want)
{
	time_t until = time(NULL) + seconds;
	unsigned int turn = 0;

	while (time(NULL) < until) {
		int fd = fresh(turn % 3 ? AF_INET : AF_INET6);

		if (!spillway_adopt(fd, want)) {
			if (turn % 5 == 0)
				revents(fd, (int)(turn % 7));
			if (turn % 4 == 1)
				end(fd);
			if (turn % 8 == 5)
				spillway_adopt(fd, want);
			if (turn % 4 == 2)
				shutdown(fd, SHUT_RDWR);
		}
		close(fd);
		turn++;
	}
	printf("%u sockets\n", turn);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0;

	if (!strcmp(what, "all")) {
		try_waiting(AF_INET);
		try_waiting(AF_INET6);
		try_fields();
		try_others();
	} else if (!strcmp(what, "denied")) {
		expect("without privilege", spillway_adopt(fresh(AF_INET), &any), EPERM);
		expect("of IPv6", spillway_adopt(fresh(AF_INET6), &any), EPERM);
	} else if (!strcmp(what, "limit") && n > 0 && n < 1000) {
		try_limit(n);
	} else if (!strcmp(what, "device")) {
		wait_for_the_end();
	} else if (!strcmp(what, "churn")) {
		churn(n, &nobodys);
	} else if (!strcmp(what, "thief")) {
		churn(n, &any);
	} else {
		fputs("usage: adopter all|denied|limit N|device|churn S|thief S\n", stderr);
		return 2;
	}
	return wrong != 0;
}
