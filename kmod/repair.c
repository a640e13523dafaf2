// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is lost on the way to a peer is sent again, as far as arq.c thinks it of use;
 * and what came from it is acknowledged, when acker.c says so. This room has what those
 * two do not know: packets, the clock, a lock and one timer.
 *
 * A packet that was cut is kept as it came from TCP, its payload shared with TCP's own
 * retransmission queue, and a lost piece is cut from it and sealed anew. That is safe
 * while TCP goes on with its clone: before it writes to a packet that has one, it makes
 * itself a copy of the headers (skb_unclone() in __tcp_retransmit_skb()); and since the
 * kept clone is charged to no socket, it does not look as if it still waited in a queue
 * of this host (skb_still_in_host_queue()).
 *
 * Steps are taken under the lock; what they want done is done after it.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>

#include "compat.h"
#include "conntab.h"
#include "crypt.h"
#include "cut.h"
#include "frame.h"
#include "link.h"
#include "peer.h"
#include "probe.h"
#include "relay.h"
#include "repair.h"
#include "send.h"

/* A new key's numbers begin so far above: another CPU may still use the old ones. */
#define KEY_GAP		256

/* A timer that is due already is not asked for at once, whatever a step says. */
#define TIMER_MIN	(20 * NSEC_PER_USEC)

/**
 * struct held - what is remembered of a packet in its own control block
 * @packet: for arq.c
 * @hdr_len: see &struct spw_cut
 * @mss: likewise
 * @tos: of the datagrams
 */
struct held {
	struct spw_arq_packet packet;
	u16 hdr_len;
	u16 mss;
	u8 tos;
};

static struct held *held_of(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct held) > sizeof(skb->cb));
	return (struct held *)skb->cb;
}

static struct sk_buff *skb_of(struct spw_arq_packet *packet)
{
	return container_of((void *)packet, struct sk_buff, cb);
}

static struct spw_arq_packet *packet_of(struct sk_buff *skb)
{
	return &held_of(skb)->packet;
}

/* The timer runs at the next deadline or before: one too early costs less than many. */
static void arm(struct spw_repair *r, u64 now)
{
	struct spw_peer *peer = container_of(r, struct spw_peer, repair);
	u64 next = spw_arq_next(&r->arq), ack = spw_acker_due(&r->acker);
	u64 control = READ_ONCE(peer->messenger.due);

	lockdep_assert_held(&r->lock);
	if (!next || (ack && ack < next))
		next = ack;
	if (!next || (control && control < next))
		next = control;
	if (!next || r->dead)
		return;
	next = max(next, now + TIMER_MIN);
	if (r->armed && r->armed <= next)
		return;
	r->armed = next;
	hrtimer_start(&r->timer, ns_to_ktime(next), HRTIMER_MODE_ABS_SOFT);
}

/*
 * As arm(), after a step that brings no deadline before @soonest: mostly the timer runs
 * before that anyway, since it is never later than any deadline that there was.
 */
static void arm_after(struct spw_repair *r, u64 now, u64 soonest)
{
	if (!r->armed || r->armed > soonest)
		arm(r, now);
}

static void count(struct spw_peer *peer, enum spillway_stat which, u32 n)
{
	if (n)
		spw_peer_count(peer, which, n);
}

static void free_packets(struct spw_arq_out *out)
{
	struct spw_arq_packet *packet = out->freed, *next;

	for (; packet; packet = next) {
		next = packet->next;
		consume_skb(skb_of(packet));
	}
	out->freed = NULL;
}

static void put_packet(struct spw_peer *peer, struct spw_arq_packet *packet)
{
	struct spw_arq_out out spw_uninitialized;

	spw_arq_out_init(&out);
	spin_lock_bh(&peer->repair.lock);
	spw_arq_put(&peer->repair.arq, packet, &out);
	spin_unlock_bh(&peer->repair.lock);
	free_packets(&out);
}

/*
 * A copy that comes after the connection has ended would draw a reset from the remote,
 * and what was recalled is TCP's alone.
 */
static bool goes_on(struct spw_peer *peer, const struct sk_buff *skb)
{
	bool six = skb->protocol == htons(ETH_P_IPV6);
	struct spw_device *spw = peer->spw;
	struct spw_tuple tuple;
	struct spw_conn *conn;

	if (six)
		spw_tuple_out6(&tuple, ipv6_hdr(skb), tcp_hdr(skb));
	else
		spw_tuple_out4(&tuple, ip_hdr(skb), tcp_hdr(skb));
	conn = spw_relay_find(spw, six ? AF_INET6 : AF_INET, &tuple);
	return conn && rcu_access_pointer(conn->peer) == peer &&
	       !spw_conntab_ends(spw, conn);
}

/* The packet is this function's until spw_arq_resent() or spw_arq_put(). */
static void send_again(struct spw_peer *peer, const struct spw_arq_again *again)
{
	struct sk_buff *skb = skb_of(again->packet);
	const struct held *held = held_of(skb);
	struct spw_arq_out out spw_uninitialized;
	struct spw_send_one one;
	struct spw_cut cut;

	spw_cut_again(&cut, skb, held->hdr_len, held->mss, again->piece);
	cut.flags |= SPW_DATA_ACK;
	if (!goes_on(peer, skb)) {
		spw_peer_count(peer, SPILLWAY_STAT_ARQ_LATE, 1);
		put_packet(peer, again->packet);
		return;
	}
	if (spw_send_prepare(peer, &cut, again->first_seq, &one)) {
		put_packet(peer, again->packet);
		return;
	}
	spw_arq_out_init(&out);
	spin_lock_bh(&peer->repair.lock);
	spw_arq_resent(&peer->repair.arq, one.pn + one.way.key->link_offset, again,
		       one.skb->len, ktime_get_ns(), &out);
	spin_unlock_bh(&peer->repair.lock);
	spw_send_prepared(&one, held->tos);
	spw_peer_count(peer, SPILLWAY_STAT_ARQ_RESENT, 1);
	free_packets(&out);
}

static void act(struct spw_peer *peer, struct spw_arq_out *out)
{
	u32 i;

	count(peer, SPILLWAY_STAT_ARQ_ACKED, out->acked);
	count(peer, SPILLWAY_STAT_ARQ_LOST, out->lost);
	count(peer, SPILLWAY_STAT_ARQ_SPURIOUS, out->spurious);
	count(peer, SPILLWAY_STAT_ARQ_LATE, out->late);
	count(peer, SPILLWAY_STAT_ARQ_POOR, out->poor);
	count(peer, SPILLWAY_STAT_ARQ_FULL, out->full);
	count(peer, SPILLWAY_STAT_ARQ_PROBES, out->probes);
	count(peer, SPILLWAY_STAT_ARQ_OFF, out->off);
	/* A black hole, perhaps: TCP's timer is not to run out over it twice. */
	if (unlikely(out->silent))
		spw_probe_lost(peer, out->silent, ktime_get_ns());
	free_packets(out);
	for (i = 0; i < out->n; i++)
		send_again(peer, &out->again[i]);
}

/* What came under a key, as far as it is still there. */
static void tell(struct spw_peer *peer, struct spw_ack *ack)
{
	struct spw_key *key = spw_peer_rx_key(peer->spw, ack->key_id);

	if (!key || key->peer != peer || !spw_key_seen(key, ack))
		return;
	spw_frame_ack(peer, ack);
}

static void acknowledge(struct spw_peer *peer, u64 now)
{
	struct spw_repair *r = &peer->repair;
	struct spw_ack ack;
	u64 due;

	spin_lock_bh(&r->lock);
	due = spw_acker_due(&r->acker);
	if (!due || due > now || r->dead) {
		spin_unlock_bh(&r->lock);
		return;
	}
	ack.key_id = r->acker.key_id;
	ack.delay_us = spw_acker_told(&r->acker, now);
	spin_unlock_bh(&r->lock);
	tell(peer, &ack);
}

static enum hrtimer_restart on_timer(struct hrtimer *timer)
{
	struct spw_repair *r = container_of(timer, struct spw_repair, timer);
	struct spw_peer *peer = container_of(r, struct spw_peer, repair);
	u64 now = ktime_get_ns();
	struct spw_arq_out out spw_uninitialized;

	spw_arq_out_init(&out);
	rcu_read_lock();
	spin_lock_bh(&r->lock);
	r->armed = 0;
	if (!r->dead)
		spw_arq_timer(&r->arq, now, &out);
	spin_unlock_bh(&r->lock);
	act(peer, &out);
	acknowledge(peer, now);
	spw_messenger_timer(peer, now);
	spin_lock_bh(&r->lock);
	arm(r, now);
	spin_unlock_bh(&r->lock);
	rcu_read_unlock();
	return HRTIMER_NORESTART;
}

/**
 * spw_repair_init() - for a peer that nobody can find yet
 * @peer: peer
 */
void spw_repair_init(struct spw_peer *peer)
{
	struct spw_repair *r = &peer->repair;

	spin_lock_init(&r->lock);
	spw_arq_init(&r->arq, NULL);
	spw_compat_hrtimer_setup(&r->timer, on_timer, CLOCK_MONOTONIC,
				 HRTIMER_MODE_ABS_SOFT);
}

/**
 * spw_repair_prepare() - a connection is about to be given to the peer
 * @peer: under &spw_device.lock
 *
 * The ring is as large as many peers' other memory together, so only those that relay
 * for us have one. Without memory nothing is repaired.
 */
void spw_repair_prepare(struct spw_peer *peer)
{
	struct spw_repair *r = &peer->repair;
	struct spw_arq_sent *ring;

	lockdep_assert_held(&peer->spw->lock);
	if (r->arq.ring)
		return;
	ring = kvcalloc(SPW_ARQ_RING, sizeof(*ring), GFP_KERNEL | __GFP_NOWARN);
	if (!ring)
		return;
	spin_lock_bh(&r->lock);
	WRITE_ONCE(r->arq.ring, ring);
	spin_unlock_bh(&r->lock);
}

/**
 * spw_repair_stop() - the peer goes: keep nothing, and let no timer run any more
 * @peer: unpublished, under &spw_device.lock
 */
void spw_repair_stop(struct spw_peer *peer)
{
	struct spw_repair *r = &peer->repair;
	struct spw_arq_sent *ring = r->arq.ring;
	struct spw_arq_out out spw_uninitialized;

	spw_arq_out_init(&out);
	spin_lock_bh(&r->lock);
	r->dead = true;
	spw_arq_drop_all(&r->arq, &out);
	WRITE_ONCE(r->arq.ring, NULL);
	memset(r->keys, 0, sizeof(r->keys));
	spin_unlock_bh(&r->lock);
	free_packets(&out);
	kvfree(ring);
	hrtimer_cancel(&r->timer);
}

/**
 * spw_repair_new_key() - a transmit key is about to be used
 * @peer: under &spw_device.lock
 * @key: not published yet; receives its link offset
 *
 * Link numbers go on where the old key's ended, so that one window spans both.
 */
void spw_repair_new_key(struct spw_peer *peer, struct spw_key *key)
{
	struct spw_repair *r = &peer->repair;

	spin_lock_bh(&r->lock);
	key->link_offset = r->arq.head + KEY_GAP - key->first_pn;
	r->keys[1] = r->keys[0];
	r->keys[1].key = NULL;
	r->keys[0] = (struct spw_repair_key){
		.valid = true, .id = key->id, .offset = key->link_offset,
		.key = key,
	};
	spin_unlock_bh(&r->lock);
}

/**
 * spw_repair_no_key() - all keys of the peer are about to be wiped
 * @peer: under &spw_device.lock
 */
void spw_repair_no_key(struct spw_peer *peer)
{
	spin_lock_bh(&peer->repair.lock);
	memset(peer->repair.keys, 0, sizeof(peer->repair.keys));
	spin_unlock_bh(&peer->repair.lock);
}

/**
 * spw_repair_moved() - the peer is elsewhere now
 * @peer: under its device's lock or RCU
 *
 * The way there may be longer: that is no queue.
 */
void spw_repair_moved(struct spw_peer *peer)
{
	spin_lock_bh(&peer->repair.lock);
	peer->repair.arq.rtt.min = 0;
	peer->repair.arq.rtt.base = 0;
	spin_unlock_bh(&peer->repair.lock);
}

/**
 * spw_repair_path() - what is known of the way to a peer
 * @peer: under &spw_device.lock
 * @path: receives it
 */
void spw_repair_path(struct spw_peer *peer, struct spw_repair_path *path)
{
	const struct spw_arq *arq = &peer->repair.arq;

	spin_lock_bh(&peer->repair.lock);
	path->srtt_us = div_u64(arq->rtt.smoothed, NSEC_PER_USEC);
	path->loss = arq->loss;
	path->steps = arq->steps + 1;
	spin_unlock_bh(&peer->repair.lock);
}

/**
 * spw_repair_wanted() - is there anything that spw_repair_hold() would keep?
 * @peer: to whom, under RCU
 */
bool spw_repair_wanted(const struct spw_peer *peer)
{
	return READ_ONCE(peer->repair.arq.ring) &&
	       spw_setting_get(&peer->spw->settings, SPW_SET_ARQ);
}

/**
 * spw_repair_hold() - keep a packet until it has arrived
 * @skb: packet; spw_repair_sent() follows, or spw_repair_drop()
 * @hdr_len: see &struct spw_cut
 * @mss: likewise
 * @tos: outer type of service or traffic class
 * @sk: socket that sent it, to be compared only
 * @needed: see &struct spw_arq_packet
 *
 * What is kept pins neither a route nor a conntrack entry. The socket's charge is the
 * caller's to move.
 */
void spw_repair_hold(struct sk_buff *skb, unsigned int hdr_len, unsigned int mss,
		     u8 tos, const struct sock *sk, bool needed)
{
	*held_of(skb) = (struct held){
		.packet.bytes = skb->truesize,
		.packet.owner = sk,
		.packet.end_seq = ntohl(tcp_hdr(skb)->seq) + skb->len - hdr_len,
		.packet.needed = needed,
		.hdr_len = hdr_len, .mss = mss, .tos = tos,
	};
	skb_dst_drop(skb);
	nf_reset_ct(skb);
}

/* Place pieces; the packet is held since the first, and until the last at least. */
static void place(struct spw_repair *r, const struct spw_repair_pieces *p, u64 now,
		  struct spw_arq_out *out)
{
	struct spw_arq_packet *packet = packet_of(p->skb);
	unsigned int i;

	if (!p->first && !spw_arq_hold(&r->arq, packet, now))
		return;
	/* Refused at the first: it is not kept, then. */
	if (!packet->refs)
		return;
	for (i = 0; i < p->count && !r->dead; i++)
		spw_arq_sent(&r->arq, p->seq + i, packet, p->first + i, p->size,
			     now, out);
}

/**
 * spw_repair_sent() - pieces of a held packet are about to leave
 * @peer: to whom, under RCU, bottom halves off
 * @p: which; after the last the packet is not the caller's any more
 */
void spw_repair_sent(struct spw_peer *peer, const struct spw_repair_pieces *p)
{
	struct spw_repair *r = &peer->repair;
	u64 now = ktime_get_ns();
	struct spw_arq_out out spw_uninitialized;
	bool kept;

	spw_arq_out_init(&out);
	spin_lock(&r->lock);
	if (!p->first && p->una_known)
		spw_arq_settled(&r->arq, packet_of(p->skb)->owner, p->una, &out);
	place(r, p, now, &out);
	kept = packet_of(p->skb)->refs;
	if (kept && p->last)
		spw_arq_put(&r->arq, packet_of(p->skb), &out);
	if (!r->armed || r->armed > now + SPW_ARQ_PATIENCE_US * NSEC_PER_USEC)
		arm_after(r, now, spw_arq_soonest(&r->arq, now));
	spin_unlock(&r->lock);
	if (!kept && p->last)
		consume_skb(p->skb);
	if (unlikely(out.late || out.off))
		act(peer, &out);
	else
		free_packets(&out);
}

/**
 * spw_repair_drop() - no more pieces of a held packet will be sent
 * @peer: to whom
 * @skb: not to be used after this
 */
void spw_repair_drop(struct spw_peer *peer, struct sk_buff *skb)
{
	skb_orphan(skb);
	if (packet_of(skb)->refs)
		put_packet(peer, packet_of(skb));
	else
		kfree_skb(skb);
}

/* Which numbers were given under a key that the peer names. Returns false: none. */
static bool find_key(const struct spw_repair *r, u32 id, u64 *offset, u64 *next)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(r->keys); i++) {
		const struct spw_repair_key *k = &r->keys[i];

		if (!k->valid || k->id != id)
			continue;
		*offset = k->offset;
		*next = k->key ? atomic64_read(&k->key->next_pn) : U64_MAX;
		return true;
	}
	return false;
}

/**
 * spw_repair_acked() - a peer tells what it has
 * @peer: from whom, under RCU, bottom halves off
 * @frame: of type %SPW_FRAME_ACK
 * @now: ktime (ns)
 *
 * Return: 0 or the counter of the drop.
 */
int spw_repair_acked(struct spw_peer *peer, const struct spw_frame *frame, u64 now)
{
	struct spw_repair *r = &peer->repair;
	struct spw_arq_out out spw_uninitialized;
	u64 offset, next;
	struct spw_ack ack;
	int err = 0;

	if (spw_link_parse_ack(frame, &ack))
		return SPILLWAY_STAT_RX_DROP_FRAME;
	spw_arq_out_init(&out);
	spin_lock_bh(&r->lock);
	/* Of a key that is gone, nobody waits for news any more. */
	if (!r->dead && find_key(r, ack.key_id, &offset, &next)) {
		err = spw_arq_ack(&r->arq, &ack, offset, next, now, &out);
		arm(r, now);
	}
	spin_unlock_bh(&r->lock);
	if (err)
		return SPILLWAY_STAT_RX_DROP_FRAME;
	spw_peer_count(peer, SPILLWAY_STAT_ACK_RX, 1);
	act(peer, &out);
	return 0;
}

/* What came under the key before is told now. */
static void change_key(struct spw_peer *peer, u32 key_id, u64 now)
{
	struct spw_repair *r = &peer->repair;
	struct spw_ack old;
	bool any;

	spin_lock(&r->lock);
	any = r->acker.pending;
	old.key_id = r->acker.key_id;
	old.delay_us = spw_acker_told(&r->acker, now);
	WRITE_ONCE(r->acker.key_id, key_id);
	spin_unlock(&r->lock);
	if (any)
		tell(peer, &old);
}

/**
 * spw_repair_heard() - datagrams came that want an acknowledgment
 * @peer: from whom, under RCU, bottom halves off
 * @key_id: under which key
 * @heard: how many and how
 * @now: ktime (ns)
 */
void spw_repair_heard(struct spw_peer *peer, u32 key_id,
		      const struct spw_heard *heard, u64 now)
{
	struct spw_repair *r = &peer->repair;
	bool due;
	u64 at;

	if (unlikely(READ_ONCE(r->acker.key_id) != key_id))
		change_key(peer, key_id, now);
	spin_lock(&r->lock);
	spw_acker_heard(&r->acker, heard, now);
	at = spw_acker_due(&r->acker);
	due = at && at <= now;
	if (at && !due)
		arm_after(r, now, at);
	spin_unlock(&r->lock);
	if (due)
		acknowledge(peer, now);
}

/**
 * spw_repair_arm() - a control message has a deadline
 * @peer: its peer
 * @now: ktime (ns)
 */
void spw_repair_arm(struct spw_peer *peer, u64 now)
{
	spin_lock_bh(&peer->repair.lock);
	arm(&peer->repair, now);
	spin_unlock_bh(&peer->repair.lock);
}
