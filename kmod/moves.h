/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves of endpoints: what the rooms of both sides share. */
#ifndef _SPW_MOVES_H
#define _SPW_MOVES_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "messenger.h"
#include "move.h"
#include "move_msg.h"
#include "pace.h"

struct spw_device;
struct spw_gate;
struct spw_job;
struct spw_peer;

enum spw_moves_limits {
	SPW_OFFERS_MAX = 256,	/* under way at an origin at one time */
	SPW_GIVE_MAX = 16 << 10, /* bytes of an image that is shipped with COMMIT */
	SPW_GUESTS_MAX = 1024,	/* at a target, for all peers, ... */
	SPW_GUESTS_PEER = 512,	/* and for one: an origin has no more than half of that */
	SPW_JOBS_MAX = 32,	/* remembered, those under way included */
	SPW_LATER_MAX = 16,	/* answers to one peer that are said later */
};

/**
 * struct spw_moves - moves of a device
 * @lock: guards all below and in the rooms of moves; taken inside &spw_device.lock and
 *	inside nothing else of ours. Socket locks are taken inside it, and held on
 * @spw: device
 * @work: deadlines, and all that is not done where a message came
 * @turn: asks others for the processor, until what is to begin may
 * @turn_came: it has; set in any context
 * @turn_now: and so they begin, in this run of @work
 * @life: this node's instance as moves name it; another one each time
 * @last_id: of a move
 * @grace: waits for grace periods
 * @grace_wanted: number of the last that was asked for
 * @grace_over: and of the last that is over; read without the lock
 * @offers: moves of which this node is the origin, by id
 * @nr_offers: in there
 * @offer_list: of the same, the oldest first: while an endpoint is frozen the empty places
 *	of @offers are not gone through
 * @freezing: of these, those that are to be frozen
 * @released: of these, those of which copies are to be sent on
 * @nr_gifts: of these, asked for by applications, and not over
 * @departed: gates of endpoints that have gone, by id of the move
 * @gates: all of the device
 * @nr_guests: moves of which this node is the target
 * @guest_bytes: of the images that these keep
 * @ahead_bytes: of images that were sent ahead and are kept here
 * @jobs: by id
 * @last_job: id
 * @nr_jobs: in @jobs
 * @gates_due: jiffies when gates are looked at next
 * @gates_all: all of them, not some; set in any context
 * @next_gate: from which on, NULL: from the first
 * @unsaid: messages that were refused for %SPW_FAULT_SAY
 * @waits: some wait for their turn to be frozen
 * @dying: nothing begins any more
 */
struct spw_moves {
	struct mutex lock; /* see above */
	struct spw_device *spw;
	struct delayed_work work;
	struct work_struct turn;
	bool turn_came;
	bool turn_now;
	u32 life;
	u64 last_id;
	struct delayed_work grace;
	u32 grace_wanted;
	u32 grace_over;
	struct xarray offers;
	u32 nr_offers;
	struct list_head offer_list;
	struct list_head freezing;
	struct list_head released;
	u32 nr_gifts;
	struct xarray departed;
	struct list_head gates;
	u32 nr_guests;
	u64 guest_bytes;
	u64 ahead_bytes;
	struct xarray jobs;
	u32 last_job;
	u32 nr_jobs;
	unsigned long gates_due;
	bool gates_all;
	struct spw_gate *next_gate;
	u32 unsaid;
	bool waits;
	bool dying;
};

enum spw_moving_flags {
	SPW_MOVING_ENDED,	/* the stream ended; set in any context */
	SPW_MOVING_HELLO,	/* to be said */
	SPW_MOVING_ANSWER,	/* likewise, to the peer's */
	SPW_MOVING_STILL,	/* to be asked of what went to it; under &spw_moves.lock */
};

/**
 * struct spw_later - what is said of a move that nobody here remembers
 * @id: of the move
 * @instance: of its origin
 * @kind: of message
 * @reason: of that, if it has one
 */
struct spw_later {
	u64 id;
	u32 instance;
	u8 kind;
	u8 reason;
};

/**
 * struct spw_moving - what a peer has to do with moves
 * @flags: &enum spw_moving_flags
 * @met: the peer has said hello in this stream; under &spw_moves.lock as the others
 * @life: its instance as moves name it, 0 if not known
 * @asked: id of the first move that is still to be asked for
 * @pace: how many endpoints may be frozen on their way to it
 * @polled: in a list of those that are looked at
 * @guests: moves of which it is the origin and this node the target, by its id
 * @nr_guests: in there
 * @later: could not be said in this stream so far
 * @nr_later: in there
 */
struct spw_moving {
	unsigned long flags;
	bool met;
	u32 life;
	unsigned long asked;
	struct spw_pace pace;
	struct list_head polled;
	struct xarray guests;
	u32 nr_guests;
	struct spw_later later[SPW_LATER_MAX];
	u32 nr_later;
};

extern const struct spw_message_ops spw_moves_ops;

int spw_moves_init(struct spw_device *spw);
void spw_moves_stop(struct spw_device *spw);
void spw_moves_free(struct spw_device *spw);
void spw_moves_peer_init(struct spw_peer *peer);
void spw_moves_peer_sync(struct spw_peer *peer);
void spw_moves_peer_gone(struct spw_peer *peer);

u32 spw_moves_grace(struct spw_moves *moves);
void spw_moves_turn(struct spw_moves *moves);
void spw_moves_soon(struct spw_moves *moves, unsigned long delay);
bool spw_moves_ready(struct spw_peer *peer);
int spw_moves_tell(struct spw_peer *peer, const struct spw_move_msg *msg);
void spw_moves_answer(struct spw_peer *peer, const struct spw_move_msg *msg);
void spw_moves_over(struct spw_peer *peer, u32 instance, u64 id);

static inline void spw_moves_key(struct spw_move_msg *msg, u8 kind, u32 instance, u64 id)
{
	*msg = (struct spw_move_msg){ .kind = kind, .instance = instance, .id = id };
}

#endif /* _SPW_MOVES_H */
