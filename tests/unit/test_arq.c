// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loss detection and retransmission, from the module's own sources, over a path of which
 * every delay, loss and change of order is known.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lossy_path.h"

#include "kselftest_harness.h"

TEST(without_loss_nothing_is_sent_again)
{
	struct path *p = path_new(500 * US, 0, 0, 0);
	unsigned int timers = path_stream(p, 20000, 20, 200 * US);

	EXPECT_EQ(0, path_missing(p, 20000));
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
		path_stream(p, n, 4, 200 * US);
		/* One in a hundred is lost; again so in turn. */
		EXPECT_LT(path_missing(p, n), n / 1000);
		EXPECT_LT(path_twice(p, n), n / 1000);
		EXPECT_EQ(p->held, p->freed);
		for (uint32_t j = 0; j < n; j++)
			EXPECT_LT(p->last[j] - p->first[j], 160 * MS);
		path_free(p);
	}
}

TEST(the_last_of_a_burst_is_missed_too)
{
	struct path *p = path_new(500 * US, 0, 0, 0);

	path_stream(p, 200, 10, 1 * MS);
	p->loss = 1;
	path_send(p, 200, 1);
	p->loss = 0;
	path_run(p, p->now + 100 * MS);
	EXPECT_EQ(1, p->copies[200]);
	EXPECT_EQ(1, p->total.probes);
	/* RFC 9002's probe time-out: before TCP's, and before the deadline. */
	EXPECT_LT(p->done[200] - p->first[200], 6 * MS);
	path_free(p);
}

TEST(order_is_learned)
{
	struct path *p = path_new(5 * MS, 0, 0.25, 2 * MS);

	path_stream(p, 4000, 4, 200 * US);
	/* Mistakes at first, then a window that is wide enough. */
	memset(&p->total, 0, sizeof(p->total));
	p->again_bytes = 0;
	path_more(p, 4000, 20000, 4, 200 * US);
	path_run(p, p->now + 1000 * MS);
	EXPECT_EQ(0, path_missing(p, 20000));
	EXPECT_LT(p->total.spurious, 160);
	path_free(p);
}

TEST(no_more_than_a_tenth_is_sent_again)
{
	static const double losses[] = { 0.02, 0.2, 0.35, 0.9, 1 };

	for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++) {
		struct path *p = path_new(1 * MS, losses[i], 0, 0);

		path_stream(p, 30000, 10, 300 * US);
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
		path_more(p, 0, 40000, 2, 1080 * US);
		EXPECT_GT(p->total.full, 200);
		EXPECT_LT(p->again_bytes / 1400, p->total.full / 20);
		/* As soon as the queue is gone, they are losses like any other. */
		path_run(p, p->now + 1000 * MS);
		p->loss = 0.01;
		memset(&p->total, 0, sizeof(p->total));
		p->again_bytes = 0;
		path_more(p, 40000, 48000, 2, 1500 * US);
		path_run(p, p->now + 1000 * MS);
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
		path_more(p, i, i + 20, 1, 400 * US);
		path_run(p, p->now + 2800 * US + i % 7 * 100 * US);
	}
	path_run(p, p->now + 1000 * MS);
	for (uint32_t i = 0; i < 39000; i++) {
		lost += !p->copies[i];
		repeats += !p->copies[i] && path_is_repeat(p, i);
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

		path_more(p, 0, 1000, 1, 1 * MS);
		p->unlucky = 1000;
		p->bad_luck = 2;
		p->repeat_every = needed;
		path_send(p, 1000, 1);
		p->repeat_every = 0;
		path_run(p, p->now + 1 * MS);
		path_more(p, 1001, 1300, 1, 1 * MS);
		path_run(p, p->now + 1000 * MS);
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

		path_stream(p, 20000, 2, 1 * MS);
		EXPECT_LT(p->total.full, p->total.lost / 5);
		EXPECT_LT(p->total.spurious, 200);
		EXPECT_LT(path_missing(p, 20000), 60);
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

		path_more(p, 0, 4000, 2, 1 * MS);
		EXPECT_EQ(0, p->total.silent);
		hole = p->now;
		p->loss = 1;
		for (uint32_t j = 4000; !p->total.silent && j < 5000; j += 2) {
			path_send(p, j, 2);
			path_run(p, p->now + 1 * MS);
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

	path_stream(p, 4000, 10, 300 * US);
	EXPECT_GE(p->total.off, 1);
	held = p->held;
	EXPECT_LT(held, 400);
	/* And tried again later. */
	p->loss = 0;
	path_run(p, p->now + 11000 * MS);
	path_more(p, 4000, 8000, 10, 300 * US);
	EXPECT_EQ(held + 400, p->held);
	path_free(p);
}

/* Too much at once, as when many connections begin: what TCP needs then is repaired. */
TEST(a_path_with_a_full_queue_is_not_beyond_help)
{
	struct path *p = path_new(500 * US, 0, 0, 0);

	p->each = 600 * US;
	p->room = 30 * MS;
	p->repeat_every = 40;
	path_more(p, 0, 12000, 2, 500 * US);
	EXPECT_GT(p->arq.loss, 500);
	EXPECT_EQ(0, p->total.off);
	/* What is lost after it, is. */
	path_run(p, p->now + 1000 * MS);
	p->loss = 0.6;
	path_more(p, 12000, 16000, 2, 3000 * US);
	EXPECT_EQ(1, p->total.off);
	path_free(p);
}

TEST(tries_and_time_are_bounded)
{
	struct path *p = path_new(2 * MS, 0, 0, 0);
	struct spw_arq_out out = { 0 };

	path_stream(p, 100, 10, 1 * MS);
	p->loss = 1;
	path_send(p, 100, 1);
	path_run(p, p->now + 5000 * MS);
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
		path_send(p, i, 2);
	EXPECT_LE(p->arq.bytes, SPW_ARQ_BYTES);
	EXPECT_LE(p->held - p->freed, SPW_ARQ_RING);
	path_run(p, p->now + 10000 * MS);
	EXPECT_EQ(p->held, p->freed);
	path_free(p);
}

TEST(a_new_key_goes_on)
{
	struct path *p = path_new(500 * US, 0.02, 0, 0);

	path_stream(p, 1000, 10, 500 * US);
	/* Numbers begin anew, link numbers do not. */
	p->offset = p->arq.head + 256;
	p->pn = 0;
	memset(&p->replay, 0, sizeof(p->replay));
	path_more(p, 1000, 2000, 10, 500 * US);
	path_run(p, p->now + 1000 * MS);
	EXPECT_LT(path_missing(p, 2000), 4);
	EXPECT_EQ(p->held, p->freed);
	path_free(p);
}

TEST(acknowledgments_of_what_was_never_sent)
{
	struct path *p = path_new(500 * US, 0, 0, 0);
	struct spw_ack ack = { .bits = { ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL } };
	struct spw_arq_out out = { 0 };

	path_send(p, 0, 10);
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
	path_act(p, &out);
	EXPECT_EQ(p->held, p->freed);
	path_free(p);
}

TEST(anything_may_be_acknowledged)
{
	struct path *p = path_new(500 * US, 0.1, 0.1, 300 * US);

	for (uint32_t i = 0; i + 8 <= 40000; i += 8) {
		struct spw_arq_out out = { 0 };
		struct spw_ack ack = { .largest = (uint64_t)(path_chance() * (double)p->pn),
				       .delay_us = (uint32_t)mrand48() };

		for (int w = 0; w < SPW_ACK_WORDS; w++)
			ack.bits[w] = (uint64_t)mrand48() << 32 | (uint32_t)mrand48();
		path_send(p, i, 8);
		path_run(p, p->now + 100 * US);
		spw_arq_ack(&p->arq, &ack, p->offset, p->pn, p->now, &out);
		path_act(p, &out);
	}
	path_run(p, p->now + 10000 * MS);
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
	path_act(p, &out);
	EXPECT_EQ(4, p->freed);
	path_free(p);
}

TEST(all_is_given_back)
{
	struct path *p = path_new(500 * US, 0, 0, 0);
	struct spw_arq_out out = { 0 };

	path_send(p, 0, 10);
	path_send(p, 10, 10);
	spw_arq_drop_all(&p->arq, &out);
	path_act(p, &out);
	EXPECT_EQ(2, p->freed);
	EXPECT_EQ(0, spw_arq_next(&p->arq));
	path_free(p);
}

TEST_HARNESS_MAIN
