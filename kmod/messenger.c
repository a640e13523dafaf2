// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control messages between two nodes: what control_tx.c and control_rx.c do not know:
 * messages, the clock, a lock. What is to go waits in the outbox, what comes goes to the
 * inbox.
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
#include "softirq.h"

/* What comes within this time goes into one message, if its type allows it. */
#define BATCH_TIME	NSEC_PER_MSEC

/* Without a key or a route: as long until the next try. */
#define RETRY_TIME	(50 * NSEC_PER_MSEC)

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

/* Another stream; what is in the queue goes to @messages. */
static void begin_stream(struct spw_peer *peer, u64 now, struct list_head *messages)
{
	struct spw_messenger *m = &peer->messenger;

	lockdep_assert_held(&m->lock);
	spw_outbox_begin(&m->out, (u64)READ_ONCE(peer->srtt_us) * NSEC_PER_USEC, now,
			 messages);
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

/* Returns whether the stream can go on. */
static bool send_step(struct spw_messenger *m, u64 now, u32 size,
		      struct sk_buff_head *frames, struct spw_control_out *out)
{
	u32 i;

	spw_outbox_cut(&m->out, size);
	spw_control_tx_step(&m->out.tx, now, out);
	for (i = 0; i < out->n; i++)
		if (!spw_outbox_write(m, out->seq[i], size, frames))
			return false;
	spw_outbox_cut(&m->out, size);
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
	u64 tx = spw_control_tx_due(&m->out.tx), rx = spw_control_rx_due(&m->rx);

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
	spw_outbox_free_messages(peer, &messages, SPILLWAY_STAT_CONTROL_MSG_FAILED);
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
	    ack.stream != m->out.stream)
		drop = SPILLWAY_STAT_CONTROL_STALE;
	else if (spw_control_tx_ack(&m->out.tx, &ack, now, &out))
		drop = SPILLWAY_STAT_RX_DROP_FRAME;
	else
		spw_outbox_done(&m->out, &messages);
	spin_unlock(&m->lock);
	if (drop)
		return drop;
	count(peer, SPILLWAY_STAT_CONTROL_ACK_RX, 1);
	count_out(peer, &out);
	spw_outbox_free_messages(peer, &messages, SPILLWAY_STAT_CONTROL_MSG_DONE);
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

/* Returns 0, or why nothing can be queued. A message alone may be of any size. */
static int may_queue(struct spw_peer *peer, u32 size)
{
	u32 kbytes = spw_setting_get(&peer->spw->settings, SPW_SET_CONTROL_KBYTES);
	struct spw_messenger *m = &peer->messenger;

	if (!ready(m))
		return -EHOSTDOWN;
	return m->out.bytes && m->out.bytes + size > (size_t)kbytes << 10 ? -ENOBUFS : 0;
}

static int enqueue(struct spw_peer *peer, struct spw_message *message, u32 size)
{
	struct spw_messenger *m = &peer->messenger;
	int err;

	spin_lock_bh(&m->lock);
	err = may_queue(peer, size);
	if (!err) {
		spw_outbox_add(&m->out, message);
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
	struct spw_message *message;
	bool joined;
	int err;

	if (len > SPW_MESSAGE_MAX)
		return -EMSGSIZE;
	spin_lock_bh(&m->lock);
	joined = ready(m) && len < batch && spw_outbox_join(&m->out, type, data, len);
	err = joined ? 0 : may_queue(peer, max(len, batch));
	spin_unlock_bh(&m->lock);
	if (joined)
		return 0;
	message = err ? NULL : spw_outbox_message(type, data, len, max(len, batch));
	if (!err)
		err = message ? enqueue(peer, message, max(len, batch)) : -ENOMEM;
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
	spw_softirq_now();
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
	spw_outbox_free_messages(peer, &messages, SPILLWAY_STAT_CONTROL_MSG_FAILED);
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
	spw_outbox_free_messages(peer, &messages, SPILLWAY_STAT_CONTROL_MSG_FAILED);
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

	if (spw_outbox_init(&m->out, now))
		return -ENOMEM;
	if (spw_inbox_init(peer)) {
		spw_outbox_free(&m->out);
		return -ENOMEM;
	}
	spin_lock_init(&m->lock);
	m->self = new_instance();
	m->self_since = now;
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
	spw_outbox_free(&peer->messenger.out);
}
