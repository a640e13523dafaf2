/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tunnel says for itself. */
#ifndef _SPW_FRAME_H
#define _SPW_FRAME_H

#include <linux/types.h>

struct sk_buff;
struct spw_ack;
struct spw_heartbeat;
struct spw_peer;
struct spw_pmtu_probe;

int spw_frame_probe(struct spw_peer *peer, u8 type,
		    const struct spw_pmtu_probe *probe, unsigned int pad);
void spw_frame_heartbeat(struct spw_peer *peer, const struct spw_heartbeat *hb);
void spw_frame_ack(struct spw_peer *peer, const struct spw_ack *ack);
unsigned int spw_frame_room(struct spw_peer *peer);
struct sk_buff *spw_frame_alloc(unsigned int len);
int spw_frame_send(struct spw_peer *peer, u8 type, struct sk_buff *skb);

#endif /* _SPW_FRAME_H */
