/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outbound: what leaves for a peer, sealed on the CPU that sends. */
#ifndef _SPW_SEND_H
#define _SPW_SEND_H

#include <linux/netdevice.h>

#include "socket.h"

struct spw_ack;
struct spw_cut;
struct spw_heartbeat;
struct spw_key;
struct spw_peer;
struct spw_pmtu_probe;

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

/**
 * struct spw_send_one - one datagram that is ready to leave
 * @way: where to
 * @skb: sealed
 * @pn: its packet number
 */
struct spw_send_one {
	struct spw_way way;
	struct sk_buff *skb;
	u64 pn;
};

netdev_tx_t spw_send_xmit(struct sk_buff *skb, struct net_device *dev);
int spw_send_prepare(struct spw_peer *peer, struct spw_cut *cut, u64 first_seq,
		     struct spw_send_one *one);
void spw_send_prepared(struct spw_send_one *one, u8 tos);
int spw_send_probe(struct spw_peer *peer, u8 type,
		   const struct spw_pmtu_probe *probe, unsigned int pad);
void spw_send_heartbeat(struct spw_peer *peer, const struct spw_heartbeat *hb);
void spw_send_ack(struct spw_peer *peer, const struct spw_ack *ack);
unsigned int spw_send_frame_room(struct spw_peer *peer);
struct sk_buff *spw_send_frame_alloc(unsigned int len);
int spw_send_frame(struct spw_peer *peer, u8 type, struct sk_buff *skb);

#endif /* _SPW_SEND_H */
