// SPDX-License-Identifier: GPL-2.0-or-later
/* What two nodes say of a move: bytes to structs and back, every field checked. Pure. */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/spillway.h>
#include <linux/string.h>

#include "addr.h"
#include "move.h"
#include "move_msg.h"

static __u64 get64(const __be32 *w)
{
	return (__u64)__be32_to_cpu(w[0]) << 32 | __be32_to_cpu(w[1]);
}

static void put64(__be32 *w, __u64 value)
{
	w[0] = __cpu_to_be32((__u32)(value >> 32));
	w[1] = __cpu_to_be32((__u32)value);
}

/* Which connection is asked after is told by its addresses alone. */
static int is_named(const struct spw_wire_move_tuple *w, __u8 kind)
{
	bool id = w->conn[0] || w->conn[1];

	if (w->reserved[0] || w->reserved[1] || w->reserved[2])
		return 0;
	if (kind != SPW_MOVE_RESERVE)
		return !id && !w->direction;
	return id && w->direction < __SPILLWAY_DIR_MAX;
}

static int is_third(const struct spw_wire_move_third *w)
{
	return w->node && w->instance && (w->id[0] || w->id[1]);
}

static int is_tuple(const struct spw_wire_move_tuple *w, __u8 kind, __u8 family)
{
	return is_named(w, kind) && (family == 4 || family == 6) && w->lport && w->rport &&
	       spw_addr_is_sound(w->laddr, family) && spw_addr_is_sound(w->raddr, family);
}

static int is_reason(const struct spw_wire_move *w)
{
	__u16 reason = __be16_to_cpu(w->reason);

	if (w->kind == SPW_MOVE_REFUSED)
		return reason && reason < __SPW_MOVE_REASON_MAX;
	return !reason || (w->kind == SPW_MOVE_GONE && reason < __SPW_MOVE_REASON_MAX);
}

/* Is what follows the head, of that many bytes, what belongs to it? */
static int is_body(const struct spw_wire_move *w, __u32 len)
{
	__u32 size = __be32_to_cpu(w->size);

	switch (w->kind) {
	case SPW_MOVE_RESERVE:
		return size && size <= SPW_MOVE_IMAGE_MAX &&
		       len == SPW_LEN_MOVE_TUPLE;
	case SPW_MOVE_STILL:
		return !size && len == SPW_LEN_MOVE_TUPLE;
	case SPW_MOVE_FOLLOW:
	case SPW_MOVE_FOLLOWS:
	case SPW_MOVE_WENT_ON:
	case SPW_MOVE_SHORTER:
	case SPW_MOVE_STAYS:
	case SPW_MOVE_LED:
		return !size && len == SPW_LEN_MOVE_TUPLE + SPW_LEN_MOVE_THIRD;
	case SPW_MOVE_IMAGE:
	case SPW_MOVE_GIVE:
	case SPW_MOVE_AHEAD:
	case SPW_MOVE_PATCH:
	case SPW_MOVE_GIVE_PATCH:
		return size && size <= SPW_MOVE_IMAGE_MAX && len == size && !w->family;
	case SPW_MOVE_TAKEN:
		return size <= SPW_MOVE_IMAGE_MAX && !len && !w->family;
	case SPW_MOVE_RESERVED:
		return size <= 1 && !len && !w->family;
	case SPW_MOVE_COMMITTED:
		return !len && !w->family;
	default:
		return !size && !len && !w->family;
	}
}

static int is_sound(const struct spw_wire_move *w, __u32 len)
{
	bool hello = w->kind == SPW_MOVE_HELLO || w->kind == SPW_MOVE_HELLO_BACK;

	return w->kind > SPW_MOVE_NONE && w->kind < __SPW_MOVE_MESSAGE_MAX &&
	       w->instance && hello == !(w->id[0] || w->id[1]) && is_reason(w) &&
	       is_body(w, len);
}

/**
 * spw_move_msg_size() - where the next message begins
 * @data: one message, others may follow
 * @len: bytes of all
 *
 * Return: bytes of the first, at most @len; 0 where it does not fit.
 */
__u32 spw_move_msg_size(const void *data, __u32 len)
{
	struct spw_wire_move w;
	__u32 body = 0;

	if (len < sizeof(w))
		return 0;
	memcpy(&w, data, sizeof(w));
	if (spw_move_msg_has_tuple(w.kind))
		body = SPW_LEN_MOVE_TUPLE;
	else if (spw_move_msg_has_image(w.kind))
		body = __be32_to_cpu(w.size);
	if (spw_move_msg_has_third(w.kind))
		body += SPW_LEN_MOVE_THIRD;
	return body <= len - sizeof(w) ? sizeof(w) + body : 0;
}

/**
 * spw_move_msg_parse() - read one message
 * @data: its bytes
 * @len: how many
 * @msg: receives it
 *
 * Return: 0, or -EPROTO where a field is out of range or the length is not that of the
 * message; @msg is then untouched.
 */
int spw_move_msg_parse(const void *data, __u32 len, struct spw_move_msg *msg)
{
	struct spw_wire_move_tuple tuple = {};
	struct spw_wire_move_third third = {};
	struct spw_wire_move w;

	if (len < sizeof(w))
		return -EPROTO;
	memcpy(&w, data, sizeof(w));
	len -= sizeof(w);
	data += sizeof(w);
	if (!is_sound(&w, len))
		return -EPROTO;
	if (spw_move_msg_has_tuple(w.kind)) {
		memcpy(&tuple, data, sizeof(tuple));
		if (!is_tuple(&tuple, w.kind, w.family))
			return -EPROTO;
	}
	if (spw_move_msg_has_third(w.kind)) {
		memcpy(&third, data + sizeof(tuple), sizeof(third));
		if (!is_third(&third))
			return -EPROTO;
	}
	msg->kind = w.kind;
	msg->reason = (__u8)__be16_to_cpu(w.reason);
	msg->family = w.family;
	msg->lport = tuple.lport;
	msg->rport = tuple.rport;
	msg->instance = __be32_to_cpu(w.instance);
	msg->id = get64(w.id);
	msg->size = __be32_to_cpu(w.size);
	memcpy(msg->laddr, tuple.laddr, sizeof(tuple.laddr));
	memcpy(msg->raddr, tuple.raddr, sizeof(tuple.raddr));
	msg->conn = get64(tuple.conn);
	msg->direction = tuple.direction;
	msg->third = __be16_to_cpu(third.node);
	msg->question = __be16_to_cpu(third.question);
	msg->third_instance = __be32_to_cpu(third.instance);
	msg->third_id = get64(third.id);
	msg->image = spw_move_msg_has_image(w.kind) ? data : NULL;
	return 0;
}

/**
 * spw_move_msg_build() - write one message, all but the image or patch
 * @data: room for %SPW_LEN_MOVE_MAX bytes
 * @msg: what to say
 *
 * Return: bytes that were written; those of the image or patch follow.
 */
__u32 spw_move_msg_build(void *data, const struct spw_move_msg *msg)
{
	struct spw_wire_move w = {
		.kind = msg->kind,
		.family = msg->family,
		.reason = __cpu_to_be16(msg->reason),
		.instance = __cpu_to_be32(msg->instance),
		.size = __cpu_to_be32(msg->size),
	};
	struct spw_wire_move_tuple tuple = {
		.lport = msg->lport,
		.rport = msg->rport,
		.direction = msg->direction,
	};
	struct spw_wire_move_third third = {
		.node = __cpu_to_be16(msg->third),
		.question = __cpu_to_be16(msg->question),
		.instance = __cpu_to_be32(msg->third_instance),
	};

	put64(w.id, msg->id);
	memcpy(data, &w, sizeof(w));
	if (!spw_move_msg_has_tuple(msg->kind))
		return sizeof(w);
	memcpy(tuple.laddr, msg->laddr, sizeof(tuple.laddr));
	memcpy(tuple.raddr, msg->raddr, sizeof(tuple.raddr));
	put64(tuple.conn, msg->conn);
	memcpy(data + sizeof(w), &tuple, sizeof(tuple));
	if (!spw_move_msg_has_third(msg->kind))
		return sizeof(w) + sizeof(tuple);
	put64(third.id, msg->third_id);
	memcpy(data + sizeof(w) + sizeof(tuple), &third, sizeof(third));
	return sizeof(w) + sizeof(tuple) + sizeof(third);
}
