// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inner packets go up the stack as if they had come in by the device, those that the
 * receiver put together as GRO would have done it, so that GRO cells would find little
 * to add. They go up at once, as a bridge hands up what is for itself: what they carry
 * is TCP, so they never come back here, and a softirq less is a third of what the
 * tunnel itself costs for a small packet.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/inet_ecn.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>

#include "back.h"
#include "deliver.h"
#include "icmp.h"
#include "inner.h"
#include "passed.h"
#include "peer.h"

/* Each packet that a device cuts off the whole gets its checksum there. */
static void checksum_partial(struct sk_buff *skb, bool six)
{
	unsigned int len = skb->len - skb_transport_offset(skb);
	struct tcphdr *th = tcp_hdr(skb);

	if (six)
		th->check = ~tcp_v6_check(len, &ipv6_hdr(skb)->saddr,
					  &ipv6_hdr(skb)->daddr, 0);
	else
		th->check = ~tcp_v4_check(len, ip_hdr(skb)->saddr,
					  ip_hdr(skb)->daddr, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

/* As tcp_gro_complete() and its callers. */
static void become_gso(struct sk_buff *skb, const struct spw_inner *inner,
		       unsigned int segs)
{
	struct skb_shared_info *info = skb_shinfo(skb);

	info->gso_size = inner->payload;
	info->gso_segs = segs;
	info->gso_type = inner->family == 6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
	if (tcp_hdr(skb)->cwr)
		info->gso_type |= SKB_GSO_TCP_ECN;
	if (inner->family == 4)
		ip_send_check(ip_hdr(skb));
}

/* Headers and checksum. Returns false where both marks of congestion forbid it. */
static bool dress(struct spw_peer *peer, struct sk_buff *skb, u8 outer_tos,
		  const struct spw_inner *inner, unsigned int segs, bool partial)
{
	bool six = inner->family == 6;

	skb_reset_network_header(skb);
	skb_set_transport_header(skb, inner->ip_len);
	skb_reset_mac_header(skb);
	skb->mac_len = 0;
	skb->protocol = six ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	skb->dev = peer->spw->dev;
	if (segs > 1)
		become_gso(skb, inner, segs);
	if (segs > 1 || partial) {
		checksum_partial(skb, six);
	} else {
		/* The tag proves it is as the peer's stack made it. */
		skb->ip_summed = CHECKSUM_UNNECESSARY;
		skb->csum_level = ~0;
	}
	/* RFC 6040 section 4.2: congestion marked, but the ends do not speak ECN. */
	return INET_ECN_decapsulate(skb, outer_tos, six ?
				    ipv6_get_dsfield(ipv6_hdr(skb)) :
				    ip_hdr(skb)->tos) <= 1;
}

/* Returns whether it may go up; where not it is counted and freed. */
static __always_inline bool admit(struct spw_peer *peer, struct sk_buff *skb, u8 outer_tos,
				  const struct spw_inner *inner, unsigned int segs,
				  bool partial)
{
	bool six = inner->family == 6;
	unsigned int len = skb->len;

	if (!dress(peer, skb, outer_tos, inner, segs, partial)) {
		spw_peer_drop(peer, SPILLWAY_STAT_RX_DROP_ECN, segs);
		goto drop;
	}
	skb_orphan(skb);
	__vlan_hwaccel_clear_tag(skb);
	skb_set_queue_mapping(skb, 0);
	skb_clear_hash(skb);
	skb_scrub_packet(skb, false);

	if (unlikely(inner->icmp ? !spw_icmp_admit(peer, skb, six) :
				   !spw_back_admit(peer, skb, six))) {
		spw_peer_drop(peer, SPILLWAY_STAT_RX_DROP_MOVED, segs);
		goto drop;
	}
	dev_sw_netstats_rx_add(peer->spw->dev, len);
	spw_peer_count(peer, SPILLWAY_STAT_RX_PACKETS, segs);
	spw_peer_count(peer, SPILLWAY_STAT_RX_BYTES, len);
	return true;
drop:
	kfree_skb(skb);
	return false;
}

/**
 * spw_deliver() - hand an inner packet to the stack
 * @peer: who sent it, under RCU, bottom halves off
 * @skb: at its IP header, both headers linear; consumed
 * @outer_tos: type of service or traffic class of the datagram
 * @inner: shape of its first packet
 * @segs: packets in it
 * @partial: its TCP checksum is still to be made
 */
void spw_deliver(struct spw_peer *peer, struct sk_buff *skb, u8 outer_tos,
		 const struct spw_inner *inner, unsigned int segs, bool partial)
{
	u64 *passed;

	if (!admit(peer, skb, outer_tos, inner, segs, partial))
		return;
	/* Pairs with that of who put it there, zeroed. */
	passed = smp_load_acquire(&peer->replica.passed);
	if (passed && !inner->icmp)
		spw_passed(passed, skb, inner);
	netif_receive_skb(skb);
}

/**
 * spw_deliver_later() - likewise a packet that this node made in the peer's name
 * @peer: as there
 * @skb: as there, its TCP checksum still to be made
 * @inner: its shape
 * @list: receives it, for netif_receive_skb_list() before RCU or bottom halves are
 *	let go: neighbours in a list that go to one address share a route
 *
 * It is not taken for what the peer sent last.
 */
void spw_deliver_later(struct spw_peer *peer, struct sk_buff *skb,
		       const struct spw_inner *inner, struct list_head *list)
{
	if (admit(peer, skb, 0, inner, 1, true))
		list_add_tail(&skb->list, list);
}
