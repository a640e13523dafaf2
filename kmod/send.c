// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Outbound: find who relays the packet, cut it to the path's size, make each piece
 * a frame, seal it, send it; all on the CPU that sends, in order.
 *
 * Too big is re-cut, never fragmented: TCP may be cut at any boundary, so a segment
 * that the tunnel cannot carry whole leaves as two. The cut is made by the kernel's
 * own TSO for devices that have none (net/core/tso.c), straight into the datagrams;
 * TCP's checksums are left to the far side, as to a device that makes them.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/tcp.h>
#include <net/tso.h>

#include "burst.h"
#include "conntab.h"
#include "crypt.h"
#include "inner.h"
#include "link.h"
#include "peer.h"
#include "send.h"
#include "socket.h"

/* Smallest datagram that every path is assumed to take (RFC 1122, RFC 8200). */
#define PATH_MIN4	576
#define PATH_MIN6	1280

/**
 * struct way - the way to a peer, for one packet of the stack
 * @peer: to whom
 * @key: that seals
 * @route: outer
 * @inner_max: largest inner packet
 */
struct way {
	struct spw_peer *peer;
	struct spw_key *key;
	struct spw_route route;
	unsigned int inner_max;
};

static unsigned int inner_max(const struct spw_route *route)
{
	bool six = route->endpoint.family == AF_INET6;
	unsigned int mtu = clamp_t(unsigned int, dst_mtu(route->dst),
				   six ? PATH_MIN6 : PATH_MIN4, IP_MAX_MTU);

	return mtu - (six ? SPW_LEN_OVERHEAD6 : SPW_LEN_OVERHEAD4);
}

/* Returns 0 or the counter that names what is missing. */
static int way_find(struct way *way, struct spw_peer *peer)
{
	int err;

	way->peer = peer;
	way->key = rcu_dereference(peer->tx_key);
	if (unlikely(!way->key))
		return SPILLWAY_STAT_TX_DROP_NO_KEY;
	err = spw_socket_route(peer, &way->route);
	if (unlikely(err))
		return err == -ELOOP ? SPILLWAY_STAT_TX_DROP_LOOP :
				       SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	way->inner_max = inner_max(&way->route);
	return 0;
}

/* Room for all headers in front of a frame. */
static unsigned int headroom(const struct way *way)
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
static int seal_skb(const struct way *way, struct sk_buff *skb)
{
	unsigned int len = skb->len;
	u64 pn;

	if (unlikely(spw_key_take(way->key, 1, &pn))) {
		kfree_skb(skb);
		return SPILLWAY_STAT_TX_DROP_KEY_SPENT;
	}
	skb_put(skb, SPW_LEN_TAG);
	spw_seal(way->key, pn, skb_push(skb, SPW_LEN_DGRAM_HDR), len);
	return 0;
}

static int transmit(const struct way *way, struct sk_buff *skb, u8 tos,
		    unsigned int datagrams, unsigned int bytes)
{
	if (unlikely(spw_socket_send(way->peer, skb, &way->route, tos)))
		return SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	spw_peer_count(way->peer, SPILLWAY_STAT_TX_PACKETS, datagrams);
	spw_peer_count(way->peer, SPILLWAY_STAT_TX_BYTES, bytes);
	return 0;
}

/* An inner packet that fits; consumed. Returns 0 or a counter. */
static int send_whole(const struct way *way, struct sk_buff *skb)
{
	u8 flags = skb->ip_summed == CHECKSUM_PARTIAL ? SPW_DATA_CSUM : 0;
	unsigned int len = skb->len;
	u8 tos = outer_tos(skb);
	int drop;

	skb = make_room(skb, headroom(way));
	if (unlikely(!skb))
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	spw_link_build_frame(skb_push(skb, SPW_LEN_FRAME_HDR), SPW_FRAME_DATA,
			     flags, len);
	drop = seal_skb(way, skb);
	return drop ?: transmit(way, skb, tos, 1, len);
}

/**
 * struct cut - a packet being cut
 * @way: where to
 * @skb: what
 * @tso: how far, see net/core/tso.c
 * @hdr_len: IP and TCP headers, the same for each piece
 * @mss: payload of each piece but the last
 * @left: payload still to be sent
 */
struct cut {
	const struct way *way;
	struct sk_buff *skb;
	struct tso_t tso;
	unsigned int hdr_len;
	unsigned int mss;
	unsigned int left;
};

/*
 * The clone in TCP's retransmission queue shares gso_size with ours, so a packet that
 * is no GSO packet yet becomes private first.
 */
static bool become_gso(struct sk_buff *skb)
{
	if (skb_is_gso(skb))
		return skb_is_gso_tcp(skb);
	if (skb_unclone(skb, GFP_ATOMIC))
		return false;
	skb_shinfo(skb)->gso_type = skb->protocol == htons(ETH_P_IP) ?
				    SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
	skb_shinfo(skb)->gso_size = 1;
	return true;
}

/* Returns 0 or a counter. */
static int cut_begin(struct cut *c, const struct way *way, struct sk_buff *skb)
{
	unsigned int room;

	c->way = way;
	c->skb = skb;
	c->hdr_len = skb_transport_offset(skb) + tcp_hdrlen(skb);
	if (tcp_hdrlen(skb) < sizeof(struct tcphdr) ||
	    c->hdr_len >= way->inner_max || !pskb_may_pull(skb, c->hdr_len))
		return SPILLWAY_STAT_TX_DROP_TOO_BIG;
	room = way->inner_max - c->hdr_len;
	c->mss = skb_is_gso(skb) ?
		 min_t(unsigned int, skb_shinfo(skb)->gso_size, room) : room;
	if (!skb_is_gso(skb) || c->mss < skb_shinfo(skb)->gso_size)
		spw_stat_inc(way->peer->spw->stats, SPILLWAY_STAT_TX_RECUT);
	if (!become_gso(skb) || (skb_has_frag_list(skb) && skb_linearize(skb)))
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	tso_start(skb, &c->tso);
	c->left = skb->len - c->hdr_len;
	return 0;
}

/* The next piece as a frame; returns its payload. */
static unsigned int cut_frame(struct cut *c, u8 *frame)
{
	unsigned int size = min(c->left, c->mss), todo = size;
	bool first = c->left + c->hdr_len == c->skb->len;
	u8 hdr[SPW_INNER_HDR_MAX] __aligned(4);

	tso_build_hdr(c->skb, hdr, &c->tso, size, c->left == size);
	if (!c->tso.ipv6)
		ip_send_check((struct iphdr *)hdr);
	/* RFC 3168 section 6.1.2: once is enough. */
	if (!first)
		((struct tcphdr *)(hdr + skb_transport_offset(c->skb)))->cwr = 0;
	spw_link_build_frame(frame, SPW_FRAME_DATA, SPW_DATA_CSUM,
			     c->hdr_len + size);
	frame += SPW_LEN_FRAME_HDR;
	memcpy(frame, hdr, c->hdr_len);
	frame += c->hdr_len;
	while (todo) {
		unsigned int n = min_t(unsigned int, todo, c->tso.size);

		memcpy(frame, c->tso.data, n);
		tso_build_data(c->skb, &c->tso, n);
		frame += n;
		todo -= n;
	}
	c->left -= size;
	return size;
}

/* Bytes of all datagrams that are still to come. */
static unsigned int cut_todo(const struct cut *c)
{
	return c->left + DIV_ROUND_UP(c->left, c->mss) *
	       (SPW_LEN_SEAL + c->hdr_len);
}

/* As much as one burst takes; returns 0 or a counter. */
static int send_burst(struct cut *c, u8 tos)
{
	unsigned int over = SPW_LEN_SEAL + c->hdr_len, bytes = 0, size;
	struct spw_burst burst;
	struct sk_buff *out;
	u8 *dgram;
	u64 pn;

	if (!spw_burst_begin(&burst, c->skb, headroom(c->way), cut_todo(c),
			     over + min(c->left, c->mss)))
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	while (c->left) {
		size = c->hdr_len + min(c->left, c->mss);
		dgram = spw_burst_room(&burst, SPW_LEN_SEAL + size);
		if (!dgram)
			break;
		if (unlikely(spw_key_take(c->way->key, 1, &pn))) {
			kfree_skb(spw_burst_end(&burst));
			return SPILLWAY_STAT_TX_DROP_KEY_SPENT;
		}
		cut_frame(c, dgram + SPW_LEN_DGRAM_HDR);
		spw_seal(c->way->key, pn, dgram, SPW_LEN_FRAME_HDR + size);
		bytes += size;
	}
	out = spw_burst_end(&burst);
	if (unlikely(!out))
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	if (!c->left)
		move_owner(out, c->skb);
	return transmit(c->way, out, tos, burst.count, bytes);
}

/* A packet that must be cut; consumed. Returns 0 or a counter. */
static int send_cut(const struct way *way, struct sk_buff *skb)
{
	u8 tos = outer_tos(skb);
	struct cut cut;
	int drop;

	drop = cut_begin(&cut, way, skb);
	while (!drop && cut.left)
		drop = send_burst(&cut, tos);
	if (unlikely(drop))
		kfree_skb(skb);
	else
		consume_skb(skb);
	return drop;
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
	struct way way;
	int drop;

	rcu_read_lock();
	peer = relayed_by(spw, skb);
	if (unlikely(!peer)) {
		spw_stat_inc(spw->stats, SPILLWAY_STAT_TX_DROP_NO_CONN);
		goto drop;
	}
	drop = way_find(&way, peer);
	if (unlikely(drop)) {
		spw_peer_count(peer, drop, 1);
		goto drop;
	}
	dev_sw_netstats_tx_add(dev, 1, len);
	if (skb_is_gso(skb) || len > way.inner_max)
		drop = send_cut(&way, skb);
	else
		drop = send_whole(&way, skb);
	if (unlikely(drop))
		spw_peer_count(peer, drop, 1);
	dst_release(way.route.dst);
	rcu_read_unlock();
	return NETDEV_TX_OK;

drop:
	rcu_read_unlock();
	DEV_STATS_INC(dev, tx_dropped);
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

/* A heartbeat's frame in a packet of its own, or NULL without memory. */
static struct sk_buff *heartbeat_skb(const struct way *way,
				     const struct spw_heartbeat *hb)
{
	unsigned int head = headroom(way);
	struct sk_buff *skb;

	skb = alloc_skb(head + SPW_LEN_HEARTBEAT + SPW_LEN_TAG, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, head);
	skb->protocol = htons(ETH_P_IP);
	spw_link_build_heartbeat(skb_put(skb, SPW_LEN_HEARTBEAT), hb);
	spw_link_build_frame(skb_push(skb, SPW_LEN_FRAME_HDR),
			     SPW_FRAME_HEARTBEAT, 0, SPW_LEN_HEARTBEAT);
	return skb;
}

static int send_heartbeat(const struct way *way, const struct spw_heartbeat *hb)
{
	struct sk_buff *skb = heartbeat_skb(way, hb);
	int drop;

	if (!skb)
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	drop = seal_skb(way, skb);
	if (drop)
		return drop;
	if (spw_socket_send(way->peer, skb, &way->route, 0))
		return SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	spw_peer_count(way->peer, SPILLWAY_STAT_HEARTBEAT_TX, 1);
	return 0;
}

/**
 * spw_send_heartbeat() - tell a peer how this node is
 * @peer: under &spw_device.lock
 * @hb: what to say
 */
void spw_send_heartbeat(struct spw_peer *peer, const struct spw_heartbeat *hb)
{
	struct way way;
	int drop;

	local_bh_disable();
	rcu_read_lock();
	drop = way_find(&way, peer);
	if (!drop) {
		drop = send_heartbeat(&way, hb);
		dst_release(way.route.dst);
	}
	if (drop)
		spw_peer_count(peer, drop, 1);
	rcu_read_unlock();
	local_bh_enable();
}
