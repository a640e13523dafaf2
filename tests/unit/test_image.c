// SPDX-License-Identifier: GPL-2.0-or-later
/* Which images of TCP endpoints are sound: every field, and how they hang together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "image_sample.h"

#include "kselftest_harness.h"

FIXTURE(image){};

FIXTURE_SETUP(image)
{
	sample_seed();
}

FIXTURE_TEARDOWN(image)
{
}

#define AT(member) offsetof(struct spw_image, member)

static const struct {
	size_t at;
	uint32_t min, max;
	enum spw_image_why why;
} limits[] = {
	{ AT(tuple.lport), 1, 65535, SPW_IMAGE_WHY_LPORT },
	{ AT(tuple.rport), 1, 65535, SPW_IMAGE_WHY_RPORT },
	{ AT(sequence.snd_wnd), 0, 65535, SPW_IMAGE_WHY_MAX_WINDOW }, /* max_window is that */
	{ AT(sequence.max_window), 5000, 65535 << 7, SPW_IMAGE_WHY_MAX_WINDOW },
	{ AT(sequence.rcv_wnd), 0, 1073725440, SPW_IMAGE_WHY_RCV_WND },
	{ AT(sequence.rcv_ssthresh), 0, 2147483647, SPW_IMAGE_WHY_RCV_SSTHRESH },
	{ AT(sequence.window_clamp), 1, 2147483647, SPW_IMAGE_WHY_WINDOW_CLAMP },
	{ AT(options.mss_clamp), 1, 65535, SPW_IMAGE_WHY_MSS_CLAMP },
	{ AT(options.advmss), 1, 65535, SPW_IMAGE_WHY_ADVMSS },
	{ AT(options.user_mss), 88, 32767, SPW_IMAGE_WHY_USER_MSS },
	{ AT(options.user_mss), 0, 0, SPW_IMAGE_WHY_USER_MSS },
	{ AT(options.snd_wscale), 0, 14, SPW_IMAGE_WHY_SND_WSCALE },
	{ AT(options.rcv_wscale), 0, 14, SPW_IMAGE_WHY_RCV_WSCALE },
	{ AT(timestamps.flags), 0, 1, SPW_IMAGE_WHY_TIMESTAMP_FLAGS },
	{ AT(timestamps.ts_recent_age), 0, 2073600, SPW_IMAGE_WHY_TS_RECENT_AGE },
	{ AT(congestion.snd_cwnd), 1, 2147483647, SPW_IMAGE_WHY_SND_CWND },
	{ AT(congestion.snd_ssthresh), 1, 2147483647, SPW_IMAGE_WHY_SND_SSTHRESH },
	{ AT(congestion.srtt_us), 0, 2147483647, SPW_IMAGE_WHY_SRTT_US },
	{ AT(congestion.mdev_us), 0, 2147483647, SPW_IMAGE_WHY_MDEV_US },
	{ AT(congestion.rttvar_us), 0, 2147483647, SPW_IMAGE_WHY_RTTVAR_US },
	{ AT(congestion.rto_us), 200000, 120000000, SPW_IMAGE_WHY_RTO_US },
	{ AT(congestion.reordering), 1, 65535, SPW_IMAGE_WHY_REORDERING },
	{ AT(socket.keepidle), 0, 32767, SPW_IMAGE_WHY_KEEPIDLE },
	{ AT(socket.keepintvl), 0, 32767, SPW_IMAGE_WHY_KEEPINTVL },
	{ AT(socket.keepcnt), 0, 127, SPW_IMAGE_WHY_KEEPCNT },
	{ AT(socket.user_timeout_ms), 0, 2147483647, SPW_IMAGE_WHY_USER_TIMEOUT },
	{ AT(socket.linger_s), 0, 2147483647, SPW_IMAGE_WHY_LINGER },
	{ AT(socket.sndbuf), 1, 2147483647, SPW_IMAGE_WHY_SNDBUF },
	{ AT(socket.rcvbuf), 1, 2147483647, SPW_IMAGE_WHY_RCVBUF },
	{ AT(socket.rcvlowat), 1, 2147483647, SPW_IMAGE_WHY_RCVLOWAT },
	{ AT(socket.tos), 0, 255, SPW_IMAGE_WHY_TOS },
	{ AT(socket.ttl), 0, 255, SPW_IMAGE_WHY_TTL },
	{ AT(socket.flow_label), 0, 0xfffff, SPW_IMAGE_WHY_FLOW_LABEL },
	{ AT(options.flags), 0x0f, 0x7f, SPW_IMAGE_WHY_OPTION_FLAGS },
	{ AT(socket.flags), 0, 0x1ff, SPW_IMAGE_WHY_SOCKET_FLAGS },
};

/* Every value is good for these. */
static const size_t unlimited[] = {
	AT(timestamps.tsval),          AT(timestamps.ts_recent),      AT(congestion.min_rtt_us),
	AT(socket.notsent_lowat),      AT(socket.priority),           AT(socket.mark),
	AT(socket.max_pacing_rate[0]), AT(socket.max_pacing_rate[1]),
};

static void put(struct sample *s, size_t at, uint32_t value)
{
	memcpy((uint8_t *)&s->image + at, &value, sizeof(value));
}

TEST_F(image, at_and_beyond_each_limit)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct sample s = sample_plain(1000);

		put(&s, limits[i].at, limits[i].min);
		SOUND(s);
		put(&s, limits[i].at, limits[i].max);
		SOUND(s);
		put(&s, limits[i].at, limits[i].max + 1);
		REFUSED(s, -EPROTO, limits[i].why);
		put(&s, limits[i].at, ~0U);
		if (limits[i].at != AT(sequence.snd_wnd))
			REFUSED(s, -EPROTO, limits[i].why);
		put(&s, limits[i].at, limits[i].min - 1);
		/* The flags of 0x0f less one are sound. */
		if (limits[i].min && limits[i].at != AT(options.flags))
			REFUSED(s, -EPROTO, limits[i].why);
	}
	for (size_t i = 0; i < ARRAY_SIZE(unlimited); i++) {
		struct sample s = sample_plain(1000);

		put(&s, unlimited[i], 0);
		SOUND(s);
		put(&s, unlimited[i], ~0U);
		SOUND(s);
	}
}

TEST_F(image, flags_that_need_others)
{
	static const uint32_t ecn[] = { SPW_IMAGE_OPT_ECN_QUEUE_CWR, SPW_IMAGE_OPT_ECN_DEMAND_CWR,
					SPW_IMAGE_OPT_ECN_SEEN };
	struct sample s;

	for (size_t i = 0; i < ARRAY_SIZE(ecn); i++) {
		s = sample_plain(0);
		s.image.options.flags |= ecn[i];
		SOUND(s);
		s.image.options.flags &= ~(uint32_t)SPW_IMAGE_OPT_ECN;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_OPTION_FLAGS);
	}
	s = sample_plain(0);
	s.image.options.flags &= ~(uint32_t)SPW_IMAGE_OPT_WSCALE;
	REFUSED(s, -EPROTO, SPW_IMAGE_WHY_SND_WSCALE);
	s.image.options.snd_wscale = 0;
	REFUSED(s, -EPROTO, SPW_IMAGE_WHY_RCV_WSCALE);
	s.image.options.rcv_wscale = 0;
	SOUND(s);
	s.image.sequence.max_window = 65536;
	REFUSED(s, -EPROTO, SPW_IMAGE_WHY_MAX_WINDOW);
	s = sample_plain(0);
	s.image.socket.flags = 0;
	SOUND(s);
	s.image.socket.linger_s = 1;
	REFUSED(s, -EPROTO, SPW_IMAGE_WHY_LINGER);
}

TEST_F(image, windows)
{
	struct sample s = sample_plain(0);

	s.image.options.snd_wscale = 14;
	s.image.sequence.max_window = 1073725440;
	s.image.sequence.snd_wnd = 1073725440;
	SOUND(s);
	s.image.sequence.max_window++;
	REFUSED(s, -EPROTO, SPW_IMAGE_WHY_MAX_WINDOW);
	s.image.sequence.snd_wnd++;
	REFUSED(s, -EPROTO, SPW_IMAGE_WHY_SND_WND);
	for (uint32_t scale = 0; scale <= 14; scale++) {
		s = sample_plain(0);
		s.image.options.snd_wscale = scale;
		s.image.sequence.max_window = 65535U << scale;
		SOUND(s);
		s.image.sequence.max_window++;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_MAX_WINDOW);
	}
}

TEST_F(image, addresses)
{
	struct sample s = sample_plain(0);

	for (uint32_t family = 0; family < 300; family++) {
		s = sample_plain(0);
		s.image.tuple.family = family;
		if (family == 6)
			SOUND(s);
		else
			REFUSED(s, -EPROTO,
				family == 4 ? SPW_IMAGE_WHY_LADDR : SPW_IMAGE_WHY_FAMILY);
	}
	s.image.tuple = (struct spw_image_tuple){
		.laddr = { 192, 0, 2, 1 },
		.raddr = { 192, 0, 2, 2 },
		.family = 4,
		.lport = 1,
		.rport = 2,
		.state = SPW_IMAGE_ESTABLISHED,
	};
	SOUND(s);
	for (int i = 4; i < 16; i++) {
		s.image.tuple.laddr[i] = 1;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_LADDR);
		s.image.tuple.laddr[i] = 0;
		s.image.tuple.raddr[i] = 0x80;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_RADDR);
		s.image.tuple.raddr[i] = 0;
	}
	s.image.socket.flow_label = 1;
	REFUSED(s, -EPROTO, SPW_IMAGE_WHY_FLOW_LABEL);
	s.image.socket.flow_label = 0;
	memset(s.image.tuple.laddr, 0, 16);
	REFUSED(s, -EPROTO, SPW_IMAGE_WHY_LADDR);
	s = sample_plain(0);
	memset(s.image.tuple.raddr, 0, 16);
	REFUSED(s, -EPROTO, SPW_IMAGE_WHY_RADDR);
	/* ::ffff:192.0.2.2 is an address of IPv4; ::fffe:192.0.2.2 is none. */
	memcpy(s.image.tuple.raddr + 10, "\xff\xff\xc0\x00\x02\x02", 6);
	REFUSED(s, -EPROTO, SPW_IMAGE_WHY_RADDR);
	s.image.tuple.raddr[11] = 0xfe;
	SOUND(s);
}

TEST_F(image, names_of_congestion_controls)
{
	struct sample s = sample_plain(0);
	uint8_t *name = s.image.congestion.name;

	for (int c = 0; c < 256; c++) {
		bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			    c == '_';

		memcpy(name, "cu.ic\0\0\0\0\0\0\0\0\0\0", 16);
		name[2] = (uint8_t)c;
		if (good)
			SOUND(s);
		else
			REFUSED(s, -EPROTO, SPW_IMAGE_WHY_CA_NAME);
	}
	for (int len = 0; len <= 16; len++) {
		memset(name, 0, 16);
		memset(name, 'x', len);
		if (len && len < 16)
			SOUND(s);
		else
			REFUSED(s, -EPROTO, SPW_IMAGE_WHY_CA_NAME);
	}
	/* Nor does it go on in the next field. */
	s.image.congestion.snd_cwnd = 0x61616161;
	REFUSED(s, -EPROTO, SPW_IMAGE_WHY_CA_NAME);
	/* Nothing is hidden behind the end. */
	for (int i = 6; i < 16; i++) {
		memcpy(name, "cubic\0\0\0\0\0\0\0\0\0\0", 16);
		name[i] = 'x';
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_CA_NAME);
	}
}

TEST_F(image, states)
{
	for (uint32_t state = 0; state < 40; state++) {
		struct sample s = sample_plain(0);

		s.image.tuple.state = state;
		sample_fill(&s, 0, 0, 0, true);
		if (state == 1 || state == 4 || state == 5 || state == 8)
			SOUND(s);
		else
			REFUSED(s, -EPROTO, SPW_IMAGE_WHY_STATE);
	}
}

/* Around these numbers everything wraps, or its half does. */
static const uint32_t bases[] = { 0,          1,          100,        0x7fffffff, 0x80000000,
				  0x7fffffd8, 0xffffffff, 0xffffffd8, 0xfffff000 };

#define EACH_BASE(base)                                                            \
	for (uint32_t base##_i = 0, base = bases[0]; base##_i < ARRAY_SIZE(bases); \
	     base = bases[++base##_i % ARRAY_SIZE(bases)])

TEST_F(image, numbers_of_the_sender)
{
	EACH_BASE(base)
	{
		struct sample s = sample_plain(base), bad;

		sample_fill(&s, 0, 50, 30, false);
		SOUND(s);
		/* Before what is acknowledged, behind what was written. */
		bad = s;
		bad.image.sequence.snd_nxt = base - 1;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SND_NXT);
		bad.image.sequence.snd_nxt = base + 81;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_WRITE_SEQ);
		bad.image.sequence.snd_nxt = base + 49;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SENT);
		bad.image.sequence.snd_nxt = base + 51;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SENT);
		bad = s;
		bad.image.sequence.write_seq++;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_UNSENT);
		bad.image.sequence.write_seq -= 2;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_UNSENT);
		bad = s;
		bad.image.sent.len++;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SENT);
		bad.image.sent.len = 0;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SENT);
		bad = s;
		bad.image.unsent.len++;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_UNSENT);
		bad.image.unsent.len = 0;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_UNSENT);
		/* The urgent pointer is between the two ends. */
		s.image.sequence.snd_up = base + 80;
		SOUND(s);
		s.image.sequence.snd_up = base + 81;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_SND_UP);
		s.image.sequence.snd_up = base - 1;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_SND_UP);
	}
}

TEST_F(image, our_fin)
{
	EACH_BASE(base)
	{
		struct sample s = sample_plain(base);
		struct spw_image_sequence *q = &s.image.sequence;

		/* Behind unsent bytes, alone to be sent, sent, acknowledged. */
		s.image.tuple.state = SPW_IMAGE_FIN_WAIT1;
		sample_fill(&s, 0, 50, 30, false);
		EXPECT_EQ(base + 81, q->write_seq);
		SOUND(s);
		sample_fill(&s, 0, 50, 0, false);
		EXPECT_EQ(50, spw_image_sent(&s.image));
		EXPECT_EQ(0, spw_image_unsent(&s.image));
		SOUND(s);
		sample_fill(&s, 0, 50, 0, true);
		EXPECT_EQ(base + 51, q->snd_nxt);
		EXPECT_EQ(50, spw_image_sent(&s.image));
		SOUND(s);
		sample_fill(&s, 0, 0, 0, true);
		SOUND(s);
		q->snd_una++;
		q->snd_up++;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_SND_UNA);
		s.image.tuple.state = SPW_IMAGE_FIN_WAIT2;
		SOUND(s);
		q->snd_una--;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_SND_UNA);
		/* FIN is a byte where there is none. */
		s.image.tuple.state = SPW_IMAGE_ESTABLISHED;
		sample_fill(&s, 0, 50, 30, false);
		s.image.tuple.state = SPW_IMAGE_FIN_WAIT1;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_UNSENT);
	}
}

TEST_F(image, numbers_of_the_receiver)
{
	EACH_BASE(base)
	{
		struct sample s = sample_plain(~base), bad;

		sample_fill(&s, 40, 0, 0, false);
		SOUND(s);
		bad = s;
		bad.image.sequence.copied_seq = base + 1;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_COPIED_SEQ);
		bad.image.sequence.copied_seq = base - 39;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_RECEIVED);
		bad.image.sequence.copied_seq = base - 41;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_RECEIVED);
		bad = s;
		bad.image.received.len = 0;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_RECEIVED);
		/* The window was offered before, not later, and not too long ago. */
		bad = s;
		bad.image.sequence.rcv_wup = base + 1;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_RCV_WUP);
		bad.image.sequence.rcv_wup = base - 1073725440;
		SOUND(bad);
		bad.image.sequence.rcv_wup--;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_RCV_WUP);
		bad = s;
		bad.image.sequence.snd_wl1 = base + 30000;
		SOUND(bad);
		bad.image.sequence.snd_wl1++;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SND_WL1);
	}
}

TEST_F(image, fin_of_the_remote)
{
	EACH_BASE(base)
	{
		struct sample s = sample_plain(~base);

		s.image.tuple.state = SPW_IMAGE_CLOSE_WAIT;
		sample_fill(&s, 40, 0, 0, false);
		EXPECT_EQ(base - 41, s.image.sequence.copied_seq);
		SOUND(s);
		sample_fill(&s, 0, 0, 0, false);
		EXPECT_EQ(base - 1, s.image.sequence.copied_seq);
		SOUND(s);
		/* The application has read the end of file. */
		s.image.sequence.copied_seq = base;
		EXPECT_EQ(0, spw_image_received(&s.image));
		SOUND(s);
		s.image.received.len = 1;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_RECEIVED);
		/* Nothing comes after it. */
		s.image.received.len = 0;
		s.segs = 1;
		s.seg[0] = (struct spw_image_segment){ .seq = base + 1, .len = 1, .data = noise };
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_OUT_OF_ORDER);
	}
}

TEST_F(image, segments_out_of_order)
{
	EACH_BASE(base)
	{
		struct sample s = sample_plain(~base), bad;

		sample_fill(&s, 40, 0, 0, false);
		s.segs = 3;
		s.seg[0] = (struct spw_image_segment){ .seq = base + 1, .len = 5, .data = noise };
		s.seg[1] = (struct spw_image_segment){ .seq = base + 6, .len = 7, .data = noise };
		s.seg[2] = (struct spw_image_segment){
			.seq = base + 29999, .len = 200, .data = noise, .fin = true
		};
		SOUND(s);
		/* It would have been in order. */
		bad = s;
		bad.seg[0].seq = base;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SEGMENT_SEQ);
		bad.seg[0].seq = base - 1;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SEGMENT_SEQ);
		/* Overlapping by a byte, the same again, out of order. */
		bad = s;
		bad.seg[1].seq--;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SEGMENT_SEQ);
		bad.seg[1] = bad.seg[0];
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SEGMENT_SEQ);
		bad = s;
		bad.seg[0] = s.seg[1];
		bad.seg[1] = s.seg[0];
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SEGMENT_SEQ);
		/* At the window's edge, that was offered a while ago. */
		bad = s;
		bad.seg[2].seq++;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SEGMENT_SEQ);
		bad.image.sequence.rcv_wnd++;
		SOUND(bad);
		bad.image.sequence.rcv_wup--;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SEGMENT_SEQ);
		/* Behind FIN, FIN alone, nothing at all. */
		bad = s;
		bad.seg[1].fin = true;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_OUT_OF_ORDER);
		bad = s;
		bad.seg[2].len = 0;
		SOUND(bad);
		bad.seg[2].fin = false;
		REFUSED(bad, -EPROTO, SPW_IMAGE_WHY_SEGMENT_LENGTH);
	}
}

TEST_F(image, urgent_data)
{
	EACH_BASE(base)
	{
		struct sample s = sample_plain(~base);

		sample_fill(&s, 40, 0, 0, false);
		s.image.urgent.data = SPW_IMAGE_URG_NOTYET;
		s.image.urgent.seq = base - 40;
		SOUND(s);
		s.image.urgent.seq--;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_URG_SEQ);
		s.image.urgent.seq = base + 30000 + 65535;
		SOUND(s);
		s.image.urgent.seq++;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_URG_SEQ);
		s.image.urgent.seq = base;
		for (uint32_t data = 1; data < 0x1000; data++) {
			s.image.urgent.data = data;
			if (data >> 8 == 1 || data == 0x200 || data == 0x400)
				SOUND(s);
			else
				REFUSED(s, -EPROTO, SPW_IMAGE_WHY_URG_DATA);
		}
		s.image.urgent.data = 0x10100;
		REFUSED(s, -EPROTO, SPW_IMAGE_WHY_URG_DATA);
	}
}

/* No bytes are needed to see whether there are too many. */
static int check_lengths(struct sample *s, uint32_t received, uint32_t sent, uint32_t unsent,
			 enum spw_image_why *why)
{
	sample_fill(s, received, sent, unsent, true);
	*why = SPW_IMAGE_WHY_NONE;
	return spw_image_check(&s->image, why);
}

TEST_F(image, queues_at_and_beyond_their_limits)
{
	const uint32_t most = 8 << 20;

	EACH_BASE(base)
	{
		struct sample s = sample_plain(base);
		enum spw_image_why why;

		for (size_t i = 0; i < STATES; i++) {
			s.image.tuple.state = states[i];
			EXPECT_EQ(0, check_lengths(&s, most, 0, 0, &why));
			EXPECT_EQ(-EMSGSIZE, check_lengths(&s, most + 1, 0, 0, &why));
			EXPECT_EQ(SPW_IMAGE_WHY_RECEIVED, why);
			if (states[i] == SPW_IMAGE_FIN_WAIT2)
				continue;
			EXPECT_EQ(0, check_lengths(&s, 0, most, 0, &why));
			EXPECT_EQ(0, check_lengths(&s, 0, 0, most, &why));
			EXPECT_EQ(0, check_lengths(&s, 0, 5, most - 5, &why));
			EXPECT_EQ(-EMSGSIZE, check_lengths(&s, 0, most + 1, 0, &why));
			EXPECT_EQ(SPW_IMAGE_WHY_SENT, why);
			EXPECT_EQ(-EMSGSIZE, check_lengths(&s, 0, 0, most + 1, &why));
			EXPECT_EQ(SPW_IMAGE_WHY_UNSENT, why);
			EXPECT_EQ(-EMSGSIZE, check_lengths(&s, 0, 6, most - 5, &why));
			EXPECT_EQ(SPW_IMAGE_WHY_UNSENT, why);
		}
		s.image.tuple.state = SPW_IMAGE_ESTABLISHED;
		s.image.session.len = 65536;
		EXPECT_EQ(0, check_lengths(&s, 0, 0, 0, &why));
		s.image.session.len++;
		EXPECT_EQ(-EMSGSIZE, check_lengths(&s, 0, 0, 0, &why));
		EXPECT_EQ(SPW_IMAGE_WHY_SESSION, why);
	}
}

TEST_HARNESS_MAIN
