// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replication, the end: a peer is down, and this node relays connections of it. If the
 * peer is dead, their remotes wait for minutes for what will never come; a reset with
 * the number that they expect (RFC 5961 section 3) ends them at once.
 *
 * If it is alive and only the path between the two is broken, it has taken its
 * connections home, and a reset would end what goes on well. Nothing that this node can
 * see proves a death. What speaks against one is looked for: the peer said that it would
 * fall silent, it is heard although it does not hear this node, this node cannot hear or
 * send, or no third node is heard. Then its connections are left alone. What remains is
 * a cut between just these two, and what the operator takes upon himself in a pool of two.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "deliver.h"
#include "messages.h"
#include "passed.h"
#include "peer.h"
#include "replica.h"
#include "trace.h"
#include "way.h"

enum {
	RESETS = 3,
	HOPS = 64,
	BUNDLE = 16,		/* connections that are looked at before resets go on */
	TOGETHER = 256,		/* between two pauses: queues on the way are not endless, */
	PAUSE_US = 100,		/* often 1000 packets */
	TIMES = 2,		/* a reset that gets lost is not asked for again */
};

static u32 word(const u8 *addr)
{
	u32 value;

	memcpy(&value, addr, sizeof(value));
	return value;
}

static u32 fold(const struct spw_image_tuple *t, const u8 *addr)
{
	struct in6_addr six;

	if (t->family == 4)
		return word(addr);
	memcpy(&six, addr, sizeof(six));
	return spw_passed_fold(&six);
}

/* The end of what went through this node last, if that is known and makes sense. */
static u32 passed_end(const struct spw_replica_peer *p, const struct spw_image *image)
{
	const struct spw_image_sequence *s = &image->sequence;
	const struct spw_image_tuple *t = &image->tuple;
	u32 key, ahead;
	u64 entry;

	if (!p->passed)
		return s->snd_nxt;
	key = spw_passed_key(fold(t, t->laddr), fold(t, t->raddr), htons(t->lport),
			     htons(t->rport));
	entry = READ_ONCE(*spw_passed_slot(p->passed, key));
	ahead = (u32)entry - s->snd_una;
	if (entry >> 32 != key || ahead > SPW_IMAGE_WINDOW_MAX)
		return s->snd_nxt;
	return (u32)entry;
}

static void put_ip(struct sk_buff *skb, const struct spw_image_tuple *t)
{
	struct ipv6hdr *ip6h;
	struct iphdr *iph;

	if (t->family == 6) {
		ip6h = skb_put_zero(skb, sizeof(*ip6h));
		ip6h->version = 6;
		ip6h->payload_len = htons(sizeof(struct tcphdr));
		ip6h->nexthdr = IPPROTO_TCP;
		ip6h->hop_limit = HOPS;
		memcpy(&ip6h->saddr, t->laddr, sizeof(ip6h->saddr));
		memcpy(&ip6h->daddr, t->raddr, sizeof(ip6h->daddr));
		return;
	}
	iph = skb_put_zero(skb, sizeof(*iph));
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tot_len = htons(sizeof(*iph) + sizeof(struct tcphdr));
	iph->frag_off = htons(IP_DF);
	iph->ttl = HOPS;
	iph->protocol = IPPROTO_TCP;
	memcpy(&iph->saddr, t->laddr, sizeof(iph->saddr));
	memcpy(&iph->daddr, t->raddr, sizeof(iph->daddr));
	ip_send_check(iph);
}

static void put_tcp(struct sk_buff *skb, const struct spw_image *image, u32 seq)
{
	struct tcphdr *th = skb_put_zero(skb, sizeof(*th));

	th->source = htons(image->tuple.lport);
	th->dest = htons(image->tuple.rport);
	th->seq = htonl(seq);
	th->ack_seq = htonl(image->sequence.rcv_nxt);
	th->doff = sizeof(*th) / 4;
	th->rst = 1;
	th->ack = 1;
}

/* It takes the way of all that the peer sends through this node, firewall included. */
static void make_reset(struct spw_peer *peer, const struct spw_image *image, u32 seq,
		       struct list_head *list)
{
	bool six = image->tuple.family == 6;
	const struct spw_inner inner = {
		.family = six ? 6 : 4,
		.ip_len = six ? SPW_INNER_IP6 : SPW_INNER_IP4,
		.hdr_len = (six ? SPW_INNER_IP6 : SPW_INNER_IP4) + SPW_INNER_TCP,
	};
	struct sk_buff *skb = alloc_skb(LL_MAX_HEADER + inner.hdr_len,
					GFP_ATOMIC | __GFP_NOWARN);

	if (!skb)
		return;
	skb_reserve(skb, LL_MAX_HEADER);
	put_ip(skb, &image->tuple);
	put_tcp(skb, image, seq);
	spw_deliver_later(peer, skb, &inner, list);
	spw_peer_count(peer, SPILLWAY_STAT_REPLICA_RESETS, 1);
}

/*
 * Which number the remote expects depends on what of the last window came. The highest
 * that was sent, or what the remote acknowledged, or what lies between: one that is
 * not expected is answered and harms nobody.
 */
static void reset(struct spw_peer *peer, const struct spw_image *image,
		  struct list_head *list)
{
	u32 seq[RESETS] = { passed_end(&peer->replica, image), image->sequence.snd_nxt,
			    image->sequence.snd_una };
	int i, j;

	for (i = 0; i < RESETS; i++) {
		for (j = 0; j < i && seq[j] != seq[i]; j++)
			;
		if (j == i)
			make_reset(peer, image, seq[i], list);
	}
}

/* Those at the place to go on at, which moves on, after the last to 0. Returns how many. */
static u32 reset_bundle(struct spw_peer *peer)
{
	struct spw_replica_peer *p = &peer->replica;
	struct spw_replica_in *in;
	unsigned long place;
	u32 looked = 0, n = 0;
	LIST_HEAD(list);

	local_bh_disable();
	rcu_read_lock();
	xa_for_each_start(&p->in, place, in, p->next_reset) {
		if (looked++ == BUNDLE)
			break;
		if (!in->relayed)
			continue;
		reset(peer, &in->image, &list);
		n++;
	}
	p->next_reset = in ? place : 0;
	netif_receive_skb_list(&list);
	rcu_read_unlock();
	local_bh_enable();
	return n;
}

/*
 * Some of them: heartbeats wait for the device's lock, and without these others would take
 * this node for down. Returns whether those were the last.
 */
static bool reset_some(struct spw_peer *peer)
{
	struct spw_replica_peer *p = &peer->replica;
	u32 n = 0;

	mutex_lock(&p->in_lock);
	do {
		n += reset_bundle(peer);
	} while (p->next_reset && n < TOGETHER);
	mutex_unlock(&p->in_lock);
	return !p->next_reset;
}

/* Can this node hear the peer, and send to it, if it is there? */
static bool can_tell(struct spw_peer *peer)
{
	struct spw_way way;
	bool can;

	if (!netif_running(peer->spw->dev) || !peer->rx_keys[0])
		return false;
	local_bh_disable();
	rcu_read_lock();
	can = !spw_way_find(&way, peer);
	if (can)
		dst_release(way.route.dst);
	rcu_read_unlock();
	local_bh_enable();
	return can;
}

/*
 * Is this node connected to the pool, and the peer not? A third that was heard since says
 * so. Without a third, or where all fell silent, nobody does; the former is for the operator
 * to judge.
 */
static bool is_connected(struct spw_peer *peer, u64 down_ns, u32 allowed)
{
	u64 last = READ_ONCE(peer->heard);
	struct spw_peer *other;
	unsigned long id;

	xa_for_each(&peer->spw->peers, id, other) {
		if (other == peer || READ_ONCE(other->heard) + down_ns < last)
			continue;
		if (READ_ONCE(other->heard) > last + down_ns / 4)
			return true;
		allowed = SPW_RST_WITNESSED;
	}
	return allowed == SPW_RST_ALONE;
}

static bool seems_dead(struct spw_peer *peer)
{
	const struct spw_settings *s = &peer->spw->settings;
	u64 down_ns = (u64)spw_setting_get(s, SPW_SET_DOWN_AFTER_MS) * NSEC_PER_MSEC;
	u32 allowed = spw_setting_get(s, SPW_SET_REPLICA_RST);
	u64 heard = READ_ONCE(peer->heard);

	/* The silence that made it down began with a stamp sent before it was heard last. */
	return allowed != SPW_RST_NEVER && peer->state == SPILLWAY_PEER_DOWN &&
	       heard + down_ns / 2 < peer->replica.condemned &&
	       !(READ_ONCE(peer->flags) & SPW_HB_LEAVES) && can_tell(peer) &&
	       is_connected(peer, down_ns, allowed);
}

enum next_step { NOTHING, GO_ON, ONCE_MORE };

static enum next_step decide(struct spw_peer *peer)
{
	struct spw_replica_peer *p = &peer->replica;
	bool begins = !p->times && !p->next_reset;
	u32 n = p->nr_relayed;

	if (!n)
		return NOTHING;
	if (!seems_dead(peer)) {
		if (begins)
			spw_peer_count(peer, SPILLWAY_STAT_REPLICA_SPARED, n);
		return NOTHING;
	}
	if (begins)
		trace_spillway_peer_dead(peer, n);
	if (!reset_some(peer))
		return GO_ON;
	return ++p->times < TIMES ? ONCE_MORE : NOTHING;
}

/* When to look at a peer again (ns), U64_MAX: not. */
static u64 look(struct spw_peer *peer, u64 wait)
{
	u64 now = ktime_get_ns(), since = peer->replica.condemned;

	if (!since)
		return U64_MAX;
	if (since + wait > now)
		return since + wait - now;
	switch (decide(peer)) {
	case GO_ON:
		return 0;
	case ONCE_MORE:
		peer->replica.condemned = now;
		return max_t(u64, wait, NSEC_PER_MSEC);
	default:
		spw_replica_forget(peer);
		return U64_MAX;
	}
}

/**
 * spw_replica_end_work() - is who is down dead?
 * @work: &spw_replicas.end_work
 */
void spw_replica_end_work(struct work_struct *work)
{
	struct spw_replicas *r = container_of(to_delayed_work(work), struct spw_replicas,
					      end_work);
	u64 wait = spw_setting_get(&r->spw->settings, SPW_SET_REPLICA_CONFIRM_MS) *
		   (u64)NSEC_PER_MSEC;
	struct spw_peer *peer;
	u64 next = U64_MAX;
	unsigned long id;

	mutex_lock(&r->spw->lock);
	xa_for_each(&r->spw->peers, id, peer)
		next = min(next, look(peer, wait));
	if (next && next != U64_MAX && !r->dying)
		queue_delayed_work(system_wq, &r->end_work, nsecs_to_jiffies(next) + 1);
	mutex_unlock(&r->spw->lock);
	if (next)
		return;
	usleep_range(PAUSE_US, 2 * PAUSE_US);
	if (!READ_ONCE(r->dying))
		queue_delayed_work(system_wq, &r->end_work, 0);
}

/**
 * spw_replica_condemn() - a peer is down
 * @peer: it, the stream of its messages not ended yet for that; under &spw_device.lock
 *
 * What it has had kept here is void in any case: it will say all of it anew.
 */
void spw_replica_condemn(struct spw_peer *peer)
{
	struct spw_replicas *r = peer->spw->replicas;
	u32 ms = spw_setting_get(&peer->spw->settings, SPW_SET_REPLICA_CONFIRM_MS);

	if (!READ_ONCE(peer->replica.nr_in))
		return;
	if (test_bit(SPW_REPLICA_VOID, &peer->replica.flags)) {
		spw_replica_forget(peer);
		return;
	}
	peer->replica.condemned = ktime_get_ns();
	peer->replica.times = 0;
	peer->replica.next_reset = 0;
	mod_delayed_work(system_wq, &r->end_work, msecs_to_jiffies(ms));
}
