// SPDX-License-Identifier: GPL-2.0-or-later
/* Images of TCP endpoints as bytes: written, read, truncated, flipped and mixed up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "image_sample.h"
#include "image_write.h"

#include "kselftest_harness.h"

FIXTURE(image)
{
	uint8_t data[ROOM];
};

FIXTURE_SETUP(image)
{
	sample_seed();
	memset(self->data, 0xee, sizeof(self->data));
}

FIXTURE_TEARDOWN(image)
{
}

TEST_F(image, lengths_on_the_wire)
{
	ASSERT_EQ(12, sizeof(struct spw_wire_image));
	ASSERT_EQ(8, sizeof(struct spw_wire_section));
	ASSERT_EQ(8, sizeof(struct spw_wire_segment));
	EXPECT_EQ(48, sizeof(struct spw_image_tuple));
	EXPECT_EQ(52, sizeof(struct spw_image_sequence));
	EXPECT_EQ(24, sizeof(struct spw_image_options));
	EXPECT_EQ(16, sizeof(struct spw_image_timestamps));
	EXPECT_EQ(48, sizeof(struct spw_image_congestion));
	EXPECT_EQ(68, sizeof(struct spw_image_socket));
	EXPECT_EQ(8, sizeof(struct spw_image_urgent));
	EXPECT_EQ(SPW_IMAGE_SESSION, SPW_IMAGE_WHY_SESSION);
}

/* Known bytes at known places: a change of the format is not made by accident. */
TEST_F(image, bytes_on_the_wire)
{
	static const uint8_t head[] = { 'S', 'P', 'W', 'I', 1, 0, 0, 8, 0, 0, 1, 0x5c, /* header */
					0,   1,   0,   1,   0, 0, 0, 48 /* TUPLE */ };
	static const uint8_t seq[] = { 0, 2, 0, 1, 0, 0, 0, 52, 0x01, 0x02, 0x03, 0x04 };
	static const uint8_t segment[] = { 0,    9,    0,    1,    0, 0, 0, 8,
					   0xfe, 0xfd, 0xfd, 0x00, 0, 0, 0, 1 };
	static const uint8_t session[] = {
		0, 12, 0, 1, 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0
	};
	struct sample s = sample_plain(0x01020304);
	int len;

	s.segs = 1;
	s.seg[0] = (struct spw_image_segment){ .seq = 0xfefdfd00, .fin = true };
	s.image.session = (struct spw_image_bytes){ (const uint8_t *)"hello", 5 };
	len = sample_write(&s, self->data, sizeof(self->data));
	ASSERT_EQ(348, len);
	EXPECT_EQ(0, memcmp(head, self->data, sizeof(head)));
	EXPECT_EQ(0, memcmp(s.image.tuple.laddr, self->data + 20, 16));
	EXPECT_EQ(0, memcmp(seq, self->data + 68, sizeof(seq)));
	EXPECT_EQ(0, memcmp(segment, self->data + len - 32, sizeof(segment)));
	EXPECT_EQ(0, memcmp(session, self->data + len - 16, sizeof(session)));
	SOUND(s);
}

TEST_F(image, round_trip)
{
	for (int i = 0; i < 20000; i++) {
		struct sample s = sample_random(i & 1 ? 4 : 6, states[i / 2 % 4]);
		struct spw_image_room room = { .received = s.image.received.len,
					       .segments = s.segs,
					       .sent = s.image.sent.len,
					       .unsent = s.image.unsent.len,
					       .session = s.image.session.len };
		int len = sample_write(&s, self->data, sizeof(self->data));
		uint8_t again[ROOM];
		enum spw_image_why why;
		struct spw_image got;

		for (uint32_t k = 0; k < s.segs; k++)
			room.out_of_order += s.seg[k].len;
		ASSERT_LT(0, len);
		ASSERT_GE(spw_image_size(&room), len);
		ASSERT_EQ(0, parse_exact(self->data, len, &got, &why))
		TH_LOG("refused for its %s", spw_image_why_name(why));
		ASSERT_TRUE(sample_same(&s, &got));
		ASSERT_EQ(len, image_write(&got, again, sizeof(again)));
		ASSERT_EQ(0, memcmp(again, self->data, len));
	}
}

TEST_F(image, truncated_at_every_byte)
{
	for (int i = 0; i < 8; i++) {
		struct sample s = sample_random(i & 1 ? 4 : 6, states[i / 2]);
		int len = sample_write(&s, self->data, sizeof(self->data));
		enum spw_image_why why;

		ASSERT_LT(0, len);
		for (int cut = 0; cut < len; cut++) {
			uint8_t was[4];

			EXPECT_EQ(-EMSGSIZE, parse_exact(self->data, cut, NULL, &why));
			EXPECT_EQ(SPW_IMAGE_WHY_LENGTH, why);
			if (cut < 12)
				continue;
			/* The header says so, too. */
			memcpy(was, self->data + 8, 4);
			self->data[10] = (uint8_t)(cut >> 8);
			self->data[11] = (uint8_t)cut;
			EXPECT_EQ(-EPROTO, parse_exact(self->data, cut, NULL, &why));
			EXPECT_NE(SPW_IMAGE_WHY_LENGTH, why);
			memcpy(self->data + 8, was, 4);
		}
		/* A byte too many. */
		EXPECT_EQ(-EMSGSIZE, parse_exact(self->data, len + 1, NULL, &why));
		EXPECT_EQ(SPW_IMAGE_WHY_LENGTH, why);
		EXPECT_EQ(0, parse_exact(self->data, len, NULL, &why));
	}
}

TEST_F(image, every_bit_flipped)
{
	int sound = 0, refused = 0;

	for (int i = 0; i < 16; i++) {
		struct sample s = sample_random(i & 1 ? 4 : 6, states[i / 2 % 4]);
		int len = sample_write(&s, self->data, sizeof(self->data));

		ASSERT_LT(0, len);
		for (int bit = 0; bit < len * 8; bit++) {
			uint8_t again[ROOM];
			enum spw_image_why why;
			struct spw_image got;

			self->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (parse_exact(self->data, len, &got, &why)) {
				refused++;
			} else {
				ASSERT_EQ(0, got.skipped);
				ASSERT_EQ(len, image_write(&got, again, sizeof(again)));
				ASSERT_EQ(0, memcmp(again, self->data, len));
				sound++;
			}
			self->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	/* Neither is everything taken nor nothing. */
	EXPECT_LT(10000, sound);
	EXPECT_LT(20000, refused);
}

/* Writes an image of @count segments of @len bytes, with @received bytes before them. */
static int many_segments(struct sample *s, uint32_t received, uint32_t count, uint32_t len,
			 uint8_t *data, size_t size)
{
	uint32_t seq = s->image.sequence.rcv_nxt;
	struct spw_image_writer w;

	s->image.sequence.copied_seq = seq - received;
	s->image.sequence.rcv_wnd = 2 * count * (len + 1);
	spw_image_begin(&w, data, size, &s->image);
	if (received)
		memset(spw_image_bulk(&w, SPW_IMAGE_RECEIVED, received), 1, received);
	for (uint32_t i = 0; i < count; i++, seq += len)
		memset(spw_image_segment(&w, ++seq, false, len), 2, len);
	return spw_image_end(&w);
}

TEST_F(image, segments_at_and_beyond_their_limits)
{
	const size_t size = 17 << 20;
	uint8_t *data = malloc(size);
	struct sample s = sample_plain(-5000U);
	enum spw_image_why why;
	int len;

	len = many_segments(&s, 0, 1024, 8192, data, size);
	EXPECT_EQ(0, parse_exact(data, len, NULL, &why));
	len = many_segments(&s, 0, 1025, 1, data, size);
	EXPECT_EQ(-EMSGSIZE, parse_exact(data, len, NULL, &why));
	EXPECT_EQ(SPW_IMAGE_WHY_OUT_OF_ORDER, why);
	/* Together with what came in order. */
	len = many_segments(&s, 8192, 1023, 8192, data, size);
	EXPECT_EQ(0, parse_exact(data, len, NULL, &why));
	len = many_segments(&s, 8193, 1023, 8192, data, size);
	EXPECT_EQ(-EMSGSIZE, parse_exact(data, len, NULL, &why));
	EXPECT_EQ(SPW_IMAGE_WHY_OUT_OF_ORDER, why);
	len = many_segments(&s, 0, 1, (8 << 20) + 1, data, size);
	EXPECT_EQ(-EMSGSIZE, parse_exact(data, len, NULL, &why));
	EXPECT_EQ(SPW_IMAGE_WHY_OUT_OF_ORDER, why);
	free(data);
}

/* Both queues full are more than a message can be. */
TEST_F(image, larger_than_a_message)
{
	const struct spw_image_room room = { .received = 8 << 20, .sent = 8 << 20 };
	size_t size = spw_image_size(&room);
	uint8_t *data = calloc(1, size);
	struct sample s = sample_plain(7);
	struct spw_image_writer w;
	enum spw_image_why why;

	EXPECT_LT(SPW_MESSAGE_MAX, size);
	sample_fill(&s, 8 << 20, 8 << 20, 0, false);
	spw_image_begin(&w, data, size, &s.image);
	EXPECT_NE(NULL, spw_image_bulk(&w, SPW_IMAGE_RECEIVED, 8 << 20));
	EXPECT_NE(NULL, spw_image_bulk(&w, SPW_IMAGE_SENT, 8 << 20));
	EXPECT_EQ(-EMSGSIZE, spw_image_end(&w));
	EXPECT_EQ(-EMSGSIZE, parse_exact(data, SPW_MESSAGE_MAX + 1, NULL, &why));
	EXPECT_EQ(SPW_IMAGE_WHY_LENGTH, why);
	/* Just as large as one may be. */
	sample_fill(&s, 8 << 20, (8 << 20) - 332, 0, false);
	spw_image_begin(&w, data, size, &s.image);
	EXPECT_NE(NULL, spw_image_bulk(&w, SPW_IMAGE_RECEIVED, 8 << 20));
	EXPECT_NE(NULL, spw_image_bulk(&w, SPW_IMAGE_SENT, (8 << 20) - 332));
	EXPECT_EQ(SPW_MESSAGE_MAX, spw_image_end(&w));
	EXPECT_EQ(0, parse_exact(data, w.used, NULL, &why));
	free(data);
}

TEST_F(image, room_that_does_not_suffice)
{
	struct sample s[] = { sample_random(6, SPW_IMAGE_ESTABLISHED), sample_plain(0) };

	s[0].segs = 1;
	s[0].seg[0] = (struct spw_image_segment){ .seq = s[0].image.sequence.rcv_nxt + 1,
						  .len = 3,
						  .data = noise };
	for (size_t i = 0; i < ARRAY_SIZE(s); i++) {
		int len = sample_write(&s[i], self->data, sizeof(self->data));

		ASSERT_LT(300, len);
		for (int size = 0; size <= len; size++) {
			uint8_t *exact = malloc(size);

			EXPECT_EQ(size < len ? -EMSGSIZE : len, sample_write(&s[i], exact, size));
			free(exact);
		}
	}
}

TEST_F(image, steps_of_the_writer)
{
	struct sample s = sample_plain(0);
	struct spw_image_writer w;

	spw_image_begin(&w, self->data, sizeof(self->data), &s.image);
	EXPECT_NE(NULL, spw_image_bulk(&w, SPW_IMAGE_SENT, 0));
	EXPECT_NE(NULL, spw_image_bulk(&w, SPW_IMAGE_RECEIVED, 1));
	EXPECT_EQ(NULL, spw_image_bulk(&w, SPW_IMAGE_RECEIVED, 1));
	EXPECT_EQ(NULL, spw_image_bulk(&w, SPW_IMAGE_SENT, 1));
	EXPECT_EQ(NULL, spw_image_bulk(&w, SPW_IMAGE_SENT, 0));
	EXPECT_EQ(NULL, spw_image_segment(&w, 0, false, 1));
	EXPECT_EQ(-EINVAL, spw_image_end(&w));
	spw_image_begin(&w, self->data, sizeof(self->data), &s.image);
	EXPECT_NE(NULL, spw_image_bulk(&w, SPW_IMAGE_UNSENT, 1));
	EXPECT_EQ(NULL, spw_image_segment(&w, 0, false, 1));
	EXPECT_EQ(-EINVAL, spw_image_end(&w));
	for (uint32_t type = 0; type < 20; type++) {
		bool bulk = type == SPW_IMAGE_RECEIVED || type == SPW_IMAGE_SENT ||
			    type == SPW_IMAGE_UNSENT || type == SPW_IMAGE_SESSION;

		spw_image_begin(&w, self->data, sizeof(self->data), &s.image);
		EXPECT_EQ(bulk, !!spw_image_bulk(&w, type, 4));
	}
	/* No length wraps around. */
	for (size_t len = ~(size_t)0; len > ~(size_t)20; len--) {
		spw_image_begin(&w, self->data, sizeof(self->data), &s.image);
		EXPECT_EQ(NULL, spw_image_bulk(&w, SPW_IMAGE_SENT, len));
		EXPECT_EQ(-EMSGSIZE, spw_image_end(&w));
		spw_image_begin(&w, self->data, sizeof(self->data), &s.image);
		EXPECT_EQ(NULL, spw_image_segment(&w, 0, false, len));
		EXPECT_EQ(-EMSGSIZE, spw_image_end(&w));
	}
}

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* Where the @nth section begins. */
static uint8_t *section(uint8_t *data, int nth)
{
	uint8_t *at = data + 12;

	while (nth--)
		at += 8 + ((get32(at + 4) + 3) & ~3U);
	return at;
}

/* A section of @len noisy bytes more, at the end. */
static int append(uint8_t *data, int len, uint32_t type, uint32_t flags, uint32_t bytes)
{
	uint32_t padded = (bytes + 3) & ~3U;

	put32(data + len, type << 16 | flags);
	put32(data + len + 4, bytes);
	memset(data + len + 8, 0, padded);
	memcpy(data + len + 8, noise, bytes);
	len += 8 + padded;
	data[7]++;
	put32(data + 8, len);
	return len;
}

TEST_F(image, sections_that_are_not_known)
{
	struct sample s = sample_plain(0);
	enum spw_image_why why;
	struct spw_image got;
	int len, more;

	s.image.session = noisy(7);
	len = sample_write(&s, self->data, sizeof(self->data));
	for (uint32_t type = 13; type < 65536; type += 101) {
		uint8_t data[ROOM];

		memcpy(data, self->data, len);
		more = append(data, len, type, 0, type % 50);
		ASSERT_EQ(0, parse_exact(data, more, &got, &why));
		EXPECT_EQ(1, got.skipped);
		got.skipped = 0;
		EXPECT_TRUE(sample_same(&s, &got));
		data[len + 3] = 1;
		EXPECT_EQ(-EOPNOTSUPP, parse_exact(data, more, NULL, &why));
		EXPECT_EQ(SPW_IMAGE_WHY_SECTION_TYPE, why);
		data[len + 3] = 2;
		EXPECT_EQ(-EPROTO, parse_exact(data, more, NULL, &why));
		EXPECT_EQ(SPW_IMAGE_WHY_SECTION_FLAGS, why);
	}
	/* Several of one type, by their types, the padding 0 as everywhere. */
	more = append(self->data, len, 13, 0, 0);
	more = append(self->data, more, 13, 0, 3);
	EXPECT_EQ(0, parse_exact(self->data, more, &got, &why));
	EXPECT_EQ(2, got.skipped);
	self->data[more - 1] = 1;
	EXPECT_EQ(-EPROTO, parse_exact(self->data, more, NULL, &why));
	EXPECT_EQ(SPW_IMAGE_WHY_PADDING, why);
	self->data[more - 1] = 0;
	more = append(self->data, more, 20, 0, 0);
	more = append(self->data, more, 19, 0, 3);
	EXPECT_EQ(-EPROTO, parse_exact(self->data, more, NULL, &why));
	EXPECT_EQ(SPW_IMAGE_WHY_SECTION_ORDER, why);
}

/* An image with every kind of section, which are: 7 structs, then 8 to 13. */
static int complete(uint8_t *data)
{
	struct sample s = sample_plain(0);

	sample_fill(&s, 41, 42, 43, false);
	s.image.urgent.data = SPW_IMAGE_URG_NOTYET;
	s.image.urgent.seq = s.image.sequence.rcv_nxt;
	s.segs = 2;
	s.seg[0] = (struct spw_image_segment){ .seq = 9, .len = 5, .data = noise };
	s.seg[1] = (struct spw_image_segment){ .seq = 20, .len = 7, .data = noise };
	s.image.session = noisy(7);
	return sample_write(&s, data, ROOM);
}

TEST_F(image, sections_that_are_missing)
{
	static const struct {
		int nth;
		enum spw_image_why why;
	} parts[] = {
		{ 0, SPW_IMAGE_WHY_TUPLE },      { 1, SPW_IMAGE_WHY_SEQUENCE },
		{ 2, SPW_IMAGE_WHY_OPTIONS },    { 3, SPW_IMAGE_WHY_TIMESTAMPS },
		{ 4, SPW_IMAGE_WHY_CONGESTION }, { 5, SPW_IMAGE_WHY_SOCKET },
		{ 7, SPW_IMAGE_WHY_RECEIVED },   { 10, SPW_IMAGE_WHY_SENT },
		{ 11, SPW_IMAGE_WHY_UNSENT },
	};
	enum spw_image_why why;

	ASSERT_EQ(0, parse_exact(self->data, complete(self->data), NULL, &why));
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int len = complete(self->data);
		uint8_t *at = section(self->data, parts[i].nth);
		uint8_t *next = section(self->data, parts[i].nth + 1);

		memmove(at, next, self->data + len - next);
		len -= next - at;
		put32(self->data + 8, len);
		EXPECT_EQ(-EPROTO, parse_exact(self->data, len, NULL, &why));
		EXPECT_EQ(SPW_IMAGE_WHY_SECTION_COUNT, why);
		self->data[7]--;
		EXPECT_EQ(-EPROTO, parse_exact(self->data, len, NULL, &why));
		EXPECT_EQ(parts[i].why, why)
		TH_LOG("section %d: said %s", parts[i].nth, spw_image_why_name(why));
	}
}

TEST_F(image, sections_twice_and_out_of_order)
{
	enum spw_image_why why;

	for (int nth = 0; nth < 13; nth++) {
		int len = complete(self->data);
		uint8_t *at = section(self->data, nth), *next = section(self->data, nth + 1);
		size_t bytes = next - at;
		uint8_t copy[ROOM];
		int more;

		/* Twice: only segments may, and these are of two places then. */
		memcpy(copy, self->data, len);
		memmove(copy + (next - self->data) + bytes, next, self->data + len - next);
		memcpy(copy + (next - self->data), at, bytes);
		copy[7]++;
		put32(copy + 8, len + bytes);
		EXPECT_EQ(-EPROTO, parse_exact(copy, len + bytes, NULL, &why));
		EXPECT_EQ(nth == 8 || nth == 9 ? SPW_IMAGE_WHY_SEGMENT_SEQ :
						 SPW_IMAGE_WHY_SECTION_ORDER,
			  why);
		/* At the end. */
		if (nth == 12)
			continue;
		memcpy(copy, self->data, at - self->data);
		memcpy(copy + (at - self->data), next, self->data + len - next);
		memcpy(copy + len - bytes, at, bytes);
		EXPECT_EQ(-EPROTO, parse_exact(copy, len, NULL, &why));
		EXPECT_EQ(SPW_IMAGE_WHY_SECTION_ORDER, why);
		/* Known, and not to be understood. */
		at[3] = 0;
		EXPECT_EQ(-EPROTO, parse_exact(self->data, len, NULL, &why));
		EXPECT_EQ(SPW_IMAGE_WHY_SECTION_FLAGS, why);
		more = complete(self->data);
		section(self->data, nth)[1] = 0;
		EXPECT_EQ(-EPROTO, parse_exact(self->data, more, NULL, &why));
		EXPECT_EQ(SPW_IMAGE_WHY_SECTION_TYPE, why);
	}
}

TEST_F(image, lengths_of_sections)
{
	static const uint32_t huge[] = { 0xffffffff, 0xfffffffd, 0xfffffffc, 0x80000000, 0xffff };
	enum spw_image_why why;

	for (int nth = 0; nth < 13; nth++) {
		for (size_t i = 0; i < ARRAY_SIZE(huge); i++) {
			int len = complete(self->data);

			put32(section(self->data, nth) + 4, huge[i]);
			EXPECT_EQ(-EPROTO, parse_exact(self->data, len, NULL, &why));
			EXPECT_EQ(SPW_IMAGE_WHY_SECTION_LENGTH, why);
		}
		for (uint32_t bytes = 0; bytes < 100; bytes++) {
			int len = complete(self->data);
			uint8_t *at = section(self->data, nth) + 4;
			uint32_t was = get32(at);
			/* Padding may be bytes of a queue that nothing else limits. */
			bool same = bytes == was || ((nth == 8 || nth == 9 || nth == 12) &&
						     bytes > was && bytes <= ((was + 3) & ~3U));

			/* Less, or on into the next one. */
			put32(at, bytes);
			EXPECT_EQ(same ? 0 : -EPROTO, parse_exact(self->data, len, NULL, &why));
			if (nth < 7 && !same && get32(section(self->data, nth) + 4) == bytes)
				EXPECT_EQ(nth + 1, why);
		}
	}
}

TEST_F(image, sections_that_ought_to_be_absent)
{
	struct sample s = sample_plain(0);
	enum spw_image_why why;
	int len;

	/* No urgent data, though it is told of. */
	s.image.urgent.data = SPW_IMAGE_URG_READ;
	s.image.urgent.seq = s.image.sequence.copied_seq;
	len = sample_write(&s, self->data, sizeof(self->data));
	ASSERT_EQ(0, parse_exact(self->data, len, NULL, &why));
	put32(section(self->data, 6) + 8, 0);
	EXPECT_EQ(-EPROTO, parse_exact(self->data, len, NULL, &why));
	EXPECT_EQ(SPW_IMAGE_WHY_URGENT, why);
	/* Timestamps that were not agreed on. */
	s = sample_plain(0);
	len = sample_write(&s, self->data, sizeof(self->data));
	self->data[12 + 8 + 48 + 8 + 52 + 8 + 3] &= (uint8_t)~SPW_IMAGE_OPT_TSTAMP;
	EXPECT_EQ(-EPROTO, parse_exact(self->data, len, NULL, &why));
	EXPECT_EQ(SPW_IMAGE_WHY_TIMESTAMPS, why);
	/* Queues that are empty. */
	for (uint32_t type = SPW_IMAGE_RECEIVED; type <= SPW_IMAGE_SESSION; type++) {
		int more;

		len = sample_write(&s, self->data, sizeof(self->data));
		more = append(self->data, len, type, 1, 0);
		EXPECT_EQ(-EPROTO, parse_exact(self->data, more, NULL, &why));
		EXPECT_EQ(type == SPW_IMAGE_OUT_OF_ORDER ? SPW_IMAGE_WHY_SEGMENT_LENGTH : type,
			  why);
	}
	/* What is not there has no values either. */
	for (int field = 0; field < 4; field++) {
		const uint32_t one[4] = { field == 0, field == 1, field == 2, field == 3 };

		s = sample_plain(0);
		s.image.options.flags &= ~(uint32_t)SPW_IMAGE_OPT_TSTAMP;
		memcpy(&s.image.timestamps, one, sizeof(one));
		EXPECT_EQ(-EPROTO, spw_image_check(&s.image, &why));
		EXPECT_EQ(SPW_IMAGE_WHY_TIMESTAMPS, why);
	}
	s = sample_plain(0);
	s.image.urgent.seq = 1;
	EXPECT_EQ(-EPROTO, spw_image_check(&s.image, &why));
	EXPECT_EQ(SPW_IMAGE_WHY_URG_SEQ, why);
}

TEST_F(image, header)
{
	enum spw_image_why why;
	int len = complete(self->data);

	for (int version = 0; version < 256; version++) {
		self->data[4] = (uint8_t)version;
		EXPECT_EQ(version == 1 ? 0 :
			  version      ? -EOPNOTSUPP :
					 -EPROTO,
			  parse_exact(self->data, len, NULL, &why));
		if (version != 1)
			EXPECT_EQ(SPW_IMAGE_WHY_VERSION, why);
	}
	self->data[4] = 1;
	self->data[5] = 1;
	EXPECT_EQ(-EPROTO, parse_exact(self->data, len, NULL, &why));
	EXPECT_EQ(SPW_IMAGE_WHY_RESERVED, why);
	self->data[5] = 0;
	for (int count = 0; count < 256; count++) {
		self->data[7] = (uint8_t)count;
		EXPECT_EQ(count == 13 ? 0 : -EPROTO, parse_exact(self->data, len, NULL, &why));
		if (count != 13)
			EXPECT_EQ(SPW_IMAGE_WHY_SECTION_COUNT, why);
	}
	self->data[7] = 13;
	for (int i = 0; i < 4; i++) {
		self->data[i] ^= 0x20;
		EXPECT_EQ(-EPROTO, parse_exact(self->data, len, NULL, &why));
		EXPECT_EQ(SPW_IMAGE_WHY_MAGIC, why);
		self->data[i] ^= 0x20;
	}
	EXPECT_EQ(0, parse_exact(self->data, len, NULL, &why));
}

TEST_F(image, every_reason_has_a_name)
{
	for (uint32_t why = 0; why < __SPW_IMAGE_WHY_MAX; why++) {
		EXPECT_STRNE("?", spw_image_why_name(why)) TH_LOG("reason %u", why);
		for (uint32_t other = 0; other < why; other++)
			EXPECT_STRNE(spw_image_why_name(other), spw_image_why_name(why));
	}
	EXPECT_STREQ("?", spw_image_why_name(__SPW_IMAGE_WHY_MAX));
	EXPECT_STREQ("?", spw_image_why_name((enum spw_image_why) - 1));
	EXPECT_STREQ("snd_una", spw_image_why_name(SPW_IMAGE_WHY_SND_UNA));
}

TEST_HARNESS_MAIN
