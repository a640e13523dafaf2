/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves of endpoints away from this node. */
#ifndef _SPW_OFFER_H
#define _SPW_OFFER_H

#include "moves.h"

struct spw_conn;
struct spw_tuple;

int spw_offer_begin(struct spw_job *job, u32 index, const struct spw_conn *conn,
		    struct spw_peer *peer);
void spw_offer_message(struct spw_peer *peer, const struct spw_move_msg *msg);
void spw_offers_event(struct spw_peer *peer, u8 event);
void spw_offers_end(struct spw_peer *peer);
void spw_offers_cancel(struct spw_moves *moves, const struct spw_job *job);
void spw_offers_release(struct spw_moves *moves);
u64 spw_offers_poll(struct spw_moves *moves, u64 now);
void spw_offer_name(struct spw_move_msg *msg, u8 family, const struct spw_tuple *tuple);

#endif /* _SPW_OFFER_H */
