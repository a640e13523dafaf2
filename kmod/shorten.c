// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A connection that moved twice: its packets come to take one hop.
 *
 * The first node sent it to a middle one, which sent it on to the last. Once that is over
 * the middle one asks to be left out, and tells each of the two who the other is, by its
 * node id and the life it lives:
 *
 *   middle to last:   FOLLOW   the first may come to send you its packets itself
 *   last to middle:   FOLLOWS
 *   middle to first:  WENT_ON  the last has it
 *   first to last:    LED      I send them to you: is it there?
 *   first to middle:  SHORTER  or STAYS, where it does not
 *   last to middle:   OVER     forward no more
 *
 * Any of them may be lost with its stream. From FOLLOWS on the last knows both: the one
 * that it has it from, and the first, of whom it may hear that it has it from there, by
 * LED. That is asked again in each new stream, as STILL is. Until the first has said it,
 * it sends to the middle one as ever. With LED its move gets another id: one id is one way,
 * so what is heard late of another way is of a move that nobody knows.
 *
 * The middle one alone may be in doubt, between WENT_ON and the answer. The connection
 * cannot come back to it meanwhile, since it could not tell from whom its packets come; nor
 * does it let itself be led past then. It asks again until it is told, and heeds no STAYS
 * to a question before. Where the last or the first will not, it is asked some times more,
 * ever more rarely, and all goes on as it was.
 *
 * A chain of more nodes gets shorter by one at a time, whichever goes first.
 * tests/model/chain.pml is the same protocol, checked by itself.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>

#include "back.h"
#include "fault.h"
#include "gate.h"
#include "moves.h"
#include "offer.h"
#include "peer.h"
#include "shorten.h"
#include "trace.h"

enum shorten_limits {
	TRIES_MAX = 10,		/* in a quarter of an hour */
	TRY_MS = 1000,		/* between the first two, ... */
	TRY_DOUBLED = 6,	/* and that doubled so many times at most */
};

static struct spw_peer *target_of(const struct spw_gate *gate)
{
	return rcu_dereference_protected(gate->peer,
					 lockdep_is_held(&gate->spw->moves->lock));
}

/* Is it the same node, in the same life, as another one knows it? */
static bool is_there(struct spw_peer *peer, u32 life)
{
	return peer && READ_ONCE(peer->state) == SPILLWAY_PEER_UP &&
	       spw_moves_ready(peer) && peer->moving.life == life;
}

static struct spw_peer *third_of(const struct spw_peer *peer, const struct spw_move_msg *msg)
{
	/* Under the lock that a peer that goes is forgotten under. */
	struct spw_peer *third = xa_load(&peer->spw->peers, msg->third);

	return third != peer && is_there(third, msg->third_instance) ? third : NULL;
}

static bool is_from(const struct spw_gate *gate, const struct spw_peer *peer, u32 instance,
		    u64 id)
{
	return gate->from == peer && gate->from_instance == instance && gate->from_id == id;
}

static bool is_third(const struct spw_move_msg *msg, const struct spw_peer *peer,
		     u32 instance, u64 id)
{
	return msg->third == peer->id && msg->third_instance == instance &&
	       msg->third_id == id;
}

static struct spw_gate *gate_of(const struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_tuple tuple = {};
	u8 family = spw_offer_named(msg, &tuple);

	return spw_gate_find(peer->spw, family, &tuple);
}

/* The endpoint is a peer's, and no move is at work on it. */
static bool is_away(const struct spw_gate *gate)
{
	return gate->mode == SPW_GATE_FORWARD && gate->id && !gate->busy && !gate->over &&
	       target_of(gate);
}

static bool is_middle(const struct spw_gate *gate)
{
	return is_away(gate) && gate->from && gate->from != target_of(gate);
}

static void trace(const struct spw_peer *peer, const struct spw_move_msg *msg, u8 before,
		  u8 after)
{
	trace_spillway_move_shorten(peer, msg->id, msg->third_id, msg->kind, before, after, 0);
}

/**
 * spw_shorten_reset() - who has the endpoint, or whom it came from, is another now
 * @gate: of it; under &spw_moves.lock
 */
void spw_shorten_reset(struct spw_gate *gate)
{
	gate->shorten.state = SPW_SHORTEN_NONE;
	gate->shorten.tries = 0;
}

static void ask(struct spw_gate *gate, u8 kind)
{
	struct spw_peer *from = gate->from, *to = target_of(gate), *whom, *third;
	struct spw_shorten *s = &gate->shorten;
	struct spw_move_msg msg;
	u8 before = s->state;

	whom = kind == SPW_MOVE_FOLLOW ? to : from;
	third = kind == SPW_MOVE_FOLLOW ? from : to;
	if (kind == SPW_MOVE_FOLLOW) {
		spw_moves_key(&msg, kind, gate->spw->moves->life, gate->id);
		msg.third_instance = gate->from_instance;
		msg.third_id = gate->from_id;
	} else {
		spw_moves_key(&msg, kind, gate->from_instance, gate->from_id);
		msg.third_instance = to->moving.life;
		msg.third_id = gate->id;
	}
	msg.third = third->id;
	msg.question = ++s->question;
	spw_offer_name(&msg, gate->key.family, &gate->key.tuple);
	s->due = jiffies + msecs_to_jiffies(TRY_MS << min_t(u8, s->tries, TRY_DOUBLED));
	s->tries = min(s->tries + 1, TRIES_MAX);
	if (spw_moves_tell(whom, &msg))
		return;
	s->state = kind == SPW_MOVE_FOLLOW ? SPW_SHORTEN_ASKED : SPW_SHORTEN_DOUBT;
	trace(whom, &msg, before, s->state);
}

/**
 * spw_shorten_look() - now and then
 * @gate: of a connection that is not over, no move at work on it; under &spw_moves.lock
 */
void spw_shorten_look(struct spw_gate *gate)
{
	struct spw_shorten *s = &gate->shorten;

	if (gate->was && ktime_get_ns() - gate->since > SPW_GATE_OVER_NS)
		spw_back_settle(gate);
	if (!is_middle(gate) || (s->tries && time_before(jiffies, s->due)) ||
	    !is_there(gate->from, gate->from_instance))
		return;
	/* As often as it takes, since the connection could not come back here. */
	if (s->state == SPW_SHORTEN_DOUBT)
		ask(gate, SPW_MOVE_WENT_ON);
	else if (s->tries < TRIES_MAX &&
		 is_there(target_of(gate), target_of(gate)->moving.life))
		ask(gate, SPW_MOVE_FOLLOW);
}

/* Returns whether that could be said. */
static bool answer(struct spw_peer *peer, const struct spw_move_msg *msg, u8 kind)
{
	struct spw_move_msg back = *msg;

	back.kind = kind;
	return !spw_moves_tell(peer, &back);
}

/* The last node: only who gave it the connection may say who else sends it packets. */
static bool follow(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_gate *gate = gate_of(peer, msg);
	struct spw_peer *first = third_of(peer, msg);
	struct spw_shorten *s;

	if (!gate || gate->busy || gate->mode != SPW_GATE_STEER || !first ||
	    !is_from(gate, peer, msg->instance, msg->id) || spw_fault(SPW_FAULT_FOLLOW))
		return false;
	s = &gate->shorten;
	WRITE_ONCE(s->first, first);
	s->first_instance = msg->third_instance;
	s->first_id = msg->third_id;
	answer(peer, msg, SPW_MOVE_FOLLOWS);
	return true;
}

/* The middle one. */
static bool follows(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_gate *gate = gate_of(peer, msg);

	if (!gate || gate->id != msg->id || !is_middle(gate) || target_of(gate) != peer ||
	    gate->shorten.state != SPW_SHORTEN_ASKED ||
	    gate->shorten.question != msg->question ||
	    !is_third(msg, gate->from, gate->from_instance, gate->from_id))
		return false;
	if (is_there(gate->from, gate->from_instance))
		ask(gate, SPW_MOVE_WENT_ON);
	return true;
}

/**
 * spw_shorten_still() - ask whether a connection that went is there
 * @gate: of it; under &spw_moves.lock
 * @msg: receives the question
 */
void spw_shorten_still(const struct spw_gate *gate, struct spw_move_msg *msg)
{
	const struct spw_shorten *s = &gate->shorten;

	spw_moves_key(msg, s->via_id ? SPW_MOVE_LED : SPW_MOVE_STILL,
		      gate->spw->moves->life, gate->id);
	spw_offer_name(msg, gate->key.family, &gate->key.tuple);
	if (!s->via_id)
		return;
	msg->third = s->via;
	msg->third_instance = s->via_instance;
	msg->third_id = s->via_id;
}

/* Under another id, or as it was where that cannot be or be said. */
static bool rename(struct spw_gate *gate, struct spw_peer *peer, struct spw_peer *to)
{
	struct spw_moves *moves = gate->spw->moves;
	struct spw_shorten was = gate->shorten;
	struct spw_move_msg msg;
	u64 id = gate->id;

	gate->id = ++moves->last_id;
	gate->shorten.via = peer->id;
	gate->shorten.via_instance = peer->moving.life;
	gate->shorten.via_id = id;
	spw_shorten_still(gate, &msg);
	if (!xa_insert(&moves->departed, gate->id, gate, GFP_KERNEL | __GFP_NOWARN)) {
		if (!spw_moves_tell(to, &msg)) {
			xa_erase(&moves->departed, id);
			return true;
		}
		xa_erase(&moves->departed, gate->id);
	}
	gate->id = id;
	gate->shorten = was;
	return false;
}

/* The first one: only who was given the connection may say where it is. */
static bool may_lead(const struct spw_gate *gate, const struct spw_peer *peer,
		     const struct spw_peer *to)
{
	return to && is_away(gate) && target_of(gate) == peer && gate->from != to &&
	       gate->shorten.state != SPW_SHORTEN_DOUBT && !spw_fault(SPW_FAULT_WENT_ON);
}

static bool lead(struct spw_gate *gate, struct spw_peer *peer, struct spw_peer *to)
{
	if (!may_lead(gate, peer, to) || !rename(gate, peer, to))
		return false;
	spw_back_pass(gate, to);
	rcu_assign_pointer(gate->peer, to);
	gate->since = ktime_get_ns();
	spw_shorten_reset(gate);
	spw_peer_count(to, SPILLWAY_STAT_MOVE_SHORTENED, 1);
	return true;
}

static bool went_on(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_gate *gate = gate_of(peer, msg);
	bool led;

	/* By that move nothing is sent any more, so that it makes no difference to whom. */
	led = !gate || (!gate->busy && gate->id != msg->id);
	if (!led)
		led = lead(gate, peer, third_of(peer, msg));
	/* Not heard, it is asked again. */
	if (!spw_fault(SPW_FAULT_UNHEARD))
		answer(peer, msg, led ? SPW_MOVE_SHORTER : SPW_MOVE_STAYS);
	return led;
}

/* The middle one: of what is under way it sends on what comes. */
static bool answered(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_gate *gate = gate_of(peer, msg);

	if (!gate || gate->shorten.state != SPW_SHORTEN_DOUBT || msg->third_id != gate->id ||
	    !is_from(gate, peer, msg->instance, msg->id))
		return false;
	if (msg->kind == SPW_MOVE_STAYS && msg->question != gate->shorten.question)
		return false;
	gate->shorten.state = SPW_SHORTEN_NONE;
	/* The last one may have said so before. */
	if (msg->kind == SPW_MOVE_STAYS || gate->over)
		return true;
	WRITE_ONCE(gate->over, true);
	gate->since = ktime_get_ns();
	return true;
}

/**
 * spw_shorten_message() - one of the three says something
 * @peer: who; under &spw_moves.lock
 * @msg: what, FOLLOWS and WENT_ON of this life
 */
void spw_shorten_message(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	bool done;

	switch (msg->kind) {
	case SPW_MOVE_FOLLOW:
		done = follow(peer, msg);
		break;
	case SPW_MOVE_FOLLOWS:
		done = follows(peer, msg);
		break;
	case SPW_MOVE_WENT_ON:
		done = went_on(peer, msg);
		break;
	default:
		done = answered(peer, msg);
	}
	if (!done)
		spw_peer_count(peer, SPILLWAY_STAT_MOVE_UNSHORTENED, 1);
	trace(peer, msg, done, done);
}

/**
 * spw_shorten_doubts() - may the first node send to the target by now, or not?
 * @gate: of an endpoint that went, in the middle; under &spw_moves.lock
 *
 * Once the target has said that it is over, it comes from there if it comes again.
 */
bool spw_shorten_doubts(const struct spw_gate *gate)
{
	return gate->shorten.state == SPW_SHORTEN_DOUBT && !gate->over;
}

/**
 * spw_shorten_knows() - a peer asks STILL, or LED, so it sends a connection's packets here
 * @gate: of it; under &spw_moves.lock
 * @peer: who
 * @msg: the question
 *
 * Where it is the first node, the one in the middle is left out.
 *
 * Return: false if it has no business with that.
 */
bool spw_shorten_knows(struct spw_gate *gate, struct spw_peer *peer,
		       const struct spw_move_msg *msg)
{
	struct spw_shorten *s = &gate->shorten;

	if (is_from(gate, peer, msg->instance, msg->id))
		return true;
	if (msg->kind != SPW_MOVE_LED || s->first != peer ||
	    s->first_instance != msg->instance || s->first_id != msg->third_id)
		return false;
	if (gate->from)
		spw_moves_over(gate->from, gate->from_instance, gate->from_id);
	WRITE_ONCE(gate->from, peer);
	gate->from_instance = msg->instance;
	gate->from_id = msg->id;
	WRITE_ONCE(s->first, NULL);
	spw_shorten_reset(gate);
	spw_back_follow(gate);
	return true;
}

/**
 * spw_shorten_peer_gone() - a peer is removed
 * @gate: of any connection; under &spw_moves.lock
 * @peer: who
 */
void spw_shorten_peer_gone(struct spw_gate *gate, const struct spw_peer *peer)
{
	if (gate->shorten.first == peer)
		WRITE_ONCE(gate->shorten.first, NULL);
	if (gate->was == peer)
		spw_back_settle(gate);
}
