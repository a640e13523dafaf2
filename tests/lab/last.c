// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * last: connections to the server "answer", and when each of them ended.
 *
 *   last ADDRESS PORT COUNT
 *
 * The first asks once and is silent then, the second asks a little every 10 ms, the third
 * for much as often, once the last has come; and so on. "open" is said once all have been answered, and
 * of each that ends its number, the error and when (ns): "2 ECONNRESET 1736000000000000000".
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 4096
#define PAUSE_NS  10000000

enum kind { SILENT, OFTEN, MUCH, KINDS };

static struct pollfd fds[COUNT_MAX];
static bool idle[COUNT_MAX];

static int connect_to(const char *address, const char *port)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct addrinfo *at;
	int fd;

	if (getaddrinfo(address, port, &hints, &at))
		return -1;
	fd = socket(at->ai_family, SOCK_STREAM, 0);
	if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen)) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(at);
	return fd;
}

static void ask(int fd, const char *what)
{
	/* An error is seen by whoever reads. */
	if (send(fd, what, strlen(what), MSG_NOSIGNAL) < 0)
		return;
}

static void ask_again(size_t i)
{
	if (fds[i].fd < 0 || i % KINDS == SILENT || !idle[i])
		return;
	idle[i] = false;
	ask(fds[i].fd, i % KINDS == OFTEN ? "x\n" : "long 20000\n");
}

static void ended(size_t i, const char *how)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	printf("%zu %s %lld%09ld\n", i, how, (long long)t.tv_sec, t.tv_nsec);
	fflush(stdout);
	close(fds[i].fd);
	fds[i].fd = -1;
}

/* Of those that ask for much, each whole answer is followed by the next question. */
static void take(size_t i)
{
	static char text[65536];
	ssize_t got = recv(fds[i].fd, text, sizeof(text), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0)
		ended(i, strerrorname_np(errno));
	else if (!got)
		ended(i, "EOF");
	else if (text[got - 1] == '\n')
		idle[i] = true;
}

static bool open_all(const char *address, const char *port, size_t count)
{
	char text[64];
	size_t i;

	for (i = 0; i < count; i++) {
		fds[i] = (struct pollfd){ .fd = connect_to(address, port), .events = POLLIN };
		if (fds[i].fd < 0)
			return false;
		ask(fds[i].fd, "x\n");
		if (recv(fds[i].fd, text, sizeof(text), 0) <= 0)
			return false;
		idle[i] = true;
	}
	puts("open");
	fflush(stdout);
	return true;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	size_t count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0, i;

	if (!count || count > COUNT_MAX) {
		fputs("usage: last ADDRESS PORT COUNT\n", stderr);
		return 2;
	}
	if (!open_all(argv[1], argv[2], count)) {
		perror("last");
		return 1;
	}
	for (;;) {
		nanosleep(&pause, NULL);
		if (poll(fds, count, 0) < 0)
			return 1;
		for (i = 0; i < count; i++) {
			if (fds[i].fd >= 0 && fds[i].revents)
				take(i);
			ask_again(i);
		}
	}
}
