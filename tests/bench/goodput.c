// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * goodput: what arrives of connections that send as fast as they can.
 *
 *   goodput PATH K SECONDS FLOWS
 *
 * Connects FLOWS times from the namespace a-PATH, address 10.K.3.1, to r-PATH, address
 * 10.K.9.9, says "ready", reads a line, sends for SECONDS, and prints: bytes that were
 * read on the far side until then, bytes that TCP sent again.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FLOWS_MAX 64
#define PORT      6000

static struct pollfd ends[2 * FLOWS_MAX]; /* of each flow: sender, receiver */
static char bytes[128 * 1024];

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

static struct sockaddr_in address(unsigned int k, unsigned int net, unsigned int host,
				  uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };

	addr.sin_addr.s_addr = htonl(10U << 24 | k << 16 | net << 8 | host);
	return addr;
}

static int socket_at(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		err(1, "socket");
	return fd;
}

static void connect_flow(struct pollfd *flow, const struct sockaddr_in *from,
			 const struct sockaddr_in *to, int listener)
{
	flow[0].fd = socket_at(from);
	flow[0].events = POLLOUT;
	if (connect(flow[0].fd, (const struct sockaddr *)to, sizeof(*to)))
		err(1, "connect");
	flow[1].fd = accept(listener, NULL, NULL);
	flow[1].events = POLLIN;
	if (flow[1].fd < 0 || fcntl(flow[0].fd, F_SETFL, O_NONBLOCK) ||
	    fcntl(flow[1].fd, F_SETFL, O_NONBLOCK))
		err(1, "accept");
}

static void connect_all(const char *path, unsigned int k, int flows)
{
	struct sockaddr_in from = address(k, 3, 1, 0), to = address(k, 9, 9, PORT);
	int listener, i;

	enter("r", path);
	listener = socket_at(&to);
	if (listen(listener, flows))
		err(1, "listen");
	enter("a", path);
	for (i = 0; i < flows; i++)
		connect_flow(&ends[2 * i], &from, &to, listener);
	close(listener);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void send_some(int fd)
{
	if (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		err(1, "send");
}

static uint64_t receive_some(int fd)
{
	ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_TRUNC);

	if (got < 0 && errno != EAGAIN)
		err(1, "recv");
	return got > 0 ? (uint64_t)got : 0;
}

static uint64_t run(int flows, uint64_t seconds)
{
	uint64_t end = now_ms() + seconds * 1000, received = 0, now;
	int i;

	while ((now = now_ms()) < end) {
		poll(ends, 2 * (nfds_t)flows, (int)(end - now));
		for (i = 0; i < 2 * flows; i++)
			if (ends[i].revents & (POLLERR | POLLHUP))
				errx(1, "flow %d is broken", i / 2);
			else if (ends[i].revents & POLLOUT)
				send_some(ends[i].fd);
			else if (ends[i].revents & POLLIN)
				received += receive_some(ends[i].fd);
	}
	return received;
}

static uint64_t sent_again(int flows)
{
	struct tcp_info info = { 0 };
	uint64_t sum = 0;
	socklen_t len;
	int i;

	for (i = 0; i < flows; i++) {
		len = sizeof(info);
		if (getsockopt(ends[2 * i].fd, IPPROTO_TCP, TCP_INFO, &info, &len))
			err(1, "TCP_INFO");
		sum += info.tcpi_bytes_retrans;
	}
	return sum;
}

/* A reset, so that nothing lingers and sends into the next measurement. */
static void close_all(int flows)
{
	const struct linger linger = { .l_onoff = 1 };
	int i;

	for (i = 0; i < 2 * flows; i++) {
		setsockopt(ends[i].fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		close(ends[i].fd);
	}
}

static void await_line(void)
{
	char line[16];

	if (!fgets(line, sizeof(line), stdin))
		exit(1);
}

int main(int argc, char **argv)
{
	uint64_t received;
	int flows;

	if (argc != 5) {
		fputs("usage: goodput PATH K SECONDS FLOWS\n", stderr);
		return 2;
	}
	flows = atoi(argv[4]);
	if (flows < 1 || flows > FLOWS_MAX)
		return 2;
	connect_all(argv[1], (unsigned int)atoi(argv[2]), flows);
	puts("ready");
	fflush(stdout);
	await_line();
	received = run(flows, (uint64_t)atoll(argv[3]));
	printf("%llu %llu\n", (unsigned long long)received, (unsigned long long)sent_again(flows));
	fflush(stdout);
	/* Until counters have been read, and the relay looked at. */
	await_line();
	close_all(flows);
	return 0;
}
