// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control messages, from the module's own sources, over a path of which every delay,
 * loss, copy and change of order is known.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control_stream.h"

#include "kselftest_harness.h"

#define US     1000ULL
#define MS     1000000ULL
#define SEC    1000000000ULL
#define EVENTS 8192

struct event {
	uint64_t at;
	uint64_t order; /* of those at one time */
	bool is_ack;
	struct spw_chunk_head head;
	uint32_t len;
	struct spw_control_ack ack;
};

/* A sender with bytes to send, a receiver, and what is on its way between them. */
struct path {
	struct spw_control_sent ring[SPW_CONTROL_WINDOW];
	struct spw_chunk_head heads[SPW_CONTROL_WINDOW];
	uint32_t lens[SPW_CONTROL_WINDOW];
	struct spw_control_tx tx;
	struct spw_control_rx rx;
	uint64_t now;

	uint64_t delay;     /* one way, ns */
	uint64_t rate;      /* bytes a second, 0: any */
	uint64_t room;      /* queue before that, ns of waiting */
	double loss;        /* of chunks */
	double ack_loss;    /* of acknowledgments */
	double reorder;     /* of chunks, that come later by */
	uint64_t late_by;   /* ns */
	double twice;       /* of chunks, that come twice */
	uint64_t dark_from; /* nothing gets through */
	uint64_t dark_to;
	uint64_t take_every; /* the consumer's time for a chunk, ns */

	const uint8_t *bytes; /* of the messages, one behind the other */
	uint32_t length;      /* of each message */
	uint32_t messages;
	uint32_t cut_messages;
	uint32_t cut;

	uint64_t free_at; /* when the bottleneck is idle */
	struct event *events;
	size_t count;
	uint64_t posted;

	struct event held[SPW_CONTROL_WINDOW];
	struct event *inbox; /* in order, not taken yet */
	size_t inbox_head, inbox_tail;
	uint64_t taken_at;
	struct spw_control_message joining;
	uint8_t *got;
	uint32_t got_messages;
	uint64_t expected; /* chunk */

	uint64_t sent_chunks, sent_bytes, acks, max_flying, duplicates, beyond, dropped, taken;
	uint64_t done_at;
	uint32_t disorder, wrong;
	struct spw_control_out total;
};

static double chance(void)
{
	return drand48();
}

static struct path *path_new(uint64_t delay, uint32_t messages, uint32_t length)
{
	struct path *p = calloc(1, sizeof(*p));
	uint8_t *bytes = malloc((size_t)messages * length + 1);

	srand48(11);
	for (size_t i = 0; i < (size_t)messages * length; i++)
		bytes[i] = (uint8_t)lrand48();
	p->events = calloc(EVENTS, sizeof(*p->events));
	p->inbox = calloc(EVENTS, sizeof(*p->inbox));
	p->got = calloc(1, (size_t)messages * length + 1);
	p->bytes = bytes;
	p->messages = messages;
	p->length = length;
	p->now = 5 * SEC;
	p->delay = delay;
	p->rx.self = 0;
	spw_control_tx_init(&p->tx, p->ring, 0, p->now);
	spw_control_rx_meet(&p->rx, 2, 1);
	return p;
}

static void path_free(struct path *p)
{
	free((void *)p->bytes);
	free(p->events);
	free(p->inbox);
	free(p->got);
	free(p);
}

static void post(struct path *p, const struct event *e, uint64_t at)
{
	if (p->count == EVENTS)
		abort();
	p->events[p->count] = *e;
	p->events[p->count].at = at;
	p->events[p->count++].order = p->posted++;
}

static bool dark(const struct path *p)
{
	return p->now >= p->dark_from && p->now < p->dark_to;
}

static void transmit(struct path *p, uint64_t seq)
{
	uint32_t slot = seq % SPW_CONTROL_WINDOW;
	struct event e = { .head = p->heads[slot], .len = p->lens[slot] };
	uint64_t at = p->now, bytes = e.len + SPW_LEN_CONTROL;

	e.head.attempt = spw_control_tx_attempt(&p->tx, seq);
	p->sent_chunks++;
	p->sent_bytes += bytes;
	if (p->rate) {
		if (p->free_at > p->now + p->room) {
			p->dropped++;
			return;
		}
		p->free_at = (p->free_at > at ? p->free_at : at) + bytes * SEC / p->rate;
		at = p->free_at;
	}
	if (dark(p) || chance() < p->loss)
		return;
	at += p->delay;
	if (chance() < p->twice)
		post(p, &e, at + p->delay / 2);
	post(p, &e, at + (chance() < p->reorder ? p->late_by : 0));
}

static void cut(struct path *p)
{
	while (spw_control_tx_wants(&p->tx) && p->cut_messages < p->messages) {
		uint32_t left = p->length - p->cut;
		uint32_t len = left < SPW_CONTROL_CHUNK ? left : SPW_CONTROL_CHUNK;
		uint64_t seq = spw_control_tx_add(&p->tx, len + SPW_LEN_CONTROL);

		p->heads[seq % SPW_CONTROL_WINDOW] = (struct spw_chunk_head){
			.from = 1,
			.to = 2,
			.stream = 1,
			.type = 9,
			.seq = seq,
			.length = p->length,
			.offset = p->cut,
		};
		p->lens[seq % SPW_CONTROL_WINDOW] = len;
		p->cut += len;
		if (p->cut == p->length) {
			p->cut = 0;
			p->cut_messages++;
		}
	}
}

static void note(struct path *p, const struct spw_control_out *out)
{
	p->total.lost += out->lost;
	p->total.spurious += out->spurious;
	p->total.again += out->again;
	p->total.probes += out->probes;
	p->total.halved += out->halved;
	p->total.collapsed += out->collapsed;
}

/* What holds at any time. */
static void check(struct path *p)
{
	uint64_t flying = 0;

	for (uint64_t seq = p->tx.una; seq < p->tx.fresh; seq++)
		if (p->ring[seq % SPW_CONTROL_WINDOW].state == SPW_CONTROL_FLIES)
			flying += p->ring[seq % SPW_CONTROL_WINDOW].len;
	p->wrong += flying != p->tx.flying;
	p->wrong += p->tx.cwnd < SPW_CONTROL_CWND_MIN || p->tx.cwnd > SPW_CONTROL_CWND_MAX;
	p->wrong += p->tx.next - p->tx.una > SPW_CONTROL_WINDOW;
	p->wrong += p->tx.una > p->tx.fresh || p->tx.fresh > p->tx.next;
	p->wrong += p->rx.waiting > SPW_CONTROL_WINDOW;
	if (flying > p->max_flying)
		p->max_flying = flying;
}

static void step(struct path *p)
{
	struct spw_control_out out = { .n = 0 };
	uint64_t flying = p->tx.flying;

	cut(p);
	spw_control_tx_step(&p->tx, p->now, &out);
	/* A probe alone may go beyond the congestion window. */
	if (p->tx.flying > flying && !out.probes)
		p->wrong += p->tx.flying > p->tx.cwnd;
	p->wrong += out.n > SPW_CONTROL_BURST;
	note(p, &out);
	for (uint32_t i = 0; i < out.n; i++)
		transmit(p, out.seq[i]);
	cut(p);
	check(p);
}

static void take_one(struct path *p)
{
	struct event *e = &p->inbox[p->inbox_head++ % EVENTS];
	const uint8_t *from = p->bytes + (size_t)p->got_messages * p->length + e->head.offset;
	uint8_t *to = p->got + (size_t)p->got_messages * p->length + e->head.offset;

	p->disorder += e->head.seq != p->expected;
	p->expected++;
	memcpy(to, from, e->len);
	switch (spw_control_rx_join(&p->joining, &e->head, e->len)) {
	case SPW_CONTROL_WHOLE:
		p->got_messages++;
		p->done_at = p->now;
		break;
	case SPW_CONTROL_MORE:
		break;
	default:
		p->wrong++;
	}
	p->taken++;
	spw_control_rx_taken(&p->rx, p->now);
}

static void take(struct path *p)
{
	while (p->inbox_head < p->inbox_tail &&
	       (!p->take_every || p->now >= p->taken_at + p->take_every)) {
		p->taken_at = p->now;
		take_one(p);
	}
}

static void acknowledge(struct path *p)
{
	uint64_t due = spw_control_rx_due(&p->rx);
	struct event e = { .is_ack = true };

	if (!due || due > p->now)
		return;
	spw_control_rx_tell(&p->rx, p->now, &e.ack);
	p->acks++;
	if (!dark(p) && chance() >= p->ack_loss)
		post(p, &e, p->now + p->delay);
}

static void arrive_chunk(struct path *p, const struct event *e)
{
	uint32_t run;

	if (!spw_control_rx_admit(&p->rx, &e->head)) {
		p->wrong++;
		return;
	}
	switch (spw_control_rx_judge(&p->rx, e->head.seq, p->now)) {
	case SPW_CONTROL_DUPLICATE:
		p->duplicates++;
		return;
	case SPW_CONTROL_BEYOND:
		p->beyond++;
		return;
	default:
		break;
	}
	p->held[e->head.seq % SPW_CONTROL_WINDOW] = *e;
	run = spw_control_rx_take(&p->rx, &e->head, p->now);
	for (uint64_t seq = p->rx.next - run; seq < p->rx.next; seq++) {
		p->inbox[p->inbox_tail++ % EVENTS] = p->held[seq % SPW_CONTROL_WINDOW];
		p->wrong += p->inbox_tail - p->inbox_head > SPW_CONTROL_WINDOW;
	}
}

static void arrive_ack(struct path *p, const struct event *e)
{
	struct spw_control_out out = { .n = 0 };

	p->wrong += spw_control_tx_ack(&p->tx, &e->ack, p->now, &out) != 0;
	note(p, &out);
	step(p);
}

static void sooner(uint64_t *when, uint64_t at)
{
	if (at && at < *when)
		*when = at;
}

static bool done(const struct path *p)
{
	return p->got_messages == p->messages && p->tx.una == p->tx.next;
}

/* Until all has arrived and is acknowledged, or @end. */
static void run(struct path *p, uint64_t end)
{
	step(p);
	while (!done(p)) {
		uint64_t when = UINT64_MAX, take_at = 0;
		size_t best = p->count;

		for (size_t i = 0; i < p->count; i++) {
			const struct event *e = &p->events[i];

			if (e->at < when || (e->at == when && e->order < p->events[best].order)) {
				when = e->at;
				best = i;
			}
		}
		if (p->inbox_head < p->inbox_tail)
			take_at = p->taken_at + p->take_every;
		sooner(&when, take_at);
		sooner(&when, spw_control_rx_due(&p->rx));
		sooner(&when, spw_control_tx_due(&p->tx));
		if (when > end)
			break;
		if (when > p->now)
			p->now = when;
		if (best < p->count && p->events[best].at <= p->now) {
			struct event e = p->events[best];

			p->events[best] = p->events[--p->count];
			if (e.is_ack)
				arrive_ack(p, &e);
			else
				arrive_chunk(p, &e);
		}
		take(p);
		acknowledge(p);
		if (spw_control_tx_due(&p->tx) && spw_control_tx_due(&p->tx) <= p->now)
			step(p);
		check(p);
	}
	if (p->now < end && !done(p))
		p->now = end;
}

#define EXPECT_WHOLE(p)                                                                         \
	do {                                                                                    \
		EXPECT_EQ((p)->messages, (p)->got_messages);                                    \
		EXPECT_EQ(0, (p)->disorder);                                                    \
		EXPECT_EQ(0, (p)->wrong);                                                       \
		EXPECT_EQ(0, memcmp((p)->bytes, (p)->got, (size_t)(p)->messages *(p)->length)); \
		EXPECT_EQ((p)->tx.next, (p)->taken);                                            \
		EXPECT_EQ(0, (p)->tx.flying);                                                   \
		EXPECT_EQ(0, spw_control_tx_due(&(p)->tx));                                     \
	} while (0)

TEST(without_loss_a_message_takes_the_paths_rate)
{
	struct path *p = path_new(5 * MS, 1, 10 << 20);
	uint64_t began = p->now, took;

	p->rate = 12500000; /* 100 Mbit/s */
	p->room = 20 * MS;
	run(p, p->now + 60 * SEC);
	EXPECT_WHOLE(p);
	took = p->done_at - began;
	/* 10 MB at 12.5 MB/s is 0.84 s; slow start and the headers beside it. */
	EXPECT_LT(took, 1050 * MS);
	TH_LOG("10 MB took %llu ms of at least 839, %llu chunks sent again, cwnd %llu",
	       (unsigned long long)(took / MS), (unsigned long long)p->total.again,
	       (unsigned long long)p->tx.cwnd);
	EXPECT_GE(p->tx.rtt.min, 10 * MS);
	/* Each second chunk is acknowledged, not more. */
	EXPECT_LT(p->acks, p->sent_chunks / 2 + p->sent_chunks / 20 + 20);
	path_free(p);
}

TEST(a_window_on_a_path_of_any_rate_is_never_sent_again)
{
	struct path *p = path_new(500 * US, 20, 100000);

	run(p, p->now + 60 * SEC);
	EXPECT_WHOLE(p);
	EXPECT_EQ(0, p->total.again);
	EXPECT_EQ(0, p->total.halved);
	EXPECT_EQ(0, p->duplicates);
	path_free(p);
}

TEST(the_last_of_a_burst_is_not_lost_because_it_is_told_of_later)
{
	struct path *p = path_new(15 * US, 3, 1000);

	run(p, p->now + SEC);
	EXPECT_WHOLE(p);
	EXPECT_EQ(0, p->total.lost);
	path_free(p);
}

TEST(exactly_once_and_in_order_whatever_the_path_does)
{
	static const struct {
		double loss, ack_loss, reorder, twice;
		uint64_t delay, late_by;
	} paths[] = {
		{ 0.01, 0, 0, 0, 500 * US, 0 },        { 0.10, 0.10, 0, 0, 10 * MS, 0 },
		{ 0.30, 0.30, 0, 0, 5 * MS, 0 },       { 0, 0, 0.25, 0, 5 * MS, 3 * MS },
		{ 0, 0.6, 0, 0, 5 * MS, 0 },           { 0.05, 0.05, 0.25, 0.1, 50 * MS, 20 * MS },
		{ 0, 0, 0, 0.5, 1 * MS, 0 },           { 0.30, 0.30, 0.5, 0.3, 20 * MS, 60 * MS },
		{ 0.1, 0, 0.9, 0, 100 * US, 50 * US },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct path *p = path_new(paths[i].delay, 7, 150001);

		p->loss = paths[i].loss;
		p->ack_loss = paths[i].ack_loss;
		p->reorder = paths[i].reorder;
		p->late_by = paths[i].late_by;
		p->twice = paths[i].twice;
		run(p, p->now + 3600 * SEC);
		EXPECT_WHOLE(p);
		TH_LOG("%zu: %.0f ms, %u lost, %u spurious, %u probes, %u again of %llu", i,
		       (double)(p->done_at - 5 * SEC) / 1e6, p->total.lost, p->total.spurious,
		       p->total.probes, p->total.again, (unsigned long long)p->sent_chunks);
		path_free(p);
	}
}

TEST(few_are_sent_again_for_nothing)
{
	struct path *p = path_new(5 * MS, 10, 1000000);

	/* Order is learned: no more than mistakes at first. */
	p->reorder = 0.25;
	p->late_by = 3 * MS;
	run(p, p->now + 600 * SEC);
	EXPECT_WHOLE(p);
	EXPECT_LT(p->total.again * 50, p->sent_chunks);
	path_free(p);

	p = path_new(5 * MS, 10, 1000000);
	p->loss = 0.02;
	run(p, p->now + 600 * SEC);
	EXPECT_WHOLE(p);
	EXPECT_LT(p->duplicates * 200, p->sent_chunks);
	path_free(p);
}

TEST(an_outage_is_waited_out)
{
	static const uint64_t lengths[] = { 50 * MS, 1 * SEC, 30 * SEC, 600 * SEC };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct path *p = path_new(10 * MS, 1, 3 << 20);
		uint64_t sent;

		p->rate = 5000000;
		p->room = 50 * MS;
		p->dark_from = p->now + 300 * MS;
		p->dark_to = p->dark_from + lengths[i];
		run(p, p->dark_from + 40 * MS);
		sent = p->sent_chunks;
		run(p, p->dark_to);
		/* Intervals double, up to two seconds. */
		EXPECT_LT(p->sent_chunks - sent, 12 + lengths[i] / (2 * SEC));
		run(p, p->dark_to + 30 * SEC);
		EXPECT_WHOLE(p);
		EXPECT_LT(p->done_at, p->dark_to + 5 * SEC);
		/* RFC 9002 section 7.6: an outage of more than three time-outs. */
		EXPECT_EQ(lengths[i] >= SEC, p->total.collapsed > 0);
		path_free(p);
	}
}

TEST(the_window_is_halved_once_a_round_trip)
{
	struct path *p = path_new(50 * MS, 4, 1 << 20);
	uint64_t cwnd;

	run(p, p->now + 1000 * MS);
	cwnd = p->tx.cwnd;
	ASSERT_GT(cwnd, SPW_CONTROL_CWND_FIRST);
	/* Half of what is sent within a third of a round trip. */
	p->loss = 0.5;
	run(p, p->now + 30 * MS);
	p->loss = 0;
	run(p, p->now + 110 * MS);
	EXPECT_GE(p->total.lost, 5);
	EXPECT_EQ(1, p->total.halved);
	EXPECT_EQ(0, p->total.collapsed);
	EXPECT_GE(p->tx.ssthresh, cwnd / 2);
	EXPECT_LE(p->tx.ssthresh, cwnd * 3 / 4);
	run(p, p->now + 60 * SEC);
	EXPECT_WHOLE(p);
	path_free(p);
}

TEST(a_queue_is_not_overrun_for_long)
{
	struct path *p = path_new(10 * MS, 2, 5 << 20);

	/* 20 Mbit/s with 10 ms of queue: 43 chunks are all that fit. */
	p->rate = 2500000;
	p->room = 10 * MS;
	run(p, p->now + 60 * SEC);
	EXPECT_WHOLE(p);
	EXPECT_GE(p->total.halved, 2);
	EXPECT_LT(p->dropped * 33, p->sent_chunks);
	/* 10 MB at 2.5 MB/s is 4.2 s. */
	EXPECT_LT(p->done_at - 5 * SEC, 5500 * MS);
	path_free(p);
}

TEST(a_slow_consumer_closes_the_window_and_opens_it_again)
{
	struct path *p = path_new(1 * MS, 1, 2 << 20);

	p->take_every = 2 * MS;
	run(p, p->now + 60 * SEC);
	EXPECT_WHOLE(p);
	EXPECT_LE(p->max_flying, SPW_CONTROL_WINDOW * SPW_CONTROL_UNIT);
	/* Its 1820 chunks are taken in 3.6 s, and hardly one is sent twice. */
	EXPECT_LT(p->done_at - 5 * SEC, 3800 * MS);
	EXPECT_LT(p->total.again, 20);
	EXPECT_EQ(0, p->total.halved);
	path_free(p);
}

TEST(a_lost_window_update_is_no_deadlock)
{
	struct path *p = path_new(1 * MS, 1, 2 << 20);

	p->take_every = 600 * SEC;
	run(p, p->now + 5 * SEC);
	EXPECT_EQ(p->tx.limit, p->tx.una);
	EXPECT_GE(p->total.probes, 2);
	EXPECT_LT(p->total.probes, 16);
	EXPECT_EQ(0, p->total.halved);
	/* It takes all now, but says so to nobody. */
	p->ack_loss = 1;
	p->take_every = 0;
	run(p, p->now + 500 * MS);
	p->ack_loss = 0;
	run(p, p->now + 5 * SEC);
	EXPECT_WHOLE(p);
	path_free(p);
}

TEST(rtt_is_that_of_chunks_sent_once)
{
	struct path *p = path_new(20 * MS, 1, 1 << 20);

	p->loss = 0.2;
	run(p, p->now + 600 * SEC);
	EXPECT_WHOLE(p);
	EXPECT_GE(p->tx.rtt.min, 40 * MS);
	EXPECT_LE(p->tx.rtt.smoothed, 44 * MS);
	path_free(p);
}

TEST(what_was_never_sent_cannot_be_acknowledged)
{
	struct path *p = path_new(20 * MS, 1, 100000);
	struct spw_control_out out = { .n = 0 };
	struct spw_control_ack ack = { .limit = SPW_CONTROL_WINDOW };
	struct spw_control_tx before;

	step(p);
	ASSERT_EQ(10, p->tx.fresh);
	before = p->tx;
	ack.next = 11;
	ack.limit = 11 + SPW_CONTROL_WINDOW;
	EXPECT_EQ(-EPROTO, spw_control_tx_ack(&p->tx, &ack, p->now, &out));
	ack = (struct spw_control_ack){ .limit = SPW_CONTROL_WINDOW, .bits = { 1ULL << 10 } };
	EXPECT_EQ(-EPROTO, spw_control_tx_ack(&p->tx, &ack, p->now, &out));
	ack.bits[0] = 0;
	ack.bits[3] = 1ULL << 63;
	EXPECT_EQ(-EPROTO, spw_control_tx_ack(&p->tx, &ack, p->now, &out));
	ack.bits[3] = 0;
	ack.limit++;
	EXPECT_EQ(-EPROTO, spw_control_tx_ack(&p->tx, &ack, p->now, &out));
	EXPECT_EQ(0, memcmp(&before, &p->tx, sizeof(before)));
	ack.limit--;
	ack.bits[0] = 1ULL << 9;
	EXPECT_EQ(0, spw_control_tx_ack(&p->tx, &ack, p->now + 40 * MS, &out));
	/* What an older one says again changes nothing. */
	EXPECT_EQ(0, spw_control_tx_ack(&p->tx, &ack, p->now + 41 * MS, &out));
	path_free(p);
}

TEST(any_acknowledgment_is_survived)
{
	struct path *p = path_new(1 * MS, 50, 50000);
	uint32_t accepted = 0;

	srand48(3);
	for (int i = 0; i < 200000; i++) {
		struct spw_control_out out = { .n = 0 };
		struct spw_control_ack ack = {
			.delay_us = (uint32_t)lrand48(),
			.next = p->tx.una + (uint64_t)(lrand48() % 40) - 10,
			.newest = p->tx.una + (uint64_t)(lrand48() % 300) - 20,
		};

		ack.limit = ack.next + (uint64_t)(lrand48() % 300);
		for (int b = (int)(lrand48() % 9); b; b--)
			ack.bits[0] |= 1ULL << (lrand48() % 64);
		accepted += !spw_control_tx_ack(&p->tx, &ack, p->now, &out);
		p->now += (uint64_t)(lrand48() % 3000000);
		step(p);
		p->count = 0;
	}
	EXPECT_EQ(0, p->wrong);
	EXPECT_GT(accepted, 1000);
	path_free(p);
}

TEST(lives_and_streams)
{
	struct spw_control_rx rx = { .self = 0 };
	struct spw_chunk_head head = { .from = 7, .to = 9, .stream = 1 };

	/* Nobody was heard yet. */
	spw_control_rx_meet(&rx, 9, 0);
	EXPECT_EQ(SPW_CONTROL_STALE, spw_control_rx_admit(&rx, &head));
	head.from = 0;
	EXPECT_EQ(SPW_CONTROL_STALE, spw_control_rx_admit(&rx, &head));
	head.from = 7;
	spw_control_rx_meet(&rx, 9, 7);
	EXPECT_EQ(SPW_CONTROL_NEW, spw_control_rx_admit(&rx, &head));
	EXPECT_EQ(SPW_CONTROL_SAME, spw_control_rx_admit(&rx, &head));
	EXPECT_EQ(SPW_CONTROL_ORDER, spw_control_rx_judge(&rx, 0, 1));
	EXPECT_EQ(1, spw_control_rx_take(&rx, &head, 1));
	EXPECT_EQ(SPW_CONTROL_HELD, spw_control_rx_judge(&rx, 5, 1));
	head.seq = 5;
	EXPECT_EQ(0, spw_control_rx_take(&rx, &head, 1));
	/* Another stream begins at 0; what nobody took yet still takes room. */
	head.stream = 3;
	EXPECT_EQ(SPW_CONTROL_NEW, spw_control_rx_admit(&rx, &head));
	EXPECT_EQ(SPW_CONTROL_ORDER, spw_control_rx_judge(&rx, 0, 1));
	EXPECT_EQ(SPW_CONTROL_HELD, spw_control_rx_judge(&rx, 5, 1));
	EXPECT_EQ(SPW_CONTROL_BEYOND, spw_control_rx_judge(&rx, SPW_CONTROL_WINDOW - 1, 1));
	spw_control_rx_taken(&rx, 1);
	EXPECT_EQ(SPW_CONTROL_HELD, spw_control_rx_judge(&rx, SPW_CONTROL_WINDOW - 1, 1));
	/* The one before is over, and so are other lives. */
	head.stream = 2;
	EXPECT_EQ(SPW_CONTROL_STALE, spw_control_rx_admit(&rx, &head));
	head.stream = 3;
	head.from = 8;
	EXPECT_EQ(SPW_CONTROL_STALE, spw_control_rx_admit(&rx, &head));
	head.from = 7;
	head.to = 8;
	EXPECT_EQ(SPW_CONTROL_STALE, spw_control_rx_admit(&rx, &head));
	spw_control_rx_meet(&rx, 9, 8);
	head = (struct spw_chunk_head){ .from = 8, .to = 9, .stream = 1 };
	EXPECT_EQ(SPW_CONTROL_NEW, spw_control_rx_admit(&rx, &head));
}

TEST(chunks_make_messages)
{
	struct spw_control_message m = { .open = false };
	struct spw_chunk_head head = { .type = 4, .length = 10 };

	head.offset = 4;
	EXPECT_EQ(SPW_CONTROL_STRAY, spw_control_rx_join(&m, &head, 4));
	head.offset = 0;
	EXPECT_EQ(SPW_CONTROL_MORE, spw_control_rx_join(&m, &head, 4));
	head.offset = 4;
	EXPECT_EQ(SPW_CONTROL_MORE, spw_control_rx_join(&m, &head, 4));
	head.offset = 8;
	EXPECT_EQ(SPW_CONTROL_WHOLE, spw_control_rx_join(&m, &head, 2));
	head.offset = 0;
	EXPECT_EQ(SPW_CONTROL_MORE, spw_control_rx_join(&m, &head, 4));
	head.offset = 5;
	EXPECT_EQ(SPW_CONTROL_BROKEN, spw_control_rx_join(&m, &head, 4));
	EXPECT_EQ(SPW_CONTROL_STRAY, spw_control_rx_join(&m, &head, 4));
	head.offset = 0;
	EXPECT_EQ(SPW_CONTROL_MORE, spw_control_rx_join(&m, &head, 4));
	head.offset = 4;
	head.type = 5;
	EXPECT_EQ(SPW_CONTROL_BROKEN, spw_control_rx_join(&m, &head, 6));
	head = (struct spw_chunk_head){ .type = 4 };
	EXPECT_EQ(SPW_CONTROL_WHOLE, spw_control_rx_join(&m, &head, 0));
}

TEST_HARNESS_MAIN
