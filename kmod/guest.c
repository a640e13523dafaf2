// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A move as its target does it: what move.c says is to be done is done here.
 *
 * The gate of a connection whose address is another node's holds its packets as soon as
 * there is room for an endpoint, since the origin does not wait with them until it hears
 * of it, and leads them to the socket here once that is alive. Where the address is this
 * node's the connection comes home: its gate, which sent the packets on, goes, and they
 * take their usual way.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/inet_hashtables.h>
#include <net/route.h>
#include <net/tcp.h>

#include "adopt.h"
#include "adopt_fill.h"
#include "adopt_match.h"
#include "app.h"
#include "back.h"
#include "conntab.h"
#include "fault.h"
#include "gate.h"
#include "guest.h"
#include "image.h"
#include "ipv6.h"
#include "job.h"
#include "kept.h"
#include "offer.h"
#include "peer.h"
#include "restore.h"
#include "trace.h"

#define RETRY_NS	(10 * NSEC_PER_MSEC)	/* until something is said again */
#define LOOK_NS		NSEC_PER_SEC		/* between two looks whether one has ended */

/**
 * struct spw_guest - a move; all under &spw_moves.lock
 * @move: machine
 * @moves: of the device
 * @peer: origin
 * @instance: of the origin
 * @id: of the move there
 * @family: AF_INET or AF_INET6
 * @tuple: of the connection
 * @gate: of it, NULL if none is held
 * @fresh: the gate was made for this move
 * @conn: origin's id of the connection
 * @direction: who opened it, &enum spillway_conn_direction
 * @adopter: socket that waits for it and gets it, NULL where a listener does
 * @home: the address is this node's
 * @detour: it was here before, and went to the origin from here
 * @kept: its image
 * @image: parsed
 * @restored: the endpoint
 * @expects: packets for it may come right behind its image
 * @took_us: from when its image, or COMMIT, came until it was live
 * @live: the endpoint is its application's; referenced by @restored.sk until it ended
 *	or all is told
 * @unsaid: message that could not be sent yet
 * @why: its reason
 */
struct spw_guest {
	struct spw_move_target move;
	struct spw_moves *moves;
	struct spw_peer *peer;
	u32 instance;
	u64 id;
	u8 family;
	struct spw_tuple tuple;
	u64 conn;
	u8 direction;
	struct spw_adopter *adopter;
	struct spw_gate *gate;
	bool fresh;
	bool home;
	bool detour;
	struct spw_kept kept;
	struct spw_image image;
	struct spw_restored restored;
	bool expects;
	u32 took_us;
	bool live;
	u8 unsaid;
	u8 why;
};

static void say(struct spw_guest *guest, u8 kind, u8 reason)
{
	struct spw_move_msg msg;

	spw_moves_key(&msg, kind, guest->instance, guest->id);
	if (kind == SPW_MOVE_REFUSED || kind == SPW_MOVE_GONE)
		msg.reason = reason;
	if (kind == SPW_MOVE_TAKEN)
		msg.size = guest->kept.ahead_size;
	else if (kind == SPW_MOVE_RESERVED)
		msg.size = guest->expects;
	else if (kind == SPW_MOVE_COMMITTED)
		msg.size = guest->took_us;
	guest->unsaid = spw_moves_tell(guest->peer, &msg) ? kind : SPW_MOVE_NONE;
	guest->why = reason;
}

/**
 * spw_guest_gate_over() - a connection has ended, or its endpoint is out of reach
 * @gate: of it, not busy; under &spw_moves.lock; freed
 *
 * Whom it came from need not send anything here any more.
 */
void spw_guest_gate_over(struct spw_gate *gate)
{
	if (gate->from)
		spw_moves_over(gate->from, gate->from_instance, gate->from_id);
	spw_gate_free(gate);
}

static bool is_own(struct spw_device *spw, u8 family, const struct spw_tuple *tuple)
{
	if (family == AF_INET6)
		return spw_ipv6_is_own(spw->net, &tuple->laddr6);
	return inet_addr_type(spw->net, tuple->laddr) == RTN_LOCAL;
}

static bool is_taken(const struct spw_guest *guest)
{
	struct spw_conn conn = { .family = guest->family, .tuple = guest->tuple };
	struct sock *sk;

	rcu_read_lock();
	sk = spw_conn_sock(guest->moves->spw, &conn);
	if (sk)
		sock_gen_put(sk);
	rcu_read_unlock();
	return sk;
}

/* The gate that sends this connection's packets to that peer, or a new one. */
static u8 claim_gate(struct spw_guest *guest)
{
	struct spw_device *spw = guest->moves->spw;
	struct spw_gate *gate = spw_gate_find(spw, guest->family, &guest->tuple);

	if (gate && gate->mode == SPW_GATE_SINK) {
		spw_gate_free(gate);
		gate = NULL;
	}
	if (gate && (gate->busy || gate->mode != SPW_GATE_FORWARD ||
		     rcu_access_pointer(gate->peer) != guest->peer ||
		     spw_shorten_doubts(gate)))
		return SPW_MOVE_BECAUSE_IN_USE;
	guest->home = is_own(spw, guest->family, &guest->tuple);
	/* An address of this node: only who was given the connection may bring it. */
	if (guest->home && !gate)
		return SPW_MOVE_BECAUSE_ROUTE;
	guest->fresh = !gate;
	if (!gate)
		gate = spw_gate_new(spw, guest->family, &guest->tuple);
	if (!gate)
		return SPW_MOVE_BECAUSE_ROOM;
	gate->busy = true;
	guest->gate = gate;
	guest->expects = spw_gate_expect(gate) && !spw_fault(SPW_FAULT_EXPECT);
	return SPW_MOVE_BECAUSE_NOTHING;
}

/* Who waits for this very connection comes before who listens. */
static bool is_wanted(struct spw_guest *guest)
{
	struct spw_device *spw = guest->moves->spw;
	const struct spw_tuple *t = &guest->tuple;
	bool six = guest->family == AF_INET6, listens;
	struct spw_adopt_offer offer = {
		.peer = guest->peer->name,
		.id = guest->conn,
		.family = six ? 6 : 4,
		.direction = guest->direction,
		.lport = ntohs(t->lport),
		.rport = ntohs(t->rport),
		.raddr = six ? (const u8 *)&t->raddr6 : (const u8 *)&t->raddr,
	};

	guest->adopter = spw_adopt_claim(spw, &offer);
	if (guest->adopter)
		return true;
	rcu_read_lock();
	listens = spw_conntab_listens(spw, guest->family, t, 0);
	rcu_read_unlock();
	return listens;
}

static u8 take_room(struct spw_guest *guest)
{
	if (spw_fault(SPW_FAULT_ROOM))
		return SPW_MOVE_BECAUSE_ROOM;
	if (is_taken(guest))
		return SPW_MOVE_BECAUSE_IN_USE;
	return is_wanted(guest) ? claim_gate(guest) : SPW_MOVE_BECAUSE_LISTENER;
}

/* Is the image that of the connection that was announced? */
static bool is_announced(const struct spw_guest *guest)
{
	const struct spw_image_tuple *t = &guest->image.tuple;
	const struct spw_tuple *tuple = &guest->tuple;

	if (htons(t->lport) != tuple->lport || htons(t->rport) != tuple->rport ||
	    t->family != (guest->family == AF_INET6 ? 6 : 4))
		return false;
	if (guest->family == AF_INET6)
		return !memcmp(t->laddr, &tuple->laddr6, 16) &&
		       !memcmp(t->raddr, &tuple->raddr6, 16);
	return !memcmp(t->laddr, &tuple->laddr, 4) && !memcmp(t->raddr, &tuple->raddr, 4);
}

static u8 build(struct spw_guest *guest, const struct spw_move_msg *msg)
{
	u8 reason = spw_kept_take(guest->moves, &guest->kept, msg);
	enum spw_image_why why;

	if (reason)
		return reason;
	if (spw_image_parse(guest->kept.data, guest->kept.size, &guest->image, &why)) {
		trace_spillway_image_bad(guest->peer, guest->id, spw_image_why_name(why));
		return SPW_MOVE_BECAUSE_IMAGE;
	}
	if (!is_announced(guest))
		return SPW_MOVE_BECAUSE_IMAGE;
	if (guest->gate->mode != SPW_GATE_HOLD)
		spw_gate_hold(guest->gate);
	if (spw_fault(SPW_FAULT_BUILD))
		return SPW_MOVE_BECAUSE_MEMORY;
	if (!guest->adopter)
		return spw_restore(guest->moves->spw->net, &guest->image,
				   &guest->restored);
	/* All of it is done when the origin says so: see adopt_fill.c. */
	if (!spw_restore_possible(&guest->image))
		return SPW_MOVE_BECAUSE_FEATURE;
	return spw_adopter_waits(guest->adopter) ? SPW_MOVE_BECAUSE_NOTHING :
						   SPW_MOVE_BECAUSE_CLOSED;
}

/* Its packets come here from now on. */
static void open_gate(struct spw_guest *guest)
{
	struct spw_gate *gate = guest->gate;

	guest->gate = NULL;
	if (gate->id)
		xa_erase(&guest->moves->departed, gate->id);
	gate->id = 0;
	gate->busy = false;
	spw_shorten_reset(gate);
	if (guest->home) {
		WRITE_ONCE(gate->from, NULL);
		spw_gate_open(gate);
		spw_gate_free(gate);
		return;
	}
	/*
	 * Where it went on and has come back, packets come from whom it came from first,
	 * unless they were led past this node meanwhile.
	 */
	guest->detour = gate->from && gate->from != guest->peer && !gate->over;
	gate->over = false;
	if (!guest->detour) {
		WRITE_ONCE(gate->from, guest->peer);
		gate->from_instance = guest->instance;
		gate->from_id = guest->id;
	}
	gate->bound_if = guest->restored.sk->sk_bound_dev_if;
	spw_back_follow(gate);
	spw_gate_steer(gate);
}

/* Before its application can ask for it. */
static u8 enter(struct spw_guest *guest)
{
	struct spw_device *spw = guest->moves->spw;
	int err;

	rcu_read_lock();
	err = spw_conntab_arrived(spw, guest->restored.sk, guest->direction);
	rcu_read_unlock();
	if (!err)
		err = spw_app_arrive(spw, guest->restored.sk, &guest->image.session);
	if (!err)
		return SPW_MOVE_BECAUSE_NOTHING;
	return err == -ENOMEM ? SPW_MOVE_BECAUSE_MEMORY : SPW_MOVE_BECAUSE_ROOM;
}

static u8 accept(struct spw_guest *guest)
{
	u8 reason;

	if (!guest->restored.sk)
		return SPW_MOVE_BECAUSE_CLOSED;
	reason = enter(guest);
	if (reason)
		return reason;
	return spw_fault(SPW_FAULT_GO) ? SPW_MOVE_BECAUSE_BACKLOG :
	       spw_restore_go(&guest->restored, &guest->image);
}

static u8 adopt(struct spw_guest *guest)
{
	struct sock *sk = guest->adopter->sk;
	struct spw_adopt_saved *saved;
	u8 reason;

	reason = spw_adopt_begin(guest->adopter, &guest->image, &saved);
	if (reason)
		return reason;
	guest->restored.sk = sk;
	reason = enter(guest);
	if (!reason && spw_fault(SPW_FAULT_GO))
		reason = SPW_MOVE_BECAUSE_BACKLOG;
	if (reason) {
		guest->restored.sk = NULL;
		spw_adopt_undo(sk, saved);
		return reason;
	}
	spw_adopt_commit(sk, &guest->image, saved);
	guest->restored.sk = spw_adopt_done(guest->moves->spw, guest->adopter);
	guest->adopter = NULL;
	spw_peer_count(guest->peer, SPILLWAY_STAT_MOVE_ADOPTED, 1);
	return SPW_MOVE_BECAUSE_NOTHING;
}

static u8 go(struct spw_guest *guest)
{
	u8 reason = guest->adopter ? adopt(guest) : accept(guest);

	if (!reason)
		return SPW_MOVE_BECAUSE_NOTHING;
	rcu_read_lock();
	spw_conntab_ending(guest->moves->spw, guest->family, &guest->tuple);
	rcu_read_unlock();
	return reason;
}

static u8 activate(struct spw_guest *guest)
{
	u8 reason = go(guest);

	if (reason)
		return reason;
	guest->live = true;
	open_gate(guest);
	guest->took_us = (u32)div_u64(ktime_get_ns() - guest->peer->messenger.inbox.came,
				      NSEC_PER_USEC);
	spw_kept_drop(guest->moves, &guest->kept);
	if (guest->restored.listener)
		spw_restore_tell(&guest->restored);
	spw_peer_count(guest->peer, SPILLWAY_STAT_MOVE_ARRIVED, 1);
	rcu_read_lock();
	spw_conntab_tell(guest->moves->spw, guest->family, &guest->tuple);
	rcu_read_unlock();
	spw_job_arrived(guest->peer, guest->family, &guest->tuple);
	return SPW_MOVE_BECAUSE_NOTHING;
}

static void destroy(struct spw_guest *guest)
{
	struct spw_gate *gate = guest->gate;

	spw_restore_undo(&guest->restored);
	if (guest->adopter)
		spw_adopt_release(guest->moves->spw, guest->adopter);
	guest->adopter = NULL;
	spw_kept_drop(guest->moves, &guest->kept);
	guest->gate = NULL;
	if (!gate)
		return;
	gate->busy = false;
	if (gate->mode != SPW_GATE_HOLD)
		spw_gate_unexpect(gate);
	else if (guest->fresh)
		spw_gate_sink(gate);
	else
		spw_gate_thaw(gate);
}

static void end(struct sock *sk)
{
	sk->sk_prot->diag_destroy(sk, ECONNABORTED);
}

/* Returns the event that tells the result, if there is one. */
static u8 act(struct spw_guest *guest, u32 actions, const struct spw_move_msg *msg,
	      u8 *reason)
{
	*reason = SPW_MOVE_BECAUSE_NOTHING;
	if (actions & SPW_MOVE_TAKE_ROOM)
		*reason = take_room(guest);
	if (actions & SPW_MOVE_BUILD)
		*reason = build(guest, msg);
	if (actions & SPW_MOVE_ACTIVATE && !*reason)
		*reason = activate(guest);
	if (actions & SPW_MOVE_DESTROY) {
		spw_peer_count(guest->peer, SPILLWAY_STAT_MOVE_REFUSED, 1);
		destroy(guest);
	}
	if (actions & SPW_MOVE_END)
		end(guest->restored.sk);
	if (!(actions & (SPW_MOVE_TAKE_ROOM | SPW_MOVE_BUILD | SPW_MOVE_ACTIVATE)))
		return SPW_MOVE_NONE;
	return *reason ? SPW_MOVE_FAILED : SPW_MOVE_WORKED;
}

/*
 * A socket that has ended is not kept: it keeps the namespace, and with that the device,
 * and the peer whose word would be waited for.
 */
static void drop_live(struct spw_guest *guest)
{
	if (guest->live && guest->restored.sk)
		sock_put(guest->restored.sk);
	if (guest->live)
		guest->restored.sk = NULL;
}

static void guest_free(struct spw_guest *guest)
{
	xa_erase(&guest->peer->moving.guests, guest->id);
	guest->moves->nr_guests--;
	guest->peer->moving.nr_guests--;
	drop_live(guest);
	kfree(guest);
}

static void event(struct spw_guest *guest, u8 what, const struct spw_move_msg *msg)
{
	struct spw_move_in in = { .event = what };
	struct spw_move_out out;
	u8 before;

	while (in.event != SPW_MOVE_NONE) {
		before = guest->move.state;
		spw_move_target_step(&guest->move, &in, ktime_get_ns(), &out);
		trace_spillway_move_target(guest->peer, guest->id, 0, in.event, before,
					   guest->move.state, out.reason);
		/* In a stream that is no more, or of a move that is over: void. */
		if (in.event == SPW_MOVE_DOWN || (before && !guest->move.state))
			guest->unsaid = SPW_MOVE_NONE;
		in.event = act(guest, out.actions, msg, &in.reason);
		if (out.send)
			say(guest, out.send, out.reason);
	}
	if (guest->move.state != SPW_TARGET_ACTIVE)
		drop_live(guest);
	if (guest->move.state || guest->unsaid)
		return;
	/* It is reached without the peer. */
	if (guest->live && (guest->home || guest->detour))
		spw_moves_over(guest->peer, guest->instance, guest->id);
	guest_free(guest);
}

static void read_name(struct spw_guest *guest, const struct spw_move_msg *msg)
{
	guest->family = spw_offer_named(msg, &guest->tuple);
}

static struct spw_guest *guest_new(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_moves *moves = peer->spw->moves;
	struct spw_guest *guest;

	/* One that keeps all its own for whatever reason leaves room for others. */
	if (moves->nr_guests >= SPW_GUESTS_MAX || peer->moving.nr_guests >= SPW_GUESTS_PEER)
		return NULL;
	guest = kzalloc(sizeof(*guest), GFP_KERNEL | __GFP_NOWARN);
	if (!guest)
		return NULL;
	guest->moves = moves;
	guest->peer = peer;
	guest->instance = msg->instance;
	guest->id = msg->id;
	guest->conn = msg->conn;
	guest->direction = msg->direction;
	read_name(guest, msg);
	if (xa_insert(&peer->moving.guests, msg->id, guest, GFP_KERNEL | __GFP_NOWARN)) {
		kfree(guest);
		return NULL;
	}
	moves->nr_guests++;
	peer->moving.nr_guests++;
	return guest;
}

/* The machine does not care how an image is said. */
static u8 machine_event(const struct spw_move_msg *msg)
{
	switch (msg->kind) {
	case SPW_MOVE_PATCH:
		return SPW_MOVE_IMAGE;
	case SPW_MOVE_GIVE_PATCH:
		return SPW_MOVE_GIVE;
	default:
		return msg->kind;
	}
}

/* Answered in any case: the origin waits for that. */
static void ahead(struct spw_guest *guest, const struct spw_move_msg *msg)
{
	if (guest->move.state != SPW_TARGET_RESERVED)
		return;
	if (spw_kept_ahead(guest->moves, &guest->kept, msg))
		spw_peer_count(guest->peer, SPILLWAY_STAT_MOVE_AHEAD_RX, 1);
	say(guest, SPW_MOVE_TAKEN, SPW_MOVE_BECAUSE_NOTHING);
}

/* A move that is not known: it is answered, and not remembered. */
static void unknown(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_move_in in = { .event = machine_event(msg) };
	struct spw_move_target none = {};
	struct spw_move_out out = {
		.send = SPW_MOVE_REFUSED, .reason = SPW_MOVE_BECAUSE_ROOM,
	};
	struct spw_move_msg answer;

	if (msg->kind == SPW_MOVE_RESERVE)
		spw_peer_count(peer, SPILLWAY_STAT_MOVE_REFUSED, 1);
	else
		spw_move_target_step(&none, &in, ktime_get_ns(), &out);
	if (!out.send)
		return;
	spw_moves_key(&answer, out.send, msg->instance, msg->id);
	answer.reason = out.reason;
	spw_moves_answer(peer, &answer);
}

/**
 * spw_guest_message() - the origin says something
 * @peer: who; under &spw_moves.lock
 * @msg: what
 */
void spw_guest_message(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	struct spw_guest *guest = xa_load(&peer->moving.guests, msg->id);

	/* One that is there for its last word only is not one to begin anew with. */
	if (guest && !guest->move.state) {
		guest->unsaid = SPW_MOVE_NONE;
		event(guest, SPW_MOVE_NONE, NULL);
		guest = NULL;
	}
	if (!guest && msg->kind == SPW_MOVE_RESERVE) {
		spw_peer_count(peer, SPILLWAY_STAT_MOVE_ASKED, 1);
		guest = guest_new(peer, msg);
	}
	if (!guest)
		unknown(peer, msg);
	else if (msg->kind == SPW_MOVE_AHEAD)
		ahead(guest, msg);
	else
		event(guest, machine_event(msg), msg);
}

/**
 * spw_guest_still() - the origin asks whether a connection that it gave is still here
 * @peer: who; under &spw_moves.lock
 * @msg: which
 */
void spw_guest_still(struct spw_peer *peer, const struct spw_move_msg *msg)
{
	const struct spw_guest *guest = xa_load(&peer->moving.guests, msg->id);
	struct spw_guest which;
	struct spw_gate *gate;

	/* One that has lived and ended may wait for DONE still: it is over all the same. */
	if (guest && !guest->live)
		return;
	read_name(&which, msg);
	gate = spw_gate_find(peer->spw, which.family, &which.tuple);
	if (!gate || !spw_shorten_knows(gate, peer, msg))
		spw_moves_over(peer, msg->instance, msg->id);
}

/**
 * spw_guests_event() - something happened to all moves from a peer
 * @peer: peer; under &spw_moves.lock
 * @what: &enum spw_move_event
 */
void spw_guests_event(struct spw_peer *peer, u8 what)
{
	struct spw_guest *guest;
	unsigned long id;

	xa_for_each(&peer->moving.guests, id, guest)
		event(guest, what, NULL);
}

/**
 * spw_guests_end() - an origin is removed
 * @peer: it; under &spw_moves.lock
 *
 * What is alive here lives on.
 */
void spw_guests_end(struct spw_peer *peer)
{
	struct spw_guest *guest;
	unsigned long id;

	spw_guests_event(peer, SPW_MOVE_REBORN);
	xa_for_each(&peer->moving.guests, id, guest) {
		if (!guest->live)
			destroy(guest);
		guest_free(guest);
	}
	xa_destroy(&peer->moving.guests);
}

static bool has_closed(const struct spw_guest *guest)
{
	const struct sock *sk = guest->restored.sk;

	if (guest->adopter)
		return !spw_adopter_waits(guest->adopter);
	return sk && READ_ONCE(sk->sk_state) == TCP_CLOSE;
}

/**
 * spw_guests_poll() - what time brings
 * @peer: origin; under &spw_moves.lock, process context
 * @now: ktime (ns)
 *
 * Return: when to be called again (ns), or U64_MAX.
 */
u64 spw_guests_poll(struct spw_peer *peer, u64 now)
{
	struct spw_guest *guest;
	u64 due = U64_MAX;
	unsigned long id;

	xa_for_each(&peer->moving.guests, id, guest) {
		u8 what = SPW_MOVE_NONE;

		if (guest->unsaid) {
			say(guest, guest->unsaid, guest->why);
			due = min(due, now + RETRY_NS);
		}
		if (guest->move.due && guest->move.due <= now)
			what = SPW_MOVE_DEADLINE;
		else if (has_closed(guest) && guest->move.state != SPW_TARGET_TOMB)
			what = SPW_MOVE_CLOSED;
		due = min(due, guest->move.due ?: U64_MAX);
		if (guest->move.state == SPW_TARGET_ACTIVE)
			due = min(due, now + LOOK_NS);
		if (what != SPW_MOVE_NONE || !guest->move.state)
			event(guest, what, NULL);
	}
	return due;
}

/**
 * spw_guest_reset() - the device goes, and with it the way to a connection that came
 * @gate: of it; under &spw_moves.lock
 */
void spw_guest_reset(struct spw_gate *gate)
{
	struct spw_conn conn = {
		.family = gate->key.family,
		.bound_if = gate->bound_if,
		.tuple = gate->key.tuple,
	};
	struct sock *sk;

	rcu_read_lock();
	sk = spw_conn_sock(gate->spw, &conn);
	rcu_read_unlock();
	if (!sk)
		return;
	if (sk_fullsock(sk))
		end(sk);
	sock_gen_put(sk);
}
