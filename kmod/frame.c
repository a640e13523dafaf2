// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the tunnel says for itself: frames that are no data, each a datagram of its own.
 */
#include <linux/skbuff.h>

#include "frame.h"
#include "link.h"
#include "peer.h"
#include "room.h"
#include "way.h"

/* One datagram of its own for a frame's body, with zeros behind it. */
static struct sk_buff *frame_skb(const struct spw_way *way, u8 type,
				 const void *body, unsigned int len,
				 unsigned int pad)
{
	unsigned int head = spw_way_headroom(way);
	struct sk_buff *skb;

	skb = alloc_skb(head + len + pad + SPW_LEN_TAG,
			GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, head);
	skb->protocol = htons(ETH_P_IP);
	skb_put_data(skb, body, len);
	skb_put_zero(skb, pad);
	spw_link_build_frame(skb_push(skb, SPW_LEN_FRAME_HDR), type, 0,
			     len + pad);
	return skb;
}

/* What the tunnel says for itself; returns 0 or a counter. */
static int send_frame(struct spw_peer *peer, u8 type, const void *body,
		      unsigned int len, unsigned int pad)
{
	struct spw_way way;
	struct sk_buff *skb;
	int drop;
	u64 pn;

	drop = spw_way_find(&way, peer);
	if (drop)
		return drop;
	skb = frame_skb(&way, type, body, len, pad);
	drop = skb ? spw_way_seal(&way, skb, &pn) : SPILLWAY_STAT_TX_DROP_NOMEM;
	if (!drop && spw_socket_send(peer, skb, &way.route, 0))
		drop = SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	dst_release(way.route.dst);
	return drop;
}

static void count_frame(struct spw_peer *peer, int drop, enum spillway_stat sent)
{
	if (unlikely(drop))
		spw_peer_drop(peer, drop, 1);
	else
		spw_peer_count(peer, sent, 1);
}

/**
 * spw_frame_probe() - ask whether the path carries a size, or answer that it did
 * @peer: under RCU or &spw_device.lock
 * @type: %SPW_FRAME_PROBE or %SPW_FRAME_PROBE_REPLY
 * @probe: what to say
 * @pad: bytes of zero behind it
 *
 * Any context but hard interrupts.
 *
 * Return: 0, or the counter of what went wrong, which has been counted.
 */
int spw_frame_probe(struct spw_peer *peer, u8 type,
		    const struct spw_pmtu_probe *probe, unsigned int pad)
{
	u8 body[SPW_LEN_PROBE];
	int drop;

	spw_link_build_probe(body, probe);
	local_bh_disable();
	rcu_read_lock();
	drop = send_frame(peer, type, body, sizeof(body), pad);
	if (unlikely(drop))
		spw_peer_drop(peer, drop, 1);
	rcu_read_unlock();
	local_bh_enable();
	return drop;
}

/**
 * spw_frame_heartbeat() - tell a peer how this node is
 * @peer: under &spw_device.lock
 * @hb: what to say
 */
void spw_frame_heartbeat(struct spw_peer *peer, const struct spw_heartbeat *hb)
{
	u8 body[SPW_LEN_HEARTBEAT];
	int drop;

	spw_link_build_heartbeat(body, hb);
	local_bh_disable();
	rcu_read_lock();
	drop = send_frame(peer, SPW_FRAME_HEARTBEAT, body, sizeof(body), 0);
	count_frame(peer, drop, SPILLWAY_STAT_HEARTBEAT_TX);
	rcu_read_unlock();
	local_bh_enable();
}

/**
 * spw_frame_ack() - tell a peer what has come from it
 * @peer: under RCU, bottom halves off
 * @ack: what to say
 */
void spw_frame_ack(struct spw_peer *peer, const struct spw_ack *ack)
{
	u8 body[SPW_LEN_ACK];
	int drop;

	spw_link_build_ack(body, ack);
	drop = send_frame(peer, SPW_FRAME_ACK, body, sizeof(body), 0);
	count_frame(peer, drop, SPILLWAY_STAT_ACK_TX);
}

/**
 * spw_frame_room() - how large a frame does the path take?
 * @peer: to whom, under RCU, bottom halves off
 *
 * Return: bytes of its body, 0 where there is no way to the peer.
 */
unsigned int spw_frame_room(struct spw_peer *peer)
{
	struct spw_way way;

	if (spw_way_find(&way, peer))
		return 0;
	dst_release(way.route.dst);
	return way.inner_max;
}

/**
 * spw_frame_alloc() - an empty packet for a frame's body
 * @len: its bytes, to be put by the caller
 *
 * Return: packet or NULL.
 */
struct sk_buff *spw_frame_alloc(unsigned int len)
{
	unsigned int head = LL_MAX_HEADER + SPW_LEN_OUTER6 + SPW_LEN_DGRAM_HDR +
			    SPW_LEN_FRAME_HDR;
	struct sk_buff *skb;

	skb = alloc_skb(head + len + SPW_LEN_TAG, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, head);
	skb->protocol = htons(ETH_P_IP);
	return skb;
}

/**
 * spw_frame_send() - seal and send a frame
 * @peer: to whom, under RCU, bottom halves off
 * @type: &enum spw_frame_type
 * @skb: of spw_frame_alloc(), its body put; consumed
 *
 * Return: 0 or the counter of the drop.
 */
int spw_frame_send(struct spw_peer *peer, u8 type, struct sk_buff *skb)
{
	unsigned int len = skb->len;
	struct spw_way way;
	int drop;
	u64 pn;

	drop = spw_way_find(&way, peer);
	if (drop) {
		kfree_skb(skb);
		return drop;
	}
	skb = spw_room_make(skb, spw_way_headroom(&way));
	if (skb) {
		spw_link_build_frame(skb_push(skb, SPW_LEN_FRAME_HDR), type, 0, len);
		drop = spw_way_seal(&way, skb, &pn);
	} else {
		drop = SPILLWAY_STAT_TX_DROP_NOMEM;
	}
	if (!drop && spw_socket_send(peer, skb, &way.route, 0))
		drop = SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	dst_release(way.route.dst);
	return drop;
}
