// SPDX-License-Identifier: GPL-2.0-or-later
/* The dynamic threshold: bounds, and what makes it lower. */
#include <math.h>

#include "threshold.h"

#include "kselftest_harness.h"

static const struct threshold_rules rules = { .limit = 0.9, .min = 0.5, .z = 1.28, .lead = 5 };

static double after(double (*load)(int i), double (*expected)(int i))
{
	struct threshold t = { .samples = 0 };
	double at = 0;
	int i;

	for (i = 0; i < 200; i++)
		at = threshold_step(&t, &rules, load(i), expected(i));
	return at;
}

static double calm(int i)
{
	return 0.3 + 0 * i;
}
static double rough(int i)
{
	return 0.3 + (i % 2 ? 0.05 : -0.05);
}
static double wild(int i)
{
	return 0.3 + (i % 2 ? 0.3 : -0.3);
}
static double rising(int i)
{
	return 0.002 * i;
}
static double nothing(int i)
{
	return NAN + i;
}
static double chaos(int i)
{
	return i % 2 ? 100 : 0;
}

TEST(good_forecasts_leave_the_limit)
{
	EXPECT_TRUE(fabs(after(calm, calm) - rules.limit) < 1e-6);
	EXPECT_TRUE(fabs(after(calm, nothing) - rules.limit) < 1e-6);
}

TEST(worse_forecasts_lower_it)
{
	double a = after(rough, calm), b = after(wild, calm);

	EXPECT_LT(a, rules.limit - 0.05);
	EXPECT_LT(b, a);
}

TEST(growth_lowers_it)
{
	double at = after(rising, rising);

	/* 0.002 a sample for 5 samples. */
	EXPECT_TRUE(fabs(rules.limit - at - 0.01) < 0.001);
}

TEST(bounds_hold)
{
	EXPECT_TRUE(after(chaos, calm) == rules.min);
	EXPECT_TRUE(after(nothing, nothing) == rules.limit);
}

TEST_HARNESS_MAIN
