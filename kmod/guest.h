/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves of endpoints to this node. */
#ifndef _SPW_GUEST_H
#define _SPW_GUEST_H

#include "moves.h"

struct spw_gate;

void spw_guest_message(struct spw_peer *peer, const struct spw_move_msg *msg);
void spw_guest_still(struct spw_peer *peer, const struct spw_move_msg *msg);
void spw_guests_event(struct spw_peer *peer, u8 event);
void spw_guests_end(struct spw_peer *peer);
u64 spw_guests_poll(struct spw_peer *peer, u64 now);
void spw_guest_gate_over(struct spw_gate *gate);
void spw_guest_reset(struct spw_gate *gate);

#endif /* _SPW_GUEST_H */
