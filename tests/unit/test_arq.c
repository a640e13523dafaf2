// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loss detection and retransmission, from the module's own sources, over a path of which
 * every delay, loss and change of order is known.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "acker.h"
#include "arq.h"
#include "replay.h"

#include "kselftest_harness.h"

#define US     1000ULL
#define MS     1000000ULL
#define EVENTS 65536
#define PIECES 65536

enum kind { DATAGRAM, ACK };

struct event {
	uint64_t at;
	uint64_t order; /* of those at one time */
	enum kind kind;
	uint64_t pn;
	uint32_t piece;
	struct spw_ack ack;
};

/* A sender and a receiver, and what is on its way between them. */
struct path {
	struct spw_arq arq;
	struct spw_arq_sent *ring;
	struct spw_replay replay;
	struct spw_acker acker;
	uint64_t now;
	uint64_t delay;   /* one way, ns */
	double loss;      /* of what is sent, either way */
	double reorder;   /* of datagrams, that come later by */
	uint64_t late_by; /* ns */
	uint64_t each;    /* time that a bottleneck takes for a datagram, 0: there is none */
	uint64_t room;    /* and how long its queue may become */
	uint64_t busy;    /* until when it has something to do */
	uint64_t pn;
	uint64_t offset;
	uint32_t repeat_every; /* so many packets one is needed by TCP, 0: none */
	uint32_t unlucky;      /* a piece that is lost */
	uint32_t bad_luck;     /* so often */

	struct event *events;
	size_t count;
	uint64_t posted;
	uint32_t copies[PIECES]; /* arrivals of each piece */
	uint64_t first[PIECES];  /* when it was sent first */
	uint64_t last[PIECES];   /* and last */
	uint64_t done[PIECES];   /* when it arrived first, 0: never */

	uint64_t sent_bytes, again_bytes, acks;
	uint32_t held, freed;
	struct spw_arq_out total;
};

static double chance(void)
{
	return drand48();
}

static struct path *path_new(uint64_t delay, double loss, double reorder, uint64_t late_by)
{
	struct path *p = calloc(1, sizeof(*p));

	srand48(7);
	p->events = calloc(EVENTS, sizeof(*p->events));
	p->ring = calloc(SPW_ARQ_RING, sizeof(*p->ring));
	spw_arq_init(&p->arq, p->ring);
	p->now = 1000 * MS;
	p->delay = delay;
	p->loss = loss;
	p->reorder = reorder;
	p->late_by = late_by;
	p->offset = 77;
	return p;
}

static void path_free(struct path *p)
{
	free(p->events);
	free(p->ring);
	free(p);
}

static struct event *post(struct path *p, uint64_t at)
{
	struct event *e = &p->events[p->count];

	if (p->count == EVENTS)
		abort();
	p->count++;
	*e = (struct event){ .at = at, .order = p->posted++ };
	return e;
}

/* Returns false where a queue has no room. */
static bool queue_up(struct path *p, uint64_t *at)
{
	if (!p->each)
		return true;
	if (p->busy < p->now)
		p->busy = p->now;
	if (p->busy - p->now > p->room)
		return false;
	p->busy += p->each;
	*at += p->busy - p->now;
	return true;
}

static void transmit(struct path *p, uint64_t pn, uint32_t piece)
{
	uint64_t at = p->now + p->delay;
	struct event *e;

	p->last[piece] = p->now;
	if (!queue_up(p, &at) || chance() < p->loss)
		return;
	if (p->bad_luck && piece == p->unlucky) {
		p->bad_luck--;
		return;
	}
	if (chance() < p->reorder)
		at += p->late_by;
	e = post(p, at);
	e->kind = DATAGRAM;
	e->pn = pn;
	e->piece = piece;
}

static void act(struct path *p, struct spw_arq_out *out)
{
	struct spw_arq_packet *packet;

	while ((packet = out->freed)) {
		out->freed = packet->next;
		free(packet);
		p->freed++;
	}
	for (uint32_t i = 0; i < out->n; i++) {
		struct spw_arq_out more = { 0 };
		uint64_t pn = p->pn++;

		spw_arq_resent(&p->arq, pn + p->offset, &out->again[i], 1400, p->now, &more);
		p->again_bytes += 1400;
		transmit(p, pn, out->again[i].piece);
		act(p, &more);
	}
	p->total.lost += out->lost;
	p->total.acked += out->acked;
	p->total.spurious += out->spurious;
	p->total.late += out->late;
	p->total.poor += out->poor;
	p->total.full += out->full;
	p->total.probes += out->probes;
	p->total.silent = out->silent > p->total.silent ? out->silent : p->total.silent;
	p->total.off += out->off;
}

/* Spread, or a queue that drops at regular times would take none or all of them. */
static bool is_repeat(const struct path *p, uint32_t piece)
{
	return p->repeat_every && !(piece * 2654435761U / 7 % p->repeat_every);
}

/* A packet of @n pieces, the first of them @piece. */
static void send_packet(struct path *p, uint32_t piece, uint32_t n)
{
	struct spw_arq_packet *packet = calloc(1, sizeof(*packet));
	struct spw_arq_out out = { 0 };
	bool held;

	packet->bytes = n * 1500;
	packet->needed = is_repeat(p, piece);
	held = spw_arq_hold(&p->arq, packet, p->now);
	p->held += held;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t pn = p->pn++;

		p->first[piece + i] = p->now;
		if (held)
			spw_arq_sent(&p->arq, pn + p->offset, packet, piece + i, 1400, p->now,
				     &out);
		transmit(p, pn, piece + i);
		p->sent_bytes += 1400;
	}
	if (held)
		spw_arq_put(&p->arq, packet, &out);
	else
		free(packet);
	act(p, &out);
}

static void acknowledge(struct path *p)
{
	uint64_t due = spw_acker_due(&p->acker);
	struct event *e;

	if (!due || due > p->now)
		return;
	p->acks++;
	if (chance() < p->loss) {
		spw_acker_told(&p->acker, p->now);
		return;
	}
	e = post(p, p->now + p->delay);
	e->kind = ACK;
	e->ack.largest = p->replay.next - 1;
	e->ack.delay_us = spw_acker_told(&p->acker, p->now);
	spw_replay_bits(&p->replay, e->ack.bits, SPW_ACK_WORDS);
}

static void arrive(struct path *p, const struct event *e)
{
	struct spw_arq_out out = { 0 };
	struct spw_heard heard = { .n = 1 };

	if (e->kind == ACK) {
		spw_arq_ack(&p->arq, &e->ack, p->offset, p->pn, p->now, &out);
		act(p, &out);
		return;
	}
	heard.gap = e->pn != p->replay.next;
	heard.top = e->pn >= p->replay.next;
	if (!spw_replay_accept(&p->replay, e->pn))
		return;
	if (!p->copies[e->piece]++)
		p->done[e->piece] = p->now;
	spw_acker_heard(&p->acker, &heard, p->now);
	acknowledge(p);
}

static void sooner(uint64_t *when, uint64_t at)
{
	if (at && at < *when)
		*when = at;
}

/* Until @end, or until nothing is under way any more; returns how often timers ran. */
static unsigned int run(struct path *p, uint64_t end)
{
	unsigned int timers = 0;

	for (;;) {
		uint64_t when = UINT64_MAX, timer;
		size_t best = p->count;

		for (size_t i = 0; i < p->count; i++) {
			const struct event *e = &p->events[i];

			if (e->at < when || (e->at == when && e->order < p->events[best].order)) {
				when = e->at;
				best = i;
			}
		}
		timer = spw_arq_next(&p->arq);
		sooner(&when, timer);
		sooner(&when, spw_acker_due(&p->acker));
		if (when == UINT64_MAX || when > end)
			break;
		if (when > p->now)
			p->now = when;
		if (best < p->count && p->events[best].at <= p->now) {
			struct event e = p->events[best];

			p->events[best] = p->events[--p->count];
			arrive(p, &e);
			continue;
		}
		acknowledge(p);
		if (timer && timer <= p->now) {
			struct spw_arq_out out = { 0 };

			timers++;
			spw_arq_timer(&p->arq, p->now, &out);
			act(p, &out);
		}
	}
	p->now = end;
	return timers;
}

static uint32_t missing(const struct path *p, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += !p->copies[i];
	return count;
}

static uint32_t twice(const struct path *p, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += p->copies[i] > 1;
	return count;
}

/* Pieces @from up to @to, in packets of @each, one after each @gap. */
static unsigned int more(struct path *p, uint32_t from, uint32_t to, uint32_t each, uint64_t gap)
{
	unsigned int timers = 0;

	for (uint32_t i = from; i + each <= to; i += each) {
		send_packet(p, i, each);
		timers += run(p, p->now + gap);
	}
	return timers;
}

/* @n pieces, in packets of @each, one packet every @gap. */
static unsigned int stream(struct path *p, uint32_t n, uint32_t each, uint64_t gap)
{
	unsigned int timers = more(p, 0, n, each, gap);

	return timers + run(p, p->now + 10000 * MS);
}

TEST(without_loss_nothing_is_sent_again)
{
	struct path *p = path_new(500 * US, 0, 0, 0);
	unsigned int timers = stream(p, 20000, 20, 200 * US);

	EXPECT_EQ(0, missing(p, 20000));
	EXPECT_EQ(0, p->again_bytes);
	EXPECT_EQ(0, p->total.lost);
	EXPECT_EQ(20000, p->total.acked);
	/* One in 64, and a few by time. */
	EXPECT_LT(p->acks, 20000 / 64 + 40);
	EXPECT_EQ(p->held, p->freed);
	EXPECT_EQ(0, p->arq.bytes);
	EXPECT_LT(timers, 1000);
	EXPECT_GE(p->arq.rtt.smoothed, 1000 * US);
	EXPECT_LE(p->arq.rtt.smoothed, 1100 * US);
	path_free(p);
}

TEST(losses_are_repaired_in_time)
{
	static const uint64_t delays[] = { 50 * US, 500 * US, 10 * MS, 50 * MS };

	for (size_t i = 0; i < sizeof(delays) / sizeof(*delays); i++) {
		struct path *p = path_new(delays[i], 0.01, 0, 0);
		uint32_t n = 20000;

		/* Half of what the ring remembers is under way on the longest. */
		stream(p, n, 4, 200 * US);
		/* One in a hundred is lost; again so in turn. */
		EXPECT_LT(missing(p, n), n / 1000);
		EXPECT_LT(twice(p, n), n / 1000);
		EXPECT_EQ(p->held, p->freed);
		for (uint32_t j = 0; j < n; j++)
			EXPECT_LT(p->last[j] - p->first[j], 160 * MS);
		path_free(p);
	}
}

TEST(the_last_of_a_burst_is_missed_too)
{
	struct path *p = path_new(500 * US, 0, 0, 0);

	stream(p, 200, 10, 1 * MS);
	p->loss = 1;
	send_packet(p, 200, 1);
	p->loss = 0;
	run(p, p->now + 100 * MS);
	EXPECT_EQ(1, p->copies[200]);
	EXPECT_EQ(1, p->total.probes);
	/* RFC 9002's probe time-out: before TCP's, and before the deadline. */
	EXPECT_LT(p->done[200] - p->first[200], 6 * MS);
	path_free(p);
}

TEST(order_is_learned)
{
	struct path *p = path_new(5 * MS, 0, 0.25, 2 * MS);

	stream(p, 4000, 4, 200 * US);
	/* Mistakes at first, then a window that is wide enough. */
	memset(&p->total, 0, sizeof(p->total));
	p->again_bytes = 0;
	more(p, 4000, 20000, 4, 200 * US);
	run(p, p->now + 1000 * MS);
	EXPECT_EQ(0, missing(p, 20000));
	EXPECT_LT(p->total.spurious, 160);
	path_free(p);
}

TEST(no_more_than_a_tenth_is_sent_again)
{
	static const double losses[] = { 0.02, 0.2, 0.35, 0.9, 1 };

	for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++) {
		struct path *p = path_new(1 * MS, losses[i], 0, 0);

		stream(p, 30000, 10, 300 * US);
		EXPECT_LE(p->again_bytes, p->sent_bytes / 10 + SPW_ARQ_CREDIT);
		EXPECT_EQ(p->held, p->freed);
		EXPECT_EQ(0, p->arq.bytes);
		path_free(p);
	}
}

TEST(what_a_full_queue_drops_is_not_sent_again)
{
	static const uint64_t delays[] = { 500 * US, 10 * MS, 50 * MS };

	for (size_t i = 0; i < sizeof(delays) / sizeof(*delays); i++) {
		struct path *p = path_new(delays[i], 0, 0, 0);

		/* A tenth more than it takes, for longer than a least round trip is kept. */
		p->each = 600 * US;
		p->room = 30 * MS;
		more(p, 0, 40000, 2, 1080 * US);
		EXPECT_GT(p->total.full, 200);
		EXPECT_LT(p->again_bytes / 1400, p->total.full / 20);
		/* As soon as the queue is gone, they are losses like any other. */
		run(p, p->now + 1000 * MS);
		p->loss = 0.01;
		memset(&p->total, 0, sizeof(p->total));
		p->again_bytes = 0;
		more(p, 40000, 48000, 2, 1500 * US);
		run(p, p->now + 1000 * MS);
		EXPECT_GT(p->again_bytes / 1400, 50);
		EXPECT_LT(p->total.full, 10);
		EXPECT_EQ(p->held, p->freed);
		path_free(p);
	}
}

/* TCP knows by then, and for its second loss it would need its timer. */
TEST(what_tcp_repeats_is_sent_again_even_where_a_queue_is_full)
{
	uint32_t lost = 0, repeats = 0;
	struct path *p = path_new(500 * US, 0, 0, 0);

	p->each = 600 * US;
	p->room = 30 * MS;
	p->repeat_every = 20;
	/* Uneven, so that now and then there is room for what is sent again. */
	for (uint32_t i = 0; i < 39000; i += 20) {
		more(p, i, i + 20, 1, 400 * US);
		run(p, p->now + 2800 * US + i % 7 * 100 * US);
	}
	run(p, p->now + 1000 * MS);
	for (uint32_t i = 0; i < 39000; i++) {
		lost += !p->copies[i];
		repeats += !p->copies[i] && is_repeat(p, i);
	}
	EXPECT_GT(p->total.full, 200);
	EXPECT_GT(lost, 200);
	EXPECT_GT(p->again_bytes, 20 * 1400);
	/* Of those that are left to TCP it would be one in twenty. */
	EXPECT_LT(repeats, lost / 100);
	EXPECT_EQ(p->held, p->freed);
	path_free(p);
}

/* TCP's timer begins anew with it, and where a queue stands the first copy is lost too. */
TEST(what_tcp_needs_has_more_time)
{
	for (int needed = 0; needed < 2; needed++) {
		struct path *p = path_new(25 * MS, 0, 0, 0);

		more(p, 0, 1000, 1, 1 * MS);
		p->unlucky = 1000;
		p->bad_luck = 2;
		p->repeat_every = needed;
		send_packet(p, 1000, 1);
		p->repeat_every = 0;
		run(p, p->now + 1 * MS);
		more(p, 1001, 1300, 1, 1 * MS);
		run(p, p->now + 1000 * MS);
		EXPECT_EQ(needed, p->copies[1000]);
		EXPECT_LE(p->last[1000] - p->first[1000], 150 * MS);
		EXPECT_EQ(p->held, p->freed);
		path_free(p);
	}
}

/* Who overtakes others is early, not the others late: no queue, and no losses. */
TEST(what_overtakes_makes_no_queue_and_no_loss)
{
	static const uint64_t delays[] = { 500 * US, 10 * MS, 50 * MS };

	for (size_t i = 0; i < sizeof(delays) / sizeof(*delays); i++) {
		struct path *p = path_new(delays[i] / 10, 0.01, 0.75, delays[i]);

		stream(p, 20000, 2, 1 * MS);
		EXPECT_LT(p->total.full, p->total.lost / 5);
		EXPECT_LT(p->total.spurious, 200);
		EXPECT_LT(missing(p, 20000), 60);
		path_free(p);
	}
}

/* Losses among what arrives are none; when nothing comes any more, it may be the size. */
TEST(silence_is_told)
{
	static const uint64_t delays[] = { 100 * US, 2 * MS, 50 * MS };

	for (size_t i = 0; i < sizeof(delays) / sizeof(*delays); i++) {
		struct path *p = path_new(delays[i], 0.01, 0, 0);
		uint64_t hole;

		more(p, 0, 4000, 2, 1 * MS);
		EXPECT_EQ(0, p->total.silent);
		hole = p->now;
		p->loss = 1;
		for (uint32_t j = 4000; !p->total.silent && j < 5000; j += 2) {
			send_packet(p, j, 2);
			run(p, p->now + 1 * MS);
		}
		EXPECT_EQ(1400, p->total.silent);
		EXPECT_LT(p->now - hole, 3 * delays[i] + 20 * MS);
		path_free(p);
	}
}

TEST(a_path_beyond_help_is_left_alone)
{
	struct path *p = path_new(1 * MS, 0.6, 0, 0);
	uint32_t held;

	stream(p, 4000, 10, 300 * US);
	EXPECT_GE(p->total.off, 1);
	held = p->held;
	EXPECT_LT(held, 400);
	/* And tried again later. */
	p->loss = 0;
	run(p, p->now + 11000 * MS);
	more(p, 4000, 8000, 10, 300 * US);
	EXPECT_EQ(held + 400, p->held);
	path_free(p);
}

TEST(tries_and_time_are_bounded)
{
	struct path *p = path_new(2 * MS, 0, 0, 0);
	struct spw_arq_out out = { 0 };

	stream(p, 100, 10, 1 * MS);
	p->loss = 1;
	send_packet(p, 100, 1);
	run(p, p->now + 5000 * MS);
	EXPECT_LE(p->last[100] - p->first[100], 80 * MS);
	EXPECT_EQ(0, p->total.poor);
	EXPECT_EQ(0, spw_arq_next(&p->arq));
	spw_arq_timer(&p->arq, p->now, &out);
	EXPECT_EQ(0, out.n);
	EXPECT_EQ(p->held, p->freed);
	path_free(p);
}

TEST(memory_is_bounded)
{
	struct path *p = path_new(1 * MS, 1, 0, 0);

	/* Nothing is answered, no time passes. */
	for (uint32_t i = 0; i < 60000; i += 2)
		send_packet(p, i, 2);
	EXPECT_LE(p->arq.bytes, SPW_ARQ_BYTES);
	EXPECT_LE(p->held - p->freed, SPW_ARQ_RING);
	run(p, p->now + 10000 * MS);
	EXPECT_EQ(p->held, p->freed);
	path_free(p);
}

TEST(a_new_key_goes_on)
{
	struct path *p = path_new(500 * US, 0.02, 0, 0);

	stream(p, 1000, 10, 500 * US);
	/* Numbers begin anew, link numbers do not. */
	p->offset = p->arq.head + 256;
	p->pn = 0;
	memset(&p->replay, 0, sizeof(p->replay));
	more(p, 1000, 2000, 10, 500 * US);
	run(p, p->now + 1000 * MS);
	EXPECT_LT(missing(p, 2000), 4);
	EXPECT_EQ(p->held, p->freed);
	path_free(p);
}

TEST(acknowledgments_of_what_was_never_sent)
{
	struct path *p = path_new(500 * US, 0, 0, 0);
	struct spw_ack ack = { .bits = { ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL } };
	struct spw_arq_out out = { 0 };

	send_packet(p, 0, 10);
	for (int i = 0; i < 64; i++) {
		ack.largest = i < 54 ? 10 + (1ULL << i) : ~0ULL - (uint64_t)i;
		EXPECT_EQ(-EPROTO, spw_arq_ack(&p->arq, &ack, p->offset, p->pn, p->now, &out));
	}
	EXPECT_EQ(0, out.acked);
	/* All of it at once, delays that cannot be, and the same again. */
	ack.largest = 9;
	ack.delay_us = ~0U;
	EXPECT_EQ(0, spw_arq_ack(&p->arq, &ack, p->offset, p->pn, p->now + MS, &out));
	EXPECT_EQ(10, out.acked);
	EXPECT_EQ(MS, p->arq.rtt.smoothed);
	EXPECT_EQ(0, spw_arq_ack(&p->arq, &ack, p->offset, p->pn, p->now + 2 * MS, &out));
	EXPECT_EQ(10, out.acked);
	act(p, &out);
	EXPECT_EQ(p->held, p->freed);
	path_free(p);
}

TEST(anything_may_be_acknowledged)
{
	struct path *p = path_new(500 * US, 0.1, 0.1, 300 * US);

	for (uint32_t i = 0; i + 8 <= 40000; i += 8) {
		struct spw_arq_out out = { 0 };
		struct spw_ack ack = { .largest = (uint64_t)(chance() * (double)p->pn),
				       .delay_us = (uint32_t)mrand48() };

		for (int w = 0; w < SPW_ACK_WORDS; w++)
			ack.bits[w] = (uint64_t)mrand48() << 32 | (uint32_t)mrand48();
		send_packet(p, i, 8);
		run(p, p->now + 100 * US);
		spw_arq_ack(&p->arq, &ack, p->offset, p->pn, p->now, &out);
		act(p, &out);
	}
	run(p, p->now + 10000 * MS);
	EXPECT_EQ(p->held, p->freed);
	EXPECT_EQ(0, p->arq.bytes);
	EXPECT_LE(p->again_bytes, p->sent_bytes / 10 + SPW_ARQ_CREDIT);
	path_free(p);
}

/* What TCP's own acknowledgment covers goes at once, and is not sent again. */
TEST(a_connection_settles_what_is_its_own)
{
	struct path *p = path_new(500 * US, 0, 0, 0);
	struct spw_arq_packet *packet[4];
	struct spw_arq_out out = { 0 };
	int one, other;

	for (int i = 0; i < 4; i++) {
		packet[i] = calloc(1, sizeof(*packet[i]));
		packet[i]->bytes = 3000;
		packet[i]->owner = i == 2 ? &other : &one;
		/* Sequence numbers wrap. */
		packet[i]->end_seq = 0xfffff000U + 0x800U * (uint32_t)i;
		ASSERT_TRUE(spw_arq_hold(&p->arq, packet[i], p->now));
		for (int k = 0; k < 2; k++)
			spw_arq_sent(&p->arq, (uint64_t)(2 * i + k) + p->offset, packet[i],
				     (uint32_t)k, 1400, p->now, &out);
		spw_arq_put(&p->arq, packet[i], &out);
	}
	EXPECT_EQ(NULL, out.freed);
	spw_arq_settled(&p->arq, &one, 0xfffff000U - 1, &out);
	EXPECT_EQ(NULL, out.freed);
	spw_arq_settled(&p->arq, &other, 0x10000U, &out);
	EXPECT_EQ(NULL, out.freed);
	/* All of the first two; the third is another's, and what is behind it waits. */
	spw_arq_settled(&p->arq, &one, 0x10000U, &out);
	EXPECT_EQ(packet[1], out.freed);
	EXPECT_EQ(packet[0], packet[1]->next);
	EXPECT_EQ(NULL, packet[0]->next);
	EXPECT_EQ(6000, p->arq.bytes);
	EXPECT_LE(spw_arq_soonest(&p->arq, p->now), spw_arq_next(&p->arq));
	EXPECT_LE(p->now + SPW_ARQ_PATIENCE_US * US, spw_arq_soonest(&p->arq, p->now));
	/* Its arrival is a sample still, and no loss. */
	struct spw_ack ack = { .largest = 1, .bits = { 3 } };

	EXPECT_EQ(0, spw_arq_ack(&p->arq, &ack, p->offset, 8, p->now + MS, &out));
	EXPECT_EQ(MS, p->arq.rtt.smoothed);
	EXPECT_EQ(0, out.lost);
	EXPECT_EQ(0, out.spurious);
	spw_arq_settled(&p->arq, &other, 0x10000U, &out);
	spw_arq_settled(&p->arq, &one, 0x10000U, &out);
	EXPECT_EQ(0, p->arq.bytes);
	EXPECT_EQ(0, spw_arq_next(&p->arq));
	act(p, &out);
	EXPECT_EQ(4, p->freed);
	path_free(p);
}

TEST(all_is_given_back)
{
	struct path *p = path_new(500 * US, 0, 0, 0);
	struct spw_arq_out out = { 0 };

	send_packet(p, 0, 10);
	send_packet(p, 10, 10);
	spw_arq_drop_all(&p->arq, &out);
	act(p, &out);
	EXPECT_EQ(2, p->freed);
	EXPECT_EQ(0, spw_arq_next(&p->arq));
	path_free(p);
}

TEST_HARNESS_MAIN
