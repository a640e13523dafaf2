// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ICMP errors about packets of endpoints that moved: they come to the origin, whose
 * address the packets have, and are of use to the socket at the target only, "too big"
 * above all (RFC 1191, RFC 8201). They travel cut down to what names the segment, and so
 * many a second at most; whether the segment is one that was sent the target's TCP judges
 * by its number, as for any other.
 */
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/ratelimit.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "device.h"
#include "gate.h"
#include "hook.h"
#include "icmp.h"
#include "inner.h"
#include "messages.h"
#include "peer.h"
#include "send.h"

/**
 * struct error - one that is cut down
 * @data: as it travels, but with the lengths and checksums of the whole
 * @len: bytes
 * @family: AF_INET or AF_INET6
 * @tuple: of the connection that it is about
 */
struct error {
	u8 data[SPW_INNER_ICMP6];
	u16 len;
	u8 family;
	struct spw_tuple tuple;
};

/* What is quoted was sent by the local end. */
static void name(struct error *e)
{
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;
	const __be16 *ports;

	if (e->family == AF_INET6) {
		ip6h = (const struct ipv6hdr *)(e->data + SPW_INNER_IP6 + SPW_INNER_ICMP);
		ports = (const __be16 *)(ip6h + 1);
		e->tuple.laddr6 = ip6h->saddr;
		e->tuple.raddr6 = ip6h->daddr;
	} else {
		iph = (const struct iphdr *)(e->data + SPW_INNER_IP4 + SPW_INNER_ICMP);
		ports = (const __be16 *)(iph + 1);
		e->tuple.laddr = iph->saddr;
		e->tuple.raddr = iph->daddr;
	}
	e->tuple.lport = ports[0];
	e->tuple.rport = ports[1];
}

/* Is it an error about a TCP segment, from a header without options? */
static bool cut_down(struct error *e, const struct sk_buff *skb, u8 family)
{
	struct spw_inner inner;

	e->family = family;
	e->len = family == AF_INET6 ? SPW_INNER_ICMP6 : SPW_INNER_ICMP4;
	if (skb_copy_bits(skb, skb_network_offset(skb), e->data, e->len))
		return false;
	if (family == AF_INET6)
		((struct ipv6hdr *)e->data)->payload_len = htons(e->len - SPW_INNER_IP6);
	else
		((struct iphdr *)e->data)->tot_len = htons(e->len);
	if (spw_inner_parse(e->data, e->len, &inner) || !inner.icmp)
		return false;
	name(e);
	return true;
}

/* What goes in a circle must end. */
static bool hop(struct error *e)
{
	u8 *ttl = e->family == AF_INET6 ? &((struct ipv6hdr *)e->data)->hop_limit :
					  &((struct iphdr *)e->data)->ttl;

	return *ttl && --*ttl;
}

static void checksums(struct error *e)
{
	struct ipv6hdr *ip6h = (struct ipv6hdr *)e->data;
	struct iphdr *iph = (struct iphdr *)e->data;
	bool six = e->family == AF_INET6;
	unsigned int at = six ? SPW_INNER_IP6 : SPW_INNER_IP4;
	struct icmphdr *icmph = (struct icmphdr *)(e->data + at);
	__wsum sum;

	icmph->checksum = 0;
	sum = csum_partial(icmph, e->len - at, 0);
	if (six) {
		icmph->checksum = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, e->len - at,
						  IPPROTO_ICMPV6, sum);
		return;
	}
	icmph->checksum = csum_fold(sum);
	ip_send_check(iph);
}

static struct sk_buff *packet_of(const struct error *e)
{
	struct sk_buff *skb = alloc_skb(LL_MAX_HEADER + SPW_LEN_OVERHEAD6 + e->len,
					GFP_ATOMIC | __GFP_NOWARN);

	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER + SPW_LEN_OVERHEAD6 - SPW_LEN_TAG);
	skb_put_data(skb, e->data, e->len);
	skb_reset_network_header(skb);
	skb->protocol = e->family == AF_INET6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	return skb;
}

/* To who has the endpoint. */
static void send_on(struct spw_device *spw, struct spw_peer *peer, struct sk_buff *skb,
		    struct error *e)
{
	enum spillway_stat what = SPILLWAY_STAT_MOVE_DROP_ICMP;
	struct sk_buff *copy = NULL;

	if (peer && spw_hook_icmp_checksum(skb, e->family) &&
	    hop(e) && __ratelimit(&spw->icmp_rate)) {
		checksums(e);
		copy = packet_of(e);
	}
	if (copy && !spw_send_alone(peer, copy))
		what = SPILLWAY_STAT_MOVE_ICMP;
	spw_stat_inc(spw->stats, what);
}

/**
 * spw_icmp_packet() - something that is not TCP has come in
 * @spw: device, one of whose gates is there
 * @skb: first in PRE_ROUTING, under RCU, bottom halves off
 * @family: of the packet
 *
 * Return: what becomes of it.
 */
enum spw_gate_verdict spw_icmp_packet(struct spw_device *spw, struct sk_buff *skb,
				      u8 family)
{
	struct dst_entry *dst;
	struct spw_gate *gate;
	struct error e;

	if (family == AF_INET6 ? ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6 :
				 ip_hdr(skb)->protocol != IPPROTO_ICMP)
		return SPW_GATE_GO_ON;
	if (!cut_down(&e, skb, family))
		return SPW_GATE_GO_ON;
	gate = spw_gate_find(spw, family, &e.tuple);
	if (!gate)
		return SPW_GATE_GO_ON;
	switch (READ_ONCE(gate->mode)) {
	case SPW_GATE_FORWARD:
		send_on(spw, rcu_dereference(gate->peer), skb, &e);
		return SPW_GATE_DROP;
	case SPW_GATE_STEER:
		dst = rcu_dereference(*(family == AF_INET6 ? &spw->local6 : &spw->local4));
		if (!dst)
			return SPW_GATE_DROP;
		skb_dst_drop(skb);
		skb_dst_set(skb, dst_clone(dst));
		return SPW_GATE_GO_ON;
	default:
		return SPW_GATE_GO_ON;
	}
}

/**
 * spw_icmp_admit() - is what a peer sent about an endpoint that it gave to this node?
 * @peer: who, under RCU
 * @skb: an error, as spw_inner_parse() lets it in
 * @six: it is IPv6
 */
bool spw_icmp_admit(const struct spw_peer *peer, const struct sk_buff *skb, bool six)
{
	struct spw_gate *gate;
	struct error e;

	if (!cut_down(&e, skb, six ? AF_INET6 : AF_INET))
		return false;
	gate = spw_gate_find(peer->spw, e.family, &e.tuple);
	return gate && (READ_ONCE(gate->from) == peer ||
			READ_ONCE(gate->shorten.first) == peer);
}
