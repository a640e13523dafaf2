// SPDX-License-Identifier: GPL-2.0-or-later
/* For which connection a socket waits, from the module's own source. */
#include <errno.h>
#include <string.h>

#include "adopt_match.h"

#include "kselftest_harness.h"

static const uint8_t four[16] = { 192, 0, 2, 130 };
static const uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x81 };

static const struct spw_adopt_offer offer4 = { .peer = "vm-1",
					       .id = 1ULL << 40,
					       .family = 4,
					       .direction = SPILLWAY_DIR_OUT,
					       .lport = 40000,
					       .rport = 443,
					       .raddr = four };

static struct spillway_adopt mapped(unsigned int bits)
{
	struct spillway_adopt want = { .remote = { [10] = 0xff, [11] = 0xff } };

	memcpy(want.remote + 12, four, 4);
	for (unsigned int i = bits; i < 128; i++)
		want.remote[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	want.remote_plen = (uint8_t)bits;
	return want;
}

TEST(what_makes_no_sense)
{
	struct spillway_adopt want = { 0 };

	EXPECT_EQ(64, sizeof(want));
	EXPECT_EQ(0, spw_adopt_check(&want));
	for (int value = 0; value < 256; value++) {
		want = (struct spillway_adopt){ .direction = (uint8_t)value };
		EXPECT_EQ(value < __SPILLWAY_DIR_MAX ? 0 : -EINVAL, spw_adopt_check(&want));
		want = (struct spillway_adopt){ .remote_plen = (uint8_t)value };
		EXPECT_EQ(value <= 128 ? 0 : -EINVAL, spw_adopt_check(&want));
	}
	want = (struct spillway_adopt){ .reserved = 1 };
	EXPECT_EQ(-EINVAL, spw_adopt_check(&want));
	want = (struct spillway_adopt){ 0 };
	memset(want.peer, 'a', sizeof(want.peer));
	EXPECT_EQ(-EINVAL, spw_adopt_check(&want));
	want.peer[SPILLWAY_NAME_MAX] = 0;
	EXPECT_EQ(0, spw_adopt_check(&want));
}

TEST(bits_behind_the_prefix)
{
	for (unsigned int bits = 0; bits <= 128; bits++) {
		for (unsigned int set = 0; set < 128; set++) {
			struct spillway_adopt want = { .remote_plen = (uint8_t)bits };

			want.remote[set / 8] = (uint8_t)(0x80 >> set % 8);
			EXPECT_EQ(set < bits ? 0 : -EINVAL, spw_adopt_check(&want));
		}
	}
}

TEST(all_that_is_said_must_fit)
{
	struct spillway_adopt all = mapped(128), want = { 0 };

	EXPECT_TRUE(spw_adopt_fits(&want, &offer4));
	all.id = offer4.id;
	strcpy(all.peer, "vm-1");
	all.direction = SPILLWAY_DIR_OUT;
	all.remote_port = 443;
	all.local_port = 40000;
	EXPECT_EQ(0, spw_adopt_check(&all));
	EXPECT_TRUE(spw_adopt_fits(&all, &offer4));
	want = all;
	want.id++;
	EXPECT_FALSE(spw_adopt_fits(&want, &offer4));
	want = all;
	want.peer[3] = '2';
	EXPECT_FALSE(spw_adopt_fits(&want, &offer4));
	want = all;
	want.peer[3] = 0;
	EXPECT_FALSE(spw_adopt_fits(&want, &offer4));
	want = all;
	want.direction = SPILLWAY_DIR_IN;
	EXPECT_FALSE(spw_adopt_fits(&want, &offer4));
	want = all;
	want.remote_port--;
	EXPECT_FALSE(spw_adopt_fits(&want, &offer4));
	want = all;
	want.local_port--;
	EXPECT_FALSE(spw_adopt_fits(&want, &offer4));
}

TEST(prefixes)
{
	struct spw_adopt_offer offer = offer4;
	uint8_t addr[16];

	for (unsigned int bits = 0; bits <= 128; bits++) {
		struct spillway_adopt want = mapped(bits);

		EXPECT_TRUE(spw_adopt_fits(&want, &offer4));
		for (unsigned int flip = 0; flip < 32; flip++) {
			memcpy(addr, four, sizeof(addr));
			addr[flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
			offer.raddr = addr;
			EXPECT_EQ(96 + flip >= bits, spw_adopt_fits(&want, &offer));
		}
		offer.family = 6;
		offer.raddr = six;
		/* The first bit in which it differs from a mapped address. */
		EXPECT_EQ(bits <= 2, spw_adopt_fits(&want, &offer));
		offer.family = 4;
	}
}

TEST_HARNESS_MAIN
