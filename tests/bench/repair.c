// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * repair: what it costs to move an idle connection from user space, by TCP_REPAIR.
 *
 *   repair ADDRESS PORT N
 *   repair nothing N		N system calls of a few instructions: what a tracer takes is
 *				seen there
 *
 * Opens N connections to a server that sends back what it gets (crowd), and for each in
 * turn reads what a checkpoint needs, closes it, and makes it anew in the same place; the
 * new one must be answered. Prints a line each: instructions of reading, of closing and
 * of making (tests/lab/run --icount: a nanosecond is an instruction). What is read and
 * set is what spw_capture() and spw_restore() carry of a connection with empty queues.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/tcp.h>

/* RFC 9293, RFC 7323, RFC 2018; <netinet/tcp.h> does not go with <linux/tcp.h>. */
enum option_kind {
	OPTION_MSS = 2,
	OPTION_WINDOW = 3,
	OPTION_SACK = 4,
	OPTION_TIMESTAMP = 8,
};

/* Options that are read and set by number: the value is an int. */
static const struct {
	int level;
	int name;
} options[] = {
	{ SOL_SOCKET, SO_SNDBUF },
	{ SOL_SOCKET, SO_RCVBUF },
	{ SOL_SOCKET, SO_KEEPALIVE },
	{ SOL_SOCKET, SO_PRIORITY },
	{ SOL_SOCKET, SO_MARK },
	{ SOL_SOCKET, SO_RCVLOWAT },
	{ SOL_SOCKET, SO_OOBINLINE },
	{ IPPROTO_TCP, TCP_NODELAY },
	{ IPPROTO_TCP, TCP_CORK },
	{ IPPROTO_TCP, TCP_KEEPIDLE },
	{ IPPROTO_TCP, TCP_KEEPINTVL },
	{ IPPROTO_TCP, TCP_KEEPCNT },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT },
	{ IPPROTO_IP, IP_TOS },
	{ IPPROTO_IP, IP_TTL },
};

#define OPTIONS (sizeof(options) / sizeof(*options))

/**
 * struct image - what is read of a connection
 */
struct image {
	struct sockaddr_in here, there;
	struct tcp_info info;
	struct tcp_repair_window window;
	uint32_t recv_seq, send_seq;
	int received, sent, unsent;
	int mss, timestamp;
	char congestion[16];
	struct linger linger;
	int values[OPTIONS];
};

static void get(int fd, int level, int name, void *value, socklen_t len)
{
	if (getsockopt(fd, level, name, value, &len))
		err(1, "getsockopt %d %d", level, name);
}

static void set(int fd, int level, int name, const void *value, socklen_t len)
{
	if (setsockopt(fd, level, name, value, len))
		err(1, "setsockopt %d %d", level, name);
}

static void set_int(int fd, int level, int name, int value)
{
	set(fd, level, name, &value, sizeof(value));
}

static uint32_t read_queue(int fd, int queue)
{
	uint32_t seq;

	set_int(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue);
	get(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &seq, sizeof(seq));
	return seq;
}

static void dump(int fd, struct image *image)
{
	socklen_t len = sizeof(image->here);
	size_t i;

	set_int(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON);
	get(fd, IPPROTO_TCP, TCP_INFO, &image->info, sizeof(image->info));
	if (ioctl(fd, SIOCINQ, &image->received) || ioctl(fd, SIOCOUTQ, &image->sent) ||
	    ioctl(fd, SIOCOUTQNSD, &image->unsent))
		err(1, "queues");
	if (image->received || image->sent || image->unsent)
		errx(1, "queues are not empty");
	image->recv_seq = read_queue(fd, TCP_RECV_QUEUE);
	image->send_seq = read_queue(fd, TCP_SEND_QUEUE);
	set_int(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_NO_QUEUE);
	get(fd, IPPROTO_TCP, TCP_MAXSEG, &image->mss, sizeof(image->mss));
	get(fd, IPPROTO_TCP, TCP_TIMESTAMP, &image->timestamp, sizeof(image->timestamp));
	get(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &image->window, sizeof(image->window));
	get(fd, IPPROTO_TCP, TCP_CONGESTION, image->congestion, sizeof(image->congestion));
	get(fd, SOL_SOCKET, SO_LINGER, &image->linger, sizeof(image->linger));
	for (i = 0; i < OPTIONS; i++)
		get(fd, options[i].level, options[i].name, &image->values[i], sizeof(int));
	if (getsockname(fd, (struct sockaddr *)&image->here, &len) ||
	    getpeername(fd, (struct sockaddr *)&image->there, &len))
		err(1, "names");
}

static void restore_options(int fd, const struct image *image)
{
	const struct tcp_info *info = &image->info;
	struct tcp_repair_opt opts[4] = {
		{ OPTION_MSS, (uint32_t)image->mss },
		{ OPTION_WINDOW, info->tcpi_snd_wscale + (info->tcpi_rcv_wscale << 16) },
		{ OPTION_SACK, 0 },
		{ OPTION_TIMESTAMP, 0 },
	};
	size_t i;

	set(fd, IPPROTO_TCP, TCP_REPAIR_OPTIONS, opts, sizeof(opts));
	set_int(fd, IPPROTO_TCP, TCP_TIMESTAMP, image->timestamp);
	set(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &image->window, sizeof(image->window));
	set(fd, IPPROTO_TCP, TCP_CONGESTION, image->congestion, strlen(image->congestion));
	set(fd, SOL_SOCKET, SO_LINGER, &image->linger, sizeof(image->linger));
	/* The kernel doubles buffers that are set. */
	for (i = 0; i < OPTIONS; i++)
		set_int(fd, options[i].level, options[i].name,
			i < 2 ? image->values[i] / 2 : image->values[i]);
}

static int restore(const struct image *image)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	set_int(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON);
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE);
	set_int(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, (int)image->send_seq);
	set_int(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_RECV_QUEUE);
	set_int(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, (int)image->recv_seq);
	if (bind(fd, (const struct sockaddr *)&image->here, sizeof(image->here)) ||
	    connect(fd, (const struct sockaddr *)&image->there, sizeof(image->there)))
		err(1, "connect");
	set_int(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_NO_QUEUE);
	restore_options(fd, image);
	set_int(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP);
	return fd;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool is_answered(int fd, uint32_t question)
{
	uint32_t reply = 0;

	return send(fd, &question, sizeof(question), MSG_NOSIGNAL) == sizeof(question) &&
	       recv(fd, &reply, sizeof(reply), MSG_WAITALL) == sizeof(reply) && reply == question;
}

static void move_one(const struct sockaddr_in *to, uint32_t i)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct image image = { .received = 0 };
	uint64_t t[4];

	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) || !is_answered(fd, i))
		err(1, "connection %u", i);
	t[0] = now();
	dump(fd, &image);
	t[1] = now();
	close(fd);
	t[2] = now();
	fd = restore(&image);
	t[3] = now();
	if (!is_answered(fd, ~i))
		errx(1, "connection %u: not as it was", i);
	printf("%u\t%llu\t%llu\t%llu\n", i, (unsigned long long)(t[1] - t[0]),
	       (unsigned long long)(t[2] - t[1]), (unsigned long long)(t[3] - t[2]));
	/* The next is another: the place is taken until the end. */
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	uint32_t i, n;

	if (argc == 3 && !strcmp(argv[1], "nothing")) {
		for (i = 0; i < (uint32_t)atoi(argv[2]); i++)
			personality(0xffffffff);
		return 0;
	}
	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fputs("usage: repair ADDRESS PORT N | repair nothing N\n", stderr);
		return 2;
	}
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	n = (uint32_t)atoi(argv[3]);
	for (i = 0; i < n; i++)
		move_one(&to, i);
	return 0;
}
