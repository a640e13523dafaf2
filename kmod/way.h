/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to a peer: key, route and size. */
#ifndef _SPW_WAY_H
#define _SPW_WAY_H

#include "socket.h"

struct spw_key;
struct spw_peer;

/**
 * struct spw_way - the way to a peer, for one packet of the stack
 * @peer: to whom
 * @key: that seals
 * @route: outer
 * @inner_max: largest inner packet
 */
struct spw_way {
	struct spw_peer *peer;
	struct spw_key *key;
	struct spw_route route;
	unsigned int inner_max;
};

int spw_way_find(struct spw_way *way, struct spw_peer *peer);
unsigned int spw_way_headroom(const struct spw_way *way);
int spw_way_seal(const struct spw_way *way, struct sk_buff *skb, u64 *pn);
int spw_way_transmit(const struct spw_way *way, struct sk_buff *skb, u8 tos,
		     unsigned int datagrams, unsigned int bytes);

#endif /* _SPW_WAY_H */
