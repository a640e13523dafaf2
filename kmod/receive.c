// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inbound, in softirq: cheap checks, open, replay window, then the frame. One counter
 * for each reason to drop. Nothing is believed before it has been authenticated, and
 * nothing is answered.
 *
 * What came alone is opened in place; the datagrams of a burst (UDP GRO) are opened
 * one behind the other, so that what belongs together goes up as one.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/ktime.h>
#include <linux/udp.h>
#include <net/dsfield.h>

#include "crypt.h"
#include "deliver.h"
#include "health.h"
#include "inner.h"
#include "link.h"
#include "messenger.h"
#include "peer.h"
#include "probe.h"
#include "receive.h"
#include "repair.h"
#include "trace.h"
#include "train.h"

/**
 * struct arrival - what is the same for all datagrams of a packet
 * @spw: device
 * @from: who says to have sent it
 * @tos: outer type of service or traffic class
 * @now: ktime (ns)
 * @key_now: spw_key_clock()
 * @key: of the datagram before, or NULL
 * @heard: what came under @key and wants an acknowledgment
 */
struct arrival {
	struct spw_device *spw;
	struct spw_endpoint from;
	u8 tos;
	u64 now;
	u64 key_now;
	struct spw_key *key;
	struct spw_heard heard;
};

/**
 * struct dgram - one datagram
 * @hdr: its clear header
 * @pn: number that it claims
 * @key: that it names
 * @len: bytes in all
 * @twin: what it holds has come already, under another number
 */
struct dgram {
	u8 hdr[SPW_LEN_DGRAM_HDR];
	u64 pn;
	struct spw_key *key;
	unsigned int len;
	bool twin;
};

static void arrive(struct arrival *a, struct spw_device *spw,
		   const struct sk_buff *skb)
{
	memset(a, 0, sizeof(*a));
	a->spw = spw;
	a->now = ktime_get_ns();
	a->key_now = spw_key_clock();
	a->from.port = udp_hdr(skb)->source;
	if (ip_hdr(skb)->version == 6) {
		a->from.family = AF_INET6;
		a->from.addr6 = ipv6_hdr(skb)->saddr;
		a->tos = ipv6_get_dsfield(ipv6_hdr(skb));
	} else {
		a->from.family = AF_INET;
		a->from.addr4 = ip_hdr(skb)->saddr;
		a->tos = ip_hdr(skb)->tos;
	}
}

/* Acknowledge what came under the key so far. */
static void heard(struct arrival *a)
{
	if (a->heard.n)
		spw_repair_heard(a->key->peer, a->key->id, &a->heard, a->now);
	a->heard = (struct spw_heard){};
}

/* Before the cipher: returns 0 or the counter of the drop. */
static int check(struct arrival *a, struct dgram *d)
{
	u32 key_id;
	int err;

	err = spw_link_parse_dgram(d->hdr, d->len, &key_id, &d->pn);
	if (err)
		return err == -EMSGSIZE ? SPILLWAY_STAT_RX_DROP_SHORT :
					  SPILLWAY_STAT_RX_DROP_TYPE;
	if (!a->key || a->key->id != key_id) {
		d->key = spw_peer_rx_key(a->spw, key_id);
		if (!d->key)
			return SPILLWAY_STAT_RX_DROP_NO_KEY;
		if (unlikely(spw_key_expired(d->key, a->key_now)))
			return SPILLWAY_STAT_RX_DROP_KEY_OLD;
		heard(a);
		a->key = d->key;
	}
	d->key = a->key;
	return spw_key_too_old(d->key, d->pn) ? SPILLWAY_STAT_RX_DROP_REPLAY : 0;
}

/* Behind the cipher: returns 0 or the counter of the drop. */
static int admit(struct arrival *a, struct dgram *d)
{
	struct spw_accepted how;

	if (!spw_key_accept(d->key, d->pn, &how))
		return SPILLWAY_STAT_RX_DROP_REPLAY;
	spw_peer_heard(d->key->peer, a->now);
	d->twin = how.twin;
	a->heard.gap |= how.gap;
	a->heard.top |= how.newest;
	if (how.newest)
		spw_peer_roam(d->key->peer, &a->from);
	return 0;
}

static void drop_one(const struct arrival *a, const struct dgram *d, int why)
{
	if (d->key)
		spw_stat_inc(d->key->peer->stats, why);
	spw_stat_inc(a->spw->stats, why);
	trace_spillway_drop(a->spw, d->key ? d->key->peer : NULL, why, 1);
	DEV_STATS_INC(a->spw->dev, rx_dropped);
}

static int heartbeat_in(const struct arrival *a, struct spw_peer *peer,
			const struct spw_frame *frame)
{
	struct spw_heartbeat hb;

	if (spw_link_parse_heartbeat(frame, &hb) || hb.node_id != peer->id)
		return SPILLWAY_STAT_RX_DROP_FRAME;
	spw_health_heard(peer, &hb, a->now);
	spw_peer_count(peer, SPILLWAY_STAT_HEARTBEAT_RX, 1);
	return 0;
}

static int probe_in(const struct arrival *a, struct spw_peer *peer,
		    const struct spw_frame *frame)
{
	struct spw_pmtu_probe probe;

	if (spw_link_parse_probe(frame, &probe))
		return SPILLWAY_STAT_RX_DROP_FRAME;
	return frame->type == SPW_FRAME_PROBE ?
	       spw_probe_answer(peer, &probe, a->now) :
	       spw_probe_answered(peer, &probe, a->now);
}

/* A frame that is for the tunnel itself. Returns 0 or the counter of the drop. */
static int tunnel_frame(const struct arrival *a, struct spw_peer *peer,
			const struct spw_frame *frame)
{
	switch (frame->type) {
	case SPW_FRAME_HEARTBEAT:
		return heartbeat_in(a, peer, frame);
	case SPW_FRAME_ACK:
		return spw_repair_acked(peer, frame, a->now);
	case SPW_FRAME_PROBE:
	case SPW_FRAME_PROBE_REPLY:
		return probe_in(a, peer, frame);
	case SPW_FRAME_CONTROL:
		return spw_messenger_chunk(peer, frame, a->now);
	case SPW_FRAME_CONTROL_ACK:
		return spw_messenger_acked(peer, frame, a->now);
	default:
		return SPILLWAY_STAT_RX_DROP_FRAME;
	}
}

/*
 * A frame of data: what it holds, and whether that is to be handed up. Returns 0 or the
 * counter of the drop. (Should memory run out behind this, TCP sends it again.)
 *
 * What is handed up twice TCP takes for a copy of its own: one more of these than it
 * has sent, and it believes no DSACK any more (tcp_dsack_seen()), so that it cannot
 * undo what it did for a loss that was none.
 */
static int data_frame(struct arrival *a, const struct dgram *d,
		      const struct spw_frame *frame, struct spw_inner *inner)
{
	a->heard.n += !!(frame->flags & SPW_DATA_ACK);
	if (unlikely(frame->ago > d->pn))
		return SPILLWAY_STAT_RX_DROP_FRAME;
	if (spw_inner_parse(frame->body, frame->len, inner))
		return SPILLWAY_STAT_RX_DROP_INNER;
	if (unlikely(inner->icmp) && frame->flags & SPW_DATA_CSUM)
		return SPILLWAY_STAT_RX_DROP_FRAME;
	/* Only what is of use takes the place of what was sent first. */
	if (unlikely(d->twin) ||
	    (unlikely(frame->ago) && !spw_key_claim(d->key, d->pn - frame->ago)))
		return SPILLWAY_STAT_RX_DROP_TWIN;
	return 0;
}

/* A datagram that came alone; @skb stays the caller's on failure. */
static int open_alone(struct arrival *a, struct dgram *d,
		      struct sk_buff *skb)
{
	struct spw_peer *peer = d->key->peer;
	struct spw_frame frame;
	struct spw_inner inner;
	u8 *sealed;
	int drop;

	if (skb_linearize_cow(skb))
		return SPILLWAY_STAT_RX_DROP_NOMEM;
	sealed = skb->data + SPW_LEN_DGRAM_HDR;
	if (!spw_open(d->key, d->pn, sealed, sealed,
		      d->len - SPW_LEN_DGRAM_HDR, d->hdr))
		return SPILLWAY_STAT_RX_DROP_AUTH;
	drop = admit(a, d);
	if (drop)
		return drop;
	if (spw_link_parse_frame(sealed, d->len - SPW_LEN_DGRAM_HDR - SPW_LEN_TAG,
				 &frame))
		return SPILLWAY_STAT_RX_DROP_FRAME;
	if (frame.type != SPW_FRAME_DATA) {
		drop = tunnel_frame(a, peer, &frame);
		if (!drop)
			consume_skb(skb);
		return drop;
	}
	drop = data_frame(a, d, &frame, &inner);
	if (drop)
		return drop;
	__skb_pull(skb, frame.body - skb->data);
	if (pskb_trim(skb, frame.len))
		return SPILLWAY_STAT_RX_DROP_NOMEM;
	spw_deliver(peer, skb, a->tos, &inner, 1, frame.flags & SPW_DATA_CSUM);
	return 0;
}

static void receive_alone(struct arrival *a, struct sk_buff *skb)
{
	struct dgram d = { .len = skb->len };
	int drop = SPILLWAY_STAT_RX_DROP_SHORT;

	if (pskb_may_pull(skb, sizeof(d.hdr))) {
		memcpy(d.hdr, skb->data, sizeof(d.hdr));
		drop = check(a, &d) ?: open_alone(a, &d, skb);
	}
	if (likely(!drop))
		return;
	drop_one(a, &d, drop);
	kfree_skb(skb);
}

/* A frame in the train's room. Returns 0 or the counter of the drop. */
static int frame_in(struct arrival *a, const struct dgram *d,
		    struct spw_train *train, const void *data)
{
	unsigned int len = d->len - SPW_LEN_DGRAM_HDR - SPW_LEN_TAG;
	int drop = SPILLWAY_STAT_RX_DROP_FRAME;
	struct spw_frame frame;
	struct spw_inner inner;

	if (spw_link_parse_frame(data, len, &frame))
		goto skip;
	if (frame.type != SPW_FRAME_DATA) {
		drop = tunnel_frame(a, d->key->peer, &frame);
		goto skip;
	}
	drop = data_frame(a, d, &frame, &inner);
	if (!drop)
		return spw_train_add(train, d->key->peer,
				     frame.flags & SPW_DATA_CSUM, &inner);
skip:
	spw_train_skip(train);
	return drop;
}

/* A datagram of a burst, @sealed NULL where it does not lie in one piece. */
static int open_next(struct arrival *a, struct dgram *d,
		     struct spw_train *train, const struct sk_buff *skb,
		     unsigned int offset, const u8 *sealed)
{
	unsigned int len = d->len - SPW_LEN_DGRAM_HDR;
	u8 *room = spw_train_room(train, len);
	int drop;

	if (unlikely(!room))
		return SPILLWAY_STAT_RX_DROP_NOMEM;
	if (!sealed) {
		skb_copy_bits(skb, offset + SPW_LEN_DGRAM_HDR, room, len);
		sealed = room;
	}
	drop = SPILLWAY_STAT_RX_DROP_AUTH;
	if (spw_open(d->key, d->pn, room, sealed, len, d->hdr))
		drop = admit(a, d);
	if (unlikely(drop)) {
		spw_train_skip(train);
		return drop;
	}
	return frame_in(a, d, train, room);
}

static void receive_burst(struct arrival *a, struct sk_buff *skb)
{
	unsigned int offset = 0, size = skb_shinfo(skb)->gso_size, there;
	struct skb_seq_state seq;
	struct spw_train train;
	const u8 *data;
	int drop;

	spw_train_begin(&train, a->tos, skb->len);
	skb_prepare_seq_read(skb, 0, skb->len, &seq);
	while (offset < skb->len) {
		struct dgram d = { .len = min(size, skb->len - offset) };

		there = skb_seq_read(offset, &data, &seq);
		drop = SPILLWAY_STAT_RX_DROP_SHORT;
		if (!skb_copy_bits(skb, offset, d.hdr,
				   min_t(unsigned int, d.len, sizeof(d.hdr))))
			drop = check(a, &d) ?:
			       open_next(a, &d, &train, skb, offset,
					 there >= d.len ?
					 data + SPW_LEN_DGRAM_HDR : NULL);
		if (unlikely(drop))
			drop_one(a, &d, drop);
		offset += d.len;
	}
	skb_abort_seq_read(&seq);
	spw_train_end(&train);
	consume_skb(skb);
}

/**
 * spw_receive() - what came to the tunnel's socket
 * @spw: device, under RCU, bottom halves off
 * @skb: at the UDP payload; always consumed
 */
void spw_receive(struct spw_device *spw, struct sk_buff *skb)
{
	struct arrival a;

	skb->dev = spw->dev; /* UDP kept something of its own there */
	arrive(&a, spw, skb);
	if (skb_is_gso(skb))
		receive_burst(&a, skb);
	else
		receive_alone(&a, skb);
	heard(&a);
}
