/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control messages to a peer, until all their chunks are acknowledged. */
#ifndef _SPW_OUTBOX_H
#define _SPW_OUTBOX_H

#include <linux/list.h>
#include <linux/spillway.h>

#include "control_stream.h"

struct sk_buff_head;
struct spw_message;
struct spw_messenger;
struct spw_outbox_room;
struct spw_peer;

/**
 * struct spw_outbox - to one peer; all under &spw_messenger.lock
 * @stream: number of the stream that is sent now
 * @tx: which chunks are sent, and when
 * @room: rings for that, see outbox.c
 * @queue: messages that are not acknowledged whole, oldest first
 * @bytes: that they have
 */
struct spw_outbox {
	u32 stream;
	struct spw_control_tx tx;
	struct spw_outbox_room *room;
	struct list_head queue;
	size_t bytes;
};

int spw_outbox_init(struct spw_outbox *out, u64 now);
void spw_outbox_free(struct spw_outbox *out);
void spw_outbox_begin(struct spw_outbox *out, u64 srtt, u64 now,
		      struct list_head *messages);

struct spw_message *spw_outbox_message(u16 type, const void *data, u32 len, u32 size);
void spw_outbox_add(struct spw_outbox *out, struct spw_message *message);
bool spw_outbox_join(struct spw_outbox *out, u16 type, const void *data, u32 len);

void spw_outbox_cut(struct spw_outbox *out, u32 size);
bool spw_outbox_write(const struct spw_messenger *m, u64 seq, u32 size,
		      struct sk_buff_head *frames);
void spw_outbox_done(struct spw_outbox *out, struct list_head *messages);
void spw_outbox_free_messages(struct spw_peer *peer, struct list_head *list,
			      enum spillway_stat why);

#endif /* _SPW_OUTBOX_H */
