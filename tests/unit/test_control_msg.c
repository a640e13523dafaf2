// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of the control connection: there and back, cut, wrong. */
#include <errno.h>
#include <string.h>

#include "control_msg.h"

#include "kselftest_harness.h"

static const struct control_msg all[] = {
	{ .type = CONTROL_HELLO, .from = 1, .to = 65535, .epoch = 0x0123456789abcdef },
	{ .type = CONTROL_READY, .key_id = 0xdeadbeef },
	{ .type = CONTROL_DONE },
	{ .type = CONTROL_PING },
};

TEST(there_and_back)
{
	uint8_t bytes[CONTROL_MSG_MAX];
	struct control_msg back;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		size_t len = control_msg_build(&all[i], bytes);

		ASSERT_EQ(len, control_msg_parse(bytes, len, &back));
		EXPECT_EQ(0, memcmp(&all[i], &back, sizeof(back)));
		/* What is behind it is left alone. */
		EXPECT_EQ(len, control_msg_parse(bytes, sizeof(bytes), &back));
	}
}

TEST(on_the_wire)
{
	static const uint8_t hello[] = { 1,    1,    0,    12,   0,    1,    0xff, 0xff,
					 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
	static const uint8_t ready[] = { 1, 2, 0, 4, 0xde, 0xad, 0xbe, 0xef };
	uint8_t bytes[CONTROL_MSG_MAX];

	EXPECT_EQ(sizeof(hello), control_msg_build(&all[0], bytes));
	EXPECT_EQ(0, memcmp(hello, bytes, sizeof(hello)));
	EXPECT_EQ(sizeof(ready), control_msg_build(&all[1], bytes));
	EXPECT_EQ(0, memcmp(ready, bytes, sizeof(ready)));
}

TEST(every_truncation_waits)
{
	uint8_t bytes[CONTROL_MSG_MAX];
	struct control_msg back;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		size_t len = control_msg_build(&all[i], bytes);

		for (size_t cut = 0; cut < len; cut++) {
			/* On the heap and exact, so that reading beyond it is found. */
			uint8_t *exact = malloc(cut ? cut : 1);

			memcpy(exact, bytes, cut);
			EXPECT_EQ(0, control_msg_parse(exact, cut, &back));
			free(exact);
		}
	}
}

TEST(header_alone_condemns)
{
	struct control_msg back;
	uint8_t bytes[CONTROL_MSG_HDR];
	unsigned int good = 0;

	for (unsigned int type = 0; type < 256; type++) {
		for (unsigned int len = 0; len < 65536; len += len < 64 ? 1 : 997) {
			ssize_t took;

			bytes[0] = 1;
			bytes[1] = (uint8_t)type;
			bytes[2] = (uint8_t)(len >> 8);
			bytes[3] = (uint8_t)len;
			took = control_msg_parse(bytes, sizeof(bytes), &back);
			EXPECT_TRUE(took == -EBADMSG || took == 0 || took == CONTROL_MSG_HDR);
			good += took >= 0;
		}
	}
	EXPECT_EQ(ARRAY_SIZE(all), good);
	for (unsigned int version = 0; version < 256; version++) {
		bytes[0] = (uint8_t)version;
		if (version != 1)
			EXPECT_EQ(-EPROTONOSUPPORT, control_msg_parse(bytes, 1, &back));
	}
}

TEST_HARNESS_MAIN
