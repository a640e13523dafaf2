// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A round against a module that is played here: what is asked of it, what is sent, what
 * is done when it refuses some, all, or for no connection's sake.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "model.h"
#include "nl_conns.h"
#include "round.h"

#include "kselftest_harness.h"

#define CONNS 8
#define MBYTE 1000000

/* The module and the pool, as round.c sees them. */
static struct {
	struct model_conn conns[CONNS];
	size_t conn_count;
	int conns_ret;
	struct model_filter filter; /* of the last dump */
	struct model_peer peers[2];
	struct report_peer reports[2];
	int ready;

	struct model_move sent[4][CONNS];
	size_t sent_count[4];
	unsigned int batches;
	uint64_t refuse_id[2]; /* refused in every batch */
	int fail;              /* the whole batch, without a reason for any entry */
	bool recalled;
	bool handed[4]; /* which batches were */
	int handoff_fail;
} fake;

int nl_conns(struct nl_session *session, const struct model_filter *filter,
	     struct model_conn **conns, size_t *count, struct nl_error *error)
{
	(void)session;
	fake.filter = *filter;
	*count = 0;
	*conns = calloc(CONNS, sizeof(**conns));
	snprintf(error->text, sizeof(error->text), "as told");
	if (fake.conns_ret < 0) {
		free(*conns);
		*conns = NULL;
		return fake.conns_ret;
	}
	memcpy(*conns, fake.conns, fake.conn_count * sizeof(**conns));
	*count = fake.conn_count;
	return fake.conns_ret;
}

static int take_batch(struct model_move *moves, size_t count, struct nl_error *error)
{
	int ret = fake.fail;

	memcpy(fake.sent[fake.batches], moves, count * sizeof(*moves));
	fake.sent_count[fake.batches++] = count;
	for (size_t i = 0; i < count; i++) {
		if (moves[i].conn_id == fake.refuse_id[0] ||
		    moves[i].conn_id == fake.refuse_id[1]) {
			moves[i].reason = SPILLWAY_REASON_CONN_GONE;
			ret = -ENOENT;
		}
	}
	snprintf(error->text, sizeof(error->text), "as told");
	return ret;
}

int nl_offload(struct nl_session *session, struct model_move *moves, size_t count,
	       struct nl_error *error)
{
	(void)session;
	fake.recalled = false;
	return take_batch(moves, count, error);
}

int nl_recall(struct nl_session *session, struct model_move *moves, size_t count,
	      struct nl_error *error)
{
	(void)session;
	fake.recalled = true;
	return take_batch(moves, count, error);
}

int nl_handoff(struct nl_session *session, struct model_move *moves, size_t count, uint32_t flags,
	       uint32_t *job, struct nl_error *error)
{
	int ret;

	(void)session;
	if (flags)
		return -EINVAL;
	fake.handed[fake.batches] = true;
	ret = take_batch(moves, count, error);
	*job = ret ? 0 : 7;
	return ret ? ret : fake.handoff_fail;
}

int pool_ready(const struct pool *pool)
{
	(void)pool;
	return fake.ready;
}

struct nl_session *pool_session(struct pool *pool)
{
	return (struct nl_session *)pool;
}

const struct model_peer *pool_model_peers(const struct pool *pool, size_t *count)
{
	(void)pool;
	*count = 2;
	return fake.peers;
}

const struct report_peer *pool_peers(const struct pool *pool, size_t *count)
{
	(void)pool;
	*count = 2;
	return fake.reports;
}

FIXTURE(round)
{
	struct config config;
	struct config_class classes[2];
	struct round *round;
	struct round_result result;
};

static void set_conn(size_t i, uint64_t rate, uint8_t role)
{
	fake.conns[i] = (struct model_conn){
		.id = 100 + i,
		.role = role,
		.peer_id = role == SPILLWAY_ROLE_OFFLOADED ? 2 : 0,
		.local_port = 40000,
		.remote_port = (uint16_t)(80 + i),
		.tcp_state = TCP_ESTABLISHED,
		.age_ms = 60000,
		.tx_rate = rate,
	};
}

FIXTURE_SETUP(round)
{
	memset(&fake, 0, sizeof(fake));
	memset(self, 0, sizeof(*self));
	log_open("test", LOG_EMERG);
	self->config.classes = self->classes;
	self->config.offload.min_age_ms = 2000;
	self->config.offload.max_per_round = 4;
	self->config.offload.hysteresis_ms = 10000;
	for (uint16_t i = 0; i < 2; i++) {
		fake.peers[i] = (struct model_peer){
			.id = (uint16_t)(2 + i),
			.weight = 1,
			.state = SPILLWAY_PEER_UP,
			.free = 800,
			.capacity = 100 * MBYTE,
		};
		fake.reports[i].id = 2U + i;
		snprintf(fake.reports[i].name, sizeof(fake.reports[i].name), "vm-%u", 2 + i);
	}
	for (size_t i = 0; i < CONNS; i++)
		set_conn(i, MBYTE, SPILLWAY_ROLE_LOCAL);
	fake.conn_count = CONNS;
	self->round = round_new(&self->config);
	ASSERT_NE(NULL, self->round);
}

FIXTURE_TEARDOWN(round)
{
	round_free(self->round);
}

#define OFFLOAD(rate, now) \
	round_offload(self->round, (struct pool *)&fake, rate, now, &self->result)
#define RECALL(rate, now) round_recall(self->round, (struct pool *)&fake, rate, now, &self->result)

TEST_F(round, moves_what_is_asked)
{
	ASSERT_EQ(0, OFFLOAD(2.0 * MBYTE, 50000));
	EXPECT_EQ(SPILLWAY_ROLE_LOCAL, fake.filter.role);
	EXPECT_EQ(2000, fake.filter.age_ms);
	EXPECT_EQ(MODEL_HAS(CONN_ROLE) | MODEL_HAS(AGE_MS), fake.filter.has);
	EXPECT_EQ(SPILLWAY_SORT_TX_RATE, fake.filter.sort);
	EXPECT_EQ(16, fake.filter.top);
	EXPECT_EQ(1, fake.batches);
	EXPECT_EQ(2, fake.sent_count[0]);
	EXPECT_EQ(2, self->result.moved);
	EXPECT_EQ(0, self->result.refused);
	EXPECT_EQ(2 * MBYTE, self->result.tx_rate);
	EXPECT_EQ(REPORT_OFFLOAD, self->result.moves[0].action);
	EXPECT_EQ(fake.sent[0][0].conn_id, self->result.moves[0].id);
	EXPECT_EQ(fake.sent[0][0].peer_id, self->result.moves[0].peer_id);
	EXPECT_EQ(0, strncmp(self->result.moves[0].peer, "vm-", 3));
	EXPECT_FALSE(fake.recalled);
}

TEST_F(round, no_more_than_configured)
{
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	EXPECT_EQ(4, self->result.moved);
}

TEST_F(round, refused_entries_are_dropped_once)
{
	/* All eight may go, so that it is known which are sent. */
	self->config.offload.max_per_round = CONNS;
	fake.refuse_id[0] = 103;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	EXPECT_EQ(2, fake.batches);
	EXPECT_EQ(CONNS, fake.sent_count[0]);
	EXPECT_EQ(CONNS - 1, fake.sent_count[1]);
	for (size_t i = 0; i < CONNS - 1; i++) {
		EXPECT_NE(103, fake.sent[1][i].conn_id);
		EXPECT_EQ(0, fake.sent[1][i].reason);
	}
	EXPECT_EQ(CONNS - 1, self->result.moved);
	EXPECT_EQ(1, self->result.refused);
	EXPECT_EQ((CONNS - 1) * MBYTE, self->result.tx_rate);
}

TEST_F(round, all_refused)
{
	fake.conn_count = 1;
	fake.refuse_id[0] = 100;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	EXPECT_EQ(1, fake.batches);
	EXPECT_EQ(0, self->result.moved);
	EXPECT_EQ(1, self->result.refused);
	EXPECT_EQ(0, self->result.tx_rate);
}

TEST_F(round, own_control_connections_stay)
{
	struct config_peer peer = { .id = 2,
				    .control = { .addr = { htonl(0xc0000202) }, .port = 51821 } };

	self->config.peers = &peer;
	self->config.peer_count = 1;
	self->config.node.control_port = 51821;
	self->config.offload.max_per_round = CONNS;
	/* Dialled, accepted, and two that only look alike. */
	for (size_t i = 0; i < 3; i++)
		fake.conns[i].remote = peer.control.addr;
	fake.conns[0].remote_port = 51821;
	fake.conns[1].local_port = 51821;
	fake.conns[3].remote_port = 51821;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	EXPECT_EQ(CONNS - 2, self->result.moved);
	for (size_t i = 0; i < self->result.moved; i++)
		EXPECT_LE(102, self->result.moves[i].id);
}

/* Without a reason for any entry, a second try would be refused likewise. */
TEST_F(round, refused_as_a_whole)
{
	fake.fail = -ENETDOWN;
	EXPECT_EQ(-ENETDOWN, OFFLOAD(100.0 * MBYTE, 50000));
	EXPECT_EQ(1, fake.batches);
	EXPECT_EQ(0, self->result.moved);
	EXPECT_EQ(0, self->result.refused);
}

/* What was refused did not move: it is chosen again at once. What moved is not. */
TEST_F(round, what_moved_stays)
{
	self->config.offload.max_per_round = CONNS;
	fake.refuse_id[0] = 105;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	ASSERT_EQ(CONNS - 1, self->result.moved);
	fake.refuse_id[0] = 0;
	fake.batches = 0;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 59999));
	EXPECT_EQ(1, self->result.moved);
	EXPECT_EQ(105, fake.sent[0][0].conn_id);
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 60000));
	EXPECT_EQ(CONNS - 1, self->result.moved);
}

TEST_F(round, what_cannot_relieve_or_move)
{
	for (size_t i = 0; i < CONNS; i++)
		fake.conns[i].tx_rate = 0;
	set_conn(3, MBYTE, SPILLWAY_ROLE_LOCAL);
	set_conn(4, MBYTE, SPILLWAY_ROLE_LOCAL);
	fake.conns[4].tcp_state = TCP_FIN_WAIT1;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	EXPECT_EQ(1, self->result.moved);
	EXPECT_EQ(103, self->result.moves[0].id);
}

TEST_F(round, classes)
{
	/* Remote port 81 is critical; 82 with local port 40000 stays; 83 does not fit. */
	self->classes[0] = (struct config_class){
		.remote = { .port = { 81 }, .count = 1 },
		.critical = true,
		.offload = true,
	};
	self->classes[1] = (struct config_class){
		.local = { .port = { 39999, 40000 }, .count = 2 },
		.remote = { .port = { 81, 82 }, .count = 2 },
	};
	self->config.class_count = 2;
	fake.conn_count = 4;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	ASSERT_EQ(3, self->result.moved);
	/* Critical last, and 82 not at all. */
	EXPECT_EQ(101, self->result.moves[2].id);
	for (size_t i = 0; i < 3; i++)
		EXPECT_NE(102, self->result.moves[i].id);
}

/* Local port 40000 is handed off; of the connections two came from outside. */
static void name_port(struct config_class *class, struct config *config)
{
	*class = (struct config_class){
		.local = { .port = { 40000 }, .count = 1 },
		.offload = true,
		.handoff = true,
	};
	config->class_count = 1;
	fake.conn_count = 3;
	fake.conns[0].direction = SPILLWAY_DIR_OUT;
	fake.conns[1].direction = SPILLWAY_DIR_IN;
	fake.conns[2].direction = SPILLWAY_DIR_IN;
}

TEST_F(round, hands_off_what_the_operator_named)
{
	name_port(&self->classes[0], &self->config);
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	ASSERT_EQ(2, fake.batches);
	EXPECT_TRUE(fake.handed[0]);
	EXPECT_FALSE(fake.handed[1]);
	ASSERT_EQ(2, fake.sent_count[0]);
	ASSERT_EQ(1, fake.sent_count[1]);
	EXPECT_EQ(100, fake.sent[1][0].conn_id);
	ASSERT_EQ(3, self->result.moved);
	EXPECT_EQ(3 * MBYTE, self->result.tx_rate);
	EXPECT_EQ(REPORT_HANDOFF, self->result.moves[0].action);
	EXPECT_EQ(REPORT_HANDOFF, self->result.moves[1].action);
	EXPECT_EQ(REPORT_OFFLOAD, self->result.moves[2].action);
	EXPECT_NE(0, self->result.moves[0].peer_id);
}

TEST_F(round, relays_what_no_target_took)
{
	name_port(&self->classes[0], &self->config);
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	/* All are still here, and have dwelt. */
	fake.batches = 0;
	memset(fake.handed, 0, sizeof(fake.handed));
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 61000));
	ASSERT_EQ(1, fake.batches);
	EXPECT_FALSE(fake.handed[0]);
	EXPECT_EQ(3, self->result.moved);
	/* After a while it is tried again. */
	fake.batches = 0;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 661000));
	EXPECT_TRUE(fake.handed[0]);
}

TEST_F(round, handoff_that_is_refused)
{
	name_port(&self->classes[0], &self->config);
	fake.refuse_id[0] = 101;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	EXPECT_EQ(2, self->result.moved);
	EXPECT_EQ(1, self->result.refused);
	EXPECT_EQ(102, self->result.moves[0].id);
	/* As a whole: the others are relayed all the same, and it is tried again. */
	fake.refuse_id[0] = 0;
	fake.handoff_fail = -EBUSY;
	fake.batches = 0;
	memset(fake.handed, 0, sizeof(fake.handed));
	EXPECT_EQ(-EBUSY, OFFLOAD(100.0 * MBYTE, 661000));
	ASSERT_EQ(2, fake.batches);
	EXPECT_TRUE(fake.handed[0]);
	EXPECT_FALSE(fake.handed[1]);
	ASSERT_EQ(1, self->result.moved);
	EXPECT_EQ(REPORT_OFFLOAD, self->result.moves[0].action);
}

#define HANDOFF(by, now_load, too_much, at)                                            \
	round_handoff(self->round, (struct pool *)&fake, by,                           \
		      &(struct round_load){ .now = now_load, .excess = too_much }, at, \
		      &self->result)

static void name_all(struct config_class *class, struct config *config)
{
	name_port(class, config);
	fake.conn_count = CONNS;
	for (size_t i = 1; i < CONNS; i++)
		fake.conns[i].direction = SPILLWAY_DIR_IN;
}

/* Eight alike cost 0.9 together: what is above by 0.2 are two of them, and none is relayed. */
TEST_F(round, hands_off_a_share_of_the_load)
{
	name_all(&self->classes[0], &self->config);
	ASSERT_EQ(0, HANDOFF(ROUND_BY_TRAFFIC, 0.9, 0.2, 50000));
	EXPECT_EQ(SPILLWAY_ROLE_LOCAL, fake.filter.role);
	ASSERT_EQ(1, fake.batches);
	EXPECT_TRUE(fake.handed[0]);
	EXPECT_EQ(2, fake.sent_count[0]);
	ASSERT_EQ(2, self->result.moved);
	EXPECT_EQ(2 * MBYTE, self->result.tx_rate);
	for (size_t i = 0; i < 2; i++) {
		EXPECT_EQ(REPORT_HANDOFF, self->result.moves[i].action);
		EXPECT_NE(100, self->result.moves[i].id);
	}
	/* Those are still here: others go, and they again when they have dwelt. */
	fake.batches = 0;
	self->config.offload.max_per_round = CONNS;
	ASSERT_EQ(0, HANDOFF(ROUND_BY_TRAFFIC, 0.9, 0.9, 59999));
	EXPECT_EQ(CONNS - 3, self->result.moved);
	ASSERT_EQ(0, HANDOFF(ROUND_BY_TRAFFIC, 0.9, 0.9, 70000));
	EXPECT_EQ(CONNS - 1, self->result.moved);
	EXPECT_TRUE(fake.handed[1]);
}

/* What is asked is work as well: the one that receives most goes first. */
TEST_F(round, what_is_received_costs)
{
	name_all(&self->classes[0], &self->config);
	fake.conns[5].rx_rate = 2 * MBYTE;
	ASSERT_EQ(0, HANDOFF(ROUND_BY_TRAFFIC, 1.0, 0.25, 50000));
	ASSERT_EQ(1, self->result.moved);
	EXPECT_EQ(105, self->result.moves[0].id);
	EXPECT_EQ(MBYTE, self->result.tx_rate);
}

/* One of eight is 0.1 of this node, and of a peer. */
TEST_F(round, room_is_of_the_load)
{
	name_all(&self->classes[0], &self->config);
	fake.peers[0].free = 101;
	fake.peers[1].free = 50;
	ASSERT_EQ(0, HANDOFF(ROUND_BY_TRAFFIC, 0.8, 0.4, 50000));
	ASSERT_EQ(1, self->result.moved);
	EXPECT_EQ(2, self->result.moves[0].peer_id);
}

TEST_F(round, what_is_at_rest_counts_where_all_count)
{
	name_all(&self->classes[0], &self->config);
	for (size_t i = 0; i < CONNS; i++)
		fake.conns[i].tx_rate = 0;
	ASSERT_EQ(0, HANDOFF(ROUND_BY_TRAFFIC, 0.8, 0.4, 50000));
	EXPECT_EQ(0, fake.batches);
	ASSERT_EQ(0, HANDOFF(ROUND_BY_COUNT, 0.8, 0.3, 50000));
	EXPECT_EQ(3, self->result.moved);
	EXPECT_EQ(0, self->result.tx_rate);
}

TEST_F(round, what_is_not_named_is_not_handed_off)
{
	for (size_t i = 0; i < CONNS; i++)
		fake.conns[i].direction = SPILLWAY_DIR_IN;
	ASSERT_EQ(0, HANDOFF(ROUND_BY_TRAFFIC, 1.0, 1.0, 50000));
	EXPECT_EQ(0, fake.batches);
	EXPECT_EQ(0, self->result.moved);
}

TEST_F(round, peers_that_do_not_take)
{
	fake.peers[0].state = SPILLWAY_PEER_SUSPECT;
	fake.peers[1].admin = SPILLWAY_ADMIN_DRAIN;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	EXPECT_EQ(0, fake.batches);
	EXPECT_EQ(0, self->result.moved);
	fake.peers[1].admin = SPILLWAY_ADMIN_READY;
	fake.peers[1].weight = 0;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	EXPECT_EQ(0, fake.batches);
	fake.peers[1].weight = 1;
	fake.peers[1].free = 0;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	EXPECT_EQ(0, fake.batches);
	fake.peers[1].free = 800;
	ASSERT_EQ(0, OFFLOAD(100.0 * MBYTE, 50000));
	EXPECT_EQ(4, self->result.moved);
	for (size_t i = 0; i < 4; i++)
		EXPECT_EQ(3, self->result.moves[i].peer_id);
}

TEST_F(round, comes_back)
{
	for (size_t i = 0; i < CONNS; i++)
		set_conn(i, MBYTE, SPILLWAY_ROLE_OFFLOADED);
	ASSERT_EQ(0, RECALL(2.5 * MBYTE, 50000));
	EXPECT_EQ(SPILLWAY_ROLE_OFFLOADED, fake.filter.role);
	EXPECT_EQ(MODEL_HAS(CONN_ROLE), fake.filter.has);
	EXPECT_TRUE(fake.recalled);
	ASSERT_EQ(2, self->result.moved);
	EXPECT_EQ(REPORT_RECALL, self->result.moves[0].action);
	EXPECT_EQ(2, self->result.moves[0].peer_id);
	EXPECT_STREQ("vm-2", self->result.moves[0].peer);
	/* Nothing fits: nothing is sent. */
	fake.batches = 0;
	ASSERT_EQ(0, RECALL(10, 50000));
	EXPECT_EQ(0, fake.batches);
	EXPECT_EQ(0, self->result.moved);
}

TEST_F(round, module_is_away)
{
	fake.ready = -ENODEV;
	EXPECT_EQ(-ENODEV, OFFLOAD(MBYTE, 50000));
	EXPECT_EQ(-ENODEV, RECALL(MBYTE, 50000));
	fake.ready = 0;
	fake.conns_ret = -EINTR;
	EXPECT_EQ(-EINTR, OFFLOAD(MBYTE, 50000));
	EXPECT_EQ(0, fake.batches);
	/* A dump that was disturbed is still good for choosing. */
	fake.conns_ret = 1;
	EXPECT_EQ(0, OFFLOAD(MBYTE, 50000));
	EXPECT_EQ(1, self->result.moved);
}

TEST_HARNESS_MAIN
