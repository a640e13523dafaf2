// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An endpoint that is to move is brought to a standstill, and its image taken.
 *
 * The packets that come for it are held first and then its socket's lock; the lock is kept
 * until the target has said what became of the image, so that the application waits as it
 * would for a full buffer. When that is tried, and again, is for offer.c.
 *
 * In between none must be on its way to the socket that came before. To wait for that takes
 * a grace period, of microseconds or, where processors are busy, of milliseconds. So it is
 * watched before whether any comes at all, a grace period is waited for while the target is
 * asked for room, and only where one came since then is there another one.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>

#include "ahead.h"
#include "app.h"
#include "back.h"
#include "capture.h"
#include "clamp.h"
#include "conntab.h"
#include "fault.h"
#include "freeze.h"
#include "gate.h"
#include "image.h"
#include "job.h"
#include "offer.h"
#include "peer.h"
#include "sock_lock.h"

#define LOCK_TRIES	20			/* for the lock of a socket, ... */
#define LOCK_US		50			/* and between two of these */

/**
 * spw_freeze_sock() - the socket of a connection that is to move
 * @offer: move
 *
 * Return: a whole one, with a reference; or NULL.
 */
struct sock *spw_freeze_sock(struct spw_offer *offer)
{
	struct sock *sk;

	rcu_read_lock();
	sk = spw_conn_sock(offer->moves->spw, &offer->conn);
	rcu_read_unlock();
	if (sk && !sk_fullsock(sk)) {
		sock_gen_put(sk);
		return NULL;
	}
	return sk;
}

/**
 * spw_freeze_idle_ms() - for how long an application has to be at rest
 * @offer: move
 */
u32 spw_freeze_idle_ms(const struct spw_offer *offer)
{
	return spw_setting_get(&offer->moves->spw->settings, SPW_SET_HANDOFF_IDLE_MS);
}

/* May an application that knows nothing of this be left now? */
static bool may_leave(const struct spw_offer *offer, const struct sock *sk)
{
	if (offer->gift || spw_job_flags(offer->job) & SPILLWAY_JOB_ANYTIME)
		return true;
	return spw_capture_answered(sk, spw_freeze_idle_ms(offer)) ||
	       (offer->held &&
		spw_capture_answered_since(sk, offer->write_seq, spw_freeze_idle_ms(offer)));
}

/**
 * spw_freeze_look() - can it be moved, and is its application at rest?
 * @offer: move; under &spw_moves.lock
 * @reason: receives &enum spw_move_reason where it cannot
 *
 * Return: %SPW_MOVE_FAILED, %SPW_MOVE_WORKED, or %SPW_MOVE_NONE while the application is
 * at work.
 */
u8 spw_freeze_look(struct spw_offer *offer, u8 *reason)
{
	struct sock *sk = spw_freeze_sock(offer);
	u8 what = SPW_MOVE_WORKED;

	*reason = sk ? spw_capture_refused(sk) : SPW_MOVE_BECAUSE_CLOSED;
	if (spw_fault(SPW_FAULT_LOOK))
		*reason = SPW_MOVE_BECAUSE_FEATURE;
	if (*reason)
		what = SPW_MOVE_FAILED;
	else if (!may_leave(offer, sk))
		what = SPW_MOVE_NONE;
	if (sk)
		sock_put(sk);
	return what;
}

/**
 * spw_freeze_claim() - claim its packets, and see whether any comes; none is held
 * @offer: move, without a gate; under &spw_moves.lock
 *
 * Return: 0 or &enum spw_move_reason; it has no gate then.
 */
u8 spw_freeze_claim(struct spw_offer *offer)
{
	struct spw_moves *moves = offer->moves;
	const struct spw_tuple *tuple = &offer->conn.tuple;
	struct spw_gate *gate = spw_gate_find(moves->spw, offer->conn.family, tuple);

	if (spw_fault(SPW_FAULT_HOLD))
		return SPW_MOVE_BECAUSE_MEMORY;
	if (gate && (gate->busy || gate->mode == SPW_GATE_FORWARD ||
		     gate->mode == SPW_GATE_SINK))
		return SPW_MOVE_BECAUSE_IN_USE;
	offer->fresh = !gate;
	if (!gate)
		gate = spw_gate_new(moves->spw, offer->conn.family, tuple);
	if (!gate)
		return SPW_MOVE_BECAUSE_MEMORY;
	if (xa_insert(&moves->departed, offer->id, gate, GFP_KERNEL | __GFP_NOWARN)) {
		if (offer->fresh)
			spw_gate_free(gate);
		return SPW_MOVE_BECAUSE_MEMORY;
	}
	gate->busy = true;
	offer->gate = gate;
	spw_gate_watch(gate);
	offer->grace = spw_moves_grace(moves);
	return SPW_MOVE_BECAUSE_NOTHING;
}

/**
 * spw_freeze_may() - is it known by now what comes?
 * @offer: move that was claimed; under &spw_moves.lock
 */
bool spw_freeze_may(const struct spw_offer *offer)
{
	return (s32)(READ_ONCE(offer->moves->grace_over) - offer->grace) >= 0;
}

/**
 * spw_freeze_hold() - first half: hold its packets
 * @offer: move that was claimed, of which none is held; under &spw_moves.lock
 *
 * Return: whether there has to be a grace period until none comes through any more.
 */
bool spw_freeze_hold(struct spw_offer *offer)
{
	bool still;

	offer->held = true;
	offer->settled = false;
	offer->held_at = ktime_get_ns();
	still = spw_gate_hold(offer->gate);
	spw_back_expect(offer->gate, offer->peer);
	return !still;
}

/**
 * spw_freeze_lock() - lock a socket as lock_sock(), if its application lets go of it soon
 * @sk: socket; process context
 *
 * An application may keep the lock for as long as the page takes that it sends from: all
 * other moves do not wait for that.
 */
bool spw_freeze_lock(struct sock *sk)
{
	int tries = LOCK_TRIES;

	while (!spw_sock_trylock(sk)) {
		if (!--tries)
			return false;
		usleep_range(LOCK_US, 2 * LOCK_US);
	}
	return true;
}

/**
 * spw_freeze_image() - the image of a socket, with its application's data
 * @offer: move
 * @sk: its socket, locked; not changed
 * @image: receives it; written to only on success
 *
 * Return: 0 or &enum spw_move_reason.
 */
u8 spw_freeze_image(struct spw_offer *offer, struct sock *sk, struct spw_captured *image)
{
	struct spw_device *spw = offer->moves->spw;
	struct spw_session *session = spw_app_session(spw, offer->conn.id);
	const struct spw_image_bytes bytes = {
		.data = session ? session->data : NULL,
		.len = session ? session->len : 0,
	};
	u8 reason;

	reason = spw_fault(SPW_FAULT_CAPTURE) ? SPW_MOVE_BECAUSE_MEMORY :
		 spw_capture(sk, SPW_LEN_MOVE, &bytes, image);
	spw_session_put(session);
	return reason;
}

static u8 capture(struct spw_offer *offer, struct sock *sk)
{
	u8 reason;

	if (!spw_sock_lives(sk))
		return SPW_MOVE_BECAUSE_CLOSED;
	reason = spw_capture_refused(sk);
	if (reason)
		return reason;
	if (!may_leave(offer, sk))
		return SPW_MOVE_BECAUSE_BUSY;
	spw_clamp_capture(offer->moves->spw, offer->conn.family, &offer->conn.tuple, sk);
	reason = spw_freeze_image(offer, sk, &offer->image);
	if (reason)
		return reason;
	offer->bytes = offer->image.len;
	offer->snd_nxt = tcp_sk(sk)->snd_nxt;
	return SPW_MOVE_BECAUSE_NOTHING;
}

/**
 * spw_freeze() - second half: lock the socket and take its image
 * @offer: move that holds, and nothing comes through; under &spw_moves.lock
 *
 * Return: 0, the socket is kept locked; or &enum spw_move_reason, of which
 * %SPW_MOVE_BECAUSE_BUSY may pass.
 */
u8 spw_freeze(struct spw_offer *offer)
{
	struct sock *sk = spw_freeze_sock(offer);
	u8 reason;

	if (sk && spw_fault(SPW_FAULT_FREEZE)) {
		sock_put(sk);
		sk = NULL;
	}
	if (!sk)
		return SPW_MOVE_BECAUSE_CLOSED;
	if (!spw_freeze_lock(sk)) {
		sock_put(sk);
		return SPW_MOVE_BECAUSE_BUSY;
	}
	/* The first time: all that came before the gate was shut is in its queue now. */
	if (!offer->settled)
		offer->write_seq = tcp_sk(sk)->write_seq;
	offer->settled = true;
	reason = capture(offer, sk);
	if (reason) {
		release_sock(sk);
		sock_put(sk);
		return reason;
	}
	spw_sock_keep(sk);
	offer->sk = sk;
	offer->patched = spw_ahead_patch(offer);
	return SPW_MOVE_BECAUSE_NOTHING;
}
