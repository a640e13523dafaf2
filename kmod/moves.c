// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moves of endpoints: the messages of both sides, and what time brings.
 *
 * A node says hello at the beginning of each stream of messages: so the other learns
 * that what was said before may not have arrived, and whether its peer is the same that
 * it was or has crashed meanwhile. Nothing else is said before both have said it.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "back.h"
#include "conntab.h"
#include "fault.h"
#include "gate.h"
#include "guest.h"
#include "hook.h"
#include "job.h"
#include "moves.h"
#include "offer.h"
#include "offer_act.h"
#include "peer.h"

enum moves_times {
	GATES_MS = 1000,	/* between two looks at who has ended, ... */
	GATES_MAX = 64,		/* of so many at one time: frozen ones may be waiting */
	ASK_MAX = 256,		/* questions at one time, ... */
	ASK_MS = 20,		/* and between two of these */
	LATER_MS = 10,		/* until an answer is said again */
};

/* Each disturbs all processors: those who ask within this time share one (jiffies). */
#define GRACE_DELAY	1

/**
 * spw_moves_soon() - there is something to be done
 * @moves: moves; any context
 * @delay: jiffies
 */
void spw_moves_soon(struct spw_moves *moves, unsigned long delay)
{
	/* Endpoints may be frozen until it was done. */
	if (!READ_ONCE(moves->dying))
		mod_delayed_work(system_highpri_wq, &moves->work, delay);
}

/**
 * spw_moves_turn() - something is to begin, or to be frozen
 * @moves: moves; any context
 *
 * What begins waits for its turn among all who want the processor, also applications; what
 * was begun does not. If it did not wait, the scheduler would take from this module what
 * others have had too little of, and that while endpoints are frozen.
 */
void spw_moves_turn(struct spw_moves *moves)
{
	if (!READ_ONCE(moves->dying))
		queue_work(system_wq, &moves->turn);
}

static void turn_work(struct work_struct *work)
{
	struct spw_moves *moves = container_of(work, struct spw_moves, turn);

	/* No lock is held by who may have to wait. */
	WRITE_ONCE(moves->turn_came, true);
	spw_moves_soon(moves, 0);
}

/* Nobody's lock is held meanwhile: what is frozen does not wait for it. */
static void grace_work(struct work_struct *work)
{
	struct spw_moves *moves = container_of(to_delayed_work(work), struct spw_moves,
					       grace);
	u32 wanted = READ_ONCE(moves->grace_wanted);

	synchronize_rcu_expedited();
	WRITE_ONCE(moves->grace_over, wanted);
	spw_moves_turn(moves);
}

/**
 * spw_moves_grace() - ask for a grace period from now on, with others who do
 * @moves: moves, locked
 *
 * Return: its number; it is over once &spw_moves.grace_over has come there.
 */
u32 spw_moves_grace(struct spw_moves *moves)
{
	WRITE_ONCE(moves->grace_wanted, moves->grace_wanted + 1);
	queue_delayed_work(system_highpri_wq, &moves->grace, GRACE_DELAY);
	return moves->grace_wanted;
}

/**
 * spw_moves_ready() - may a move to a peer begin?
 * @peer: under &spw_moves.lock
 *
 * Return: whether both have said hello in this stream.
 */
bool spw_moves_ready(struct spw_peer *peer)
{
	const struct spw_moving *m = &peer->moving;

	return m->met && !test_bit(SPW_MOVING_ENDED, &m->flags) &&
	       !test_bit(SPW_MOVING_HELLO, &m->flags);
}

/**
 * spw_moves_tell() - say something about a move
 * @peer: to whom; under &spw_moves.lock
 * @msg: what, but no image
 *
 * Return: 0 or an error: nothing was said.
 */
int spw_moves_tell(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	u8 data[SPW_LEN_MOVE_MAX];
	u32 len = spw_move_msg_build(data, msg);

	if (spw_fault(SPW_FAULT_SAY) && ++peer->spw->moves->unsaid % 2)
		return -ENOBUFS;
	return spw_messenger_append(peer, SPW_MESSAGE_MOVE, data, len, SPW_LEN_MOVES);
}

static bool is_for_later(int err)
{
	return err == -ENOMEM || err == -ENOBUFS;
}

/**
 * spw_moves_answer() - say something of a move that nobody here remembers, now or soon
 * @peer: to whom; under &spw_moves.lock
 * @msg: what; all that it has is a reason
 *
 * The peer may be waiting for it, with an endpoint that is frozen. Without a stream, or
 * where there is no memory for very many, it asks again in the next stream.
 */
void spw_moves_answer(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_moving *m = &peer->moving;

	if (!is_for_later(spw_moves_tell(peer, msg)) || m->nr_later == SPW_LATER_MAX)
		return;
	m->later[m->nr_later++] = (struct spw_later){
		.id = msg->id,
		.instance = msg->instance,
		.kind = msg->kind,
		.reason = msg->reason,
	};
}

/* Returns when to try again. */
static u64 say_later(struct spw_peer *peer, u64 now)
{
	struct spw_moving *m = &peer->moving;
	const struct spw_later *later;
	struct spw_move_msg msg;

	while (m->nr_later) {
		later = &m->later[m->nr_later - 1];
		spw_moves_key(&msg, later->kind, later->instance, later->id);
		msg.reason = later->reason;
		if (is_for_later(spw_moves_tell(peer, &msg)))
			return now + LATER_MS * NSEC_PER_MSEC;
		m->nr_later--;
	}
	return U64_MAX;
}

/**
 * spw_moves_over() - a connection that a peer gave needs nothing from it any more
 * @peer: who; under &spw_moves.lock
 * @instance: of that peer, as moves name it
 * @id: of the move
 */
void spw_moves_over(struct spw_peer *peer, u32 instance, u64 id)
{
	struct spw_move_msg msg;

	spw_moves_key(&msg, SPW_MOVE_OVER, instance, id);
	spw_moves_answer(peer, &msg);
}

static void tell_all(struct spw_peer *peer, u8 event)
{
	spw_offers_event(peer, event);
	spw_guests_event(peer, event);
}

/* The stream ended since this was asked last. */
static void notice_end(struct spw_peer *peer)
{
	struct spw_moving *m = &peer->moving;

	if (!test_and_clear_bit(SPW_MOVING_ENDED, &m->flags))
		return;
	m->met = false;
	m->nr_later = 0;
	set_bit(SPW_MOVING_HELLO, &m->flags);
	clear_bit(SPW_MOVING_ANSWER, &m->flags);
	clear_bit(SPW_MOVING_STILL, &m->flags);
	tell_all(peer, SPW_MOVE_DOWN);
}

static void say_hello(struct spw_peer *peer, int flag, u8 kind)
{
	struct spw_move_msg msg;

	if (!test_bit(flag, &peer->moving.flags))
		return;
	spw_moves_key(&msg, kind, peer->spw->moves->life, 0);
	/* Without a stream it is said with one of the next heartbeats. */
	if (!spw_moves_tell(peer, &msg))
		clear_bit(flag, &peer->moving.flags);
}

/* What a peer has that crashed: connections that went to it are dead. */
static void forget_departed(struct spw_peer *peer)
{
	struct spw_moves *moves = peer->spw->moves;
	struct spw_gate *gate;
	unsigned long id;

	xa_for_each(&moves->departed, id, gate) {
		cond_resched();
		if (rcu_access_pointer(gate->peer) != peer || gate->busy)
			continue;
		xa_erase(&moves->departed, id);
		spw_guest_gate_over(gate);
	}
}

/* Returns whether it is another one than before. */
static bool see_life(struct spw_peer *peer, u32 life)
{
	struct spw_moving *m = &peer->moving;
	bool reborn = m->life && m->life != life;

	m->life = life;
	if (!reborn)
		return false;
	tell_all(peer, SPW_MOVE_REBORN);
	forget_departed(peer);
	return true;
}

/*
 * Does it still have the endpoints that it was given? So many questions at one time that
 * moves that are under way find room beside them. Returns when to go on.
 */
static u64 ask_still(struct spw_peer *peer, u64 now)
{
	struct spw_moves *moves = peer->spw->moves;
	struct spw_moving *m = &peer->moving;
	struct spw_move_msg msg;
	struct spw_gate *gate;
	unsigned long id;
	int left = ASK_MAX;

	if (!test_bit(SPW_MOVING_STILL, &m->flags))
		return U64_MAX;
	xa_for_each_start(&moves->departed, id, gate, m->asked) {
		cond_resched();
		if (rcu_access_pointer(gate->peer) != peer || gate->busy)
			continue;
		spw_shorten_still(gate, &msg);
		m->asked = id;
		if (!left-- || spw_moves_tell(peer, &msg))
			return now + ASK_MS * NSEC_PER_MSEC;
	}
	clear_bit(SPW_MOVING_STILL, &m->flags);
	return U64_MAX;
}

static void hello(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_moving *m = &peer->moving;
	bool first = msg->kind == SPW_MOVE_HELLO;

	/* A stream of its own that began while this node's goes on. */
	if (first && m->met)
		tell_all(peer, SPW_MOVE_DOWN);
	if (first)
		set_bit(SPW_MOVING_ANSWER, &m->flags);
	if (!see_life(peer, msg->instance) && (first || !m->met))
		tell_all(peer, SPW_MOVE_UP);
	if (first || !m->met) {
		m->asked = 0;
		set_bit(SPW_MOVING_STILL, &m->flags);
	}
	m->met = true;
}

/*
 * A message brings a deadline, or a message that could not be said, at most; for these
 * a tick later is soon enough. All moves are looked at then: not for each message, when
 * there are many.
 */
static void run_later(struct spw_moves *moves)
{
	unsigned long at = READ_ONCE(moves->work.timer.expires);

	if (!delayed_work_pending(&moves->work) || time_after(at, jiffies + 1))
		spw_moves_soon(moves, 1);
}

static void dispatch(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	switch (msg->kind) {
	case SPW_MOVE_HELLO:
	case SPW_MOVE_HELLO_BACK:
		hello(peer, msg);
		break;
	case SPW_MOVE_RESERVE:
	case SPW_MOVE_IMAGE:
	case SPW_MOVE_AHEAD:
	case SPW_MOVE_PATCH:
	case SPW_MOVE_GIVE:
	case SPW_MOVE_GIVE_PATCH:
	case SPW_MOVE_COMMIT:
	case SPW_MOVE_ABORT:
	case SPW_MOVE_DONE:
	case SPW_MOVE_QUERY:
	case SPW_MOVE_ENDED:
		see_life(peer, msg->instance);
		spw_guest_message(peer, msg);
		break;
	case SPW_MOVE_STILL:
	case SPW_MOVE_LED:
		see_life(peer, msg->instance);
		spw_guest_still(peer, msg);
		break;
	case SPW_MOVE_FOLLOW:
	case SPW_MOVE_SHORTER:
	case SPW_MOVE_STAYS:
		see_life(peer, msg->instance);
		spw_shorten_message(peer, msg);
		break;
	default:
		/* Of an earlier life: nobody here knows of it. */
		if (msg->instance != peer->spw->moves->life)
			return;
		if (spw_move_msg_has_third(msg->kind))
			spw_shorten_message(peer, msg);
		else
			spw_offer_message(peer, msg);
	}
}

/* Several may have been said in one go; what is behind one that is bad is not taken. */
static int take(struct spw_peer *peer, const u8 *data, u32 len)
{
	struct spw_moves *moves = peer->spw->moves;
	struct spw_move_msg msg;
	int err = 0;
	u32 size;

	mutex_lock(&moves->lock);
	notice_end(peer);
	do {
		size = spw_move_msg_size(data, len);
		err = size ? spw_move_msg_parse(data, size, &msg) : -EPROTO;
		/* An index of the tables is a long. */
		if (!err && msg.id != (unsigned long)msg.id)
			err = -EPROTO;
		if (err)
			break;
		dispatch(peer, &msg);
		data += size;
		len -= size;
	} while (len);
	spw_offers_release(moves);
	run_later(moves);
	mutex_unlock(&moves->lock);
	return err;
}

static void ended(struct spw_peer *peer)
{
	set_bit(SPW_MOVING_ENDED, &peer->moving.flags);
	spw_moves_soon(peer->spw->moves, 0);
}

const struct spw_message_ops spw_moves_ops = {
	.max = SPW_MESSAGE_MAX,
	.take = take,
	.ended = ended,
};

static bool has_socket(struct spw_device *spw, const struct spw_gate *gate)
{
	struct spw_conn conn = {
		.family = gate->key.family,
		.bound_if = gate->bound_if,
		.tuple = gate->key.tuple,
	};
	struct sock *sk;

	rcu_read_lock();
	sk = spw_conn_sock(spw, &conn);
	if (sk)
		sock_gen_put(sk);
	rcu_read_unlock();
	return sk;
}

/* Also a socket in TIME_WAIT is one: it answers for what comes late. */
static bool is_over(struct spw_device *spw, const struct spw_gate *gate, u64 now)
{
	if (gate->mode == SPW_GATE_STEER)
		return !has_socket(spw, gate);
	return (gate->over || gate->mode == SPW_GATE_SINK) &&
	       now - gate->since > SPW_GATE_OVER_NS;
}

/* In turn. */
static struct spw_gate *next_gate(struct spw_moves *moves)
{
	struct spw_gate *gate = moves->next_gate;

	if (!gate)
		gate = list_first_entry_or_null(&moves->gates, struct spw_gate, list);
	if (gate)
		spw_gate_pass(gate);
	return gate;
}

static void look_at(struct spw_moves *moves, struct spw_gate *gate, u64 now)
{
	if (!is_over(moves->spw, gate, now)) {
		spw_shorten_look(gate);
		return;
	}
	if (gate->id)
		xa_erase(&moves->departed, gate->id);
	spw_guest_gate_over(gate);
}

static void look_at_gates(struct spw_moves *moves)
{
	u32 n = atomic_read(&moves->spw->nr_gates), left = min_t(u32, n, GATES_MAX);
	u64 now = ktime_get_ns();
	struct spw_gate *gate;

	if (time_before(jiffies, READ_ONCE(moves->gates_due)))
		return;
	/* All of them once in that time, and no sooner; at once where one is waited for. */
	if (xchg(&moves->gates_all, false))
		left = n;
	WRITE_ONCE(moves->gates_due,
		   jiffies + max(1UL, msecs_to_jiffies(GATES_MS) * GATES_MAX /
				      max_t(u32, n, GATES_MAX)));
	while (left--) {
		cond_resched();
		gate = next_gate(moves);
		if (!gate)
			return;
		if (!gate->busy)
			look_at(moves, gate, now);
	}
}

static u64 gates_due(const struct spw_moves *moves, u64 now)
{
	long left = (long)(READ_ONCE(moves->gates_due) - jiffies);

	/* A look at very many may have taken longer than that. */
	return now + jiffies_to_nsecs(max(left, 0L));
}

static void moves_work(struct work_struct *work)
{
	struct spw_moves *moves = container_of(to_delayed_work(work), struct spw_moves,
					       work);
	u64 now = ktime_get_ns(), due = U64_MAX;
	struct spw_peer *peer;
	unsigned long id;
	LIST_HEAD(peers);

	mutex_lock(&moves->lock);
	moves->turn_now = xchg(&moves->turn_came, false);
	/* Who is found here is not freed before this lock was had. */
	xa_for_each(&moves->spw->peers, id, peer) {
		notice_end(peer);
		say_hello(peer, SPW_MOVING_HELLO, SPW_MOVE_HELLO);
		say_hello(peer, SPW_MOVING_ANSWER, SPW_MOVE_HELLO_BACK);
		due = min(due, ask_still(peer, now));
		due = min(due, spw_guests_poll(peer, now));
		list_add_tail(&peer->moving.polled, &peers);
	}
	if (moves->turn_now)
		spw_jobs_go_on(moves);
	due = min(due, spw_offers_poll(moves, now));
	look_at_gates(moves);
	list_for_each_entry(peer, &peers, moving.polled) {
		due = min(due, say_later(peer, now));
		spw_messenger_flush(peer);
	}
	if (!list_empty(&moves->gates))
		due = min(due, gates_due(moves, now));
	else
		spw_hook_not_arriving(moves->spw);
	mutex_unlock(&moves->lock);
	if (due != U64_MAX && !READ_ONCE(moves->dying))
		queue_delayed_work(system_highpri_wq, &moves->work,
				   nsecs_to_jiffies(due - min(due, ktime_get_ns())) + 1);
}

/**
 * spw_moves_peer_init() - for a peer that nobody can find yet
 * @peer: peer
 */
void spw_moves_peer_init(struct spw_peer *peer)
{
	xa_init(&peer->moving.guests);
	set_bit(SPW_MOVING_HELLO, &peer->moving.flags);
}

/**
 * spw_moves_peer_sync() - with each heartbeat
 * @peer: under &spw_device.lock
 */
void spw_moves_peer_sync(struct spw_peer *peer)
{
	unsigned long flags = READ_ONCE(peer->moving.flags);

	if (peer->state == SPILLWAY_PEER_UP &&
	    flags & (BIT(SPW_MOVING_HELLO) | BIT(SPW_MOVING_ANSWER)))
		spw_moves_soon(peer->spw->moves, 0);
}

/**
 * spw_moves_peer_gone() - a peer is removed
 * @peer: unpublished, its messenger stopped; under &spw_device.lock
 *
 * What is under way stays where it is, or ends where that cannot be known. What went to
 * it is not reached through this node any more; what came from it lives on.
 */
void spw_moves_peer_gone(struct spw_peer *peer)
{
	struct spw_moves *moves = peer->spw->moves;
	struct spw_gate *gate;

	mutex_lock(&moves->lock);
	spw_offers_end(peer);
	spw_guests_end(peer);
	forget_departed(peer);
	list_for_each_entry(gate, &moves->gates, list) {
		spw_shorten_peer_gone(gate, peer);
		if (gate->from != peer)
			continue;
		WRITE_ONCE(gate->from, NULL);
		spw_back_follow(gate);
	}
	mutex_unlock(&moves->lock);
}

/**
 * spw_moves_init() - no move yet
 * @spw: device that is not published yet
 *
 * Return: 0 or -ENOMEM.
 */
int spw_moves_init(struct spw_device *spw)
{
	struct spw_moves *moves = kzalloc(sizeof(*moves), GFP_KERNEL);

	if (!moves)
		return -ENOMEM;
	mutex_init(&moves->lock);
	moves->spw = spw;
	INIT_DELAYED_WORK(&moves->work, moves_work);
	INIT_WORK(&moves->turn, turn_work);
	INIT_DELAYED_WORK(&moves->grace, grace_work);
	do {
		moves->life = get_random_u32();
	} while (!moves->life);
	xa_init(&moves->offers);
	INIT_LIST_HEAD(&moves->offer_list);
	INIT_LIST_HEAD(&moves->freezing);
	INIT_LIST_HEAD(&moves->released);
	xa_init(&moves->departed);
	INIT_LIST_HEAD(&moves->gates);
	xa_init(&moves->jobs);
	moves->gates_due = jiffies;
	spw->moves = moves;
	return 0;
}

/**
 * spw_moves_stop() - the device goes
 * @spw: device that is dying and has no peer any more; its lock not held
 *
 * Connections that came have no way to go on without it: their remotes are told.
 */
void spw_moves_stop(struct spw_device *spw)
{
	struct spw_moves *moves = spw->moves;
	struct spw_gate *gate, *next;

	WRITE_ONCE(moves->dying, true);
	cancel_delayed_work_sync(&moves->grace);
	cancel_work_sync(&moves->turn);
	cancel_delayed_work_sync(&moves->work);
	mutex_lock(&moves->lock);
	list_for_each_entry_safe(gate, next, &moves->gates, list) {
		if (gate->mode == SPW_GATE_STEER)
			spw_guest_reset(gate);
		spw_gate_free(gate);
		cond_resched();
	}
	spw_hook_not_arriving(spw);
	spw_jobs_end(moves);
	mutex_unlock(&moves->lock);
}

/**
 * spw_moves_free() - nobody can find the device any more
 * @spw: stopped, or never published
 */
void spw_moves_free(struct spw_device *spw)
{
	struct spw_moves *moves = spw->moves;

	/* Who was told that a stream ended may have looked before it was stopped. */
	cancel_delayed_work_sync(&moves->grace);
	cancel_work_sync(&moves->turn);
	cancel_delayed_work_sync(&moves->work);
	xa_destroy(&moves->offers);
	xa_destroy(&moves->departed);
	xa_destroy(&moves->jobs);
	mutex_destroy(&moves->lock);
	kfree(moves);
}
