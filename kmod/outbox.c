// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control messages to a peer, from when they are queued until all their chunks are
 * acknowledged: the messenger's other half is the inbox.
 */
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "frame.h"
#include "link.h"
#include "messenger.h"
#include "outbox.h"
#include "peer.h"

/**
 * struct spw_message - on its way out
 * @list: in &spw_outbox.queue
 * @type: &enum spw_message_type
 * @len: bytes
 * @size: bytes that there is room for
 * @cut: bytes that chunks were made of
 * @closed: the first chunk has been made: nothing is appended
 * @whole: all chunks have been made
 * @end: one above the number of the last one, if @whole
 * @data: bytes
 */
struct spw_message {
	struct list_head list;
	u16 type;
	u32 len;
	u32 size;
	u32 cut;
	bool closed;
	bool whole;
	u64 end;
	u8 data[];
};

/**
 * struct spw_outbox_room - a chunk's place is its number modulo the window
 * @sent: for control_tx.c
 * @chunks: which part of which message it is
 */
struct spw_outbox_room {
	struct spw_control_sent sent[SPW_CONTROL_WINDOW];
	struct {
		struct spw_message *message;
		u32 offset;
		u32 len;
	} chunks[SPW_CONTROL_WINDOW];
};

/**
 * spw_outbox_init() - nothing is queued
 * @out: outbox, zeroed
 * @now: ktime (ns)
 *
 * Return: 0 or -ENOMEM.
 */
int spw_outbox_init(struct spw_outbox *out, u64 now)
{
	out->room = kvzalloc(sizeof(*out->room), GFP_KERNEL);
	if (!out->room)
		return -ENOMEM;
	INIT_LIST_HEAD(&out->queue);
	out->stream = 1;
	spw_control_tx_init(&out->tx, out->room->sent, 0, now);
	return 0;
}

/**
 * spw_outbox_free() - of one whose messages were taken out
 * @out: outbox
 */
void spw_outbox_free(struct spw_outbox *out)
{
	kvfree(out->room);
}

/**
 * spw_outbox_begin() - another stream
 * @out: outbox
 * @srtt: of the path (ns), 0 if not known
 * @now: ktime (ns)
 * @messages: gets what is queued
 */
void spw_outbox_begin(struct spw_outbox *out, u64 srtt, u64 now,
		      struct list_head *messages)
{
	list_splice_tail_init(&out->queue, messages);
	out->bytes = 0;
	out->stream++;
	spw_control_tx_init(&out->tx, out->room->sent, srtt, now);
}

/**
 * spw_outbox_message() - a message, not queued yet
 * @type: &enum spw_message_type
 * @data: what
 * @len: its bytes
 * @size: bytes that it may grow to
 *
 * Return: NULL without memory; kvfree().
 */
struct spw_message *spw_outbox_message(u16 type, const void *data, u32 len, u32 size)
{
	struct spw_message *message = kvmalloc(struct_size(message, data, size),
					       GFP_KERNEL | __GFP_NOWARN);

	if (!message)
		return NULL;
	*message = (struct spw_message){ .type = type, .len = len, .size = size };
	memcpy(message->data, data, len);
	return message;
}

/**
 * spw_outbox_add() - a message waits behind all others
 * @out: outbox
 * @message: its own from now on
 */
void spw_outbox_add(struct spw_outbox *out, struct spw_message *message)
{
	list_add_tail(&message->list, &out->queue);
	out->bytes += message->size;
}

/**
 * spw_outbox_join() - at the end of the newest message, if that has not been begun to be
 * sent
 * @out: outbox
 * @type: of that message, too
 * @data: what
 * @len: its bytes
 *
 * Return: whether there was such a message, with room.
 */
bool spw_outbox_join(struct spw_outbox *out, u16 type, const void *data, u32 len)
{
	struct spw_message *last;

	if (list_empty(&out->queue))
		return false;
	last = list_last_entry(&out->queue, struct spw_message, list);
	if (last->type != type || last->closed || last->size - last->len < len)
		return false;
	memcpy(last->data + last->len, data, len);
	last->len += len;
	return true;
}

/**
 * spw_outbox_cut() - chunks of what is in the queue, as many as are of use soon
 * @out: outbox
 * @size: bytes of one, at most
 */
void spw_outbox_cut(struct spw_outbox *out, u32 size)
{
	struct spw_message *message;

	list_for_each_entry(message, &out->queue, list) {
		while (!message->whole) {
			u32 len = min(message->len - message->cut, size);
			u64 seq;

			if (!spw_control_tx_wants(&out->tx))
				return;
			seq = spw_control_tx_add(&out->tx, SPW_LEN_CONTROL + len);
			out->room->chunks[seq % SPW_CONTROL_WINDOW].message = message;
			out->room->chunks[seq % SPW_CONTROL_WINDOW].offset = message->cut;
			out->room->chunks[seq % SPW_CONTROL_WINDOW].len = len;
			message->cut += len;
			message->closed = true;
			message->whole = message->cut == message->len;
			message->end = seq + 1;
		}
	}
}

/**
 * spw_outbox_write() - a chunk as a frame
 * @m: whose outbox it is
 * @seq: its number
 * @size: bytes of a chunk that the path takes now
 * @frames: gets it; without memory not, which is as if the path had lost it
 *
 * Return: false where the path has become too small for a chunk of that number.
 */
bool spw_outbox_write(const struct spw_messenger *m, u64 seq, u32 size,
		      struct sk_buff_head *frames)
{
	const struct spw_outbox *out = &m->out;
	u32 slot = seq % SPW_CONTROL_WINDOW, len = out->room->chunks[slot].len;
	const struct spw_message *message = out->room->chunks[slot].message;
	const struct spw_chunk_head head = {
		.from = m->self, .to = m->peer, .stream = out->stream,
		.type = message->type,
		.attempt = spw_control_tx_attempt(&out->tx, seq),
		.seq = seq, .length = message->len,
		.offset = out->room->chunks[slot].offset,
	};
	struct sk_buff *skb;

	if (len > size)
		return false;
	skb = spw_frame_alloc(SPW_LEN_CONTROL + len);
	if (!skb)
		return true;
	spw_link_build_control(skb_put(skb, SPW_LEN_CONTROL), &head);
	skb_put_data(skb, message->data + head.offset, len);
	__skb_queue_tail(frames, skb);
	return true;
}

/**
 * spw_outbox_done() - take out the messages of which every chunk has arrived
 * @out: outbox
 * @messages: gets them
 */
void spw_outbox_done(struct spw_outbox *out, struct list_head *messages)
{
	struct spw_message *message, *next;

	list_for_each_entry_safe(message, next, &out->queue, list) {
		if (!message->whole || message->end > out->tx.una)
			break;
		out->bytes -= message->size;
		list_move_tail(&message->list, messages);
	}
}

/**
 * spw_outbox_free_messages() - of messages that were taken out
 * @peer: whose they were
 * @list: of them, empty afterwards
 * @why: counter
 */
void spw_outbox_free_messages(struct spw_peer *peer, struct list_head *list,
			      enum spillway_stat why)
{
	struct spw_message *message, *next;
	u32 n = 0;

	list_for_each_entry_safe(message, next, list, list) {
		kvfree(message);
		n++;
	}
	INIT_LIST_HEAD(list);
	if (n)
		spw_peer_count(peer, why, n);
}
