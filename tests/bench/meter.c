// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * meter: what a tunnel costs in instructions. For a guest whose clock counts them
 * (tests/lab/run --icount: one nanosecond is one instruction).
 *
 *   meter [-p DIR] ROUNDS PATH...
 *
 * The K-th PATH, K from 1, leads from the network namespace a-PATH, address 10.K.3.1, to
 * r-PATH, address 10.K.9.9. Of PATH:udp the tunnel ends in b-PATH, 10.K.8.8, and carries
 * UDP too. meter opens its connections, says "ready", reads a line, and measures the
 * paths in turn, so that whatever drifts in the guest meets all of them:
 *
 *   64, 1360          one segment of so many bytes at a time: the next is sent when the
 *                     far side has read the last; no bursts, no waiting
 *   rr                request and response, 64 bytes each
 *   bulk              as fast as it goes, in large writes
 *   udp-64, udp-1360  one UDP datagram at a time, from one end of the tunnel to the
 *                     other: neither TCP nor forwarding
 *   udp-64-run, ...   the same, but the sender does not wait: a tunnel with queues may
 *                     gather them
 *
 * Prints a line each: round, path, workload, operations, payload bytes, data segments,
 * instructions, idle. A thread of the class SCHED_IDLE takes up whatever time nobody
 * else wants, so that the clock never skips and idle time is known to the instruction;
 * it is not counted.
 *
 * -p: one round for the plugin hotspots: each measurement is one window in DIR.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATHS_MAX  16
#define BULK_WRITE (128 * 1024)
#define BULK_BYTES (8 * 1024 * 1024)
#define WARM_UP    4 /* a part of this size first, not counted */

struct conn {
	int a;
	int r;
};

/**
 * struct workload - what is measured
 * @name: in the output
 * @size: bytes of one operation
 * @count: operations of one measurement
 * @udp: over UDP, and only where the tunnel carries it
 * @run: does @count operations
 */
struct workload {
	const char *name;
	size_t size;
	unsigned int count;
	bool udp;
	void (*run)(const struct conn *conn, size_t size, unsigned int count);
};

static char out_bytes[BULK_WRITE], in_bytes[2 * BULK_WRITE];
static clockid_t idle_clock;

static void send_all(int fd, size_t len)
{
	ssize_t sent = send(fd, out_bytes, len, MSG_NOSIGNAL);

	if (sent != (ssize_t)len)
		err(1, "send: %zd of %zu", sent, len);
}

static void receive_all(int fd, size_t len)
{
	ssize_t got = recv(fd, in_bytes, len, MSG_WAITALL);

	if (got != (ssize_t)len)
		err(1, "recv: %zd of %zu", got, len);
}

static void run_single(const struct conn *conn, size_t size, unsigned int count)
{
	while (count--) {
		send_all(conn->a, size);
		receive_all(conn->r, size);
	}
}

static void run_rr(const struct conn *conn, size_t size, unsigned int count)
{
	while (count--) {
		send_all(conn->a, size);
		receive_all(conn->r, size);
		send_all(conn->r, size);
		receive_all(conn->a, size);
	}
}

struct sink {
	int fd;
	size_t todo;
};

static void *drain(void *arg)
{
	struct sink *sink = arg;
	ssize_t got;

	while (sink->todo) {
		got = recv(sink->fd, in_bytes, sizeof(in_bytes), 0);
		if (got <= 0)
			err(1, "recv");
		sink->todo -= (size_t)got;
	}
	return NULL;
}

static void run_bulk(const struct conn *conn, size_t size, unsigned int count)
{
	struct sink sink = { .fd = conn->r, .todo = size * count };
	pthread_t thread;

	if (pthread_create(&thread, NULL, drain, &sink))
		err(1, "pthread_create");
	while (count--)
		send_all(conn->a, size);
	pthread_join(thread, NULL);
}

static const struct workload workloads[] = {
	{ "64", 64, 2000, false, run_single },
	{ "1360", 1360, 2000, false, run_single },
	{ "rr", 64, 1000, false, run_rr },
	{ "bulk", BULK_WRITE, BULK_BYTES / BULK_WRITE, false, run_bulk },
	{ "udp-64", 64, 2000, true, run_single },
	{ "udp-1360", 1360, 2000, true, run_single },
	{ "udp-64-run", 64, 2000, true, run_bulk },
	{ "udp-1360-run", 1360, 2000, true, run_bulk },
};

#define WORKLOADS (sizeof(workloads) / sizeof(*workloads))

/**
 * struct path - what is measured through
 * @name: of its namespaces, behind "a-", "b-" and "r-"
 * @udp: carries UDP
 * @conns: one connection a workload
 */
struct path {
	const char *name;
	bool udp;
	struct conn conns[WORKLOADS];
};

static void enter(const char *side, const char *name)
{
	char file[128];
	int fd;

	snprintf(file, sizeof(file), "/run/netns/%s-%s", side, name);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", file);
	close(fd);
}

static int socket_of(int type)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static struct sockaddr_in address(unsigned int k, unsigned int net, unsigned int host,
				  unsigned int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	addr.sin_addr.s_addr = htonl(10U << 24 | k << 16 | net << 8 | host);
	return addr;
}

static void no_delay(int fd)
{
	const int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		err(1, "TCP_NODELAY");
}

static struct conn connect_path(const struct path *path, unsigned int k, unsigned int port)
{
	struct sockaddr_in from = address(k, 3, 1, 0), to = address(k, 9, 9, port);
	int listener;
	struct conn conn;

	enter("r", path->name);
	listener = socket_of(SOCK_STREAM);
	if (bind(listener, (struct sockaddr *)&to, sizeof(to)) || listen(listener, 1))
		err(1, "r-%s: listen", path->name);
	enter("a", path->name);
	conn.a = socket_of(SOCK_STREAM);
	if (bind(conn.a, (struct sockaddr *)&from, sizeof(from)) ||
	    connect(conn.a, (struct sockaddr *)&to, sizeof(to)))
		err(1, "a-%s: connect", path->name);
	conn.r = accept(listener, NULL, NULL);
	if (conn.r < 0)
		err(1, "r-%s: accept", path->name);
	close(listener);
	no_delay(conn.a);
	no_delay(conn.r);
	return conn;
}

static struct conn connect_udp(const struct path *path, unsigned int k, unsigned int port)
{
	struct sockaddr_in from = address(k, 3, 1, 0), to = address(k, 8, 8, port);
	const int buffer = 64 << 20;
	struct conn conn;

	enter("b", path->name);
	conn.r = socket_of(SOCK_DGRAM);
	if (setsockopt(conn.r, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) ||
	    bind(conn.r, (struct sockaddr *)&to, sizeof(to)))
		err(1, "b-%s: bind", path->name);
	enter("a", path->name);
	conn.a = socket_of(SOCK_DGRAM);
	if (bind(conn.a, (struct sockaddr *)&from, sizeof(from)) ||
	    connect(conn.a, (struct sockaddr *)&to, sizeof(to)))
		err(1, "a-%s: UDP", path->name);
	return conn;
}

static bool carries(const struct path *path, unsigned int which)
{
	return path->udp || !workloads[which].udp;
}

static void connect_all(struct path *path, char *name, unsigned int k)
{
	char *udp = strstr(name, ":udp");
	unsigned int w;

	path->name = name;
	path->udp = udp;
	if (udp)
		*udp = '\0';
	for (w = 0; w < WORKLOADS; w++)
		if (carries(path, w))
			path->conns[w] = workloads[w].udp ? connect_udp(path, k, 5000 + w) :
							    connect_path(path, k, 5000 + w);
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		err(1, "clock_gettime");
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint32_t data_segments(const struct workload *w, const struct conn *conn)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (w->udp)
		return 0;
	if (getsockopt(conn->a, IPPROTO_TCP, TCP_INFO, &info, &len))
		err(1, "TCP_INFO");
	return info.tcpi_data_segs_out;
}

static void measure(unsigned int round, const struct path *path, unsigned int which)
{
	const struct workload *w = &workloads[which];
	const struct conn *conn = &path->conns[which];
	uint64_t elapsed, idle;
	uint32_t segments;

	w->run(conn, w->size, w->count / WARM_UP);
	segments = data_segments(w, conn);
	idle = read_clock(idle_clock);
	elapsed = read_clock(CLOCK_MONOTONIC_RAW);
	w->run(conn, w->size, w->count);
	elapsed = read_clock(CLOCK_MONOTONIC_RAW) - elapsed;
	idle = read_clock(idle_clock) - idle;
	segments = data_segments(w, conn) - segments;
	printf("%u\t%s\t%s\t%u\t%zu\t%u\t%llu\t%llu\n", round, path->name, w->name, w->count,
	       w->size * w->count, segments, (unsigned long long)(elapsed - idle),
	       (unsigned long long)idle);
}

static void *spin(void *arg)
{
	const struct sched_param param = { 0 };

	if (sched_setscheduler(0, SCHED_IDLE, &param))
		err(1, "SCHED_IDLE");
	for (;;)
		__asm__ volatile("");
	return arg;
}

static void spin_when_idle(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, spin, NULL) || pthread_getcpuclockid(thread, &idle_clock))
		err(1, "idle thread");
}

/* The plugin takes the file away when it has done what it says. */
static void tell_plugin(const char *dir, const char *what, const char *name)
{
	char file[256], fresh[256];
	FILE *f;

	snprintf(fresh, sizeof(fresh), "%s/%s.new", dir, what);
	snprintf(file, sizeof(file), "%s/%s", dir, what);
	f = fopen(fresh, "w");
	if (!f || fprintf(f, "%s\n", name) < 0 || fclose(f) || rename(fresh, file))
		err(1, "%s", file);
	while (!access(file, F_OK))
		usleep(10000);
}

static void profile(const char *dir, const struct path *path, unsigned int which)
{
	const struct workload *w = &workloads[which];
	char name[128];

	snprintf(name, sizeof(name), "%s-%s", path->name, w->name);
	w->run(&path->conns[which], w->size, w->count / WARM_UP);
	tell_plugin(dir, "start", name);
	w->run(&path->conns[which], w->size, w->count);
	tell_plugin(dir, "stop", name);
	printf("%s\t%u\t%zu\n", name, w->count, w->size * w->count);
	fflush(stdout);
}

static void measure_or_profile(unsigned int round, const struct path *path, unsigned int which,
			       const char *dir)
{
	if (dir)
		profile(dir, path, which);
	else
		measure(round, path, which);
}

static void usage(void)
{
	fputs("usage: meter [-p DIR] ROUNDS PATH...\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	static struct path paths[PATHS_MAX];
	const char *dir = NULL;
	unsigned int rounds, count, round, w, i;

	if (argc > 2 && !strcmp(argv[1], "-p")) {
		dir = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 3 || argc - 2 > PATHS_MAX)
		usage();
	rounds = (unsigned int)atoi(argv[1]);
	count = (unsigned int)argc - 2;
	for (i = 0; i < count; i++) {
		connect_all(&paths[i], argv[i + 2], i + 1);
	}
	/* Nothing is written while something is measured. */
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	puts("ready");
	fflush(stdout);
	if (getchar() == EOF)
		return 1;
	if (!dir)
		spin_when_idle();
	for (round = 1; round <= rounds; round++)
		for (w = 0; w < WORKLOADS; w++)
			for (i = 0; i < count; i++)
				if (carries(&paths[i], w))
					measure_or_profile(round, &paths[i], w, dir);
	return 0;
}
