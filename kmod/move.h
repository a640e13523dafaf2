/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection's endpoint moves from an origin to a target: two-phase commit with
 * presumed abort, or its second phase alone, as two state machines. Pure: says what is to
 * be done, does nothing.
 */
#ifndef _SPW_MOVE_H
#define _SPW_MOVE_H

#include "messages.h"
#ifndef __KERNEL__
#include <stdbool.h>
#endif

enum spw_move_deadlines { /* ms */
	SPW_MOVE_RESERVE_MS = 1000,	/* a round trip and a look at the room */
	SPW_MOVE_COPY_MS = 10000,	/* of an image of %SPW_MESSAGE_MAX on a slow link */
	SPW_MOVE_PREPARE_MS = 2000,	/* frozen: below the third time-out of the remote */
	SPW_MOVE_DOUBT_MS = 60000,	/* since COMMIT: a reboot; the remote waits longer */
	SPW_MOVE_ROOM_MS = 15000,	/* above the sum of the first three */
	SPW_MOVE_LEASE_MS = 5000,	/* above SPW_MOVE_PREPARE_MS */
};

/**
 * enum spw_move_event - what happens to a move; the first are the messages, which come
 * and also go
 *
 * The result of %SPW_MOVE_FREEZE, %SPW_MOVE_COPY, %SPW_MOVE_TAKE_ROOM, %SPW_MOVE_BUILD
 * and %SPW_MOVE_ACTIVATE is told by %SPW_MOVE_WORKED or %SPW_MOVE_FAILED, each once,
 * unless an action that undoes it was asked for before.
 */
enum spw_move_event {
	SPW_MOVE_NONE,
	/* by the origin */
	SPW_MOVE_RESERVE,	/* is there room for this connection? */
	SPW_MOVE_IMAGE,		/* the endpoint, as it is frozen */
	SPW_MOVE_COMMIT,	/* it is the target's if it still has it */
	SPW_MOVE_ABORT,		/* forget it */
	SPW_MOVE_DONE,		/* forget the move: the origin's endpoint is no more */
	SPW_MOVE_QUERY,		/* was there a COMMIT? */
	SPW_MOVE_ENDED,		/* the connection was ended in doubt */
	/* by the target */
	SPW_MOVE_RESERVED,
	SPW_MOVE_REFUSED,	/* with a reason; there is nothing at the target */
	SPW_MOVE_READY,		/* the dormant endpoint stands */
	SPW_MOVE_COMMITTED,	/* it is alive, or was */
	SPW_MOVE_GONE,		/* there is nothing at the target, nor will there be */
	/* between nodes, of no concern to the machines */
	SPW_MOVE_HELLO,		/* by either, first in each stream: which life it lives */
	SPW_MOVE_HELLO_BACK,	/* the answer to that */
	SPW_MOVE_STILL,		/* by the origin, after the move: is it still there? */
	SPW_MOVE_OVER,		/* by the target: it is not, forward no more */
	SPW_MOVE_AHEAD,		/* by the origin: the endpoint as it was, still alive */
	SPW_MOVE_TAKEN,		/* by the target: so much of that is kept */
	SPW_MOVE_PATCH,		/* by the origin: IMAGE, as what is new of it since AHEAD */
	/* after the move, see shorten.c; each has a third node */
	SPW_MOVE_FOLLOW,	/* by the origin: that one may send here itself */
	SPW_MOVE_FOLLOWS,	/* by the target: it may */
	SPW_MOVE_WENT_ON,	/* by the target: that one has it now */
	SPW_MOVE_SHORTER,	/* by the origin: what comes goes there */
	SPW_MOVE_STAYS,		/* by the origin: it does not */
	SPW_MOVE_LED,		/* by the origin: STILL, of one that it gave to that one */
	/* IMAGE and COMMIT in one, as the origin says them where that is small */
	SPW_MOVE_GIVE,		/* the endpoint, as it is frozen: the target's if it stands */
	SPW_MOVE_GIVE_PATCH,	/* likewise, as what is new of it since AHEAD */
	__SPW_MOVE_MESSAGE_MAX,

	SPW_MOVE_START = __SPW_MOVE_MESSAGE_MAX, /* origin: begin */
	SPW_MOVE_WORKED,	/* what was asked for last is done */
	SPW_MOVE_FAILED,	/* it could not be done; left as it was before */
	SPW_MOVE_DEADLINE,	/* the time may have come; ignored if it has not */
	SPW_MOVE_DOWN,		/* the stream ended */
	SPW_MOVE_UP,		/* a stream began, the peer lives the same life */
	SPW_MOVE_REBORN,	/* a stream began, the peer crashed meanwhile */
	SPW_MOVE_CANCEL,	/* origin: the operator changed his mind */
	SPW_MOVE_CLOSED,	/* the endpoint here ended by itself */
	SPW_MOVE_FULL,		/* origin: no more packets can be held */
	__SPW_MOVE_EVENT_MAX
};

/* Why a move came to nothing. What FAILED and REFUSED tell is handed on. */
enum spw_move_reason {
	SPW_MOVE_BECAUSE_NOTHING,
	SPW_MOVE_BECAUSE_ROOM,		/* target: memory or the number of moves */
	SPW_MOVE_BECAUSE_IN_USE,	/* target: it has this connection */
	SPW_MOVE_BECAUSE_LISTENER,	/* target: nobody listens */
	SPW_MOVE_BECAUSE_BACKLOG,	/* target: the accept queue is full */
	SPW_MOVE_BECAUSE_IMAGE,		/* target: the image makes no sense */
	SPW_MOVE_BECAUSE_FEATURE,	/* the connection uses what cannot be moved */
	SPW_MOVE_BECAUSE_MEMORY,
	SPW_MOVE_BECAUSE_UNKNOWN,	/* target: it knows of no such move */
	SPW_MOVE_BECAUSE_DEADLINE,	/* a step took too long */
	SPW_MOVE_BECAUSE_LEASE,		/* target: the origin took too long */
	SPW_MOVE_BECAUSE_DOWN,		/* the peer went down */
	SPW_MOVE_BECAUSE_REBORN,	/* the peer crashed */
	SPW_MOVE_BECAUSE_CANCEL,
	SPW_MOVE_BECAUSE_CLOSED,	/* the connection ended first */
	SPW_MOVE_BECAUSE_FULL,		/* too many packets came while it was frozen */
	SPW_MOVE_BECAUSE_DOUBT,		/* in doubt for too long */
	SPW_MOVE_BECAUSE_STATE,		/* its TCP state cannot be moved */
	SPW_MOVE_BECAUSE_ROUTE,		/* target: no way to the remote, or not its address */
	SPW_MOVE_BECAUSE_BUSY,		/* its application is at work on it */
	__SPW_MOVE_REASON_MAX
};

/*
 * What is to be done, in the order of the bits, as far as what comes before worked; then
 * the message is to be sent, and RELEASE follows it.
 */
enum spw_move_action {
	SPW_MOVE_COPY = 1 << 0,		/* origin: send the image ahead, if wanted */
	SPW_MOVE_FREEZE = 1 << 1,	/* hold packets, lock, capture */
	SPW_MOVE_THAW = 1 << 2,		/* undo FREEZE, also one under way */
	SPW_MOVE_KILL = 1 << 3,		/* remove the frozen endpoint, silently */
	SPW_MOVE_LEAVE = 1 << 4,	/* packets are the target's: none is held any more */
	SPW_MOVE_RESET = 1 << 5,	/* end the frozen connection with a RST */
	SPW_MOVE_TAKE_ROOM = 1 << 6,	/* target: reserve */
	SPW_MOVE_BUILD = 1 << 7,	/* a dormant endpoint of the image */
	SPW_MOVE_ACTIVATE = 1 << 8,	/* it is the application's from now on */
	SPW_MOVE_DESTROY = 1 << 9,	/* undo TAKE_ROOM, BUILD and ACTIVATE under way */
	SPW_MOVE_END = 1 << 10,		/* end the live endpoint: the remote had a RST */
	SPW_MOVE_RELEASE = 1 << 11,	/* origin: copies of what is held go to the target */
};

enum spw_move_result {
	SPW_MOVE_UNDER_WAY,
	SPW_MOVE_MOVED,
	SPW_MOVE_STAYED,	/* it goes on at the origin */
	SPW_MOVE_LOST,		/* ended with a RST, or by itself */
};

enum spw_move_origin_state {
	SPW_ORIGIN_IDLE,	/* nothing is known of the move */
	SPW_ORIGIN_RESERVING,
	SPW_ORIGIN_COPYING,
	SPW_ORIGIN_FREEZING,
	SPW_ORIGIN_FROZEN,	/* the image is under way */
	SPW_ORIGIN_COMMITTING,	/* COMMIT or GIVE was sent: it must not thaw by itself */
	SPW_ORIGIN_DOUBT,	/* and the answer will not come */
	SPW_ORIGIN_ENDING,	/* reset; the target may not know */
};

enum spw_move_target_state {
	SPW_TARGET_IDLE,	/* nothing is known of the move */
	SPW_TARGET_RESERVING,
	SPW_TARGET_RESERVED,
	SPW_TARGET_BUILDING,
	SPW_TARGET_PREPARED,	/* dormant */
	SPW_TARGET_ACTIVATING,
	SPW_TARGET_ACTIVE,	/* alive, but the origin may not know */
	SPW_TARGET_TOMB,	/* was alive, and the origin may not know */
};

/**
 * struct spw_move_origin - a move, seen from where the connection is. All zero is one
 * that is not known; stepping such a one answers what comes of it
 * @state: &enum spw_move_origin_state
 * @due: when %SPW_MOVE_DEADLINE is wanted (ns), 0: not
 */
struct spw_move_origin {
	__u8 state;
	__u64 due;
};

/**
 * struct spw_move_target - and from where it goes; likewise
 * @state: &enum spw_move_target_state
 * @due: when %SPW_MOVE_DEADLINE is wanted (ns), 0: not
 */
struct spw_move_target {
	__u8 state;
	__u64 due;
};

/**
 * struct spw_move_in - what happened
 * @event: &enum spw_move_event
 * @reason: &enum spw_move_reason, of %SPW_MOVE_FAILED and %SPW_MOVE_REFUSED
 * @give: origin: COMMIT is to go with the image, of %SPW_MOVE_WORKED after
 *	%SPW_MOVE_FREEZE
 * @moved_on: origin: the remote's packets that are held show that it was told of, or
 *	got, what the frozen endpoint does not know; or not all are held that the target
 *	may have got
 */
struct spw_move_in {
	__u8 event;
	__u8 reason;
	bool give;
	bool moved_on;
};

/**
 * struct spw_move_out - what is to be done
 * @actions: of &enum spw_move_action
 * @send: message to be sent after that, %SPW_MOVE_NONE if none
 * @result: &enum spw_move_result; told once. The origin may still have to end the
 *	target's endpoint then: the machine is to be kept until it is idle
 * @reason: &enum spw_move_reason, of @result and of %SPW_MOVE_REFUSED
 */
struct spw_move_out {
	__u32 actions;
	__u8 send;
	__u8 result;
	__u8 reason;
};

void spw_move_origin_step(struct spw_move_origin *move, const struct spw_move_in *in,
			  __u64 now, struct spw_move_out *out);
void spw_move_target_step(struct spw_move_target *move, const struct spw_move_in *in,
			  __u64 now, struct spw_move_out *out);

/**
 * spw_move_origin_due() - the next deadline
 * @move: move
 *
 * Return: ns, or 0 if there is none.
 */
static inline __u64 spw_move_origin_due(const struct spw_move_origin *move)
{
	return move->due;
}

/**
 * spw_move_target_due() - the next deadline
 * @move: move
 *
 * Return: ns, or 0 if there is none.
 */
static inline __u64 spw_move_target_due(const struct spw_move_target *move)
{
	return move->due;
}

#endif /* _SPW_MOVE_H */
