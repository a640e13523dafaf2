// SPDX-License-Identifier: GPL-2.0-or-later
/* For how long a connection has been where it is, and what is forgotten. */
#include "dwell.h"

#include "kselftest_harness.h"

TEST(remembers_and_forgets)
{
	struct dwell *dwell = dwell_new(1000);

	ASSERT_NE(NULL, dwell);
	/* Nothing is known of it. */
	EXPECT_EQ(UINT64_MAX, dwell_since(dwell, 7, 150));
	EXPECT_EQ(0, dwell_add(dwell, 7, 200));
	EXPECT_EQ(0, dwell_add(dwell, UINT64_MAX, 300));
	EXPECT_EQ(0, dwell_add(dwell, 0, 400));
	EXPECT_EQ(300, dwell_since(dwell, 7, 500));
	EXPECT_EQ(200, dwell_since(dwell, UINT64_MAX, 500));
	EXPECT_EQ(100, dwell_since(dwell, 0, 500));
	EXPECT_EQ(UINT64_MAX, dwell_since(dwell, 8, 500));
	/* Moved again: from then. */
	EXPECT_EQ(0, dwell_add(dwell, 7, 600));
	EXPECT_EQ(0, dwell_since(dwell, 7, 600));
	/* 300 is a whole second ago, 400 and 600 are not. */
	dwell_prune(dwell, 1300);
	EXPECT_EQ(UINT64_MAX, dwell_since(dwell, UINT64_MAX, 1300));
	EXPECT_EQ(900, dwell_since(dwell, 0, 1300));
	EXPECT_EQ(700, dwell_since(dwell, 7, 1300));
	dwell_free(dwell);
}

TEST(is_bounded)
{
	struct dwell *dwell = dwell_new(1000000);

	for (uint64_t i = 0; i < DWELL_MAX; i++)
		ASSERT_EQ(0, dwell_add(dwell, i * 7919 % DWELL_MAX, i + 1));
	EXPECT_EQ(DWELL_MAX - 1, dwell_since(dwell, 0, DWELL_MAX));
	/* One more: the oldest, of time 1, goes. */
	EXPECT_EQ(0, dwell_add(dwell, 1ULL << 40, DWELL_MAX + 1));
	EXPECT_EQ(UINT64_MAX, dwell_since(dwell, 0, DWELL_MAX + 1));
	EXPECT_EQ(0, dwell_since(dwell, 1ULL << 40, DWELL_MAX + 1));
	EXPECT_EQ(DWELL_MAX - 1, dwell_since(dwell, 7919, DWELL_MAX + 1));
	dwell_free(dwell);
}

TEST_HARNESS_MAIN
