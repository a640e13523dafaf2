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

#include "burst.h"
#include "compat.h"
#include "conntab.h"
#include "crypt.h"
#include "cut.h"
#include "inner.h"
#include "link.h"
#include "peer.h"
#include "repair.h"
#include "send.h"
#include "socket.h"
#include "trace.h"

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

/* Returns 0 or the counter that names what is missing. */
static int way_find(struct spw_way *way, struct spw_peer *peer)
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

/* Room for all headers in front of a frame. */
static unsigned int headroom(const struct spw_way *way)
{
	const struct dst_entry *dst = way->route.dst;

	return LL_RESERVED_SPACE(dst->dev) + dst->header_len + SPW_LEN_OUTER6 +
	       SPW_LEN_DGRAM_HDR + SPW_LEN_FRAME_HDR;
}

/* RFC 6040, normal mode; the class of service stays inside. */
static u8 outer_tos(const struct sk_buff *inner)
{
	return ip_tunnel_ecn_encap(0, ip_hdr(inner), inner);
}

/* tcp_wfree() cannot be named from a module; what a TCP socket sends has it. */
static bool charged(const struct sk_buff *skb)
{
	return skb->sk && sk_fullsock(skb->sk) &&
	       skb->sk->sk_protocol == IPPROTO_TCP && skb->destructor &&
	       skb->destructor != sock_edemux && skb->destructor != sock_efree &&
	       skb->destructor != sock_rfree;
}

/*
 * The copy takes over what the socket has been charged for the original, so that
 * TCP small queues go on holding back a sender whose packets wait below us.
 */
static void move_owner(struct sk_buff *to, struct sk_buff *from)
{
	int more = to->truesize - from->truesize;

	if (!charged(from))
		return;
	to->sk = from->sk;
	to->destructor = from->destructor;
	from->sk = NULL;
	from->destructor = NULL;
	if (more > 0)
		refcount_add(more, &to->sk->sk_wmem_alloc);
	else if (more < 0)
		WARN_ON_ONCE(refcount_sub_and_test(-more,
						   &to->sk->sk_wmem_alloc));
}

/* Linear, private, with room for headers in front and for the tag behind. */
static struct sk_buff *make_room(struct sk_buff *skb, unsigned int head)
{
	struct sk_buff *copy;

	if (!skb_is_nonlinear(skb) && !skb_cloned(skb) && !skb_shared(skb) &&
	    skb_headroom(skb) >= head && skb_tailroom(skb) >= SPW_LEN_TAG)
		return skb;
	copy = skb_copy_expand(skb, head, SPW_LEN_TAG, GFP_ATOMIC | __GFP_NOWARN);
	if (likely(copy)) {
		move_owner(copy, skb);
		consume_skb(skb);
	} else {
		kfree_skb(skb);
	}
	return copy;
}

/* A frame becomes a datagram; consumed on error. Returns 0 or a counter. */
static int seal_skb(const struct spw_way *way, struct sk_buff *skb, u64 *pn)
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

static int transmit(const struct spw_way *way, struct sk_buff *skb, u8 tos,
		    unsigned int datagrams, unsigned int bytes)
{
	if (unlikely(spw_socket_send(way->peer, skb, &way->route, tos)))
		return SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	spw_peer_count(way->peer, SPILLWAY_STAT_TX_PACKETS, datagrams);
	spw_peer_count(way->peer, SPILLWAY_STAT_TX_BYTES, bytes);
	return 0;
}

/* An inner packet that fits and is not kept; consumed. Returns 0 or a counter. */
static int send_whole(const struct spw_way *way, struct sk_buff *skb)
{
	u8 flags = skb->ip_summed == CHECKSUM_PARTIAL ? SPW_DATA_CSUM : 0;
	unsigned int len = skb->len;
	u8 tos = outer_tos(skb);
	int drop;
	u64 pn;

	skb = make_room(skb, headroom(way));
	if (unlikely(!skb))
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	spw_link_build_frame(skb_push(skb, SPW_LEN_FRAME_HDR), SPW_FRAME_DATA,
			     flags, len);
	drop = seal_skb(way, skb, &pn);
	return drop ?: transmit(way, skb, tos, 1, len);
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
 */
struct pieces {
	struct spw_cut cut;
	u32 next;
	bool held;
	u8 tos;
};

/* The packet may be gone after its last piece. */
static void remember(const struct spw_way *way, struct pieces *p,
		     const struct spw_burst *burst, u64 pn)
{
	const struct spw_repair_pieces pieces = {
		.skb = p->cut.skb, .seq = pn + way->key->link_offset,
		.first = p->next, .count = burst->count, .size = burst->size,
		.last = !p->cut.left,
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
	if (!spw_burst_begin(&burst, skb, headroom(way), spw_cut_todo(&p->cut),
			     SPW_LEN_SEAL + spw_cut_next(&p->cut)))
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	bytes = fill(&p->cut, way, &burst, pn, max);
	out = spw_burst_end(&burst);
	if (unlikely(!out))
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	if (!p->cut.left)
		move_owner(out, skb);
	if (p->held)
		remember(way, p, &burst, pn);
	return transmit(way, out, p->tos, burst.count, bytes);
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
		spw_repair_hold(skb, p.cut.hdr_len, p.cut.mss, p.tos);
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
	struct sk_buff *out;
	u64 pn;

	out = skb_copy_expand(skb, headroom(way), SPW_LEN_TAG,
			      GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!out)) {
		kfree_skb(skb);
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	}
	move_owner(out, skb);
	spw_link_build_frame(skb_push(out, SPW_LEN_FRAME_HDR), SPW_FRAME_DATA,
			     flags, len);
	if (unlikely(seal_skb(way, out, &pn))) {
		kfree_skb(skb);
		return SPILLWAY_STAT_TX_DROP_KEY_SPENT;
	}
	skb_orphan(skb);
	spw_repair_hold(skb, hdr_len, len - hdr_len, tos);
	piece.seq = pn + way->key->link_offset;
	spw_repair_sent(way->peer, &piece);
	return transmit(way, out, tos, 1, len);
}

/* One datagram of its own for a frame's body, with zeros behind it. */
static struct sk_buff *frame_skb(const struct spw_way *way, u8 type,
				 const void *body, unsigned int len,
				 unsigned int pad)
{
	unsigned int head = headroom(way);
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

	drop = way_find(&way, peer);
	if (drop)
		return drop;
	skb = frame_skb(&way, type, body, len, pad);
	drop = skb ? seal_skb(&way, skb, &pn) : SPILLWAY_STAT_TX_DROP_NOMEM;
	if (!drop && spw_socket_send(peer, skb, &way.route, 0))
		drop = SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	dst_release(way.route.dst);
	return drop;
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

static struct spw_peer *relayed_by(struct spw_device *spw, struct sk_buff *skb)
{
	struct spw_tuple tuple;
	u8 family = tuple_of(&tuple, skb);
	struct spw_conn *conn;

	if (!family)
		return NULL;
	conn = spw_conntab_find(spw, family, &tuple);
	return conn ? rcu_dereference(conn->peer) : NULL;
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
	drop = way_find(&way, peer);
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

	drop = way_find(&one->way, peer);
	if (drop)
		goto count;
	drop = SPILLWAY_STAT_TX_DROP_TOO_BIG;
	if (size > one->way.inner_max)
		goto release;
	drop = SPILLWAY_STAT_TX_DROP_KEY_SPENT;
	if (spw_key_take(one->way.key, 1, &one->pn))
		goto release;
	drop = SPILLWAY_STAT_TX_DROP_NOMEM;
	if (!spw_burst_begin(&burst, cut->skb, headroom(&one->way),
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
	int drop = transmit(&one->way, one->skb, tos, 1, inner);

	if (unlikely(drop))
		spw_peer_drop(one->way.peer, drop, 1);
	dst_release(one->way.route.dst);
}

static void count_frame(struct spw_peer *peer, int drop, enum spillway_stat sent)
{
	if (unlikely(drop))
		spw_peer_drop(peer, drop, 1);
	else
		spw_peer_count(peer, sent, 1);
}

/**
 * spw_send_probe() - ask whether the path carries a size, or answer that it did
 * @peer: under RCU or &spw_device.lock
 * @type: %SPW_FRAME_PROBE or %SPW_FRAME_PROBE_REPLY
 * @probe: what to say
 * @pad: bytes of zero behind it
 *
 * Any context but hard interrupts.
 *
 * Return: 0, or the counter of what went wrong, which has been counted.
 */
int spw_send_probe(struct spw_peer *peer, u8 type,
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
 * spw_send_heartbeat() - tell a peer how this node is
 * @peer: under &spw_device.lock
 * @hb: what to say
 */
void spw_send_heartbeat(struct spw_peer *peer, const struct spw_heartbeat *hb)
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
 * spw_send_ack() - tell a peer what has come from it
 * @peer: under RCU, bottom halves off
 * @ack: what to say
 */
void spw_send_ack(struct spw_peer *peer, const struct spw_ack *ack)
{
	u8 body[SPW_LEN_ACK];
	int drop;

	spw_link_build_ack(body, ack);
	drop = send_frame(peer, SPW_FRAME_ACK, body, sizeof(body), 0);
	count_frame(peer, drop, SPILLWAY_STAT_ACK_TX);
}

/**
 * spw_send_frame_room() - how large a frame does the path take?
 * @peer: to whom, under RCU, bottom halves off
 *
 * Return: bytes of its body, 0 where there is no way to the peer.
 */
unsigned int spw_send_frame_room(struct spw_peer *peer)
{
	struct spw_way way;

	if (way_find(&way, peer))
		return 0;
	dst_release(way.route.dst);
	return way.inner_max;
}

/**
 * spw_send_frame_alloc() - an empty packet for a frame's body
 * @len: its bytes, to be put by the caller
 *
 * Return: packet or NULL.
 */
struct sk_buff *spw_send_frame_alloc(unsigned int len)
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
 * spw_send_frame() - seal and send a frame
 * @peer: to whom, under RCU, bottom halves off
 * @type: &enum spw_frame_type
 * @skb: of spw_send_frame_alloc(), its body put; consumed
 *
 * Return: 0 or the counter of the drop.
 */
int spw_send_frame(struct spw_peer *peer, u8 type, struct sk_buff *skb)
{
	unsigned int len = skb->len;
	struct spw_way way;
	int drop;
	u64 pn;

	drop = way_find(&way, peer);
	if (drop) {
		kfree_skb(skb);
		return drop;
	}
	skb = make_room(skb, headroom(&way));
	if (skb) {
		spw_link_build_frame(skb_push(skb, SPW_LEN_FRAME_HDR), type, 0, len);
		drop = seal_skb(&way, skb, &pn);
	} else {
		drop = SPILLWAY_STAT_TX_DROP_NOMEM;
	}
	if (!drop && spw_socket_send(peer, skb, &way.route, 0))
		drop = SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	dst_release(way.route.dst);
	return drop;
}
