// SPDX-License-Identifier: GPL-2.0-or-later
/* The messages of a move, from the module's own source: every kind, length and limit. */
#include <errno.h>
#include <linux/spillway.h>
#include <string.h>

#include "move.h"
#include "move_msg.h"

#include "kselftest_harness.h"

enum { IMAGE = 20, ROOM = SPW_LEN_MOVE_MAX + IMAGE };

static const struct spw_move_msg reserve = { .kind = SPW_MOVE_RESERVE,
					     .family = 4,
					     .lport = 1,
					     .rport = 2,
					     .instance = 7,
					     .id = 1ULL << 40,
					     .size = 1000,
					     .laddr = { 192, 0, 2, 1 },
					     .raddr = { 192, 0, 2, 2 },
					     .conn = 3ULL << 33,
					     .direction = SPILLWAY_DIR_OUT };

static uint32_t length(uint8_t kind)
{
	return spw_move_msg_has_third(kind) ? SPW_LEN_MOVE_MAX :
	       spw_move_msg_has_tuple(kind) ? SPW_LEN_MOVE + SPW_LEN_MOVE_TUPLE :
	       spw_move_msg_has_image(kind) ? SPW_LEN_MOVE + IMAGE :
					      SPW_LEN_MOVE;
}

static bool is_hello(uint8_t kind)
{
	return kind == SPW_MOVE_HELLO || kind == SPW_MOVE_HELLO_BACK;
}

static struct spw_move_msg sample(uint8_t kind)
{
	struct spw_move_msg msg = { .kind = kind, .instance = 7, .id = 9 };

	if (spw_move_msg_has_tuple(kind)) {
		msg = reserve;
		msg.kind = kind;
	}
	if (spw_move_msg_has_tuple(kind) && kind != SPW_MOVE_RESERVE) {
		msg.size = 0;
		msg.conn = 0;
		msg.direction = 0;
	}
	if (spw_move_msg_has_third(kind)) {
		msg.third = 300;
		msg.question = 60000;
		msg.third_instance = 1U << 31;
		msg.third_id = 5ULL << 35;
	}
	if (is_hello(kind))
		msg.id = 0;
	if (spw_move_msg_has_image(kind))
		msg.size = IMAGE;
	if (kind == SPW_MOVE_REFUSED)
		msg.reason = SPW_MOVE_BECAUSE_BACKLOG;
	return msg;
}

static int trip(const struct spw_move_msg *msg, struct spw_move_msg *got)
{
	uint8_t data[ROOM] = { 0 };

	spw_move_msg_build(data, msg);
	return spw_move_msg_parse(data, length(msg->kind), got);
}

TEST(every_kind)
{
	uint8_t one[SPW_LEN_MOVE_MAX] = { 0 }, two[SPW_LEN_MOVE_MAX] = { 0 };
	struct spw_move_msg got, msg;

	ASSERT_EQ(20, SPW_LEN_MOVE);
	ASSERT_EQ(84, SPW_LEN_MOVE_MAX);
	for (int kind = 0; kind < 256; kind++) {
		bool known = kind > SPW_MOVE_NONE && kind < __SPW_MOVE_MESSAGE_MAX;

		msg = sample((uint8_t)kind);
		ASSERT_EQ(known ? 0 : -EPROTO, trip(&msg, &got));
		if (!known)
			continue;
		EXPECT_EQ(spw_move_msg_has_image((uint8_t)kind), !!got.image);
		EXPECT_EQ(spw_move_msg_build(one, &msg), spw_move_msg_build(two, &got));
		EXPECT_EQ(0, memcmp(one, two, sizeof(one)));
	}
}

TEST(every_length)
{
	uint8_t data[ROOM + 1] = { 0 };
	struct spw_move_msg got, msg;

	for (uint8_t kind = 1; kind < __SPW_MOVE_MESSAGE_MAX; kind++) {
		msg = sample(kind);
		spw_move_msg_build(data, &msg);
		for (uint32_t len = 0; len <= sizeof(data); len++)
			EXPECT_EQ(len == length(kind) ? 0 : -EPROTO,
				  spw_move_msg_parse(data, len, &got));
	}
}

TEST(fields_out_of_range)
{
	struct spw_move_msg got, bad;

	for (uint8_t kind = 1; kind < __SPW_MOVE_MESSAGE_MAX; kind++) {
		bad = sample(kind);
		bad.instance = 0;
		EXPECT_EQ(-EPROTO, trip(&bad, &got));
		bad = sample(kind);
		bad.id = is_hello(kind) ? 1 : 0;
		EXPECT_EQ(-EPROTO, trip(&bad, &got));
		bad = sample(kind);
		bad.size = kind == SPW_MOVE_RESERVE || spw_move_msg_has_image(kind) ? 0 : 1;
		if (kind == SPW_MOVE_TAKEN)
			bad.size = SPW_MOVE_IMAGE_MAX + 1;
		if (kind == SPW_MOVE_RESERVED)
			bad.size = 2;
		EXPECT_EQ(kind == SPW_MOVE_COMMITTED ? 0 : -EPROTO, trip(&bad, &got));
		bad = sample(kind);
		bad.family = spw_move_msg_has_tuple(kind) ? 0 : 4;
		EXPECT_EQ(-EPROTO, trip(&bad, &got));
		for (int reason = 0; reason < 256; reason++) {
			bool may = kind == SPW_MOVE_GONE || kind == SPW_MOVE_REFUSED;
			bool must = kind == SPW_MOVE_REFUSED;

			bad = sample(kind);
			bad.reason = (uint8_t)reason;
			EXPECT_EQ(reason ? may && reason < __SPW_MOVE_REASON_MAX : !must,
				  !trip(&bad, &got));
		}
	}
}

TEST(the_connection)
{
	struct spw_move_msg got, bad = reserve;

	bad.laddr[15] = 1;
	EXPECT_EQ(-EPROTO, trip(&bad, &got));
	bad.family = 6;
	EXPECT_EQ(0, trip(&bad, &got));
	bad = reserve;
	bad.rport = 0;
	EXPECT_EQ(-EPROTO, trip(&bad, &got));
	bad = reserve;
	memset(bad.raddr, 0, sizeof(bad.raddr));
	EXPECT_EQ(-EPROTO, trip(&bad, &got));
	bad = reserve;
	bad.size = SPW_MOVE_IMAGE_MAX;
	EXPECT_EQ(0, trip(&bad, &got));
	bad.size++;
	EXPECT_EQ(-EPROTO, trip(&bad, &got));
}

TEST(what_the_target_says_of_itself)
{
	struct spw_move_msg got, msg = sample(SPW_MOVE_RESERVED);

	for (uint32_t size = 0; size < 2; size++) {
		msg.size = size;
		EXPECT_EQ(0, trip(&msg, &got));
		EXPECT_EQ(size, got.size);
	}
	msg = sample(SPW_MOVE_COMMITTED);
	msg.size = UINT32_MAX;
	EXPECT_EQ(0, trip(&msg, &got));
	EXPECT_EQ(UINT32_MAX, got.size);
}

TEST(who_opened_it)
{
	struct spw_move_msg got, bad = reserve;

	EXPECT_EQ(0, trip(&bad, &got));
	EXPECT_EQ(bad.conn, got.conn);
	EXPECT_EQ(bad.direction, got.direction);
	bad.conn = 0;
	EXPECT_EQ(-EPROTO, trip(&bad, &got));
	for (int direction = 0; direction < 256; direction++) {
		bad = reserve;
		bad.direction = (uint8_t)direction;
		EXPECT_EQ(direction < __SPILLWAY_DIR_MAX, !trip(&bad, &got));
	}
	bad = sample(SPW_MOVE_STILL);
	bad.conn = 1;
	EXPECT_EQ(-EPROTO, trip(&bad, &got));
	bad.conn = 0;
	bad.direction = SPILLWAY_DIR_IN;
	EXPECT_EQ(-EPROTO, trip(&bad, &got));
}

TEST(a_third_node)
{
	struct spw_move_msg got, bad;

	for (uint8_t kind = SPW_MOVE_FOLLOW; kind <= SPW_MOVE_LED; kind++) {
		bad = sample(kind);
		EXPECT_EQ(0, trip(&bad, &got));
		EXPECT_EQ(bad.third, got.third);
		EXPECT_EQ(bad.question, got.question);
		EXPECT_EQ(bad.third_instance, got.third_instance);
		EXPECT_EQ(bad.third_id, got.third_id);
		bad.third = 0;
		EXPECT_EQ(-EPROTO, trip(&bad, &got));
		bad = sample(kind);
		bad.third_instance = 0;
		EXPECT_EQ(-EPROTO, trip(&bad, &got));
		bad = sample(kind);
		bad.third_id = 0;
		EXPECT_EQ(-EPROTO, trip(&bad, &got));
		bad = sample(kind);
		bad.question = 0;
		EXPECT_EQ(0, trip(&bad, &got));
		bad.conn = 1;
		EXPECT_EQ(-EPROTO, trip(&bad, &got));
		bad.conn = 0;
		bad.rport = 0;
		EXPECT_EQ(-EPROTO, trip(&bad, &got));
	}
	EXPECT_FALSE(spw_move_msg_has_third(SPW_MOVE_PATCH));
	EXPECT_FALSE(spw_move_msg_has_third(__SPW_MOVE_MESSAGE_MAX));
}

TEST(nothing_is_reserved)
{
	for (uint32_t i = 1; i <= 3; i++) {
		uint8_t data[ROOM] = { 0 };
		struct spw_move_msg got;

		spw_move_msg_build(data, &reserve);
		EXPECT_EQ(0, spw_move_msg_parse(data, length(SPW_MOVE_RESERVE), &got));
		data[length(SPW_MOVE_RESERVE) - i] = 1;
		EXPECT_EQ(-EPROTO, spw_move_msg_parse(data, length(SPW_MOVE_RESERVE), &got));
	}
}

TEST_HARNESS_MAIN
