// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A move as its origin does it: what move.c says is to be done is done here.
 *
 * How an endpoint is frozen is in freeze.c; those that are to be at one time share a grace
 * period, where there has to be one.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "fault.h"
#include "freeze.h"
#include "gate.h"
#include "gift.h"
#include "job.h"
#include "offer.h"
#include "offer_act.h"
#include "peer.h"
#include "trace.h"

#define AGAIN_NS	(4 * NSEC_PER_MSEC)	/* until an application is asked again */
#define LOOK_NS		(100 * NSEC_PER_MSEC)	/* for which it is just looked at, ... */
#define HOLD_NS		(20 * NSEC_PER_MSEC)	/* and with its packets held, at one time */
#define REST_NS		(40 * NSEC_PER_MSEC)	/* between two of these */
#define RETRY_NS	(10 * NSEC_PER_MSEC)	/* until something is said again */
#define LOCKED_NS	(500 * NSEC_PER_MSEC)	/* that an application waits in doubt */

/**
 * spw_offer_name() - which connection a message is about
 * @msg: message
 * @family: AF_INET or AF_INET6
 * @tuple: name of the connection
 */
void spw_offer_name(struct spw_move_msg *msg, u8 family, const struct spw_tuple *tuple)
{
	msg->lport = tuple->lport;
	msg->rport = tuple->rport;
	if (family == AF_INET6) {
		msg->family = 6;
		memcpy(msg->laddr, &tuple->laddr6, sizeof(tuple->laddr6));
		memcpy(msg->raddr, &tuple->raddr6, sizeof(tuple->raddr6));
	} else {
		msg->family = 4;
		memcpy(msg->laddr, &tuple->laddr, sizeof(tuple->laddr));
		memcpy(msg->raddr, &tuple->raddr, sizeof(tuple->raddr));
	}
}

/**
 * spw_offer_named() - likewise, the other way round
 * @msg: message that names one
 * @tuple: receives its name; zeroed
 *
 * Return: AF_INET or AF_INET6.
 */
u8 spw_offer_named(const struct spw_move_msg *msg, struct spw_tuple *tuple)
{
	tuple->lport = msg->lport;
	tuple->rport = msg->rport;
	if (msg->family == 6) {
		memcpy(&tuple->laddr6, msg->laddr, sizeof(tuple->laddr6));
		memcpy(&tuple->raddr6, msg->raddr, sizeof(tuple->raddr6));
		return AF_INET6;
	}
	memcpy(&tuple->laddr, msg->laddr, sizeof(tuple->laddr));
	memcpy(&tuple->raddr, msg->raddr, sizeof(tuple->raddr));
	return AF_INET;
}

/* The image lies behind the room for its message. */
static int say_image(struct spw_offer *offer, u8 kind)
{
	struct spw_captured *image = &offer->image;
	struct spw_move_msg msg;

	if (offer->patched)
		kind = kind == SPW_MOVE_GIVE ? SPW_MOVE_GIVE_PATCH : SPW_MOVE_PATCH;
	spw_moves_key(&msg, kind, offer->moves->life, offer->id);
	msg.size = image->len;
	spw_move_msg_build(image->data, &msg);
	return spw_messenger_append(offer->peer, SPW_MESSAGE_MOVE, image->data,
				    image->head + image->len,
				    max_t(u32, image->head + image->len, SPW_LEN_MOVES));
}

static int say_other(struct spw_offer *offer, u8 kind)
{
	struct spw_move_msg msg;

	spw_moves_key(&msg, kind, offer->moves->life, offer->id);
	if (kind == SPW_MOVE_RESERVE) {
		spw_offer_name(&msg, offer->conn.family, &offer->conn.tuple);
		msg.size = 1;
		msg.conn = offer->conn.id;
		msg.direction = offer->conn.direction;
	}
	return spw_moves_tell(offer->peer, &msg);
}

/* What cannot be said now is said later; what was to be said before is void then. */
static void say(struct spw_offer *offer, u8 kind)
{
	bool image = kind == SPW_MOVE_IMAGE || kind == SPW_MOVE_GIVE;
	int err = image ? say_image(offer, kind) : say_other(offer, kind);

	offer->unsaid = err ? kind : SPW_MOVE_NONE;
}

static void offer_free(struct spw_offer *offer)
{
	spw_ahead_drop(offer);
	spw_offer_pace_stop(offer);
	xa_erase(&offer->moves->offers, offer->id);
	list_del(&offer->list);
	list_del(&offer->freezing);
	list_del(&offer->released);
	offer->moves->nr_offers--;
	offer->moves->nr_gifts -= offer->gift;
	/* Another may begin. */
	spw_moves_turn(offer->moves);
	kfree(offer);
}

static void tell_result(struct spw_offer *offer, const struct spw_move_out *out)
{
	if (offer->job)
		spw_job_result(offer->job, offer->index, out, offer->blackout_us,
			       offer->known_us, offer->bytes);
	else if (offer->gift)
		spw_gift_result(&offer->conn, offer->peer, out);
	else
		return;
	spw_job_event(&offer->conn, offer->peer, out);
	offer->job = NULL;
	offer->moves->nr_gifts -= offer->gift;
	offer->gift = false;
}

/* Its image is taken, or about to be, and the path and the target are at work on it. */
static bool is_paced(const struct spw_offer *offer)
{
	return offer->move.state == SPW_ORIGIN_FREEZING ||
	       offer->move.state == SPW_ORIGIN_FROZEN || !list_empty(&offer->released) ||
	       (offer->move.state == SPW_ORIGIN_COMMITTING && offer->gives);
}

/* Is what is to be shipped so small that it is as well shipped in doubt? */
static bool may_give(const struct spw_offer *offer)
{
	return offer->expects && offer->image.data && offer->image.len <= SPW_GIVE_MAX;
}

/* @msg: that brought it, NULL if none did */
static void event_of(struct spw_offer *offer, u8 what, u8 reason, const struct spw_move_msg *msg)
{
	struct spw_move_in in = { .event = what, .reason = reason, .give = may_give(offer) };
	struct spw_move_out out;
	u8 before = offer->move.state;

	if (what == SPW_MOVE_RESERVED)
		offer->expects = msg->size;
	if (what == SPW_MOVE_REBORN && offer->gate)
		in.moved_on = spw_gate_moved_on(offer->gate, offer->snd_nxt);
	spw_move_origin_step(&offer->move, &in, ktime_get_ns(), &out);
	trace_spillway_move_origin(offer->peer, offer->id, offer->conn.id, what, before,
				   offer->move.state, out.reason);
	/* What was to be said in a stream that is no more, or in a state, is void. */
	if (what == SPW_MOVE_DOWN || offer->move.state != before)
		offer->unsaid = SPW_MOVE_NONE;
	/* Back to a copy when it is there again. */
	if (what == SPW_MOVE_DOWN && offer->gate)
		spw_gate_keep(offer->gate);
	if (offer->move.state != before)
		list_del_init(&offer->released);
	spw_offer_act(offer, out.actions, msg ? msg->size : 0);
	offer->gives |= out.send == SPW_MOVE_GIVE;
	if (out.send)
		say(offer, out.send);
	if (out.actions & SPW_MOVE_RELEASE)
		list_add_tail(&offer->released, &offer->moves->released);
	if (!is_paced(offer))
		spw_offer_pace_stop(offer);
	/* Where it came to nothing before it was to be frozen. */
	if (!offer->move.state)
		spw_offer_open_gate(offer);
	if (out.result)
		tell_result(offer, &out);
	if (!offer->move.state && !offer->unsaid)
		offer_free(offer);
}

static void event(struct spw_offer *offer, u8 what, u8 reason)
{
	event_of(offer, what, reason, NULL);
}

/**
 * spw_offer_begin() - a move begins
 * @job: that it is part of, NULL where the application asked for it; under
 *	&spw_moves.lock
 * @index: in the job
 * @conn: its connection, copied
 * @peer: target, which is ready
 *
 * Return: 0 or -ENOMEM.
 */
int spw_offer_begin(struct spw_job *job, u32 index, const struct spw_conn *conn,
		    struct spw_peer *peer)
{
	struct spw_moves *moves = peer->spw->moves;
	struct spw_offer *offer;

	offer = spw_fault(SPW_FAULT_OFFER) ? NULL :
		kzalloc(sizeof(*offer), GFP_KERNEL | __GFP_NOWARN);
	if (!offer)
		return -ENOMEM;
	offer->moves = moves;
	INIT_LIST_HEAD(&offer->freezing);
	INIT_LIST_HEAD(&offer->released);
	offer->id = ++moves->last_id;
	offer->peer = peer;
	offer->job = job;
	offer->index = index;
	offer->conn = *conn;
	if (xa_insert(&moves->offers, offer->id, offer, GFP_KERNEL | __GFP_NOWARN)) {
		kfree(offer);
		return -ENOMEM;
	}
	list_add_tail(&offer->list, &moves->offer_list);
	moves->nr_offers++;
	offer->gift = !job;
	moves->nr_gifts += offer->gift;
	if (offer->gift)
		spw_stat_inc(moves->spw->stats, SPILLWAY_STAT_MOVE_BEGUN);
	event(offer, SPW_MOVE_START, SPW_MOVE_BECAUSE_NOTHING);
	return 0;
}

/* What comes of a move that is over, or never was. */
static void unknown(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_move_in in = { .event = msg->kind, .reason = msg->reason };
	struct spw_move_origin none = {};
	struct spw_move_msg answer;
	struct spw_move_out out;

	spw_move_origin_step(&none, &in, ktime_get_ns(), &out);
	if (!out.send)
		return;
	spw_moves_key(&answer, out.send, msg->instance, msg->id);
	spw_moves_answer(peer, &answer);
}

/**
 * spw_offer_message() - the target says something
 * @peer: who; under &spw_moves.lock
 * @msg: what, of a move of this life
 */
void spw_offer_message(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_moves *moves = peer->spw->moves;
	struct spw_offer *offer = xa_load(&moves->offers, msg->id);
	struct spw_gate *gate;

	if (msg->kind == SPW_MOVE_OVER) {
		gate = xa_load(&moves->departed, msg->id);
		if (!gate || rcu_access_pointer(gate->peer) != peer || gate->busy)
			return;
		WRITE_ONCE(gate->over, true);
		gate->since = ktime_get_ns();
		return;
	}
	if (offer && offer->peer == peer && msg->kind == SPW_MOVE_TAKEN)
		spw_ahead_taken(offer, msg);
	else if (offer && offer->peer == peer)
		event_of(offer, msg->kind, msg->reason, msg);
	else if (!offer)
		unknown(peer, msg);
}

/**
 * spw_offers_event() - something happened to all moves to a peer
 * @peer: peer; under &spw_moves.lock
 * @what: &enum spw_move_event
 */
void spw_offers_event(struct spw_peer *peer, u8 what)
{
	struct spw_offer *offer, *next;

	list_for_each_entry_safe(offer, next, &peer->spw->moves->offer_list, list)
		if (offer->peer == peer)
			event(offer, what, SPW_MOVE_BECAUSE_NOTHING);
}

/**
 * spw_offers_end() - a target is removed
 * @peer: it; under &spw_moves.lock
 *
 * Where it has been told to take over and did not answer, it may live there: it ends
 * here.
 */
void spw_offers_end(struct spw_peer *peer)
{
	struct spw_moves *moves = peer->spw->moves;
	struct spw_offer *offer, *next;

	spw_offers_event(peer, SPW_MOVE_CANCEL);
	spw_offers_event(peer, SPW_MOVE_CLOSED);
	list_for_each_entry_safe(offer, next, &moves->offer_list, list)
		if (offer->peer == peer)
			offer_free(offer);
}

/**
 * spw_offers_cancel() - a job is cancelled
 * @moves: moves, locked
 * @job: whose moves stay if they still can
 */
void spw_offers_cancel(struct spw_moves *moves, const struct spw_job *job)
{
	struct spw_offer *offer, *next;

	list_for_each_entry_safe(offer, next, &moves->offer_list, list)
		if (offer->job == job)
			event(offer, SPW_MOVE_CANCEL, SPW_MOVE_BECAUSE_CANCEL);
}

/* An application that is at work is asked again, as long as there is time. */
static void frozen(struct spw_offer *offer, u64 now, u8 reason)
{
	u64 hold = HOLD_NS + spw_freeze_idle_ms(offer) * NSEC_PER_MSEC;

	if (reason == SPW_MOVE_BECAUSE_BUSY && now + RETRY_NS < offer->move.due) {
		/* It waits for its application, and others need not. */
		spw_offer_pace_stop(offer);
		offer->retry = now + AGAIN_NS;
		if (now < offer->held_at + hold)
			return;
		spw_gate_thaw(offer->gate);
		offer->held = false;
		offer->retry = now + REST_NS;
		return;
	}
	list_del_init(&offer->freezing);
	if (!reason)
		spw_offer_pace_begin(offer);
	offer->frozen_at = ktime_get_ns();
	event(offer, reason ? SPW_MOVE_FAILED : SPW_MOVE_WORKED, reason);
}

static void freeze_all(struct spw_moves *moves, u64 now)
{
	struct spw_offer *offer, *next;
	bool again = false;

	list_for_each_entry(offer, &moves->freezing, freezing) {
		/* It may be held still, for its application to come to an end. */
		if (offer->retry <= now && !offer->held)
			again |= spw_freeze_hold(offer);
	}
	if (again)
		synchronize_rcu_expedited();
	list_for_each_entry_safe(offer, next, &moves->freezing, freezing)
		if (offer->retry <= now)
			frozen(offer, now, spw_freeze(offer));
}

/* After COMMIT it is of no use to know, and must not hide the deadline. */
static bool is_full(const struct spw_offer *offer)
{
	return offer->move.state < SPW_ORIGIN_COMMITTING && offer->gate &&
	       READ_ONCE(offer->gate->full);
}

/*
 * Waiting for the application to be idle, for a while: where one request comes upon the
 * other it is only while its packets are held. Returns an event.
 */
static u8 look(struct spw_offer *offer, u64 now, u8 *reason)
{
	u8 what = spw_freeze_look(offer, reason);

	offer->looked_at = offer->looked_at ?: now;
	if (what != SPW_MOVE_NONE)
		return what;
	if (now - offer->looked_at >= LOOK_NS)
		return SPW_MOVE_WORKED;
	offer->retry = now + AGAIN_NS;
	return SPW_MOVE_NONE;
}

/*
 * Before it is to be frozen it waits for its turn, which is that of the oldest: then no
 * deadline of a frozen endpoint runs, nor is anything held.
 */
static u8 wait(struct spw_offer *offer, u64 now, u8 *reason)
{
	u8 what;

	if (!spw_freeze_may(offer) || !spw_pace_may(&offer->peer->moving.pace)) {
		offer->moves->waits = true;
		return SPW_MOVE_NONE;
	}
	if (!offer->moves->turn_now) {
		spw_moves_turn(offer->moves);
		return SPW_MOVE_NONE;
	}
	what = look(offer, now, reason);
	if (what == SPW_MOVE_WORKED)
		spw_offer_pace_begin(offer);
	return what;
}

/* When its application has waited long enough; U64_MAX where that is not the question. */
static u64 unlock_due(const struct spw_offer *offer)
{
	if (offer->move.state < SPW_ORIGIN_COMMITTING || !offer->sk || offer->unlocked ||
	    offer->stays_locked)
		return U64_MAX;
	return offer->frozen_at + LOCKED_NS;
}

/* What time brings to one move; it may be gone then. Returns when to look again. */
static u64 poll(struct spw_offer *offer, u64 now)
{
	u8 what = SPW_MOVE_NONE, reason = SPW_MOVE_BECAUSE_NOTHING;

	if (offer->unsaid)
		say(offer, offer->unsaid);
	if (!offer->move.state) {
		if (!offer->unsaid)
			offer_free(offer);
		return now + RETRY_NS;
	}
	if (offer->move.state <= SPW_ORIGIN_COPYING && !offer->gate)
		reason = spw_freeze_claim(offer);
	if (reason)
		what = SPW_MOVE_FAILED;
	else if (is_full(offer))
		what = SPW_MOVE_FULL;
	else if (offer->move.due && offer->move.due <= now)
		what = SPW_MOVE_DEADLINE;
	else if (offer->copying && offer->retry <= now && !spw_ahead_waits(offer))
		what = wait(offer, now, &reason);
	if (what == SPW_MOVE_WORKED || what == SPW_MOVE_FAILED)
		offer->copying = false;
	if (what != SPW_MOVE_NONE) {
		event(offer, what, reason);
		return now;
	}
	if (offer->copying || !list_empty(&offer->freezing))
		return now + AGAIN_NS;
	if (unlock_due(offer) <= now)
		spw_offer_unlock(offer);
	return min3(offer->unsaid ? now + RETRY_NS : U64_MAX, offer->move.due ?: U64_MAX,
		    unlock_due(offer));
}

/**
 * spw_offers_poll() - what time brings
 * @moves: moves, locked; process context
 * @now: ktime (ns)
 *
 * Return: when to be called again (ns), or U64_MAX.
 */
u64 spw_offers_poll(struct spw_moves *moves, u64 now)
{
	struct spw_offer *offer, *next;
	u64 due = U64_MAX;

	moves->waits = false;
	list_for_each_entry_safe(offer, next, &moves->offer_list, list)
		due = min(due, poll(offer, now));
	freeze_all(moves, now);
	spw_offers_release(moves);
	return due;
}
