// SPDX-License-Identifier: GPL-2.0-or-later
/* ARIMA: R's fits, forecasts and intervals; ramps, noise, gaps and series without sense. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "forecast/arima.h"
#include "forecast/baseline.h"
#include "forecast/difference.h"

#include "kselftest_harness.h"

#include "arima_reference.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LEVEL        0.8

static bool near(double a, double b, double tolerance)
{
	return fabs(a - b) <= tolerance * (1e-9 + fabs(b));
}

/* Seeded, so that a failure repeats: xorshift64* and Box-Muller. */
static uint64_t seed;

static double uniform(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return ((double)(seed * 0x2545f4914f6cdd1dULL >> 11) + 0.5) / 9007199254740992.0;
}

static double gauss(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

/* The optimum is flat: likelihoods must agree well, forecasts nearly so. */
TEST(fits_of_r)
{
	struct forecast f;
	struct arima fit;
	size_t i;
	int h, err;

	for (i = 0; i < COUNT(references); i++) {
		const struct arima_reference *r = &references[i];
		struct arima_order order = { r->p, r->d, r->q, r->constant };

		err = arima_fit(&fit, order, r->y, r->n);
		ASSERT_EQ(0, err) TH_LOG("%s", r->name);
		/* A better optimum than R's is no error. */
		EXPECT_TRUE(fit.loglik > r->loglik - 0.02)
		TH_LOG("%s: log-likelihood %f, R has %f", r->name, fit.loglik, r->loglik);
		if (fit.loglik > r->loglik + 0.02)
			continue;
		EXPECT_TRUE(near(fit.sigma2, r->sigma2, 0.01))
		TH_LOG("%s: sigma2 %g, R has %g", r->name, fit.sigma2, r->sigma2);
		ASSERT_EQ(0, arima_predict(&fit, r->y, r->n, 3, LEVEL, &f));
		for (h = 0; h < 3; h++) {
			double se = (f.hi[h] - f.mean[h]) / forecast_z(LEVEL);

			EXPECT_TRUE(fabs(f.mean[h] - r->forecast[h]) < 0.03 * r->forecast_se[h])
			TH_LOG("%s: step %d is %f, R has %f", r->name, h, f.mean[h],
			       r->forecast[h]);
			EXPECT_TRUE(near(se, r->forecast_se[h], 0.01))
			TH_LOG("%s: step %d has deviation %f, R has %f", r->name, h, se,
			       r->forecast_se[h]);
		}
	}
}

TEST(ramp_is_foreseen)
{
	double y[120];
	struct forecast f;
	struct arima fit;
	int i, crossing = -1;

	seed = 1;
	for (i = 0; i < 120; i++)
		y[i] = 0.3 + 0.01 * gauss() + (i > 60 ? 0.006 * (i - 60) : 0);
	/* 0.66 at the end; 0.006 a step reaches 0.8 after 23 more. */
	ASSERT_EQ(0, arima_choose(&fit, y, 120));
	EXPECT_GT(fit.order.d, 0);
	ASSERT_EQ(0, arima_predict(&fit, y, 120, 40, LEVEL, &f));
	for (i = 0; i < 40 && crossing < 0; i++)
		if (f.mean[i] > 0.8)
			crossing = i + 1;
	EXPECT_GE(crossing, 15);
	EXPECT_LE(crossing, 38);
}

TEST(noise_is_flat_and_covered)
{
	int trial, h, inside = 0, flat = 0;
	struct forecast f;
	struct arima fit;
	double y[150];

	seed = 7;
	for (trial = 0; trial < 40; trial++) {
		for (h = 0; h < 150; h++)
			y[h] = 0.5 + 0.05 * gauss();
		ASSERT_EQ(0, arima_choose(&fit, y, 140));
		ASSERT_EQ(0, arima_predict(&fit, y, 140, 10, LEVEL, &f));
		flat += fabs(f.mean[9] - 0.5) < 0.05;
		for (h = 0; h < 10; h++)
			inside += y[140 + h] >= f.lo[h] && y[140 + h] <= f.hi[h];
	}
	EXPECT_GE(flat, 35);
	/* 320 of 400 are expected. */
	EXPECT_GE(inside, 280);
	EXPECT_LE(inside, 360);
}

TEST(gaps_at_the_end_widen_the_interval)
{
	struct forecast with, without;
	struct arima fit;
	double y[100];
	int i;

	seed = 3;
	y[0] = 0.5;
	for (i = 1; i < 100; i++)
		y[i] = 0.5 + 0.9 * (y[i - 1] - 0.5) + 0.02 * gauss();
	ASSERT_EQ(0, arima_fit(&fit, (struct arima_order){ 1, 0, 0, true }, y, 100));
	ASSERT_EQ(0, arima_predict(&fit, y, 100, 8, LEVEL, &without));
	for (i = 0; i < 5; i++)
		y[99 - i] = NAN;
	ASSERT_EQ(0, arima_predict(&fit, y, 100, 8, LEVEL, &with));
	EXPECT_GT(with.hi[0] - with.lo[0], without.hi[0] - without.lo[0]);
	for (i = 20; i < 60; i += 7)
		y[i] = NAN;
	EXPECT_EQ(0, arima_choose(&fit, y, 100));
}

TEST(series_without_sense)
{
	double y[60];
	struct forecast f;
	struct arima fit;
	int i;

	for (i = 0; i < 60; i++)
		y[i] = 0.4;
	EXPECT_EQ(-ENODATA, arima_choose(&fit, y, 60));
	EXPECT_EQ(-ENODATA, arima_choose(&fit, y, 10));
	for (i = 0; i < 60; i++)
		y[i] = NAN;
	EXPECT_EQ(-ENODATA, arima_choose(&fit, y, 60));
	EXPECT_EQ(-ENODATA, baseline_predict(y, 60, 5, LEVEL, &f));
	EXPECT_EQ(-EINVAL, arima_fit(&fit, (struct arima_order){ 4, 0, 0, true }, y, 60));
	EXPECT_EQ(-EINVAL, arima_fit(&fit, (struct arima_order){ 0, 2, 0, true }, y, 60));
	y[0] = 0.7;
	ASSERT_EQ(0, baseline_predict(y, 60, 5, LEVEL, &f));
	EXPECT_TRUE(near(f.mean[4], 0.7, 1e-9));
	EXPECT_EQ(-EINVAL, baseline_predict(y, 60, FORECAST_STEPS_MAX + 1, LEVEL, &f));
	EXPECT_EQ(-EINVAL, baseline_predict(y, 60, 5, 1.0, &f));
}

/* Processes at the edge of what is stationary: no fit may end the program or give NaN. */
TEST(series_at_the_edge)
{
	struct forecast f;
	struct arima fit;
	double y[200];
	int shape, i, h;

	for (shape = 0; shape < 6; shape++) {
		for (i = 0; i < 200; i++)
			y[i] = shape == 0 ? 0.001 * i :
			       shape == 1 ? 0.5 + (i % 2 ? 0.3 : -0.3) :
			       shape == 2 ? 0.5 + 0.4 * sin(i * 0.3) :
			       shape == 3 ? (i < 100 ? 0.2 : 0.9) :
			       shape == 4 ? (i == 150 ? 1e6 : 0.3) :
					    1e-8 * exp(0.1 * i);
		if (arima_choose(&fit, y, 200) || arima_predict(&fit, y, 200, 40, LEVEL, &f))
			continue;
		for (h = 0; h < 40; h++)
			EXPECT_TRUE(f.lo[h] >= 0 && f.lo[h] <= f.mean[h] && f.mean[h] <= f.hi[h] &&
				    isfinite(f.hi[h]))
		TH_LOG("shape %d, step %d: %g %g %g", shape, h, f.lo[h], f.mean[h], f.hi[h]);
	}
}

TEST(walk_widens_as_the_root)
{
	struct forecast f;
	double y[200];
	int i;

	seed = 11;
	y[0] = 50;
	for (i = 1; i < 200; i++)
		y[i] = y[i - 1] + gauss();
	ASSERT_EQ(0, baseline_predict(y, 200, 16, LEVEL, &f));
	EXPECT_TRUE(near((f.hi[15] - f.mean[15]) / (f.hi[0] - f.mean[0]), 4, 1e-6));
	EXPECT_EQ(1, difference_order(y, 200, 2));
}

TEST_HARNESS_MAIN
