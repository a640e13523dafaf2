// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The queues of a TCP socket, measured for an image and copied into it.
 *
 * How long a queue is says the sequence, not the buffers: these may overlap, reach back
 * before what was read or acknowledged, and carry a FIN, which has a number and no byte.
 * If they do not hold all the bytes that the sequence tells of, there is no image.
 */
#include <net/tcp.h>

#include "capture_queues.h"
#include "move.h"

/* Bytes that are wanted next: from @next to before @end. */
struct span {
	u32 next;
	u32 end;
	u8 *to;
};

/* The part of a buffer that is told of as, or in, a segment out of order. */
struct piece {
	struct sk_buff *skb;
	u32 offset;
	u32 seq;
	u32 len;
	bool fin;
};

/* Where one is in the out-of-order tree: @skb is looked at next, @end was told of. */
struct walk {
	struct sk_buff *skb;
	u32 end;
	u32 edge;
};

/* A segment of an image: pieces that follow one another without a gap. */
struct run {
	u32 seq;
	u32 len;
	bool fin;
};

static bool has_fin(const struct sk_buff *skb)
{
	return TCP_SKB_CB(skb)->tcp_flags & TCPHDR_FIN;
}

/*
 * Has each number of it but FIN's its byte? Not where there is a SYN (fast open), nor
 * where a remote that misbehaves sent data behind its FIN and tcp_try_coalesce() put
 * the two together.
 */
static bool is_plain(const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	return !(cb->tcp_flags & TCPHDR_SYN) &&
	       cb->end_seq - cb->seq == skb->len + has_fin(skb);
}

/*
 * Bytes that belong to the application until it is told otherwise are not taken, nor
 * those that the CPU cannot read: skb_copy_bits() fails on these.
 */
static u8 take(struct span *span, struct sk_buff *skb)
{
	u32 seq = TCP_SKB_CB(skb)->seq, skip = span->next - seq, len;

	if (span->next == span->end)
		return 0;
	if (after(seq, span->next) || !is_plain(skb) || skb_zcopy(skb))
		return SPW_MOVE_BECAUSE_FEATURE;
	if (skip >= skb->len)
		return 0;
	len = min(skb->len - skip, span->end - span->next);
	if (skb_copy_bits(skb, skip, span->to, len))
		return SPW_MOVE_BECAUSE_FEATURE;
	span->next += len;
	span->to += len;
	return 0;
}

static u8 take_queue(struct span *span, const struct sk_buff_head *queue)
{
	struct sk_buff *skb;
	u8 why = 0;

	skb_queue_walk(queue, skb) {
		why = take(span, skb);
		if (why || span->next == span->end)
			break;
	}
	return why;
}

static u8 take_tree(struct span *span, const struct rb_root *tree)
{
	struct sk_buff *skb;
	u8 why = 0;

	for (skb = skb_rb_first(tree); skb; skb = skb_rb_next(skb)) {
		why = take(span, skb);
		if (why || span->next == span->end)
			break;
	}
	return why;
}

static void walk_begin(struct walk *walk, const struct sock *sk,
		       const struct spw_image *image)
{
	const struct spw_image_sequence *s = &image->sequence;

	/* tcp_fin() purges the tree, nothing follows the remote's FIN. */
	walk->skb = image->tuple.state == SPW_IMAGE_CLOSE_WAIT ?
			    NULL :
			    skb_rb_first(&tcp_sk(sk)->out_of_order_queue);
	/* What is at rcv_nxt itself would be in order. */
	walk->end = s->rcv_nxt + 1;
	walk->edge = s->rcv_wup + s->rcv_wnd;
}

/*
 * The next piece, without what was told of. A segment that makes no sense, or is outside
 * a window that has shrunk since it came, ends the walk: the remote keeps what is not
 * acknowledged, whether or not a SACK told of it (RFC 2018 section 8).
 */
static bool next_piece(struct walk *walk, struct piece *piece)
{
	for (; walk->skb; walk->skb = skb_rb_next(walk->skb)) {
		struct sk_buff *skb = walk->skb;
		u32 seq = TCP_SKB_CB(skb)->seq, end = seq + skb->len;

		if (!is_plain(skb) || skb_zcopy(skb))
			break;
		if (before(end, walk->end)) {
			if (has_fin(skb))
				break;
			continue;
		}
		piece->offset = before(seq, walk->end) ? walk->end - seq : 0;
		piece->skb = skb;
		piece->seq = seq + piece->offset;
		piece->len = skb->len - piece->offset;
		piece->fin = has_fin(skb);
		if (!piece->len && !piece->fin)
			continue;
		if (!before(piece->seq, walk->edge))
			break;
		walk->end = end;
		walk->skb = piece->fin ? NULL : skb_rb_next(skb);
		return true;
	}
	walk->skb = NULL;
	return false;
}

/*
 * The next segment, its bytes copied to @to if that is not NULL. It takes the pieces
 * that follow one another: the kernel merges few of those that GRO made.
 *
 * Return: false where there is none; @why where bytes cannot be read.
 */
static bool next_run(struct walk *walk, struct run *run, u8 *to, u8 *why)
{
	struct piece piece;

	memset(run, 0, sizeof(*run));
	for (;;) {
		struct walk ahead = *walk;

		if (run->fin || !next_piece(&ahead, &piece))
			break;
		if (run->len && piece.seq != run->seq + run->len)
			break;
		if (!run->len)
			run->seq = piece.seq;
		if (to && piece.len &&
		    skb_copy_bits(piece.skb, piece.offset, to + run->len,
				  piece.len)) {
			*why = SPW_MOVE_BECAUSE_FEATURE;
			break;
		}
		run->len += piece.len;
		run->fin = piece.fin;
		*walk = ahead;
	}
	return run->len || run->fin;
}

/**
 * spw_queues_measure() - how long the queues of a socket are
 * @sk: socket, owned by the caller
 * @image: its tuple and sequence, the latter sound in itself
 * @room: receives it; the session is the caller's
 *
 * Return: 0, or %SPW_MOVE_BECAUSE_ROOM where there is more than an image may have.
 */
u8 spw_queues_measure(const struct sock *sk, const struct spw_image *image,
		      struct spw_image_room *room)
{
	struct walk walk;
	struct run run;
	u8 why = 0;

	room->received = spw_image_received(image);
	room->sent = spw_image_sent(image);
	room->unsent = spw_image_unsent(image);
	room->segments = 0;
	room->out_of_order = 0;
	if (room->received > SPW_IMAGE_QUEUE_MAX ||
	    room->sent > SPW_IMAGE_QUEUE_MAX ||
	    room->unsent > SPW_IMAGE_QUEUE_MAX - room->sent)
		return SPW_MOVE_BECAUSE_ROOM;
	if (RB_EMPTY_ROOT(&tcp_sk(sk)->out_of_order_queue))
		return 0;
	walk_begin(&walk, sk, image);
	while (next_run(&walk, &run, NULL, &why)) {
		if (room->segments == SPW_IMAGE_SEGMENTS_MAX ||
		    run.len > SPW_IMAGE_QUEUE_MAX - room->received -
				      room->out_of_order)
			return SPW_MOVE_BECAUSE_ROOM;
		room->segments++;
		room->out_of_order += run.len;
	}
	return 0;
}

/* One queue or two into one section; all bytes, or there is no image. */
static u8 write_bytes(struct spw_image_writer *w, enum spw_image_section type,
		      u32 seq, u32 len, const struct rb_root *tree,
		      const struct sk_buff_head *queue)
{
	struct span span = { .next = seq, .end = seq + len };
	u8 why = 0;

	if (!len)
		return 0;
	span.to = spw_image_bulk(w, type, len);
	if (!span.to)
		return SPW_MOVE_BECAUSE_ROOM;
	if (tree)
		why = take_tree(&span, tree);
	if (!why && queue)
		why = take_queue(&span, queue);
	if (!why && span.next != span.end)
		why = SPW_MOVE_BECAUSE_FEATURE;
	return why;
}

static u8 write_segments(struct spw_image_writer *w, const struct sock *sk,
			 const struct spw_image *image)
{
	struct walk walk, measured;
	struct run run;
	u8 why = 0, *to;

	walk_begin(&walk, sk, image);
	for (measured = walk; next_run(&measured, &run, NULL, &why);
	     measured = walk) {
		to = spw_image_segment(w, run.seq, run.fin, run.len);
		if (!to)
			return SPW_MOVE_BECAUSE_ROOM;
		next_run(&walk, &run, to, &why);
		if (why)
			return why;
	}
	return 0;
}

/**
 * spw_queues_write() - copy the queues of a socket into an image
 * @sk: socket, owned by the caller since spw_queues_measure()
 * @image: as there
 * @w: writer, with as much room as was measured
 *
 * Return: 0; %SPW_MOVE_BECAUSE_FEATURE where the buffers cannot be read, are still the
 * application's (MSG_ZEROCOPY), or do not have what the sequence tells;
 * %SPW_MOVE_BECAUSE_ROOM where the room does not suffice.
 */
u8 spw_queues_write(const struct sock *sk, const struct spw_image *image,
		    struct spw_image_writer *w)
{
	const struct spw_image_sequence *s = &image->sequence;
	u8 why;

	why = write_bytes(w, SPW_IMAGE_RECEIVED, s->copied_seq,
			  spw_image_received(image), NULL, &sk->sk_receive_queue);
	if (!why)
		why = write_segments(w, sk, image);
	if (!why)
		why = write_bytes(w, SPW_IMAGE_SENT, s->snd_una,
				  spw_image_sent(image), &sk->tcp_rtx_queue, NULL);
	if (!why)
		why = write_bytes(w, SPW_IMAGE_UNSENT, s->snd_nxt,
				  spw_image_unsent(image), NULL,
				  &sk->sk_write_queue);
	return why;
}
