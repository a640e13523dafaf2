// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an origin does with an endpoint that is frozen: it thaws, or leaves, or ends; and
 * its packets go where it goes. Freezing is in freeze.c, and when it is time for what is in
 * offer.c.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <net/tcp.h>

#include "app.h"
#include "back.h"
#include "capture.h"
#include "conntab.h"
#include "gate.h"
#include "guest.h"
#include "mute.h"
#include "offer.h"
#include "offer_act.h"
#include "peer.h"
#include "sock_lock.h"

static void drop_image(struct spw_offer *offer)
{
	kvfree(offer->image.data);
	offer->image.data = NULL;
}

static void drop_sock(struct spw_offer *offer)
{
	if (!offer->sk)
		return;
	if (!offer->unlocked) {
		spw_sock_take(offer->sk);
		release_sock(offer->sk);
	}
	sock_put(offer->sk);
	offer->sk = NULL;
}

/**
 * spw_offer_unlock() - in doubt for long: its application goes on, its packets do not
 * @offer: move whose socket is locked; under &spw_moves.lock
 */
void spw_offer_unlock(struct spw_offer *offer)
{
	if (!spw_mute(offer->gate, offer->sk, &offer->muted)) {
		offer->stays_locked = true;
		return;
	}
	spw_sock_take(offer->sk);
	release_sock(offer->sk);
	offer->unlocked = true;
	spw_peer_count(offer->peer, SPILLWAY_STAT_MOVE_MUTED, 1);
}

/* There may be room for others that are to be frozen. */
static void next_turn(struct spw_offer *offer)
{
	if (offer->moves->waits)
		spw_moves_turn(offer->moves);
}

/**
 * spw_offer_pace_begin() - it counts as one that is frozen
 * @offer: move; under &spw_moves.lock
 */
void spw_offer_pace_begin(struct spw_offer *offer)
{
	if (offer->paced)
		return;
	offer->paced = true;
	spw_pace_begin(&offer->peer->moving.pace);
}

/* And not any more; @one: for how long it was, NULL where that says nothing. */
static void pace_end(struct spw_offer *offer, const struct spw_paced *one)
{
	struct spw_pace *pace = &offer->peer->moving.pace;

	if (!offer->paced)
		return;
	offer->paced = false;
	if (one)
		spw_pace_end(pace, one);
	else
		spw_pace_cancel(pace);
	next_turn(offer);
}

/**
 * spw_offer_pace_stop() - it does not count any more, which says nothing of the path
 * @offer: move; under &spw_moves.lock
 */
void spw_offer_pace_stop(struct spw_offer *offer)
{
	pace_end(offer, NULL);
}

/**
 * spw_offer_open_gate() - the gate as it was before the move
 * @offer: move, with a gate or without; under &spw_moves.lock
 */
void spw_offer_open_gate(struct spw_offer *offer)
{
	struct spw_gate *gate = offer->gate;

	if (!gate)
		return;
	offer->gate = NULL;
	xa_erase(&offer->moves->departed, offer->id);
	spw_unmute(gate);
	if (offer->held)
		spw_gate_thaw(gate);
	else
		spw_gate_unwatch(gate);
	offer->held = false;
	gate->busy = false;
	if (offer->fresh)
		spw_gate_free(gate);
}

static void thaw(struct spw_offer *offer)
{
	offer->copying = false;
	list_del_init(&offer->freezing);
	spw_offer_open_gate(offer);
	if (offer->unlocked)
		spw_mute_wake(offer->sk, &offer->muted);
	drop_sock(offer);
	drop_image(offer);
}

static void kill(struct spw_offer *offer)
{
	const struct spw_settings *settings = &offer->moves->spw->settings;

	spw_app_forget(offer->moves->spw, spw_app_id(offer->moves->spw, offer->sk));
	if (offer->unlocked)
		lock_sock(offer->sk);
	else
		spw_sock_take(offer->sk);
	offer->unlocked = false;
	spw_capture_kill(offer->sk, spw_setting_get(settings, SPW_SET_HANDOFF_EOF));
	spw_sock_keep(offer->sk);
	drop_sock(offer);
	drop_image(offer);
}

static u32 held_us(const struct spw_offer *offer)
{
	return (u32)div_u64(ktime_get_ns() - offer->held_at, NSEC_PER_USEC);
}

/* It took as long as it took. Acknowledgments, by which the path is measured, wait for no work. */
static void pace_took(struct spw_offer *offer)
{
	const struct spw_rtt *rtt = &offer->peer->messenger.out.tx.rtt;
	const struct spw_paced one = {
		.since = offer->frozen_at,
		.now = ktime_get_ns(),
		.rtt = READ_ONCE(rtt->min),
		.jitter = READ_ONCE(rtt->jitter),
	};

	pace_end(offer, &one);
}

/* Without memory it is said later, by whoever looks again: when is not known. */
static void note_sent(struct spw_offer *offer)
{
	if (!offer->unsaid)
		offer->sent_us = held_us(offer);
}

/*
 * Their packets are about to go on: COMMIT, or GIVE, is sealed and sent now. Of one that is
 * in the round trip; the last of several waits for the others.
 */
static void flush_released(struct spw_moves *moves)
{
	bool one = list_is_singular(&moves->released);
	struct spw_peer *flushed = NULL;
	struct spw_offer *offer;

	offer = list_first_entry(&moves->released, struct spw_offer, released);
	note_sent(offer);
	list_for_each_entry(offer, &moves->released, released) {
		if (offer->peer != flushed)
			spw_messenger_flush(offer->peer);
		flushed = offer->peer;
		if (!one)
			note_sent(offer);
	}
}

/**
 * spw_offers_release() - COMMITs are said, or GIVEs, and packets follow them
 * @moves: moves, locked; process context
 */
void spw_offers_release(struct spw_moves *moves)
{
	struct spw_offer *offer, *next;

	if (list_empty(&moves->released))
		return;
	/* Until the first of them are under way nothing that comes stands in between. */
	local_bh_disable();
	flush_released(moves);
	list_for_each_entry_safe(offer, next, &moves->released, released) {
		list_del_init(&offer->released);
		spw_gate_copy(offer->gate, offer->peer);
		/* How long the target takes is not known yet where it was not asked. */
		if (!offer->gives)
			pace_took(offer);
		local_bh_enable();
		local_bh_disable();
	}
	local_bh_enable();
}

/*
 * Until the endpoint was alive: until its packets were sent on, then half a round trip, and
 * what the target says that it took. The round trip is that of the heartbeats, which wait
 * for no work. More than until the answer it was not.
 */
static u32 blackout_us(const struct spw_offer *offer, u32 there_us)
{
	u64 us = (u64)offer->sent_us + READ_ONCE(offer->peer->srtt_us) / 2 + there_us;

	return offer->sent_us ? (u32)min_t(u64, us, offer->known_us) : offer->known_us;
}

/* The target has it, and so all that is held. */
static void leave(struct spw_offer *offer, u32 there_us)
{
	struct spw_gate *gate = offer->gate;

	offer->gate = NULL;
	gate->id = offer->id;
	gate->busy = false;
	gate->over = false;
	spw_unmute(gate);
	gate->shorten.via_id = 0;
	spw_shorten_reset(gate);
	offer->known_us = held_us(offer);
	offer->blackout_us = blackout_us(offer, there_us);
	pace_took(offer);
	spw_gate_forward(gate, offer->peer);
	rcu_read_lock();
	spw_conntab_ending(offer->moves->spw, offer->conn.family, &offer->conn.tuple);
	rcu_read_unlock();
}

/* Nobody can go on with it: the remote is told, and what was held is for nobody. */
static void reset(struct spw_offer *offer)
{
	struct sock *sk = offer->sk;
	struct spw_gate *gate = offer->gate;

	offer->gate = NULL;
	xa_erase(&offer->moves->departed, offer->id);
	gate->busy = false;
	spw_gate_discard(gate);
	spw_unmute(gate);
	spw_guest_gate_over(gate);
	sock_hold(sk);
	drop_sock(offer);
	sk->sk_prot->diag_destroy(sk, ECONNABORTED);
	sock_put(sk);
	drop_image(offer);
}

/**
 * spw_offer_act() - what the machine of a move says
 * @offer: move; under &spw_moves.lock
 * @actions: of &enum spw_move_action
 * @there_us: how long the target took, where it says so
 */
void spw_offer_act(struct spw_offer *offer, u32 actions, u32 there_us)
{
	if (actions & SPW_MOVE_COPY) {
		offer->copying = true;
		spw_moves_turn(offer->moves);
	}
	if (actions & SPW_MOVE_FREEZE)
		list_move_tail(&offer->freezing, &offer->moves->freezing);
	if (actions & SPW_MOVE_THAW)
		thaw(offer);
	if (actions & SPW_MOVE_KILL)
		kill(offer);
	if (actions & SPW_MOVE_LEAVE)
		leave(offer, there_us);
	if (actions & SPW_MOVE_RESET)
		reset(offer);
}
