// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "image_sample.h"
#include "image_write.h"

uint8_t noise[512];

void sample_seed(void)
{
	srandom(4711);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(1 + random() % 255);
}

static uint32_t draw(uint32_t below)
{
	return below ? (uint32_t)random() % below : 0;
}

static uint32_t word(void)
{
	return (uint32_t)random() << 16 ^ (uint32_t)random();
}

struct spw_image_bytes noisy(uint32_t len)
{
	return (struct spw_image_bytes){ .data = noise + draw(64), .len = len };
}

const uint32_t states[STATES] = { SPW_IMAGE_ESTABLISHED, SPW_IMAGE_FIN_WAIT1, SPW_IMAGE_FIN_WAIT2,
				  SPW_IMAGE_CLOSE_WAIT };

/* Everything at a value that lets each other field go to its limits; queues are empty. */
struct sample sample_plain(uint32_t base)
{
	struct sample s = {
		.image = {
			.tuple = { .laddr = { 0x20, 1, 0xd, 0xb8, [15] = 1 },
				   .raddr = { 0x20, 1, 0xd, 0xb8, [15] = 2 },
				   .family = 6, .lport = 80, .rport = 40000,
				   .state = SPW_IMAGE_ESTABLISHED },
			.sequence = { .snd_una = base, .snd_nxt = base, .write_seq = base,
				      .snd_wl1 = ~base, .snd_wnd = 5000, .max_window = 65535,
				      .snd_up = base, .rcv_nxt = ~base, .rcv_wup = ~base,
				      .copied_seq = ~base, .rcv_wnd = 30000,
				      .rcv_ssthresh = 40000, .window_clamp = 50000 },
			.options = { .flags = SPW_IMAGE_OPT_WSCALE | SPW_IMAGE_OPT_TSTAMP |
					      SPW_IMAGE_OPT_SACK | SPW_IMAGE_OPT_ECN,
				     .mss_clamp = 1440, .advmss = 1440,
				     .snd_wscale = 7, .rcv_wscale = 9 },
			.timestamps = { .tsval = 77, .ts_recent = 88, .ts_recent_age = 3 },
			.congestion = { .name = "cubic", .snd_cwnd = 10,
					.snd_ssthresh = 0x7fffffff, .srtt_us = 8 * 30000,
					.mdev_us = 4000, .rttvar_us = 200000,
					.rto_us = 230000, .min_rtt_us = 29000,
					.reordering = 3 },
			.socket = { .flags = SPW_IMAGE_SOCK_LINGER | SPW_IMAGE_SOCK_NODELAY,
				    .sndbuf = 87040, .rcvbuf = 131072, .rcvlowat = 1,
				    .max_pacing_rate = { ~0U, ~0U } },
		},
	};

	return s;
}

/* Queues of these lengths, and FINs as the state has them. */
void sample_fill(struct sample *s, uint32_t received, uint32_t sent, uint32_t unsent, bool fin_out)
{
	struct spw_image_sequence *q = &s->image.sequence;
	uint32_t state = s->image.tuple.state;

	s->image.received = noisy(received);
	s->image.sent = noisy(sent);
	s->image.unsent = noisy(unsent);
	q->snd_nxt = q->snd_una + sent;
	q->write_seq = q->snd_nxt + unsent;
	if (state == SPW_IMAGE_FIN_WAIT1) {
		q->write_seq++;
		if (fin_out && !unsent)
			q->snd_nxt++;
	}
	q->copied_seq = q->rcv_nxt - received - (state == SPW_IMAGE_CLOSE_WAIT);
}

static void add_segments(struct sample *s)
{
	const struct spw_image_sequence *q = &s->image.sequence;
	uint32_t end = q->rcv_nxt + 1, edge = q->rcv_wup + q->rcv_wnd, count = draw(SEGMENTS + 1);

	while (s->segs < count) {
		struct spw_image_segment *seg = &s->seg[s->segs];

		seg->seq = end + draw(3) * draw(100);
		seg->len = 1 + draw(60);
		seg->data = noisy(seg->len).data;
		if ((int32_t)(edge - seg->seq) <= 0)
			return;
		s->segs++;
		end = seg->seq + seg->len;
		if (s->segs == count && draw(2)) {
			seg->fin = true;
			seg->len = draw(2) ? seg->len : 0;
		}
	}
}

static void add_urgent(struct sample *s)
{
	const struct spw_image_sequence *q = &s->image.sequence;
	static const uint32_t kinds[] = { SPW_IMAGE_URG_VALID, SPW_IMAGE_URG_NOTYET,
					  SPW_IMAGE_URG_READ };

	s->image.urgent.data = kinds[draw(3)];
	if (s->image.urgent.data == SPW_IMAGE_URG_VALID)
		s->image.urgent.data |= draw(256);
	s->image.urgent.seq = q->copied_seq + draw(q->rcv_nxt - q->copied_seq + q->rcv_wnd + 65536);
}

static void draw_addresses(struct spw_image_tuple *t)
{
	for (uint32_t i = 0; i < 16; i++) {
		t->laddr[i] = t->family == 4 && i >= 4 ? 0 : (uint8_t)(1 + draw(255));
		t->raddr[i] = t->family == 4 && i >= 4 ? 0 : (uint8_t)(1 + draw(255));
	}
	t->lport = 1 + draw(65535);
	t->rport = 1 + draw(65535);
}

struct sample sample_random(uint32_t family, uint32_t state)
{
	/* Often about to wrap. */
	struct sample s = sample_plain(draw(2) ? word() : -draw(200));
	struct spw_image *image = &s.image;

	image->tuple.family = family;
	image->tuple.state = state;
	draw_addresses(&image->tuple);
	if (draw(2))
		image->sequence.rcv_nxt = -draw(200);
	image->sequence.snd_wl1 = image->sequence.rcv_nxt - draw(1000);
	image->sequence.rcv_wup = image->sequence.rcv_nxt - draw(1000);
	sample_fill(&s, draw(150), state == SPW_IMAGE_FIN_WAIT2 ? 0 : draw(150),
		    state == SPW_IMAGE_FIN_WAIT2 ? 0 : draw(2) * draw(150), draw(2));
	if (state == SPW_IMAGE_CLOSE_WAIT && !image->received.len && draw(2))
		image->sequence.copied_seq = image->sequence.rcv_nxt;
	image->sequence.snd_up = image->sequence.snd_una +
				 draw(image->sequence.write_seq - image->sequence.snd_una + 1);
	if (state != SPW_IMAGE_CLOSE_WAIT)
		add_segments(&s);
	if (draw(2))
		add_urgent(&s);
	image->session = noisy(draw(2) * draw(200));
	if (draw(2)) {
		image->options.flags &= ~(uint32_t)SPW_IMAGE_OPT_TSTAMP;
		memset(&image->timestamps, 0, sizeof(image->timestamps));
	}
	image->socket.mark = word();
	image->socket.priority = word();
	image->socket.flow_label = family == 6 ? draw(1 << 20) : 0;
	image->congestion.min_rtt_us = word();
	return s;
}

int sample_write(const struct sample *s, void *data, size_t size)
{
	const struct spw_image *image = &s->image;
	const struct spw_image_bytes *const bytes[] = {
		[SPW_IMAGE_RECEIVED] = &image->received,
		[SPW_IMAGE_SENT] = &image->sent,
		[SPW_IMAGE_UNSENT] = &image->unsent,
		[SPW_IMAGE_SESSION] = &image->session,
	};
	struct spw_image_writer w;

	spw_image_begin(&w, data, size, image);
	for (uint32_t type = SPW_IMAGE_RECEIVED; type <= SPW_IMAGE_SESSION; type++) {
		void *to;

		if (bytes[type]) {
			to = spw_image_bulk(&w, type, bytes[type]->len);
			if (to && bytes[type]->len)
				memcpy(to, bytes[type]->data, bytes[type]->len);
			continue;
		}
		for (uint32_t i = 0; i < s->segs; i++) {
			to = spw_image_segment(&w, s->seg[i].seq, s->seg[i].fin, s->seg[i].len);
			if (to && s->seg[i].len)
				memcpy(to, s->seg[i].data, s->seg[i].len);
		}
	}
	return spw_image_end(&w);
}

/* Parses a copy that ends where its bytes end. On errors nothing is written. */
int parse_exact(const void *data, size_t len, struct spw_image *image, enum spw_image_why *why)
{
	uint8_t *copy = malloc(len + 1); /* off alignment, too */
	struct spw_image got, untouched;
	int err;

	memset(&got, 0xa5, sizeof(got));
	memset(&untouched, 0xa5, sizeof(untouched));
	memcpy(copy + 1, data, len);
	err = spw_image_parse(copy + 1, len, &got, why);
	if (err && memcmp(&got, &untouched, sizeof(got)))
		abort();
	if (!err != (*why == SPW_IMAGE_WHY_NONE))
		abort();
	free(copy);
	/* The bytes of the copy are gone. */
	return err ?: image ? spw_image_parse(data, len, image, why) : 0;
}

/* What becomes of a sample: 0 or an error, and why. */
int sample_trip(const struct sample *s, enum spw_image_why *why)
{
	uint8_t data[ROOM];
	int len = sample_write(s, data, sizeof(data));

	if (len < 0)
		abort();
	return parse_exact(data, (size_t)len, NULL, why);
}

bool sample_same(const struct sample *s, const struct spw_image *got)
{
	struct spw_image_segment seg = { .index = 0 };
	struct spw_image want = s->image;

	for (uint32_t i = 0; i < s->segs; i++)
		if (!spw_image_next_segment(got, &seg) || seg.seq != s->seg[i].seq ||
		    seg.len != s->seg[i].len || seg.fin != s->seg[i].fin ||
		    (seg.len && memcmp(seg.data, s->seg[i].data, seg.len)))
			return false;
	if (spw_image_next_segment(got, &seg) || got->segment_count != s->segs)
		return false;
	want.segments = got->segments;
	want.segment_count = s->segs;
	return image_same(&want, got) && !got->skipped;
}
