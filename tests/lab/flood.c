// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flood: datagrams that have no business there, at an exact rate, from a socket of its own.
 *
 *   flood ADDRESS PORT RATE COUNT random          any bytes, any length
 *   flood ADDRESS PORT RATE COUNT forge FILE      header and length of real ones, the
 *                                                 number higher, the rest random
 *   flood ADDRESS PORT RATE COUNT replay FILE     real ones again, in turn
 *   flood ADDRESS PORT RATE 0 flip FILE           the first of the real ones, once with
 *                                                 each of its bits flipped
 *   flood ADDRESS PORT RATE 0 cut FILE            and once cut short at each length
 *
 * FILE is what tcpdump wrote on an Ethernet device, of UDP over IPv4. RATE is per second.
 * Prints how many were sent, and how many answers came.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADERS   (14 + 20 + 8)
#define REAL_MAX  4096
#define DGRAM_MAX 1472
#define PN_AT     8 /* kmod/messages.h */
#define HDR_LEN   16

struct dgram {
	uint8_t bytes[DGRAM_MAX];
	size_t len;
};

static struct dgram real[REAL_MAX];
static size_t real_count;

/* Bursts are left out: the capture does not tell where one datagram ends. */
static void read_capture(const char *path)
{
	static uint8_t frame[1 << 17];
	uint8_t file_hdr[24];
	uint32_t hdr[4];
	FILE *f = fopen(path, "r");

	if (!f || fread(file_hdr, sizeof(file_hdr), 1, f) != 1)
		err(1, "%s", path);
	while (real_count < REAL_MAX && fread(hdr, sizeof(hdr), 1, f) == 1) {
		if (hdr[2] > sizeof(frame) || fread(frame, hdr[2], 1, f) != 1)
			errx(1, "%s: not a capture of whole frames", path);
		if (hdr[2] <= HEADERS || hdr[2] - HEADERS > DGRAM_MAX)
			continue;
		real[real_count].len = hdr[2] - HEADERS;
		memcpy(real[real_count].bytes, frame + HEADERS, hdr[2] - HEADERS);
		real_count++;
	}
	fclose(f);
	if (!real_count)
		errx(1, "%s: nothing in it", path);
}

static void fill_random(uint8_t *to, size_t len)
{
	while (len--)
		*to++ = (uint8_t)(random() >> 8);
}

static void make_random(struct dgram *d, size_t i)
{
	(void)i;
	d->len = (size_t)random() % (DGRAM_MAX + 1);
	fill_random(d->bytes, d->len);
}

static void make_forged(struct dgram *d, size_t i)
{
	*d = real[i % real_count];
	d->bytes[PN_AT + 4]++; /* by 2^24: far above, not yet seen */
	fill_random(d->bytes + HDR_LEN, d->len - HDR_LEN);
}

static void make_replay(struct dgram *d, size_t i)
{
	*d = real[i % real_count];
}

static void make_flipped(struct dgram *d, size_t i)
{
	*d = real[0];
	d->bytes[i / 8] ^= (uint8_t)(1 << i % 8);
}

static void make_cut(struct dgram *d, size_t i)
{
	*d = real[0];
	d->len = i;
}

static const struct kind {
	const char *name;
	void (*make)(struct dgram *d, size_t i);
	size_t per_byte; /* how many of them, if not COUNT */
} kinds[] = {
	{ "random", make_random, 0 }, { "forge", make_forged, 0 }, { "replay", make_replay, 0 },
	{ "flip", make_flipped, 8 },  { "cut", make_cut, 1 },
};

static const struct kind *kind_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(name, kinds[i].name))
			return &kinds[i];
	errx(2, "unknown kind %s", name);
}

static int socket_to(const char *host, const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || inet_pton(AF_INET, host, &to.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "%s", host);
	return fd;
}

static void wait_for_turn(const struct timespec *start, size_t i, uint64_t rate)
{
	uint64_t ns = (uint64_t)start->tv_nsec + i * 1000000000ULL / rate;
	struct timespec at = { .tv_sec = start->tv_sec + (time_t)(ns / 1000000000),
			       .tv_nsec = (long)(ns % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static size_t flood(int fd, const struct kind *kind, uint64_t rate, size_t count)
{
	struct timespec start;
	struct dgram d;
	size_t i, sent = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < count; i++) {
		wait_for_turn(&start, i, rate);
		kind->make(&d, i);
		if (send(fd, d.bytes, d.len, 0) == (ssize_t)d.len)
			sent++;
	}
	return sent;
}

/* A datagram, or an ICMP error: that is one too. */
static unsigned int answers(int fd)
{
	unsigned int n = 0;
	char byte;

	usleep(200000);
	while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN)
		n++;
	return n;
}

int main(int argc, char **argv)
{
	const struct kind *kind;
	size_t count, sent;
	int fd;

	if (argc < 6) {
		fputs("usage: flood ADDRESS PORT RATE COUNT KIND [FILE]\n", stderr);
		return 2;
	}
	kind = kind_of(argv[5]);
	if (kind->make != make_random)
		read_capture(argc > 6 ? argv[6] : "");
	count = kind->per_byte ? kind->per_byte * real[0].len : (size_t)atoll(argv[4]);
	srandom(7);
	fd = socket_to(argv[1], argv[2]);
	sent = flood(fd, kind, (uint64_t)atoll(argv[3]), count);
	printf("%zu %u\n", sent, answers(fd));
	return 0;
}
