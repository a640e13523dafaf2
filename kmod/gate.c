// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of connections whose endpoint moves, has moved away or has come, on their way
 * in, before anybody else sees them: held while nobody may answer, sent on to the peer
 * that has the endpoint, or led to the socket here although its address is another
 * node's. All other packets cost a look at a counter; of those of moved connections one
 * lookup.
 *
 * What is held is given back in the order in which it came, and what comes meanwhile
 * waits behind it.
 *
 * Once the target may have the endpoint, what is held is sent on to it as copies, so that
 * nothing waits for its answer; the packets themselves stay for the case that it has not.
 * A target holds what it gets until the endpoint lives, and throws it away for a while
 * after one that never came to live: no socket is asked, so that nobody answers.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "back.h"
#include "device.h"
#include "gate.h"
#include "hook.h"
#include "ipv6.h"
#include "peer.h"
#include "reuse.h"

#define DRAIN_ROUNDS	8	/* until what is held does not grow any more */

/**
 * struct held_cb - of a packet that is held
 * @ifindex: of the device that it came in by
 * @copied: a copy was sent on
 */
struct held_cb {
	int ifindex;
	bool copied;
};

static struct held_cb *held_cb(const struct sk_buff *skb)
{
	return (struct held_cb *)skb->cb;
}

static void set_mode(struct spw_gate *gate, u8 mode)
{
	lockdep_assert_held(&gate->lock);
	WRITE_ONCE(gate->mode, mode);
}

/*
 * Kept without what it refers to, so that nothing waits for it: neither the socket that
 * it may have been found for, nor a route, nor the device that it came in by, which is
 * looked up again.
 */
static bool hold(struct spw_gate *gate, struct sk_buff *skb)
{
	lockdep_assert_held(&gate->lock);
	if (skb_queue_len(&gate->held) >= SPW_GATE_HELD_PACKETS ||
	    gate->held_bytes + skb->truesize > SPW_GATE_HELD_BYTES ||
	    atomic_long_read(&gate->spw->held_bytes) > SPW_GATES_HELD_BYTES) {
		WRITE_ONCE(gate->full, true);
		return false;
	}
	skb_orphan(skb);
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	if (!skb->skb_iif)
		skb->skb_iif = skb->dev->ifindex;
	*held_cb(skb) = (struct held_cb){ .ifindex = skb->dev->ifindex };
	gate->held_bytes += skb->truesize;
	atomic_long_add(skb->truesize, &gate->spw->held_bytes);
	__skb_queue_tail(&gate->held, skb);
	return true;
}

static void take_held(struct spw_gate *gate, struct sk_buff_head *list)
{
	lockdep_assert_held(&gate->lock);
	skb_queue_splice_init(&gate->held, list);
	atomic_long_sub(gate->held_bytes, &gate->spw->held_bytes);
	gate->held_bytes = 0;
}

/**
 * spw_gate_hop() - a packet is sent on
 * @skb: at its network header
 * @family: of it
 *
 * As ip_forward() and ip6_forward(): what goes in a circle must end.
 *
 * Return: false where it ends here.
 */
bool spw_gate_hop(struct sk_buff *skb, u32 family)
{
	if (skb_warn_if_lro(skb) || skb_cow(skb, LL_MAX_HEADER))
		return false;
	if (family == AF_INET6) {
		if (ipv6_hdr(skb)->hop_limit <= 1)
			return false;
		ipv6_hdr(skb)->hop_limit--;
		return true;
	}
	if (ip_hdr(skb)->ttl <= 1)
		return false;
	ip_decrease_ttl(ip_hdr(skb));
	return true;
}

/*
 * Into the tunnel's device; consumed. The far side takes a checksum for right, since the
 * tag proves that it is as it was here: it is looked at here.
 */
static bool forward(struct spw_gate *gate, struct sk_buff *skb)
{
	struct spw_device *spw = gate->spw;
	bool six = gate->key.family == AF_INET6;
	struct dst_entry *dst;

	dst = rcu_dereference(*(six ? &spw->steer6 : &spw->steer4));
	if (!dst || !netif_running(spw->dev) || !rcu_access_pointer(gate->peer) ||
	    !spw_hook_checksum(skb, gate->key.family) ||
	    !spw_gate_hop(skb, gate->key.family)) {
		spw_stat_inc(spw->stats, SPILLWAY_STAT_MOVE_DROP_HELD);
		kfree_skb(skb);
		return false;
	}
	skb_orphan(skb);
	nf_reset_ct(skb);
	skb_forward_csum(skb);
	skb_clear_tstamp(skb);
	skb_dst_drop(skb);
	skb_dst_set(skb, dst_clone(dst));
	skb->dev = spw->dev;
	spw_stat_inc(spw->stats, SPILLWAY_STAT_MOVE_FORWARDED);
	dev_queue_xmit(skb);
	return true;
}

/* To the stack once more, as it came; it is let through where others still wait. */
static bool back(struct spw_gate *gate, struct sk_buff *skb)
{
	struct net_device *dev = dev_get_by_index_rcu(gate->spw->net, held_cb(skb)->ifindex);

	if (!dev) {
		kfree_skb(skb);
		return false;
	}
	skb->dev = dev;
	WRITE_ONCE(gate->given, skb);
	netif_receive_skb(skb);
	WRITE_ONCE(gate->given, NULL);
	return true;
}

/* Of what is held, what was not sent on before. */
static bool send_rest(struct spw_gate *gate, struct sk_buff *skb)
{
	if (!held_cb(skb)->copied)
		return forward(gate, skb);
	consume_skb(skb);
	return true;
}

/*
 * All that is held goes, what comes meanwhile behind it; then the mode is another. Where
 * packets come faster than they go, what comes late may overtake the last of them.
 */
static void drain(struct spw_gate *gate, u8 mode,
		  bool (*give)(struct spw_gate *gate, struct sk_buff *skb))
{
	struct sk_buff_head list;
	struct sk_buff *skb;
	int round = 0;

	__skb_queue_head_init(&list);
	spin_lock_bh(&gate->lock);
	gate->after = mode;
	while (!skb_queue_empty(&gate->held)) {
		take_held(gate, &list);
		if (++round == DRAIN_ROUNDS)
			set_mode(gate, mode);
		spin_unlock_bh(&gate->lock);
		local_bh_disable();
		rcu_read_lock();
		while ((skb = __skb_dequeue(&list)))
			give(gate, skb);
		rcu_read_unlock();
		local_bh_enable();
		spin_lock_bh(&gate->lock);
	}
	set_mode(gate, mode);
	gate->full = false;
	gate->missed = false;
	gate->copies = false;
	gate->expects = false;
	WRITE_ONCE(gate->watched, false);
	spin_unlock_bh(&gate->lock);
}

/**
 * spw_gate_watch() - after a grace period all is noticed that goes through
 * @gate: that holds nothing; under &spw_moves.lock
 */
void spw_gate_watch(struct spw_gate *gate)
{
	spin_lock_bh(&gate->lock);
	gate->passed = false;
	WRITE_ONCE(gate->watched, true);
	spin_unlock_bh(&gate->lock);
}

/**
 * spw_gate_unwatch() - nothing is held, nor to be
 * @gate: under &spw_moves.lock
 */
void spw_gate_unwatch(struct spw_gate *gate)
{
	WRITE_ONCE(gate->watched, false);
}

/**
 * spw_gate_hold() - hold what comes; after a grace period nothing comes through any more
 * @gate: under &spw_moves.lock
 *
 * Return: whether that need not be waited for. What came before the gate was watched came
 * through in the grace period after that, and nothing came since.
 */
bool spw_gate_hold(struct spw_gate *gate)
{
	bool still;

	spin_lock_bh(&gate->lock);
	gate->before = gate->mode;
	set_mode(gate, SPW_GATE_HOLD);
	/* Watched on: who saw the mode of before is to find out under the lock. */
	still = gate->watched && !gate->passed;
	spin_unlock_bh(&gate->lock);
	return still;
}

/**
 * spw_gate_expect() - the endpoint may come, and packets for it right behind its image
 * @gate: of which no move was known, or that sends on to whom the endpoint comes from;
 *	under &spw_moves.lock
 *
 * Return: whether they will be held. Not where the remote's packets come by a peer, too:
 * these have to be sent on until the endpoint is here, and cannot be told from those.
 */
bool spw_gate_expect(struct spw_gate *gate)
{
	if (gate->mode == SPW_GATE_PASS) {
		spw_gate_hold(gate);
		return true;
	}
	if (gate->from)
		return false;
	spin_lock_bh(&gate->lock);
	gate->expects = true;
	WRITE_ONCE(gate->watched, true);
	spin_unlock_bh(&gate->lock);
	return true;
}

/**
 * spw_gate_unexpect() - it will not come
 * @gate: that sends on; under &spw_moves.lock
 *
 * Who sent packets for it has them still.
 */
void spw_gate_unexpect(struct spw_gate *gate)
{
	struct sk_buff_head list;

	__skb_queue_head_init(&list);
	spin_lock_bh(&gate->lock);
	gate->expects = false;
	WRITE_ONCE(gate->watched, false);
	take_held(gate, &list);
	spin_unlock_bh(&gate->lock);
	__skb_queue_purge(&list);
}

/**
 * spw_gate_thaw() - what was held goes where it would have gone
 * @gate: that holds; under &spw_moves.lock, process context
 *
 * Nobody else gets it any more, but for where the peer had it before.
 */
void spw_gate_thaw(struct spw_gate *gate)
{
	spw_gate_keep(gate);
	if (gate->before != SPW_GATE_FORWARD) {
		RCU_INIT_POINTER(gate->peer, NULL);
		spw_back_expect(gate, NULL);
	}
	drain(gate, gate->before, back);
}

/* The first of those held of which no copy was sent on, as one. */
static struct sk_buff *next_copy(struct spw_gate *gate)
{
	struct sk_buff *skb, *copy = NULL;

	spin_lock_bh(&gate->lock);
	skb_queue_walk(&gate->held, skb) {
		if (held_cb(skb)->copied)
			continue;
		copy = skb_clone(skb, GFP_ATOMIC | __GFP_NOWARN);
		held_cb(skb)->copied = copy;
		break;
	}
	/* From here on each is sent on as it comes; without memory they just wait. */
	if (!copy)
		gate->copies = true;
	spin_unlock_bh(&gate->lock);
	return copy;
}

/**
 * spw_gate_copy() - the endpoint may be a peer's: it gets a copy of what is held, and of
 *	what comes
 * @gate: that holds, and goes on to; under &spw_moves.lock, process context
 * @peer: who may have it
 */
void spw_gate_copy(struct spw_gate *gate, struct spw_peer *peer)
{
	struct sk_buff *copy;

	rcu_assign_pointer(gate->peer, peer);
	local_bh_disable();
	rcu_read_lock();
	while ((copy = next_copy(gate)))
		forward(gate, copy);
	rcu_read_unlock();
	local_bh_enable();
}

/**
 * spw_gate_keep() - what comes is held, and no more than that
 * @gate: that holds; under &spw_moves.lock
 */
void spw_gate_keep(struct spw_gate *gate)
{
	spin_lock_bh(&gate->lock);
	gate->copies = false;
	spin_unlock_bh(&gate->lock);
}

/**
 * spw_gate_forward() - the endpoint is a peer's: so are its packets, also those held of
 *	which it did not get a copy
 * @gate: under &spw_moves.lock, process context
 * @peer: who has it
 */
void spw_gate_forward(struct spw_gate *gate, struct spw_peer *peer)
{
	rcu_assign_pointer(gate->peer, peer);
	spw_back_expect(gate, peer);
	gate->since = ktime_get_ns();
	drain(gate, SPW_GATE_FORWARD, send_rest);
}

/**
 * spw_gate_steer() - the endpoint is here, its address is not
 * @gate: that holds; under &spw_moves.lock, process context
 */
void spw_gate_steer(struct spw_gate *gate)
{
	RCU_INIT_POINTER(gate->peer, NULL);
	spw_back_expect(gate, NULL);
	gate->since = ktime_get_ns();
	drain(gate, SPW_GATE_STEER, back);
}

/**
 * spw_gate_open() - the endpoint is here, and so is its address
 * @gate: that holds; under &spw_moves.lock, process context
 */
void spw_gate_open(struct spw_gate *gate)
{
	RCU_INIT_POINTER(gate->peer, NULL);
	drain(gate, SPW_GATE_PASS, back);
}

/**
 * spw_gate_sink() - the endpoint is not here, whatever the peer sends on
 * @gate: that holds; under &spw_moves.lock; goes by itself
 *
 * Without it a late packet would be routed by its address, back to whom it came from.
 */
void spw_gate_sink(struct spw_gate *gate)
{
	spw_gate_discard(gate);
	gate->since = ktime_get_ns();
	spin_lock_bh(&gate->lock);
	set_mode(gate, SPW_GATE_SINK);
	spin_unlock_bh(&gate->lock);
}

/**
 * spw_gate_discard() - what is held is nobody's
 * @gate: under &spw_moves.lock
 */
void spw_gate_discard(struct spw_gate *gate)
{
	struct sk_buff_head list;

	__skb_queue_head_init(&list);
	spin_lock_bh(&gate->lock);
	set_mode(gate, SPW_GATE_PASS);
	gate->copies = false;
	take_held(gate, &list);
	spin_unlock_bh(&gate->lock);
	__skb_queue_purge(&list);
}

static const struct tcphdr *tcp_of(const struct sk_buff *skb, u32 family,
				   struct tcphdr *buf)
{
	int offset = family == AF_INET6 ? spw_ipv6_tcp_offset(skb) : ip_hdrlen(skb);

	if (offset < 0)
		return NULL;
	return skb_header_pointer(skb, skb_network_offset(skb) + offset, sizeof(*buf),
				  buf);
}

/**
 * spw_gate_moved_on() - did the remote hear from a later owner of the endpoint?
 * @gate: that holds; under &spw_moves.lock
 * @snd_nxt: of the frozen endpoint
 *
 * Return: whether what is held acknowledges what the frozen endpoint has not sent; also
 * where a later owner got what is not held, and may have acknowledged it.
 */
bool spw_gate_moved_on(struct spw_gate *gate, u32 snd_nxt)
{
	const struct tcphdr *th;
	struct tcphdr buf;
	struct sk_buff *skb;
	bool moved;

	spin_lock_bh(&gate->lock);
	moved = gate->missed;
	skb_queue_walk(&gate->held, skb) {
		th = tcp_of(skb, gate->key.family, &buf);
		moved |= th && th->ack && after(ntohl(th->ack_seq), snd_nxt);
	}
	spin_unlock_bh(&gate->lock);
	return moved;
}

/*
 * Is a copy to be sent on? Not where the remote's packets come here by that very peer: it
 * would send them here again if it turns out not to have the endpoint.
 */
static bool wants_copy(const struct spw_gate *gate, const struct sk_buff *skb)
{
	return gate->copies && (skb->dev != gate->spw->dev ||
				gate->from != rcu_access_pointer(gate->peer));
}

/* The copy, or what is not held itself. */
static struct sk_buff *copy_of(struct spw_gate *gate, struct sk_buff *skb, bool held)
{
	struct sk_buff *copy;

	lockdep_assert_held(&gate->lock);
	if (!wants_copy(gate, skb))
		return NULL;
	if (!held) {
		gate->missed = true;
		return skb;
	}
	copy = skb_clone(skb, GFP_ATOMIC | __GFP_NOWARN);
	held_cb(skb)->copied = copy;
	return copy;
}

static enum spw_gate_verdict wait(struct spw_gate *gate, struct sk_buff *skb)
{
	enum spw_gate_verdict verdict = SPW_GATE_GO_ON;
	struct sk_buff *copy = NULL;
	bool held = false;

	spin_lock(&gate->lock);
	if (gate->mode == SPW_GATE_HOLD ||
	    (gate->expects && skb->dev == gate->spw->dev)) {
		held = hold(gate, skb);
		copy = copy_of(gate, skb, held);
		verdict = held || copy ? SPW_GATE_TAKEN : SPW_GATE_DROP;
	} else {
		gate->passed = true;
	}
	spin_unlock(&gate->lock);
	if (verdict == SPW_GATE_GO_ON)
		return verdict;
	spw_stat_inc(gate->spw->stats, held ? SPILLWAY_STAT_MOVE_HELD :
					      SPILLWAY_STAT_MOVE_DROP_HELD);
	if (copy)
		forward(gate, copy);
	return verdict;
}

/* No routing, no address, no reverse path filter: the connection itself was moved here. */
static enum spw_gate_verdict steer(struct spw_gate *gate, struct sk_buff *skb)
{
	struct spw_device *spw = gate->spw;
	struct dst_entry *dst;

	if (spw_reuse_ends(gate, skb))
		return SPW_GATE_DROP;
	dst = rcu_dereference(*(gate->key.family == AF_INET6 ? &spw->local6 :
							       &spw->local4));
	if (!dst) {
		spw_stat_inc(spw->stats, SPILLWAY_STAT_MOVE_DROP_HELD);
		return SPW_GATE_DROP;
	}
	skb_dst_drop(skb);
	skb_dst_set(skb, dst_clone(dst));
	spw_stat_inc(spw->stats, SPILLWAY_STAT_MOVE_STEERED);
	return SPW_GATE_GO_ON;
}

/**
 * spw_gate_packet() - a TCP packet has come in
 * @spw: device, one of whose gates is there
 * @skb: first in PRE_ROUTING, under RCU
 * @family: of the packet
 * @tuple: of its connection, as a socket here would have it
 *
 * Return: what becomes of it.
 */
enum spw_gate_verdict spw_gate_packet(struct spw_device *spw, struct sk_buff *skb,
				      u8 family, const struct spw_tuple *tuple)
{
	struct spw_gate *gate = spw_gate_find(spw, family, tuple);
	enum spw_gate_verdict verdict;
	u8 mode;

	if (!gate)
		return SPW_GATE_GO_ON;
	mode = READ_ONCE(gate->mode);
	if (mode == SPW_GATE_HOLD && READ_ONCE(gate->given) == skb) {
		mode = READ_ONCE(gate->after);
	} else if (mode == SPW_GATE_HOLD || READ_ONCE(gate->watched)) {
		verdict = wait(gate, skb);
		if (verdict != SPW_GATE_GO_ON)
			return verdict;
		mode = READ_ONCE(gate->mode);
	}
	switch (mode) {
	case SPW_GATE_FORWARD:
		if (spw_reuse_over(gate, skb))
			return SPW_GATE_GO_ON;
		forward(gate, skb);
		return SPW_GATE_TAKEN;
	case SPW_GATE_STEER:
		return steer(gate, skb);
	case SPW_GATE_SINK:
		spw_stat_inc(spw->stats, SPILLWAY_STAT_MOVE_DROP_HELD);
		return SPW_GATE_DROP;
	default:
		return SPW_GATE_GO_ON;
	}
}

/**
 * spw_gate_peer() - to whom does a packet go that is in the tunnel's device?
 * @spw: device
 * @family: of the packet
 * @tuple: as if it were one of ours: its source is the local end
 *
 * Return: valid until rcu_read_unlock(), or NULL.
 */
struct spw_peer *spw_gate_peer(struct spw_device *spw, u8 family,
			       const struct spw_tuple *tuple)
{
	struct spw_tuple turned = { .lport = tuple->rport, .rport = tuple->lport };
	struct spw_gate *gate;
	u8 mode;

	if (family == AF_INET6) {
		turned.laddr6 = tuple->raddr6;
		turned.raddr6 = tuple->laddr6;
	} else {
		turned.laddr = tuple->raddr;
		turned.raddr = tuple->laddr;
	}
	gate = spw_gate_find(spw, family, &turned);
	if (!gate)
		return NULL;
	/* It also holds while what it held is being sent on. */
	mode = READ_ONCE(gate->mode);
	return mode == SPW_GATE_FORWARD || mode == SPW_GATE_HOLD ?
	       rcu_dereference(gate->peer) : NULL;
}
