// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a sound image is: every field within its limits, and in agreement with the
 * others. Sequence numbers are compared modulo 2^32 (RFC 9293 section 3.4). Pure.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "addr.h"
#include "image.h"

#define INT_LIMIT	0x7fffffff

/* The words that have limits of their own. */
struct limit {
	__u16 offset;
	__u16 why;
	__u32 min;
	__u32 max;
	bool or_zero;
};

#define LIMIT(member, name, lowest, highest) {				\
	.offset = offsetof(struct spw_image, member),			\
	.why = SPW_IMAGE_WHY_##name,					\
	.min = (lowest), .max = (highest),				\
}

#define LIMIT_OR_ZERO(member, name, lowest, highest) {			\
	.offset = offsetof(struct spw_image, member),			\
	.why = SPW_IMAGE_WHY_##name,					\
	.min = (lowest), .max = (highest), .or_zero = true,		\
}

static const struct limit limits[] = {
	LIMIT(tuple.lport, LPORT, 1, 65535),
	LIMIT(tuple.rport, RPORT, 1, 65535),
	LIMIT(sequence.snd_wnd, SND_WND, 0, SPW_IMAGE_WINDOW_MAX),
	LIMIT(sequence.rcv_wnd, RCV_WND, 0, SPW_IMAGE_WINDOW_MAX),
	LIMIT(sequence.rcv_ssthresh, RCV_SSTHRESH, 0, INT_LIMIT),
	LIMIT(sequence.window_clamp, WINDOW_CLAMP, 1, INT_LIMIT),
	LIMIT(options.flags, OPTION_FLAGS, 0, SPW_IMAGE_OPT_FLAGS),
	LIMIT(options.mss_clamp, MSS_CLAMP, 1, 65535),
	LIMIT(options.advmss, ADVMSS, 1, 65535),
	LIMIT_OR_ZERO(options.user_mss, USER_MSS, SPW_IMAGE_USER_MSS_MIN,
		      SPW_IMAGE_USER_MSS_MAX),
	LIMIT(options.snd_wscale, SND_WSCALE, 0, SPW_IMAGE_WSCALE_MAX),
	LIMIT(options.rcv_wscale, RCV_WSCALE, 0, SPW_IMAGE_WSCALE_MAX),
	LIMIT(timestamps.flags, TIMESTAMP_FLAGS, 0, SPW_IMAGE_TS_US),
	LIMIT(timestamps.ts_recent_age, TS_RECENT_AGE, 0, SPW_IMAGE_TS_AGE_MAX),
	LIMIT(congestion.snd_cwnd, SND_CWND, 1, INT_LIMIT),
	LIMIT(congestion.snd_ssthresh, SND_SSTHRESH, 1, INT_LIMIT),
	LIMIT(congestion.srtt_us, SRTT_US, 0, INT_LIMIT),
	LIMIT(congestion.mdev_us, MDEV_US, 0, INT_LIMIT),
	LIMIT(congestion.rttvar_us, RTTVAR_US, 0, INT_LIMIT),
	LIMIT(congestion.rto_us, RTO_US, SPW_IMAGE_RTO_MIN_US,
	      SPW_IMAGE_RTO_MAX_US),
	LIMIT(congestion.reordering, REORDERING, 1, 65535),
	LIMIT(socket.flags, SOCKET_FLAGS, 0, SPW_IMAGE_SOCK_FLAGS),
	LIMIT(socket.keepidle, KEEPIDLE, 0, SPW_IMAGE_KEEP_MAX),
	LIMIT(socket.keepintvl, KEEPINTVL, 0, SPW_IMAGE_KEEP_MAX),
	LIMIT(socket.keepcnt, KEEPCNT, 0, SPW_IMAGE_KEEPCNT_MAX),
	LIMIT(socket.user_timeout_ms, USER_TIMEOUT, 0, INT_LIMIT),
	LIMIT(socket.linger_s, LINGER, 0, INT_LIMIT),
	LIMIT(socket.sndbuf, SNDBUF, 1, INT_LIMIT),
	LIMIT(socket.rcvbuf, RCVBUF, 1, INT_LIMIT),
	LIMIT(socket.rcvlowat, RCVLOWAT, 1, INT_LIMIT),
	LIMIT(socket.tos, TOS, 0, 255),
	LIMIT(socket.ttl, TTL, 0, 255),
	LIMIT(socket.flow_label, FLOW_LABEL, 0, SPW_IMAGE_FLOW_LABEL_MAX),
};

static int refuse(enum spw_image_why *why, enum spw_image_why what, int error)
{
	*why = what;
	return error;
}

static int check_limits(const struct spw_image *image, enum spw_image_why *why)
{
	const struct limit *l, *end = limits + sizeof(limits) / sizeof(*limits);

	for (l = limits; l < end; l++) {
		__u32 value = *(const __u32 *)((const __u8 *)image + l->offset);

		if ((value < l->min || value > l->max) && !(l->or_zero && !value))
			return refuse(why, l->why, -EPROTO);
	}
	return 0;
}

/* One of the family that an endpoint can have; IPv4 is always told as such. */
static bool is_addr(const __u8 *addr, __u32 family)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return spw_addr_is_sound(addr, family) &&
	       (family == 4 || memcmp(addr, mapped, sizeof(mapped)));
}

static int check_tuple(const struct spw_image *image, enum spw_image_why *why)
{
	const struct spw_image_tuple *t = &image->tuple;

	if (t->family != 4 && t->family != 6)
		return refuse(why, SPW_IMAGE_WHY_FAMILY, -EPROTO);
	if (!is_addr(t->laddr, t->family))
		return refuse(why, SPW_IMAGE_WHY_LADDR, -EPROTO);
	if (!is_addr(t->raddr, t->family))
		return refuse(why, SPW_IMAGE_WHY_RADDR, -EPROTO);
	switch (t->state) {
	case SPW_IMAGE_ESTABLISHED:
	case SPW_IMAGE_FIN_WAIT1:
	case SPW_IMAGE_FIN_WAIT2:
	case SPW_IMAGE_CLOSE_WAIT:
		return 0;
	default:
		return refuse(why, SPW_IMAGE_WHY_STATE, -EPROTO);
	}
}

static int check_options(const struct spw_image *image, enum spw_image_why *why)
{
	const struct spw_image_options *o = &image->options;
	const struct spw_image_timestamps *ts = &image->timestamps;

	if (!(o->flags & SPW_IMAGE_OPT_WSCALE) && o->snd_wscale)
		return refuse(why, SPW_IMAGE_WHY_SND_WSCALE, -EPROTO);
	if (!(o->flags & SPW_IMAGE_OPT_WSCALE) && o->rcv_wscale)
		return refuse(why, SPW_IMAGE_WHY_RCV_WSCALE, -EPROTO);
	if (!(o->flags & SPW_IMAGE_OPT_ECN) &&
	    (o->flags & (SPW_IMAGE_OPT_ECN_QUEUE_CWR | SPW_IMAGE_OPT_ECN_SEEN |
			 SPW_IMAGE_OPT_ECN_DEMAND_CWR)))
		return refuse(why, SPW_IMAGE_WHY_OPTION_FLAGS, -EPROTO);
	if (!(o->flags & SPW_IMAGE_OPT_TSTAMP) &&
	    (ts->flags || ts->tsval || ts->ts_recent || ts->ts_recent_age))
		return refuse(why, SPW_IMAGE_WHY_TIMESTAMPS, -EPROTO);
	return 0;
}

static bool is_name_char(__u8 c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-';
}

static int check_name(const struct spw_image *image, enum spw_image_why *why)
{
	const __u8 *name = image->congestion.name;
	unsigned int len = 0, i;

	while (len < SPW_IMAGE_CA_NAME && is_name_char(name[len]))
		len++;
	if (!len || len == SPW_IMAGE_CA_NAME)
		return refuse(why, SPW_IMAGE_WHY_CA_NAME, -EPROTO);
	for (i = len; i < SPW_IMAGE_CA_NAME; i++)
		if (name[i])
			return refuse(why, SPW_IMAGE_WHY_CA_NAME, -EPROTO);
	return 0;
}

static int check_socket(const struct spw_image *image, enum spw_image_why *why)
{
	const struct spw_image_socket *s = &image->socket;

	if (s->linger_s && !(s->flags & SPW_IMAGE_SOCK_LINGER))
		return refuse(why, SPW_IMAGE_WHY_LINGER, -EPROTO);
	if (s->flow_label && image->tuple.family == 4)
		return refuse(why, SPW_IMAGE_WHY_FLOW_LABEL, -EPROTO);
	return 0;
}

/* Modulo 2^32. */
static bool after(__u32 a, __u32 b)
{
	return (__s32)(b - a) < 0;
}

/* Is our FIN among the numbers that were written and are not acknowledged? */
static bool fin_waits(const struct spw_image *image)
{
	return image->tuple.state == SPW_IMAGE_FIN_WAIT1;
}

static bool fin_sent(const struct spw_image *image)
{
	const struct spw_image_sequence *s = &image->sequence;

	return fin_waits(image) && s->snd_nxt == s->write_seq;
}

/**
 * spw_image_received() - length of the receive queue
 * @image: endpoint, of which state and sequence are looked at
 *
 * The remote's FIN is no byte of it. copied_seq is behind that FIN once the application
 * has read the end of file.
 *
 * Return: bytes
 */
__u32 spw_image_received(const struct spw_image *image)
{
	__u32 ahead = image->sequence.rcv_nxt - image->sequence.copied_seq;

	return ahead && image->tuple.state == SPW_IMAGE_CLOSE_WAIT ? ahead - 1 :
								      ahead;
}

/**
 * spw_image_sent() - length of what was sent and is not acknowledged
 * @image: endpoint, of which state and sequence are looked at
 *
 * Return: bytes, FIN not among them
 */
__u32 spw_image_sent(const struct spw_image *image)
{
	const struct spw_image_sequence *s = &image->sequence;

	return s->snd_nxt - s->snd_una - (fin_sent(image) ? 1 : 0);
}

/**
 * spw_image_unsent() - length of what was not sent
 * @image: endpoint, of which state and sequence are looked at
 *
 * Return: bytes, FIN not among them
 */
__u32 spw_image_unsent(const struct spw_image *image)
{
	const struct spw_image_sequence *s = &image->sequence;

	return s->write_seq - s->snd_nxt -
	       (fin_waits(image) && !fin_sent(image) ? 1 : 0);
}

/**
 * spw_image_strip() - leave the bytes of the queues out
 * @image: its queues have the lengths that follow from the numbers then, and no bytes
 */
void spw_image_strip(struct spw_image *image)
{
	image->received = (struct spw_image_bytes){ NULL, spw_image_received(image) };
	image->sent = (struct spw_image_bytes){ NULL, spw_image_sent(image) };
	image->unsent = (struct spw_image_bytes){ NULL, spw_image_unsent(image) };
	image->segments = NULL;
	image->segment_count = 0;
}

static int check_send(const struct spw_image *image, enum spw_image_why *why)
{
	const struct spw_image_sequence *s = &image->sequence;

	if (after(s->snd_una, s->snd_nxt))
		return refuse(why, SPW_IMAGE_WHY_SND_NXT, -EPROTO);
	if (after(s->snd_nxt, s->write_seq))
		return refuse(why, SPW_IMAGE_WHY_WRITE_SEQ, -EPROTO);
	/* FIN_WAIT1 waits for the acknowledgment of FIN; FIN_WAIT2 has it. */
	if ((fin_waits(image) && s->snd_una == s->write_seq) ||
	    (image->tuple.state == SPW_IMAGE_FIN_WAIT2 &&
	     s->snd_una != s->write_seq))
		return refuse(why, SPW_IMAGE_WHY_SND_UNA, -EPROTO);
	if (spw_image_sent(image) > SPW_IMAGE_QUEUE_MAX)
		return refuse(why, SPW_IMAGE_WHY_SENT, -EMSGSIZE);
	if (spw_image_sent(image) + spw_image_unsent(image) >
	    SPW_IMAGE_QUEUE_MAX)
		return refuse(why, SPW_IMAGE_WHY_UNSENT, -EMSGSIZE);
	if (after(s->snd_una, s->snd_up) || after(s->snd_up, s->write_seq))
		return refuse(why, SPW_IMAGE_WHY_SND_UP, -EPROTO);
	return 0;
}

/* The relations of tcp_repair_set_window(), and that of a window with its scale. */
static int check_windows(const struct spw_image *image, enum spw_image_why *why)
{
	const struct spw_image_sequence *s = &image->sequence;

	if (s->max_window > 65535U << image->options.snd_wscale ||
	    s->max_window < s->snd_wnd)
		return refuse(why, SPW_IMAGE_WHY_MAX_WINDOW, -EPROTO);
	if (after(s->snd_wl1, s->rcv_nxt + s->rcv_wnd))
		return refuse(why, SPW_IMAGE_WHY_SND_WL1, -EPROTO);
	if (s->rcv_nxt - s->rcv_wup > SPW_IMAGE_WINDOW_MAX)
		return refuse(why, SPW_IMAGE_WHY_RCV_WUP, -EPROTO);
	return 0;
}

static int check_receive(const struct spw_image *image, enum spw_image_why *why)
{
	const struct spw_image_sequence *s = &image->sequence;

	if (after(s->copied_seq, s->rcv_nxt))
		return refuse(why, SPW_IMAGE_WHY_COPIED_SEQ, -EPROTO);
	if (spw_image_received(image) > SPW_IMAGE_QUEUE_MAX)
		return refuse(why, SPW_IMAGE_WHY_RECEIVED, -EMSGSIZE);
	return 0;
}

/* The kernel takes a segment that begins inside the window, tcp_data_queue(). */
static int check_segments(const struct spw_image *image, enum spw_image_why *why)
{
	const struct spw_image_sequence *s = &image->sequence;
	__u32 edge = s->rcv_wup + s->rcv_wnd, end = s->rcv_nxt + 1;
	__u32 bytes = spw_image_received(image);
	struct spw_image_segment seg = { .index = 0 };
	bool fin = image->tuple.state == SPW_IMAGE_CLOSE_WAIT;

	if (image->segment_count > SPW_IMAGE_SEGMENTS_MAX)
		return refuse(why, SPW_IMAGE_WHY_OUT_OF_ORDER, -EMSGSIZE);
	while (spw_image_next_segment(image, &seg)) {
		if (fin)	/* nothing follows that */
			return refuse(why, SPW_IMAGE_WHY_OUT_OF_ORDER, -EPROTO);
		if (after(end, seg.seq) || !after(edge, seg.seq))
			return refuse(why, SPW_IMAGE_WHY_SEGMENT_SEQ, -EPROTO);
		if (seg.len > SPW_IMAGE_QUEUE_MAX - bytes)
			return refuse(why, SPW_IMAGE_WHY_OUT_OF_ORDER, -EMSGSIZE);
		bytes += seg.len;
		end = seg.seq + seg.len;
		fin = seg.fin;
	}
	return 0;
}

static int check_urgent(const struct spw_image *image, enum spw_image_why *why)
{
	const struct spw_image_sequence *s = &image->sequence;
	const struct spw_image_urgent *u = &image->urgent;
	__u32 mark = u->data & ~(__u32)SPW_IMAGE_URG_BYTE;

	if (!u->data)
		return u->seq ? refuse(why, SPW_IMAGE_WHY_URG_SEQ, -EPROTO) : 0;
	if (mark != SPW_IMAGE_URG_VALID && u->data != SPW_IMAGE_URG_NOTYET &&
	    u->data != SPW_IMAGE_URG_READ)
		return refuse(why, SPW_IMAGE_WHY_URG_DATA, -EPROTO);
	/* A segment may begin at the window's edge, and point 65535 bytes beyond. */
	if (u->seq - s->copied_seq >
	    s->rcv_nxt - s->copied_seq + s->rcv_wnd + 65535)
		return refuse(why, SPW_IMAGE_WHY_URG_SEQ, -EPROTO);
	return 0;
}

static int check_queues(const struct spw_image *image, enum spw_image_why *why)
{
	if (image->received.len != spw_image_received(image))
		return refuse(why, SPW_IMAGE_WHY_RECEIVED, -EPROTO);
	if (image->sent.len != spw_image_sent(image))
		return refuse(why, SPW_IMAGE_WHY_SENT, -EPROTO);
	if (image->unsent.len != spw_image_unsent(image))
		return refuse(why, SPW_IMAGE_WHY_UNSENT, -EPROTO);
	if (image->session.len > SPW_IMAGE_SESSION_MAX)
		return refuse(why, SPW_IMAGE_WHY_SESSION, -EMSGSIZE);
	return 0;
}

/**
 * spw_image_check() - is an image sound?
 * @image: decoded; of the queues their lengths are looked at, of the segments all but
 *	their bytes
 * @why: receives what is wrong with it, if something is
 *
 * Return: 0; -EPROTO where a field is out of range or contradicts another; -EMSGSIZE
 * where a queue is longer than is allowed.
 */
int spw_image_check(const struct spw_image *image, enum spw_image_why *why)
{
	return check_limits(image, why) ?: check_tuple(image, why) ?:
	       check_options(image, why) ?: check_name(image, why) ?:
	       check_socket(image, why) ?: check_send(image, why) ?:
	       check_windows(image, why) ?: check_receive(image, why) ?:
	       check_queues(image, why) ?: check_segments(image, why) ?:
	       check_urgent(image, why);
}

static const char *const why_names[] = {
	[SPW_IMAGE_WHY_NONE] = "none",
	[SPW_IMAGE_WHY_TUPLE] = "tuple",
	[SPW_IMAGE_WHY_SEQUENCE] = "sequence",
	[SPW_IMAGE_WHY_OPTIONS] = "options",
	[SPW_IMAGE_WHY_TIMESTAMPS] = "timestamps",
	[SPW_IMAGE_WHY_CONGESTION] = "congestion",
	[SPW_IMAGE_WHY_SOCKET] = "socket",
	[SPW_IMAGE_WHY_URGENT] = "urgent",
	[SPW_IMAGE_WHY_RECEIVED] = "received",
	[SPW_IMAGE_WHY_OUT_OF_ORDER] = "out-of-order",
	[SPW_IMAGE_WHY_SENT] = "sent",
	[SPW_IMAGE_WHY_UNSENT] = "unsent",
	[SPW_IMAGE_WHY_SESSION] = "session",
	[SPW_IMAGE_WHY_MAGIC] = "magic",
	[SPW_IMAGE_WHY_VERSION] = "version",
	[SPW_IMAGE_WHY_RESERVED] = "reserved",
	[SPW_IMAGE_WHY_LENGTH] = "length",
	[SPW_IMAGE_WHY_SECTION_COUNT] = "section-count",
	[SPW_IMAGE_WHY_SECTION_TYPE] = "section-type",
	[SPW_IMAGE_WHY_SECTION_FLAGS] = "section-flags",
	[SPW_IMAGE_WHY_SECTION_ORDER] = "section-order",
	[SPW_IMAGE_WHY_SECTION_LENGTH] = "section-length",
	[SPW_IMAGE_WHY_PADDING] = "padding",
	[SPW_IMAGE_WHY_LADDR] = "laddr",
	[SPW_IMAGE_WHY_RADDR] = "raddr",
	[SPW_IMAGE_WHY_FAMILY] = "family",
	[SPW_IMAGE_WHY_LPORT] = "lport",
	[SPW_IMAGE_WHY_RPORT] = "rport",
	[SPW_IMAGE_WHY_STATE] = "state",
	[SPW_IMAGE_WHY_SND_UNA] = "snd_una",
	[SPW_IMAGE_WHY_SND_NXT] = "snd_nxt",
	[SPW_IMAGE_WHY_WRITE_SEQ] = "write_seq",
	[SPW_IMAGE_WHY_SND_WL1] = "snd_wl1",
	[SPW_IMAGE_WHY_SND_WND] = "snd_wnd",
	[SPW_IMAGE_WHY_MAX_WINDOW] = "max_window",
	[SPW_IMAGE_WHY_SND_UP] = "snd_up",
	[SPW_IMAGE_WHY_RCV_NXT] = "rcv_nxt",
	[SPW_IMAGE_WHY_RCV_WUP] = "rcv_wup",
	[SPW_IMAGE_WHY_COPIED_SEQ] = "copied_seq",
	[SPW_IMAGE_WHY_RCV_WND] = "rcv_wnd",
	[SPW_IMAGE_WHY_RCV_SSTHRESH] = "rcv_ssthresh",
	[SPW_IMAGE_WHY_WINDOW_CLAMP] = "window_clamp",
	[SPW_IMAGE_WHY_OPTION_FLAGS] = "option-flags",
	[SPW_IMAGE_WHY_MSS_CLAMP] = "mss_clamp",
	[SPW_IMAGE_WHY_ADVMSS] = "advmss",
	[SPW_IMAGE_WHY_USER_MSS] = "user_mss",
	[SPW_IMAGE_WHY_SND_WSCALE] = "snd_wscale",
	[SPW_IMAGE_WHY_RCV_WSCALE] = "rcv_wscale",
	[SPW_IMAGE_WHY_TIMESTAMP_FLAGS] = "timestamp-flags",
	[SPW_IMAGE_WHY_TS_RECENT_AGE] = "ts_recent_age",
	[SPW_IMAGE_WHY_CA_NAME] = "congestion-name",
	[SPW_IMAGE_WHY_SND_CWND] = "snd_cwnd",
	[SPW_IMAGE_WHY_SND_SSTHRESH] = "snd_ssthresh",
	[SPW_IMAGE_WHY_SRTT_US] = "srtt_us",
	[SPW_IMAGE_WHY_MDEV_US] = "mdev_us",
	[SPW_IMAGE_WHY_RTTVAR_US] = "rttvar_us",
	[SPW_IMAGE_WHY_RTO_US] = "rto_us",
	[SPW_IMAGE_WHY_REORDERING] = "reordering",
	[SPW_IMAGE_WHY_SOCKET_FLAGS] = "socket-flags",
	[SPW_IMAGE_WHY_KEEPIDLE] = "keepidle",
	[SPW_IMAGE_WHY_KEEPINTVL] = "keepintvl",
	[SPW_IMAGE_WHY_KEEPCNT] = "keepcnt",
	[SPW_IMAGE_WHY_USER_TIMEOUT] = "user_timeout",
	[SPW_IMAGE_WHY_LINGER] = "linger",
	[SPW_IMAGE_WHY_SNDBUF] = "sndbuf",
	[SPW_IMAGE_WHY_RCVBUF] = "rcvbuf",
	[SPW_IMAGE_WHY_RCVLOWAT] = "rcvlowat",
	[SPW_IMAGE_WHY_TOS] = "tos",
	[SPW_IMAGE_WHY_TTL] = "ttl",
	[SPW_IMAGE_WHY_FLOW_LABEL] = "flow_label",
	[SPW_IMAGE_WHY_URG_DATA] = "urg_data",
	[SPW_IMAGE_WHY_URG_SEQ] = "urg_seq",
	[SPW_IMAGE_WHY_SEGMENT_SEQ] = "segment-seq",
	[SPW_IMAGE_WHY_SEGMENT_FLAGS] = "segment-flags",
	[SPW_IMAGE_WHY_SEGMENT_LENGTH] = "segment-length",
	[SPW_IMAGE_WHY_DIFF_FIELDS] = "diff-fields",
	[SPW_IMAGE_WHY_DIFF_VALUE] = "diff-value",
};

/**
 * spw_image_why_name() - what is wrong, in a word
 * @why: as spw_image_check() and spw_image_parse() say
 *
 * Return: name of the field, section or part of the form
 */
const char *spw_image_why_name(enum spw_image_why why)
{
	return (unsigned int)why < sizeof(why_names) / sizeof(*why_names) &&
	       why_names[why] ? why_names[why] : "?";
}
