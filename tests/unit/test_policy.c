// SPDX-License-Identifier: GPL-2.0-or-later
/* Policy: the order, the room of the peers, and what must hold for any input. */
#include <stdlib.h>

#include "policy.h"

#include "kselftest_harness.h"

static const struct policy_rules rules = { .min_age_ms = 1000, .max_moves = 64 };

static struct policy_conn conn(uint64_t id, uint64_t age_s, uint64_t rate)
{
	return (struct policy_conn){
		.id = id, .age_ms = age_s * 1000, .cost = rate, .since_ms = 1000000
	};
}

static struct policy_peer peer(uint16_t id, double room)
{
	return (struct policy_peer){
		.id = id, .usable = true, .weight = 1, .free = room, .capacity = 1000, .rtt_us = 200
	};
}

TEST(order)
{
	struct policy_conn conns[] = { conn(1, 3, 10), conn(2, 100, 10), conn(3, 100, 20),
				       conn(4, 120, 20), conn(5, 4000, 50) };
	struct policy_peer peers[] = { peer(2, 1) };
	struct policy_move moves[64];

	conns[4].critical = true;
	ASSERT_EQ(5, policy_offload(&rules, conns, 5, peers, 1, 1e9, moves));
	/* 100 and 120 s are of one power of two: the rate decides, then the id. */
	EXPECT_EQ(3, moves[0].conn_id);
	EXPECT_EQ(4, moves[1].conn_id);
	EXPECT_EQ(2, moves[2].conn_id);
	EXPECT_EQ(1, moves[3].conn_id);
	EXPECT_EQ(5, moves[4].conn_id);
}

TEST(no_more_than_is_needed)
{
	struct policy_conn conns[] = { conn(1, 9, 100), conn(2, 9, 100), conn(3, 9, 100) };
	struct policy_peer peers[] = { peer(2, 1) };
	struct policy_move moves[64];

	EXPECT_EQ(2, policy_offload(&rules, conns, 3, peers, 1, 150, moves));
	EXPECT_EQ(0, policy_offload(&rules, conns, 3, peers, 1, 0, moves));
}

TEST(room_is_used_up)
{
	struct policy_conn conns[] = { conn(1, 9, 100), conn(2, 9, 100), conn(3, 9, 100),
				       conn(4, 9, 100) };
	struct policy_peer peers[] = { peer(2, 0.15), peer(3, 0.25) };
	struct policy_move moves[64];

	/* Room for two on 3 and one on 2. */
	ASSERT_EQ(3, policy_offload(&rules, conns, 4, peers, 2, 1e9, moves));
	EXPECT_EQ(3, moves[0].peer_id);
	EXPECT_GE(peers[0].free, 0);
	EXPECT_GE(peers[1].free, 0);
}

TEST(who_stays)
{
	struct policy_conn conns[] = { conn(1, 0, 100), conn(2, 9, 100), conn(3, 9, 100),
				       conn(4, 9, 0) };
	const struct policy_rules dwell = { .min_age_ms = 1000, .dwell_ms = 5000, .max_moves = 64 };
	struct policy_peer peers[] = { peer(2, 1) };
	struct policy_move moves[64];

	conns[1].pinned = true;
	conns[2].since_ms = 100;
	EXPECT_EQ(0, policy_offload(&dwell, conns, 4, peers, 1, 1e9, moves));
}

TEST(ipv6_goes_to_who_forwards_it)
{
	struct policy_conn conns[] = { conn(1, 9, 100), conn(2, 9, 100) };
	struct policy_peer peers[] = { peer(2, 1), peer(3, 0.15) };
	struct policy_move moves[64];

	conns[0].ipv6 = true;
	conns[1].ipv6 = true;
	EXPECT_EQ(0, policy_offload(&rules, conns, 2, peers, 2, 1e9, moves));
	peers[1].ipv6 = true;
	/* Room for one only where it is forwarded, though the other has more. */
	ASSERT_EQ(1, policy_offload(&rules, conns, 2, peers, 2, 1e9, moves));
	EXPECT_EQ(3, moves[0].peer_id);
}

TEST(near_peer_is_preferred)
{
	struct policy_conn conns[] = { conn(1, 9, 10) };
	struct policy_peer peers[] = { peer(2, 0.5), peer(3, 0.5) };
	struct policy_move moves[64];

	peers[0].rtt_us = 20000;
	ASSERT_EQ(1, policy_offload(&rules, conns, 1, peers, 2, 1e9, moves));
	EXPECT_EQ(3, moves[0].peer_id);
}

TEST(recall_is_the_reverse)
{
	struct policy_conn conns[] = { conn(1, 9, 100), conn(2, 900, 100), conn(3, 9, 50) };
	struct policy_move moves[64];
	int i;

	for (i = 0; i < 3; i++)
		conns[i].peer_id = 2;
	ASSERT_EQ(2, policy_recall(&rules, conns, 3, 160, moves));
	EXPECT_EQ(3, moves[0].conn_id);
	EXPECT_EQ(1, moves[1].conn_id);
}

TEST(whatever_comes)
{
	struct policy_conn conns[100];
	struct policy_peer peers[5];
	struct policy_move moves[64];
	double rate;
	size_t n, i, round, p;
	uint64_t moved;

	srandom(4);
	for (round = 0; round < 2000; round++) {
		for (i = 0; i < 100; i++) {
			conns[i] = conn(i + 1, (uint64_t)random() % 5000, (uint64_t)random() % 400);
			conns[i].critical = random() % 4 == 0;
			conns[i].pinned = random() % 9 == 0;
			conns[i].peer_id = random() % 3 ? 0 : 2;
		}
		for (p = 0; p < 5; p++) {
			peers[p] = peer((uint16_t)(p + 2), (double)(random() % 100) / 100);
			peers[p].usable = random() % 4;
			peers[p].weight = (uint32_t)random() % 3;
		}
		rate = (double)(random() % 3000);
		n = policy_offload(&rules, conns, 100, peers, 5, rate, moves);
		ASSERT_LE(n, rules.max_moves);
		moved = 0;
		for (i = 0; i < n; i++) {
			const struct policy_peer *to = &peers[moves[i].peer_id - 2];

			ASSERT_TRUE(to->usable && to->weight);
			ASSERT_GE(to->free, 0);
			ASSERT_LT(moved, rate);
			moved += moves[i].cost;
		}
	}
}

TEST_HARNESS_MAIN
