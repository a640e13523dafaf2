// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control messages, the receiver's part: which chunks are taken, in what order they are
 * handed on, and when that is acknowledged. Pure steps, time comes in as an argument.
 *
 * Exactly once: a chunk is taken only while it is inside the window and was not taken
 * before. That holds over restarts, since a chunk names the life of either end
 * (instance) and the stream that it belongs to: what is left over of another life is
 * refused, and a sender that gave up begins a new stream, from 0.
 *
 * The window counts what was handed on but nobody took yet, so that a slow consumer
 * slows the sender down and memory is bounded; it never shrinks (RFC 9293, 3.8.6.2.1).
 */
#include <linux/string.h>

#include "control_stream.h"

#define UPDATE	(SPW_CONTROL_WINDOW / 4)	/* a wider window is told of itself */

static bool has(const struct spw_control_rx *rx, __u64 seq)
{
	return rx->bits[seq / 64 % SPW_CONTROL_WORDS] >> (seq % 64) & 1;
}

static void flip(struct spw_control_rx *rx, __u64 seq)
{
	rx->bits[seq / 64 % SPW_CONTROL_WORDS] ^= 1ULL << (seq % 64);
}

static __u64 limit(const struct spw_control_rx *rx)
{
	return rx->next + SPW_CONTROL_WINDOW - rx->waiting;
}

/* What is @waiting goes on waiting, whatever stream it is of. */
static void begin(struct spw_control_rx *rx, __u32 stream)
{
	const struct spw_control_rx fresh = {
		.self = rx->self, .peer = rx->peer, .stream = stream,
		.waiting = rx->waiting,
	};

	*rx = fresh;
	rx->told = limit(rx);
}

/**
 * spw_control_rx_meet() - one of the two ends begins another life
 * @rx: receiver, zeroed before the first time
 * @self: this end's instance
 * @peer: the sender's, 0 if unknown
 */
void spw_control_rx_meet(struct spw_control_rx *rx, __u32 self, __u32 peer)
{
	rx->self = self;
	rx->peer = peer;
	begin(rx, 0);
}

/**
 * spw_control_rx_admit() - is a chunk of this life and stream?
 * @rx: receiver
 * @head: well-formed, of any content
 *
 * Return: verdict; with %SPW_CONTROL_NEW what was held is of no use any more.
 */
enum spw_control_admission spw_control_rx_admit(struct spw_control_rx *rx,
						const struct spw_chunk_head *head)
{
	if (!rx->peer || head->from != rx->peer || head->to != rx->self ||
	    head->stream < rx->stream)
		return SPW_CONTROL_STALE;
	if (head->stream == rx->stream)
		return SPW_CONTROL_SAME;
	begin(rx, head->stream);
	return SPW_CONTROL_NEW;
}

/**
 * spw_control_rx_judge() - is a chunk to be taken?
 * @rx: receiver that admitted it
 * @seq: its number
 * @now: ns
 *
 * A chunk that is not is acknowledged at once: the sender has not heard.
 *
 * Return: verdict; spw_control_rx_take() may follow the first two.
 */
enum spw_control_verdict spw_control_rx_judge(struct spw_control_rx *rx, __u64 seq,
					      __u64 now)
{
	enum spw_control_verdict verdict;

	if (seq >= rx->next && seq < limit(rx) && !has(rx, seq))
		return seq == rx->next ? SPW_CONTROL_ORDER : SPW_CONTROL_HELD;
	verdict = seq < rx->next || seq < limit(rx) ? SPW_CONTROL_DUPLICATE :
						      SPW_CONTROL_BEYOND;
	if (!rx->pending)
		rx->since = now;
	rx->pending++;
	rx->now = true;
	return verdict;
}

/**
 * spw_control_rx_take() - a chunk is taken
 * @rx: receiver
 * @head: of it, judged to be in order or held
 * @now: ns
 *
 * Return: how many chunks are in order now, this one and others that were held; they
 * are to be handed on, and spw_control_rx_taken() to be called for each.
 */
__u32 spw_control_rx_take(struct spw_control_rx *rx, const struct spw_chunk_head *head,
			  __u64 now)
{
	__u32 run = 0;

	if (!rx->pending)
		rx->since = now;
	rx->pending++;
	rx->large += head->length > SPW_CONTROL_SMALL;
	rx->newest = head->seq;
	if (rx->last < head->seq)
		rx->last = head->seq;
	rx->attempt = head->attempt;
	rx->newest_at = now;
	flip(rx, head->seq);
	while (has(rx, rx->next)) {
		flip(rx, rx->next);
		rx->next++;
		rx->waiting++;
		run++;
	}
	/* RFC 9000 section 13.2.1: at once where the order is broken or mended. */
	rx->now |= run != 1;
	return run;
}

/**
 * spw_control_rx_taken() - a chunk that was handed on is done with
 * @rx: receiver
 * @now: ns
 */
void spw_control_rx_taken(struct spw_control_rx *rx, __u64 now)
{
	rx->waiting--;
	if (rx->stream && limit(rx) - rx->told >= UPDATE) {
		if (!rx->pending)
			rx->since = now;
		rx->pending++;
		rx->now = true;
	}
}

/**
 * spw_control_rx_due() - when to acknowledge
 * @rx: receiver
 *
 * Return: ns, in the past for now, or 0 where nothing is pending.
 */
__u64 spw_control_rx_due(const struct spw_control_rx *rx)
{
	if (!rx->pending)
		return 0;
	/*
	 * Of questions and answers no stream waits to be acknowledged, and each of these
	 * costs as much as one of them: nobody waits for it while an endpoint is frozen.
	 */
	if (rx->now || rx->large >= SPW_CONTROL_ACK_EVERY ||
	    rx->pending >= SPW_CONTROL_ACK_SMALL)
		return rx->since;
	return rx->since + SPW_ACK_DELAY_US * 1000ULL;
}

/**
 * spw_control_rx_tell() - an acknowledgment is about to leave
 * @rx: receiver of a stream
 * @now: ns
 * @ack: receives what to say
 */
void spw_control_rx_tell(struct spw_control_rx *rx, __u64 now,
			 struct spw_control_ack *ack)
{
	__u64 delay = (now - rx->newest_at) / 1000, seq;

	memset(ack, 0, sizeof(*ack));
	ack->from = rx->self;
	ack->to = rx->peer;
	ack->stream = rx->stream;
	ack->delay_us = delay < ~0U ? (__u32)delay : ~0U;
	ack->next = rx->next;
	ack->limit = limit(rx);
	ack->newest = rx->newest;
	ack->attempt = rx->attempt;
	for (seq = rx->next; seq <= rx->last; seq++)
		if (has(rx, seq))
			ack->bits[(seq - rx->next) / 64] |=
				1ULL << ((seq - rx->next) % 64);
	rx->told = ack->limit;
	rx->pending = 0;
	rx->large = 0;
	rx->now = false;
}

/**
 * spw_control_rx_join() - where does a chunk that is in order belong?
 * @message: that is put together, zeroed before the first
 * @head: of the chunk, well-formed
 * @len: bytes of the chunk
 *
 * Return: verdict; the chunk's bytes go to its offset unless it is broken or stray.
 */
enum spw_control_join spw_control_rx_join(struct spw_control_message *message,
					  const struct spw_chunk_head *head,
					  __u32 len)
{
	if (message->open &&
	    (head->type != message->type || head->length != message->length ||
	     head->offset != message->have)) {
		message->open = false;
		return SPW_CONTROL_BROKEN;
	}
	if (!message->open && head->offset)
		return SPW_CONTROL_STRAY;
	if (!message->open)
		*message = (struct spw_control_message){
			.type = head->type, .length = head->length,
		};
	message->have += len;
	message->open = message->have < message->length;
	return message->open ? SPW_CONTROL_MORE : SPW_CONTROL_WHOLE;
}
