/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outbound: inner packets and heartbeats become sealed datagrams. */
#ifndef _SPW_SEND_H
#define _SPW_SEND_H

#include <linux/netdevice.h>

struct spw_heartbeat;
struct spw_peer;

netdev_tx_t spw_send_xmit(struct sk_buff *skb, struct net_device *dev);
int spw_send_frame(struct spw_peer *peer, u8 type, const void *body,
		   unsigned int len, unsigned int pad);
void spw_send_heartbeat(struct spw_peer *peer, const struct spw_heartbeat *hb);

#endif /* _SPW_SEND_H */
