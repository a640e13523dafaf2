// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many are frozen at one time: against a path of a round trip and a node that takes
 * its time for each, one after the other.
 */
#include "pace.h"

#include "kselftest_harness.h"

enum { US = 1000, QUEUE = 1024 };

struct path {
	struct spw_pace pace;
	uint64_t rtt, swing, work; /* ns; a round trip is up to @swing longer than @rtt */
	uint64_t since[QUEUE], until[QUEUE];
	unsigned int head, tail, most;
	uint64_t worst, busy;
};

static void freeze(struct path *p, uint64_t now)
{
	uint64_t start = p->busy > now ? p->busy : now;
	uint64_t late = p->swing ? p->head * 7919ULL % 17 * p->swing / 16 : 0;

	spw_pace_begin(&p->pace);
	p->busy = start + p->work;
	p->since[p->head % QUEUE] = now;
	p->until[p->head++ % QUEUE] = p->busy + p->rtt + late;
	if (p->pace.frozen > p->most)
		p->most = p->pace.frozen;
}

/* Returns for how long it was frozen. */
static uint64_t thaw(struct path *p, uint64_t now)
{
	/* Of times that are spread evenly the distance of two is a third of their range. */
	const struct spw_paced one = {
		.since = p->since[p->tail++ % QUEUE],
		.now = now,
		.rtt = p->rtt,
		.jitter = p->swing / 3,
	};

	spw_pace_end(&p->pace, &one);
	return now - one.since;
}

/* Moves @n as fast as the window lets them; the first half is not judged. */
static uint64_t drive(struct path *p, unsigned int n)
{
	unsigned int begun = 0, done = 0;
	uint64_t now = 0, took;

	while (done < n) {
		for (; begun < n && spw_pace_may(&p->pace); begun++)
			freeze(p, now);
		if (now < p->until[p->tail % QUEUE])
			now = p->until[p->tail % QUEUE];
		took = thaw(p, now);
		if (done++ > n / 2 && took > p->worst)
			p->worst = took;
	}
	return now;
}

TEST(few_where_there_is_no_delay)
{
	struct path p = { .rtt = 30 * US, .work = 60 * US };
	uint64_t took = drive(&p, 2000);

	EXPECT_GE(30 * US + 700 * US, p.worst);
	EXPECT_GE(12, p.most);
	/* The node is never idle. */
	EXPECT_GE(2000ULL * 61 * US, took);
}

TEST(many_on_a_long_path)
{
	struct path p = { .rtt = 30000 * US, .work = 60 * US };
	uint64_t took = drive(&p, 10000);

	EXPECT_LE(100, p.most);
	EXPECT_GE(SPW_PACE_MAX, p.most);
	EXPECT_GE(30000 * US + 700 * US, p.worst);
	/* One after the other would take fifty times as long. */
	EXPECT_GE(10000ULL * 30000 * US / 50, took);
}

TEST(never_more_than_the_limit)
{
	struct path p = { .rtt = 200000 * US, .work = US };

	drive(&p, 5000);
	EXPECT_EQ(SPW_PACE_MAX, p.most);
	EXPECT_EQ(SPW_PACE_MAX, spw_pace_window(&p.pace));
}

TEST(a_slow_node_gets_few)
{
	struct path p = { .rtt = 1000 * US, .work = 2000 * US };

	drive(&p, 1000);
	EXPECT_EQ(SPW_PACE_MIN, spw_pace_window(&p.pace));
	EXPECT_EQ(0, p.pace.frozen);
}

TEST(jitter_is_not_taken_for_work)
{
	struct path p = { .rtt = 50000 * US, .swing = 10000 * US, .work = 60 * US };

	drive(&p, 10000);
	EXPECT_LE(100, spw_pace_window(&p.pace));
}

TEST(what_is_cancelled_says_nothing)
{
	struct spw_pace pace = {};
	int n = 0;

	while (spw_pace_may(&pace)) {
		spw_pace_begin(&pace);
		n++;
	}
	EXPECT_EQ(SPW_PACE_START, n);
	while (n--)
		spw_pace_cancel(&pace);
	EXPECT_EQ(0, pace.frozen);
	EXPECT_EQ(SPW_PACE_START, spw_pace_window(&pace));
}

TEST(nor_does_one_on_an_unknown_path)
{
	struct spw_pace pace = { .frozen = SPW_PACE_START };
	const struct spw_paced late = { .since = US, .now = 90000ULL * US };
	const struct spw_paced early = { .since = US, .now = 2 * US };

	spw_pace_end(&pace, &late);
	spw_pace_begin(&pace);
	spw_pace_end(&pace, &early);
	EXPECT_EQ(SPW_PACE_START, spw_pace_window(&pace));
	EXPECT_EQ(SPW_PACE_START - 1, pace.frozen);
}

TEST(a_window_that_is_not_needed_stays)
{
	struct spw_pace pace = {};
	const struct spw_paced one = { .since = US, .now = 1001 * US, .rtt = 1000 * US };

	for (int i = 0; i < 100; i++) {
		spw_pace_begin(&pace);
		spw_pace_end(&pace, &one);
	}
	EXPECT_EQ(SPW_PACE_START, spw_pace_window(&pace));
}

TEST(one_long_one_shrinks_it_once)
{
	struct spw_pace pace = { .size = 100, .frozen = 100 };
	const struct spw_paced one = { .since = 1000 * US, .now = 90000ULL * US, .rtt = 1000 * US };

	for (int i = 0; i < 100; i++)
		spw_pace_end(&pace, &one);
	EXPECT_EQ(75, spw_pace_window(&pace));
	EXPECT_EQ(0, pace.frozen);
}

TEST(it_never_closes)
{
	struct spw_pace pace = {};

	for (int i = 0; i < 100; i++) {
		struct spw_paced one = { .since = i * 90000ULL * US, .rtt = 1000 * US };

		one.now = one.since + 80000ULL * US;
		spw_pace_begin(&pace);
		spw_pace_end(&pace, &one);
		EXPECT_TRUE(spw_pace_may(&pace));
	}
	EXPECT_EQ(SPW_PACE_MIN, spw_pace_window(&pace));
}

TEST_HARNESS_MAIN
