// SPDX-License-Identifier: GPL-2.0-or-later
/* When control messages are acknowledged: those of a stream of bytes sooner than others. */
#include "control_stream.h"

#include "kselftest_harness.h"

enum { US = 1000, T = 1000000 };

/* @n chunks of messages of @length bytes came. Returns what is due then. */
static uint64_t came(struct spw_control_rx *rx, int n, uint32_t length)
{
	struct spw_chunk_head head = { .from = 1, .to = 2, .stream = 1, .length = length };

	while (n--) {
		head.seq = rx->next;
		spw_control_rx_admit(rx, &head);
		spw_control_rx_judge(rx, head.seq, T);
		spw_control_rx_take(rx, &head, T);
		spw_control_rx_taken(rx, T);
	}
	return spw_control_rx_due(rx);
}

FIXTURE(acks)
{
	struct spw_control_rx rx;
};

FIXTURE_SETUP(acks)
{
	self->rx = (struct spw_control_rx){};
	spw_control_rx_meet(&self->rx, 2, 1);
}

FIXTURE_TEARDOWN(acks)
{
}

TEST_F(acks, a_stream_each_second_chunk)
{
	EXPECT_EQ(T + SPW_ACK_DELAY_US * US, came(&self->rx, 1, SPW_CONTROL_SMALL + 1));
	EXPECT_EQ(T, came(&self->rx, 1, SPW_CONTROL_SMALL + 1));
}

TEST_F(acks, small_ones_a_moment_later)
{
	EXPECT_EQ(T + SPW_ACK_DELAY_US * US,
		  came(&self->rx, SPW_CONTROL_ACK_SMALL - 1, SPW_CONTROL_SMALL));
	EXPECT_EQ(T, came(&self->rx, 1, SPW_CONTROL_SMALL));
}

TEST_F(acks, they_count_beside_large_ones)
{
	EXPECT_LT(T, came(&self->rx, 1, SPW_CONTROL_SMALL + 1));
	EXPECT_LT(T, came(&self->rx, 5, 1));
	EXPECT_EQ(T, came(&self->rx, 1, SPW_CONTROL_SMALL + 1));
}

TEST_F(acks, each_acknowledgment_counts_anew)
{
	struct spw_control_ack ack;

	came(&self->rx, 1, SPW_CONTROL_SMALL + 1);
	spw_control_rx_tell(&self->rx, T, &ack);
	EXPECT_EQ(0, spw_control_rx_due(&self->rx));
	EXPECT_LT(T, came(&self->rx, 1, SPW_CONTROL_SMALL + 1));
}

/* What was lost is told of at once, however small (RFC 9000 section 13.2.1). */
TEST_F(acks, a_gap_at_once)
{
	const struct spw_chunk_head head = {
		.from = 1, .to = 2, .stream = 1, .seq = 1, .length = 1
	};

	spw_control_rx_admit(&self->rx, &head);
	spw_control_rx_judge(&self->rx, head.seq, T);
	spw_control_rx_take(&self->rx, &head, T);
	EXPECT_EQ(T, spw_control_rx_due(&self->rx));
}

TEST_HARNESS_MAIN
