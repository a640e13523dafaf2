// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * baton: TCP connections that carry random bytes both ways at once, and a server that goes
 * on from any byte on another node.
 *
 *   baton serve ADDRESS PORT DIRECTORY
 *   baton remote ADDRESS PORT CONNECTIONS BYTES BYTES-PER-SECOND
 *
 * What stands at each position of a stream follows from the connection's seed, so either
 * end checks every byte wherever it starts. The remote says the seed first. It ends its
 * stream after BYTES, or with 0 when it is told to (SIGTERM); the server then ends its own.
 * A stream ends with eight bytes that are the complement of what would stand there: one cut
 * short is not taken for a whole one. Writes come in lumps, and reads stop for a while now
 * and then, so that there is data in every queue. The remote prints one line a connection
 * and fails if any was reset, cut short or wrong. At the end each end also says the SHA-256
 * of all that it read and of all that it wrote, over all the nodes that wrote it.
 *
 * Servers on several nodes share DIRECTORY. For each connection that was ever accepted and
 * has not ended there is a file REMOTE-PORT.held: one that is accepted and has none is new,
 * else it was moved here. Whose socket dies under it leaves in REMOTE-PORT.left how far it
 * had read and written; who has accepted a moved connection waits for that, takes it away
 * and goes on from there. None of it depends on which of the two is told first.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
/* The functions that newer ones replaced keep all they know in a plain struct. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK   65536
#define TAIL    8
#define NOWHERE UINT64_MAX
#define LUMP_MS 400 /* between two writes, at most */
#define REST_MS 300 /* that nothing is read, at most */
#define RESTS   12  /* one read of so many is followed by a rest */
#define CLAIM_S 20  /* a connection's state must have come */

enum { RIGHT, MOVED, WRONG };

/**
 * struct start - what the remote says first
 * @seed: of the connection's streams
 * @rate: bytes a second, each way
 */
struct start {
	uint64_t seed;
	uint64_t rate;
};

/**
 * struct state - what an end has done so far: all that the next one must know
 * @start: zero until it has come
 * @in: bytes read
 * @out: bytes that the socket has taken
 * @in_tail: where the end of what is read begins, %NOWHERE: not yet
 * @out_tail: likewise
 * @in_sum: of the bytes read
 * @out_sum: of the bytes written
 */
struct state {
	struct start start;
	uint64_t in;
	uint64_t out;
	uint64_t in_tail;
	uint64_t out_tail;
	SHA256_CTX in_sum;
	SHA256_CTX out_sum;
};

/**
 * struct run - one connection while this process has it
 * @fd: not blocking
 * @server: which of the two streams is ours
 * @s: goes with the connection
 * @random: for lumps and rests
 * @allowed: may be written by now
 * @lump_at: when more may be (ms)
 * @rest_until: nothing is read before (ms)
 * @heard: when data came last (ms)
 * @pause: the longest time between two arrivals (ms)
 * @in_done: the other's end has come
 * @out_done: ours is sent
 */
struct run {
	int fd;
	bool server;
	struct state s;
	uint64_t random;
	uint64_t allowed;
	uint64_t lump_at;
	uint64_t rest_until;
	uint64_t heard;
	uint64_t pause;
	bool in_done;
	bool out_done;
};

static volatile sig_atomic_t told_to_end;

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static struct state nothing_done(void)
{
	struct state s = { .in_tail = NOWHERE, .out_tail = NOWHERE };

	SHA256_Init(&s.in_sum);
	SHA256_Init(&s.out_sum);
	return s;
}

/* For a line of output; what comes after is not in it. */
static const char *sums_of(const struct state *s)
{
	static char text[4 * SHA256_DIGEST_LENGTH + 2];
	uint8_t sums[2 * SHA256_DIGEST_LENGTH];
	struct state last = *s;
	char *to = text;
	size_t i;

	SHA256_Final(sums, &last.in_sum);
	SHA256_Final(sums + SHA256_DIGEST_LENGTH, &last.out_sum);
	for (i = 0; i < sizeof(sums); i++)
		to += sprintf(to, "%s%02x", i == SHA256_DIGEST_LENGTH ? " " : "", sums[i]);
	return text;
}

static uint64_t random_below(struct run *r, uint64_t limit)
{
	r->random += 0x9e3779b97f4a7c15ULL;
	return mix(r->random) % limit;
}

/* Writes what stands at @at and after it in one of the two streams of a connection. */
static void make_bytes(uint64_t seed, bool of_server, uint64_t at, uint8_t *data, size_t len)
{
	uint64_t word = 0;
	size_t i;

	seed = mix(seed * 2 + of_server + 0x9e3779b97f4a7c15ULL);
	for (i = 0; i < len; i++, at++) {
		if (!i || at % 8 == 0)
			word = mix(seed + (at / 8) * 0x9e3779b97f4a7c15ULL);
		data[i] = (uint8_t)(word >> (8 * (at % 8)));
	}
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int tcp_state(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return TCP_CLOSE;
	return info.tcpi_state;
}

static void allow_more(struct run *r, uint64_t now, uint64_t most)
{
	uint64_t wait;

	if (now < r->lump_at || r->s.out_tail != NOWHERE)
		return;
	wait = LUMP_MS / 8 + random_below(r, LUMP_MS * 7 / 8);
	r->lump_at = now + wait;
	/* What the network does not take is not owed for ever. */
	if (r->allowed < r->s.out + 16 * CHUNK)
		r->allowed += 1 + r->s.start.rate * wait / 1000;
	if ((most && r->allowed >= most) || told_to_end) {
		r->allowed = most && r->allowed > most ? most : r->allowed;
		r->s.out_tail = r->allowed > r->s.out ? r->allowed : r->s.out;
	}
}

static bool wants_to_write(const struct run *r)
{
	if (r->out_done)
		return false;
	return r->s.out_tail != NOWHERE || r->s.out < r->allowed;
}

static int write_some(struct run *r)
{
	uint64_t limit = r->s.out_tail == NOWHERE ? r->allowed : r->s.out_tail + TAIL;
	static uint8_t data[CHUNK];
	size_t len, i;
	ssize_t sent;

	while (r->s.out < limit) {
		len = limit - r->s.out < CHUNK ? limit - r->s.out : CHUNK;
		make_bytes(r->s.start.seed, r->server, r->s.out, data, len);
		for (i = 0; i < len; i++)
			if (r->s.out + i >= r->s.out_tail)
				data[i] = ~data[i];
		sent = send(r->fd, data, len, MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ? RIGHT : MOVED;
		SHA256_Update(&r->s.out_sum, data, (size_t)sent);
		r->s.out += (uint64_t)sent;
	}
	if (r->s.out_tail == NOWHERE)
		return RIGHT;
	if (shutdown(r->fd, SHUT_WR))
		return MOVED;
	r->out_done = true;
	return RIGHT;
}

static bool check_bytes(struct run *r, const uint8_t *data, size_t len)
{
	static uint8_t expected[CHUNK];
	struct state *s = &r->s;
	size_t i;

	make_bytes(s->start.seed, !r->server, s->in, expected, len);
	for (i = 0; i < len; i++, s->in++) {
		if (s->in_tail == NOWHERE && data[i] == expected[i])
			continue;
		if ((data[i] ^ expected[i]) != 0xff)
			return false;
		if (s->in_tail == NOWHERE)
			s->in_tail = s->in;
		if (s->in - s->in_tail >= TAIL)
			return false;
	}
	return true;
}

static void note_pause(struct run *r)
{
	uint64_t now = now_ms();

	if (r->heard && now - r->heard > r->pause)
		r->pause = now - r->heard;
	r->heard = now;
}

static int read_some(struct run *r)
{
	static uint8_t data[CHUNK];
	ssize_t got;

	while (now_ms() >= r->rest_until) {
		got = recv(r->fd, data, sizeof(data), 0);
		if (got < 0)
			return errno == EAGAIN || errno == EINTR ? RIGHT : MOVED;
		if (!got) {
			/* Only the server's sockets die so: the remote's are closed by both. */
			if (r->server && tcp_state(r->fd) == TCP_CLOSE)
				return MOVED;
			r->in_done = true;
			return r->s.in == r->s.in_tail + TAIL ? RIGHT : WRONG;
		}
		note_pause(r);
		if (!check_bytes(r, data, (size_t)got))
			return WRONG;
		SHA256_Update(&r->s.in_sum, data, (size_t)got);
		if (!random_below(r, RESTS)) {
			r->rest_until = now_ms() + random_below(r, REST_MS);
			r->heard = 0;
		}
	}
	return RIGHT;
}

static int sleep_until_more(struct run *r)
{
	struct pollfd p = { .fd = r->fd };
	uint64_t now = now_ms(), wake = now + LUMP_MS;

	if (wants_to_write(r))
		p.events |= POLLOUT;
	else if (!r->out_done && r->lump_at < wake)
		wake = r->lump_at;
	if (!r->in_done && r->rest_until <= now)
		p.events |= POLLIN;
	else if (!r->in_done && r->rest_until < wake)
		wake = r->rest_until;
	if (poll(&p, 1, wake > now ? (int)(wake - now) : 0) <= 0)
		return RIGHT;
	if (!(p.revents & (POLLERR | POLLHUP)))
		return RIGHT;
	r->rest_until = 0;
	return r->server && tcp_state(r->fd) == TCP_CLOSE ? MOVED : RIGHT;
}

/* Carries a connection until it has ended or left; @most: bytes to write, 0: no limit. */
static int carry(struct run *r, uint64_t most)
{
	int err = RIGHT;

	r->random = r->s.start.seed + r->s.in;
	r->allowed = r->s.out;
	while (err == RIGHT && !(r->in_done && r->out_done)) {
		if (r->server && r->in_done && r->s.out_tail == NOWHERE)
			r->s.out_tail = r->s.out;
		allow_more(r, now_ms(), most);
		if (wants_to_write(r))
			err = write_some(r);
		if (err == RIGHT && !r->in_done)
			err = read_some(r);
		if (err == RIGHT && !(r->in_done && r->out_done))
			err = sleep_until_more(r);
	}
	return err;
}

/* The server */

/**
 * struct place - the files of one connection
 * @name: its remote end
 * @held: there from its beginning to its end
 * @left: its state, while nobody has it
 * @mine: what no other process touches
 */
struct place {
	char name[NI_MAXHOST + NI_MAXSERV];
	char held[2048];
	char left[2048];
	char mine[2048];
};

static bool place_of(struct place *p, const char *dir, const struct sockaddr_storage *remote,
		     socklen_t len)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo((const struct sockaddr *)remote, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return false;
	snprintf(p->name, sizeof(p->name), "%s-%s", host, port);
	snprintf(p->held, sizeof(p->held), "%s/%s.held", dir, p->name);
	snprintf(p->left, sizeof(p->left), "%s/%s.left", dir, p->name);
	snprintf(p->mine, sizeof(p->mine), "%s/%s.%d", dir, p->name, getpid());
	return true;
}

static bool leave(const struct place *p, const struct state *s)
{
	FILE *file = fopen(p->mine, "w");

	if (!file)
		return false;
	fwrite(s, sizeof(*s), 1, file);
	return !fclose(file) && !rename(p->mine, p->left);
}

static bool claim(const struct place *p, struct state *s)
{
	bool whole = false;
	FILE *file;

	if (rename(p->left, p->mine))
		return false;
	file = fopen(p->mine, "r");
	if (file) {
		whole = fread(s, sizeof(*s), 1, file) == 1;
		fclose(file);
	}
	unlink(p->mine);
	return whole;
}

static void nap(long ms)
{
	const struct timespec t = { .tv_nsec = ms * 1000000 };

	nanosleep(&t, NULL);
}

/* Finds out where to go on. A socket that is dead already is nobody's. */
static bool take_over(const struct place *p, int fd, struct state *s)
{
	uint64_t end = now_ms() + CLAIM_S * 1000;
	int held;

	if (tcp_state(fd) == TCP_CLOSE)
		return false;
	held = open(p->held, O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (held >= 0) {
		close(held);
		return true;
	}
	while (!claim(p, s)) {
		if (tcp_state(fd) == TCP_CLOSE)
			return false;
		if (now_ms() >= end) {
			printf("%s: nobody left its state\n", p->name);
			return false;
		}
		nap(2);
	}
	printf("%s: taken at %llu in, %llu out\n", p->name, (unsigned long long)s->in,
	       (unsigned long long)s->out);
	return true;
}

/* What the remote says first is read in one piece, or stays in the socket. */
static int read_start(struct run *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	ssize_t got;

	for (;;) {
		poll(&p, 1, 1000);
		got = recv(r->fd, &r->s.start, sizeof(r->s.start), MSG_PEEK);
		if (got == (ssize_t)sizeof(r->s.start))
			got = recv(r->fd, &r->s.start, sizeof(r->s.start), 0);
		if (got == (ssize_t)sizeof(r->s.start)) {
			SHA256_Update(&r->s.in_sum, &r->s.start, sizeof(r->s.start));
			r->s.in = sizeof(r->s.start);
			return RIGHT;
		}
		r->s.start = (struct start){ 0 };
		if (tcp_state(r->fd) == TCP_CLOSE)
			return MOVED;
		if (!got)
			return WRONG;
		nap(5);
	}
}

/* Ends a process that had one connection. */
static void serve_one(int fd, const char *dir, const struct sockaddr_storage *remote, socklen_t len)
{
	static const char *const words[] = { "right", "moved", "wrong" };
	struct run r = { .fd = fd, .server = true, .s = nothing_done() };
	struct place place;
	int err = RIGHT;

	if (!place_of(&place, dir, remote, len) || !take_over(&place, fd, &r.s))
		exit(1);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (!r.s.in)
		err = read_start(&r);
	if (err == RIGHT)
		err = carry(&r, 0);
	if (err == MOVED) {
		if (!leave(&place, &r.s))
			perror("baton: state");
	} else {
		unlink(place.held);
	}
	printf("%s: %s at %llu in, %llu out, sums %s\n", place.name, words[err],
	       (unsigned long long)r.s.in, (unsigned long long)r.s.out, sums_of(&r.s));
	exit(err);
}

static const struct addrinfo *resolve(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *found;

	if (getaddrinfo(host, port, &hints, &found)) {
		fprintf(stderr, "baton: %s port %s: no such address\n", host, port);
		exit(2);
	}
	return found;
}

static int serve(const char *host, const char *port, const char *dir)
{
	const struct addrinfo *at = resolve(host, port);
	int listener = socket(at->ai_family, SOCK_STREAM, 0), fd;
	struct sockaddr_storage remote;
	const int on = 1;
	socklen_t len;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, at->ai_addr, at->ai_addrlen) || listen(listener, 128)) {
		perror("baton: serve");
		return 1;
	}
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		len = sizeof(remote);
		fd = accept(listener, (struct sockaddr *)&remote, &len);
		if (fd >= 0 && !fork()) {
			close(listener);
			serve_one(fd, dir, &remote, len);
		}
		if (fd >= 0)
			close(fd);
	}
}

/* The remote */

static void end_soon(int signal)
{
	(void)signal;
	told_to_end = 1;
}

/* One write into an empty socket: it takes it all. */
static int write_start(struct run *r)
{
	if (send(r->fd, &r->s.start, sizeof(r->s.start), MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(r->s.start))
		return MOVED;
	SHA256_Update(&r->s.out_sum, &r->s.start, sizeof(r->s.start));
	r->s.out = sizeof(r->s.start);
	return RIGHT;
}

static uint16_t own_port(int fd)
{
	struct sockaddr_in6 own = { 0 }; /* the port is at the same place in IPv4's */
	socklen_t len = sizeof(own);

	getsockname(fd, (struct sockaddr *)&own, &len);
	return ntohs(own.sin6_port);
}

static void run_one(const struct addrinfo *to, int which, uint64_t most, uint64_t rate)
{
	static const char *const words[] = { "right", "reset", "wrong" };
	struct run r = { .fd = socket(to->ai_family, SOCK_STREAM, 0), .s = nothing_done() };
	int err;

	r.s.start.rate = rate;
	if (connect(r.fd, to->ai_addr, to->ai_addrlen)) {
		printf("conn %d: connect: %s\n", which, strerror(errno));
		exit(1);
	}
	r.s.start.seed = ((uint64_t)own_port(r.fd) << 32) + (uint64_t)which;
	fcntl(r.fd, F_SETFL, O_NONBLOCK);
	err = write_start(&r);
	if (err == RIGHT)
		err = carry(&r, most);
	printf("conn %d from %u: %s, %llu bytes out, %llu in, longest pause %llu ms, sums %s\n",
	       which, own_port(r.fd), words[err], (unsigned long long)r.s.out,
	       (unsigned long long)r.s.in, (unsigned long long)r.pause, sums_of(&r.s));
	exit(err != RIGHT);
}

static int remote(const char *host, const char *port, int count, uint64_t most, uint64_t rate)
{
	const struct sigaction on_term = { .sa_handler = end_soon };
	const struct addrinfo *to = resolve(host, port);
	pid_t children[1024];
	int i, status, right = 0, left = count;

	if (count < 1 || count > 1024 || !rate)
		return 2;
	sigaction(SIGTERM, &on_term, NULL);
	for (i = 0; i < count; i++) {
		children[i] = fork();
		if (!children[i])
			run_one(to, i, most, rate);
	}
	while (left) {
		if (wait(&status) >= 0) {
			left--;
			right += status == 0;
		} else if (errno == EINTR) {
			for (i = 0; i < count; i++)
				kill(children[i], SIGTERM);
		} else {
			break;
		}
	}
	printf("%d of %d right\n", right, count);
	return right != count;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 5 && !strcmp(argv[1], "serve"))
		return serve(argv[2], argv[3], argv[4]);
	if (argc == 7 && !strcmp(argv[1], "remote"))
		return remote(argv[2], argv[3], atoi(argv[4]), strtoull(argv[5], NULL, 10),
			      strtoull(argv[6], NULL, 10));
	fputs("usage: baton serve ADDRESS PORT DIRECTORY |\n"
	      "       baton remote ADDRESS PORT CONNECTIONS BYTES RATE\n",
	      stderr);
	return 2;
}
