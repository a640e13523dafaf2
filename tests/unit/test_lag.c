// SPDX-License-Identifier: GPL-2.0-or-later
/* Lag of replicas, from the module's own source. */
#include <string.h>

#include "lag.h"

#include "kselftest_harness.h"

enum { MS = 1000 };

FIXTURE(lag)
{
	struct spw_lag lag;
};

FIXTURE_SETUP(lag)
{
	memset(&self->lag, 0, sizeof(self->lag));
}

FIXTURE_TEARDOWN(lag)
{
}

static uint32_t said(struct spw_lag *lag, uint64_t now, uint64_t since, int n)
{
	spw_lag_begin(lag, now);
	while (n--)
		spw_lag_change(lag, since);
	spw_lag_end(lag, 100);
	return lag->last;
}

TEST_F(lag, one_change)
{
	uint32_t round = said(&self->lag, 100 * MS, 96 * MS, 1);

	EXPECT_EQ(0, spw_lag_quantile(&self->lag, 990));
	EXPECT_EQ(100, self->lag.bytes);
	EXPECT_TRUE(spw_lag_ack(&self->lag, round, 101 * MS));
	EXPECT_EQ(0, self->lag.bytes);
	/* 4 ms until it was told, 1 ms until it was acknowledged. */
	EXPECT_EQ(5 * MS, spw_lag_most(&self->lag));
	EXPECT_EQ(5 * MS + 250, spw_lag_quantile(&self->lag, 500));
}

TEST_F(lag, quantiles)
{
	uint64_t now = 1000 * MS;
	uint32_t round;

	for (int i = 0; i < 10; i++) {
		round = said(&self->lag, now, now - 2 * MS, i == 9 ? 91 : 101);
		EXPECT_TRUE(spw_lag_ack(&self->lag, round, now + MS));
		now += 4 * MS;
	}
	/* One change in a hundred takes 20 ms. */
	round = said(&self->lag, now, now - 10 * MS, 9);
	EXPECT_TRUE(spw_lag_ack(&self->lag, round, now + 10 * MS));
	EXPECT_LE(3 * MS, spw_lag_quantile(&self->lag, 500));
	EXPECT_GE(3500, spw_lag_quantile(&self->lag, 500));
	EXPECT_GE(3500, spw_lag_quantile(&self->lag, 990));
	EXPECT_LE(20 * MS, spw_lag_quantile(&self->lag, 1000));
	EXPECT_EQ(20 * MS, spw_lag_most(&self->lag));
}

TEST_F(lag, several_rounds_in_one_acknowledgment)
{
	for (int i = 0; i < SPW_LAG_ROUNDS; i++) {
		EXPECT_TRUE(spw_lag_room(&self->lag));
		said(&self->lag, (100 + 4 * i) * MS, (96 + 4 * i) * MS, 1);
	}
	EXPECT_FALSE(spw_lag_room(&self->lag));
	EXPECT_EQ(100 * SPW_LAG_ROUNDS, self->lag.bytes);
	EXPECT_TRUE(spw_lag_ack(&self->lag, SPW_LAG_ROUNDS, 200 * MS));
	EXPECT_TRUE(spw_lag_room(&self->lag));
	EXPECT_EQ(0, self->lag.bytes);
	EXPECT_EQ(104 * MS, spw_lag_most(&self->lag));
}

/* What a peer acknowledges wrongly changes nothing. */
TEST_F(lag, acknowledgments_of_nothing)
{
	struct spw_lag before;

	said(&self->lag, 100 * MS, 96 * MS, 1);
	said(&self->lag, 104 * MS, 100 * MS, 1);
	EXPECT_TRUE(spw_lag_ack(&self->lag, 1, 105 * MS));
	before = self->lag;
	EXPECT_FALSE(spw_lag_ack(&self->lag, 0, 106 * MS));
	EXPECT_FALSE(spw_lag_ack(&self->lag, 1, 106 * MS));
	EXPECT_FALSE(spw_lag_ack(&self->lag, 3, 106 * MS));
	EXPECT_FALSE(spw_lag_ack(&self->lag, 0x80000000, 106 * MS));
	EXPECT_FALSE(spw_lag_ack(&self->lag, 0xffffffff, 106 * MS));
	EXPECT_EQ(0, memcmp(&before, &self->lag, sizeof(before)));
}

TEST_F(lag, what_was_not_sent)
{
	spw_lag_begin(&self->lag, 100 * MS);
	spw_lag_change(&self->lag, 90 * MS);
	spw_lag_undo(&self->lag);
	EXPECT_FALSE(spw_lag_ack(&self->lag, 1, 101 * MS));
	said(&self->lag, 104 * MS, 100 * MS, 1);
	EXPECT_TRUE(spw_lag_ack(&self->lag, 1, 105 * MS));
	EXPECT_EQ(5 * MS, spw_lag_most(&self->lag));
	said(&self->lag, 108 * MS, 104 * MS, 1);
	spw_lag_forget(&self->lag);
	EXPECT_EQ(0, self->lag.bytes);
	EXPECT_FALSE(spw_lag_ack(&self->lag, 2, 109 * MS));
}

/* Of very old changes the age is known; what is long past is not told any more. */
TEST_F(lag, extremes)
{
	uint32_t round = said(&self->lag, 1000000 * MS, 0, 70000);

	EXPECT_TRUE(spw_lag_ack(&self->lag, round, 1000000 * MS));
	EXPECT_EQ(1000000 * MS, spw_lag_most(&self->lag));
	EXPECT_EQ(1000000 * MS, spw_lag_quantile(&self->lag, 500));
	for (int i = 1; i <= 2; i++) {
		uint64_t now = (1000000ULL + 11000 * i) * MS;

		round = said(&self->lag, now, now, 1);
		EXPECT_TRUE(spw_lag_ack(&self->lag, round, now + 1));
	}
	EXPECT_GE(250, spw_lag_most(&self->lag));
}

/* Numbers go round. */
TEST_F(lag, round_numbers_wrap)
{
	self->lag.last = 0xfffffffe;
	self->lag.acked = 0xfffffffe;
	for (int i = 0; i < 4; i++)
		said(&self->lag, (100 + i) * MS, (99 + i) * MS, 1);
	EXPECT_TRUE(spw_lag_ack(&self->lag, 2, 104 * MS));
	EXPECT_EQ(0, self->lag.bytes);
	EXPECT_EQ(5 * MS, spw_lag_most(&self->lag));
}

TEST_HARNESS_MAIN
