// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inbound, in softirq: cheap checks, open, replay window, then the frame. One label
 * and one counter for each reason to drop. Nothing is believed before it has been
 * authenticated, and nothing is answered.
 */
#include <linux/ip.h>
#include <linux/ktime.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>

#include "crypt.h"
#include "health.h"
#include "link.h"
#include "peer.h"
#include "receive.h"

/* Outer header, kept since the inner one takes its place. */
struct outer {
	__be32 saddr;
	__be16 sport;
	u8 tos;
};

static void count(struct spw_peer *peer, enum spillway_stat which, u64 n)
{
	spw_stat_add(peer->spw->stats, which, n);
	spw_stat_add(peer->stats, which, n);
}

/* Until roaming is known, a peer speaks from its endpoint or not at all. */
static bool from_endpoint(struct spw_peer *peer, const struct outer *outer)
{
	struct spw_endpoint endpoint;

	spw_peer_get_endpoint(peer, &endpoint);
	return endpoint.addr4 == outer->saddr && endpoint.port == outer->sport;
}

/*
 * What relay carries: one whole IPv4 packet with TCP, from and to addresses that
 * may travel. The peer is trusted with its own connections, not with our loopback.
 */
static bool inner_is_sane(struct sk_buff *skb, unsigned int len)
{
	const struct tcphdr *th;
	const struct iphdr *iph;
	unsigned int ihl;

	if (len < sizeof(*iph) + sizeof(*th) || !pskb_may_pull(skb, len))
		return false;
	iph = (struct iphdr *)skb->data;
	ihl = iph->ihl * 4;
	if (iph->version != 4 || ihl < sizeof(*iph) || ihl + sizeof(*th) > len ||
	    ntohs(iph->tot_len) != len || iph->protocol != IPPROTO_TCP ||
	    ip_is_fragment(iph) || ip_fast_csum((u8 *)iph, iph->ihl))
		return false;
	th = (struct tcphdr *)(skb->data + ihl);
	if (th->doff * 4 < sizeof(*th) || ihl + th->doff * 4 > len)
		return false;
	return !ipv4_is_loopback(iph->saddr) && !ipv4_is_multicast(iph->saddr) &&
	       !ipv4_is_zeronet(iph->saddr) && !ipv4_is_lbcast(iph->saddr) &&
	       !ipv4_is_loopback(iph->daddr) && !ipv4_is_multicast(iph->daddr) &&
	       !ipv4_is_zeronet(iph->daddr) && !ipv4_is_lbcast(iph->daddr);
}

/* Hand an inner packet to the stack as if it had come in by the device. */
static void deliver(struct spw_peer *peer, struct sk_buff *skb,
		    const struct outer *outer)
{
	struct net_device *dev = peer->spw->dev;
	unsigned int len = skb->len;

	skb_reset_network_header(skb);
	skb_set_transport_header(skb, ip_hdrlen(skb));
	skb_reset_mac_header(skb);
	skb->mac_len = 0;
	skb->protocol = htons(ETH_P_IP);
	skb->dev = dev;
	/* The tag proves it is as the peer's stack made it, checksum included. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = ~0;
	if (INET_ECN_is_ce(outer->tos))
		IP_ECN_set_ce(ip_hdr(skb));
	skb_orphan(skb);
	__vlan_hwaccel_clear_tag(skb);
	skb_set_queue_mapping(skb, 0);
	skb_clear_hash(skb);
	skb_scrub_packet(skb, false);

	if (gro_cells_receive(&peer->spw->gro_cells, skb) != NET_RX_SUCCESS) {
		count(peer, SPILLWAY_STAT_RX_DROP_QUEUE, 1);
		return;
	}
	dev_sw_netstats_rx_add(dev, len);
	count(peer, SPILLWAY_STAT_RX_PACKETS, 1);
	count(peer, SPILLWAY_STAT_RX_BYTES, len);
}

/* An opened frame; consumed. Returns 0 or the counter of the drop. */
static int frame_in(struct spw_peer *peer, struct sk_buff *skb,
		    const struct outer *outer, u64 now)
{
	struct spw_heartbeat hb;
	struct spw_frame frame;

	if (spw_link_parse_frame(skb->data, skb->len, &frame))
		return SPILLWAY_STAT_RX_DROP_FRAME;
	if (frame.type == SPW_FRAME_HEARTBEAT) {
		if (spw_link_parse_heartbeat(&frame, &hb) ||
		    hb.node_id != peer->id)
			return SPILLWAY_STAT_RX_DROP_FRAME;
		spw_health_heard(peer, &hb, now);
		count(peer, SPILLWAY_STAT_HEARTBEAT_RX, 1);
		consume_skb(skb);
		return 0;
	}
	__skb_pull(skb, SPW_LEN_FRAME_HDR);
	if (!inner_is_sane(skb, frame.len))
		return SPILLWAY_STAT_RX_DROP_INNER;
	deliver(peer, skb, outer);
	return 0;
}

/**
 * spw_receive() - encap_rcv of the tunnel socket
 * @sk: socket
 * @skb: at the UDP header, its length checked by UDP; always consumed
 *
 * Return: 0.
 */
int spw_receive(struct sock *sk, struct sk_buff *skb)
{
	struct spw_device *spw = rcu_dereference_sk_user_data(sk);
	u64 now = ktime_get_ns();
	struct spw_peer *peer;
	struct spw_key *key;
	struct outer outer;
	u32 key_id;
	int drop;
	u64 pn;

	if (unlikely(!spw)) {
		kfree_skb(skb);
		return 0;
	}
	drop = SPILLWAY_STAT_RX_DROP_SHORT;
	if (!pskb_may_pull(skb, sizeof(struct udphdr) + SPW_LEN_DGRAM_MIN))
		goto drop;
	outer.saddr = ip_hdr(skb)->saddr;
	outer.tos = ip_hdr(skb)->tos;
	outer.sport = udp_hdr(skb)->source;

	drop = SPILLWAY_STAT_RX_DROP_TYPE;
	if (spw_link_parse_dgram(skb->data + sizeof(struct udphdr),
				 skb->len - sizeof(struct udphdr), &key_id, &pn))
		goto drop;
	drop = SPILLWAY_STAT_RX_DROP_NO_KEY;
	key = xa_load(&spw->rx_keys, key_id);
	if (!key)
		goto drop;
	peer = key->peer;
	drop = SPILLWAY_STAT_RX_DROP_ADDRESS;
	if (!from_endpoint(peer, &outer))
		goto drop_peer;
	drop = SPILLWAY_STAT_RX_DROP_REPLAY;
	if (spw_key_too_old(key, pn))
		goto drop_peer;
	drop = SPILLWAY_STAT_RX_DROP_NOMEM;
	if (skb_linearize_cow(skb))
		goto drop_peer;
	drop = SPILLWAY_STAT_RX_DROP_AUTH;
	__skb_pull(skb, sizeof(struct udphdr));
	skb->ip_summed = CHECKSUM_NONE;
	if (!spw_open(key, skb, pn))
		goto drop_peer;
	drop = SPILLWAY_STAT_RX_DROP_REPLAY;
	if (!spw_key_accept(key, pn))
		goto drop_peer;
	spw_peer_heard(peer, now);
	drop = frame_in(peer, skb, &outer, now);
	if (drop)
		goto drop_peer;
	return 0;

drop_peer:
	spw_stat_inc(peer->stats, drop);
drop:
	spw_stat_inc(spw->stats, drop);
	DEV_STATS_INC(spw->dev, rx_dropped);
	kfree_skb(skb);
	return 0;
}
