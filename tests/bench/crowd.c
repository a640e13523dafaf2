// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crowd: many idle connections, and what was done meanwhile.
 *
 *   crowd serve ADDRESS PORT          sends back whatever comes
 *   crowd ask ADDRESS PORT N          opens N connections, asks on each once, says "ready"
 *   crowd now                         says what the clocks show: of the day, monotonic (ns)
 *
 * The second then obeys lines: "mark" is answered with the nanoseconds since it began and
 * those of them in which the guest had nothing to do, "ask" with the number of connections
 * on which the right answer came. "pace RATE SECONDS" asks on one after the other, so many
 * in a second, and is answered with how many were asked and how many of these had not been
 * answered when their turn came again; "ends" waits until all have ended, but no longer
 * than ENDS_S, and is answered with how many were reset and when that of the first and the
 * last was seen (ns).
 * Anything else ends it. From one mark to the next a thread of the class SCHED_IDLE takes
 * up whatever time nobody else wants, so that idle time is known to the nanosecond, which
 * is an instruction (tests/lab/run --icount).
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 32768
#define EVENTS  256
#define PACE_MS 2
#define ENDS_S  10

static clockid_t idle_clock;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static volatile bool spinning;

static struct sockaddr_in read_address(char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])) };

	if (inet_pton(AF_INET, argv[0], &at.sin_addr) != 1)
		errx(2, "%s is not an address", argv[0]);
	return at;
}

static void many_files(void)
{
	const struct rlimit most = { .rlim_cur = 1 << 18, .rlim_max = 1 << 18 };

	if (setrlimit(RLIMIT_NOFILE, &most))
		err(1, "RLIMIT_NOFILE");
}

/* Whatever ends a connection ends it here too. */
static void answer(int fd)
{
	char bytes[4096];
	ssize_t got = recv(fd, bytes, sizeof(bytes), 0);

	if (got <= 0 || send(fd, bytes, (size_t)got, MSG_NOSIGNAL) != got)
		close(fd);
}

static void take(int epoll, int listener)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		event.data.fd = fd;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
			err(1, "epoll_ctl");
	}
}

static int serve(char **argv)
{
	const struct sockaddr_in at = read_address(argv);
	struct epoll_event events[EVENTS] = { { .events = EPOLLIN } };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int epoll = epoll_create1(0), n, i;

	if (bind(listener, (const struct sockaddr *)&at, sizeof(at)) || listen(listener, BACKLOG))
		err(1, "listen");
	events[0].data.fd = listener;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, events))
		err(1, "epoll_ctl");
	while ((n = epoll_wait(epoll, events, EVENTS, -1)) >= 0)
		for (i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				take(epoll, listener);
			else
				answer(events[i].data.fd);
		}
	return 1;
}

static bool ask(int fd, uint32_t question)
{
	uint32_t reply = 0;

	return send(fd, &question, sizeof(question), MSG_NOSIGNAL) == sizeof(question) &&
	       recv(fd, &reply, sizeof(reply), MSG_WAITALL) == sizeof(reply) && reply == question;
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		err(1, "clock_gettime");
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *spin(void *arg)
{
	const struct sched_param param = { 0 };

	if (sched_setscheduler(0, SCHED_IDLE, &param))
		err(1, "SCHED_IDLE");
	for (;;) {
		pthread_mutex_lock(&lock);
		while (!spinning)
			pthread_cond_wait(&changed, &lock);
		pthread_mutex_unlock(&lock);
		while (spinning)
			;
	}
	return arg;
}

/* Spins before the clocks are read and until they have been. */
static void mark(void)
{
	bool before = spinning;

	pthread_mutex_lock(&lock);
	spinning = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	printf("%llu %llu\n", (unsigned long long)read_clock(CLOCK_MONOTONIC_RAW),
	       (unsigned long long)read_clock(idle_clock));
	spinning = !before;
}

static void open_all(const struct sockaddr_in *to, int *fds, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (fds[i] < 0 || connect(fds[i], (const struct sockaddr *)to, sizeof(*to)))
			err(1, "connection %u", i);
		if (!ask(fds[i], i))
			errx(1, "connection %u: no answer", i);
	}
}

static uint32_t ask_all(const int *fds, uint32_t n)
{
	uint32_t i, good = 0;

	for (i = 0; i < n; i++)
		good += ask(fds[i], n + i);
	return good;
}

static void sleep_until(uint64_t ns)
{
	const struct timespec t = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
		;
}

static void pace(const int *fds, uint32_t n, uint32_t rate, uint32_t seconds)
{
	uint64_t begun = read_clock(CLOCK_MONOTONIC), asked = 0, late = 0, at;
	uint32_t answer;

	for (at = 0; at < seconds * 1000ULL; at += PACE_MS) {
		sleep_until(begun + at * 1000000);
		for (; asked < at * rate / 1000; asked++) {
			int fd = fds[asked % n];

			late += asked >= n &&
				recv(fd, &answer, sizeof(answer), MSG_DONTWAIT) != sizeof(answer);
			if (send(fd, &rate, sizeof(rate), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
				late++;
		}
	}
	printf("%llu %llu\n", (unsigned long long)asked, (unsigned long long)late);
}

/* Of each the first end that is told, and of nothing else. */
static int watch_ends(const int *fds, uint32_t n)
{
	struct epoll_event event = { .events = EPOLLONESHOT };
	int epoll = epoll_create1(0);
	uint32_t i;

	for (i = 0; i < n; i++)
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event))
			err(1, "epoll_ctl");
	return epoll;
}

/* Whatever came before the end is read, so that the next word is the end's. */
static bool is_reset(int fd)
{
	char bytes[256];
	ssize_t got;

	do {
		got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	} while (got > 0);
	return got < 0 && errno == ECONNRESET;
}

/* How they ended is looked at when the clock has been read: that is no part of it. */
static void ends(const int *fds, uint32_t n)
{
	uint64_t until = read_clock(CLOCK_MONOTONIC) + ENDS_S * 1000000000ULL;
	uint64_t first = 0, last = 0;
	struct epoll_event events[EVENTS];
	int epoll = watch_ends(fds, n), got;
	uint32_t i, ended = 0, reset = 0;

	while (ended < n && read_clock(CLOCK_MONOTONIC) < until) {
		got = epoll_wait(epoll, events, EVENTS, ENDS_S * 1000);
		if (got <= 0)
			break;
		ended += (uint32_t)got;
		last = read_clock(CLOCK_REALTIME);
		first = first ? first : last;
	}
	for (i = 0; i < n; i++)
		reset += is_reset(fds[i]);
	printf("%u %llu %llu\n", reset, (unsigned long long)first, (unsigned long long)last);
	close(epoll);
}

static int obey(const int *fds, uint32_t n)
{
	char line[64];
	unsigned int rate, seconds;

	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "mark\n"))
			mark();
		else if (!strcmp(line, "ask\n"))
			printf("%u\n", ask_all(fds, n));
		else if (sscanf(line, "pace %u %u", &rate, &seconds) == 2)
			pace(fds, n, rate, seconds);
		else if (!strcmp(line, "ends\n"))
			ends(fds, n);
		else
			return 0;
		fflush(stdout);
	}
	return 0;
}

static int be_crowd(char **argv)
{
	const struct sockaddr_in to = read_address(argv);
	uint32_t n = (uint32_t)atoi(argv[2]);
	int *fds = calloc(n, sizeof(*fds));
	pthread_t thread;

	if (!fds)
		err(1, "%u connections", n);
	open_all(&to, fds, n);
	if (pthread_create(&thread, NULL, spin, NULL) || pthread_getcpuclockid(thread, &idle_clock))
		err(1, "idle thread");
	puts("ready");
	fflush(stdout);
	return obey(fds, n);
}

static int say_now(void)
{
	printf("%llu %llu\n", (unsigned long long)read_clock(CLOCK_REALTIME),
	       (unsigned long long)read_clock(CLOCK_MONOTONIC));
	return 0;
}

int main(int argc, char **argv)
{
	many_files();
	if (argc == 4 && !strcmp(argv[1], "serve"))
		return serve(argv + 2);
	if (argc == 5 && !strcmp(argv[1], "ask"))
		return be_crowd(argv + 2);
	if (argc == 2 && !strcmp(argv[1], "now"))
		return say_now();
	fputs("usage: crowd serve ADDRESS PORT | crowd ask ADDRESS PORT N | crowd now\n", stderr);
	return 2;
}
