// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loss detection and retransmission, the sender's part. Pure steps: the time comes in
 * as an argument, what is to be done goes out in struct spw_arq_out, and the caller
 * does it once its lock is released.
 *
 * Every datagram has a number of its own, retransmissions too, so an acknowledgment
 * is never ambiguous (RFC 9002 section 2). A piece is declared lost when one that was
 * sent after it has arrived, and it has not within a round trip and a reordering
 * window (RFC 8985). The window opens while losses turn out to be none.
 *
 * This repairs what it can repair in time; it does not promise delivery. The inner
 * connection has a sender of its own, whose timer must never run against this one:
 *
 * - nothing is sent again after a deadline that is below TCP's least time-out, nor
 *   more than three times; with what TCP needs its timer begins anew, so that may take
 *   longer, but not as long as the timer;
 * - no more than a tenth of the bytes sent is sent again, so that a path that drops
 *   because it is full is not filled further;
 * - nor what is lost where packets queue up: TCP must learn from it that it sends too
 *   much, or it fills the queue for as long as it is repaired. But what TCP itself
 *   sends again is repaired, and with what it asks whether all of its flight was lost:
 *   it learns from the answer, and would need its timer without;
 * - a path that loses too much is left alone for a while, but not for what its queue
 *   drops: that is over as soon as TCP has learned of it;
 * - all memory is bounded: the oldest is forgotten first.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "arq.h"

#define MS		1000000ULL
#define DEADLINE_MIN	(10 * MS)	/* two probes on a short path */
#define DEADLINE_MAX	(80 * MS)	/* TCP_RTO_MIN is 200 ms */
#define DEADLINE_NEEDED	(150 * MS)	/* TCP has begun its timer anew with it */
#define DEADLINE_BLIND	(1000 * MS)	/* before the first sample */
#define REORDER_MIN	(MS / 4)
#define STEPS_MAX	16
#define STEPS_LIFE	(4000 * MS)	/* after that without a mistake, one less */
#define PROBE_BLIND	(50 * MS)
#define PROBE_VAR_MIN	MS
#define JUDGE_SENT	1024		/* datagrams to a judgement of the path */
#define JUDGE_LOST	40		/* percent: beyond help */
#define OFF_TIME	(10000 * MS)
#define SAMPLE_LIFE	(1000 * MS)
#define QUEUE_TARGET	(5 * MS)	/* a good queue has less: RFC 8289, 4.4 */
#define QUEUE_JITTERS	3		/* so much more may be none */
#define CREDIT_FIRST	(16 << 10)	/* about an initial window: RFC 6928 */

static __u64 umax(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

static __u64 umin(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static struct spw_arq_sent *slot_of(const struct spw_arq *arq, __u64 seq)
{
	return &arq->ring[seq % SPW_ARQ_RING];
}

static bool under_way(const struct spw_arq *arq, __u64 seq)
{
	const struct spw_arq_sent *s = slot_of(arq, seq);

	return s->packet && s->seq == seq;
}

/*
 * How long a piece is worth sending again. On a long path one round trip more than a
 * detection takes, since the inner connection's timer has that round trip in it too.
 */
static __u64 deadline(const struct spw_arq *arq)
{
	__u64 srtt = umax(arq->rtt.smoothed, arq->slow);

	if (!srtt)
		return DEADLINE_BLIND;
	return umax(umin(umax(5 * srtt / 2, DEADLINE_MIN), DEADLINE_MAX),
		    3 * srtt / 2 + DEADLINE_MIN);
}

/*
 * As deadline(), for one piece. Of what TCP needs, the second copy is worth something too
 * where a queue stands: the first meets the same queue.
 */
static __u64 deadline_of(const struct spw_arq *arq, const struct spw_arq_sent *s)
{
	__u64 limit = deadline(arq);

	if (!s->packet || !s->packet->needed || !arq->rtt.smoothed)
		return limit;
	return umax(limit, umin(5 * arq->rtt.smoothed, DEADLINE_NEEDED));
}

/* An acknowledgment may be under way for a moment longer. */
static __u64 memory(const struct spw_arq *arq, const struct spw_arq_sent *s)
{
	return deadline_of(arq, s) + SPW_ACK_FIRST_US * 1000ULL;
}

/* RFC 8985 section 6.2.4: a quarter of the least round trip, times the mistakes. */
static __u64 reordering_window(const struct spw_arq *arq)
{
	return umin(umax(arq->rtt.min / 4 * (arq->steps + 1), REORDER_MIN),
		    umax(arq->rtt.smoothed, REORDER_MIN));
}

/*
 * Where some packets overtake others, it is theirs that the round trip is measured of,
 * and a part of the least of these is no window for the others: so at least as long as
 * one took that was no loss.
 */
static __u64 loss_delay(const struct spw_arq *arq)
{
	return umax(umax(arq->rtt.smoothed, arq->rtt.latest), arq->slow) +
	       reordering_window(arq);
}

/* RFC 9002 section 6.2.1. */
static __u64 probe_delay(const struct spw_arq *arq)
{
	if (!arq->rtt.smoothed)
		return PROBE_BLIND << arq->probes;
	return (arq->rtt.smoothed + umax(4 * arq->rtt.var, PROBE_VAR_MIN) +
		SPW_ACK_DELAY_US * 1000ULL) << arq->probes;
}

/**
 * spw_arq_out_init() - nothing is wanted yet
 * @out: of any content
 *
 * The array is not touched: it is large, and most steps leave it empty.
 */
void spw_arq_out_init(struct spw_arq_out *out)
{
	memset(out, 0, offsetof(struct spw_arq_out, again));
}

/**
 * spw_arq_init() - a path of which nothing is known
 * @arq: sender
 * @ring: %SPW_ARQ_RING zeroed datagrams, or NULL: nothing is kept
 */
void spw_arq_init(struct spw_arq *arq, struct spw_arq_sent *ring)
{
	memset(arq, 0, sizeof(*arq));
	arq->ring = ring;
	arq->credit = CREDIT_FIRST;
}

/**
 * spw_arq_hold() - take a packet in, with one reference for the caller
 * @arq: sender
 * @packet: its @bytes set
 * @now: ns
 *
 * Return: false where it is not to be kept; nothing has changed then.
 */
bool spw_arq_hold(struct spw_arq *arq, struct spw_arq_packet *packet, __u64 now)
{
	if (!arq->ring || now < arq->off_until ||
	    arq->bytes + packet->bytes > SPW_ARQ_BYTES)
		return false;
	packet->refs = 1;
	packet->next = NULL;
	arq->bytes += packet->bytes;
	return true;
}

/**
 * spw_arq_put() - a reference less
 * @arq: sender
 * @packet: of it
 * @out: receives the packet if that was the last
 */
void spw_arq_put(struct spw_arq *arq, struct spw_arq_packet *packet,
		 struct spw_arq_out *out)
{
	if (--packet->refs)
		return;
	arq->bytes -= packet->bytes;
	packet->next = out->freed;
	out->freed = packet;
}

static void release(struct spw_arq *arq, struct spw_arq_sent *s,
		    struct spw_arq_out *out)
{
	struct spw_arq_packet *packet = s->packet;

	s->packet = NULL;
	spw_arq_put(arq, packet, out);
}

/* Its packet goes, its number stays, in case that it arrives after all. */
static void remember(struct spw_arq *arq, struct spw_arq_sent *s,
		     enum spw_arq_gone gone)
{
	s->gone = gone;
	arq->gone = umin(arq->gone, s->seq);
}

static void advance_tail(struct spw_arq *arq)
{
	while (arq->tail < arq->head && !under_way(arq, arq->tail))
		arq->tail++;
}

/* Places up to @seq; what is still there from a round of the ring ago is forgotten. */
static void advance_head(struct spw_arq *arq, __u64 seq, struct spw_arq_out *out)
{
	__u64 s = arq->head;

	if (seq - s >= SPW_ARQ_RING)
		s = seq - SPW_ARQ_RING + 1;
	for (; s <= seq; s++) {
		struct spw_arq_sent *slot = slot_of(arq, s);

		if (slot->packet) {
			release(arq, slot, out);
			out->late++;
		}
		slot->gone = SPW_ARQ_HERE;
	}
	if (arq->tail == arq->head)
		arq->tail = seq;
	arq->head = seq + 1;
	if (arq->head - arq->tail > SPW_ARQ_RING)
		arq->tail = arq->head - SPW_ARQ_RING;
}

/*
 * Where many connections begin at once, a queue drops half of their first thousand
 * datagrams; that is when TCP needs most that what it sends again is repaired.
 */
static void judge(struct spw_arq *arq, __u64 now, struct spw_arq_out *out)
{
	if (++arq->sample_sent < JUDGE_SENT)
		return;
	arq->loss = arq->sample_lost * 1000 / arq->sample_sent;
	if (arq->sample_lost * 100 >
	    arq->sample_sent * JUDGE_LOST + arq->sample_queued * 100) {
		arq->off_until = now + OFF_TIME;
		out->off++;
	}
	arq->sample_sent = 0;
	arq->sample_lost = 0;
	arq->sample_queued = 0;
}

/* Remember a datagram; the packet's reference is the slot's from now on. */
static bool place(struct spw_arq *arq, __u64 seq, __u64 now,
		  const struct spw_arq_sent *sent, struct spw_arq_out *out)
{
	struct spw_arq_sent *slot;

	if (seq >= arq->head)
		advance_head(arq, seq, out);
	else if (seq + SPW_ARQ_RING < arq->head)
		return false;
	/* Another processor was quicker with a higher number. */
	if (seq < arq->tail)
		arq->tail = seq;
	slot = slot_of(arq, seq);
	if (slot->packet)
		return false;
	*slot = *sent;
	arq->eliciting_at = now;
	return true;
}

/**
 * spw_arq_settled() - a connection has an acknowledgment of its own
 * @arq: sender
 * @owner: connection, as in &spw_arq_packet.owner
 * @una: sequence number below which its far end has all
 * @out: receives the packets that nothing needs any more
 *
 * On a short path that comes before the tunnel's. Only the oldest are looked at: what
 * one connection holds back is not searched for another's.
 */
void spw_arq_settled(struct spw_arq *arq, const void *owner, __u32 una,
		     struct spw_arq_out *out)
{
	int budget = SPW_ARQ_SETTLED;

	while (arq->tail < arq->head && budget--) {
		struct spw_arq_sent *s = slot_of(arq, arq->tail);

		if (under_way(arq, arq->tail)) {
			if (s->packet->owner != owner ||
			    (__s32)(una - s->packet->end_seq) < 0)
				break;
			remember(arq, s, SPW_ARQ_OLD);
			release(arq, s, out);
		}
		arq->tail++;
	}
}

/**
 * spw_arq_sent() - a piece is about to be sent for the first time
 * @arq: sender
 * @seq: its number
 * @packet: whose piece; takes a reference
 * @piece: which
 * @len: bytes of the datagram
 * @now: ns
 * @out: receives what was forgotten
 */
void spw_arq_sent(struct spw_arq *arq, __u64 seq, struct spw_arq_packet *packet,
		  __u32 piece, __u16 len, __u64 now, struct spw_arq_out *out)
{
	const struct spw_arq_sent sent = {
		.packet = packet, .seq = seq, .at = now, .first = now,
		.first_seq = seq, .piece = piece, .len = len,
	};

	if (!place(arq, seq, now, &sent, out))
		return;
	packet->refs++;
	arq->credit = arq->credit + len * SPW_ARQ_SHARE / 100;
	if (arq->credit > SPW_ARQ_CREDIT)
		arq->credit = SPW_ARQ_CREDIT;
	judge(arq, now, out);
}

/**
 * spw_arq_resent() - a piece is about to be sent again
 * @arq: sender
 * @seq: its new number
 * @again: what; its reference is used up
 * @len: bytes of the datagram
 * @now: ns
 * @out: receives what was forgotten
 */
void spw_arq_resent(struct spw_arq *arq, __u64 seq,
		    const struct spw_arq_again *again, __u16 len, __u64 now,
		    struct spw_arq_out *out)
{
	const struct spw_arq_sent sent = {
		.packet = again->packet, .seq = seq, .at = now,
		.first = again->first, .first_seq = again->first_seq,
		.piece = again->piece, .len = len, .tries = again->tries,
	};

	if (!place(arq, seq, now, &sent, out))
		spw_arq_put(arq, again->packet, out);
}

/* Once more, if that is of any use: the slot's reference goes to the caller. */
static void again(struct spw_arq *arq, struct spw_arq_sent *s,
		  enum spw_arq_gone gone, __u64 now, struct spw_arq_out *out)
{
	bool late = s->tries >= SPW_ARQ_TRIES ||
		    now - s->first >= deadline_of(arq, s);

	remember(arq, s, gone);
	if (late || arq->credit < s->len) {
		if (late)
			out->late++;
		else
			out->poor++;
		release(arq, s, out);
		return;
	}
	arq->credit -= s->len;
	out->again[out->n++] = (struct spw_arq_again){
		.packet = s->packet, .piece = s->piece, .first = s->first,
		.first_seq = s->first_seq, .tries = s->tries + 1,
	};
	s->packet = NULL;
}

static bool is_lost(const struct spw_arq *arq, const struct spw_arq_sent *s,
		    __u64 now)
{
	if (now - s->at >= loss_delay(arq))
		return true;
	/*
	 * No window while the path keeps the order (RFC 8985 section 6.2.4), and no
	 * three duplicates either: TCP waits for three before it sends again, and the
	 * sooner the hole is filled by what was sent first, the sooner it sees its
	 * mistake (RFC 3522). Ours costs a datagram, and is the last of its kind.
	 */
	return !arq->reordered;
}

/*
 * Packets wait somewhere on the path, so it is probably a full queue that drops them.
 * What overtakes others makes the least round trip less than it is, but the jitter
 * larger; a queue that fills does not, as it would the variation.
 */
static bool queue_stands(const struct spw_arq *arq)
{
	return arq->rtt.smoothed > arq->rtt.base + QUEUE_TARGET +
				   QUEUE_JITTERS * arq->rtt.jitter;
}

/* TCP's to send again, and to send less. */
static void leave(struct spw_arq *arq, struct spw_arq_sent *s,
		  struct spw_arq_out *out)
{
	remember(arq, s, SPW_ARQ_LOST);
	release(arq, s, out);
	out->full++;
}

/* RFC 8985 section 6.2.5, step 5. */
static void detect(struct spw_arq *arq, __u64 now, struct spw_arq_out *out)
{
	bool queue = queue_stands(arq);
	__u64 seq;

	if (!arq->acked)
		return;
	for (seq = arq->tail; seq < arq->newest && out->n < SPW_ARQ_OUT; seq++) {
		struct spw_arq_sent *s = slot_of(arq, seq);

		if (!under_way(arq, seq) || s->at > arq->newest_at ||
		    !is_lost(arq, s, now))
			continue;
		out->lost++;
		arq->sample_lost++;
		arq->sample_queued += queue;
		if (queue && !s->packet->needed)
			leave(arq, s, out);
		else
			again(arq, s, SPW_ARQ_LOST, now, out);
	}
	advance_tail(arq);
}

/* It was not lost, only late: the next must be waited for longer. */
static void mistaken(struct spw_arq *arq, const struct spw_arq_sent *s, __u64 now)
{
	arq->reordered = true;
	arq->slow = umax(arq->slow, umin(now - s->at, DEADLINE_BLIND));
	if (now - arq->steps_at < arq->rtt.smoothed || arq->steps >= STEPS_MAX)
		return;
	arq->steps++;
	arq->steps_at = now;
}

static void forgive(struct spw_arq *arq, __u64 now)
{
	if (!arq->steps || now - arq->steps_at < STEPS_LIFE)
		return;
	arq->steps--;
	arq->steps_at = now;
	arq->slow = arq->steps ? arq->slow - arq->slow / 8 : 0;
}

static void arrived(struct spw_arq *arq, struct spw_arq_sent *s, __u64 before,
		    __u64 now, struct spw_arq_out *out)
{
	if (s->gone == SPW_ARQ_LOST) {
		out->spurious++;
		if (arq->sample_lost)
			arq->sample_lost--;
		mistaken(arq, s, now);
	} else if (arq->acked && s->seq < before) {
		arq->reordered = true;
	}
	s->gone = SPW_ARQ_HERE;
	arq->newest_at = umax(arq->newest_at, s->at);
	arq->newest = umax(arq->newest, s->seq);
	if (s->packet)
		release(arq, s, out);
	out->acked++;
}

/*
 * The delay is that of the highest number, which need not be one that is kept: what
 * came before it seems to have taken longer, by less than an acknowledgment waits.
 * Such a sample is taken only where there was no better one of late.
 */
static void sample(struct spw_arq *arq, const struct spw_arq_sent *s,
		   const struct spw_ack *ack, bool exact, __u64 now)
{
	__u64 rtt = now - s->at, delay = ack->delay_us * 1000ULL;

	if (!exact && arq->rtt.smoothed && now - arq->sampled_at < SAMPLE_LIFE)
		return;
	arq->sampled_at = now;
	/* A delay that would go below the least seen is not believed (RFC 9002, 5.3) */
	if (rtt > delay && rtt - delay >= arq->rtt.min)
		rtt -= delay;
	spw_rtt_sample(&arq->rtt, rtt, now);
}

static bool has(const struct spw_ack *ack, __u64 pn)
{
	return ack->bits[ack->largest / 64 - pn / 64] >> (pn % 64) & 1;
}

/* The lowest number of which an acknowledgment tells. */
static __u64 lowest(const struct spw_ack *ack)
{
	__u64 word = ack->largest / 64;

	return word < SPW_ACK_WORDS ? 0 : (word - SPW_ACK_WORDS + 1) * 64;
}

/**
 * spw_arq_ack() - the far end tells what it has
 * @arq: sender
 * @ack: authenticated, but of any content
 * @offset: from the key's packet numbers to link numbers
 * @next: one above the highest packet number that the key has given
 * @now: ns
 * @out: receives what is to be done
 *
 * Return: 0, or -EPROTO where it tells of what was never sent; nothing changed then.
 */
int spw_arq_ack(struct spw_arq *arq, const struct spw_ack *ack, __u64 offset,
		__u64 next, __u64 now, struct spw_arq_out *out)
{
	__u64 top = ack->largest + offset, seq = top + 1, gone = seq;
	__u64 before = arq->newest, low;
	bool any = false;

	if (ack->largest >= next)
		return -EPROTO;
	if (!arq->ring)
		return 0;
	/* What is neither under way nor gone is known already. */
	low = ack->largest - lowest(ack);
	low = umax(top > low ? top - low : 0, umin(arq->tail, arq->gone));
	while (seq-- > low) {
		struct spw_arq_sent *s = slot_of(arq, seq);

		if (s->seq != seq || !(s->packet || s->gone))
			continue;
		if (!has(ack, seq - offset)) {
			gone = s->gone ? seq : gone;
			continue;
		}
		if (!any)
			sample(arq, s, ack, seq == top, now);
		arrived(arq, s, before, now, out);
		any = true;
	}
	arq->gone = arq->gone > top ? arq->gone : gone;
	if (any) {
		arq->acked = true;
		arq->probes = 0;
	}
	forgive(arq, now);
	advance_tail(arq);
	detect(arq, now, out);
	return 0;
}

/* RFC 9002 section 6.2: the newest that is under way, to draw an answer. */
static void probe(struct spw_arq *arq, __u64 now, struct spw_arq_out *out)
{
	__u64 seq;

	for (seq = arq->head; seq > arq->tail && out->n < SPW_ARQ_OUT; seq--) {
		if (!under_way(arq, seq - 1))
			continue;
		again(arq, slot_of(arq, seq - 1), SPW_ARQ_OLD, now, out);
		break;
	}
	out->probes++;
	arq->probes++;
	arq->eliciting_at = now;
}

/* Too old to be sent again: it is remembered for its round trip, its packet not. */
static void expire(struct spw_arq *arq, __u64 now, struct spw_arq_out *out)
{
	while (arq->tail < arq->head) {
		struct spw_arq_sent *s = slot_of(arq, arq->tail);

		if (under_way(arq, arq->tail)) {
			if (now - s->first < memory(arq, s))
				break;
			remember(arq, s, SPW_ARQ_OLD);
			/* Of what was sent again, nobody knows yet. */
			if (!s->tries) {
				out->late++;
				/* Nothing from then on: is it the size? */
				if (s->at > arq->newest_at)
					out->silent = umax(out->silent, s->len);
			}
			release(arq, s, out);
		}
		arq->tail++;
	}
}

/**
 * spw_arq_timer() - time has passed
 * @arq: sender
 * @now: ns
 * @out: receives what is to be done
 */
void spw_arq_timer(struct spw_arq *arq, __u64 now, struct spw_arq_out *out)
{
	if (!arq->ring)
		return;
	detect(arq, now, out);
	expire(arq, now, out);
	if (arq->tail < arq->head && arq->probes < SPW_ARQ_PROBES &&
	    now - arq->eliciting_at >= probe_delay(arq))
		probe(arq, now, out);
	advance_tail(arq);
}

/**
 * spw_arq_next() - when spw_arq_timer() is to be called
 * @arq: sender
 *
 * Return: ns, or 0 where nothing is under way.
 */
__u64 spw_arq_next(const struct spw_arq *arq)
{
	const struct spw_arq_sent *s;
	__u64 next;

	if (!arq->ring || arq->tail == arq->head)
		return 0;
	s = slot_of(arq, arq->tail);
	next = s->first + memory(arq, s);
	if (arq->probes < SPW_ARQ_PROBES)
		next = umin(next, arq->eliciting_at + probe_delay(arq));
	/* What detect() would look at, or the timer would run for nothing. */
	if (arq->acked && arq->tail < arq->newest && s->at <= arq->newest_at)
		next = umin(next, s->at + loss_delay(arq));
	return next;
}

/**
 * spw_arq_soonest() - what is sent now has no deadline before
 * @arq: sender
 * @now: ns
 *
 * Return: ns.
 */
__u64 spw_arq_soonest(const struct spw_arq *arq, __u64 now)
{
	return now + umin(deadline(arq), probe_delay(arq));
}

/**
 * spw_arq_drop_all() - nothing is under way any more
 * @arq: sender
 * @out: receives all packets
 */
void spw_arq_drop_all(struct spw_arq *arq, struct spw_arq_out *out)
{
	__u64 seq;

	if (!arq->ring)
		return;
	for (seq = 0; seq < SPW_ARQ_RING; seq++) {
		struct spw_arq_sent *s = &arq->ring[seq];

		if (s->packet)
			release(arq, s, out);
		s->gone = SPW_ARQ_HERE;
	}
	arq->tail = arq->head;
	arq->gone = arq->head;
}
