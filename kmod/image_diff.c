// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The difference of two images: numbers, windows, timestamps and what was learnt of the
 * path. Small, since most of it moves by little. The layout is in image_diff.h; bytes of
 * the queues are carried apart. Pure: compiled for user space too.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "image_diff.h"

/* What may change, by its number in the difference. */
static const __u16 fields[] = {
	offsetof(struct spw_image, sequence.snd_una),
	offsetof(struct spw_image, sequence.snd_nxt),
	offsetof(struct spw_image, sequence.write_seq),
	offsetof(struct spw_image, sequence.snd_wl1),
	offsetof(struct spw_image, sequence.snd_wnd),
	offsetof(struct spw_image, sequence.max_window),
	offsetof(struct spw_image, sequence.snd_up),
	offsetof(struct spw_image, sequence.rcv_nxt),
	offsetof(struct spw_image, sequence.rcv_wup),
	offsetof(struct spw_image, sequence.copied_seq),
	offsetof(struct spw_image, sequence.rcv_wnd),
	offsetof(struct spw_image, sequence.rcv_ssthresh),
	offsetof(struct spw_image, sequence.window_clamp),
	offsetof(struct spw_image, timestamps.tsval),
	offsetof(struct spw_image, timestamps.ts_recent),
	offsetof(struct spw_image, timestamps.ts_recent_age),
	offsetof(struct spw_image, congestion.snd_cwnd),
	offsetof(struct spw_image, congestion.snd_ssthresh),
	offsetof(struct spw_image, congestion.srtt_us),
	offsetof(struct spw_image, congestion.mdev_us),
	offsetof(struct spw_image, congestion.rttvar_us),
	offsetof(struct spw_image, congestion.rto_us),
	offsetof(struct spw_image, congestion.min_rtt_us),
	offsetof(struct spw_image, congestion.reordering),
	offsetof(struct spw_image, socket.sndbuf),
	offsetof(struct spw_image, socket.rcvbuf),
	offsetof(struct spw_image, options.flags),
	offsetof(struct spw_image, tuple.state),
};

#define FIELDS		(sizeof(fields) / sizeof(*fields))
#define GROUPS_MAX	5	/* of 7 bits in a word */
/* Everything up to here is words and names, nothing points anywhere. */
#define WORDS_END	offsetof(struct spw_image, received)

static __u32 *field_of(struct spw_image *image, unsigned int i)
{
	return (__u32 *)((__u8 *)image + fields[i]);
}

static __u32 value_of(const struct spw_image *image, unsigned int i)
{
	return *(const __u32 *)((const __u8 *)image + fields[i]);
}

/* Is the rest the same? */
static bool differs_only_there(const struct spw_image *from,
			       const struct spw_image *to)
{
	struct spw_image same = *to;
	unsigned int i;

	for (i = 0; i < FIELDS; i++)
		*field_of(&same, i) = value_of(from, i);
	return !memcmp(&same, from, WORDS_END) &&
	       from->session.len == to->session.len;
}

static unsigned int put_value(__u8 *to, __u32 delta)
{
	__u32 left = delta << 1 ^ (delta >> 31 ? ~0U : 0);
	unsigned int len = 0;

	for (; left > 0x7f; left >>= 7)
		to[len++] = (__u8)(left | 0x80);
	to[len++] = (__u8)left;
	return len;
}

/**
 * spw_image_diff_build() - what has changed
 * @data: room for %SPW_IMAGE_DIFF_MAX bytes
 * @from: the image that the other side has
 * @to: the endpoint now, sound as @from is
 *
 * Of the queues nothing is told; neither is whether bytes of the session have changed.
 *
 * Return: its bytes, 0 if there is no difference; -EMSGSIZE where it would be too large
 * and -EOPNOTSUPP where something has changed that it cannot tell: the whole image is to
 * be sent then.
 */
int spw_image_diff_build(void *data, const struct spw_image *from,
			 const struct spw_image *to)
{
	__u8 bytes[sizeof(__be32) + FIELDS * GROUPS_MAX];
	unsigned int len = sizeof(__be32), i;
	__u32 changed = 0;
	__be32 be;

	if (!differs_only_there(from, to))
		return -EOPNOTSUPP;
	for (i = 0; i < FIELDS; i++) {
		__u32 delta = value_of(to, i) - value_of(from, i);

		if (!delta)
			continue;
		changed |= 1U << i;
		len += put_value(bytes + len, delta);
	}
	if (!changed)
		return 0;
	if (len > SPW_IMAGE_DIFF_MAX)
		return -EMSGSIZE;
	be = __cpu_to_be32(changed);
	memcpy(bytes, &be, sizeof(be));
	memcpy(data, bytes, len);
	return (int)len;
}

static int refuse(enum spw_image_why *why, enum spw_image_why what, int error)
{
	*why = what;
	return error;
}

/* Bytes read, or -EPROTO. */
static int get_value(const __u8 *at, size_t left, __u32 *delta)
{
	__u64 value = 0;
	int len = 0;

	do {
		if ((size_t)len == left || len == GROUPS_MAX)
			return -EPROTO;
		value |= (__u64)(at[len] & 0x7f) << 7 * len;
	} while (at[len++] & 0x80);
	/* In no more groups than needed, of a word, and not of nothing. */
	if (!at[len - 1] || value >> 32)
		return -EPROTO;
	*delta = (__u32)(value >> 1) ^ (value & 1 ? ~0U : 0);
	return len;
}

static int get_fields(const __u8 *at, size_t len, struct spw_image *image,
		      enum spw_image_why *why)
{
	__u32 changed, delta;
	unsigned int i;
	__be32 be;
	int used;

	if (len < sizeof(be) || len > SPW_IMAGE_DIFF_MAX)
		return refuse(why, SPW_IMAGE_WHY_LENGTH, -EMSGSIZE);
	memcpy(&be, at, sizeof(be));
	changed = __be32_to_cpu(be);
	if (!changed || changed >> FIELDS)
		return refuse(why, SPW_IMAGE_WHY_DIFF_FIELDS, -EPROTO);
	at += sizeof(be);
	len -= sizeof(be);
	for (i = 0; i < FIELDS; i++) {
		if (!(changed >> i & 1))
			continue;
		used = get_value(at, len, &delta);
		if (used < 0)
			return refuse(why, SPW_IMAGE_WHY_DIFF_VALUE, used);
		*field_of(image, i) += delta;
		at += used;
		len -= used;
	}
	return len ? refuse(why, SPW_IMAGE_WHY_LENGTH, -EMSGSIZE) : 0;
}

static bool went_back(__u32 from, __u32 to)
{
	return (__s32)(to - from) < 0;
}

/* The end of a queue: a FIN has a number itself, and nothing comes after it. */
static bool end_is_wrong(__u32 from, __u32 to, bool had_fin, bool has_fin)
{
	if (had_fin)
		return from != to;
	return went_back(from, to) || (has_fin && from == to);
}

static bool has_fin_out(const struct spw_image *image)
{
	return image->tuple.state == SPW_IMAGE_FIN_WAIT1 ||
	       image->tuple.state == SPW_IMAGE_FIN_WAIT2;
}

static bool has_fin_in(const struct spw_image *image)
{
	return image->tuple.state == SPW_IMAGE_CLOSE_WAIT;
}

/* No number of a connection ever goes back, nor does its state. */
static int check_course(const struct spw_image *from, const struct spw_image *to,
			enum spw_image_why *why)
{
	const struct spw_image_sequence *a = &from->sequence, *b = &to->sequence;
	__u32 old = from->tuple.state, new = to->tuple.state;

	if (old != new && old != SPW_IMAGE_ESTABLISHED &&
	    (old != SPW_IMAGE_FIN_WAIT1 || new != SPW_IMAGE_FIN_WAIT2))
		return refuse(why, SPW_IMAGE_WHY_STATE, -EPROTO);
	if (went_back(a->snd_una, b->snd_una))
		return refuse(why, SPW_IMAGE_WHY_SND_UNA, -EPROTO);
	if (went_back(a->snd_nxt, b->snd_nxt))
		return refuse(why, SPW_IMAGE_WHY_SND_NXT, -EPROTO);
	if (went_back(a->copied_seq, b->copied_seq))
		return refuse(why, SPW_IMAGE_WHY_COPIED_SEQ, -EPROTO);
	if (end_is_wrong(a->write_seq, b->write_seq, has_fin_out(from),
			 has_fin_out(to)))
		return refuse(why, SPW_IMAGE_WHY_WRITE_SEQ, -EPROTO);
	if (end_is_wrong(a->rcv_nxt, b->rcv_nxt, has_fin_in(from), has_fin_in(to)))
		return refuse(why, SPW_IMAGE_WHY_RCV_NXT, -EPROTO);
	return 0;
}

/*
 * A queue of @was bytes from one number becomes one of @is bytes from a number that is
 * @ahead of it. What came and went between the two images was never in either.
 */
static void shift_queue(__u32 ahead, __u32 was, __u32 is, __u32 *front,
			__u32 *back)
{
	*front = ahead < was ? ahead : was;
	*back = is - (was - *front);
}

static void shift_queues(const struct spw_image *from, const struct spw_image *to,
			 struct spw_image_shift *shift)
{
	const struct spw_image_sequence *a = &from->sequence, *b = &to->sequence;

	shift_queue(b->copied_seq - a->copied_seq, from->received.len,
		    to->received.len, &shift->received_front,
		    &shift->received_back);
	shift_queue(b->snd_una - a->snd_una, from->sent.len + from->unsent.len,
		    to->sent.len + to->unsent.len, &shift->send_front,
		    &shift->send_back);
}

/**
 * spw_image_diff_apply() - bring an image up to date
 * @data: difference from @image, as spw_image_diff_build() wrote it
 * @len: its bytes
 * @image: sound; that it is the image that @data is the difference from is for the
 *	caller to know
 * @shift: receives what happens to the bytes of the queues
 * @why: receives what is wrong, if something is
 *
 * All is checked as by spw_image_check() before anything is written to. The queues of
 * @image then have their new lengths and no bytes: where these are, once they have been
 * shifted, is for the caller to say. Segments that came out of order are not in it any
 * more: the remote has them (RFC 2018 section 8), or the caller adds them.
 *
 * Return: 0; -EPROTO where a field is out of range, goes back, or contradicts another;
 * -EMSGSIZE where it is too short or too long, or a queue longer than is allowed.
 */
int spw_image_diff_apply(const void *data, size_t len, struct spw_image *image,
			 struct spw_image_shift *shift,
			 enum spw_image_why *why)
{
	struct spw_image next = *image;
	int err;

	err = get_fields(data, len, &next, why) ?: check_course(image, &next, why);
	if (err)
		return err;
	spw_image_strip(&next);
	err = spw_image_check(&next, why);
	if (err)
		return err;
	shift_queues(image, &next, shift);
	*image = next;
	*why = SPW_IMAGE_WHY_NONE;
	return 0;
}
