// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Of an image, what was not sent ahead. The bytes of a connection stand at a place in its
 * sequence space and do not change there, so those that both images have are found by
 * their numbers; that they are the same is looked at all the same. The layout is in
 * image_patch.h. Pure: compiled for user space too.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "image_patch.h"

#define EARLIER		0x80000000U
#define SEGMENTS	(SPW_IMAGE_PATCH_PIECES - 3)	/* what follows has room */

/* What a run of bytes is part of; each has numbers of its own. */
enum space { IN, OUT, SESSION };

/**
 * struct run - bytes of an image that have a number
 * @data: in the image
 * @seq: of the first one
 * @len: how many
 * @space: &enum space
 */
struct run {
	const __u8 *data;
	__u32 seq;
	__u32 len;
	__u8 space;
};

/**
 * struct runs - those of an image, in the order in which they lie there
 * @run: each
 * @count: how many
 */
struct runs {
	struct run run[SPW_IMAGE_PATCH_PIECES];
	unsigned int count;
};

/**
 * struct writer - a patch that is being written
 * @to: next byte
 * @end: behind the room for it
 * @done: up to where in the whole image all is said
 * @pieces: of the earlier image that may still be used
 */
struct writer {
	__u8 *to;
	__u8 *end;
	const __u8 *done;
	unsigned int pieces;
};

static void put32(__u8 *to, __u32 value)
{
	__be32 w = __cpu_to_be32(value);

	memcpy(to, &w, sizeof(w));
}

static __u32 get32(const __u8 *at)
{
	__be32 w;

	memcpy(&w, at, sizeof(w));
	return __be32_to_cpu(w);
}

static void add_run(struct runs *runs, __u8 space, __u32 seq, const __u8 *data, __u32 len)
{
	if (len < SPW_IMAGE_PATCH_LEAST || runs->count == SPW_IMAGE_PATCH_PIECES)
		return;
	runs->run[runs->count++] = (struct run) {
		.data = data,
		.seq = seq,
		.len = len,
		.space = space,
	};
}

/* In the order of the sections: the segments come before what was sent. */
static void find_runs(struct runs *runs, const struct spw_image *image)
{
	struct spw_image_segment segment = { .index = 0 };

	runs->count = 0;
	add_run(runs, IN, image->sequence.copied_seq, image->received.data,
		image->received.len);
	while (runs->count < SEGMENTS && spw_image_next_segment(image, &segment))
		add_run(runs, IN, segment.seq, segment.data, segment.len);
	add_run(runs, OUT, image->sequence.snd_una, image->sent.data, image->sent.len);
	add_run(runs, OUT, image->sequence.snd_nxt, image->unsent.data, image->unsent.len);
	add_run(runs, SESSION, 0, image->session.data, image->session.len);
}

static bool put_bytes(struct writer *w, const __u8 *until)
{
	__u32 len = (__u32)(until - w->done);

	if (!len)
		return true;
	if ((size_t)(w->end - w->to) < 4 + (size_t)len)
		return false;
	put32(w->to, len);
	memcpy(w->to + 4, w->done, len);
	w->to += 4 + len;
	w->done = until;
	return true;
}

static bool put_piece(struct writer *w, const __u8 *at, __u32 len, __u32 offset)
{
	if (!put_bytes(w, at) || w->end - w->to < 8)
		return false;
	put32(w->to, EARLIER | len);
	put32(w->to + 4, offset);
	w->to += 8;
	w->done = at + len;
	w->pieces--;
	return true;
}

/* What two runs have in common, if it is worth it. */
static bool put_common(struct writer *w, const struct run *run, const struct run *old,
		       const __u8 *from)
{
	__s64 ahead = (__s32)(old->seq - run->seq), begin = ahead > 0 ? ahead : 0;
	__s64 end = ahead + old->len < run->len ? ahead + old->len : run->len;
	const __u8 *at, *was;

	if (run->space != old->space || end - begin < SPW_IMAGE_PATCH_LEAST)
		return true;
	at = run->data + begin;
	was = old->data + (begin - ahead);
	if (!w->pieces || at < w->done || memcmp(at, was, (size_t)(end - begin)))
		return true;
	return put_piece(w, at, (__u32)(end - begin), (__u32)(was - from));
}

/**
 * spw_image_patch_build() - say an image by what the other side has already
 * @to: receives the patch
 * @room: bytes there
 * @from: what it has
 * @whole: what it is to have
 *
 * Return: bytes of the patch; 0 where it does not fit.
 */
__u32 spw_image_patch_build(void *to, size_t room, const struct spw_image_blob *from,
			    const struct spw_image_blob *whole)
{
	struct writer w = {
		.to = to,
		.end = (__u8 *)to + room,
		.done = whole->data,
		.pieces = SPW_IMAGE_PATCH_PIECES,
	};
	struct runs old, new;
	unsigned int i, j;

	if (room < 4)
		return 0;
	put32(w.to, whole->len);
	w.to += 4;
	find_runs(&old, &from->image);
	find_runs(&new, &whole->image);
	for (i = 0; i < new.count; i++)
		for (j = 0; j < old.count; j++)
			if (!put_common(&w, &new.run[i], &old.run[j], from->data))
				return 0;
	if (!put_bytes(&w, whole->data + whole->len))
		return 0;
	return (__u32)(w.to - (__u8 *)to);
}

/**
 * spw_image_patch_size() - bytes of the image that comes of a patch
 * @patch: patch
 * @len: its bytes
 *
 * Return: 0 where it has none, or more than an image may have.
 */
__u32 spw_image_patch_size(const void *patch, size_t len)
{
	__u32 size = len < 4 ? 0 : get32(patch);

	return size <= SPW_MOVE_IMAGE_MAX ? size : 0;
}

/* Where the bytes of a piece are whose words are there; NULL: nowhere. */
static const __u8 *find_piece(const __u8 *at, size_t len, const __u8 *from, size_t from_len)
{
	__u32 head = get32(at), bytes = head & ~EARLIER, offset;

	if (!(head & EARLIER))
		return bytes > len - 4 ? NULL : at + 4;
	offset = get32(at + 4);
	return offset > from_len || bytes > from_len - offset ? NULL : from + offset;
}

/**
 * spw_image_patch_apply() - make an image of an earlier one
 * @patch: patch
 * @len: its bytes
 * @from: earlier image
 * @from_len: its bytes
 * @to: receives the image; room for spw_image_patch_size() bytes
 *
 * Return: 0, or -EPROTO where a piece is outside either image or the pieces are not the
 * whole; what is at @to is nothing then.
 */
int spw_image_patch_apply(const void *patch, size_t len, const void *from, size_t from_len,
			  void *to)
{
	__u32 left = spw_image_patch_size(patch, len), head, bytes, words;
	const __u8 *at = patch, *source;
	__u8 *out = to;

	if (!left)
		return -EPROTO;
	at += 4;
	len -= 4;
	while (left) {
		head = len < 4 ? 0 : get32(at);
		bytes = head & ~EARLIER;
		words = head & EARLIER ? 8 : 4;
		if (!bytes || bytes > left || len < words)
			return -EPROTO;
		source = find_piece(at, len, from, from_len);
		if (!source)
			return -EPROTO;
		words += head & EARLIER ? 0 : bytes;
		at += words;
		len -= words;
		memcpy(out, source, bytes);
		out += bytes;
		left -= bytes;
	}
	return len ? -EPROTO : 0;
}
