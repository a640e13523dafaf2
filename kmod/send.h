/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outbound: what leaves for a peer, sealed on the CPU that sends. */
#ifndef _SPW_SEND_H
#define _SPW_SEND_H

#include <linux/netdevice.h>

#include "way.h"

struct spw_cut;
struct spw_peer;

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
int spw_send_alone(struct spw_peer *peer, struct sk_buff *skb);
int spw_send_prepare(struct spw_peer *peer, struct spw_cut *cut, u64 first_seq,
		     struct spw_send_one *one);
void spw_send_prepared(struct spw_send_one *one, u8 tos);

#endif /* _SPW_SEND_H */
