// SPDX-License-Identifier: GPL-2.0-or-later
/* The module's pure rooms: frames and the replay window, from the very same sources. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "notice.h"
#include "replay.h"

#include "kselftest_harness.h"

TEST(datagram_header)
{
	uint8_t data[SPW_LEN_DGRAM_MIN] = { 0 };
	uint32_t key_id;
	__u64 pn;
	size_t len;

	spw_link_build_dgram(data, 0x12345678, 0x1122334455667788ULL);
	ASSERT_EQ(0, spw_link_parse_dgram(data, sizeof(data), &key_id, &pn));
	EXPECT_EQ(0x12345678, key_id);
	EXPECT_EQ(0x1122334455667788ULL, pn);
	/* On the wire: version, type, reserved, big-endian id and number. */
	EXPECT_EQ(1, data[0]);
	EXPECT_EQ(0x12, data[4]);
	EXPECT_EQ(0x88, data[15]);
	for (len = 0; len < sizeof(data); len++)
		EXPECT_EQ(-EMSGSIZE, spw_link_parse_dgram(data, len, &key_id, &pn));
	for (len = 0; len < 4; len++) {
		data[len] ^= 0x80;
		EXPECT_EQ(-EPROTO, spw_link_parse_dgram(data, sizeof(data), &key_id, &pn));
		data[len] ^= 0x80;
	}
}

TEST(frame_header)
{
	uint8_t data[64] = { 0 };
	struct spw_frame frame;

	spw_link_build_frame(data, SPW_FRAME_DATA, 0, 60);
	ASSERT_EQ(0, spw_link_parse_frame(data, 64, &frame));
	EXPECT_EQ(60, frame.len);
	EXPECT_EQ(data + 4, frame.body);
	EXPECT_EQ(-EPROTO, spw_link_parse_frame(data, 63, &frame));
	EXPECT_EQ(-EPROTO, spw_link_parse_frame(data, 3, &frame));
	data[1] = SPW_DATA_CSUM;
	ASSERT_EQ(0, spw_link_parse_frame(data, 64, &frame));
	EXPECT_EQ(SPW_DATA_CSUM, frame.flags);
	EXPECT_EQ(0, frame.ago);
	data[1] = SPW_DATA_FLAGS;
	ASSERT_EQ(0, spw_link_parse_frame(data, 64, &frame));
	data[1] = SPW_DATA_FLAGS + 1;
	EXPECT_EQ(-EPROTO, spw_link_parse_frame(data, 64, &frame));
	spw_link_build_frame(data, SPW_FRAME_HEARTBEAT, SPW_DATA_CSUM, 60);
	EXPECT_EQ(-EPROTO, spw_link_parse_frame(data, 64, &frame));
	spw_link_build_frame(data, SPW_FRAME_ACK, SPW_DATA_ACK, 60);
	EXPECT_EQ(-EPROTO, spw_link_parse_frame(data, 64, &frame));
	for (int type = 0; type < 256; type++) {
		bool known = type >= SPW_FRAME_DATA && type <= SPW_FRAME_CONTROL_ACK;

		spw_link_build_frame(data, (uint8_t)type, 0, 60);
		EXPECT_EQ(known ? 0 : -EPROTO, spw_link_parse_frame(data, 64, &frame));
	}
}

TEST(frame_sent_again)
{
	uint8_t data[64] = { 0 };
	struct spw_frame frame;

	/* How many numbers ago it was sent first, where otherwise its length stands. */
	spw_link_build_frame(data, SPW_FRAME_DATA, SPW_DATA_AGAIN, 0x1234);
	ASSERT_EQ(0, spw_link_parse_frame(data, 64, &frame));
	EXPECT_EQ(0x1234, frame.ago);
	EXPECT_EQ(60, frame.len);
	ASSERT_EQ(0, spw_link_parse_frame(data, 33, &frame));
	EXPECT_EQ(29, frame.len);
	spw_link_build_frame(data, SPW_FRAME_DATA, SPW_DATA_AGAIN, 0);
	EXPECT_EQ(-EPROTO, spw_link_parse_frame(data, 64, &frame));
	spw_link_build_frame(data, SPW_FRAME_ACK, SPW_DATA_AGAIN, 60);
	EXPECT_EQ(-EPROTO, spw_link_parse_frame(data, 64, &frame));
}

TEST(acknowledgment)
{
	uint8_t data[SPW_LEN_FRAME_HDR + SPW_LEN_ACK];
	struct spw_ack ack = { .key_id = 0x01020304, .delay_us = 999, .largest = 1ULL << 40 | 5 };
	struct spw_replay replay = { 0 };
	struct spw_frame frame;
	struct spw_ack got;

	for (int i = 0; i < SPW_ACK_WORDS; i++)
		ack.bits[i] = 0x8000000000000021ULL + ((uint64_t)i << 8);
	spw_link_build_frame(data, SPW_FRAME_ACK, 0, SPW_LEN_ACK);
	spw_link_build_ack(data + SPW_LEN_FRAME_HDR, &ack);
	ASSERT_EQ(0, spw_link_parse_frame(data, sizeof(data), &frame));
	ASSERT_EQ(0, spw_link_parse_ack(&frame, &got));
	EXPECT_EQ(0, memcmp(&ack, &got, sizeof(ack)));
	/* Of one size always. */
	for (frame.len = 0; frame.len < 200; frame.len++)
		EXPECT_EQ(frame.len == SPW_LEN_ACK ? 0 : -EPROTO, spw_link_parse_ack(&frame, &got));
	/* It has its own highest number. */
	ack.bits[0] &= ~(1ULL << 5);
	spw_link_build_ack(data + SPW_LEN_FRAME_HDR, &ack);
	ASSERT_EQ(0, spw_link_parse_frame(data, sizeof(data), &frame));
	EXPECT_EQ(-EPROTO, spw_link_parse_ack(&frame, &got));

	/* The window's own bits, the newest word first, nothing before the beginning. */
	spw_replay_accept(&replay, 3);
	spw_replay_accept(&replay, 64);
	spw_replay_accept(&replay, 70);
	spw_replay_bits(&replay, got.bits, SPW_ACK_WORDS);
	EXPECT_EQ(1ULL | 1ULL << 6, got.bits[0]);
	EXPECT_EQ(1ULL << 3, got.bits[1]);
	EXPECT_EQ(0, got.bits[2]);
}

static int heartbeat_trip(struct spw_heartbeat *hb, struct spw_heartbeat *got)
{
	uint8_t data[SPW_LEN_FRAME_HDR + SPW_LEN_HEARTBEAT];
	struct spw_frame frame;

	spw_link_build_frame(data, SPW_FRAME_HEARTBEAT, 0, SPW_LEN_HEARTBEAT);
	spw_link_build_heartbeat(data + SPW_LEN_FRAME_HDR, hb);
	return spw_link_parse_frame(data, sizeof(data), &frame) ?:
		       spw_link_parse_heartbeat(&frame, got);
}

TEST(heartbeat)
{
	struct spw_heartbeat hb = { .node_id = 3,
				    .flags = SPW_HB_IPV6,
				    .load = 700,
				    .forecast = 900,
				    .free = 100,
				    .echo_delay_us = 5,
				    .capacity = 1ULL << 40,
				    .stamp = 1ULL << 50,
				    .echo = 77,
				    .instance = 0x89abcdef };
	struct spw_heartbeat got = { .node_id = 0 }, bad;

	ASSERT_EQ(0, heartbeat_trip(&hb, &got));
	EXPECT_EQ(0, memcmp(&hb, &got, sizeof(hb)));
	bad = hb;
	bad.load = 100001;
	EXPECT_EQ(-EPROTO, heartbeat_trip(&bad, &got));
	bad = hb;
	bad.flags = SPW_HB_FLAGS + 1;
	EXPECT_EQ(-EPROTO, heartbeat_trip(&bad, &got));
	bad = hb;
	bad.node_id = 0;
	EXPECT_EQ(-EPROTO, heartbeat_trip(&bad, &got));
	bad = hb;
	bad.stamp = 0;
	EXPECT_EQ(-EPROTO, heartbeat_trip(&bad, &got));
	bad = hb;
	bad.instance = 0;
	EXPECT_EQ(-EPROTO, heartbeat_trip(&bad, &got));
	EXPECT_EQ(3, got.node_id);
}

static int control_trip(const struct spw_chunk_head *head, uint32_t chunk,
			struct spw_chunk_head *got)
{
	static uint8_t data[SPW_LEN_FRAME_HDR + SPW_LEN_CONTROL + 65536];
	uint16_t len = (uint16_t)(SPW_LEN_CONTROL + chunk);
	struct spw_frame frame;

	spw_link_build_frame(data, SPW_FRAME_CONTROL, 0, len);
	spw_link_build_control(data + SPW_LEN_FRAME_HDR, head);
	return spw_link_parse_frame(data, SPW_LEN_FRAME_HDR + len, &frame) ?:
		       spw_link_parse_control(&frame, got);
}

TEST(chunk)
{
	const struct spw_chunk_head good = { .from = 0x01020304,
					     .to = 0x05060708,
					     .stream = 3,
					     .type = 9,
					     .attempt = 258,
					     .seq = 1ULL << 40 | 5,
					     .length = 5000,
					     .offset = 1152 };
	struct spw_chunk_head got = { .from = 0 }, bad;
	struct spw_frame frame = { .type = SPW_FRAME_CONTROL };
	uint8_t data[SPW_LEN_CONTROL + SPW_CONTROL_CHUNK + 8] = { 0 };

	ASSERT_EQ(0, control_trip(&good, 1000, &got));
	EXPECT_EQ(good.from, got.from);
	EXPECT_EQ(good.to, got.to);
	EXPECT_EQ(good.stream, got.stream);
	EXPECT_EQ(good.type, got.type);
	EXPECT_EQ(good.attempt, got.attempt);
	EXPECT_EQ(good.seq, got.seq);
	EXPECT_EQ(good.length, got.length);
	EXPECT_EQ(good.offset, got.offset);
	/* At every length: a head and at least a byte, no more than a chunk. */
	spw_link_build_control(data, &good);
	frame.body = data;
	for (frame.len = 0; frame.len < sizeof(data); frame.len++)
		EXPECT_EQ(frame.len > SPW_LEN_CONTROL &&
					  frame.len <= SPW_LEN_CONTROL + SPW_CONTROL_CHUNK ?
				  0 :
				  -EPROTO,
			  spw_link_parse_control(&frame, &got));
	/* Each that must not be 0. */
	for (int field = 0; field < 4; field++) {
		bad = good;
		*(field == 0 ? &bad.from : field == 1 ? &bad.to : &bad.stream) = 0;
		if (field == 3)
			bad.type = 0, bad.stream = 3;
		EXPECT_EQ(-EPROTO, control_trip(&bad, 10, &got));
	}
	bad = good;
	bad.seq = 1ULL << 63;
	EXPECT_EQ(-EPROTO, control_trip(&bad, 10, &got));
	/* Inside the message, to its end and not beyond. */
	bad = good;
	bad.offset = 4000;
	EXPECT_EQ(0, control_trip(&bad, 1000, &got));
	EXPECT_EQ(-EPROTO, control_trip(&bad, 1001, &got));
	bad.offset = 5000;
	EXPECT_EQ(-EPROTO, control_trip(&bad, 0, &got));
	bad.offset = 0xffffff00;
	EXPECT_EQ(-EPROTO, control_trip(&bad, 1000, &got));
	bad = good;
	bad.length = SPW_MESSAGE_MAX;
	EXPECT_EQ(0, control_trip(&bad, 1000, &got));
	bad.length++;
	EXPECT_EQ(-EPROTO, control_trip(&bad, 1000, &got));
	bad.length = 0;
	bad.offset = 0;
	EXPECT_EQ(0, control_trip(&bad, 0, &got));
	EXPECT_EQ(-EPROTO, control_trip(&bad, 1, &got));
}

static int control_ack_trip(const struct spw_control_ack *ack, struct spw_control_ack *got)
{
	uint8_t data[SPW_LEN_FRAME_HDR + SPW_LEN_CONTROL_ACK];
	struct spw_frame frame;

	spw_link_build_frame(data, SPW_FRAME_CONTROL_ACK, 0, SPW_LEN_CONTROL_ACK);
	spw_link_build_control_ack(data + SPW_LEN_FRAME_HDR, ack);
	return spw_link_parse_frame(data, sizeof(data), &frame) ?:
		       spw_link_parse_control_ack(&frame, got);
}

TEST(chunks_acknowledged)
{
	struct spw_control_ack ack = { .from = 1,
				       .to = 0x80000000,
				       .stream = 7,
				       .delay_us = 12345,
				       .next = 1ULL << 33,
				       .limit = (1ULL << 33) + 200,
				       .newest = (1ULL << 33) + 199,
				       .attempt = 513,
				       .bits = { 0xaaaaaaaaaaaaaaaaULL, 1, 1ULL << 63,
						 1ULL << 7 } };
	uint8_t data[300] = { 0 };
	struct spw_frame frame = { .type = SPW_FRAME_CONTROL_ACK, .body = data };
	struct spw_control_ack got, bad;

	ASSERT_EQ(0, control_ack_trip(&ack, &got));
	EXPECT_EQ(ack.from, got.from);
	EXPECT_EQ(ack.to, got.to);
	EXPECT_EQ(ack.stream, got.stream);
	EXPECT_EQ(ack.delay_us, got.delay_us);
	EXPECT_EQ(ack.next, got.next);
	EXPECT_EQ(ack.limit, got.limit);
	EXPECT_EQ(ack.newest, got.newest);
	EXPECT_EQ(ack.attempt, got.attempt);
	EXPECT_EQ(0, memcmp(ack.bits, got.bits, sizeof(ack.bits)));
	spw_link_build_control_ack(data, &ack);
	for (frame.len = 0; frame.len < sizeof(data); frame.len++)
		EXPECT_EQ(frame.len == SPW_LEN_CONTROL_ACK ? 0 : -EPROTO,
			  spw_link_parse_control_ack(&frame, &got));
	frame.len = SPW_LEN_CONTROL_ACK;
	data[43] = 1;
	EXPECT_EQ(-EPROTO, spw_link_parse_control_ack(&frame, &got));
	/* What is missing has not come, nor has what is outside the window. */
	bad = ack;
	bad.bits[0] |= 1;
	EXPECT_EQ(-EPROTO, control_ack_trip(&bad, &got));
	bad = ack;
	bad.bits[3] = 1ULL << 8;
	EXPECT_EQ(-EPROTO, control_ack_trip(&bad, &got));
	bad = ack;
	bad.limit = bad.next - 1;
	EXPECT_EQ(-EPROTO, control_ack_trip(&bad, &got));
	bad = ack;
	bad.limit = bad.next + SPW_CONTROL_WINDOW + 1;
	EXPECT_EQ(-EPROTO, control_ack_trip(&bad, &got));
	bad = ack;
	bad.newest = bad.next + SPW_CONTROL_WINDOW;
	EXPECT_EQ(-EPROTO, control_ack_trip(&bad, &got));
	bad = ack;
	bad.next = ~0ULL;
	bad.limit = 3;
	EXPECT_EQ(-EPROTO, control_ack_trip(&bad, &got));
	bad = ack;
	bad.stream = 0;
	EXPECT_EQ(-EPROTO, control_ack_trip(&bad, &got));
}

static int notice_trip(const struct spw_notice *notice, struct spw_notice *got)
{
	uint8_t data[SPW_LEN_NOTICE];

	spw_notice_build(data, notice);
	return spw_notice_parse(data, got);
}

TEST(notices)
{
	const struct spw_notice four = { .event = SPW_NOTICE_OFFLOADED,
					 .family = 4,
					 .lport = 1,
					 .rport = 2,
					 .id = 1ULL << 40,
					 .laddr = { 192, 0, 2, 1 },
					 .raddr = { 192, 0, 2, 2 } };
	struct spw_notice got = { .event = 0 }, bad = four;
	uint8_t data[SPW_LEN_NOTICE];

	ASSERT_EQ(48, SPW_LEN_NOTICE);
	ASSERT_EQ(0, notice_trip(&four, &got));
	EXPECT_EQ(four.id, got.id);
	EXPECT_EQ(four.rport, got.rport);
	EXPECT_EQ(0, memcmp(four.raddr, got.raddr, 16));
	/* An address of IPv4 is no longer than that. */
	bad.laddr[15] = 1;
	EXPECT_EQ(-EPROTO, notice_trip(&bad, &got));
	bad.family = 6;
	EXPECT_EQ(0, notice_trip(&bad, &got));
	for (int family = 0; family < 256; family++) {
		bad = four;
		bad.family = (uint8_t)family;
		EXPECT_EQ(family == 4 || family == 6 ? 0 : -EPROTO, notice_trip(&bad, &got));
	}
	for (int event = 0; event < 256; event++) {
		bad = (struct spw_notice){ .event = (uint8_t)event };
		EXPECT_EQ(event == SPW_NOTICE_RESET ? 0 : -EPROTO, notice_trip(&bad, &got));
		bad.id = 5;
		EXPECT_EQ(event == SPW_NOTICE_RECALLED || event == SPW_NOTICE_ENDED ? 0 : -EPROTO,
			  notice_trip(&bad, &got));
		bad = four;
		bad.event = (uint8_t)event;
		EXPECT_EQ(event == SPW_NOTICE_OFFLOADED ? 0 : -EPROTO, notice_trip(&bad, &got));
	}
	/* Every part of it must be there. */
	bad = four;
	memset(bad.raddr, 0, 16);
	EXPECT_EQ(-EPROTO, notice_trip(&bad, &got));
	bad = four;
	bad.lport = 0;
	EXPECT_EQ(-EPROTO, notice_trip(&bad, &got));
	bad = four;
	bad.id = 0;
	EXPECT_EQ(-EPROTO, notice_trip(&bad, &got));
	spw_notice_build(data, &four);
	data[7] = 1;
	EXPECT_EQ(-EPROTO, spw_notice_parse(data, &got));
}

TEST(replay_in_and_out_of_order)
{
	struct spw_replay r = { .next = 0 };

	EXPECT_TRUE(spw_replay_accept(&r, 0));
	EXPECT_FALSE(spw_replay_accept(&r, 0));
	EXPECT_TRUE(spw_replay_accept(&r, 5));
	EXPECT_TRUE(spw_replay_accept(&r, 3));
	EXPECT_FALSE(spw_replay_accept(&r, 3));
	EXPECT_TRUE(spw_replay_accept(&r, SPW_REPLAY_WINDOW + 4));
	/* The edge of the window: 5 is the lowest inside, and it was seen. */
	EXPECT_FALSE(spw_replay_accept(&r, 4));
	EXPECT_FALSE(spw_replay_accept(&r, 5));
	EXPECT_TRUE(spw_replay_accept(&r, 6));
	EXPECT_TRUE(spw_replay_accept(&r, 1ULL << 62));
	EXPECT_FALSE(spw_replay_accept(&r, SPW_REPLAY_WINDOW + 5));
	EXPECT_FALSE(spw_replay_accept(&r, ~0ULL));
	EXPECT_TRUE(spw_replay_accept(&r, (1ULL << 62) - 1));
}

/* One of all datagrams that a piece was in is handed up, whichever comes first. */
TEST(replay_claims)
{
	struct spw_replay r = { .next = 0 };

	EXPECT_TRUE(spw_replay_accept(&r, 1));
	EXPECT_TRUE(spw_replay_accept(&r, 9));
	/* 9 says that 1 had it first: 1 has come. */
	EXPECT_FALSE(spw_replay_claim(&r, 1));
	EXPECT_FALSE(spw_replay_is_claimed(&r, 1));
	/* 2 has not; 10 is a second copy. */
	EXPECT_TRUE(spw_replay_claim(&r, 2));
	EXPECT_TRUE(spw_replay_accept(&r, 10));
	EXPECT_FALSE(spw_replay_claim(&r, 2));
	/* Late, 2 is fresh as a number and acknowledged, but a copy. */
	EXPECT_TRUE(spw_replay_accept(&r, 2));
	EXPECT_TRUE(spw_replay_is_claimed(&r, 2));
	EXPECT_TRUE(spw_replay_accept(&r, 3));
	EXPECT_FALSE(spw_replay_is_claimed(&r, 3));
	/* What nobody can have sent claims nothing. */
	EXPECT_TRUE(spw_replay_claim(&r, 11));
	EXPECT_TRUE(spw_replay_claim(&r, ~0ULL));
	EXPECT_TRUE(spw_replay_accept(&r, 11));
	EXPECT_FALSE(spw_replay_is_claimed(&r, 11));
	/* The window moves on; a claim of a round of the ring ago is none. */
	EXPECT_TRUE(spw_replay_accept(&r, 2 + SPW_REPLAY_BITS));
	EXPECT_FALSE(spw_replay_is_claimed(&r, 2 + SPW_REPLAY_BITS));
	EXPECT_TRUE(spw_replay_claim(&r, 2));
	EXPECT_TRUE(spw_replay_claim(&r, 1 + SPW_REPLAY_BITS));
	EXPECT_TRUE(spw_replay_is_claimed(&r, 1 + SPW_REPLAY_BITS));
}

/* Against a window that remembers everything, claims too. */
TEST(replay_model)
{
	enum { NUMBERS = 60000 };
	static bool seen[NUMBERS], claimed[NUMBERS];
	struct spw_replay r = { .next = 0 };
	uint64_t top = 0, pn;
	int i;

	srandom(9);
	for (i = 0; i < 200000; i++) {
		pn = (uint64_t)i * NUMBERS / 200000 + (uint64_t)(random() % 12000);
		pn = pn < 6000 ? 0 : pn - 6000;
		if (pn >= NUMBERS)
			continue;
		bool old = top >= SPW_REPLAY_WINDOW && pn < top + 1 - SPW_REPLAY_WINDOW;

		if (i % 7 == 0 && pn <= top) {
			ASSERT_EQ(old || !(seen[pn] || claimed[pn]), spw_replay_claim(&r, pn));
			claimed[pn] |= !old && !seen[pn];
			continue;
		}
		ASSERT_EQ(!old && !seen[pn], spw_replay_accept(&r, pn));
		if (!old) {
			ASSERT_EQ(claimed[pn], spw_replay_is_claimed(&r, pn));
			seen[pn] = true;
		}
		if (pn > top)
			top = pn;
	}
}

TEST_HARNESS_MAIN
