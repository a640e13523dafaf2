// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of replication, from the module's own source, and the images in them. */
#include <errno.h>
#include <string.h>

#include "image_diff.h"
#include "image_sample.h"
#include "replica_msg.h"

#include "kselftest_harness.h"

enum { BODY = 20, ANY = 512 };

static const uint8_t body[ANY];

static struct spw_replica_msg sample(uint8_t kind)
{
	struct spw_replica_msg msg = { .kind = kind, .number = 7 };

	if (kind == SPW_REPLICA_RESET)
		msg.number = 0;
	if (kind == SPW_REPLICA_WHOLE)
		msg.id = 1ULL << 40;
	if (kind == SPW_REPLICA_WHOLE || kind == SPW_REPLICA_CHANGE) {
		msg.data = body;
		msg.len = BODY;
	}
	return msg;
}

static int trip(const struct spw_replica_msg *msg, struct spw_replica_msg *got)
{
	uint8_t data[ANY] = { 0 };

	return spw_replica_msg_parse(data, spw_replica_msg_build(data, msg), got);
}

TEST(every_kind)
{
	struct spw_replica_msg got, msg;

	for (unsigned int kind = 0; kind < 256; kind++) {
		bool known = kind > SPW_REPLICA_NONE && kind < __SPW_REPLICA_KIND_MAX;

		msg = sample((uint8_t)kind);
		if (!known) {
			EXPECT_EQ(-EPROTO, trip(&msg, &got));
			continue;
		}
		ASSERT_EQ(8 + msg.len + (kind == SPW_REPLICA_WHOLE ? 8 : 0),
			  (unsigned int)trip(&msg, &got));
		EXPECT_EQ(kind, got.kind);
		EXPECT_EQ(msg.number, got.number);
		EXPECT_EQ(msg.id, got.id);
		EXPECT_EQ(msg.len, got.len);
		EXPECT_EQ(!msg.len, !got.data);
	}
}

/* What is behind a record is no part of it; a record that is cut off is none. */
TEST(every_length)
{
	struct spw_replica_msg got, msg;
	uint8_t data[ANY] = { 0 };
	uint32_t whole;

	for (uint8_t kind = 1; kind < __SPW_REPLICA_KIND_MAX; kind++) {
		msg = sample(kind);
		whole = spw_replica_msg_build(data, &msg);
		for (uint32_t len = 0; len <= whole + 4; len++)
			EXPECT_EQ(len < whole ? -EPROTO : (int)whole,
				  spw_replica_msg_parse(data, len, &got));
	}
}

TEST(length_that_is_wrong)
{
	struct spw_replica_msg got, msg;
	uint8_t data[ANY] = { 0 };
	bool right;

	for (uint8_t kind = 1; kind < __SPW_REPLICA_KIND_MAX; kind++) {
		msg = sample(kind);
		spw_replica_msg_build(data, &msg);
		for (unsigned int len = 0; len < sizeof(data); len++) {
			data[2] = (uint8_t)(len >> 8);
			data[3] = (uint8_t)len;
			right = kind == SPW_REPLICA_WHOLE  ? len > 16 :
				kind == SPW_REPLICA_CHANGE ? len > 8 && len <= 64 :
							     len == 8;
			EXPECT_EQ(right ? (int)len : -EPROTO,
				  spw_replica_msg_parse(data, sizeof(data), &got));
		}
	}
}

TEST(fields_out_of_range)
{
	struct spw_replica_msg got, bad, untouched;

	memset(&untouched, 0xa5, sizeof(untouched));
	for (uint8_t kind = 1; kind < __SPW_REPLICA_KIND_MAX; kind++) {
		bool may = kind == SPW_REPLICA_WHOLE || kind == SPW_REPLICA_REFUSED;

		bad = sample(kind);
		bad.flags = 1;
		EXPECT_EQ(may, trip(&bad, &got) > 0);
		bad.flags = 2;
		got = untouched;
		EXPECT_EQ(-EPROTO, trip(&bad, &got));
		EXPECT_EQ(0, memcmp(&got, &untouched, sizeof(got)));
	}
	bad = sample(SPW_REPLICA_RESET);
	bad.number = 1;
	EXPECT_EQ(-EPROTO, trip(&bad, &got));
	bad = sample(SPW_REPLICA_WHOLE);
	bad.id = 0;
	EXPECT_EQ(-EPROTO, trip(&bad, &got));
}

static int write_bare(const struct spw_image *image, uint8_t *data)
{
	struct spw_image_writer w;

	spw_image_begin(&w, data, ANY, image);
	return spw_image_end(&w);
}

/* Without their bytes images are what they are, and differences lead from one to another. */
TEST(bare_images)
{
	uint8_t data[ANY], diff[SPW_IMAGE_DIFF_MAX];
	struct spw_image image, next, got;
	struct spw_image_shift shift;
	enum spw_image_why why;
	struct sample s;
	int len;

	sample_seed();
	for (int i = 0; i < 2000; i++) {
		s = sample_random(i & 1 ? 4 : 6, states[i / 2 % STATES]);
		image = s.image;
		image.session.len = 0;
		spw_image_strip(&image);
		len = write_bare(&image, data);
		ASSERT_LT(0, len);
		ASSERT_GE(ANY - 16, len);
		ASSERT_EQ(0, spw_image_parse_bare(data, (size_t)len, &got, &why));
		EXPECT_EQ(image.received.len, got.received.len);
		EXPECT_EQ(image.sent.len, got.sent.len);
		EXPECT_EQ(image.unsent.len, got.unsent.len);
		next = image;
		next.timestamps.tsval += image.options.flags & SPW_IMAGE_OPT_TSTAMP ? 4 : 0;
		next.congestion.srtt_us ^= 1;
		spw_image_strip(&next);
		len = spw_image_diff_build(diff, &image, &next);
		ASSERT_LT(0, len);
		ASSERT_EQ(0, spw_image_diff_apply(diff, (size_t)len, &got, &shift, &why));
		EXPECT_EQ(next.congestion.srtt_us, got.congestion.srtt_us);
		EXPECT_EQ(next.timestamps.tsval, got.timestamps.tsval);
	}
}

/* Bytes of queues have no place there, and what is wrong with an image is found. */
TEST(images_that_are_not_bare)
{
	struct spw_image got, untouched;
	enum spw_image_why why;
	uint8_t data[ROOM];
	struct sample s;
	int len;

	sample_seed();
	memset(&untouched, 0xa5, sizeof(untouched));
	s = sample_plain(1000);
	sample_fill(&s, 50, 0, 0, false);
	len = sample_write(&s, data, sizeof(data));
	ASSERT_LT(0, len);
	got = untouched;
	EXPECT_EQ(-EPROTO, spw_image_parse_bare(data, (size_t)len, &got, &why));
	EXPECT_EQ(SPW_IMAGE_WHY_SECTION_TYPE, why);
	EXPECT_EQ(0, memcmp(&got, &untouched, sizeof(got)));
	s.image.sequence.snd_una = s.image.sequence.snd_nxt + 1;
	len = write_bare(&s.image, data);
	EXPECT_NE(0, spw_image_parse_bare(data, (size_t)len, &got, &why));
	EXPECT_EQ(0, memcmp(&got, &untouched, sizeof(got)));
}

TEST_HARNESS_MAIN
