// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way to a peer for one packet of the stack: which key seals, which route it takes,
 * how large it may be; sealing and sending on it.
 */
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/dst.h>

#include "crypt.h"
#include "messages.h"
#include "peer.h"
#include "way.h"

/* Below this there is hardly room for headers. (The kernel believes no ICMP message
 * that says less than net.ipv4.route.min_pmtu, 552.)
 */
#define PATH_MIN4	256
#define PATH_MIN6	1280	/* RFC 8200 */

/* What the path was found to take, and never more than the routing allows now. */
static unsigned int inner_max(const struct spw_peer *peer,
			      const struct spw_route *route)
{
	bool six = route->endpoint.family == AF_INET6;
	unsigned int mtu = min_t(unsigned int, dst_mtu(route->dst),
				 READ_ONCE(peer->pmtu.size));

	mtu = max_t(unsigned int, mtu, six ? PATH_MIN6 : PATH_MIN4);
	return mtu - (six ? SPW_LEN_OVERHEAD6 : SPW_LEN_OVERHEAD4);
}

/**
 * spw_way_find() - key, route and size of what leaves for a peer now
 * @way: receives them, with a reference to the route's dst
 * @peer: under RCU, bottom halves off
 *
 * Return: 0 or the counter that names what is missing.
 */
int spw_way_find(struct spw_way *way, struct spw_peer *peer)
{
	int err;

	way->peer = peer;
	way->key = rcu_dereference(peer->tx_key);
	if (unlikely(!way->key))
		return SPILLWAY_STAT_TX_DROP_NO_KEY;
	if (unlikely(spw_key_expired(way->key, spw_key_clock())))
		return SPILLWAY_STAT_TX_DROP_KEY_SPENT;
	err = spw_socket_route(peer, &way->route);
	if (unlikely(err))
		return err == -ELOOP ? SPILLWAY_STAT_TX_DROP_LOOP :
				       SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	way->inner_max = inner_max(peer, &way->route);
	return 0;
}

/**
 * spw_way_headroom() - room for all headers in front of a frame's body
 * @way: found
 */
unsigned int spw_way_headroom(const struct spw_way *way)
{
	const struct dst_entry *dst = way->route.dst;

	return LL_RESERVED_SPACE(dst->dev) + dst->header_len + SPW_LEN_OUTER6 +
	       SPW_LEN_DGRAM_HDR + SPW_LEN_FRAME_HDR;
}

/**
 * spw_way_seal() - a frame becomes a datagram
 * @way: found
 * @skb: at the frame, linear, with room in front and behind; consumed on error
 * @pn: receives its packet number
 *
 * Return: 0 or the counter of the drop.
 */
int spw_way_seal(const struct spw_way *way, struct sk_buff *skb, u64 *pn)
{
	unsigned int len = skb->len;

	if (unlikely(spw_key_take(way->key, 1, pn))) {
		kfree_skb(skb);
		return SPILLWAY_STAT_TX_DROP_KEY_SPENT;
	}
	skb_put(skb, SPW_LEN_TAG);
	spw_seal(way->key, *pn, skb_push(skb, SPW_LEN_DGRAM_HDR), len);
	return 0;
}

/**
 * spw_way_transmit() - data leaves
 * @way: found
 * @skb: sealed; consumed
 * @tos: outer type of service or traffic class
 * @datagrams: in it
 * @bytes: of inner packets in it
 *
 * Return: 0 or the counter of the drop.
 */
int spw_way_transmit(const struct spw_way *way, struct sk_buff *skb, u8 tos,
		     unsigned int datagrams, unsigned int bytes)
{
	if (unlikely(spw_socket_send(way->peer, skb, &way->route, tos)))
		return SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	spw_peer_count(way->peer, SPILLWAY_STAT_TX_PACKETS, datagrams);
	spw_peer_count(way->peer, SPILLWAY_STAT_TX_BYTES, bytes);
	return 0;
}
