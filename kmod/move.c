// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The move of one endpoint: who may do what, when, and what is said of it. Pure.
 *
 * Before COMMIT is sent the endpoint is the origin's: whatever goes wrong, it thaws. The
 * target's is dormant and has a lease; without a word it is destroyed (presumed abort).
 * COMMIT gives the decision to the target: it alone knows whether the dormant endpoint
 * still stood. The origin stays frozen until it is told, by COMMITTED or GONE, in this
 * stream or a later one, or learns that the target crashed. It waits no longer than
 * %SPW_MOVE_DOUBT_MS and may then only end the connection, never thaw it.
 *
 * Since the target decides, it can as well be given the decision with the image, in one
 * message (GIVE): the "last agent" of G. Samaras et al., Two-Phase Commit Optimizations and
 * Tradeoffs in the Commercial Environment, ICDE 1993. The origin does not wait for READY
 * then, and is in doubt for one round trip as it is after COMMIT. An image that takes long
 * to ship goes by itself first: until it is there the origin can still thaw.
 *
 * Nor do the remote's packets wait for the answer: copies of them are sent behind COMMIT,
 * or GIVE. They find the target's endpoint alive, or are held until it is, or come to
 * nothing; the origin has them still if it thaws. So the blackout is half a round trip,
 * or one and a half, and not two.
 *
 * What one side has to know is remembered by the other until that is certain: that the
 * target was alive (ACTIVE, TOMB) until DONE, that the origin ended (ENDING) until GONE.
 * With each new stream it is said again, since the answer may have been lost with the
 * last; a move that the origin does not know is therefore one that it has done with.
 * tests/model/handoff.pml is the same protocol, checked by itself.
 */
#include "move.h"

#define MS 1000000ULL

static void forget(__u8 *state, __u64 *due)
{
	*state = 0;
	*due = 0;
}

static bool is_early(const struct spw_move_in *in, __u64 due, __u64 now)
{
	return in->event == SPW_MOVE_DEADLINE && (!due || now < due);
}

static void origin_enter(struct spw_move_origin *move, __u8 state, __u64 due)
{
	move->state = state;
	move->due = due;
}

static void origin_over(struct spw_move_origin *move, struct spw_move_out *out,
			__u8 result, __u8 reason)
{
	forget(&move->state, &move->due);
	out->result = result;
	out->reason = reason;
}

/* Why the origin gives up of its own accord; nothing if the event is no reason to. */
static __u8 why_abort(__u8 event)
{
	switch (event) {
	case SPW_MOVE_DEADLINE:
		return SPW_MOVE_BECAUSE_DEADLINE;
	case SPW_MOVE_DOWN:
	case SPW_MOVE_UP:
		return SPW_MOVE_BECAUSE_DOWN;
	case SPW_MOVE_REBORN:
		return SPW_MOVE_BECAUSE_REBORN;
	case SPW_MOVE_CANCEL:
		return SPW_MOVE_BECAUSE_CANCEL;
	case SPW_MOVE_CLOSED:
		return SPW_MOVE_BECAUSE_CLOSED;
	case SPW_MOVE_FULL:
		return SPW_MOVE_BECAUSE_FULL;
	default:
		return SPW_MOVE_BECAUSE_NOTHING;
	}
}

/* Before COMMIT all that is not foreseen ends alike. */
static void origin_abort(struct spw_move_origin *move, const struct spw_move_in *in,
			 struct spw_move_out *out)
{
	bool refused = in->event == SPW_MOVE_REFUSED || in->event == SPW_MOVE_GONE;
	bool closed = in->event == SPW_MOVE_CLOSED;
	__u8 reason = why_abort(in->event);

	if (refused || in->event == SPW_MOVE_FAILED)
		reason = in->reason ?: SPW_MOVE_BECAUSE_UNKNOWN;
	if (!reason)
		return;
	if (!refused)
		out->send = SPW_MOVE_ABORT;
	if (move->state >= SPW_ORIGIN_FREEZING)
		out->actions = SPW_MOVE_THAW;
	origin_over(move, out, closed ? SPW_MOVE_LOST : SPW_MOVE_STAYED, reason);
}

static void origin_moved(struct spw_move_origin *move, struct spw_move_out *out)
{
	out->actions = SPW_MOVE_KILL | SPW_MOVE_LEAVE;
	out->send = SPW_MOVE_DONE;
	origin_over(move, out, SPW_MOVE_MOVED, SPW_MOVE_BECAUSE_NOTHING);
}

/* In doubt for too long: it must not thaw, and the target is to end as well. */
static void origin_reset(struct spw_move_origin *move, struct spw_move_out *out,
			 __u8 reason)
{
	out->actions = SPW_MOVE_RESET;
	out->send = SPW_MOVE_ENDED;
	out->result = SPW_MOVE_LOST;
	out->reason = reason;
	origin_enter(move, SPW_ORIGIN_ENDING, 0);
}

/* COMMIT or GIVE was sent. */
static void origin_decided(struct spw_move_origin *move, const struct spw_move_in *in,
			   struct spw_move_out *out)
{
	switch (in->event) {
	case SPW_MOVE_COMMITTED:
		origin_moved(move, out);
		break;
	case SPW_MOVE_GONE:
		out->actions = SPW_MOVE_THAW;
		origin_over(move, out, SPW_MOVE_STAYED,
			    in->reason ?: SPW_MOVE_BECAUSE_UNKNOWN);
		break;
	case SPW_MOVE_DOWN:
		move->state = SPW_ORIGIN_DOUBT;
		break;
	case SPW_MOVE_UP:
		move->state = SPW_ORIGIN_DOUBT;
		out->send = SPW_MOVE_QUERY;
		break;
	case SPW_MOVE_REBORN:
		/* The target's endpoint, if it lived, is dead. */
		out->actions = in->moved_on ? SPW_MOVE_RESET : SPW_MOVE_THAW;
		origin_over(move, out, in->moved_on ? SPW_MOVE_LOST : SPW_MOVE_STAYED,
			    SPW_MOVE_BECAUSE_REBORN);
		break;
	case SPW_MOVE_DEADLINE:
		origin_reset(move, out, SPW_MOVE_BECAUSE_DOUBT);
		break;
	case SPW_MOVE_CLOSED:
		origin_reset(move, out, SPW_MOVE_BECAUSE_CLOSED);
		break;
	default:
		break;
	}
}

/* From here on the target decides. */
static void origin_commit(struct spw_move_origin *move, __u8 send, __u64 now,
			  struct spw_move_out *out)
{
	out->send = send;
	out->actions = SPW_MOVE_RELEASE;
	origin_enter(move, SPW_ORIGIN_COMMITTING, now + SPW_MOVE_DOUBT_MS * MS);
}

/* What a move that is over, or never was, is answered with. */
static __u8 origin_unknown(__u8 event)
{
	switch (event) {
	case SPW_MOVE_RESERVED:
	case SPW_MOVE_READY:
		return SPW_MOVE_ABORT;
	case SPW_MOVE_COMMITTED:
		return SPW_MOVE_DONE;
	default:
		return SPW_MOVE_NONE;
	}
}

/**
 * spw_move_origin_step() - something happened to a move, at the origin
 * @move: move; idle afterwards if nothing needs to be known of it any more
 * @in: what happened
 * @now: ns
 * @out: what is to be done about it
 */
void spw_move_origin_step(struct spw_move_origin *move, const struct spw_move_in *in,
			  __u64 now, struct spw_move_out *out)
{
	*out = (struct spw_move_out){};
	if (is_early(in, move->due, now))
		return;
	switch (move->state) {
	case SPW_ORIGIN_IDLE:
		out->send = origin_unknown(in->event);
		if (in->event != SPW_MOVE_START)
			return;
		out->send = SPW_MOVE_RESERVE;
		origin_enter(move, SPW_ORIGIN_RESERVING, now + SPW_MOVE_RESERVE_MS * MS);
		return;
	case SPW_ORIGIN_RESERVING:
		if (in->event != SPW_MOVE_RESERVED)
			return origin_abort(move, in, out);
		out->actions = SPW_MOVE_COPY;
		origin_enter(move, SPW_ORIGIN_COPYING, now + SPW_MOVE_COPY_MS * MS);
		return;
	case SPW_ORIGIN_COPYING:
		if (in->event != SPW_MOVE_WORKED)
			return origin_abort(move, in, out);
		out->actions = SPW_MOVE_FREEZE;
		origin_enter(move, SPW_ORIGIN_FREEZING, now + SPW_MOVE_PREPARE_MS * MS);
		return;
	case SPW_ORIGIN_FREEZING:
		if (in->event != SPW_MOVE_WORKED)
			return origin_abort(move, in, out);
		if (in->give)
			return origin_commit(move, SPW_MOVE_GIVE, now, out);
		out->send = SPW_MOVE_IMAGE;
		origin_enter(move, SPW_ORIGIN_FROZEN, move->due);
		return;
	case SPW_ORIGIN_FROZEN:
		if (in->event != SPW_MOVE_READY)
			return origin_abort(move, in, out);
		return origin_commit(move, SPW_MOVE_COMMIT, now, out);
	case SPW_ORIGIN_COMMITTING:
	case SPW_ORIGIN_DOUBT:
		return origin_decided(move, in, out);
	case SPW_ORIGIN_ENDING:
		if (in->event == SPW_MOVE_UP)
			out->send = SPW_MOVE_ENDED;
		else if (in->event == SPW_MOVE_GONE || in->event == SPW_MOVE_REBORN)
			forget(&move->state, &move->due);
		return;
	}
}

static void target_enter(struct spw_move_target *move, __u8 state, __u64 due)
{
	move->state = state;
	move->due = due;
}

/* Before COMMIT came: undone, and the origin told if it may be waiting. */
static void target_undo(struct spw_move_target *move, struct spw_move_out *out,
			__u8 send, __u8 reason)
{
	out->actions = SPW_MOVE_DESTROY;
	out->send = send;
	out->reason = reason;
	forget(&move->state, &move->due);
}

static void target_wait(struct spw_move_target *move, const struct spw_move_in *in,
			struct spw_move_out *out)
{
	switch (in->event) {
	case SPW_MOVE_FAILED:
		target_undo(move, out, SPW_MOVE_REFUSED, in->reason);
		break;
	case SPW_MOVE_DEADLINE:
		target_undo(move, out, SPW_MOVE_REFUSED, SPW_MOVE_BECAUSE_LEASE);
		break;
	case SPW_MOVE_CLOSED:
		target_undo(move, out, SPW_MOVE_REFUSED, SPW_MOVE_BECAUSE_CLOSED);
		break;
	case SPW_MOVE_ABORT:
	case SPW_MOVE_DOWN:
	case SPW_MOVE_UP:
	case SPW_MOVE_REBORN:
		/* A COMMIT that was under way is lost: the origin will ask. */
		target_undo(move, out, SPW_MOVE_NONE, SPW_MOVE_BECAUSE_NOTHING);
		break;
	case SPW_MOVE_GIVE:
	case SPW_MOVE_COMMIT:	/* before READY: no origin that is sane */
	case SPW_MOVE_QUERY:
	case SPW_MOVE_ENDED:
		target_undo(move, out, SPW_MOVE_GONE, SPW_MOVE_BECAUSE_UNKNOWN);
		break;
	default:
		break;
	}
}

static void target_activating(struct spw_move_target *move,
			      const struct spw_move_in *in, struct spw_move_out *out)
{
	switch (in->event) {
	case SPW_MOVE_WORKED:
		out->send = SPW_MOVE_COMMITTED;
		target_enter(move, SPW_TARGET_ACTIVE, 0);
		break;
	case SPW_MOVE_FAILED:
		/* The origin is frozen: not too late. */
		target_undo(move, out, SPW_MOVE_GONE, in->reason);
		break;
	case SPW_MOVE_ENDED:
		target_undo(move, out, SPW_MOVE_GONE, SPW_MOVE_BECAUSE_NOTHING);
		break;
	default:
		/* QUERY will be answered by what comes of it. */
		break;
	}
}

static void target_lived(struct spw_move_target *move, const struct spw_move_in *in,
			 struct spw_move_out *out)
{
	switch (in->event) {
	case SPW_MOVE_UP:
	case SPW_MOVE_QUERY:
	case SPW_MOVE_GIVE:
	case SPW_MOVE_COMMIT:
		out->send = SPW_MOVE_COMMITTED;
		break;
	case SPW_MOVE_CLOSED:
		target_enter(move, SPW_TARGET_TOMB, 0);
		break;
	case SPW_MOVE_ENDED:
		if (move->state == SPW_TARGET_ACTIVE)
			out->actions = SPW_MOVE_END;
		out->send = SPW_MOVE_GONE;
		forget(&move->state, &move->due);
		break;
	case SPW_MOVE_DONE:
	case SPW_MOVE_REBORN:
		/* Nobody will ask; the endpoint, if it lives, is as any other now. */
		forget(&move->state, &move->due);
		break;
	default:
		break;
	}
}

static void target_unknown(struct spw_move_target *move, __u8 event, __u64 now,
			   struct spw_move_out *out)
{
	switch (event) {
	case SPW_MOVE_RESERVE:
		out->actions = SPW_MOVE_TAKE_ROOM;
		target_enter(move, SPW_TARGET_RESERVING, now + SPW_MOVE_ROOM_MS * MS);
		break;
	case SPW_MOVE_IMAGE:
		out->send = SPW_MOVE_REFUSED;
		out->reason = SPW_MOVE_BECAUSE_UNKNOWN;
		break;
	case SPW_MOVE_GIVE:
	case SPW_MOVE_COMMIT:
	case SPW_MOVE_QUERY:
	case SPW_MOVE_ENDED:
		out->send = SPW_MOVE_GONE;
		out->reason = SPW_MOVE_BECAUSE_UNKNOWN;
		break;
	default:
		break;
	}
}

/**
 * spw_move_target_step() - something happened to a move, at the target
 * @move: move; idle afterwards if nothing needs to be known of it any more
 * @in: what happened
 * @now: ns
 * @out: what is to be done about it
 */
void spw_move_target_step(struct spw_move_target *move, const struct spw_move_in *in,
			  __u64 now, struct spw_move_out *out)
{
	*out = (struct spw_move_out){};
	if (is_early(in, move->due, now))
		return;
	switch (move->state) {
	case SPW_TARGET_IDLE:
		return target_unknown(move, in->event, now, out);
	case SPW_TARGET_RESERVING:
		if (in->event != SPW_MOVE_WORKED)
			return target_wait(move, in, out);
		out->send = SPW_MOVE_RESERVED;
		target_enter(move, SPW_TARGET_RESERVED, move->due);
		return;
	case SPW_TARGET_RESERVED:
		if (in->event == SPW_MOVE_GIVE) {
			out->actions = SPW_MOVE_BUILD | SPW_MOVE_ACTIVATE;
			target_enter(move, SPW_TARGET_ACTIVATING, 0);
			return;
		}
		if (in->event != SPW_MOVE_IMAGE)
			return target_wait(move, in, out);
		out->actions = SPW_MOVE_BUILD;
		target_enter(move, SPW_TARGET_BUILDING, now + SPW_MOVE_LEASE_MS * MS);
		return;
	case SPW_TARGET_BUILDING:
		if (in->event != SPW_MOVE_WORKED)
			return target_wait(move, in, out);
		out->send = SPW_MOVE_READY;
		target_enter(move, SPW_TARGET_PREPARED, move->due);
		return;
	case SPW_TARGET_PREPARED:
		if (in->event != SPW_MOVE_COMMIT)
			return target_wait(move, in, out);
		out->actions = SPW_MOVE_ACTIVATE;
		target_enter(move, SPW_TARGET_ACTIVATING, 0);
		return;
	case SPW_TARGET_ACTIVATING:
		return target_activating(move, in, out);
	case SPW_TARGET_ACTIVE:
	case SPW_TARGET_TOMB:
		return target_lived(move, in, out);
	}
}
