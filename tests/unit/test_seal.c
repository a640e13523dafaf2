// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sealed datagrams: whatever bit is changed and wherever one ends, it is refused by its
 * header or fails to open; only whole and unchanged does it give its frame back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "seal.h"

#include "kselftest_harness.h"

#define KEY_ID 0x12345678
#define PN     0x1122334455667788ULL

FIXTURE(datagram)
{
	uint8_t secret[32];
	size_t frame_len;
	size_t len;
	uint8_t *frame;
	uint8_t *dgram;
};

FIXTURE_VARIANT(datagram)
{
	size_t body;
};

FIXTURE_VARIANT_ADD(datagram, empty){
	.body = 0,
};

FIXTURE_VARIANT_ADD(datagram, heartbeat){
	.body = SPW_LEN_HEARTBEAT,
};

/* Across a few blocks of the cipher, and no multiple of one. */
FIXTURE_VARIANT_ADD(datagram, segment){
	.body = 333,
};

FIXTURE_SETUP(datagram)
{
	size_t i;

	self->frame_len = SPW_LEN_FRAME_HDR + variant->body;
	self->len = SPW_LEN_DGRAM_HDR + self->frame_len + SPW_LEN_TAG;
	self->frame = malloc(self->frame_len);
	self->dgram = malloc(self->len);
	for (i = 0; i < sizeof(self->secret); i++)
		self->secret[i] = (uint8_t)(3 * i + 1);
	for (i = 0; i < self->frame_len; i++)
		self->frame[i] = (uint8_t)(7 * i);
	spw_link_build_frame(self->frame, SPW_FRAME_DATA, 0, (__u16)variant->body);
	memcpy(self->dgram + SPW_LEN_DGRAM_HDR, self->frame, self->frame_len);
	seal(self->secret, KEY_ID, PN, self->dgram, self->frame_len);
}

FIXTURE_TEARDOWN(datagram)
{
	free(self->frame);
	free(self->dgram);
}

/* As kmod/receive.c: header, key, cipher. 0, -errno of the header, -ENOKEY, -EBADMSG. */
static int receive(FIXTURE_DATA(datagram) * self, const uint8_t *dgram, size_t len, uint8_t *frame)
{
	uint32_t key_id;
	__u64 pn;
	int err;

	err = spw_link_parse_dgram(dgram, len, &key_id, &pn);
	if (err)
		return err;
	if (key_id != KEY_ID)
		return -ENOKEY;
	return seal_open(self->secret, pn, frame, dgram, len) ? 0 : -EBADMSG;
}

TEST_F(datagram, opens_as_it_was_sealed)
{
	uint8_t *frame = malloc(self->frame_len);

	ASSERT_EQ(0, receive(self, self->dgram, self->len, frame));
	EXPECT_EQ(0, memcmp(frame, self->frame, self->frame_len));
	EXPECT_NE(0, memcmp(self->dgram + SPW_LEN_DGRAM_HDR, self->frame, self->frame_len));
	free(frame);
}

TEST_F(datagram, any_bit_flipped_is_refused)
{
	uint8_t *frame = malloc(self->frame_len);
	size_t bit;
	int want;

	for (bit = 0; bit < 8 * self->len; bit++) {
		self->dgram[bit / 8] ^= (uint8_t)(1 << bit % 8);
		want = bit < 32 ? -EPROTO : bit < 64 ? -ENOKEY : -EBADMSG;
		ASSERT_EQ(want, receive(self, self->dgram, self->len, frame))
		{
			TH_LOG("bit %zu", bit);
		}
		self->dgram[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	EXPECT_EQ(0, receive(self, self->dgram, self->len, frame));
	free(frame);
}

/* Each in memory of its own size, which ASan watches. */
TEST_F(datagram, any_shorter_one_is_refused)
{
	uint8_t *frame = malloc(self->frame_len), *part;
	size_t len;

	for (len = 0; len < self->len; len++) {
		part = malloc(len ? len : 1);
		memcpy(part, self->dgram, len);
		ASSERT_EQ(len < SPW_LEN_DGRAM_MIN ? -EMSGSIZE : -EBADMSG,
			  receive(self, part, len, frame))
		{
			TH_LOG("%zu bytes", len);
		}
		free(part);
	}
	free(frame);
}

TEST_F(datagram, any_longer_one_is_refused)
{
	uint8_t *longer = calloc(1, self->len + 64), *frame = malloc(self->frame_len + 64);
	size_t more;

	memcpy(longer, self->dgram, self->len);
	for (more = 1; more <= 64; more++)
		ASSERT_EQ(-EBADMSG, receive(self, longer, self->len + more, frame));
	free(frame);
	free(longer);
}

TEST_HARNESS_MAIN
