// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Images: structs to bytes and back. Layouts are in image.h; what a sound image is says
 * image_check.c. Pure: compiled for user space too, where it is unit-tested.
 *
 * The sections that are structs are copied word by word, so an image costs a few hundred
 * instructions; bulk is copied once, by the caller, to where it is to stand.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "image.h"

#define PADDED(len)	(((len) + 3) & ~(size_t)3)
#define HEAD		sizeof(struct spw_wire_section)

/* Where a section is in struct spw_image, its bytes, and those that are no words. */
struct layout {
	__u16 offset;
	__u16 size;
	__u16 raw;
};

#define LAYOUT(member, raw_bytes) {				\
	.offset = offsetof(struct spw_image, member),		\
	.size = sizeof(struct spw_image_##member),		\
	.raw = (raw_bytes),					\
}

static const struct layout layouts[] = {
	[SPW_IMAGE_TUPLE] = LAYOUT(tuple, 32),
	[SPW_IMAGE_SEQUENCE] = LAYOUT(sequence, 0),
	[SPW_IMAGE_OPTIONS] = LAYOUT(options, 0),
	[SPW_IMAGE_TIMESTAMPS] = LAYOUT(timestamps, 0),
	[SPW_IMAGE_CONGESTION] = LAYOUT(congestion, SPW_IMAGE_CA_NAME),
	[SPW_IMAGE_SOCKET] = LAYOUT(socket, 0),
	[SPW_IMAGE_URGENT] = LAYOUT(urgent, 0),
};

#define BIT_OF(type)	(1U << (type))
#define REQUIRED	(BIT_OF(SPW_IMAGE_TUPLE) | BIT_OF(SPW_IMAGE_SEQUENCE) | \
			 BIT_OF(SPW_IMAGE_OPTIONS) |			\
			 BIT_OF(SPW_IMAGE_CONGESTION) | BIT_OF(SPW_IMAGE_SOCKET))

/* Bytes of a struct's section, and of what is always there. */
#define OF(member)	(HEAD + sizeof(struct spw_image_##member))
#define ALWAYS		(sizeof(struct spw_wire_image) + OF(tuple) +	\
			 OF(sequence) + OF(options) + OF(congestion) +	\
			 OF(socket))

/* Writing */

/**
 * spw_image_size() - bytes that an image takes at most
 * @room: what is to be in it
 *
 * Return: bytes; an image of more than %SPW_MESSAGE_MAX will not be taken.
 */
size_t spw_image_size(const struct spw_image_room *room)
{
	size_t size = ALWAYS + OF(timestamps) + OF(urgent) + 4 * HEAD +
		      PADDED((size_t)room->received) +
		      PADDED((size_t)room->sent) + PADDED((size_t)room->unsent) +
		      PADDED((size_t)room->session);

	/* Each segment may need padding of its own. */
	return size + room->out_of_order +
	       room->segments * (HEAD + sizeof(struct spw_wire_segment) + 3);
}

static void *fail(struct spw_image_writer *w, int error)
{
	w->error = error;
	return NULL;
}

static __u8 *add_section(struct spw_image_writer *w, __u16 type, size_t len)
{
	const struct spw_wire_section head = {
		.type = __cpu_to_be16(type),
		.flags = __cpu_to_be16(SPW_IMAGE_MUST),
		.length = __cpu_to_be32((__u32)len),
	};
	__u8 *at = w->data + w->used;

	if (w->error)
		return NULL;
	if (type < w->last ||
	    (type == w->last && type != SPW_IMAGE_OUT_OF_ORDER))
		return fail(w, -EINVAL);
	if (len > SPW_MESSAGE_MAX || HEAD + PADDED(len) > w->size - w->used)
		return fail(w, -EMSGSIZE);
	memcpy(at, &head, HEAD);
	if (len % 4)
		memset(at + HEAD + len, 0, PADDED(len) - len);
	w->used += HEAD + PADDED(len);
	w->sections++;
	w->last = type;
	return at + HEAD;
}

/* With a type that the compiler knows, so that little is left of it but the words. */
static __always_inline __u8 *put_struct(__u8 *to, const struct spw_image *image,
					enum spw_image_section type)
{
	const struct layout *l = &layouts[type];
	const struct spw_wire_section head = {
		.type = __cpu_to_be16((__u16)type),
		.flags = __cpu_to_be16(SPW_IMAGE_MUST),
		.length = __cpu_to_be32(l->size),
	};
	const __u8 *from = (const __u8 *)image + l->offset;
	const __u32 *word = (const __u32 *)(from + l->raw);
	unsigned int i, words = (l->size - l->raw) / sizeof(*word);

	memcpy(to, &head, HEAD);
	to += HEAD;
	memcpy(to, from, l->raw);
	to += l->raw;
	for (i = 0; i < words; i++) {
		__be32 be = __cpu_to_be32(word[i]);

		memcpy(to + i * sizeof(be), &be, sizeof(be));
	}
	return to + words * sizeof(*word);
}

/**
 * spw_image_begin() - begin to write an image
 * @w: writer
 * @data: where
 * @size: room there; spw_image_size() bytes are enough
 * @image: all but the bulk, which is to follow: spw_image_bulk() and spw_image_segment()
 *	in the order of the types, then spw_image_end()
 *
 * Nothing in it is checked here: whoever takes it does.
 */
void spw_image_begin(struct spw_image_writer *w, void *data, size_t size,
		     const struct spw_image *image)
{
	bool has_ts = image->options.flags & SPW_IMAGE_OPT_TSTAMP;
	bool has_urgent = image->urgent.data != 0;
	struct spw_image_writer fresh = {
		.data = data,
		.size = size,
		.used = ALWAYS + (has_ts ? OF(timestamps) : 0) +
			(has_urgent ? OF(urgent) : 0),
		.sections = 5 + has_ts + has_urgent,
		.last = SPW_IMAGE_URGENT,
	};
	__u8 *to = data;

	*w = fresh;
	if (w->used > size) {
		w->error = -EMSGSIZE;
		return;
	}
	to += sizeof(struct spw_wire_image);
	to = put_struct(to, image, SPW_IMAGE_TUPLE);
	to = put_struct(to, image, SPW_IMAGE_SEQUENCE);
	to = put_struct(to, image, SPW_IMAGE_OPTIONS);
	if (has_ts)
		to = put_struct(to, image, SPW_IMAGE_TIMESTAMPS);
	to = put_struct(to, image, SPW_IMAGE_CONGESTION);
	to = put_struct(to, image, SPW_IMAGE_SOCKET);
	if (has_urgent)
		put_struct(to, image, SPW_IMAGE_URGENT);
}

/**
 * spw_image_bulk() - room for the bytes of a queue
 * @w: writer
 * @type: %SPW_IMAGE_RECEIVED, %SPW_IMAGE_SENT, %SPW_IMAGE_UNSENT, %SPW_IMAGE_SESSION
 * @len: bytes, all of which the caller has to write; with 0 nothing is added
 *
 * Return: where to write them; NULL where there is no room, or after another error.
 */
void *spw_image_bulk(struct spw_image_writer *w, enum spw_image_section type,
		     size_t len)
{
	if (!len)
		return w->error ? NULL : w->data + w->used;
	if (type < SPW_IMAGE_RECEIVED || type > SPW_IMAGE_SESSION ||
	    type == SPW_IMAGE_OUT_OF_ORDER)
		return fail(w, -EINVAL);
	return add_section(w, type, len);
}

/**
 * spw_image_segment() - room for a segment that came out of order
 * @w: writer
 * @seq: sequence number of its first byte
 * @fin: the remote's FIN follows
 * @len: bytes, all of which the caller has to write; 0 only with @fin
 *
 * The kernel's segments may overlap (tcp_data_queue_ofo() trims none): what was in the
 * one before is to be left out.
 *
 * Return: where to write them; NULL where there is no room, or after another error.
 */
void *spw_image_segment(struct spw_image_writer *w, __u32 seq, bool fin,
			size_t len)
{
	const struct spw_wire_segment head = {
		.seq = __cpu_to_be32(seq),
		.flags = __cpu_to_be32(fin ? SPW_IMAGE_SEGMENT_FIN : 0),
	};
	__u8 *at;

	if (len > SPW_MESSAGE_MAX)
		return fail(w, -EMSGSIZE);
	at = add_section(w, SPW_IMAGE_OUT_OF_ORDER, sizeof(head) + len);
	if (!at)
		return NULL;
	memcpy(at, &head, sizeof(head));
	return at + sizeof(head);
}

/**
 * spw_image_end() - finish an image
 * @w: writer
 *
 * Return: its bytes; -EMSGSIZE where the room did not suffice or it is larger than a
 * message may be; -EINVAL where the sections came in another order than they have to.
 */
int spw_image_end(struct spw_image_writer *w)
{
	const struct spw_wire_image head = {
		.magic = __cpu_to_be32(SPW_IMAGE_MAGIC),
		.version = SPW_IMAGE_VERSION,
		.sections = __cpu_to_be16(w->sections),
		.length = __cpu_to_be32((__u32)w->used),
	};

	if (!w->error && w->used > SPW_MESSAGE_MAX)
		w->error = -EMSGSIZE;
	if (w->error)
		return w->error;
	memcpy(w->data, &head, sizeof(head));
	return (int)w->used;
}

/* Reading */

/* What is still to be read, and what was read of it. */
struct reader {
	const __u8 *at;
	size_t left;
	__u32 seen;		/* BIT_OF() the sections */
	__u16 sections;
	__u16 last;
	struct spw_image *image;
	enum spw_image_why why;
};

static int refuse(struct reader *r, int error, enum spw_image_why why)
{
	r->why = why;
	return error;
}

static int read_head(struct reader *r, const void *data, size_t len)
{
	struct spw_wire_image head;

	if (len < sizeof(head) || len > SPW_MESSAGE_MAX)
		return refuse(r, -EMSGSIZE, SPW_IMAGE_WHY_LENGTH);
	memcpy(&head, data, sizeof(head));
	if (head.magic != __cpu_to_be32(SPW_IMAGE_MAGIC))
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_MAGIC);
	if (head.version != SPW_IMAGE_VERSION)
		return refuse(r, head.version ? -EOPNOTSUPP : -EPROTO,
			      SPW_IMAGE_WHY_VERSION);
	if (head.reserved)
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_RESERVED);
	if (__be32_to_cpu(head.length) != len)
		return refuse(r, -EMSGSIZE, SPW_IMAGE_WHY_LENGTH);
	r->sections = __be16_to_cpu(head.sections);
	r->at = (const __u8 *)data + sizeof(head);
	r->left = len - sizeof(head);
	return 0;
}

static int read_struct(struct reader *r, __u16 type, __u32 len)
{
	const struct layout *l = &layouts[type];
	__u8 *to = (__u8 *)r->image + l->offset;
	__u32 *word = (__u32 *)(to + l->raw);
	const __u8 *from;

	if (len != l->size)
		return refuse(r, -EPROTO, (enum spw_image_why)type);
	memcpy(to, r->at, l->raw);
	for (from = r->at + l->raw; from < r->at + len; from += sizeof(__be32)) {
		__be32 be;

		memcpy(&be, from, sizeof(be));
		*word++ = __be32_to_cpu(be);
	}
	return 0;
}

/* They follow one another, so that it is enough to know where the first is. */
static int read_segment(struct reader *r, __u32 len)
{
	struct spw_wire_segment head;
	__u32 flags;

	if (len < sizeof(head))
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_SEGMENT_LENGTH);
	memcpy(&head, r->at, sizeof(head));
	flags = __be32_to_cpu(head.flags);
	if (flags & ~(__u32)SPW_IMAGE_SEGMENT_FIN)
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_SEGMENT_FLAGS);
	if (len == sizeof(head) && !flags)
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_SEGMENT_LENGTH);
	if (!r->image->segment_count)
		r->image->segments = r->at - HEAD;
	r->image->segment_count++;
	return 0;
}

static int read_bulk(struct reader *r, __u16 type, __u32 len)
{
	struct spw_image_bytes *bytes;

	switch (type) {
	case SPW_IMAGE_RECEIVED:
		bytes = &r->image->received;
		break;
	case SPW_IMAGE_SENT:
		bytes = &r->image->sent;
		break;
	case SPW_IMAGE_UNSENT:
		bytes = &r->image->unsent;
		break;
	default:
		bytes = &r->image->session;
		break;
	}
	if (!len)
		return refuse(r, -EPROTO, (enum spw_image_why)type);
	bytes->data = r->at;
	bytes->len = len;
	return 0;
}

static int read_content(struct reader *r, __u16 type, __u16 flags, __u32 len)
{
	if (type >= __SPW_IMAGE_SECTION_MAX) {
		if (flags)
			return refuse(r, -EOPNOTSUPP, SPW_IMAGE_WHY_SECTION_TYPE);
		r->image->skipped++;
		return 0;
	}
	if (flags != SPW_IMAGE_MUST)
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_SECTION_FLAGS);
	r->seen |= BIT_OF(type);
	if (type == SPW_IMAGE_OUT_OF_ORDER)
		return read_segment(r, len);
	if (type <= SPW_IMAGE_URGENT)
		return read_struct(r, type, len);
	return read_bulk(r, type, len);
}

/* In the order of their types; one that is not known may come again for all we know. */
static bool in_order(const struct reader *r, __u16 type)
{
	if (type == r->last)
		return type == SPW_IMAGE_OUT_OF_ORDER ||
		       type >= __SPW_IMAGE_SECTION_MAX;
	return type > r->last;
}

static int read_padding(struct reader *r, __u32 len)
{
	__u32 i;

	for (i = len; i < PADDED(len); i++)
		if (r->at[i])
			return refuse(r, -EPROTO, SPW_IMAGE_WHY_PADDING);
	return 0;
}

static int read_section(struct reader *r)
{
	struct spw_wire_section head;
	__u16 type, flags;
	__u32 len;
	int err;

	if (r->left < HEAD)
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_SECTION_LENGTH);
	memcpy(&head, r->at, HEAD);
	type = __be16_to_cpu(head.type);
	flags = __be16_to_cpu(head.flags);
	len = __be32_to_cpu(head.length);
	r->at += HEAD;
	r->left -= HEAD;
	if (len > r->left || PADDED((size_t)len) > r->left)
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_SECTION_LENGTH);
	if (!type)
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_SECTION_TYPE);
	if (flags & ~SPW_IMAGE_MUST)
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_SECTION_FLAGS);
	if (!in_order(r, type))
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_SECTION_ORDER);
	err = read_content(r, type, flags, len) ?: read_padding(r, len);
	r->last = type;
	r->at += PADDED((size_t)len);
	r->left -= PADDED((size_t)len);
	return err;
}

static int read_sections(struct reader *r)
{
	__u32 count = 0;
	int err = 0;

	for (; r->left && !err; count++)
		err = read_section(r);
	if (!err && count != r->sections)
		return refuse(r, -EPROTO, SPW_IMAGE_WHY_SECTION_COUNT);
	return err;
}

/* Is there every section that has to be, and none that has to be not? */
static int check_presence(struct reader *r)
{
	__u32 want = REQUIRED, odd;
	__u16 type;

	if (r->image->options.flags & SPW_IMAGE_OPT_TSTAMP)
		want |= BIT_OF(SPW_IMAGE_TIMESTAMPS);
	odd = (want ^ r->seen) & (REQUIRED | BIT_OF(SPW_IMAGE_TIMESTAMPS));
	if ((r->seen & BIT_OF(SPW_IMAGE_URGENT)) && !r->image->urgent.data)
		odd |= BIT_OF(SPW_IMAGE_URGENT);
	if (!odd)
		return 0;
	for (type = SPW_IMAGE_TUPLE; !(odd & BIT_OF(type)); type++)
		;
	return refuse(r, -EPROTO, (enum spw_image_why)type);
}

/**
 * spw_image_parse() - read an image
 * @data: its bytes, at any alignment
 * @len: how many
 * @image: receives it; its bytes stay where they are
 * @why: receives what is wrong with it, %SPW_IMAGE_WHY_NONE if nothing
 *
 * All of it is checked, spw_image_check() included, before @image is written to.
 *
 * Return: 0; -EPROTO where a field is out of range or contradicts another; -EMSGSIZE
 * where it is shorter or longer than it says, or a queue longer than is allowed;
 * -EOPNOTSUPP where it is of another version or has a section that must be understood.
 */
int spw_image_parse(const void *data, size_t len, struct spw_image *image,
		    enum spw_image_why *why)
{
	struct spw_image got = { .skipped = 0 };
	struct reader r = { .image = &got, .why = SPW_IMAGE_WHY_NONE };
	int err;

	err = read_head(&r, data, len) ?: read_sections(&r) ?:
	      check_presence(&r) ?: spw_image_check(&got, &r.why);
	*why = r.why;
	if (!err)
		*image = got;
	return err;
}

/**
 * spw_image_parse_bare() - read an image without bytes of queues
 * @data: its bytes, at any alignment
 * @len: how many
 * @image: receives it; of the queues it has the lengths and no bytes
 * @why: receives what is wrong with it, %SPW_IMAGE_WHY_NONE if nothing
 *
 * As spw_image_parse(), of what spw_image_begin() and spw_image_end() write by themselves.
 *
 * Return: as spw_image_parse().
 */
int spw_image_parse_bare(const void *data, size_t len, struct spw_image *image,
			 enum spw_image_why *why)
{
	struct spw_image got = { .skipped = 0 };
	struct reader r = { .image = &got, .why = SPW_IMAGE_WHY_NONE };
	int err;

	err = read_head(&r, data, len) ?: read_sections(&r) ?: check_presence(&r);
	if (!err && r.seen >> SPW_IMAGE_RECEIVED)
		err = refuse(&r, -EPROTO, SPW_IMAGE_WHY_SECTION_TYPE);
	if (!err) {
		spw_image_strip(&got);
		err = spw_image_check(&got, &r.why);
	}
	*why = r.why;
	if (!err)
		*image = got;
	return err;
}

/**
 * spw_image_next_segment() - go through the segments that came out of order
 * @image: as it was parsed
 * @segment: zeroed before the first call; receives the next one
 *
 * Return: false where there is none left.
 */
bool spw_image_next_segment(const struct spw_image *image,
			    struct spw_image_segment *segment)
{
	const __u8 *at = segment->index ? segment->next : image->segments;
	struct {
		struct spw_wire_section section;
		struct spw_wire_segment segment;
	} head;

	if (segment->index >= image->segment_count)
		return false;
	memcpy(&head, at, sizeof(head));
	segment->seq = __be32_to_cpu(head.segment.seq);
	segment->len = __be32_to_cpu(head.section.length) -
		       (__u32)sizeof(head.segment);
	segment->fin = head.segment.flags != 0;
	segment->data = at + sizeof(head);
	segment->next = segment->data + PADDED((size_t)segment->len);
	segment->index++;
	return true;
}
