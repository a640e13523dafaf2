// SPDX-License-Identifier: GPL-2.0-or-later
/* The series that the model is fitted to: order, room, missing values. */
#include <math.h>

#include "series.h"

#include "kselftest_harness.h"

TEST(order_and_room)
{
	struct series *series = series_new(3);
	const double *values;
	size_t count;

	ASSERT_NE(NULL, series);
	series_values(series, &count);
	EXPECT_EQ(0, count);
	for (int i = 1; i <= 1000; i++) {
		series_push(series, i);
		values = series_values(series, &count);
		ASSERT_EQ(i < 3 ? (size_t)i : 3, count);
		for (size_t j = 0; j < count; j++)
			ASSERT_TRUE(values[j] == (double)(i - (int)count + 1 + (int)j));
	}
	series_free(series);
}

TEST(missing_values)
{
	struct series *series = series_new(2);
	const double *values;
	size_t count;

	series_push(series, 0.5);
	series_push(series, NAN);
	values = series_values(series, &count);
	ASSERT_EQ(2, count);
	EXPECT_TRUE(values[0] == 0.5);
	EXPECT_TRUE(isnan(values[1]));
	series_free(series);
}

TEST(no_room)
{
	EXPECT_EQ(NULL, series_new(0));
	EXPECT_EQ(NULL, series_new(SIZE_MAX));
}

TEST_HARNESS_MAIN
