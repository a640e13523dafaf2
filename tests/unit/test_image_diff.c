// SPDX-License-Identifier: GPL-2.0-or-later
/* Differences of images: an endpoint goes on living, and its copy follows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image_diff.h"
#include "image_sample.h"
#include "image_write.h"

#include "kselftest_harness.h"

#define WORDS (offsetof(struct spw_image, received) / 4)

FIXTURE(diff)
{
	uint8_t data[SPW_IMAGE_DIFF_MAX];
	enum spw_image_why why;
};

FIXTURE_SETUP(diff)
{
	sample_seed();
}

FIXTURE_TEARDOWN(diff)
{
}

static uint32_t draw(uint32_t below)
{
	return below ? (uint32_t)random() % below : 0;
}

static void measure(struct spw_image *image)
{
	image->received = noisy(spw_image_received(image));
	image->sent = noisy(spw_image_sent(image));
	image->unsent = noisy(spw_image_unsent(image));
}

static void live_sending(struct spw_image *image)
{
	struct spw_image_sequence *q = &image->sequence;
	uint32_t state = image->tuple.state;

	if (state == SPW_IMAGE_FIN_WAIT2)
		return;
	if (state != SPW_IMAGE_FIN_WAIT1)
		q->write_seq += draw(2) * draw(200);
	if (state == SPW_IMAGE_ESTABLISHED && !draw(8)) {
		image->tuple.state = SPW_IMAGE_FIN_WAIT1;
		q->write_seq++;
	}
	q->snd_nxt += draw(q->write_seq - q->snd_nxt + 1);
	q->snd_una += draw(q->snd_nxt - q->snd_una + 1);
	if (image->tuple.state == SPW_IMAGE_FIN_WAIT1 && q->snd_una == q->write_seq)
		image->tuple.state = SPW_IMAGE_FIN_WAIT2;
	q->snd_up = q->snd_una;
}

static void live_receiving(struct spw_image *image)
{
	struct spw_image_sequence *q = &image->sequence;
	uint32_t state = image->tuple.state;

	if (state != SPW_IMAGE_CLOSE_WAIT)
		q->rcv_nxt += draw(2) * draw(200);
	if (state == SPW_IMAGE_ESTABLISHED && image->tuple.state == state && !draw(8)) {
		image->tuple.state = SPW_IMAGE_CLOSE_WAIT;
		q->rcv_nxt++;
	}
	q->copied_seq += draw(q->rcv_nxt - q->copied_seq + 1);
	q->rcv_wup = q->rcv_nxt;
	q->snd_wl1 = q->rcv_nxt;
}

static void live(struct spw_image *image)
{
	live_receiving(image);
	live_sending(image);
	image->timestamps.tsval += image->options.flags & SPW_IMAGE_OPT_TSTAMP ? draw(1000) : 0;
	image->congestion.snd_cwnd = 1 + draw(300);
	image->congestion.srtt_us = draw(800000);
	measure(image);
}

/* Of each of the copy's bytes, which one of the stream it is. */
struct copy {
	uint32_t queue[8192];
	uint32_t len;
};

static void shift(struct copy *c, uint32_t front, uint32_t back, uint32_t new_end)
{
	if (front > c->len || c->len - front + back > 8192)
		abort();
	memmove(c->queue, c->queue + front, (c->len - front) * sizeof(*c->queue));
	c->len -= front;
	for (uint32_t i = 0; i < back; i++)
		c->queue[c->len++] = new_end - back + i;
}

static bool holds(const struct copy *c, uint32_t begin, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (c->queue[i] != begin + i)
			return false;
	return c->len == len;
}

static bool same_numbers(const struct spw_image *a, const struct spw_image *b)
{
	return !memcmp(a, b, WORDS * 4) && a->received.len == b->received.len &&
	       a->sent.len == b->sent.len && a->unsent.len == b->unsent.len;
}

TEST_F(diff, a_copy_follows_a_life)
{
	static struct copy in, out;
	int largest = 0, ends[16] = { 0 };

	for (int life = 0; life < 3000; life++) {
		struct spw_image now = sample_random(4, SPW_IMAGE_ESTABLISHED).image, old;
		struct spw_image_sequence *q = &now.sequence;

		memset(&now.urgent, 0, sizeof(now.urgent));
		q->snd_up = q->snd_una;
		old = now;
		in.len = out.len = 0;
		shift(&in, 0, now.received.len, q->copied_seq + now.received.len);
		shift(&out, 0, now.sent.len + now.unsent.len,
		      q->snd_una + now.sent.len + now.unsent.len);
		for (int step = 0; step < 20; step++) {
			struct spw_image_shift s;
			int len;

			for (uint32_t i = draw(3); i < 3; i++)
				live(&now);
			ASSERT_EQ(0, spw_image_check(&now, &self->why))
			TH_LOG("%s", spw_image_why_name(self->why));
			len = spw_image_diff_build(self->data, &old, &now);
			ASSERT_LE(0, len);
			largest = len > largest ? len : largest;
			if (!len)
				continue;
			ASSERT_EQ(0, spw_image_diff_apply(self->data, len, &old, &s, &self->why))
			TH_LOG("%s", spw_image_why_name(self->why));
			ASSERT_TRUE(same_numbers(&now, &old));
			shift(&in, s.received_front, s.received_back,
			      q->copied_seq + now.received.len);
			shift(&out, s.send_front, s.send_back,
			      q->snd_una + now.sent.len + now.unsent.len);
			ASSERT_TRUE(holds(&in, q->copied_seq, now.received.len));
			ASSERT_TRUE(holds(&out, q->snd_una, now.sent.len + now.unsent.len));
		}
		ends[now.tuple.state]++;
	}
	EXPECT_GT(45, largest);
	EXPECT_LT(300, ends[SPW_IMAGE_FIN_WAIT2]);
	EXPECT_LT(300, ends[SPW_IMAGE_CLOSE_WAIT]);
}

TEST_F(diff, bytes_on_the_wire)
{
	static const uint8_t want[] = { 0, 1, 0, 0x91, 0x03, 0xc8, 0x01, 0x81, 0x01, 0x04 };
	struct spw_image a = sample_plain(100).image, b;
	struct spw_image_shift s;

	a.sequence.snd_nxt = a.sequence.write_seq = 300;
	measure(&a);
	b = a;
	b.sequence.snd_una -= 2;    /* field 0: -2 is 3 */
	b.sequence.snd_wnd += 100;  /* field 4: 200 */
	b.sequence.rcv_nxt -= 65;   /* field 7: 129 */
	b.congestion.snd_cwnd += 2; /* field 16: 4 */
	ASSERT_EQ(sizeof(want), spw_image_diff_build(self->data, &a, &b));
	EXPECT_EQ(0, memcmp(want, self->data, sizeof(want)));
	EXPECT_EQ(-EPROTO, spw_image_diff_apply(want, sizeof(want), &a, &s, &self->why));
	EXPECT_EQ(SPW_IMAGE_WHY_SND_UNA, self->why);
	EXPECT_EQ(0, spw_image_diff_build(self->data, &a, &a));
}

/* Which words may change: by their sections, as many as there are. */
static const bool may_change[WORDS] = {
#define FROM(member) offsetof(struct spw_image, member) / 4
	[FROM(sequence)... FROM(sequence) + 12] = true,
	[FROM(timestamps.tsval)... FROM(timestamps.tsval) + 2] = true,
	[FROM(congestion.snd_cwnd)... FROM(congestion.snd_cwnd) + 7] = true,
	[FROM(socket.sndbuf)... FROM(socket.sndbuf) + 1] = true,
	[FROM(options.flags)] = true,
	[FROM(tuple.state)] = true,
};

TEST_F(diff, what_it_can_tell)
{
	const struct spw_image a = sample_plain(100).image;
	struct spw_image b;

	for (size_t i = 0; i < WORDS; i++) {
		b = a;
		((uint32_t *)&b)[i] ^= 1;
		EXPECT_EQ(may_change[i] ? 5 : -EOPNOTSUPP,
			  spw_image_diff_build(self->data, &a, &b));
	}
	b = a;
	b.session.len++;
	EXPECT_EQ(-EOPNOTSUPP, spw_image_diff_build(self->data, &a, &b));
}

TEST_F(diff, too_large)
{
	const struct spw_image a = sample_plain(100).image;
	struct spw_image b = a;
	int sum = 4, words = 0;

	for (size_t i = 0; i < WORDS; i++) {
		if (!may_change[i])
			continue;
		((uint32_t *)&b)[i] += 1 << 30; /* five groups */
		memset(self->data, 0xee, sizeof(self->data));
		sum += 5;
		words++;
		EXPECT_EQ(sum <= 64 ? sum : -EMSGSIZE, spw_image_diff_build(self->data, &a, &b));
		if (sum > 64)
			EXPECT_EQ(0xee, self->data[0]);
	}
	EXPECT_EQ(28, words);
	/* Just as large as it may be: twelve at their largest. */
	b = a;
	for (size_t i = 0, left = 12; left; i++)
		if (may_change[i]) {
			((uint32_t *)&b)[i] += 0x7fffffff;
			left--;
		}
	EXPECT_EQ(64, spw_image_diff_build(self->data, &a, &b));
	/* One more group is too much. */
	b.socket.rcvbuf ^= 1;
	EXPECT_EQ(-EMSGSIZE, spw_image_diff_build(self->data, &a, &b));
}

/* A difference that is whatever the two images are; -EPROTO and the like, and why. */
static int try(const struct spw_image *a, const struct spw_image *b, enum spw_image_why *why)
{
	uint8_t data[SPW_IMAGE_DIFF_MAX];
	struct spw_image got = *a;
	struct spw_image_shift s, untouched;
	int err, len = spw_image_diff_build(data, a, b);

	if (len <= 0)
		abort();
	memset(&s, 0xa5, sizeof(s));
	memset(&untouched, 0xa5, sizeof(s));
	err = spw_image_diff_apply(data, len, &got, &s, why);
	if (err && (memcmp(&got, a, sizeof(got)) || memcmp(&s, &untouched, sizeof(s))))
		abort();
	return err;
}

TEST_F(diff, nothing_goes_back)
{
	static const struct {
		size_t at;
		enum spw_image_why why;
	} numbers[] = {
		{ offsetof(struct spw_image, sequence.snd_una), SPW_IMAGE_WHY_SND_UNA },
		{ offsetof(struct spw_image, sequence.snd_nxt), SPW_IMAGE_WHY_SND_NXT },
		{ offsetof(struct spw_image, sequence.write_seq), SPW_IMAGE_WHY_WRITE_SEQ },
		{ offsetof(struct spw_image, sequence.copied_seq), SPW_IMAGE_WHY_COPIED_SEQ },
		{ offsetof(struct spw_image, sequence.rcv_nxt), SPW_IMAGE_WHY_RCV_NXT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct sample s = sample_plain(-30U);
		struct spw_image b;

		sample_fill(&s, 50, 50, 50, false);
		b = s.image;
		*(uint32_t *)((uint8_t *)&b + numbers[i].at) -= 1;
		EXPECT_EQ(-EPROTO, try(&s.image, &b, &self->why));
		EXPECT_EQ(numbers[i].why, self->why);
	}
}

TEST_F(diff, states)
{
	static const uint32_t next[STATES][STATES] = {
		/* to ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT */
		{ 1, 1, 1, 1 },
		{ 0, 1, 1, 0 },
		{ 0, 0, 1, 0 },
		{ 0, 0, 0, 1 },
	};

	for (int i = 0; i < STATES; i++) {
		for (int j = 0; j < STATES; j++) {
			struct sample s = sample_plain(-3U);
			struct spw_image_sequence *q;
			struct spw_image b;

			s.image.tuple.state = states[i];
			sample_fill(&s, 0, 0, 0, true);
			b = s.image;
			q = &b.sequence;
			b.tuple.state = states[j];
			b.congestion.snd_cwnd++;
			/* The numbers that the FINs take. */
			if (i == 0 && (j == 1 || j == 2))
				q->write_seq++;
			if (j == 2)
				q->snd_una = q->snd_nxt = q->snd_up = q->write_seq;
			if (i != 3 && j == 3)
				q->rcv_nxt++;
			EXPECT_EQ(next[i][j] ? 0 : -EPROTO, try(&s.image, &b, &self->why));
			if (!next[i][j])
				EXPECT_EQ(SPW_IMAGE_WHY_STATE, self->why);
		}
	}
}

TEST_F(diff, fins_have_numbers)
{
	struct sample s = sample_plain(-3U);
	struct spw_image b;

	sample_fill(&s, 10, 10, 10, false);
	b = s.image;
	b.tuple.state = SPW_IMAGE_FIN_WAIT1;
	EXPECT_EQ(-EPROTO, try(&s.image, &b, &self->why));
	EXPECT_EQ(SPW_IMAGE_WHY_WRITE_SEQ, self->why);
	b.sequence.write_seq++;
	EXPECT_EQ(0, try(&s.image, &b, &self->why));
	b = s.image;
	b.tuple.state = SPW_IMAGE_CLOSE_WAIT;
	EXPECT_EQ(-EPROTO, try(&s.image, &b, &self->why));
	EXPECT_EQ(SPW_IMAGE_WHY_RCV_NXT, self->why);
	b.sequence.rcv_nxt++;
	EXPECT_EQ(0, try(&s.image, &b, &self->why));
	/* And nothing comes after them. */
	s.image.tuple.state = SPW_IMAGE_CLOSE_WAIT;
	sample_fill(&s, 10, 10, 10, false);
	b = s.image;
	b.sequence.rcv_nxt++;
	EXPECT_EQ(-EPROTO, try(&s.image, &b, &self->why));
	EXPECT_EQ(SPW_IMAGE_WHY_RCV_NXT, self->why);
	s.image.tuple.state = SPW_IMAGE_FIN_WAIT1;
	sample_fill(&s, 10, 10, 10, false);
	b = s.image;
	b.sequence.write_seq++;
	EXPECT_EQ(-EPROTO, try(&s.image, &b, &self->why));
	EXPECT_EQ(SPW_IMAGE_WHY_WRITE_SEQ, self->why);
}

/* What an image may not be it does not become. */
TEST_F(diff, checked_as_an_image)
{
	const struct spw_image a = sample_plain(0).image;
	struct spw_image b = a;

	b.sequence.rcv_nxt += (8 << 20) + 1;
	EXPECT_EQ(-EMSGSIZE, try(&a, &b, &self->why));
	EXPECT_EQ(SPW_IMAGE_WHY_RECEIVED, self->why);
	b = a;
	b.congestion.snd_cwnd = 0;
	EXPECT_EQ(-EPROTO, try(&a, &b, &self->why));
	EXPECT_EQ(SPW_IMAGE_WHY_SND_CWND, self->why);
	b = a;
	b.options.flags = 128;
	EXPECT_EQ(-EPROTO, try(&a, &b, &self->why));
	EXPECT_EQ(SPW_IMAGE_WHY_OPTION_FLAGS, self->why);
}

TEST_F(diff, malformed)
{
	static const struct {
		uint8_t data[16];
		size_t len;
		enum spw_image_why why;
	} bad[] = {
		{ { 0, 0, 0, 0 }, 4, SPW_IMAGE_WHY_DIFF_FIELDS },
		{ { 0x10, 0, 0, 0, 2 }, 5, SPW_IMAGE_WHY_DIFF_FIELDS },
		{ { 0, 1, 0, 0 }, 4, SPW_IMAGE_WHY_DIFF_VALUE },
		{ { 0, 1, 0, 0, 0 }, 5, SPW_IMAGE_WHY_DIFF_VALUE },
		{ { 0, 1, 0, 0, 0x82 }, 5, SPW_IMAGE_WHY_DIFF_VALUE },
		{ { 0, 1, 0, 0, 0x82, 0 }, 6, SPW_IMAGE_WHY_DIFF_VALUE },
		{ { 0, 1, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x10 }, 9, SPW_IMAGE_WHY_DIFF_VALUE },
		{ { 0, 1, 0, 0, 0x82, 0x80, 0x80, 0x80, 0x80, 1 }, 10, SPW_IMAGE_WHY_DIFF_VALUE },
		{ { 0, 1, 0, 0, 2, 2 }, 6, SPW_IMAGE_WHY_LENGTH },
	};
	struct spw_image image = sample_plain(0).image;
	uint8_t much[SPW_IMAGE_DIFF_MAX + 1] = { 0, 1, 0, 0, 2 };
	struct spw_image_shift s;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint8_t *exact = malloc(bad[i].len);

		memcpy(exact, bad[i].data, bad[i].len);
		EXPECT_GT(0, spw_image_diff_apply(exact, bad[i].len, &image, &s, &self->why));
		EXPECT_EQ(bad[i].why, self->why) TH_LOG("number %zu", i);
		free(exact);
	}
	for (size_t len = 0; len < 4; len++) {
		EXPECT_EQ(-EMSGSIZE, spw_image_diff_apply(much, len, &image, &s, &self->why));
		EXPECT_EQ(SPW_IMAGE_WHY_LENGTH, self->why);
	}
	EXPECT_EQ(-EMSGSIZE, spw_image_diff_apply(much, sizeof(much), &image, &s, &self->why));
	EXPECT_EQ(10, image.congestion.snd_cwnd);
	EXPECT_EQ(0, spw_image_diff_apply(much, 5, &image, &s, &self->why));
	EXPECT_EQ(SPW_IMAGE_WHY_NONE, self->why);
	EXPECT_EQ(11, image.congestion.snd_cwnd);
}

TEST_F(diff, of_every_length)
{
	const struct spw_image a = sample_plain(1 << 30).image;
	uint8_t much[SPW_IMAGE_DIFF_MAX + 1];
	struct spw_image b = a, got;
	struct spw_image_shift s;

	/* Twelve that go far. */
	b.sequence.rcv_ssthresh = 1 << 30;
	b.sequence.window_clamp = 1 << 30;
	b.sequence.rcv_wnd = 1 << 29;
	b.timestamps.tsval = 1 << 30;
	b.timestamps.ts_recent = 1 << 30;
	b.congestion.snd_cwnd = 1 << 30;
	b.congestion.snd_ssthresh = 1;
	b.congestion.srtt_us = 1 << 30;
	b.congestion.mdev_us = 1 << 30;
	b.congestion.rttvar_us = 1 << 30;
	b.congestion.min_rtt_us = 1 << 30;
	b.socket.sndbuf = 1 << 30;
	ASSERT_EQ(64, spw_image_diff_build(much, &a, &b));
	got = a;
	EXPECT_EQ(0, spw_image_diff_apply(much, 64, &got, &s, &self->why));
	EXPECT_TRUE(same_numbers(&got, &b));
	for (size_t len = 0; len < 64; len++) {
		uint8_t *exact = malloc(len);

		memcpy(exact, much, len);
		got = a;
		EXPECT_EQ(len < 4 ? -EMSGSIZE : -EPROTO,
			  spw_image_diff_apply(exact, len, &got, &s, &self->why));
		EXPECT_EQ(len < 4 ? SPW_IMAGE_WHY_LENGTH : SPW_IMAGE_WHY_DIFF_VALUE, self->why);
		free(exact);
	}
	/* And rcvbuf, which is number 25, by one. */
	much[0] |= 2;
	much[64] = 2;
	EXPECT_EQ(-EMSGSIZE, spw_image_diff_apply(much, 65, &got, &s, &self->why));
	EXPECT_EQ(SPW_IMAGE_WHY_LENGTH, self->why);
	EXPECT_TRUE(same_numbers(&got, &a));
}

TEST_F(diff, every_bit_flipped)
{
	int sound = 0, refused = 0;

	for (int i = 0; i < 500; i++) {
		struct spw_image a = sample_random(6, SPW_IMAGE_ESTABLISHED).image, b = a;
		int len;

		live(&b);
		b.urgent = a.urgent = (struct spw_image_urgent){ 0 };
		len = spw_image_diff_build(self->data, &a, &b);
		ASSERT_LT(0, len);
		for (int bit = 0; bit < len * 8; bit++) {
			uint8_t again[SPW_IMAGE_DIFF_MAX];
			struct spw_image_shift s;
			struct spw_image got = a;

			self->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (spw_image_diff_apply(self->data, len, &got, &s, &self->why)) {
				ASSERT_EQ(0, memcmp(&got, &a, sizeof(a)));
				refused++;
			} else {
				ASSERT_EQ(0, spw_image_check(&got, &self->why));
				ASSERT_EQ(len, spw_image_diff_build(again, &a, &got));
				ASSERT_EQ(0, memcmp(again, self->data, len));
				sound++;
			}
			self->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	EXPECT_LT(1000, sound);
	EXPECT_LT(1000, refused);
}

TEST_HARNESS_MAIN
