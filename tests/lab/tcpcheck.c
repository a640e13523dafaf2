// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcpcheck: does a capture show nothing that one pair of TCP endpoints would not do?
 *
 *   tcpcheck FILE PORT [unordered]
 *
 * FILE is a pcap of what passes the remote's own link, in both directions and without
 * loss between it and the remote. PORT is the server's. For each connection and each of
 * its directions it looks for what betrays that an endpoint was changed for another: a
 * RST; a second handshake; a sequence number below what was sent, of a segment without
 * data; data beyond the window; acknowledgments, their timestamps or the right edge of
 * the window that step back; acknowledgments of what was never sent; an echo of a time
 * that never was; a timestamp that is missing. These are faults. Segments sent again and
 * duplicate acknowledgments are counted: what of them is too much, a capture of a
 * connection that was never moved tells. Where the lab's own processors change the order
 * of packets on their way, nothing that steps back is a fault.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNS_MAX 4096
#define SNAP_MAX  (1 << 18)

#define LINK_ETHERNET 1
#define LINK_RAW      101
#define LINK_COOKED2  276

enum fault {
	RESET,
	HANDSHAKE_AGAIN,
	SEQ_BACK,
	BEYOND_WINDOW,
	ACK_BACK,
	ACK_UNSENT,
	EDGE_BACK,
	TIME_BACK,
	ECHO_BACK,
	ECHO_UNSENT,
	TIME_MISSING,
	FAULTS
};

static const char *const fault_words[FAULTS] = { "reset",         "handshake-again", "seq-back",
						 "beyond-window", "ack-back",        "ack-unsent",
						 "edge-back",     "time-back",       "echo-back",
						 "echo-unsent",   "time-missing" };

/**
 * struct segment - one TCP segment of the capture
 * @key: both addresses and ports, as the client has them: itself first
 * @by_server: its direction
 * @seq: of its first byte
 * @end: of the one behind its last, SYN and FIN counted
 * @ack: acknowledged
 * @window: as it stands there
 * @flags: TCP's
 * @len: bytes of data
 * @scale: of a SYN's option, 0 if there is none
 * @timed: has timestamps
 * @time: and
 * @echo: these
 */
struct segment {
	uint8_t key[36];
	bool by_server;
	uint32_t seq;
	uint32_t end;
	uint32_t ack;
	uint16_t window;
	uint8_t flags;
	uint32_t len;
	uint8_t scale;
	bool timed;
	uint32_t time;
	uint32_t echo;
};

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

/**
 * struct side - one direction of a connection: what its sender has said so far
 * @began: has sent a SYN
 * @acked: has acknowledged something
 * @first: sequence of its SYN
 * @next: the highest that it sent, and one
 * @ack: the highest that it acknowledged
 * @edge: the highest right edge of the window that it offered
 * @window: in the last segment
 * @scale: of @window
 * @timed: its SYN had timestamps
 * @time: the last one
 * @echo: the last one that it echoed
 * @echoed: has echoed one
 * @segments: sent
 * @handshakes: SYNs of different numbers
 * @again: segments that began below @next
 * @stale: of these, that were acknowledged already
 * @duplicates: acknowledgments that said nothing new
 * @row: of these, at once
 * @row_most: the most at once
 * @back_most: the furthest that the edge stepped back
 * @faults: how often
 */
struct side {
	bool began;
	bool acked;
	uint32_t first;
	uint32_t next;
	uint32_t ack;
	uint32_t edge;
	uint16_t window;
	uint8_t scale;
	bool timed;
	uint32_t time;
	uint32_t echo;
	bool echoed;
	unsigned int segments;
	unsigned int handshakes;
	unsigned int again;
	unsigned int stale;
	unsigned int duplicates;
	unsigned int row;
	unsigned int row_most;
	unsigned int back_most;
	unsigned int faults[FAULTS];
};

struct conn {
	uint8_t key[36];
	struct side sides[2]; /* the client's, the server's */
};

#define OF_ORDER (1 << SEQ_BACK | 1 << ACK_BACK | 1 << EDGE_BACK | 1 << TIME_BACK | 1 << ECHO_BACK)

static bool unordered;
static struct conn conns[CONNS_MAX];
static unsigned int conn_count;

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Reading */

static void read_options(struct segment *s, const uint8_t *p, size_t len)
{
	size_t i, size;

	for (i = 0; i < len && p[i]; i += size) {
		if (p[i] == 1) {
			size = 1;
			continue;
		}
		size = i + 1 < len ? p[i + 1] : 0;
		if (size < 2 || i + size > len)
			return;
		if (p[i] == 3 && size == 3)
			s->scale = p[i + 2] > 14 ? 14 : p[i + 2];
		if (p[i] == 8 && size == 10) {
			s->timed = true;
			s->time = get32(p + i + 2);
			s->echo = get32(p + i + 6);
		}
	}
}

/* @payload: bytes from the TCP header on, as IP says; @have: as captured. */
static bool read_tcp(struct segment *s, const uint8_t *p, size_t have, size_t payload,
		     uint16_t port, const uint8_t *from, const uint8_t *to, size_t addr_len)
{
	size_t header = have > 12 ? (size_t)(p[12] >> 4) * 4 : 0;

	if (have < 20 || header < 20 || header > payload || header > have)
		return false;
	if (get16(p) != port && get16(p + 2) != port)
		return false;
	s->by_server = get16(p) == port;
	memcpy(s->key, s->by_server ? to : from, addr_len);
	memcpy(s->key + 16, s->by_server ? from : to, addr_len);
	memcpy(s->key + 32, p + (s->by_server ? 2 : 0), 2);
	memcpy(s->key + 34, p + (s->by_server ? 0 : 2), 2);
	s->seq = get32(p + 4);
	s->ack = get32(p + 8);
	s->flags = p[13];
	s->window = get16(p + 14);
	s->len = (uint32_t)(payload - header);
	s->end = s->seq + s->len + !!(s->flags & SYN) + !!(s->flags & FIN);
	read_options(s, p + 20, header - 20);
	return true;
}

static bool read_ip(struct segment *s, const uint8_t *p, size_t have, uint16_t port)
{
	size_t header, total;

	memset(s, 0, sizeof(*s));
	if (have >= 20 && p[0] >> 4 == 4) {
		header = (size_t)(p[0] & 15) * 4;
		total = get16(p + 2);
		if (p[9] != 6 || get16(p + 6) & 0x1fff || header > have || header > total)
			return false;
		return read_tcp(s, p + header, have - header, total - header, port, p + 12, p + 16,
				4);
	}
	if (have >= 40 && p[0] >> 4 == 6 && p[6] == 6)
		return read_tcp(s, p + 40, have - 40, get16(p + 4), port, p + 8, p + 24, 16);
	return false;
}

static size_t link_header(uint32_t type)
{
	switch (type) {
	case LINK_ETHERNET:
		return 14;
	case LINK_COOKED2:
		return 20;
	case LINK_RAW:
		return 0;
	default:
		fprintf(stderr, "tcpcheck: link type %u is not known\n", type);
		exit(2);
	}
}

/* Judging */

static struct conn *conn_of(const struct segment *s)
{
	static unsigned int last;
	unsigned int i;

	if (last < conn_count && !memcmp(conns[last].key, s->key, sizeof(s->key)))
		return &conns[last];
	for (i = 0; i < conn_count; i++)
		if (!memcmp(conns[i].key, s->key, sizeof(s->key)))
			break;
	if (i == CONNS_MAX) {
		fputs("tcpcheck: too many connections\n", stderr);
		exit(2);
	}
	if (i == conn_count)
		memcpy(conns[conn_count++].key, s->key, sizeof(s->key));
	last = i;
	return &conns[i];
}

static void judge_syn(struct side *a, const struct segment *s)
{
	if (a->began && a->first == s->seq)
		return;
	if (a->began)
		a->faults[HANDSHAKE_AGAIN]++;
	a->began = true;
	a->handshakes++;
	a->first = s->seq;
	a->next = s->end;
	a->scale = s->scale;
	a->timed = s->timed;
	a->time = s->time;
	a->acked = false;
	a->echoed = false;
}

static void judge_sequence(struct side *a, const struct side *b, const struct segment *s)
{
	bool empty = s->end == s->seq;

	/* A probe of a silent remote has the number before the next it waits for. */
	if (empty && before(s->seq, a->next) && !(b->acked && s->seq == b->ack - 1))
		a->faults[SEQ_BACK]++;
	/* A FIN is sent where the window is full, too. */
	if (b->acked && s->len && before(b->edge, s->seq + s->len))
		a->faults[BEYOND_WINDOW]++;
	if (!empty && before(s->seq, a->next)) {
		a->again++;
		if (b->acked && !before(b->ack, s->end))
			a->stale++;
	}
	if (before(a->next, s->end))
		a->next = s->end;
}

static void judge_duplicate(struct side *a, const struct segment *s)
{
	bool same = a->acked && s->ack == a->ack && s->window == a->window;

	if (s->end != s->seq || !same) {
		a->row = 0;
		return;
	}
	a->duplicates++;
	a->row++;
	if (a->row > a->row_most)
		a->row_most = a->row;
}

static void judge_ack(struct side *a, const struct side *b, const struct segment *s)
{
	uint32_t edge = s->ack + ((uint32_t)s->window << (s->flags & SYN ? 0 : a->scale));
	/* The window is told in units of this, and need not end at one. */
	uint32_t unit = 1u << a->scale, back;

	if (a->acked && before(s->ack, a->ack))
		a->faults[ACK_BACK]++;
	if (b->began && before(b->next, s->ack))
		a->faults[ACK_UNSENT]++;
	back = a->acked && before(edge, a->edge) ? a->edge - edge : 0;
	if (back >= unit)
		a->faults[EDGE_BACK]++;
	if (back > a->back_most)
		a->back_most = back;
	if (!a->acked || before(a->ack, s->ack))
		a->ack = s->ack;
	if (!a->acked || before(a->edge, edge))
		a->edge = edge;
	a->window = s->window;
	a->acked = true;
}

static void judge_time(struct side *a, const struct side *b, const struct segment *s)
{
	if (!a->timed)
		return;
	if (!s->timed) {
		a->faults[TIME_MISSING] += b->timed;
		return;
	}
	if (before(s->time, a->time))
		a->faults[TIME_BACK]++;
	else
		a->time = s->time;
	if (!(s->flags & ACK) || !b->timed)
		return;
	if (a->echoed && before(s->echo, a->echo))
		a->faults[ECHO_BACK]++;
	if (before(b->time, s->echo))
		a->faults[ECHO_UNSENT]++;
	a->echo = s->echo;
	a->echoed = true;
}

static void judge(const struct segment *s)
{
	struct conn *conn = conn_of(s);
	struct side *a = &conn->sides[s->by_server], *b = &conn->sides[!s->by_server];

	a->segments++;
	if (s->flags & RST) {
		a->faults[RESET]++;
		return;
	}
	if (s->flags & SYN)
		judge_syn(a, s);
	/* The capture began later than this connection. */
	if (!a->began)
		return;
	judge_sequence(a, b, s);
	if (s->flags & ACK) {
		judge_duplicate(a, s);
		judge_ack(a, b, s);
	}
	judge_time(a, b, s);
}

/* Telling */

static unsigned int tell_side(const struct conn *conn, int server)
{
	const struct side *a = &conn->sides[server];
	char client[INET6_ADDRSTRLEN];
	unsigned int i, sum = 0;
	int family = AF_INET;

	for (i = 4; i < 16; i++)
		if (conn->key[i])
			family = AF_INET6;
	inet_ntop(family, conn->key, client, sizeof(client));
	printf("%s-%u %s: %u segments, %u again, %u of them stale, %u duplicate ACKs, at most %u "
	       "at once, edge back %u",
	       client, get16(conn->key + 32), server ? "server" : "client", a->segments, a->again,
	       a->stale, a->duplicates, a->row_most, a->back_most);
	for (i = 0; i < FAULTS; i++) {
		if (unordered && OF_ORDER & 1 << i)
			continue;
		sum += a->faults[i];
		if (a->faults[i])
			printf(", %s %u", fault_words[i], a->faults[i]);
	}
	puts("");
	return sum;
}

static unsigned int tell(void)
{
	static const char *const words[] = { "client", "server" };
	unsigned int i, faults = 0, handshakes = 0, most[2] = { 0 }, again[2] = { 0 };
	unsigned int stale[2] = { 0 }, duplicates[2] = { 0 };
	const struct side *a;
	int side;

	for (i = 0; i < conn_count; i++) {
		handshakes += conns[i].sides[0].handshakes;
		for (side = 0; side < 2; side++) {
			faults += tell_side(&conns[i], side);
			a = &conns[i].sides[side];
			most[side] = a->row_most > most[side] ? a->row_most : most[side];
			again[side] += a->again;
			stale[side] += a->stale;
			duplicates[side] += a->duplicates;
		}
	}
	for (side = 0; side < 2; side++)
		printf("%s_again=%u %s_stale=%u %s_duplicates=%u %s_row=%u ", words[side],
		       again[side], words[side], stale[side], words[side], duplicates[side],
		       words[side], most[side]);
	printf("connections=%u handshakes=%u faults=%u\n", conn_count, handshakes, faults);
	return faults;
}

static uint32_t host32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

int main(int argc, char **argv)
{
	static uint8_t packet[SNAP_MAX];
	uint8_t header[24], record[16];
	struct segment s;
	size_t skip, len;
	FILE *file;

	unordered = argc == 4 && !strcmp(argv[3], "unordered");
	if (argc != 3 + unordered) {
		fputs("usage: tcpcheck FILE PORT [unordered]\n", stderr);
		return 2;
	}
	file = fopen(argv[1], "r");
	if (!file || fread(header, sizeof(header), 1, file) != 1 ||
	    (host32(header) != 0xa1b2c3d4 && host32(header) != 0xa1b23c4d)) {
		fprintf(stderr, "tcpcheck: %s is no capture of this machine\n", argv[1]);
		return 2;
	}
	skip = link_header(host32(header + 20) & 0xffff);
	while (fread(record, sizeof(record), 1, file) == 1) {
		len = host32(record + 8);
		if (len > SNAP_MAX || fread(packet, 1, len, file) != len)
			break;
		if (len > skip && read_ip(&s, packet + skip, len - skip, (uint16_t)atoi(argv[2])))
			judge(&s);
	}
	fclose(file);
	return tell() != 0;
}
