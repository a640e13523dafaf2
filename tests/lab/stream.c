// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream: both ends of TCP connections that carry seeded random bytes both ways at once
 * and check every byte that arrives.
 *
 *   stream serve|serve6 PORT
 *   stream run|run-options ADDRESS PORT CONNECTIONS SECONDS BYTES-PER-SECOND [BYTES-PER-WRITE]
 *   stream serve-lumps PORT BYTES-PER-SECOND BYTES-PER-WRITE
 *   stream run-lumps ... BYTES-PER-WRITE
 *
 * With serve6 one IPv6 socket serves both families. An IPv4 address written as
 * ::ffff:A.B.C.D is called from an IPv6 socket. With run-options every IPv6 packet has a
 * destination options header. With lumps only whole writes are made, and the processor is
 * left alone between them, which is what a scene of hours needs.
 *
 * Each end sends its seed first (8 bytes), then what splitmix64 makes of it. The side
 * that runs ends its stream after SECONDS, the other answers with its own end. Both
 * print one line a connection, with the longest pause between two arrivals of data;
 * `run` fails if any connection was reset, cut short or wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK   65536
#define WRITE   16384
#define TICK_MS 20

/**
 * struct bytes - one direction
 * @state: of the generator
 * @word: last made
 * @count: bytes so far, the seed's included
 */
struct bytes {
	uint64_t state;
	uint64_t word;
	uint64_t count;
};

/* Bytes of a write, at most; of each one with lumps. */
static size_t most = WRITE;
static bool lumps;
/* Bytes a second of who serves: small, so that both directions carry data. */
static uint64_t answer_rate = 64 * 1024;

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* The next byte; the first eight are the seed itself. */
static uint8_t next_byte(struct bytes *b)
{
	unsigned int at = b->count++ % 8;

	if (!at)
		b->word = b->count == 1 ? b->state : splitmix64(&b->state);
	return (uint8_t)(b->word >> (8 * at));
}

static bool check_bytes(struct bytes *b, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (b->count < 8) {
			b->state |= (uint64_t)data[i] << (8 * b->count);
			b->count++;
		} else if (data[i] != next_byte(b)) {
			return false;
		}
	}
	return true;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/**
 * struct flow - one connection's end
 * @fd: socket, not blocking
 * @out: what we send
 * @in: what we check
 * @pending: made and not yet taken by the socket
 * @from: where in @pending
 * @len: bytes in @pending
 * @out_done: our end is sent
 * @in_done: the other's has come
 * @heard: when data came last (ms), 0: never
 * @pause: the longest time between two arrivals (ms)
 */
struct flow {
	int fd;
	struct bytes out;
	struct bytes in;
	uint8_t pending[CHUNK];
	size_t from;
	size_t len;
	bool out_done;
	bool in_done;
	uint64_t heard;
	uint64_t pause;
};

static int send_some(struct flow *f, uint64_t allowed)
{
	ssize_t sent;

	while (f->out.count < allowed || f->from < f->len) {
		if (f->from == f->len) {
			f->len = allowed - f->out.count;
			if (f->len > most)
				f->len = most;
			for (f->from = 0; f->from < f->len; f->from++)
				f->pending[f->from] = next_byte(&f->out);
			f->from = 0;
		}
		sent = send(f->fd, f->pending + f->from, f->len - f->from, MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN ? 0 : -errno;
		f->from += (size_t)sent;
	}
	return 0;
}

static void note_pause(struct flow *f)
{
	uint64_t now = now_ms();

	if (f->heard && now - f->heard > f->pause)
		f->pause = now - f->heard;
	f->heard = now;
}

static int receive_some(struct flow *f)
{
	uint8_t data[CHUNK];
	ssize_t got;

	for (;;) {
		got = recv(f->fd, data, sizeof(data), 0);
		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (!got) {
			f->in_done = true;
			return 0;
		}
		note_pause(f);
		if (!check_bytes(&f->in, data, (size_t)got))
			return -EBADMSG;
	}
}

/* How long to wait for data (ms), before more is to be sent. */
static int patience(const struct flow *f, uint64_t elapsed, uint64_t rate, uint64_t seconds)
{
	uint64_t next = (f->out.count - 8 + most) * 1000 / rate + 1;

	if (seconds && next > seconds * 1000)
		next = seconds * 1000;
	if (!lumps || f->from < f->len || f->out_done || next <= elapsed + TICK_MS)
		return TICK_MS;
	return (int)(next - elapsed);
}

/* Runs a connection to its end; @seconds 0: until the other side ends. */
static int run_flow(struct flow *f, uint64_t seconds, uint64_t rate)
{
	uint64_t start = now_ms(), elapsed, allowed;
	struct pollfd p = { .fd = f->fd };
	bool over;
	int err;

	while (!f->in_done || !f->out_done) {
		elapsed = now_ms() - start;
		over = seconds ? elapsed >= seconds * 1000 : f->in_done;
		allowed = over ? f->out.count : 8 + elapsed * rate / 1000;
		if (lumps && !over)
			allowed -= (allowed - 8) % most;
		err = f->out_done ? 0 : send_some(f, allowed);
		if (!err)
			err = f->in_done ? 0 : receive_some(f);
		if (err)
			return err;
		if (over && f->from == f->len && !f->out_done) {
			f->out_done = true;
			shutdown(f->fd, SHUT_WR);
		}
		p.events = f->in_done ? 0 : POLLIN;
		poll(&p, 1, patience(f, elapsed, rate, seconds));
	}
	return 0;
}

static struct flow *flow_new(int fd, uint64_t seed)
{
	struct flow *f = calloc(1, sizeof(*f));

	if (!f)
		exit(1);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	f->fd = fd;
	f->out.state = seed;
	return f;
}

static const struct addrinfo *resolve(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *found;

	if (getaddrinfo(host, port, &hints, &found)) {
		fprintf(stderr, "stream: %s port %s: no such address\n", host, port);
		exit(2);
	}
	return found;
}

/* Ends a process that had one connection. */
static void report(const struct flow *f, int which, int err)
{
	printf("conn %d: %s, %llu bytes out, %llu in, longest pause %llu ms\n", which,
	       err ? strerror(-err) : "right", (unsigned long long)f->out.count,
	       (unsigned long long)f->in.count, (unsigned long long)f->pause);
	exit(err != 0);
}

static void serve_one(int fd, uint64_t seed, int which)
{
	struct flow *f = flow_new(fd, seed);

	report(f, which, run_flow(f, 0, answer_rate));
}

static int serve(const char *host, const char *port)
{
	const struct addrinfo *at = resolve(host, port);
	const int on = 1, off = 0;
	int listener = socket(at->ai_family, SOCK_STREAM, 0), fd, which = 0;
	uint64_t seed = strtoull(port, NULL, 10);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->ai_family == AF_INET6)
		setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(listener, at->ai_addr, at->ai_addrlen) || listen(listener, 128)) {
		perror("stream: serve");
		return 1;
	}
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		seed += 0x1000003;
		if (fd >= 0 && !fork()) {
			close(listener);
			serve_one(fd, seed, which);
		}
		if (fd >= 0) {
			close(fd);
			which++;
		}
	}
}

/* RFC 8200 section 4.6: one PadN option. */
static void add_options(int fd)
{
	static const uint8_t header[8] = { 0, 0, 1, 4 };

	if (setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, header, sizeof(header))) {
		perror("stream: options");
		exit(2);
	}
}

static void run_one(const struct addrinfo *to, bool options, uint64_t seconds, uint64_t rate,
		    int which)
{
	int fd = socket(to->ai_family, SOCK_STREAM, 0), err;
	struct flow *f;

	if (options)
		add_options(fd);
	if (connect(fd, to->ai_addr, to->ai_addrlen)) {
		printf("conn %d: connect: %s\n", which, strerror(errno));
		exit(1);
	}
	f = flow_new(fd, 0x5eed0000ULL + (uint64_t)which);
	err = run_flow(f, seconds, rate);
	if (!err && f->in.count < 8)
		err = -ENODATA;
	report(f, which, err);
}

static int run(bool options, const char *host, const char *port, int count, uint64_t seconds,
	       uint64_t rate)
{
	const struct addrinfo *to = resolve(host, port);
	int i, status, failed = 0;

	for (i = 0; i < count; i++)
		if (!fork())
			run_one(to, options, seconds, rate, i);
	for (i = 0; i < count; i++)
		if (wait(&status) < 0 || status)
			failed++;
	printf("%d of %d right\n", count - failed, count);
	return failed != 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve("0.0.0.0", argv[2]);
	if (argc == 3 && !strcmp(argv[1], "serve6"))
		return serve("::", argv[2]);
	lumps = argc > 1 && strstr(argv[1], "-lumps");
	if (argc == 8 || argc == 5)
		most = strtoull(argv[argc - 1], NULL, 10);
	if (most < 1 || most > CHUNK)
		return 2;
	if (argc == 5 && !strcmp(argv[1], "serve-lumps")) {
		answer_rate = strtoull(argv[3], NULL, 10);
		return answer_rate ? serve("0.0.0.0", argv[2]) : 2;
	}
	if (argc == 8 && !strcmp(argv[1], "run-lumps"))
		return run(false, argv[2], argv[3], atoi(argv[4]), strtoull(argv[5], NULL, 10),
			   strtoull(argv[6], NULL, 10));
	if ((argc == 7 || argc == 8) &&
	    (!strcmp(argv[1], "run") || !strcmp(argv[1], "run-options")))
		return run(argv[1][3], argv[2], argv[3], atoi(argv[4]), strtoull(argv[5], NULL, 10),
			   strtoull(argv[6], NULL, 10));
	fputs("usage: stream serve|serve6 PORT | serve-lumps PORT RATE WRITE |\n"
	      "       run|run-options ADDRESS PORT CONNECTIONS SECONDS RATE [WRITE] |\n"
	      "       run-lumps ADDRESS PORT CONNECTIONS SECONDS RATE WRITE\n",
	      stderr);
	return 2;
}
