// SPDX-License-Identifier: GPL-2.0-or-later
/* When what came is acknowledged, from the module's own source. */
#include "acker.h"

#include "kselftest_harness.h"

#define US 1000ULL
#define MS 1000000ULL

TEST(when_to_acknowledge)
{
	struct spw_acker a = { 0 };
	struct spw_heard one = { .n = 1, .top = true };
	struct spw_heard many = { .n = SPW_ACKER_COUNT, .top = true };
	struct spw_heard hole = { .n = 1, .top = true, .gap = true };
	uint64_t now = 5000 * MS;

	EXPECT_EQ(0, spw_acker_due(&a));
	spw_acker_heard(&a, &one, now);
	EXPECT_EQ(now + 2 * MS, spw_acker_due(&a));
	/* Two after the newest, six after the first. */
	spw_acker_heard(&a, &one, now + 400 * US);
	EXPECT_EQ(now + 2400 * US, spw_acker_due(&a));
	spw_acker_heard(&a, &one, now + 2300 * US);
	EXPECT_EQ(now + 4300 * US, spw_acker_due(&a));
	spw_acker_heard(&a, &one, now + 4200 * US);
	EXPECT_EQ(now + 6 * MS, spw_acker_due(&a));
	/* Since the newest came. */
	EXPECT_EQ(600, spw_acker_told(&a, now + 4800 * US));
	EXPECT_EQ(0, spw_acker_due(&a));

	spw_acker_heard(&a, &many, now);
	EXPECT_LE(spw_acker_due(&a), now);
	spw_acker_told(&a, now);

	/* A hole at once, the next one a little later. */
	spw_acker_heard(&a, &hole, now);
	EXPECT_LE(spw_acker_due(&a), now);
	spw_acker_told(&a, now);
	spw_acker_heard(&a, &hole, now + 10 * US);
	EXPECT_EQ(now + 250 * US, spw_acker_due(&a));
	EXPECT_EQ(1000000, spw_acker_told(&a, now + 100000 * MS));
}

TEST_HARNESS_MAIN
