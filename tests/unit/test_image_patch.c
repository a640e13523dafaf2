// SPDX-License-Identifier: GPL-2.0-or-later
/* Patches: an endpoint goes on living after its image was sent ahead. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image_patch.h"
#include "image_sample.h"
#include "image_write.h"

#include "kselftest_harness.h"

#define BIG 65536

FIXTURE(patch)
{
	uint8_t stream[2 * BIG];
	uint8_t from[2 * BIG], whole[2 * BIG], patch[2 * BIG], got[2 * BIG];
	struct spw_image_blob a, b;
};

FIXTURE_SETUP(patch)
{
	sample_seed();
	for (size_t i = 0; i < sizeof(self->stream); i++)
		self->stream[i] = (uint8_t)random();
}

FIXTURE_TEARDOWN(patch)
{
}

/* An endpoint whose queues are those parts of two streams, each from number 1000. */
static struct spw_image_blob image_of(FIXTURE_DATA(patch) * self, uint8_t *to, uint32_t una,
				      uint32_t nxt, uint32_t end, uint32_t copied, uint32_t rcv)
{
	struct spw_image_blob blob = { .data = to };
	struct sample s = sample_plain(1000);
	struct spw_image_sequence *q = &s.image.sequence;
	enum spw_image_why why;

	q->snd_una = q->snd_up = 1000 + una;
	q->snd_nxt = 1000 + nxt;
	q->write_seq = 1000 + end;
	q->snd_wnd = q->max_window = nxt - una + 1;
	q->copied_seq = 1000 + copied;
	q->rcv_nxt = q->rcv_wup = q->snd_wl1 = 1000 + rcv;
	s.image.sent = (struct spw_image_bytes){ self->stream + una, nxt - una };
	s.image.unsent = (struct spw_image_bytes){ self->stream + nxt, end - nxt };
	s.image.received = (struct spw_image_bytes){ self->stream + BIG + copied, rcv - copied };
	blob.len = (uint32_t)image_write(&s.image, to, 2 * BIG);
	if (spw_image_parse(to, blob.len, &blob.image, &why)) {
		fprintf(stderr, "# no image: %s\n", spw_image_why_name(why));
		abort();
	}
	return blob;
}

/* Bytes of the patch that made the one of the other, or 0. */
static uint32_t trip(FIXTURE_DATA(patch) * self)
{
	uint32_t len;

	len = spw_image_patch_build(self->patch, sizeof(self->patch), &self->a, &self->b);
	if (!len || spw_image_patch_size(self->patch, len) != self->b.len)
		return 0;
	memset(self->got, 0, sizeof(self->got));
	if (spw_image_patch_apply(self->patch, len, self->from, self->a.len, self->got))
		return 0;
	return memcmp(self->got, self->whole, self->b.len) ? 0 : len;
}

TEST_F(patch, nothing_changed)
{
	uint32_t len;

	self->a = image_of(self, self->from, 0, 20000, 30000, 0, 25000);
	self->b = image_of(self, self->whole, 0, 20000, 30000, 0, 25000);
	len = trip(self);
	EXPECT_LT(0, len);
	EXPECT_GT(600, len);
}

/* What was acknowledged, written, read and received since is all that is said. */
TEST_F(patch, only_what_is_new)
{
	uint32_t len;

	self->a = image_of(self, self->from, 0, 20000, 30000, 0, 25000);
	self->b = image_of(self, self->whole, 5000, 26000, 31000, 10000, 27000);
	len = trip(self);
	EXPECT_LT(3000, len);
	EXPECT_GT(3600, len);
}

TEST_F(patch, nothing_is_left_of_it)
{
	self->a = image_of(self, self->from, 0, 20000, 30000, 0, 25000);
	self->b = image_of(self, self->whole, 30000, 50000, 60000, 25000, 50000);
	EXPECT_LT(self->b.len, trip(self));
}

/* The numbers alone are not believed. */
TEST_F(patch, other_bytes_under_the_same_numbers)
{
	self->a = image_of(self, self->from, 0, 20000, 30000, 0, 25000);
	self->stream[100] ^= 1;
	self->b = image_of(self, self->whole, 0, 20000, 30000, 0, 25000);
	EXPECT_LT(20000, trip(self));
	EXPECT_GT(21000, trip(self));
}

TEST_F(patch, any_course)
{
	uint32_t una, nxt, end, copied, rcv, len;

	for (int i = 0; i < 3000; i++) {
		una = (uint32_t)random() % 3000;
		nxt = una + (uint32_t)random() % 3000;
		end = nxt + (uint32_t)random() % 3000;
		copied = (uint32_t)random() % 3000;
		rcv = copied + (uint32_t)random() % 3000;
		self->a = image_of(self, self->from, una, nxt, end, copied, rcv);
		una += (uint32_t)random() % (nxt - una + 1);
		nxt += (uint32_t)random() % (end - nxt + 1);
		end += (uint32_t)random() % 500;
		copied += (uint32_t)random() % (rcv - copied + 1);
		rcv += (uint32_t)random() % 500;
		self->b = image_of(self, self->whole, una, nxt, end, copied, rcv);
		len = trip(self);
		ASSERT_LT(0, len);
		ASSERT_GE(self->b.len + SPW_IMAGE_PATCH_WORDS, len);
	}
}

TEST_F(patch, room)
{
	uint32_t len, room;

	self->a = image_of(self, self->from, 0, 2000, 3000, 0, 2500);
	self->b = image_of(self, self->whole, 500, 2600, 3100, 1000, 2700);
	len = trip(self);
	ASSERT_LT(0, len);
	for (room = 0; room < len; room++) {
		uint8_t *exact = malloc(room ?: 1);

		EXPECT_EQ(0, spw_image_patch_build(exact, room, &self->a, &self->b));
		free(exact);
	}
}

/* Cut off anywhere, or with any byte changed: refused, or as long as it says. */
TEST_F(patch, damaged)
{
	uint32_t len, size;
	uint8_t *exact;

	self->a = image_of(self, self->from, 0, 2000, 3000, 0, 2500);
	self->b = image_of(self, self->whole, 500, 2600, 3100, 1000, 2700);
	len = trip(self);
	ASSERT_LT(0, len);
	for (uint32_t cut = 0; cut < len; cut++)
		EXPECT_EQ(-EPROTO, spw_image_patch_apply(self->patch, cut, self->from, self->a.len,
							 self->got));
	EXPECT_EQ(-EPROTO,
		  spw_image_patch_apply(self->patch, len + 1, self->from, self->a.len, self->got));
	for (uint32_t at = 0; at < len * 8; at++) {
		self->patch[at / 8] ^= (uint8_t)(1 << at % 8);
		size = spw_image_patch_size(self->patch, len);
		exact = malloc(size ?: 1);
		spw_image_patch_apply(self->patch, len, self->from, self->a.len, exact);
		free(exact);
		self->patch[at / 8] ^= (uint8_t)(1 << at % 8);
	}
}

TEST_F(patch, of_another_image)
{
	uint32_t len;

	self->a = image_of(self, self->from, 0, 2000, 3000, 0, 2500);
	self->b = image_of(self, self->whole, 500, 2600, 3100, 1000, 2700);
	len = trip(self);
	ASSERT_LT(0, len);
	EXPECT_EQ(-EPROTO, spw_image_patch_apply(self->patch, len, self->from, 400, self->got));
	EXPECT_EQ(-EPROTO, spw_image_patch_apply(self->patch, len, NULL, 0, self->got));
}

TEST_HARNESS_MAIN
