// SPDX-License-Identifier: GPL-2.0-or-later
/* When connections are moved away, when they come back, and when nothing is done. */
#include <math.h>

#include "decide.h"

#include "kselftest_harness.h"

static const struct decide_rules rules = {
	.limit = 0.9,
	.recall_below = 0.4,
	.hysteresis_ms = 10000,
};

static struct decide_verdict step(struct decide *decide, uint64_t now_ms, double load, double mean1,
				  double mean2)
{
	const double mean[] = { mean1, mean2 };
	struct decide_input input = {
		.now_ms = now_ms,
		.load = load,
		.mean = mean,
		.steps = 2,
		.threshold = 0.8,
	};
	struct decide_verdict verdict;

	decide_step(decide, &rules, &input, &verdict);
	return verdict;
}

TEST(calm)
{
	struct decide decide = { 0 };
	struct decide_verdict v = step(&decide, 0, 0.5, 0.6, 0.79);

	EXPECT_EQ(DECIDE_CALM, v.state);
	EXPECT_EQ(-1, v.crossing);
	EXPECT_TRUE(v.peak == 0.79);
	EXPECT_TRUE(v.excess == 0);
	EXPECT_FALSE(v.offload);
	EXPECT_FALSE(v.recall);
}

TEST(foreseen)
{
	struct decide decide = { 0 };
	struct decide_verdict v = step(&decide, 0, 0.5, 0.7, 0.85);

	EXPECT_EQ(DECIDE_PREDICTED, v.state);
	EXPECT_EQ(2, v.crossing);
	EXPECT_TRUE(fabs(v.excess - 0.05) < 1e-12);
	/* Once may be a strange sample, also where the load itself is above. */
	EXPECT_FALSE(v.offload);
	EXPECT_TRUE(step(&decide, 1000, 0.5, 0.7, 0.85).offload);
	EXPECT_FALSE(step(&decide, 2000, 0.5, 0.7, 0.75).offload);
	v = step(&decide, 3000, 0.85, 0.5, 0.5);
	EXPECT_EQ(DECIDE_PREDICTED, v.state);
	EXPECT_EQ(0, v.crossing);
	EXPECT_FALSE(v.offload);
	EXPECT_TRUE(step(&decide, 4000, 0.85, 0.5, 0.5).offload);
}

TEST(at_the_limit_now)
{
	struct decide decide = { 0 };
	struct decide_verdict v = step(&decide, 0, 0.9, 0.5, 0.5);

	EXPECT_EQ(DECIDE_OVERLOADED, v.state);
	EXPECT_EQ(0, v.crossing);
	EXPECT_TRUE(v.offload);
}

TEST(settling)
{
	struct decide decide = { 0 };
	struct decide_verdict v;

	decide_moved(&decide);
	for (int i = 1; i < DECIDE_SETTLE_SAMPLES; i++) {
		v = step(&decide, 1000, 0.95, 1, 1);
		EXPECT_EQ(DECIDE_OVERLOADED, v.state);
		EXPECT_FALSE(v.offload);
	}
	v = step(&decide, 1000, 0.95, 1, 1);
	EXPECT_TRUE(v.offload);
}

TEST(recall_after_hysteresis)
{
	struct decide decide = { 0 };

	EXPECT_FALSE(step(&decide, 1000, 0.1, 0.1, 0.1).recall);
	EXPECT_FALSE(step(&decide, 10999, 0.1, 0.1, 0.1).recall);
	EXPECT_TRUE(step(&decide, 11000, 0.1, 0.1, 0.1).recall);
	/* A forecast that is not low begins it anew. */
	EXPECT_FALSE(step(&decide, 12000, 0.1, 0.1, 0.5).recall);
	EXPECT_FALSE(step(&decide, 13000, 0.1, 0.1, 0.1).recall);
	EXPECT_FALSE(step(&decide, 22999, 0.1, 0.1, 0.1).recall);
	EXPECT_TRUE(step(&decide, 23000, 0.1, 0.1, 0.1).recall);
}

TEST(no_load_no_move)
{
	struct decide decide = { 0 };
	struct decide_verdict v;

	step(&decide, 0, 0.1, 0.1, 0.1);
	v = step(&decide, 10000, NAN, 1, 1);
	EXPECT_EQ(DECIDE_UNKNOWN, v.state);
	EXPECT_FALSE(v.offload);
	EXPECT_FALSE(v.recall);
	EXPECT_TRUE(isnan(v.peak));
	/* And what was foreseen before the gap does not count. */
	step(&decide, 10000, 0.85, 1, 1);
	step(&decide, 10000, NAN, 1, 1);
	EXPECT_FALSE(step(&decide, 10000, 0.85, 1, 1).offload);
	/* And the time for a recall begins anew. */
	EXPECT_FALSE(step(&decide, 11000, 0.1, 0.1, 0.1).recall);
}

/* Before there is a forecast, the load alone decides; nothing is recalled. */
TEST(no_forecast)
{
	struct decide decide = { 0 };
	struct decide_input input = { .load = 0.1, .threshold = 0.8 };
	struct decide_verdict v;

	decide_step(&decide, &rules, &input, &v);
	EXPECT_EQ(DECIDE_CALM, v.state);
	input.now_ms = 60000;
	decide_step(&decide, &rules, &input, &v);
	EXPECT_FALSE(v.recall);
	input.load = 0.82;
	decide_step(&decide, &rules, &input, &v);
	decide_step(&decide, &rules, &input, &v);
	EXPECT_TRUE(v.offload);
}

TEST_HARNESS_MAIN
