// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Outbound: find who relays the packet, cut it to the path's size, make each piece
 * a frame, seal it, send it; all on the CPU that sends, in order. Too big is re-cut,
 * never fragmented.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/tcp.h>

#include "back.h"
#include "burst.h"
#include "compat.h"
#include "conntab.h"
#include "crypt.h"
#include "cut.h"
#include "gate.h"
#include "inner.h"
#include "link.h"
#include "peer.h"
#include "relay.h"
#include "repair.h"
#include "room.h"
#include "send.h"
#include "trace.h"

/* RFC 6040, normal mode; the class of service stays inside. */
static u8 outer_tos(const struct sk_buff *inner)
{
	return ip_tunnel_ecn_encap(0, ip_hdr(inner), inner);
}

/* An inner packet that fits and is not kept; consumed. Returns 0 or a counter. */
static int send_whole(const struct spw_way *way, struct sk_buff *skb)
{
	u8 flags = skb->ip_summed == CHECKSUM_PARTIAL ? SPW_DATA_CSUM : 0;
	unsigned int len = skb->len;
	u8 tos = outer_tos(skb);
	int drop;
	u64 pn;

	skb = spw_room_make(skb, spw_way_headroom(way));
	if (unlikely(!skb))
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	spw_link_build_frame(skb_push(skb, SPW_LEN_FRAME_HDR), SPW_FRAME_DATA,
			     flags, len);
	drop = spw_way_seal(way, skb, &pn);
	return drop ?: spw_way_transmit(way, skb, tos, 1, len);
}

/* Do the packets that TCP made of it fit the path as they are? */
static bool fits(const struct spw_way *way, const struct sk_buff *skb)
{
	return skb_is_gso(skb) ?
	       skb_gso_validate_network_len(skb, way->inner_max) :
	       skb->len <= way->inner_max;
}

/* Datagrams that the next burst can have at most. */
static unsigned int burst_max(const struct spw_cut *c)
{
	unsigned int size = SPW_LEN_SEAL + c->hdr_len + c->mss;

	return min3(spw_cut_pieces(c), (unsigned int)SPW_BURST_DATAGRAMS,
		    max(SPW_BURST_BYTES / size, 1U));
}

/* Fill a burst with sealed pieces; returns the inner bytes in them. */
static unsigned int fill(struct spw_cut *c, const struct spw_way *way,
			 struct spw_burst *burst, u64 pn, unsigned int max)
{
	unsigned int bytes = 0, size;
	u8 *dgram;

	while (burst->count < max) {
		size = spw_cut_next(c);
		dgram = spw_burst_room(burst, SPW_LEN_SEAL + size);
		if (unlikely(!dgram))
			break;
		spw_cut_frame(c, dgram + SPW_LEN_DGRAM_HDR);
		spw_seal(way->key, pn++, dgram, SPW_LEN_FRAME_HDR + size);
		bytes += size;
	}
	return bytes;
}

/**
 * struct pieces - of a packet that is being cut
 * @cut: how far
 * @next: the piece that comes next
 * @held: they are remembered until they have arrived
 * @tos: outer type of service or traffic class
 * @una_known: @una is given
 * @una: see &struct spw_repair_pieces
 */
struct pieces {
	struct spw_cut cut;
	u32 next;
	bool held;
	u8 tos;
	bool una_known;
	u32 una;
};

/* What the far end has acknowledged, of a packet that its socket is charged for. */
static u32 una_of(const struct sk_buff *skb)
{
	return READ_ONCE(tcp_sk(skb->sk)->snd_una);
}

/*
 * TCP's probe for a lost tail may be new data (RFC 8985 section 7.3). Its timer is due
 * and not begun anew until it has left: tcp_send_loss_probe().
 */
static bool is_probe(const struct inet_connection_sock *icsk)
{
	return READ_ONCE(icsk->icsk_pending) == ICSK_TIME_LOSS_PROBE &&
	       !time_before(jiffies, READ_ONCE(icsk->icsk_timeout));
}

/*
 * Does TCP send it again, or ask with it what has arrived? Where that is lost too only its
 * timer is left, as often as not (RFC 8985 tells of it only while something newer arrives).
 */
static bool is_needed(const struct sk_buff *skb)
{
	return before(ntohl(tcp_hdr(skb)->seq), READ_ONCE(tcp_sk(skb->sk)->snd_nxt)) ||
	       is_probe(inet_csk(skb->sk));
}

/* The packet may be gone after its last piece. */
static void remember(const struct spw_way *way, struct pieces *p,
		     const struct spw_burst *burst, u64 pn)
{
	const struct spw_repair_pieces pieces = {
		.skb = p->cut.skb, .seq = pn + way->key->link_offset,
		.first = p->next, .count = burst->count, .size = burst->size,
		.last = !p->cut.left, .una_known = p->una_known, .una = p->una,
	};

	p->next += burst->count;
	if (pieces.last)
		skb_orphan(pieces.skb);
	spw_repair_sent(way->peer, &pieces);
}

/* As much as one burst takes; returns 0 or a counter. */
static int send_burst(const struct spw_way *way, struct pieces *p)
{
	unsigned int max = burst_max(&p->cut), bytes;
	struct sk_buff *skb = p->cut.skb, *out;
	struct spw_burst burst;
	u64 pn;

	if (unlikely(spw_key_take(way->key, max, &pn)))
		return SPILLWAY_STAT_TX_DROP_KEY_SPENT;
	if (!spw_burst_begin(&burst, skb, spw_way_headroom(way), spw_cut_todo(&p->cut),
			     SPW_LEN_SEAL + spw_cut_next(&p->cut)))
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	bytes = fill(&p->cut, way, &burst, pn, max);
	out = spw_burst_end(&burst);
	if (unlikely(!out))
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	if (!p->cut.left && spw_charged(skb))
		spw_charge_move(out, skb);
	if (p->held)
		remember(way, p, &burst, pn);
	return spw_way_transmit(way, out, p->tos, burst.count, bytes);
}

/* A packet to be cut, or to be kept until it has arrived; consumed. */
static int send_pieces(const struct spw_way *way, struct sk_buff *skb)
{
	struct pieces p = { .tos = outer_tos(skb) };
	bool whole = fits(way, skb);
	int err, drop = 0;

	err = spw_cut_begin(&p.cut, skb, way->inner_max);
	if (unlikely(err)) {
		kfree_skb(skb);
		return err == -EMSGSIZE ? SPILLWAY_STAT_TX_DROP_TOO_BIG :
					  SPILLWAY_STAT_TX_DROP_NOMEM;
	}
	if (!whole)
		spw_peer_count(way->peer, SPILLWAY_STAT_TX_RECUT, 1);
	p.held = p.cut.left && spw_repair_wanted(way->peer);
	if (p.held) {
		p.cut.flags |= SPW_DATA_ACK;
		p.una_known = spw_charged(skb);
		if (p.una_known)
			p.una = una_of(skb);
		spw_repair_hold(skb, p.cut.hdr_len, p.cut.mss, p.tos, skb->sk,
				p.una_known && is_needed(skb));
	}
	while (!drop && p.cut.left)
		drop = send_burst(way, &p);
	if (!p.held && likely(!drop))
		consume_skb(skb);
	else if (!p.held)
		kfree_skb(skb);
	else if (unlikely(p.cut.left))
		spw_repair_drop(way->peer, skb);
	return drop;
}

/* As skb_copy_expand(), without what was in front of the packet. */
static struct sk_buff *copy_of(const struct sk_buff *skb, unsigned int head)
{
	struct sk_buff *copy = alloc_skb(head + skb->len + SPW_LEN_TAG,
					 GFP_ATOMIC | __GFP_NOWARN);

	if (unlikely(!copy))
		return NULL;
	skb_reserve(copy, head);
	skb_copy_header(copy, skb);
	if (likely(!skb_copy_bits(skb, 0, skb_put(copy, skb->len), skb->len)))
		return copy;
	kfree_skb(copy);
	return NULL;
}

/*
 * A packet that leaves as it is, and is kept until it has arrived; consumed. As
 * send_pieces() with one piece, but there is nothing to be cut.
 */
static int send_held(const struct spw_way *way, struct sk_buff *skb,
		     unsigned int hdr_len)
{
	u8 flags = SPW_DATA_ACK |
		   (skb->ip_summed == CHECKSUM_PARTIAL ? SPW_DATA_CSUM : 0);
	unsigned int len = skb->len;
	u8 tos = outer_tos(skb);
	struct spw_repair_pieces piece = {
		.skb = skb, .count = 1, .size = SPW_LEN_SEAL + len, .last = true,
	};
	const struct sock *sk = skb->sk;
	struct sk_buff *out;
	bool needed = false;
	u64 pn;

	out = copy_of(skb, spw_way_headroom(way));
	if (unlikely(!out)) {
		kfree_skb(skb);
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	}
	piece.una_known = spw_charged(skb);
	if (likely(piece.una_known)) {
		piece.una = una_of(skb);
		needed = is_needed(skb);
		spw_charge_move(out, skb);
	}
	spw_link_build_frame(skb_push(out, SPW_LEN_FRAME_HDR), SPW_FRAME_DATA,
			     flags, len);
	if (unlikely(spw_way_seal(way, out, &pn))) {
		kfree_skb(skb);
		return SPILLWAY_STAT_TX_DROP_KEY_SPENT;
	}
	spw_repair_hold(skb, hdr_len, len - hdr_len, tos, sk, needed);
	skb_orphan(skb);
	piece.seq = pn + way->key->link_offset;
	spw_repair_sent(way->peer, &piece);
	return spw_way_transmit(way, out, tos, 1, len);
}

/* Only what has payload is worth to be sent again. Consumes @skb. */
static int send_packet(const struct spw_way *way, struct sk_buff *skb)
{
	unsigned int hdr_len = skb_transport_offset(skb) + tcp_hdrlen(skb);

	if (skb_is_gso(skb) || skb->len > way->inner_max)
		return send_pieces(way, skb);
	if (skb->len <= hdr_len || !spw_repair_wanted(way->peer))
		return send_whole(way, skb);
	/* What could not be cut again as it is takes the long way. */
	if (unlikely(tcp_hdrlen(skb) < sizeof(struct tcphdr) ||
		     hdr_len > SPW_INNER_HDR_MAX || skb_headlen(skb) < hdr_len ||
		     skb_has_frag_list(skb)))
		return send_pieces(way, skb);
	return send_held(way, skb, hdr_len);
}

/* Family of a packet that relay carries, or 0. */
static u8 tuple_of(struct spw_tuple *tuple, struct sk_buff *skb)
{
	if (!pskb_inet_may_pull(skb))
		return 0;
	if (skb->protocol == htons(ETH_P_IP)) {
		if (ip_hdr(skb)->protocol != IPPROTO_TCP ||
		    ip_is_fragment(ip_hdr(skb)) ||
		    !pskb_may_pull(skb, ip_hdrlen(skb) + sizeof(struct tcphdr)))
			return 0;
		skb_set_transport_header(skb, ip_hdrlen(skb));
		spw_tuple_out4(tuple, ip_hdr(skb), tcp_hdr(skb));
		return AF_INET;
	}
	if (skb->protocol != htons(ETH_P_IPV6) ||
	    ipv6_hdr(skb)->nexthdr != IPPROTO_TCP ||
	    !pskb_may_pull(skb, sizeof(struct ipv6hdr) + sizeof(struct tcphdr)))
		return 0;
	skb_set_transport_header(skb, sizeof(struct ipv6hdr));
	spw_tuple_out6(tuple, ipv6_hdr(skb), tcp_hdr(skb));
	return AF_INET6;
}

/* Who relays the connection, has its endpoint, or gave it to this node. */
static struct spw_peer *relayed_by(struct spw_device *spw, struct sk_buff *skb)
{
	struct spw_tuple tuple;
	u8 family = tuple_of(&tuple, skb);
	struct spw_peer *peer;
	struct spw_conn *conn;

	if (!family)
		return NULL;
	conn = atomic_read(&spw->nr_offloaded) ?
	       spw_relay_find(spw, family, &tuple) : NULL;
	peer = conn ? rcu_dereference(conn->peer) : NULL;
	return peer ?: spw_gate_peer(spw, family, &tuple) ?:
	       spw_back_peer(spw, family, &tuple);
}

/**
 * spw_send_xmit() - ndo_start_xmit
 * @skb: inner packet
 * @dev: the device
 *
 * Only packets of relayed connections have business here; whatever else somebody
 * routes into the device is dropped and counted. A packet that was steered a moment
 * before its connection was recalled is lost to TCP's retransmission.
 */
netdev_tx_t spw_send_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct spw_device *spw = netdev_priv(dev);
	unsigned int len = skb->len;
	struct spw_peer *peer;
	struct spw_way way;
	int drop;

	rcu_read_lock();
	peer = relayed_by(spw, skb);
	if (unlikely(!peer)) {
		spw_stat_inc(spw->stats, SPILLWAY_STAT_TX_DROP_NO_CONN);
		trace_spillway_drop(spw, NULL, SPILLWAY_STAT_TX_DROP_NO_CONN, 1);
		goto drop;
	}
	drop = spw_way_find(&way, peer);
	if (unlikely(drop)) {
		spw_peer_drop(peer, drop, 1);
		goto drop;
	}
	dev_sw_netstats_tx_add(dev, 1, len);
	drop = send_packet(&way, skb);
	if (unlikely(drop))
		spw_peer_drop(peer, drop, 1);
	dst_release(way.route.dst);
	rcu_read_unlock();
	return NETDEV_TX_OK;

drop:
	rcu_read_unlock();
	DEV_STATS_INC(dev, tx_dropped);
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

/**
 * spw_send_alone() - send a small packet of no connection
 * @peer: to whom, under RCU, bottom halves off
 * @skb: it; consumed
 *
 * Return: 0 or the counter of the drop, which has been counted.
 */
int spw_send_alone(struct spw_peer *peer, struct sk_buff *skb)
{
	struct spw_way way;
	int drop = spw_way_find(&way, peer);

	if (drop) {
		kfree_skb(skb);
	} else {
		drop = send_whole(&way, skb);
		dst_release(way.route.dst);
	}
	if (drop)
		spw_peer_drop(peer, drop, 1);
	return drop;
}

/* Tell which datagram the piece was in first, if that had the same key. */
static void say_again(struct spw_cut *cut, const struct spw_key *key, u64 pn,
		      u64 first_seq)
{
	u64 first = first_seq - key->link_offset;

	if (first < key->first_pn || first >= pn || pn - first > U16_MAX)
		return;
	cut->flags |= SPW_DATA_AGAIN;
	cut->ago = pn - first;
}

/**
 * spw_send_prepare() - seal a piece of a packet once more, as a datagram of its own
 * @peer: to whom, under RCU, bottom halves off
 * @cut: at the piece, which may have become too big for the path
 * @first_seq: link number that it was sent first under
 * @one: receives the datagram, to be given to spw_send_prepared()
 *
 * Return: 0 or the counter of the drop, which has been counted.
 */
int spw_send_prepare(struct spw_peer *peer, struct spw_cut *cut, u64 first_seq,
		     struct spw_send_one *one)
{
	unsigned int size = spw_cut_next(cut);
	struct spw_burst burst;
	u8 *dgram;
	int drop;

	drop = spw_way_find(&one->way, peer);
	if (drop)
		goto count;
	drop = SPILLWAY_STAT_TX_DROP_TOO_BIG;
	if (size > one->way.inner_max)
		goto release;
	drop = SPILLWAY_STAT_TX_DROP_KEY_SPENT;
	if (spw_key_take(one->way.key, 1, &one->pn))
		goto release;
	drop = SPILLWAY_STAT_TX_DROP_NOMEM;
	if (!spw_burst_begin(&burst, cut->skb, spw_way_headroom(&one->way),
			     SPW_LEN_SEAL + size, SPW_LEN_SEAL + size))
		goto release;
	dgram = spw_burst_room(&burst, SPW_LEN_SEAL + size);
	if (dgram) {
		say_again(cut, one->way.key, one->pn, first_seq);
		spw_cut_frame(cut, dgram + SPW_LEN_DGRAM_HDR);
		spw_seal(one->way.key, one->pn, dgram, SPW_LEN_FRAME_HDR + size);
	}
	one->skb = spw_burst_end(&burst);
	if (one->skb)
		return 0;
release:
	dst_release(one->way.route.dst);
count:
	spw_peer_drop(peer, drop, 1);
	return drop;
}

/**
 * spw_send_prepared() - let a prepared datagram leave
 * @one: of spw_send_prepare(), still under the same RCU
 * @tos: outer type of service or traffic class
 */
void spw_send_prepared(struct spw_send_one *one, u8 tos)
{
	unsigned int inner = one->skb->len - SPW_LEN_SEAL;
	int drop = spw_way_transmit(&one->way, one->skb, tos, 1, inner);

	if (unlikely(drop))
		spw_peer_drop(one->way.peer, drop, 1);
	dst_release(one->way.route.dst);
}
