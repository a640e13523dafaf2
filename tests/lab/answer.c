// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * answer: a server of questions, each a line, that knows nothing of being moved.
 *
 *   answer ADDRESS PORT NAME [BACKLOG]
 *
 * Each line comes back with NAME before it. "wait N" is answered after N ms only, "work N"
 * after N us of work, and "long N" with N bytes more.
 */
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE 4096
#define LONG 65536

static size_t number_behind(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) ? 0 : strtoul(line + len, NULL, 10);
}

/* Processor time of this process. */
static void work(size_t us)
{
	const clock_t end = clock() + (clock_t)(us * CLOCKS_PER_SEC / 1000000);

	while (clock() < end)
		;
}

static bool answer_line(int fd, const char *name, const char *line)
{
	static char text[LINE + LONG + 64];
	size_t ms = number_behind(line, "wait "), more = number_behind(line, "long "), len, at;
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	ssize_t sent;

	if (ms)
		nanosleep(&t, NULL);
	work(number_behind(line, "work "));
	len = (size_t)snprintf(text, sizeof(text), "%.31s %s", name, line);
	more = more > LONG ? LONG : more;
	memset(text + len, '.', more);
	len += more;
	text[len++] = '\n';
	for (at = 0; at < len; at += (size_t)sent) {
		sent = send(fd, text + at, len - at, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
	}
	return true;
}

static void answer_all(int fd, const char *name)
{
	char line[LINE];
	size_t len = 0;
	ssize_t got;
	char *end;

	while (len < sizeof(line)) {
		got = recv(fd, line + len, sizeof(line) - len, 0);
		if (got <= 0)
			return;
		len += (size_t)got;
		while ((end = memchr(line, '\n', len))) {
			*end = '\0';
			if (!answer_line(fd, name, line))
				return;
			len -= (size_t)(end + 1 - line);
			memmove(line, end + 1, len);
		}
	}
}

int main(int argc, char **argv)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_PASSIVE,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *at;
	int listener, fd;
	const int on = 1;

	if (argc < 4 || argc > 5 || getaddrinfo(argv[1], argv[2], &hints, &at)) {
		fputs("usage: answer ADDRESS PORT NAME [BACKLOG]\n", stderr);
		return 2;
	}
	listener = socket(at->ai_family, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, at->ai_addr, at->ai_addrlen) ||
	    listen(listener, argc == 5 ? atoi(argv[4]) : 128)) {
		perror("answer");
		return 1;
	}
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd >= 0 && !fork()) {
			close(listener);
			answer_all(fd, argv[3]);
			return 0;
		}
		if (fd >= 0)
			close(fd);
	}
}
