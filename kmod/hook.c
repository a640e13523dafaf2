// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The netfilter hooks; the only file that says NF_*. They see connections come and
 * end, steer the packets of those that a peer relays, and show what comes in to the gate
 * while there are connections whose endpoint moves or has moved; without one nothing
 * looks at what comes in before it is routed. A packet of any other connection costs a
 * look at its flags and at one counter.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>

#include "back.h"
#include "conntab.h"
#include "device.h"
#include "gate.h"
#include "hook.h"
#include "icmp.h"
#include "ipv6.h"
#include "mute.h"
#include "relay.h"

static struct tcphdr *tcp_of4(const struct sk_buff *skb, struct tcphdr *buf)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (iph->protocol != IPPROTO_TCP || ip_is_fragment(iph))
		return NULL;
	return skb_header_pointer(skb, skb_network_offset(skb) + ip_hdrlen(skb),
				  sizeof(*buf), buf);
}

static struct tcphdr *tcp_of6(const struct sk_buff *skb, struct tcphdr *buf)
{
	int offset = spw_ipv6_tcp_offset(skb);

	if (offset < 0)
		return NULL;
	return skb_header_pointer(skb, skb_network_offset(skb) + offset,
				  sizeof(*buf), buf);
}

/*
 * SYN: this node opens. SYN and ACK: it accepts; the packet belongs to a request
 * socket then, so that the kernel's own backlog bounds what a flood of SYNs can
 * make grow here. With a SYN cookie there is none: the collector finds the
 * connection later, once it is real.
 */
static void handshake(struct spw_device *spw, const struct sk_buff *skb,
		      u8 family, const struct spw_tuple *tuple,
		      const struct tcphdr *th)
{
	if (!skb->sk)
		return;
	spw_conntab_born(spw, family, tuple, skb->sk,
			 th->ack ? SPILLWAY_DIR_IN : SPILLWAY_DIR_OUT,
			 ntohl(th->seq));
}

/* Does the packet begin or end a connection, or may it be one that is relayed? */
static bool matters(const struct spw_device *spw, const struct tcphdr *th)
{
	return unlikely(th->syn || th->fin || th->rst) ||
	       atomic_read(&spw->nr_watched);
}

static unsigned int leaving(struct spw_device *spw, struct sk_buff *skb, u8 family,
			    const struct spw_tuple *tuple, const struct tcphdr *th)
{
	if (unlikely(atomic_read(&spw->nr_muted)) && spw_mutes(spw, family, tuple)) {
		spw_stat_inc(spw->stats, SPILLWAY_STAT_MOVE_DROP_MUTED);
		return NF_DROP;
	}
	if (th->syn && !th->rst)
		handshake(spw, skb, family, tuple, th);
	else if (th->fin || th->rst)
		spw_conntab_ending(spw, family, tuple);
	if (atomic_read(&spw->nr_watched))
		spw_relay_steer(spw, skb, family, tuple);
	return NF_ACCEPT;
}

/* Last in OUTPUT: what the user's rules drop or rewrite is settled. */
static unsigned int local_out4(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	struct spw_device *spw = priv;
	struct spw_tuple tuple;
	struct tcphdr buf, *th;

	th = tcp_of4(skb, &buf);
	if (!th || (state->out->flags & IFF_LOOPBACK) || !matters(spw, th))
		return NF_ACCEPT;
	spw_tuple_out4(&tuple, ip_hdr(skb), th);
	return leaving(spw, skb, AF_INET, &tuple, th);
}

static unsigned int local_out6(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	struct spw_device *spw = priv;
	struct spw_tuple tuple;
	struct tcphdr buf, *th;

	th = tcp_of6(skb, &buf);
	if (!th || (state->out->flags & IFF_LOOPBACK) || !matters(spw, th))
		return NF_ACCEPT;
	spw_tuple_out6(&tuple, ipv6_hdr(skb), th);
	return leaving(spw, skb, AF_INET6, &tuple, th);
}

static void tuple_in4(struct spw_tuple *tuple, const struct sk_buff *skb,
		      const struct tcphdr *th)
{
	tuple->laddr = ip_hdr(skb)->daddr;
	tuple->raddr = ip_hdr(skb)->saddr;
	tuple->lport = th->dest;
	tuple->rport = th->source;
}

static void tuple_in6(struct spw_tuple *tuple, const struct sk_buff *skb,
		      const struct tcphdr *th)
{
	tuple->laddr6 = ipv6_hdr(skb)->daddr;
	tuple->raddr6 = ipv6_hdr(skb)->saddr;
	tuple->lport = th->dest;
	tuple->rport = th->source;
}

/* Last in INPUT: a FIN or RST that the firewall lets through may end a connection. */
static unsigned int local_in4(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	struct spw_device *spw = priv;
	struct spw_tuple tuple;
	struct tcphdr buf, *th;

	th = tcp_of4(skb, &buf);
	if (!th || likely(!th->fin && !th->rst))
		return NF_ACCEPT;
	tuple_in4(&tuple, skb, th);
	spw_conntab_ending(spw, AF_INET, &tuple);
	return NF_ACCEPT;
}

static unsigned int local_in6(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	struct spw_device *spw = priv;
	struct spw_tuple tuple;
	struct tcphdr buf, *th;

	th = tcp_of6(skb, &buf);
	if (!th || likely(!th->fin && !th->rst))
		return NF_ACCEPT;
	tuple_in6(&tuple, skb, th);
	spw_conntab_ending(spw, AF_INET6, &tuple);
	return NF_ACCEPT;
}

static unsigned int verdict_of(enum spw_gate_verdict verdict)
{
	switch (verdict) {
	case SPW_GATE_TAKEN:
		return NF_STOLEN;
	case SPW_GATE_DROP:
		return NF_DROP;
	default:
		return NF_ACCEPT;
	}
}

/* First in PREROUTING: nobody answers for an endpoint that is frozen or elsewhere. */
static unsigned int arriving4(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	struct spw_device *spw = priv;
	struct spw_tuple tuple;
	struct tcphdr buf, *th;

	if (likely(!atomic_read(&spw->nr_gates)))
		return NF_ACCEPT;
	if (unlikely(skb_dst(skb)) && spw_back_out(spw, skb, AF_INET))
		return NF_STOLEN;
	th = tcp_of4(skb, &buf);
	if (!th)
		return verdict_of(spw_icmp_packet(spw, skb, AF_INET));
	tuple_in4(&tuple, skb, th);
	return verdict_of(spw_gate_packet(spw, skb, AF_INET, &tuple));
}

static unsigned int arriving6(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	struct spw_device *spw = priv;
	struct spw_tuple tuple;
	struct tcphdr buf, *th;

	if (likely(!atomic_read(&spw->nr_gates)))
		return NF_ACCEPT;
	if (unlikely(skb_dst(skb)) && spw_back_out(spw, skb, AF_INET6))
		return NF_STOLEN;
	th = tcp_of6(skb, &buf);
	if (!th)
		return verdict_of(spw_icmp_packet(spw, skb, AF_INET6));
	tuple_in6(&tuple, skb, th);
	return verdict_of(spw_gate_packet(spw, skb, AF_INET6, &tuple));
}

/**
 * spw_hook_checksum() - is the TCP checksum of a packet that came in right?
 * @skb: at its network header, in or after PRE_ROUTING
 * @family: of it
 */
bool spw_hook_checksum(struct sk_buff *skb, u8 family)
{
	int offset = family == AF_INET6 ? spw_ipv6_tcp_offset(skb) : ip_hdrlen(skb);

	return offset >= 0 &&
	       !nf_checksum(skb, NF_INET_PRE_ROUTING,
			    skb_network_offset(skb) + offset, IPPROTO_TCP, family);
}

/**
 * spw_hook_icmp_checksum() - is the checksum of an ICMP message that came in right?
 * @skb: at its network header, in PRE_ROUTING; it has neither options nor extensions
 * @family: of it
 */
bool spw_hook_icmp_checksum(struct sk_buff *skb, u8 family)
{
	bool six = family == AF_INET6;

	return !nf_checksum(skb, NF_INET_PRE_ROUTING, skb_network_offset(skb) +
			    (six ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)),
			    six ? IPPROTO_ICMPV6 : IPPROTO_ICMP, family);
}

/* The first SPW_HOOKS_ARRIVING are registered while there are gates. */
static const struct nf_hook_ops hooks[SPW_HOOKS] = {
	{
		.hook = arriving4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_FIRST,
	},
	{
		.hook = arriving6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP6_PRI_FIRST,
	},
	{
		.hook = local_out4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_LAST,
	},
	{
		.hook = local_in4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_LAST,
	},
	{
		.hook = local_out6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP6_PRI_LAST,
	},
	{
		.hook = local_in6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP6_PRI_LAST,
	},
};

/**
 * spw_hook_register() - begin to see packets
 * @spw: device, its table and route ready; under RTNL
 *
 * Return: 0 or a negative error.
 */
int spw_hook_register(struct spw_device *spw)
{
	int err, i;

	memcpy(spw->hooks, hooks, sizeof(hooks));
	for (i = 0; i < SPW_HOOKS; i++)
		spw->hooks[i].priv = spw;
	err = nf_register_net_hooks(spw->net, spw->hooks + SPW_HOOKS_ARRIVING,
				    SPW_HOOKS - SPW_HOOKS_ARRIVING);
	spw->hooked = !err;
	return err;
}

/**
 * spw_hook_arriving() - look at what comes in, before there is a gate
 * @spw: device; under &spw_moves.lock, process context
 *
 * What came before is not seen: whoever holds packets waits for a grace period in any case.
 *
 * Return: 0 or a negative error.
 */
int spw_hook_arriving(struct spw_device *spw)
{
	int err;

	if (spw->arriving)
		return 0;
	err = nf_register_net_hooks(spw->net, spw->hooks, SPW_HOOKS_ARRIVING);
	spw->arriving = !err;
	return err;
}

/**
 * spw_hook_not_arriving() - there is no gate any more
 * @spw: device; under &spw_moves.lock, process context
 *
 * A packet under way may still be shown to where the gates were.
 */
void spw_hook_not_arriving(struct spw_device *spw)
{
	if (!spw->arriving)
		return;
	nf_unregister_net_hooks(spw->net, spw->hooks, SPW_HOOKS_ARRIVING);
	spw->arriving = false;
}

/**
 * spw_hook_unregister() - see no packet any more, once this returns
 * @spw: device, whose moves have stopped; under RTNL
 */
void spw_hook_unregister(struct spw_device *spw)
{
	if (!spw->hooked)
		return;
	nf_unregister_net_hooks(spw->net, spw->hooks + SPW_HOOKS_ARRIVING,
				SPW_HOOKS - SPW_HOOKS_ARRIVING);
	spw->hooked = false;
	synchronize_net();
}
