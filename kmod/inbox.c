// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Chunks of control messages that came from a peer: copied, put in order, put together
 * in process context, and given to whom their message is for. What nobody took yet
 * closes the window, so the memory of a peer is bounded by that and by one message of its
 * type's size.
 *
 * The lock is the messenger's.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "inbox.h"
#include "link.h"
#include "messenger.h"
#include "peer.h"

/* Messages that are answered in one go. */
#define TOGETHER	8

/* Without memory for a whole message: as long until the next try (jiffies). */
#define RETRY_TAKE	(HZ / 10)

/**
 * struct spw_piece - a chunk that came
 * @list: in &spw_inbox.pieces
 * @head: of it
 * @epoch: &spw_inbox.epoch of then
 * @came: ktime (ns)
 * @len: bytes
 * @data: bytes
 */
struct spw_piece {
	struct list_head list;
	struct spw_chunk_head head;
	u32 epoch;
	u64 came;
	u32 len;
	u8 data[];
};

/**
 * spw_inbox_free_pieces() - what was taken out of an inbox
 * @list: of pieces
 */
void spw_inbox_free_pieces(struct list_head *list)
{
	struct spw_piece *piece, *next;

	list_for_each_entry_safe(piece, next, list, list)
		kfree(piece);
	INIT_LIST_HEAD(list);
}

/**
 * spw_inbox_begin() - another stream: what came before others will never be in order
 * @peer: under &spw_messenger.lock
 * @pieces: receives what was held
 */
void spw_inbox_begin(struct spw_peer *peer, struct list_head *pieces)
{
	struct spw_inbox *in = &peer->messenger.inbox;
	int i;

	lockdep_assert_held(&peer->messenger.lock);
	for (i = 0; i < SPW_CONTROL_WINDOW; i++) {
		if (!in->held[i])
			continue;
		list_add(&in->held[i]->list, pieces);
		in->held[i] = NULL;
	}
	in->epoch++;
}

/* Once the peer goes, whoever stops the work must not find it queued again. */
static void queue_work_now(struct spw_peer *peer, unsigned long delay)
{
	lockdep_assert_held(&peer->messenger.lock);
	/* Endpoints may be frozen until it was done. */
	if (!peer->messenger.dead)
		mod_delayed_work(system_highpri_wq, &peer->messenger.inbox.work, delay);
}

/* Put it where it belongs, and hand on what is in order now. */
static void take_in(struct spw_peer *peer, struct spw_piece *piece, u64 now)
{
	struct spw_messenger *m = &peer->messenger;
	struct spw_inbox *in = &m->inbox;
	u64 seq = piece->head.seq;
	u32 run;

	piece->epoch = in->epoch;
	piece->came = now;
	in->held[seq % SPW_CONTROL_WINDOW] = piece;
	run = spw_control_rx_take(&m->rx, &piece->head, now);
	if (!run)
		return;
	for (seq = m->rx.next - run; seq < m->rx.next; seq++) {
		struct spw_piece **place = &in->held[seq % SPW_CONTROL_WINDOW];

		list_add_tail(&(*place)->list, &in->pieces);
		*place = NULL;
	}
	queue_work_now(peer, 0);
}

static struct spw_piece *copy_piece(const struct spw_chunk_head *head,
				    const struct spw_frame *frame)
{
	u32 len = frame->len - SPW_LEN_CONTROL;
	struct spw_piece *piece;

	piece = kmalloc(struct_size(piece, data, len), GFP_ATOMIC | __GFP_NOWARN);
	if (!piece)
		return NULL;
	piece->head = *head;
	piece->len = len;
	memcpy(piece->data, frame->body + SPW_LEN_CONTROL, len);
	return piece;
}

/**
 * spw_inbox_add() - a chunk that is to be taken
 * @peer: from whom, under &spw_messenger.lock
 * @head: of the chunk, judged to be in order or held
 * @frame: of it
 * @now: ktime (ns)
 *
 * Return: 0 or the counter of the drop; the chunk has not been taken then.
 */
int spw_inbox_add(struct spw_peer *peer, const struct spw_chunk_head *head,
		  const struct spw_frame *frame, u64 now)
{
	struct spw_piece *piece = copy_piece(head, frame);

	if (!piece)
		return SPILLWAY_STAT_RX_DROP_NOMEM;
	take_in(peer, piece, now);
	return 0;
}

static void drop_joined(struct spw_inbox *in)
{
	kvfree(in->joined);
	in->joined = NULL;
}

static void deliver(struct spw_peer *peer, u16 type, const u8 *data, u32 len)
{
	const struct spw_message_ops *ops = spw_messenger_ops(type);

	spw_peer_count(peer, ops->take(peer, data, len) ?
		       SPILLWAY_STAT_CONTROL_MSG_BAD :
		       SPILLWAY_STAT_CONTROL_MSG_RX, 1);
}

/* The beginning of a message; returns -ENOMEM or 0, the bytes then wanted or not. */
static int open_message(struct spw_peer *peer, const struct spw_piece *piece)
{
	const struct spw_message_ops *ops = spw_messenger_ops(piece->head.type);
	struct spw_inbox *in = &peer->messenger.inbox;

	if (!ops || piece->head.length > ops->max) {
		spw_peer_count(peer, SPILLWAY_STAT_CONTROL_MSG_BAD, 1);
		return 0;
	}
	in->joined = kvmalloc(max(piece->head.length, 1U), GFP_KERNEL | __GFP_NOWARN);
	return in->joined ? 0 : -ENOMEM;
}

/* A chunk in order. Returns 0, or -ENOMEM to be asked again later. */
static int take_piece(struct spw_peer *peer, const struct spw_piece *piece)
{
	struct spw_inbox *in = &peer->messenger.inbox;
	const struct spw_chunk_head *head = &piece->head;
	enum spw_control_join how;

	if (in->joining_epoch != piece->epoch) {
		in->joining_epoch = piece->epoch;
		in->joining.open = false;
		drop_joined(in);
	}
	if (!in->joining.open && !head->offset && open_message(peer, piece))
		return -ENOMEM;
	how = spw_control_rx_join(&in->joining, head, piece->len);
	if (how == SPW_CONTROL_BROKEN) {
		spw_peer_count(peer, SPILLWAY_STAT_CONTROL_MSG_BAD, 1);
		drop_joined(in);
		return take_piece(peer, piece);
	}
	if (how == SPW_CONTROL_STRAY || !in->joined)
		return 0;
	memcpy(in->joined + head->offset, piece->data, piece->len);
	if (how == SPW_CONTROL_WHOLE) {
		in->came = piece->came;
		deliver(peer, head->type, in->joined, head->length);
		drop_joined(in);
	}
	return 0;
}

/* The oldest of the inbox; it stays there until it is taken. */
static struct spw_piece *first_piece(struct spw_messenger *m)
{
	struct spw_piece *piece;

	spin_lock_bh(&m->lock);
	piece = list_first_entry_or_null(&m->inbox.pieces, struct spw_piece,
					 list);
	spin_unlock_bh(&m->lock);
	return piece;
}

static void done_piece(struct spw_peer *peer, struct spw_piece *piece, u64 now)
{
	struct spw_messenger *m = &peer->messenger;

	spin_lock_bh(&m->lock);
	list_del(&piece->list);
	spw_control_rx_taken(&m->rx, now);
	spw_messenger_rx_due(peer);
	spin_unlock_bh(&m->lock);
	kfree(piece);
}

static void inbox_work(struct work_struct *work)
{
	struct spw_peer *peer = container_of(to_delayed_work(work), struct spw_peer,
					     messenger.inbox.work);
	struct spw_messenger *m = &peer->messenger;
	struct spw_piece *piece;
	u32 n = 0;

	while ((piece = first_piece(m))) {
		if (take_piece(peer, piece)) {
			spin_lock_bh(&m->lock);
			queue_work_now(peer, RETRY_TAKE);
			spin_unlock_bh(&m->lock);
			break;
		}
		done_piece(peer, piece, ktime_get_ns());
		if (++n % TOGETHER)
			continue;
		/* Whoever asked waits for the answer. */
		spw_messenger_flush(peer);
		cond_resched();
	}
	spw_messenger_flush(peer);
	spw_repair_arm(peer, ktime_get_ns());
}

/**
 * spw_inbox_empty() - throw away what nobody took
 * @peer: of which nothing is admitted; the lock is not held
 *
 * Nothing is being taken, once this returns.
 */
void spw_inbox_empty(struct spw_peer *peer)
{
	struct spw_messenger *m = &peer->messenger;
	struct spw_piece *piece;
	LIST_HEAD(pieces);

	cancel_delayed_work_sync(&m->inbox.work);
	spin_lock_bh(&m->lock);
	list_for_each_entry(piece, &m->inbox.pieces, list)
		m->rx.waiting--;
	list_splice_tail_init(&m->inbox.pieces, &pieces);
	spin_unlock_bh(&m->lock);
	spw_inbox_free_pieces(&pieces);
	m->inbox.joining.open = false;
	drop_joined(&m->inbox);
}

/**
 * spw_inbox_init() - for a peer that nobody can find yet
 * @peer: peer
 *
 * Return: 0 or -ENOMEM.
 */
int spw_inbox_init(struct spw_peer *peer)
{
	struct spw_inbox *in = &peer->messenger.inbox;

	in->held = kcalloc(SPW_CONTROL_WINDOW, sizeof(struct spw_piece *), GFP_KERNEL);
	if (!in->held)
		return -ENOMEM;
	INIT_LIST_HEAD(&in->pieces);
	INIT_DELAYED_WORK(&in->work, inbox_work);
	return 0;
}

/**
 * spw_inbox_free() - nobody can find the peer any more
 * @peer: its inbox empty
 */
void spw_inbox_free(struct spw_peer *peer)
{
	kfree(peer->messenger.inbox.held);
}
