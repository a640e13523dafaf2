// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control messages between two nodes: what control_tx.c and control_rx.c do not know:
 * messages, memory, the clock, a lock. What comes goes to the inbox.
 *
 * A message waits in the queue until all its chunks are acknowledged. Steps are taken
 * under the lock, and the frames that they want sent are written there too, since an
 * acknowledgment may free the message a moment later; they are sealed and sent after it.
 *
 * A stream ends when the peer is declared down, when it turns out to live another life,
 * or when a chunk does not fit the path any more; then all that is queued goes, and the
 * next stream begins. This end's instance changes when it declares the peer down, too:
 * so the other end begins anew even if it never noticed.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "frame.h"
#include "link.h"
#include "messenger.h"
#include "moves.h"
#include "notify.h"
#include "peer.h"
#include "replica.h"

/* What comes within this time goes into one message, if its type allows it. */
#define BATCH_TIME	NSEC_PER_MSEC

/* Without a key or a route: as long until the next try. */
#define RETRY_TIME	(50 * NSEC_PER_MSEC)

/**
 * struct message - on its way out
 * @list: in &spw_messenger.queue
 * @type: &enum spw_message_type
 * @len: bytes
 * @size: bytes that there is room for
 * @cut: bytes that chunks were made of
 * @closed: the first chunk has been made: nothing is appended
 * @whole: all chunks have been made
 * @end: one above the number of the last one, if @whole
 * @data: bytes
 */
struct message {
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
 * struct spw_messenger_room - a chunk's place is its number modulo the window
 * @sent: for control_tx.c
 * @chunks: which part of which message it is
 */
struct spw_messenger_room {
	struct spw_control_sent sent[SPW_CONTROL_WINDOW];
	struct {
		struct message *message;
		u32 offset;
		u32 len;
	} chunks[SPW_CONTROL_WINDOW];
};

static const struct spw_message_ops *const types[__SPW_MESSAGE_MAX] = {
	[SPW_MESSAGE_NOTICES] = &spw_notify_ops,
	[SPW_MESSAGE_MOVE] = &spw_moves_ops,
	[SPW_MESSAGE_REPLICA] = &spw_replica_ops,
};

/* The peer's instance is known. */
static bool met(const struct spw_messenger *m)
{
	return !m->dead && m->peer;
}

static bool ready(const struct spw_messenger *m)
{
	return met(m) && m->up;
}

static void count(struct spw_peer *peer, enum spillway_stat which, u32 n)
{
	if (n)
		spw_peer_count(peer, which, n);
}

static void set_due(struct spw_messenger *m, u64 at)
{
	lockdep_assert_held(&m->lock);
	WRITE_ONCE(m->due, at);
}

static void sooner(struct spw_messenger *m, u64 at)
{
	if (!m->due || at < m->due)
		set_due(m, at);
}

/**
 * spw_messenger_rx_due() - something came, or was taken: when to acknowledge
 * @peer: under &spw_messenger.lock
 *
 * spw_repair_arm() is to follow, once the lock is released.
 *
 * Return: ktime (ns), 0 if nothing is to be acknowledged.
 */
u64 spw_messenger_rx_due(struct spw_peer *peer)
{
	struct spw_messenger *m = &peer->messenger;
	u64 due = met(m) ? spw_control_rx_due(&m->rx) : 0;

	if (due)
		sooner(m, due);
	return due;
}

/**
 * spw_messenger_ops() - who takes messages of a type?
 * @type: that a peer named
 *
 * Return: NULL where nobody does.
 */
const struct spw_message_ops *spw_messenger_ops(u16 type)
{
	return type < ARRAY_SIZE(types) ? types[type] : NULL;
}

static u32 new_instance(void)
{
	u32 instance;

	do {
		instance = get_random_u32();
	} while (!instance);
	return instance;
}

static void free_messages(struct spw_peer *peer, struct list_head *list,
			  enum spillway_stat why)
{
	struct message *message, *next;
	u32 n = 0;

	list_for_each_entry_safe(message, next, list, list) {
		kvfree(message);
		n++;
	}
	INIT_LIST_HEAD(list);
	count(peer, why, n);
}

/* Another stream; what is in the queue goes to @messages. */
static void begin_stream(struct spw_peer *peer, u64 now, struct list_head *messages)
{
	struct spw_messenger *m = &peer->messenger;

	lockdep_assert_held(&m->lock);
	list_splice_tail_init(&m->queue, messages);
	m->bytes = 0;
	m->stream++;
	spw_control_tx_init(&m->tx, m->room->sent,
			    (u64)READ_ONCE(peer->srtt_us) * NSEC_PER_USEC, now);
}

static void tell_ended(struct spw_peer *peer)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i])
			types[i]->ended(peer);
}

/* The two ends meet (again): nothing of what was before counts any more. */
static void meet(struct spw_peer *peer, u64 now, struct list_head *messages,
		 struct list_head *pieces)
{
	struct spw_messenger *m = &peer->messenger;

	begin_stream(peer, now, messages);
	spw_inbox_begin(peer, pieces);
	spw_control_rx_meet(&m->rx, m->self, m->peer);
	set_due(m, 0);
}

/* Chunks of what is in the queue, as many as are of use soon. */
static void cut(struct spw_messenger *m, u32 size)
{
	struct message *message;

	list_for_each_entry(message, &m->queue, list) {
		while (!message->whole) {
			u32 len = min(message->len - message->cut, size);
			u64 seq;

			if (!spw_control_tx_wants(&m->tx))
				return;
			seq = spw_control_tx_add(&m->tx, SPW_LEN_CONTROL + len);
			m->room->chunks[seq % SPW_CONTROL_WINDOW].message = message;
			m->room->chunks[seq % SPW_CONTROL_WINDOW].offset = message->cut;
			m->room->chunks[seq % SPW_CONTROL_WINDOW].len = len;
			message->cut += len;
			message->closed = true;
			message->whole = message->cut == message->len;
			message->end = seq + 1;
		}
	}
}

/* Returns false where the path has become too small for a chunk of its number. */
static bool write_chunk(struct spw_messenger *m, u64 seq, u32 size,
			struct sk_buff_head *frames)
{
	u32 slot = seq % SPW_CONTROL_WINDOW, len = m->room->chunks[slot].len;
	const struct message *message = m->room->chunks[slot].message;
	const struct spw_chunk_head head = {
		.from = m->self, .to = m->peer, .stream = m->stream,
		.type = message->type,
		.attempt = spw_control_tx_attempt(&m->tx, seq),
		.seq = seq, .length = message->len,
		.offset = m->room->chunks[slot].offset,
	};
	struct sk_buff *skb;

	if (len > size)
		return false;
	skb = spw_frame_alloc(SPW_LEN_CONTROL + len);
	/* Without memory it is as if the path had lost it. */
	if (!skb)
		return true;
	spw_link_build_control(skb_put(skb, SPW_LEN_CONTROL), &head);
	skb_put_data(skb, message->data + head.offset, len);
	__skb_queue_tail(frames, skb);
	return true;
}

/* Returns whether the stream can go on. */
static bool send_step(struct spw_messenger *m, u64 now, u32 size,
		      struct sk_buff_head *frames, struct spw_control_out *out)
{
	u32 i;

	cut(m, size);
	spw_control_tx_step(&m->tx, now, out);
	for (i = 0; i < out->n; i++)
		if (!write_chunk(m, out->seq[i], size, frames))
			return false;
	cut(m, size);
	return true;
}

static void ack_step(struct spw_messenger *m, u64 now, struct sk_buff_head *acks)
{
	u64 due = spw_control_rx_due(&m->rx);
	struct spw_control_ack ack;
	struct sk_buff *skb;

	if (!due || due > now || !m->rx.stream)
		return;
	skb = spw_frame_alloc(SPW_LEN_CONTROL_ACK);
	spw_control_rx_tell(&m->rx, now, &ack);
	if (!skb)
		return;
	spw_link_build_control_ack(skb_put(skb, SPW_LEN_CONTROL_ACK), &ack);
	__skb_queue_tail(acks, skb);
}

static void next_due(struct spw_messenger *m)
{
	u64 tx = spw_control_tx_due(&m->tx), rx = spw_control_rx_due(&m->rx);

	set_due(m, tx && rx ? min(tx, rx) : tx ?: rx);
}

static void count_out(struct spw_peer *peer, const struct spw_control_out *out)
{
	count(peer, SPILLWAY_STAT_CONTROL_LOST, out->lost);
	count(peer, SPILLWAY_STAT_CONTROL_SPURIOUS, out->spurious);
	count(peer, SPILLWAY_STAT_CONTROL_RESENT, out->again);
	count(peer, SPILLWAY_STAT_CONTROL_PROBES, out->probes);
	count(peer, SPILLWAY_STAT_CONTROL_HALVED, out->halved + out->collapsed);
}

static void send_all(struct spw_peer *peer, u8 type, struct sk_buff_head *frames,
		     enum spillway_stat sent)
{
	struct sk_buff *skb;
	int drop;

	while ((skb = __skb_dequeue(frames))) {
		drop = spw_frame_send(peer, type, skb);
		spw_peer_count(peer, drop ?: sent, 1);
	}
}

/* All that is to be done now; under RCU, bottom halves off. */
static void step(struct spw_peer *peer, u64 now)
{
	unsigned int room = spw_frame_room(peer);
	u32 size = min_t(u32, SPW_CONTROL_CHUNK,
			 room > SPW_LEN_CONTROL ? room - SPW_LEN_CONTROL : 0);
	struct spw_messenger *m = &peer->messenger;
	struct spw_control_out out = {};
	struct sk_buff_head frames, acks;
	LIST_HEAD(messages);
	bool goes_on = true;

	__skb_queue_head_init(&frames);
	__skb_queue_head_init(&acks);
	spin_lock(&m->lock);
	WRITE_ONCE(m->fresh, false);
	if (met(m) && size) {
		goes_on = send_step(m, now, size, &frames, &out);
		if (!goes_on)
			begin_stream(peer, now, &messages);
		ack_step(m, now, &acks);
		next_due(m);
	} else {
		set_due(m, met(m) && m->due ? now + RETRY_TIME : 0);
	}
	spin_unlock(&m->lock);
	count_out(peer, &out);
	if (goes_on)
		count(peer, SPILLWAY_STAT_TX_DROP_NOMEM,
		      out.n - skb_queue_len(&frames));
	else
		__skb_queue_purge(&frames);
	free_messages(peer, &messages, SPILLWAY_STAT_CONTROL_MSG_FAILED);
	send_all(peer, SPW_FRAME_CONTROL, &frames, SPILLWAY_STAT_CONTROL_TX);
	send_all(peer, SPW_FRAME_CONTROL_ACK, &acks, SPILLWAY_STAT_CONTROL_ACK_TX);
	if (!goes_on)
		tell_ended(peer);
}

/**
 * spw_messenger_timer() - the peer's timer runs
 * @peer: under RCU, bottom halves off
 * @now: ktime (ns)
 */
void spw_messenger_timer(struct spw_peer *peer, u64 now)
{
	u64 due = READ_ONCE(peer->messenger.due);

	if (due && due <= now)
		step(peer, now);
}

/* Messages of which every chunk has arrived. */
static void collect_done(struct spw_messenger *m, struct list_head *messages)
{
	struct message *message, *next;

	list_for_each_entry_safe(message, next, &m->queue, list) {
		if (!message->whole || message->end > m->tx.una)
			break;
		m->bytes -= message->size;
		list_move_tail(&message->list, messages);
	}
}

/**
 * spw_messenger_acked() - a peer tells which chunks it has
 * @peer: from whom, under RCU, bottom halves off
 * @frame: of type %SPW_FRAME_CONTROL_ACK
 * @now: ktime (ns)
 *
 * Return: 0 or the counter of the drop.
 */
int spw_messenger_acked(struct spw_peer *peer, const struct spw_frame *frame, u64 now)
{
	struct spw_messenger *m = &peer->messenger;
	struct spw_control_out out = {};
	struct spw_control_ack ack;
	LIST_HEAD(messages);
	int drop = 0;

	if (spw_link_parse_control_ack(frame, &ack))
		return SPILLWAY_STAT_RX_DROP_FRAME;
	spin_lock(&m->lock);
	if (!ready(m) || ack.from != m->peer || ack.to != m->self ||
	    ack.stream != m->stream)
		drop = SPILLWAY_STAT_CONTROL_STALE;
	else if (spw_control_tx_ack(&m->tx, &ack, now, &out))
		drop = SPILLWAY_STAT_RX_DROP_FRAME;
	else
		collect_done(m, &messages);
	spin_unlock(&m->lock);
	if (drop)
		return drop;
	count(peer, SPILLWAY_STAT_CONTROL_ACK_RX, 1);
	count_out(peer, &out);
	free_messages(peer, &messages, SPILLWAY_STAT_CONTROL_MSG_DONE);
	step(peer, now);
	spw_repair_arm(peer, now);
	return 0;
}

/* Returns 0 or the counter of the drop. */
static int chunk_in(struct spw_peer *peer, const struct spw_chunk_head *head,
		    const struct spw_frame *frame, u64 now, struct list_head *pieces)
{
	struct spw_messenger *m = &peer->messenger;

	if (m->dead)
		return SPILLWAY_STAT_CONTROL_STALE;
	switch (spw_control_rx_admit(&m->rx, head)) {
	case SPW_CONTROL_STALE:
		return SPILLWAY_STAT_CONTROL_STALE;
	case SPW_CONTROL_NEW:
		spw_inbox_begin(peer, pieces);
		break;
	case SPW_CONTROL_SAME:
		break;
	}
	switch (spw_control_rx_judge(&m->rx, head->seq, now)) {
	case SPW_CONTROL_DUPLICATE:
		return SPILLWAY_STAT_CONTROL_DUPLICATE;
	case SPW_CONTROL_BEYOND:
		return SPILLWAY_STAT_CONTROL_BEYOND;
	default:
		return spw_inbox_add(peer, head, frame, now);
	}
}

/**
 * spw_messenger_chunk() - a chunk came
 * @peer: from whom, under RCU, bottom halves off
 * @frame: of type %SPW_FRAME_CONTROL
 * @now: ktime (ns)
 *
 * Return: 0 or the counter of the drop.
 */
int spw_messenger_chunk(struct spw_peer *peer, const struct spw_frame *frame, u64 now)
{
	struct spw_messenger *m = &peer->messenger;
	struct spw_chunk_head head;
	LIST_HEAD(pieces);
	u64 due;
	int drop;

	if (spw_link_parse_control(frame, &head))
		return SPILLWAY_STAT_RX_DROP_FRAME;
	spin_lock(&m->lock);
	drop = chunk_in(peer, &head, frame, now, &pieces);
	due = spw_messenger_rx_due(peer);
	spin_unlock(&m->lock);
	spw_inbox_free_pieces(&pieces);
	count(peer, SPILLWAY_STAT_CONTROL_RX, !drop);
	if (due && due <= now)
		step(peer, now);
	spw_repair_arm(peer, now);
	return drop;
}

static struct message *message_new(u16 type, const void *data, u32 len, u32 size)
{
	struct message *message = kvmalloc(struct_size(message, data, size),
					   GFP_KERNEL | __GFP_NOWARN);

	if (!message)
		return NULL;
	*message = (struct message){ .type = type, .len = len, .size = size };
	memcpy(message->data, data, len);
	return message;
}

/* At the end of the newest message, if that has not been begun to be sent. */
static bool join_last(struct spw_messenger *m, u16 type, const void *data, u32 len)
{
	struct message *last;

	lockdep_assert_held(&m->lock);
	if (list_empty(&m->queue))
		return false;
	last = list_last_entry(&m->queue, struct message, list);
	if (last->type != type || last->closed || last->size - last->len < len)
		return false;
	memcpy(last->data + last->len, data, len);
	last->len += len;
	return true;
}

/* Returns 0, or why nothing can be queued. A message alone may be of any size. */
static int may_queue(struct spw_peer *peer, u32 size)
{
	u32 kbytes = spw_setting_get(&peer->spw->settings, SPW_SET_CONTROL_KBYTES);
	struct spw_messenger *m = &peer->messenger;

	if (!ready(m))
		return -EHOSTDOWN;
	return m->bytes && m->bytes + size > (size_t)kbytes << 10 ? -ENOBUFS : 0;
}

static int enqueue(struct spw_peer *peer, struct message *message)
{
	struct spw_messenger *m = &peer->messenger;
	int err;

	spin_lock_bh(&m->lock);
	err = may_queue(peer, message->size);
	if (!err) {
		list_add_tail(&message->list, &m->queue);
		m->bytes += message->size;
		WRITE_ONCE(m->fresh, true);
		sooner(m, ktime_get_ns() + BATCH_TIME);
	}
	spin_unlock_bh(&m->lock);
	return err;
}

/**
 * spw_messenger_append() - send something with others of its type
 * @peer: to whom; process context, callers for one peer one after the other
 * @type: &enum spw_message_type
 * @data: what
 * @len: its bytes
 * @batch: bytes that such a message may grow to while it waits; @len where it is to be
 *	a message of its own
 *
 * Return: 0; -EHOSTDOWN where the peer is not there; -ENOBUFS where too much waits
 * already; -ENOMEM; -EMSGSIZE.
 */
int spw_messenger_append(struct spw_peer *peer, u16 type, const void *data, u32 len,
			 u32 batch)
{
	struct spw_messenger *m = &peer->messenger;
	struct message *message;
	bool joined;
	int err;

	if (len > SPW_MESSAGE_MAX)
		return -EMSGSIZE;
	spin_lock_bh(&m->lock);
	joined = ready(m) && len < batch && join_last(m, type, data, len);
	err = joined ? 0 : may_queue(peer, max(len, batch));
	spin_unlock_bh(&m->lock);
	if (joined)
		return 0;
	message = err ? NULL : message_new(type, data, len, max(len, batch));
	if (!err)
		err = message ? enqueue(peer, message) : -ENOMEM;
	if (err) {
		kvfree(message);
		count(peer, SPILLWAY_STAT_CONTROL_MSG_REFUSED, err != -EHOSTDOWN);
		return err;
	}
	count(peer, SPILLWAY_STAT_CONTROL_MSG_TX, 1);
	spw_repair_arm(peer, ktime_get_ns());
	return 0;
}

/**
 * spw_messenger_flush() - nothing more is to be said at this time
 * @peer: to whom; process context
 *
 * What waits to be joined by more of its type waits no longer. Without this it is sent a
 * moment later.
 */
void spw_messenger_flush(struct spw_peer *peer)
{
	struct spw_messenger *m = &peer->messenger;

	if (!READ_ONCE(m->fresh))
		return;
	local_bh_disable();
	rcu_read_lock();
	step(peer, ktime_get_ns());
	rcu_read_unlock();
	local_bh_enable();
	spw_repair_arm(peer, ktime_get_ns());
}

/**
 * spw_messenger_heard() - a heartbeat names the peer's instance
 * @peer: under RCU, bottom halves off
 * @instance: named, not 0
 * @echo: stamp of ours that it echoes (ns, our clock)
 *
 * Only what echoes a stamp of this life is believed: an old heartbeat may come again
 * when the device, and with it the replay window, is new.
 */
void spw_messenger_heard(struct spw_peer *peer, u32 instance, u64 echo)
{
	struct spw_messenger *m = &peer->messenger;
	u64 now = ktime_get_ns();
	LIST_HEAD(messages);
	LIST_HEAD(pieces);
	bool changed;

	spin_lock(&m->lock);
	changed = !m->dead && !m->closing && m->peer != instance &&
		  echo >= m->self_since;
	if (changed) {
		m->peer = instance;
		meet(peer, now, &messages, &pieces);
	}
	spin_unlock(&m->lock);
	if (!changed)
		return;
	free_messages(peer, &messages, SPILLWAY_STAT_CONTROL_MSG_FAILED);
	spw_inbox_free_pieces(&pieces);
	tell_ended(peer);
}

/**
 * spw_messenger_up() - the peer is there
 * @peer: under &spw_device.lock
 */
void spw_messenger_up(struct spw_peer *peer)
{
	spin_lock_bh(&peer->messenger.lock);
	peer->messenger.up = true;
	spin_unlock_bh(&peer->messenger.lock);
}

/**
 * spw_messenger_down() - the peer is not there any more, or this device goes down
 * @peer: under &spw_device.lock
 *
 * Nothing of it is being taken, once this returns.
 */
void spw_messenger_down(struct spw_peer *peer)
{
	struct spw_messenger *m = &peer->messenger;
	u64 now = ktime_get_ns();
	LIST_HEAD(messages);
	LIST_HEAD(pieces);

	/* From here on nothing is admitted, and the work not queued again. */
	spin_lock_bh(&m->lock);
	m->closing = true;
	m->up = false;
	WRITE_ONCE(m->self, new_instance());
	m->self_since = now;
	m->peer = 0;
	meet(peer, now, &messages, &pieces);
	spin_unlock_bh(&m->lock);
	spw_inbox_empty(peer);
	spin_lock_bh(&m->lock);
	m->closing = false;
	spin_unlock_bh(&m->lock);
	free_messages(peer, &messages, SPILLWAY_STAT_CONTROL_MSG_FAILED);
	spw_inbox_free_pieces(&pieces);
	tell_ended(peer);
}

/**
 * spw_messenger_init() - for a peer that nobody can find yet
 * @peer: peer
 *
 * Return: 0 or -ENOMEM.
 */
int spw_messenger_init(struct spw_peer *peer)
{
	struct spw_messenger *m = &peer->messenger;
	u64 now = ktime_get_ns();

	m->room = kvzalloc(sizeof(*m->room), GFP_KERNEL);
	if (!m->room)
		return -ENOMEM;
	if (spw_inbox_init(peer)) {
		kvfree(m->room);
		return -ENOMEM;
	}
	spin_lock_init(&m->lock);
	INIT_LIST_HEAD(&m->queue);
	m->self = new_instance();
	m->self_since = now;
	m->stream = 1;
	spw_control_tx_init(&m->tx, m->room->sent, 0, now);
	spw_control_rx_meet(&m->rx, m->self, 0);
	return 0;
}

/**
 * spw_messenger_stop() - the peer goes
 * @peer: unpublished, under &spw_device.lock
 */
void spw_messenger_stop(struct spw_peer *peer)
{
	struct spw_messenger *m = &peer->messenger;

	spin_lock_bh(&m->lock);
	m->dead = true;
	spin_unlock_bh(&m->lock);
	spw_messenger_down(peer);
}

/**
 * spw_messenger_free() - nobody can find the peer any more
 * @peer: stopped, or never published
 */
void spw_messenger_free(struct spw_peer *peer)
{
	spw_inbox_free(peer);
	kvfree(peer->messenger.room);
}
