// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control messages, the sender's part: loss detection, congestion control and flow
 * control of one stream of chunks. Pure steps: the time comes in as an argument, what is
 * to be sent goes out in struct spw_control_out.
 *
 * Nothing is ever given up here: a chunk is sent until it is acknowledged, the intervals
 * doubling while nothing is. Whoever holds the stream ends it when the peer is down.
 *
 * A chunk keeps its number when it is sent again (packet numbers are the tunnel's). Which
 * sending has arrived, an acknowledgment tells of the newest chunk alone; of others it
 * is ambiguous: what came sooner than any round trip is taken for the sending before (RFC
 * 8985 section 6.2, step 2). Round-trip times are those of chunks sent once (Karn).
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "control_stream.h"

#define MS		1000000ULL
#define RTT_FIRST	(333 * MS)	/* RFC 9002 section 6.2.2 */
#define GRANULARITY	MS
#define PROBE_MAX	(2000 * MS)	/* between two probes */
#define DELAY_MAX	(1000 * MS)	/* of an acknowledgment that gives a sample */
#define REORDER_MIN	(MS / 4)
#define STEPS_MAX	16
#define STEPS_LIFE	(4000 * MS)
#define PERSISTENT	3		/* RFC 9002 section 7.6.1 */

static __u64 umax(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

static __u64 umin(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static struct spw_control_sent *slot_of(const struct spw_control_tx *tx, __u64 seq)
{
	return &tx->ring[seq % SPW_CONTROL_WINDOW];
}

/**
 * spw_control_tx_init() - a new stream
 * @tx: of any content
 * @ring: room for %SPW_CONTROL_WINDOW chunks
 * @rtt: round-trip time known from elsewhere (ns), 0 if unknown
 * @now: ns
 */
void spw_control_tx_init(struct spw_control_tx *tx, struct spw_control_sent *ring,
			 __u64 rtt, __u64 now)
{
	memset(tx, 0, sizeof(*tx));
	tx->ring = ring;
	tx->limit = SPW_CONTROL_WINDOW;
	tx->cwnd = SPW_CONTROL_CWND_FIRST;
	tx->ssthresh = ~0ULL;
	tx->gap_from = now;
	if (rtt)
		spw_rtt_sample(&tx->rtt, rtt, now);
}

/* RFC 9002 section 6.2.1. */
static __u64 probe_base(const struct spw_control_tx *tx)
{
	__u64 srtt = tx->rtt.smoothed ?: RTT_FIRST;
	__u64 var = tx->rtt.smoothed ? tx->rtt.var : RTT_FIRST / 2;

	return srtt + umax(4 * var, GRANULARITY) + SPW_ACK_DELAY_US * 1000ULL;
}

/**
 * spw_control_tx_attempt() - how often was a chunk sent before the last time?
 * @tx: stream
 * @seq: of a chunk that was sent
 *
 * Return: &spw_chunk_head.attempt of it.
 */
__u16 spw_control_tx_attempt(const struct spw_control_tx *tx, __u64 seq)
{
	__u32 tries = slot_of(tx, seq)->tries - 1;

	return tries < 65535 ? (__u16)tries : 65535;
}

static __u64 probe_delay(const struct spw_control_tx *tx)
{
	__u32 shift = tx->probes < 16 ? tx->probes : 16;

	return umin(probe_base(tx) << shift, umax(PROBE_MAX, probe_base(tx)));
}

/* RFC 8985 section 6.2.4: a quarter of the least round trip, times the mistakes. */
static __u64 loss_delay(const struct spw_control_tx *tx)
{
	__u64 window = umin(umax(tx->rtt.min / 4 * (tx->steps + 1), REORDER_MIN),
			    umax(tx->rtt.smoothed, REORDER_MIN));

	return umax(tx->rtt.smoothed, tx->rtt.latest) + window;
}

/**
 * spw_control_tx_wants() - is a further chunk of use now?
 * @tx: stream
 *
 * Chunks are cut shortly before they are sent, since their size is the path's of then.
 */
bool spw_control_tx_wants(const struct spw_control_tx *tx)
{
	return tx->next - tx->una < SPW_CONTROL_WINDOW &&
	       tx->next - tx->fresh < SPW_CONTROL_BURST;
}

/**
 * spw_control_tx_add() - one more chunk
 * @tx: stream that wants it
 * @len: bytes, its headers included
 *
 * Return: its number.
 */
__u64 spw_control_tx_add(struct spw_control_tx *tx, __u32 len)
{
	*slot_of(tx, tx->next) = (struct spw_control_sent){ .len = len };
	return tx->next++;
}

/* RFC 9002 section 7.3.2: once for all that was sent before. */
static void congested(struct spw_control_tx *tx, __u64 sent_at, __u64 now,
		      struct spw_control_out *out)
{
	if (tx->recovery && sent_at <= tx->recovery)
		return;
	tx->recovery = now;
	tx->ssthresh = umax(tx->cwnd / 2, SPW_CONTROL_CWND_MIN);
	tx->cwnd = tx->ssthresh;
	out->halved++;
}

/* RFC 9002 sections 7.3.1, 7.3.3 and 7.8. */
static void grow(struct spw_control_tx *tx, const struct spw_control_sent *s)
{
	if (!tx->limited || (tx->recovery && s->at <= tx->recovery))
		return;
	if (tx->cwnd < tx->ssthresh)
		tx->cwnd += s->len;
	else
		tx->cwnd += umax((__u64)SPW_CONTROL_UNIT * s->len / tx->cwnd, 1);
	tx->cwnd = umin(tx->cwnd, SPW_CONTROL_CWND_MAX);
}

/*
 * What was sent from @from to @to is lost: is that a gap in which nothing arrived? What
 * was sent before the gap may have arrived, but then probes inside it have not.
 */
static void gone(struct spw_control_tx *tx, __u64 from, __u64 to)
{
	if (from <= tx->gap_from)
		from = tx->probed_at;
	if (from <= tx->gap_from || from > to || to >= tx->gap_to)
		return;
	if (!tx->gone_from || from < tx->gone_from)
		tx->gone_from = from;
	tx->gone_to = umax(tx->gone_to, to);
}

/* RFC 9002 section 7.6: nothing got through for three probe time-outs. */
static void judge_gap(struct spw_control_tx *tx, struct spw_control_out *out)
{
	if (!tx->gone_from ||
	    tx->gone_to - tx->gone_from < PERSISTENT * probe_base(tx))
		return;
	tx->gone_from = 0;
	tx->gone_to = 0;
	tx->cwnd = SPW_CONTROL_CWND_MIN;
	tx->recovery = 0;
	out->collapsed++;
}

static void lose(struct spw_control_tx *tx, struct spw_control_sent *s, __u64 now,
		 struct spw_control_out *out)
{
	s->state = SPW_CONTROL_WAITS;
	s->lost = true;
	tx->flying -= s->len;
	tx->lost++;
	out->lost++;
	congested(tx, s->at, now, out);
	gone(tx, s->since, s->at);
	s->since = 0;
}

/*
 * As RACK_sent_after() of RFC 8985 section 6.2: the numbers tell of those that were sent at
 * one time. The last of a burst may only not have been acknowledged yet.
 */
static bool is_after_newest(const struct spw_control_tx *tx,
			    const struct spw_control_sent *s, __u64 seq)
{
	return s->at > tx->newest_at || (s->at == tx->newest_at && seq > tx->newest);
}

static bool is_lost(const struct spw_control_tx *tx, const struct spw_control_sent *s,
		    __u64 seq, __u64 now)
{
	if (is_after_newest(tx, s, seq))
		return false;
	if (now - s->at >= loss_delay(tx))
		return true;
	/* Of what was sent once, the numbers tell the order in which it was sent. */
	return !tx->reordered && s->tries == 1 && seq + SPW_CONTROL_DUPS <= tx->newest;
}

static void detect(struct spw_control_tx *tx, __u64 now, struct spw_control_out *out)
{
	__u64 seq;

	if (!tx->acked || !tx->flying)
		return;
	for (seq = tx->una; seq < tx->fresh; seq++) {
		struct spw_control_sent *s = slot_of(tx, seq);

		if (s->state == SPW_CONTROL_FLIES && is_lost(tx, s, seq, now))
			lose(tx, s, now, out);
	}
	judge_gap(tx, out);
}

/* It was not lost, only late: the next must be waited for longer. */
static void mistaken(struct spw_control_tx *tx, __u64 now, struct spw_control_out *out)
{
	out->spurious++;
	tx->reordered = true;
	if (now - tx->steps_at < tx->rtt.smoothed || tx->steps >= STEPS_MAX)
		return;
	tx->steps++;
	tx->steps_at = now;
}

static void forgive(struct spw_control_tx *tx, __u64 now)
{
	if (!tx->steps || now - tx->steps_at < STEPS_LIFE)
		return;
	tx->steps--;
	tx->steps_at = now;
}

/* Is it an earlier sending that has arrived? */
static bool earlier(const struct spw_control_tx *tx, const struct spw_control_ack *ack,
		    __u64 seq, __u64 now)
{
	const struct spw_control_sent *s = slot_of(tx, seq);

	if (s->state == SPW_CONTROL_WAITS || s->tries == 1)
		return s->state == SPW_CONTROL_WAITS;
	if (seq == ack->newest)
		return ack->attempt != spw_control_tx_attempt(tx, seq);
	/* By more than a delay can be rounded. */
	return now - s->at < tx->rtt.min / 8 * 7;
}

static void arrived(struct spw_control_tx *tx, const struct spw_control_ack *ack,
		    __u64 seq, __u64 newest, __u64 now, struct spw_control_out *out)
{
	struct spw_control_sent *s = slot_of(tx, seq);

	if (s->state == SPW_CONTROL_WAITS)
		tx->lost--;
	else
		tx->flying -= s->len;
	if (earlier(tx, ack, seq, now)) {
		if (s->lost)
			mistaken(tx, now, out);
	} else {
		/* A probe's answer: what was sent before it is lost. */
		if (s->tries > 1 && s->since && s->since < s->at) {
			congested(tx, s->before, now, out);
			gone(tx, s->since, s->before);
		}
		if (s->tries == 1 && tx->acked && seq < newest)
			tx->reordered = true;
		tx->newest_at = umax(tx->newest_at, s->at);
		tx->newest = umax(tx->newest, seq);
		grow(tx, s);
	}
	s->state = SPW_CONTROL_ARRIVED;
}

static bool has(const struct spw_control_ack *ack, __u64 seq)
{
	__u64 at = seq - ack->next;

	return seq < ack->next ||
	       (at < SPW_CONTROL_WINDOW && ack->bits[at / 64] >> (at % 64) & 1);
}

/* Mostly all came in order, and there is none. */
static bool any_bit(const struct spw_control_ack *ack)
{
	__u64 all = 0;
	int i;

	for (i = 0; i < SPW_CONTROL_WORDS; i++)
		all |= ack->bits[i];
	return all;
}

/* Does it tell of what was never sent, or of a window that there cannot be? */
static bool is_false(const struct spw_control_tx *tx, const struct spw_control_ack *ack)
{
	__u64 seq;

	if (ack->next > tx->fresh || ack->limit < ack->next ||
	    ack->limit - ack->next > SPW_CONTROL_WINDOW)
		return true;
	if (!any_bit(ack))
		return false;
	for (seq = umax(tx->fresh, ack->next); seq < ack->next + SPW_CONTROL_WINDOW; seq++)
		if (has(ack, seq))
			return true;
	return false;
}

/* What was sent beyond the limit to ask for a wider one was not lost on the way. */
static void widen(struct spw_control_tx *tx, const struct spw_control_ack *ack)
{
	__u64 seq;

	if (ack->limit <= tx->limit)
		return;
	for (seq = umax(tx->limit, tx->una); seq < tx->fresh; seq++) {
		struct spw_control_sent *s = slot_of(tx, seq);

		if (s->state != SPW_CONTROL_FLIES || has(ack, seq))
			continue;
		s->state = SPW_CONTROL_WAITS;
		s->since = 0;
		tx->flying -= s->len;
		tx->lost++;
	}
	tx->limit = ack->limit;
	tx->probes = 0;
}

/* The gap before the last sending that has arrived: from the last before it that has. */
static void find_gap(struct spw_control_tx *tx, const struct spw_control_ack *ack,
		     __u64 now)
{
	__u64 seq, last = tx->newest_at, before = tx->acked ? last : tx->gap_from;

	for (seq = tx->una; seq < tx->fresh; seq++) {
		const struct spw_control_sent *s = slot_of(tx, seq);

		if (s->state != SPW_CONTROL_FLIES || !has(ack, seq) ||
		    earlier(tx, ack, seq, now) || s->at == last)
			continue;
		if (s->at > last) {
			before = umax(before, last);
			last = s->at;
		} else {
			before = umax(before, s->at);
		}
	}
	if (last == tx->newest_at)
		return;
	tx->gap_from = before;
	tx->gap_to = last;
	tx->gone_from = 0;
	tx->gone_to = 0;
}

/* Of a chunk that was sent once, and whose coming made the far end speak. */
static void sample(struct spw_control_tx *tx, const struct spw_control_ack *ack, __u64 now)
{
	const struct spw_control_sent *s = slot_of(tx, ack->newest);
	__u64 rtt = now - s->at, delay = ack->delay_us * 1000ULL;

	if (ack->newest < tx->una || ack->newest >= tx->fresh || s->tries != 1 ||
	    s->state == SPW_CONTROL_ARRIVED || !has(ack, ack->newest) ||
	    delay > DELAY_MAX)
		return;
	/* A delay that would go below the least seen is not believed (RFC 9002, 5.3) */
	if (rtt > delay && rtt - delay >= tx->rtt.min)
		rtt -= delay;
	spw_rtt_sample(&tx->rtt, rtt, now);
}

/**
 * spw_control_tx_ack() - the far end tells what it has
 * @tx: stream
 * @ack: authenticated and of this stream, but of any content
 * @now: ns
 * @out: receives what was found
 *
 * spw_control_tx_step() is to follow. What is below &spw_control_tx.una is done with.
 *
 * Return: 0, or -EPROTO where it tells of what was never sent; nothing changed then.
 */
int spw_control_tx_ack(struct spw_control_tx *tx, const struct spw_control_ack *ack,
		       __u64 now, struct spw_control_out *out)
{
	__u64 newest = tx->newest, seq;
	bool any = false;

	if (is_false(tx, ack))
		return -EPROTO;
	sample(tx, ack, now);
	widen(tx, ack);
	find_gap(tx, ack, now);
	for (seq = tx->una; seq < tx->fresh; seq++) {
		if (slot_of(tx, seq)->state == SPW_CONTROL_ARRIVED || !has(ack, seq))
			continue;
		arrived(tx, ack, seq, newest, now, out);
		any = true;
	}
	tx->una = umax(tx->una, ack->next);
	if (any) {
		tx->acked = true;
		tx->probes = 0;
	}
	forgive(tx, now);
	detect(tx, now, out);
	judge_gap(tx, out);
	return 0;
}

/* The first that waits: what was lost before what is new. */
static __u64 first_waiting(const struct spw_control_tx *tx)
{
	__u64 seq;

	if (!tx->lost)
		return tx->fresh;
	for (seq = tx->una; seq < tx->fresh; seq++)
		if (slot_of(tx, seq)->state == SPW_CONTROL_WAITS)
			return seq;
	return tx->fresh;
}

static void send(struct spw_control_tx *tx, __u64 seq, __u64 now,
		 struct spw_control_out *out)
{
	struct spw_control_sent *s = slot_of(tx, seq);

	if (s->state == SPW_CONTROL_WAITS) {
		tx->flying += s->len;
		if (seq == tx->fresh)
			tx->fresh++;
		else
			tx->lost--;
	}
	s->state = SPW_CONTROL_FLIES;
	s->before = s->at;
	s->at = now;
	if (!s->since) {
		s->since = now;
		s->lost = s->tries;
	} else {
		s->lost = false;
	}
	out->again += !!s->tries;
	s->tries++;
	tx->sent_at = now;
	out->seq[out->n++] = seq;
}

/* Nothing can be sent, but there is something: the window is closed. */
static bool blocked(const struct spw_control_tx *tx)
{
	return !tx->flying && first_waiting(tx) < tx->next &&
	       first_waiting(tx) >= tx->limit;
}

/* RFC 9002 section 6.2.4, and RFC 9293 section 3.8.6.1 where the window is closed. */
static void probe(struct spw_control_tx *tx, __u64 now, struct spw_control_out *out)
{
	__u64 seq;

	for (seq = tx->una; seq < tx->fresh; seq++)
		if (slot_of(tx, seq)->state == SPW_CONTROL_FLIES)
			break;
	if (seq == tx->fresh)
		seq = first_waiting(tx);
	if (!tx->probes)
		tx->probed_at = now;
	send(tx, seq, now, out);
	out->probes++;
	tx->probes++;
}

/* RFC 9002 section 7.7: a burst, then the time that the window has for it. */
static void pace(struct spw_control_tx *tx, __u64 bytes, __u64 now)
{
	__u64 part = bytes * (1 << 16) / tx->cwnd;

	if (tx->rtt.smoothed)
		tx->pace_at = now + (tx->rtt.smoothed * 4 / 5 * part >> 16);
}

static void fill_window(struct spw_control_tx *tx, __u64 now, struct spw_control_out *out)
{
	__u64 seq, bytes = 0;

	tx->limited = false;
	while (out->n < SPW_CONTROL_BURST) {
		seq = first_waiting(tx);
		if (seq == tx->next || seq >= tx->limit)
			break;
		if (tx->flying + slot_of(tx, seq)->len > tx->cwnd || now < tx->pace_at) {
			tx->limited = true;
			break;
		}
		bytes += slot_of(tx, seq)->len;
		send(tx, seq, now, out);
	}
	if (out->n == SPW_CONTROL_BURST)
		tx->limited = true;
	if (bytes)
		pace(tx, bytes, now);
}

/**
 * spw_control_tx_step() - time has passed, or there is more to be sent
 * @tx: stream
 * @now: ns
 * @out: receives what is to be sent, and what was found
 */
void spw_control_tx_step(struct spw_control_tx *tx, __u64 now,
			 struct spw_control_out *out)
{
	detect(tx, now, out);
	if ((tx->flying || blocked(tx)) && now - tx->sent_at >= probe_delay(tx))
		probe(tx, now, out);
	fill_window(tx, now, out);
}

/* When the first of those on their way would be declared lost; 0: none. */
static __u64 loss_due(const struct spw_control_tx *tx)
{
	__u64 seq, first = 0;

	if (!tx->acked || !tx->flying)
		return 0;
	for (seq = tx->una; seq < tx->fresh; seq++) {
		const struct spw_control_sent *s = slot_of(tx, seq);

		if (s->state == SPW_CONTROL_FLIES && !is_after_newest(tx, s, seq) &&
		    (!first || s->at < first))
			first = s->at;
	}
	return first ? first + loss_delay(tx) : 0;
}

/**
 * spw_control_tx_due() - when spw_control_tx_step() is to be called
 * @tx: stream
 *
 * Return: ns, in the past for now, or 0 where nothing is to be done.
 */
__u64 spw_control_tx_due(const struct spw_control_tx *tx)
{
	__u64 due = loss_due(tx), seq = first_waiting(tx), at;

	if (tx->flying || blocked(tx)) {
		at = tx->sent_at + probe_delay(tx);
		due = due ? umin(due, at) : at;
	}
	if (seq < tx->next && seq < tx->limit &&
	    tx->flying + slot_of(tx, seq)->len <= tx->cwnd) {
		at = umax(tx->pace_at, 1);
		due = due ? umin(due, at) : at;
	}
	return due;
}
