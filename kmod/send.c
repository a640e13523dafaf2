// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Outbound: find who relays the packet, cut it to the path's size, make each piece
 * a frame, seal it, send it; all on the CPU that sends, in order.
 *
 * Too big is re-cut, never fragmented: TCP may be cut at any boundary, so a segment
 * that the tunnel cannot carry whole leaves as two, made by the kernel's own GSO.
 */
#include <linux/tcp.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/tcp.h>

#include "compat.h"
#include "conntab.h"
#include "crypt.h"
#include "device.h"
#include "link.h"
#include "peer.h"
#include "send.h"
#include "socket.h"

/* Smallest inner packet that every path is assumed to take (RFC 1122: 576). */
#define INNER_MIN	(576 - SPW_LEN_OVERHEAD4)

/**
 * struct way - the way to a peer, for one burst
 * @peer: to whom
 * @key: that seals
 * @rt: route, with a reference
 * @endpoint: outer destination
 * @saddr: outer source
 * @inner_max: largest inner packet
 */
struct way {
	struct spw_peer *peer;
	struct spw_key *key;
	struct rtable *rt;
	struct spw_endpoint endpoint;
	__be32 saddr;
	unsigned int inner_max;
};

static void count(struct spw_peer *peer, enum spillway_stat which, u64 n)
{
	spw_stat_add(peer->spw->stats, which, n);
	spw_stat_add(peer->stats, which, n);
}

/* Returns 0 or the counter that names what is missing. */
static int path_find(struct way *path, struct spw_peer *peer)
{
	unsigned int mtu;

	path->peer = peer;
	path->key = rcu_dereference(peer->tx_key);
	if (unlikely(!path->key))
		return SPILLWAY_STAT_TX_DROP_NO_KEY;
	path->rt = spw_socket_route(peer, &path->endpoint, &path->saddr);
	if (IS_ERR(path->rt))
		return PTR_ERR(path->rt) == -ELOOP ?
		       SPILLWAY_STAT_TX_DROP_LOOP :
		       SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	mtu = dst_mtu(&path->rt->dst);
	path->inner_max = mtu > SPW_LEN_OVERHEAD4 + INNER_MIN ?
			  min_t(unsigned int, mtu, IP_MAX_MTU) - SPW_LEN_OVERHEAD4 :
			  INNER_MIN;
	return 0;
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
static struct sk_buff *make_room(struct sk_buff *skb, const struct way *path)
{
	unsigned int head = LL_RESERVED_SPACE(path->rt->dst.dev) +
			    path->rt->dst.header_len + SPW_LEN_OUTER4 +
			    SPW_LEN_DGRAM_HDR + SPW_LEN_FRAME_HDR;
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

/* One inner packet of the right size; consumed. Returns 0 or a counter. */
static int send_piece(struct way *path, struct sk_buff *skb)
{
	unsigned int len = skb->len;
	u8 tos;

	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb)) {
		kfree_skb(skb);
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	}
	skb = make_room(skb, path);
	if (unlikely(!skb))
		return SPILLWAY_STAT_TX_DROP_NOMEM;
	/* RFC 6040, normal mode; the class of service stays inside. */
	tos = ip_tunnel_ecn_encap(0, ip_hdr(skb), skb);

	spw_link_build_frame(skb_push(skb, SPW_LEN_FRAME_HDR), SPW_FRAME_DATA, len);
	if (unlikely(spw_seal(path->key, skb))) {
		kfree_skb(skb);
		return SPILLWAY_STAT_TX_DROP_KEY_SPENT;
	}
	skb->ip_summed = CHECKSUM_NONE;
	skb->encapsulation = 0;
	skb->dev = NULL; /* the device counts inner packets, not these */
	skb_set_queue_mapping(skb, 0);
	dst_hold(&path->rt->dst);
	if (spw_socket_send(path->peer, skb, path->rt, &path->endpoint,
			    path->saddr, tos))
		return SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	count(path->peer, SPILLWAY_STAT_TX_PACKETS, 1);
	count(path->peer, SPILLWAY_STAT_TX_BYTES, len);
	return 0;
}

/*
 * GSO wants a checksum that is still to be made. A packet whose checksum some rule
 * has completed already is made so again.
 */
static void checksum_reopen(struct sk_buff *skb, unsigned int ip_len)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		return;
	skb_set_transport_header(skb, ip_len);
	tcp_hdr(skb)->check = ~tcp_v4_check(skb->len - ip_len, iph->saddr,
					    iph->daddr, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

/*
 * Make a packet one that GSO cuts to the path. The clone in TCP's retransmission
 * queue shares gso_size with ours, so ours becomes private first.
 */
static bool set_cut(struct sk_buff *skb, const struct way *path)
{
	unsigned int ip_len = ip_hdrlen(skb), hdr_len, mss;

	if (ip_hdr(skb)->protocol != IPPROTO_TCP || ip_is_fragment(ip_hdr(skb)) ||
	    !pskb_may_pull(skb, ip_len + sizeof(struct tcphdr)))
		return false;
	skb_set_transport_header(skb, ip_len);
	hdr_len = ip_len + tcp_hdrlen(skb);
	if (tcp_hdrlen(skb) < sizeof(struct tcphdr) ||
	    hdr_len >= path->inner_max || !pskb_may_pull(skb, hdr_len) ||
	    skb_unclone(skb, GFP_ATOMIC))
		return false;
	checksum_reopen(skb, ip_len);

	mss = path->inner_max - hdr_len;
	if (!skb_is_gso(skb)) {
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
		skb_shinfo(skb)->gso_size = mss;
	} else if (skb_shinfo(skb)->gso_size > mss) {
		skb_shinfo(skb)->gso_size = mss;
	} else {
		return true;
	}
	skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(skb->len - hdr_len, mss);
	spw_stat_inc(path->peer->spw->stats, SPILLWAY_STAT_TX_RECUT);
	return true;
}

/* A packet as the stack gave it; consumed. */
static void send_packet(struct way *path, struct sk_buff *skb)
{
	struct sk_buff *segs = skb, *next;
	int drop;

	if (skb_is_gso(skb) || skb->len > path->inner_max) {
		if (!set_cut(skb, path)) {
			count(path->peer, SPILLWAY_STAT_TX_DROP_TOO_BIG, 1);
			kfree_skb(skb);
			return;
		}
		/* No feature: linear copies with their checksums made. */
		segs = __skb_gso_segment(skb, 0, true);
		if (IS_ERR_OR_NULL(segs)) {
			count(path->peer, SPILLWAY_STAT_TX_DROP_NOMEM, 1);
			kfree_skb(skb);
			return;
		}
		consume_skb(skb);
	}
	skb_list_walk_safe(segs, segs, next) {
		skb_mark_not_on_list(segs);
		drop = send_piece(path, segs);
		if (unlikely(drop))
			count(path->peer, drop, 1);
	}
}

static struct spw_peer *relayed_by(struct spw_device *spw, struct sk_buff *skb)
{
	struct spw_tuple tuple;
	struct spw_conn *conn;

	if (skb->protocol != htons(ETH_P_IP) || !pskb_inet_may_pull(skb) ||
	    ip_hdr(skb)->protocol != IPPROTO_TCP || ip_is_fragment(ip_hdr(skb)) ||
	    !pskb_may_pull(skb, ip_hdrlen(skb) + sizeof(struct tcphdr)))
		return NULL;
	spw_tuple_out(&tuple, ip_hdr(skb),
		      (struct tcphdr *)(skb->data + ip_hdrlen(skb)));
	conn = spw_conntab_find(spw, &tuple);
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
	struct way path;
	int drop;

	rcu_read_lock();
	peer = relayed_by(spw, skb);
	if (unlikely(!peer)) {
		spw_stat_inc(spw->stats, SPILLWAY_STAT_TX_DROP_NO_CONN);
		goto drop;
	}
	drop = path_find(&path, peer);
	if (unlikely(drop)) {
		count(peer, drop, 1);
		goto drop;
	}
	dev_sw_netstats_tx_add(dev, 1, len);
	send_packet(&path, skb);
	ip_rt_put(path.rt);
	rcu_read_unlock();
	return NETDEV_TX_OK;

drop:
	rcu_read_unlock();
	DEV_STATS_INC(dev, tx_dropped);
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

/**
 * spw_send_heartbeat() - tell a peer how this node is
 * @peer: under &spw_device.lock
 * @hb: what to say
 */
void spw_send_heartbeat(struct spw_peer *peer, const struct spw_heartbeat *hb)
{
	struct sk_buff *skb;
	struct way path;
	unsigned int head;
	int drop;

	local_bh_disable();
	rcu_read_lock();
	drop = path_find(&path, peer);
	if (drop)
		goto count;
	head = LL_RESERVED_SPACE(path.rt->dst.dev) + path.rt->dst.header_len +
	       SPW_LEN_OUTER4 + SPW_LEN_DGRAM_HDR;
	skb = alloc_skb(head + SPW_LEN_FRAME_HDR + SPW_LEN_HEARTBEAT +
			SPW_LEN_TAG, GFP_ATOMIC);
	drop = skb ? 0 : SPILLWAY_STAT_TX_DROP_NOMEM;
	if (drop)
		goto put;
	skb_reserve(skb, head);
	skb->protocol = htons(ETH_P_IP);
	spw_link_build_frame(skb_put(skb, SPW_LEN_FRAME_HDR),
			     SPW_FRAME_HEARTBEAT, SPW_LEN_HEARTBEAT);
	spw_link_build_heartbeat(skb_put(skb, SPW_LEN_HEARTBEAT), hb);
	if (spw_seal(path.key, skb)) {
		kfree_skb(skb);
		drop = SPILLWAY_STAT_TX_DROP_KEY_SPENT;
		goto put;
	}
	dst_hold(&path.rt->dst);
	if (spw_socket_send(peer, skb, path.rt, &path.endpoint, path.saddr, 0))
		drop = SPILLWAY_STAT_TX_DROP_NO_ROUTE;
	else
		count(peer, SPILLWAY_STAT_HEARTBEAT_TX, 1);
put:
	ip_rt_put(path.rt);
count:
	if (drop)
		count(peer, drop, 1);
	rcu_read_unlock();
	local_bh_enable();
}
