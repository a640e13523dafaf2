/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control messages between two nodes: queues, memory, locks and time for control_*.c. */
#ifndef _SPW_MESSENGER_H
#define _SPW_MESSENGER_H

#include <linux/list.h>
#include <linux/spinlock.h>

#include "control_stream.h"
#include "inbox.h"
#include "outbox.h"

struct spw_frame;
struct spw_peer;

/**
 * struct spw_message_ops - who sends and takes messages of a type
 * @max: bytes of the largest one that is taken
 * @take: a message came; each that its sender was told of comes once, in order. In
 *	process context, under no lock; may sleep, but must not take
 *	&spw_device.lock: who holds that waits for this. Returns 0, or an error where
 *	the message makes no sense, which is counted
 * @ended: the stream to the peer ended: what was queued will not be sent, what was
 *	sent may or may not have arrived, and the peer may know nothing of what was
 *	said before. Softirq or process context, under no lock of this room
 */
struct spw_message_ops {
	u32 max;
	int (*take)(struct spw_peer *peer, const u8 *data, u32 len);
	void (*ended)(struct spw_peer *peer);
};

/**
 * struct spw_messenger - messages to and from one peer
 * @lock: guards all below, but what @inbox says is not; taken in softirq
 * @dead: the peer goes: nothing is queued or sent any more
 * @closing: what came from the peer is being thrown away
 * @up: health says that the peer is there
 * @self: this node's instance, as that peer knows it; never 0
 * @peer: the peer's instance, 0 before it was heard
 * @self_since: ktime (ns) when @self was chosen
 * @rx: receiver's part
 * @out: what is sent
 * @fresh: some came since the last step; read without the lock
 * @inbox: chunks that came
 * @due: ktime (ns) when the timer is needed, 0 if it is not; read without the lock
 */
struct spw_messenger {
	spinlock_t lock; /* see above */
	bool dead;
	bool closing;
	bool up;
	u32 self;
	u32 peer;
	u64 self_since;
	struct spw_control_rx rx;
	struct spw_outbox out;
	bool fresh;
	struct spw_inbox inbox;
	u64 due;
};

int spw_messenger_init(struct spw_peer *peer);
void spw_messenger_free(struct spw_peer *peer);
void spw_messenger_stop(struct spw_peer *peer);
void spw_messenger_up(struct spw_peer *peer);
void spw_messenger_down(struct spw_peer *peer);
void spw_messenger_heard(struct spw_peer *peer, u32 instance, u64 echo);

int spw_messenger_append(struct spw_peer *peer, u16 type, const void *data, u32 len,
			 u32 batch);
void spw_messenger_flush(struct spw_peer *peer);

int spw_messenger_chunk(struct spw_peer *peer, const struct spw_frame *frame, u64 now);
int spw_messenger_acked(struct spw_peer *peer, const struct spw_frame *frame, u64 now);
void spw_messenger_timer(struct spw_peer *peer, u64 now);
u64 spw_messenger_rx_due(struct spw_peer *peer);
const struct spw_message_ops *spw_messenger_ops(u16 type);

#endif /* _SPW_MESSENGER_H */
