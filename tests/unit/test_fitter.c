// SPDX-License-Identifier: GPL-2.0-or-later
/* The hand-over between the loop and the worker that fits. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fitter.h"

#include "kselftest_harness.h"

#define N 300

static void wave(double *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = 0.5 + 0.2 * sin((double)i / 9) + 0.01 * (double)(i * 7919 % 13);
}

/* As the loop does it, once a sample, only faster. */
static int take(struct fitter *fitter, struct arima *arima)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	int ret = 0;

	for (int i = 0; i < 20000 && !ret; i++) {
		nanosleep(&tick, NULL);
		ret = fitter_take(fitter, arima);
	}
	return ret;
}

TEST(fits_what_arima_fits)
{
	struct fitter *fitter = fitter_new(N);
	struct arima arima, direct;
	double y[N];

	ASSERT_NE(NULL, fitter);
	wave(y, N);
	ASSERT_EQ(0, arima_choose(&direct, y, N));
	EXPECT_EQ(0, fitter_take(fitter, &arima));
	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(fitter_submit(fitter, y, N));
		/* Its copy is its own: ours may change at once. */
		memset(y, 0, sizeof(y));
		EXPECT_EQ(1, take(fitter, &arima));
		EXPECT_EQ(direct.order.p, arima.order.p);
		EXPECT_EQ(direct.order.d, arima.order.d);
		EXPECT_EQ(direct.order.q, arima.order.q);
		EXPECT_TRUE(direct.aicc == arima.aicc);
		wave(y, N);
	}
	fitter_free(fitter);
}

TEST(one_at_a_time)
{
	struct fitter *fitter = fitter_new(N);
	struct arima arima;
	double y[N];

	wave(y, N);
	ASSERT_TRUE(fitter_submit(fitter, y, N));
	/* Busy, or done and not taken: either way, not now. */
	EXPECT_FALSE(fitter_submit(fitter, y, N));
	EXPECT_EQ(1, take(fitter, &arima));
	EXPECT_EQ(0, fitter_take(fitter, &arima));
	EXPECT_TRUE(fitter_submit(fitter, y, N));
	/* Ended with a fit under way. */
	fitter_free(fitter);
}

TEST(errors_come_back)
{
	struct fitter *fitter = fitter_new(N);
	struct arima arima;
	double y[N];

	for (size_t i = 0; i < N; i++)
		y[i] = NAN;
	EXPECT_FALSE(fitter_submit(fitter, y, N + 1));
	ASSERT_TRUE(fitter_submit(fitter, y, N));
	EXPECT_EQ(-ENODATA, take(fitter, &arima));
	/* And it can be asked again. */
	wave(y, N);
	EXPECT_TRUE(fitter_submit(fitter, y, N));
	EXPECT_EQ(1, take(fitter, &arima));
	fitter_free(fitter);
	fitter_free(NULL);
}

TEST_HARNESS_MAIN
