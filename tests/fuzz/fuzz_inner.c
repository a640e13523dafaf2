// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inner packets, and putting them together: the input is packets, each behind its length
 * (16 bits, big-endian). Whatever was put together is cut again as a device would cut it,
 * and must give the headers that came, checksums aside.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

#define PACKETS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	IP4_ID = 4,
	IP4_FRAG = 6,
	IP4_CSUM = 10,
	TCP_FLAGS = 13,
	TCP_CSUM = 16,
	PSH_FIN = 0x09,
	CWR = 0x80,
};

struct group {
	struct spw_merge merge;
	const uint8_t *packets[PACKETS_MAX];
	struct spw_inner shapes[PACKETS_MAX];
	unsigned int count;
};

static uint32_t get(const uint8_t *p, unsigned int bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | *p++;
	return value;
}

static void put(uint8_t *p, unsigned int bytes, uint32_t value)
{
	while (bytes--) {
		p[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

/* Headers of the piece, cut off @offset bytes into the whole: as tcp_gso_segment(). */
static void cut(const struct group *g, unsigned int which, uint32_t offset, uint8_t *hdr)
{
	const struct spw_inner *shape = &g->merge.shape;
	uint32_t payload = g->shapes[which].payload;
	uint8_t *tcp = hdr + shape->ip_len;

	memcpy(hdr, g->merge.hdr, shape->hdr_len);
	if (shape->family == 4) {
		put(hdr + 2, 2, shape->hdr_len + payload);
		put(hdr + IP4_ID, 2, get(hdr + IP4_ID, 2) + which);
	} else {
		put(hdr + 4, 2, shape->hdr_len + payload - SPW_INNER_IP6);
	}
	put(tcp + 4, 4, get(tcp + 4, 4) + offset);
	if (which + 1 < g->count)
		tcp[TCP_FLAGS] &= (uint8_t)~PSH_FIN;
	if (which)
		tcp[TCP_FLAGS] &= (uint8_t)~CWR;
}

/* What is made anew: checksums; and with DF an identification that stood still. */
static void blank(const struct spw_inner *shape, uint8_t *hdr)
{
	if (shape->family == 4) {
		put(hdr + IP4_CSUM, 2, 0);
		if (hdr[IP4_FRAG] & 0x40)
			put(hdr + IP4_ID, 2, 0);
	}
	put(hdr + shape->ip_len + TCP_CSUM, 2, 0);
}

static void check_piece(const struct group *g, unsigned int which, uint32_t offset)
{
	uint8_t made[SPW_INNER_HDR_MAX], came[SPW_INNER_HDR_MAX];
	const struct spw_inner *shape = &g->shapes[which];

	memcpy(came, g->packets[which], shape->hdr_len);
	cut(g, which, offset, made);
	blank(shape, made);
	blank(shape, came);
	if (memcmp(made, came, shape->hdr_len))
		abort();
}

static void finish(struct group *g)
{
	uint32_t offset = 0;
	unsigned int i;

	if (!g->count)
		return;
	spw_merge_finish(&g->merge);
	if (g->merge.count != g->count || g->merge.shape.hdr_len + g->merge.payload > SPW_INNER_MAX)
		abort();
	for (i = 0; i < g->count; i++) {
		/* Only the last may be shorter, and none longer. */
		if (g->shapes[i].payload != g->merge.shape.payload &&
		    (i + 1 < g->count || g->shapes[i].payload > g->merge.shape.payload))
			abort();
		check_piece(g, i, offset);
		offset += g->shapes[i].payload;
	}
	if (offset != g->merge.payload)
		abort();
	g->count = 0;
}

static void take(struct group *g, const uint8_t *packet, const struct spw_inner *shape)
{
	if (g->count == PACKETS_MAX || !g->count || !spw_merge_add(&g->merge, packet, shape)) {
		finish(g);
		spw_merge_begin(&g->merge, packet, shape);
	}
	g->packets[g->count] = packet;
	g->shapes[g->count++] = *shape;
}

static void check_shape(const struct spw_inner *shape, size_t len)
{
	if ((shape->family != 4 && shape->family != 6) || shape->hdr_len > SPW_INNER_HDR_MAX ||
	    shape->ip_len + SPW_INNER_TCP > shape->hdr_len ||
	    shape->hdr_len + shape->payload != len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct group g;
	struct spw_inner shape;
	size_t at, len;

	g.count = 0;
	for (at = 0; at + 2 <= size; at += len) {
		len = get(data + at, 2);
		at += 2;
		if (len > size - at)
			len = size - at;
		if (spw_inner_parse(data + at, len, &shape))
			continue;
		check_shape(&shape, len);
		take(&g, data + at, &shape);
	}
	finish(&g);
	return 0;
}
