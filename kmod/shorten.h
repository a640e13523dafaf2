/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection that moved twice: its packets come to take one hop. */
#ifndef _SPW_SHORTEN_H
#define _SPW_SHORTEN_H

#include <linux/types.h>

struct spw_gate;
struct spw_move_msg;
struct spw_peer;

/* What a node in the middle has asked last. */
enum spw_shorten_state {
	SPW_SHORTEN_NONE,
	SPW_SHORTEN_ASKED,	/* the target, whether it follows */
	SPW_SHORTEN_DOUBT,	/* the first, which may send to the target by now, or not */
};

/**
 * struct spw_shorten - of a gate; under &spw_moves.lock
 * @state: &enum spw_shorten_state
 * @tries: questions since something changed
 * @question: number of the last one
 * @due: jiffies before which none is asked
 * @first: whom it came from before it came from &spw_gate.from, as that says: may be
 *	sending here by now; NULL if that is not known, or if that peer went; also read
 *	under RCU
 * @first_instance: of that peer, as moves name it
 * @first_id: of the move by which it left that peer
 * @via: node id of who it was sent to from here before it was sent straight on
 * @via_instance: of that peer, as moves name it
 * @via_id: of the move by which it went there, 0 if it was not sent on so
 */
struct spw_shorten {
	u8 state;
	u8 tries;
	u16 question;
	unsigned long due;
	struct spw_peer *first;
	u32 first_instance;
	u64 first_id;
	u16 via;
	u32 via_instance;
	u64 via_id;
};

void spw_shorten_message(struct spw_peer *peer, const struct spw_move_msg *msg);
void spw_shorten_look(struct spw_gate *gate);
void spw_shorten_reset(struct spw_gate *gate);
void spw_shorten_still(const struct spw_gate *gate, struct spw_move_msg *msg);
bool spw_shorten_doubts(const struct spw_gate *gate);
bool spw_shorten_knows(struct spw_gate *gate, struct spw_peer *peer,
		       const struct spw_move_msg *msg);
void spw_shorten_peer_gone(struct spw_gate *gate, const struct spw_peer *peer);

#endif /* _SPW_SHORTEN_H */
