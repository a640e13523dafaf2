// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * numbers PORT FILE: reads a capture (pcap, Ethernet) of the tunnel's datagrams and tells
 * whether any packet number was used twice with one key by one sender. The capture must
 * have been taken of datagrams by themselves, not of bursts. Exit status 1 if one was, or
 * if there is none at all.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCAP_MAGIC    0xa1b2c3d4U
#define PCAP_MAGIC_NS 0xa1b23c4dU
#define SNAP_MAX      262144

struct number {
	uint64_t pn;
	uint32_t key;
	uint16_t source; /* the end of the sender's address: scenes have small networks */
};

struct list {
	struct number *at;
	size_t count;
	size_t room;
};

static void add(struct list *list, const struct number *n)
{
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 65536;
		list->at = realloc(list->at, list->room * sizeof(*list->at));
		if (!list->at)
			exit(2);
	}
	list->at[list->count++] = *n;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The UDP header of an Ethernet frame, or NULL; *source is the sender. */
static const uint8_t *find_udp(const uint8_t *p, size_t len, uint16_t *source)
{
	if (len < 14 + 40 + 8)
		return NULL;
	p += 12;
	if (p[0] == 0x08 && p[1] == 0x00 && p[2 + 9] == 17) {
		*source = (uint16_t)get32(p + 2 + 12);
		return p + 2 + (p[2] & 15) * 4;
	}
	if (p[0] == 0x86 && p[1] == 0xdd && p[2 + 6] == 17) {
		*source = (uint16_t)get32(p + 2 + 20);
		return p + 2 + 40;
	}
	return NULL;
}

static void take(struct list *list, const uint8_t *frame, size_t len, uint16_t port)
{
	struct number n = { 0 };
	const uint8_t *udp = find_udp(frame, len, &n.source);
	const uint8_t *dgram;

	if (!udp || udp + 8 + 16 > frame + len || (udp[2] << 8 | udp[3]) != port)
		return;
	dgram = udp + 8;
	if (dgram[0] != 1 || dgram[1] != 1)
		return;
	n.key = get32(dgram + 4);
	n.pn = (uint64_t)get32(dgram + 8) << 32 | get32(dgram + 12);
	add(list, &n);
}

static bool read_capture(FILE *in, struct list *list, uint16_t port)
{
	static uint8_t data[SNAP_MAX];
	uint32_t head[6], record[4];

	if (fread(head, sizeof(head), 1, in) != 1 ||
	    (head[0] != PCAP_MAGIC && head[0] != PCAP_MAGIC_NS) || head[5] != 1)
		return false;
	while (fread(record, sizeof(record), 1, in) == 1) {
		if (record[2] > SNAP_MAX || fread(data, 1, record[2], in) != record[2])
			return false;
		take(list, data, record[2], port);
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct number *x = a, *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->pn != y->pn)
		return x->pn < y->pn ? -1 : 1;
	return 0;
}

int main(int argc, char **argv)
{
	struct list list = { 0 };
	size_t keys = 0, twice = 0;
	FILE *in;

	in = argc == 3 ? fopen(argv[2], "re") : NULL;
	if (!in || !read_capture(in, &list, (uint16_t)atoi(argv[1]))) {
		fprintf(stderr, "usage: numbers PORT FILE (pcap, Ethernet)\n");
		return 2;
	}
	fclose(in);
	if (list.count)
		qsort(list.at, list.count, sizeof(*list.at), compare);
	for (size_t i = 0; i < list.count; i++) {
		const struct number *n = &list.at[i];

		keys += !i || n[-1].source != n->source || n[-1].key != n->key;
		twice += i && !compare(&n[-1], n);
	}
	printf("%zu datagrams, %zu keys, %zu numbers used twice\n", list.count, keys, twice);
	free(list.at);
	return twice || !list.count;
}
