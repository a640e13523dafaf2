// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel says, as spillctl and spilld read it: refusals with their attribute,
 * devices, peers, connections, batches and jobs; cut short after every word, which ASan
 * watches since each message has a block of memory of exactly its size. (The kernel's
 * messages are whole words; libmnl relies on it.)
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

#include "nl_decode.h"
#include "nl_error.h"

#include "kselftest_harness.h"

#define ROOM   4096
#define FAMILY 0x20

FIXTURE(message)
{
	struct nlmsghdr *request; /* with a peer's name and weight */
	struct nlattr *weight;    /* in it */
	struct nlmsghdr *answer;
	struct nl_error error;
};

static struct nlmsghdr *begin(uint16_t type)
{
	void *buffer = calloc(1, ROOM);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = type;
	if (type == FAMILY)
		mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	return nlh;
}

FIXTURE_SETUP(message)
{
	memset(&self->error, 0, sizeof(self->error));
	self->request = begin(FAMILY);
	mnl_attr_put_strz(self->request, SPILLWAY_A_PEER_NAME, "n2");
	self->weight = mnl_nlmsg_get_payload_tail(self->request);
	mnl_attr_put_u32(self->request, SPILLWAY_A_PEER_WEIGHT, 99999);
	self->answer = NULL;
}

FIXTURE_TEARDOWN(message)
{
	free(self->request);
	free(self->answer);
}

/* A refusal that quotes the request's header only, as with NETLINK_CAP_ACK. */
static void refuse(FIXTURE_DATA(message) * self, int err)
{
	struct nlmsgerr *refusal;

	self->answer = begin(NLMSG_ERROR);
	self->answer->nlmsg_flags = NLM_F_CAPPED | NLM_F_ACK_TLVS;
	refusal = mnl_nlmsg_put_extra_header(self->answer, sizeof(*refusal));
	refusal->error = -err;
	refusal->msg = *self->request;
}

static uint32_t offset_of(FIXTURE_DATA(message) * self, const struct nlattr *attr)
{
	return (uint32_t)((const char *)attr - (const char *)self->request);
}

static int take(FIXTURE_DATA(message) * self)
{
	return nl_error_take(self->request, self->answer, &self->error);
}

TEST_F(message, acknowledged)
{
	refuse(self, 0);
	EXPECT_EQ(0, take(self));
}

TEST_F(message, refused_without_words)
{
	refuse(self, EBUSY);
	EXPECT_EQ(-EBUSY, take(self));
	EXPECT_EQ(EBUSY, self->error.err);
	EXPECT_STREQ(strerror(EBUSY), self->error.text);
}

TEST_F(message, refused_in_words_for_an_attribute)
{
	refuse(self, ERANGE);
	mnl_attr_put_strz(self->answer, NLMSGERR_ATTR_MSG, "integer out of range");
	mnl_attr_put_u32(self->answer, NLMSGERR_ATTR_OFFS, offset_of(self, self->weight));
	EXPECT_EQ(-ERANGE, take(self));
	EXPECT_STREQ("weight: integer out of range", self->error.text);
}

TEST_F(message, refused_with_the_request_quoted)
{
	struct nlmsgerr *refusal;
	size_t len = self->request->nlmsg_len - sizeof(*self->request);

	refuse(self, ERANGE);
	self->answer->nlmsg_flags = NLM_F_ACK_TLVS;
	refusal = mnl_nlmsg_get_payload(self->answer);
	memcpy(mnl_nlmsg_put_extra_header(self->answer, len), self->request + 1, len);
	ASSERT_EQ(0, memcmp(&refusal->msg, self->request, self->request->nlmsg_len));
	mnl_attr_put_strz(self->answer, NLMSGERR_ATTR_MSG, "no");
	EXPECT_EQ(-ERANGE, take(self));
	EXPECT_STREQ("no", self->error.text);
}

TEST_F(message, refused_for_what_is_missing)
{
	refuse(self, EINVAL);
	mnl_attr_put_u32(self->answer, NLMSGERR_ATTR_MISS_TYPE, SPILLWAY_A_PEER_ID);
	EXPECT_EQ(-EINVAL, take(self));
	EXPECT_STREQ("peer id: is missing", self->error.text);
}

TEST_F(message, an_offset_outside_the_request_is_left_out)
{
	const uint32_t bad[] = {
		0,
		4,
		offset_of(self, self->weight) + 1,
		self->request->nlmsg_len,
		self->request->nlmsg_len - 2,
		0xfffffffc,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		refuse(self, EINVAL);
		mnl_attr_put_u32(self->answer, NLMSGERR_ATTR_OFFS, bad[i]);
		EXPECT_EQ(-EINVAL, take(self));
		EXPECT_STREQ(strerror(EINVAL), self->error.text);
		free(self->answer);
	}
	self->answer = NULL;
}

/* A copy that is cut after @len bytes, in memory of just that size. */
static struct nlmsghdr *cut(const struct nlmsghdr *nlh, size_t len)
{
	struct nlmsghdr *copy = malloc(len);

	memcpy(copy, nlh, len);
	copy->nlmsg_len = (uint32_t)len;
	return copy;
}

TEST_F(message, a_refusal_cut_short)
{
	struct nlmsghdr *part;

	refuse(self, ERANGE);
	mnl_attr_put_strz(self->answer, NLMSGERR_ATTR_MSG, "integer out of range");
	mnl_attr_put_u32(self->answer, NLMSGERR_ATTR_OFFS, offset_of(self, self->weight));
	for (size_t len = sizeof(*part); len < self->answer->nlmsg_len; len += NLMSG_ALIGNTO) {
		part = cut(self->answer, len);
		EXPECT_GT(0, nl_error_take(self->request, part, &self->error));
		free(part);
	}
}

TEST_F(message, a_peer)
{
	struct model_peer peer;

	self->answer = begin(FAMILY);
	mnl_attr_put_u16(self->answer, SPILLWAY_A_PEER_ID, 7);
	mnl_attr_put_strz(self->answer, SPILLWAY_A_PEER_NAME, "n7");
	mnl_attr_put_u8(self->answer, SPILLWAY_A_PEER_STATE, SPILLWAY_PEER_UP);
	mnl_attr_put_u32(self->answer, SPILLWAY_A_PEER_RTT_US, 0);
	mnl_attr_put_u32(self->answer, SPILLWAY_A_PEER_PMTU, 1280);
	nl_decode_peer(self->answer, &peer);
	EXPECT_EQ(7, peer.id);
	EXPECT_STREQ("n7", peer.name);
	EXPECT_EQ(SPILLWAY_PEER_UP, peer.state);
	EXPECT_TRUE(peer.has_rtt);
	EXPECT_FALSE(peer.has_seen);
	EXPECT_EQ(1280, peer.pmtu);
	EXPECT_EQ(0, peer.weight);
}

TEST_F(message, of_other_sizes_and_kinds_is_left_out)
{
	char name[SPILLWAY_NAME_MAX + 40];
	struct model_peer peer;

	memset(name, 'n', sizeof(name));
	self->answer = begin(FAMILY);
	mnl_attr_put_u32(self->answer, SPILLWAY_A_PEER_ID, 7);
	mnl_attr_put_u8(self->answer, SPILLWAY_A_PEER_WEIGHT, 7);
	mnl_attr_put_u32(self->answer, SPILLWAY_A_MAX + 1, 7);
	mnl_attr_put_u32(self->answer, SPILLWAY_A_CONN_ID, 7);
	mnl_attr_put(self->answer, SPILLWAY_A_PEER_NAME, sizeof(name), name);
	nl_decode_peer(self->answer, &peer);
	EXPECT_EQ(0, peer.id);
	EXPECT_EQ(0, peer.weight);
	EXPECT_EQ(sizeof(peer.name) - 1, strlen(peer.name));
}

TEST_F(message, addresses_of_both_families)
{
	const struct in6_addr six = { { { 0x20, 1, 0xd, 0xb8, [15] = 7 } } };
	struct model_peer peer;
	struct model_conn conn;

	self->answer = begin(FAMILY);
	mnl_attr_put(self->answer, SPILLWAY_A_LOCAL_ADDR6, sizeof(six), &six);
	mnl_attr_put_u32(self->answer, SPILLWAY_A_REMOTE_ADDR4, htonl(0xc0000201));
	mnl_attr_put(self->answer, SPILLWAY_A_PEER_ADDR6, sizeof(six), &six);
	nl_decode_conn(self->answer, &conn);
	EXPECT_EQ(AF_INET6, conn.local.family);
	EXPECT_EQ(0, memcmp(&six, &conn.local.v6, sizeof(six)));
	EXPECT_EQ(AF_INET, conn.remote.family);
	EXPECT_EQ(htonl(0xc0000201), conn.remote.v4.s_addr);
	nl_decode_peer(self->answer, &peer);
	EXPECT_EQ(AF_INET6, peer.addr.family);
}

TEST_F(message, addresses_of_a_wrong_size_are_left_out)
{
	const uint8_t bytes[20] = { 1 };
	struct model_conn conn;

	self->answer = begin(FAMILY);
	mnl_attr_put(self->answer, SPILLWAY_A_LOCAL_ADDR6, 4, bytes);
	mnl_attr_put(self->answer, SPILLWAY_A_REMOTE_ADDR4, 16, bytes);
	mnl_attr_put(self->answer, SPILLWAY_A_REMOTE_ADDR6, 20, bytes);
	nl_decode_conn(self->answer, &conn);
	EXPECT_EQ(AF_UNSPEC, conn.local.family);
	EXPECT_EQ(AF_UNSPEC, conn.remote.family);
}

static void put_conn(struct nlmsghdr *nlh)
{
	struct nlattr *stats;

	mnl_attr_put_u64(nlh, SPILLWAY_A_CONN_ID, 1ULL << 40);
	mnl_attr_put_u32(nlh, SPILLWAY_A_LOCAL_ADDR4, 0x0100007f);
	mnl_attr_put(nlh, SPILLWAY_A_REMOTE_ADDR6, sizeof(in6addr_any), &in6addr_any);
	mnl_attr_put_u16(nlh, SPILLWAY_A_LOCAL_PORT, 80);
	mnl_attr_put_strz(nlh, SPILLWAY_A_PEER_NAME, "n2");
	stats = mnl_attr_nest_start(nlh, SPILLWAY_A_STATS);
	mnl_attr_put_u64(nlh, SPILLWAY_STAT_OFFLOADED, 5);
	mnl_attr_nest_end(nlh, stats);
}

TEST_F(message, anything_cut_short)
{
	struct model_device device;
	struct model_peer peer;
	struct model_conn conn;
	struct nlmsghdr *part;

	self->answer = begin(FAMILY);
	put_conn(self->answer);
	nl_decode_conn(self->answer, &conn);
	EXPECT_EQ(1ULL << 40, conn.id);
	EXPECT_EQ(80, conn.local_port);
	nl_decode_device(self->answer, &device);
	EXPECT_EQ(5, device.stats.value[SPILLWAY_STAT_OFFLOADED]);
	for (size_t len = NLMSG_HDRLEN + GENL_HDRLEN; len < self->answer->nlmsg_len;
	     len += NLMSG_ALIGNTO) {
		part = cut(self->answer, len);
		nl_decode_conn(part, &conn);
		nl_decode_peer(part, &peer);
		nl_decode_device(part, &device);
		EXPECT_EQ(0, nl_decode_generation(part));
		EXPECT_EQ(0, device.stats.value[SPILLWAY_STAT_OFFLOADED]);
		free(part);
	}
}

TEST_F(message, a_batch_with_its_reasons)
{
	struct model_move moves[2] = { { .conn_id = 1 }, { .conn_id = 2 } };
	struct nlattr *batch, *entry;
	struct nlmsghdr *part;

	self->answer = begin(FAMILY);
	mnl_attr_put_u32(self->answer, SPILLWAY_A_DONE, 2);
	batch = mnl_attr_nest_start(self->answer, SPILLWAY_A_BATCH);
	for (uint8_t i = 0; i < 3; i++) { /* one more than was asked for */
		entry = mnl_attr_nest_start(self->answer, SPILLWAY_A_ENTRY);
		mnl_attr_put_u8(self->answer, SPILLWAY_A_REASON, i);
		mnl_attr_nest_end(self->answer, entry);
	}
	mnl_attr_nest_end(self->answer, batch);
	EXPECT_EQ(2, nl_decode_batch(self->answer, moves, 2));
	EXPECT_EQ(0, moves[0].reason);
	EXPECT_EQ(1, moves[1].reason);
	for (size_t len = NLMSG_HDRLEN + GENL_HDRLEN; len < self->answer->nlmsg_len;
	     len += NLMSG_ALIGNTO) {
		part = cut(self->answer, len);
		nl_decode_batch(part, moves, 2);
		free(part);
	}
}

static void put_job(struct nlmsghdr *nlh)
{
	struct nlattr *job = mnl_attr_nest_start(nlh, SPILLWAY_A_JOB);

	mnl_attr_put_u32(nlh, SPILLWAY_JOB_A_ID, 3);
	mnl_attr_put_u32(nlh, SPILLWAY_JOB_A_FLAGS, SPILLWAY_JOB_ANYTIME);
	mnl_attr_put_u32(nlh, SPILLWAY_JOB_A_TOTAL, 4);
	mnl_attr_put_u32(nlh, SPILLWAY_JOB_A_MOVED, 2);
	mnl_attr_put_u32(nlh, SPILLWAY_JOB_A_STAYED, 1);
	mnl_attr_put_u32(nlh, SPILLWAY_JOB_A_LOST, 0);
	mnl_attr_put_u64(nlh, SPILLWAY_JOB_A_AGE_MS, 1ULL << 33);
	mnl_attr_put_u64(nlh, SPILLWAY_JOB_A_TIME_MS, 0);
	mnl_attr_put_u64(nlh, SPILLWAY_JOB_A_RESULT, 7); /* not of a job, and too long */
	mnl_attr_put_u32(nlh, SPILLWAY_JOB_A_MAX + 1, 7);
	mnl_attr_nest_end(nlh, job);
}

/* A nest of two connections, of one of which only the id is known. */
static void put_job_moves(struct nlmsghdr *nlh, uint64_t id)
{
	struct nlattr *batch = mnl_attr_nest_start(nlh, SPILLWAY_A_BATCH), *entry, *job;

	entry = mnl_attr_nest_start(nlh, SPILLWAY_A_ENTRY);
	mnl_attr_put_u64(nlh, SPILLWAY_A_CONN_ID, id);
	mnl_attr_put_u16(nlh, SPILLWAY_A_PEER_ID, 2);
	mnl_attr_put_u8(nlh, SPILLWAY_A_REASON, SPILLWAY_REASON_MOVE_LISTENER);
	job = mnl_attr_nest_start(nlh, SPILLWAY_A_JOB);
	mnl_attr_put_u8(nlh, SPILLWAY_JOB_A_RESULT, SPILLWAY_MOVE_STAYED);
	mnl_attr_put_u32(nlh, SPILLWAY_JOB_A_BLACKOUT_US, 700);
	mnl_attr_put_u32(nlh, SPILLWAY_JOB_A_BYTES, 4096);
	mnl_attr_nest_end(nlh, job);
	mnl_attr_nest_end(nlh, entry);
	entry = mnl_attr_nest_start(nlh, SPILLWAY_A_ENTRY);
	mnl_attr_put_u64(nlh, SPILLWAY_A_CONN_ID, id + 1);
	mnl_attr_nest_end(nlh, entry);
	mnl_attr_nest_end(nlh, batch);
}

TEST_F(message, a_job)
{
	struct model_job job;

	self->answer = begin(FAMILY);
	nl_decode_job(self->answer, &job);
	EXPECT_EQ(0, job.id);
	EXPECT_FALSE(job.has_time);
	put_job(self->answer);
	nl_decode_job(self->answer, &job);
	EXPECT_EQ(3, job.id);
	EXPECT_EQ(SPILLWAY_JOB_ANYTIME, job.flags);
	EXPECT_EQ(1ULL << 33, job.age_ms);
	EXPECT_TRUE(job.has_time);
	EXPECT_EQ(1, model_job_running(&job));
	job.lost = UINT32_MAX;
	EXPECT_EQ(0, model_job_running(&job));
}

TEST_F(message, a_job_with_its_connections)
{
	struct model_job_move moves[5];

	memset(moves, 0xff, sizeof(moves));
	self->answer = begin(FAMILY);
	EXPECT_EQ(0, nl_decode_job_moves(self->answer, moves, 5));
	put_job_moves(self->answer, 1ULL << 40);
	put_job_moves(self->answer, 50); /* what one nest cannot hold */
	EXPECT_EQ(4, nl_decode_job_moves(self->answer, NULL, 0));
	EXPECT_EQ(4, nl_decode_job_moves(self->answer, moves, 3));
	EXPECT_EQ(1ULL << 40, moves[0].conn_id);
	EXPECT_EQ(2, moves[0].peer_id);
	EXPECT_EQ(SPILLWAY_MOVE_STAYED, moves[0].result);
	EXPECT_EQ(SPILLWAY_REASON_MOVE_LISTENER, moves[0].reason);
	EXPECT_EQ(700, moves[0].blackout_us);
	EXPECT_EQ(4096, moves[0].bytes);
	EXPECT_EQ(0, moves[1].result);
	EXPECT_EQ(50, moves[2].conn_id);
	EXPECT_EQ(UINT64_MAX, moves[3].conn_id);
}

TEST_F(message, a_job_cut_short)
{
	struct model_job_move moves[4];
	struct model_job job;
	struct nlmsghdr *part;

	self->answer = begin(FAMILY);
	put_job(self->answer);
	put_job_moves(self->answer, 1);
	for (size_t len = NLMSG_HDRLEN + GENL_HDRLEN; len < self->answer->nlmsg_len;
	     len += NLMSG_ALIGNTO) {
		part = cut(self->answer, len);
		nl_decode_job(part, &job);
		EXPECT_EQ(0, nl_decode_job_moves(part, moves, 4));
		free(part);
	}
}

TEST_HARNESS_MAIN
