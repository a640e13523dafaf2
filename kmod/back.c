// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of endpoints that came, on their way through where they came from: a network
 * that lets nobody send with another's address takes them from their own node only.
 *
 * At the target they are led into the tunnel's device as those of a relayed connection
 * are. At the origin they come in by that device with a source address that is the
 * node's own, which its routing takes for a forgery; so they leave there as if a socket
 * had sent them. Only who has the endpoint may send them: what another peer sends in its
 * name is dropped. Where they have been let in is known by their route: it is the one
 * into the device, which nothing that comes in has else.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "back.h"
#include "conn.h"
#include "gate.h"
#include "ipv6.h"
#include "moves.h"
#include "peer.h"

/**
 * spw_back_follow() - do an endpoint's packets leave through whom it came from?
 * @gate: of it, after its @from or the setting changed; under &spw_moves.lock
 */
void spw_back_follow(struct spw_gate *gate)
{
	struct spw_device *spw = gate->spw;
	bool back = gate->from &&
		    spw_setting_get(&spw->settings, SPW_SET_HANDOFF_RETURN);
	int more = (int)back - (int)gate->back;

	WRITE_ONCE(gate->back, back);
	atomic_add(more, &spw->nr_back);
	atomic_add(more, &spw->nr_watched);
}

/**
 * spw_back_follow_all() - a setting has changed
 * @spw: device, its lock held
 */
void spw_back_follow_all(struct spw_device *spw)
{
	struct spw_gate *gate;

	mutex_lock(&spw->moves->lock);
	list_for_each_entry(gate, &spw->moves->gates, list)
		spw_back_follow(gate);
	mutex_unlock(&spw->moves->lock);
}

/**
 * spw_back_expect() - an endpoint goes to a peer, or has gone there
 * @gate: of it; under &spw_moves.lock
 * @peer: who may send its packets through this node; NULL where it is here
 *
 * Said before the target has it: that may send before this node has heard so.
 */
void spw_back_expect(struct spw_gate *gate, const struct spw_peer *peer)
{
	atomic_add((int)!!peer - (int)!!gate->next, &gate->spw->nr_next);
	WRITE_ONCE(gate->next, peer);
	WRITE_ONCE(gate->was, NULL);
}

/**
 * spw_back_pass() - an endpoint that went has gone on
 * @gate: of it; under &spw_moves.lock
 * @peer: who has it
 *
 * What it sent through the peer that had it before may be under way.
 */
void spw_back_pass(struct spw_gate *gate, const struct spw_peer *peer)
{
	WRITE_ONCE(gate->was, gate->next);
	WRITE_ONCE(gate->next, peer);
}

/**
 * spw_back_settle() - nothing is under way any more through who had it before
 * @gate: of an endpoint; under &spw_moves.lock
 */
void spw_back_settle(struct spw_gate *gate)
{
	WRITE_ONCE(gate->was, NULL);
}

/**
 * spw_back_forget() - the connection is not known any more
 * @gate: of it; under &spw_moves.lock
 */
void spw_back_forget(struct spw_gate *gate)
{
	spw_back_expect(gate, NULL);
	WRITE_ONCE(gate->from, NULL);
	spw_back_follow(gate);
}

/**
 * spw_back_peer() - through whom does a packet leave, of an endpoint that came?
 * @spw: device
 * @family: of the packet
 * @tuple: of its connection
 *
 * Where that peer is down, straight: its network may have it, the peer has it not.
 *
 * Return: valid until rcu_read_unlock(); NULL: straight.
 */
struct spw_peer *spw_back_peer(struct spw_device *spw, u8 family,
			       const struct spw_tuple *tuple)
{
	struct spw_gate *gate;
	struct spw_peer *peer;

	if (!atomic_read(&spw->nr_back))
		return NULL;
	gate = spw_gate_find(spw, family, tuple);
	if (!gate || !READ_ONCE(gate->back))
		return NULL;
	peer = READ_ONCE(gate->from);
	return peer && READ_ONCE(peer->state) == SPILLWAY_PEER_UP ? peer : NULL;
}

static struct dst_entry *mark_of(const struct spw_device *spw, u8 family)
{
	return rcu_dereference(*(family == AF_INET6 ? &spw->steer6 : &spw->steer4));
}

/**
 * spw_back_is() - as spw_back_admit(), where there are such endpoints
 * @peer: as there
 * @skb: as there
 * @six: as there
 *
 * Return: as there.
 */
bool spw_back_is(struct spw_peer *peer, struct sk_buff *skb, bool six)
{
	struct spw_device *spw = peer->spw;
	u8 family = six ? AF_INET6 : AF_INET;
	struct spw_tuple tuple;
	struct spw_gate *gate;
	struct dst_entry *dst;

	if (six)
		spw_tuple_out6(&tuple, ipv6_hdr(skb), tcp_hdr(skb));
	else
		spw_tuple_out4(&tuple, ip_hdr(skb), tcp_hdr(skb));
	gate = spw_gate_find(spw, family, &tuple);
	if (!gate)
		return true;
	dst = mark_of(spw, family);
	if ((READ_ONCE(gate->next) != peer && READ_ONCE(gate->was) != peer) || !dst)
		return false;
	skb_dst_set(skb, dst_clone(dst));
	return true;
}

static struct dst_entry *way_out4(struct net *net, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct flowi4 fl4 = {
		.flowi4_proto = IPPROTO_TCP,
		.flowi4_mark = skb->mark,
		.flowi4_tos = RT_TOS(iph->tos),
		.flowi4_flags = FLOWI_FLAG_ANYSRC,
		.daddr = iph->daddr,
		.saddr = iph->saddr,
		.fl4_sport = tcp_hdr(skb)->source,
		.fl4_dport = tcp_hdr(skb)->dest,
	};
	struct rtable *rt = ip_route_output_key(net, &fl4);

	return IS_ERR(rt) ? NULL : &rt->dst;
}

/* In place of the mark. */
static bool find_way(struct spw_device *spw, struct sk_buff *skb, u8 family)
{
	struct dst_entry *dst = family == AF_INET6 ? spw_ipv6_way_out(spw->net, skb) :
						     way_out4(spw->net, skb);

	skb_dst_drop(skb);
	if (!dst)
		return false;
	skb_dst_set(skb, dst);
	return dst->dev != spw->dev;
}

/*
 * OUTPUT and POSTROUTING see the packet as if a socket here had sent it. Connection
 * tracking does not: it sees nothing of what the remote sends, and would find the
 * acknowledgments invalid.
 */
static void leave(struct net *net, struct sk_buff *skb, u8 family)
{
	skb_orphan(skb);
	nf_reset_ct(skb);
	skb_set_nfct(skb, IP_CT_UNTRACKED);
	skb_forward_csum(skb);
	skb_clear_tstamp(skb);
	skb->dev = skb_dst(skb)->dev;
	if (family == AF_INET6) {
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		ip6_local_out(net, NULL, skb);
	} else {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		ip_local_out(net, NULL, skb);
	}
}

/**
 * spw_back_out() - send out what a peer sent of an endpoint that it has
 * @spw: device
 * @skb: first in PRE_ROUTING with a route, under RCU; consumed if it is such a one
 * @family: of the packet
 *
 * Return: whether it is one.
 */
bool spw_back_out(struct spw_device *spw, struct sk_buff *skb, u8 family)
{
	if (skb->dev != spw->dev || skb_dst(skb) != mark_of(spw, family))
		return false;
	if (!spw_gate_hop(skb, family) || !find_way(spw, skb, family)) {
		spw_stat_inc(spw->stats, SPILLWAY_STAT_MOVE_DROP_HELD);
		kfree_skb(skb);
		return true;
	}
	spw_stat_inc(spw->stats, SPILLWAY_STAT_MOVE_RETURNED);
	leave(spw->net, skb, family);
	return true;
}
