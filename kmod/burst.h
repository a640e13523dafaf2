/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sealed datagrams of one burst, walking the stack as one UDP GSO packet. */
#ifndef _SPW_BURST_H
#define _SPW_BURST_H

#include "chunk.h"

struct sk_buff;

enum spw_burst_limits {
	/* UDP_MAX_SEGMENTS of kernel 6.1, and what its receivers merge at most */
	SPW_BURST_DATAGRAMS = 64,
	/* an IP packet's length, less outer headers of either family */
	SPW_BURST_BYTES = 65535 - 48,
};

/**
 * struct spw_burst - datagrams under way into one packet
 * @skb: the packet
 * @chunk: pages of the last fragment
 * @size: bytes of the first datagram; only the last may be shorter
 * @count: datagrams
 * @todo: bytes that the caller still has, this burst's and more
 */
struct spw_burst {
	struct sk_buff *skb;
	struct spw_chunk chunk;
	unsigned int size;
	unsigned int count;
	unsigned int todo;
};

bool spw_burst_begin(struct spw_burst *b, const struct sk_buff *inner,
		     unsigned int head, unsigned int todo, unsigned int size);
void *spw_burst_room(struct spw_burst *b, unsigned int len);
struct sk_buff *spw_burst_end(struct spw_burst *b);

#endif /* _SPW_BURST_H */
