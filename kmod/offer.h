/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves of endpoints away from this node. */
#ifndef _SPW_OFFER_H
#define _SPW_OFFER_H

#include "ahead.h"
#include "capture.h"
#include "conn.h"
#include "moves.h"
#include "mute.h"

struct sock;
struct spw_gate;
struct spw_job;

/**
 * struct spw_offer - a move; all under &spw_moves.lock
 * @move: machine
 * @moves: of the device
 * @id: never given twice in this node's life
 * @peer: target
 * @conn: copy of the table's entry, as far as it is needed
 * @job: that it is part of; NULL for one that the application asked for, or once told
 * @gift: the application asked for it, and was not told yet
 * @index: in the job
 * @gate: of its packets; NULL until it is claimed, and when the move is over
 * @grace: number of the grace period after that, as spw_moves_grace() gave it
 * @held: packets are, since @held_at
 * @fresh: the gate was made for this move
 * @sk: locked while the endpoint is frozen, else NULL
 * @unlocked: it is not any more, but its gate is muted
 * @muted: what it was before
 * @stays_locked: nor is it to be
 * @image: of it
 * @ahead: what was sent before
 * @patched: @image is what is new since then
 * @expects: the target is ready for packets as soon as for the image
 * @gives: COMMIT went with the image
 * @snd_nxt: of it
 * @held_at: ktime (ns) since when packets are held
 * @frozen_at: ktime (ns) when its image was taken
 * @looked_at: ktime (ns) when its application was looked at first
 * @write_seq: of the socket when it had got all that came before
 * @sent_us: for how long they were, until they were sent on; 0: they were not yet
 * @blackout_us: until the target's endpoint was alive, as reckoned when that was known
 * @known_us: until that was known
 * @list: in &spw_moves.offer_list
 * @freezing: in &spw_moves.freezing while it is to be frozen, or empty
 * @released: in &spw_moves.released, or empty
 * @bytes: of the image
 * @settled: @write_seq is known
 * @paced: counts among the frozen ones of its peer
 * @copying: waits for its turn, and for its application
 * @retry: ktime (ns) before which that is not tried again
 * @unsaid: message that could not be sent yet
 */
struct spw_offer {
	struct spw_move_origin move;
	struct spw_moves *moves;
	u64 id;
	struct spw_peer *peer;
	struct spw_conn conn;
	struct spw_job *job;
	bool gift;
	u32 index;
	struct spw_gate *gate;
	u32 grace;
	bool held;
	bool fresh;
	struct sock *sk;
	bool unlocked;
	struct spw_muted muted;
	bool stays_locked;
	struct spw_captured image;
	struct spw_ahead ahead;
	bool patched;
	bool expects;
	bool gives;
	u32 snd_nxt;
	u64 held_at;
	u64 frozen_at;
	u64 looked_at;
	u32 write_seq;
	u32 sent_us;
	u32 blackout_us;
	u32 known_us;
	struct list_head list;
	struct list_head freezing;
	struct list_head released;
	u32 bytes;
	bool settled;
	bool paced;
	bool copying;
	u64 retry;
	u8 unsaid;
};

int spw_offer_begin(struct spw_job *job, u32 index, const struct spw_conn *conn,
		    struct spw_peer *peer);
void spw_offer_message(struct spw_peer *peer, const struct spw_move_msg *msg);
void spw_offers_event(struct spw_peer *peer, u8 event);
void spw_offers_end(struct spw_peer *peer);
void spw_offers_cancel(struct spw_moves *moves, const struct spw_job *job);
u64 spw_offers_poll(struct spw_moves *moves, u64 now);
u8 spw_offer_named(const struct spw_move_msg *msg, struct spw_tuple *tuple);
void spw_offer_name(struct spw_move_msg *msg, u8 family, const struct spw_tuple *tuple);

#endif /* _SPW_OFFER_H */
