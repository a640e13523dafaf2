// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replication, what the origin says. In each round every connection gets a look at a few
 * words of its socket, without a lock; of those that have changed, the image is made
 * under the socket's spinlock and its difference from the last one goes into the round's
 * message. A socket that somebody is at work on is put off to the next round. A round that
 * is not acknowledged holds back those behind it, so that what waits is bounded, and
 * changes that come meanwhile become one.
 */
#include <linux/ktime.h>
#include <net/tcp.h>

#include "capture.h"
#include "image_diff.h"
#include "peer.h"
#include "replica.h"

enum round_limits {
	UNACKED_MAX = 256 << 10,	/* bytes under way to one peer */
	RECORD_MAX = 512,		/* of an image */
	OTHERS = 8192,			/* bytes in the queue that are not for replication */
	BREATH = 256,			/* connections between two pauses */
	CHANGE_MAX = SPW_LEN_REPLICA_MAX - SPW_LEN_REPLICA,
};

/**
 * struct round - one that is being written
 * @peer: to whom
 * @now: us
 * @data: message
 * @len: bytes in it
 * @room: bytes that it may have, the last record left out
 */
struct round {
	struct spw_peer *peer;
	u64 now;
	u8 *data;
	u32 len;
	u32 room;
};

/**
 * spw_replica_now() - the clock of replication
 *
 * Return: us.
 */
u64 spw_replica_now(void)
{
	return div_u64(ktime_get_ns(), NSEC_PER_USEC);
}

static void say(struct round *r, u8 kind, u32 number)
{
	const struct spw_replica_msg msg = { .kind = kind, .number = number };

	r->len += spw_replica_msg_build(r->data + r->len, &msg);
}

static void look(const struct sock *sk, u32 *seen)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	seen[0] = READ_ONCE(tp->snd_nxt);
	seen[1] = READ_ONCE(tp->snd_una);
	seen[2] = READ_ONCE(tp->rcv_nxt);
	seen[3] = READ_ONCE(tp->copied_seq);
	seen[4] = READ_ONCE(tp->write_seq);
	seen[5] = READ_ONCE(tp->rcv_wup);
	seen[6] = READ_ONCE(tp->snd_wnd);
}

/* Returns 1, 0 where the socket is of no use any more, -EBUSY where another has it. */
static int read_image(struct sock *sk, u32 *seen, struct spw_image *image)
{
	int ret = -EBUSY;

	local_bh_disable();
	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk)) {
		look(sk, seen);
		ret = !spw_capture_numbers(sk, image);
	}
	bh_unlock_sock(sk);
	local_bh_enable();
	return ret;
}

static void say_whole(struct round *r, struct spw_replica_out *out,
		      const struct spw_image *image)
{
	u8 *at = r->data + r->len + SPW_LEN_REPLICA + SPW_LEN_REPLICA_ID;
	struct spw_replica_msg msg = {
		.kind = SPW_REPLICA_WHOLE,
		.flags = out->flags & SPW_OUT_RELAYED ? SPW_REPLICA_RELAYED : 0,
		.number = out->place,
		.id = out->id,
		.data = at,
	};
	struct spw_image_writer w;
	int len;

	spw_image_begin(&w, at, RECORD_MAX - SPW_LEN_REPLICA - SPW_LEN_REPLICA_ID, image);
	len = spw_image_end(&w);
	if (WARN_ON_ONCE(len < 0))
		return;
	msg.len = len;
	r->len += spw_replica_msg_build(r->data + r->len, &msg);
	spw_peer_count(r->peer, SPILLWAY_STAT_REPLICA_WHOLE, 1);
}

/* Returns whether there was anything to say that a difference can tell. */
static bool say_change(struct round *r, struct spw_replica_out *out,
		       const struct spw_image *image)
{
	u8 diff[SPW_IMAGE_DIFF_MAX];
	const struct spw_replica_msg msg = {
		.kind = SPW_REPLICA_CHANGE,
		.number = out->place,
		.data = diff,
		.len = max(spw_image_diff_build(diff, &out->image, image), 0),
	};

	if (!msg.len || msg.len > CHANGE_MAX)
		return false;
	r->len += spw_replica_msg_build(r->data + r->len, &msg);
	spw_peer_count(r->peer, SPILLWAY_STAT_REPLICA_CHANGES, 1);
	return true;
}

/* The peer will have this image once it has acknowledged the round. */
static void settle(struct round *r, struct spw_replica_out *out,
		   const struct spw_image *image)
{
	struct spw_lag *lag = &r->peer->replica.lag;

	if (!out->round || (s32)(out->round - lag->acked) <= 0)
		out->since = out->seen;
	if (out->seen)
		spw_lag_change(lag, out->seen);
	out->round = lag->last;
	out->told = r->now;
	out->seen = r->now;
	out->whole = false;
	out->image = *image;
}

static void tell(struct round *r, struct spw_replica_out *out)
{
	u32 seen[SPW_REPLICA_LOOK];
	struct spw_image image;
	int ret;

	look(out->sk, seen);
	if (!out->whole && !memcmp(seen, out->look, sizeof(seen))) {
		out->seen = r->now;
		return;
	}
	if (r->now < out->retry)
		return;
	ret = read_image(out->sk, out->look, &image);
	if (ret < 0) {
		spw_peer_count(r->peer, SPILLWAY_STAT_REPLICA_BUSY, 1);
		return;
	}
	/* It is closing: what was told last is the best there is. */
	if (!ret) {
		out->seen = r->now;
		return;
	}
	if (out->whole || !say_change(r, out, &image))
		say_whole(r, out, &image);
	settle(r, out, &image);
}

/* Returns whether it is still to be looked at. */
static bool lives(struct spw_replica_out *out)
{
	if (out->flags && inet_sk_state_load(out->sk) == TCP_CLOSE)
		out->flags = 0;
	return out->flags;
}

static bool full(const struct round *r)
{
	return r->room - r->len < RECORD_MAX;
}

/* From place @from on, up to place @to. Returns where to go on. */
static unsigned long walk(struct round *r, unsigned long from, unsigned long to)
{
	XA_STATE(xas, &r->peer->replica.out, from);
	struct spw_replica_out *out;
	u32 n = 0;

	rcu_read_lock();
	xas_for_each(&xas, out, to) {
		if (full(r)) {
			rcu_read_unlock();
			return out->place;
		}
		if (!lives(out)) {
			/* It leaves the tree. */
			xas_pause(&xas);
			say(r, SPW_REPLICA_END, out->place);
			spw_replica_drop(r->peer, out);
			continue;
		}
		tell(r, out);
		if (++n % BREATH)
			continue;
		xas_pause(&xas);
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
	}
	rcu_read_unlock();
	return to + 1;
}

/* Round and round: what found no room in one round is first in the next. */
static void walk_all(struct round *r)
{
	struct spw_replica_peer *p = &r->peer->replica;
	unsigned long first = p->next;

	p->next = walk(r, first, U32_MAX);
	if (p->next <= U32_MAX)
		return;
	p->next = first ? walk(r, 0, first - 1) : 0;
	if (p->next == first)
		p->next = 0;
}

/* The peer knows nothing, or not what it should. */
static void begin_anew(struct spw_peer *peer)
{
	struct spw_replica_peer *p = &peer->replica;
	struct spw_replica_out *out;
	unsigned long place;

	if (!test_and_clear_bit(SPW_REPLICA_STALE, &p->flags))
		return;
	spw_lag_forget(&p->lag);
	p->reset = true;
	p->next = 0;
	xa_for_each(&p->out, place, out) {
		out->whole = true;
		out->round = 0;
		out->retry = 0;
	}
}

/* While it is not told anything, sockets that have ended are let go nevertheless. */
static void sweep(struct spw_peer *peer)
{
	struct spw_replica_out *out;
	unsigned long place;

	xa_for_each(&peer->replica.out, place, out) {
		if (!lives(out))
			spw_replica_drop(peer, out);
		cond_resched();
	}
}

static u32 allowance(struct spw_peer *peer, u64 now)
{
	u64 rate = spw_setting_get(&peer->spw->settings, SPW_SET_REPLICA_KBYTES_S);
	struct spw_replica_peer *p = &peer->replica;
	u64 passed = min_t(u64, now - p->credited, USEC_PER_SEC);

	p->credit += div_u64(passed * (rate << 10), USEC_PER_SEC);
	p->credit = min_t(u64, p->credit, SPW_LEN_REPLICAS);
	p->credited = now;
	return p->credit;
}

/* Rounds come all the time: half of what may wait for the peer is left to the others, and
 * room for a message of them in any case.
 */
static u32 room_beside(struct spw_peer *peer)
{
	u32 all = spw_setting_get(&peer->spw->settings, SPW_SET_CONTROL_KBYTES) << 10;
	u32 ours = min(all / 2, all - min_t(u32, all, OTHERS));
	size_t waits = READ_ONCE(peer->messenger.out.bytes);

	return waits < ours ? ours - (u32)waits : 0;
}

static bool may_send(const struct spw_lag *lag, u32 most)
{
	return most >= 2 * RECORD_MAX && spw_lag_room(lag) && lag->bytes < UNACKED_MAX;
}

static void send(struct round *r)
{
	struct spw_replica_peer *p = &r->peer->replica;

	say(r, SPW_REPLICA_ROUND, p->lag.last);
	if (spw_messenger_append(r->peer, SPW_MESSAGE_REPLICA, r->data, r->len, r->len)) {
		/* Images count as told that were not. */
		spw_lag_undo(&p->lag);
		set_bit(SPW_REPLICA_STALE, &p->flags);
		return;
	}
	spw_lag_end(&p->lag, r->len);
	p->reset = false;
	p->credit -= min_t(u64, p->credit, r->len);
	spw_messenger_flush(r->peer);
}

static bool is_there(const struct spw_peer *peer)
{
	u8 state = READ_ONCE(peer->state);

	return state == SPILLWAY_PEER_UP || state == SPILLWAY_PEER_SUSPECT;
}

/**
 * spw_replica_round() - tell a peer what has changed
 * @peer: under &spw_replicas.lock
 *
 * Return: whether it is there, and is to be told more soon.
 */
bool spw_replica_round(struct spw_peer *peer)
{
	struct spw_replica_peer *p = &peer->replica;
	struct round r = { .peer = peer, .data = peer->spw->replicas->buffer };

	begin_anew(peer);
	if (!p->nr_out && !p->reset)
		return false;
	if (!is_there(peer)) {
		sweep(peer);
		return false;
	}
	r.now = spw_replica_now();
	r.room = min(allowance(peer, r.now), room_beside(peer));
	if (!may_send(&p->lag, r.room)) {
		spw_peer_count(peer, SPILLWAY_STAT_REPLICA_HELD, 1);
		return true;
	}
	r.room -= SPW_LEN_REPLICA;
	spw_lag_begin(&p->lag, r.now);
	if (p->reset)
		say(&r, SPW_REPLICA_RESET, 0);
	walk_all(&r);
	if (r.len)
		send(&r);
	else
		spw_lag_undo(&p->lag);
	return true;
}
