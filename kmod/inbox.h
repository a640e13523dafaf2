/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chunks of control messages that came from a peer, until their message is taken. */
#ifndef _SPW_INBOX_H
#define _SPW_INBOX_H

#include <linux/list.h>
#include <linux/workqueue.h>

#include "control_stream.h"

struct spw_frame;
struct spw_peer;
struct spw_piece;

/**
 * struct spw_inbox - from one peer
 * @pieces: in order, not taken yet; this and the next two under &spw_messenger.lock
 * @held: those before which others are missing, or NULL; at their number modulo the
 *	window
 * @epoch: of the stream that is received: grows when another begins
 * @work: takes what is in @pieces
 * @joining: the message that is put together; with the next three, the work's own
 * @joined: its bytes, or NULL
 * @joining_epoch: of its chunks
 * @came: ktime (ns) when the last chunk of the message came that is being taken
 */
struct spw_inbox {
	struct list_head pieces;
	struct spw_piece **held;
	u32 epoch;
	struct delayed_work work;
	struct spw_control_message joining;
	u8 *joined;
	u32 joining_epoch;
	u64 came;
};

int spw_inbox_init(struct spw_peer *peer);
void spw_inbox_free(struct spw_peer *peer);
void spw_inbox_begin(struct spw_peer *peer, struct list_head *pieces);
int spw_inbox_add(struct spw_peer *peer, const struct spw_chunk_head *head,
		  const struct spw_frame *frame, u64 now);
void spw_inbox_empty(struct spw_peer *peer);
void spw_inbox_free_pieces(struct list_head *list);

#endif /* _SPW_INBOX_H */
