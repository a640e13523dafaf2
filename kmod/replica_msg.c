// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records about replicated connections: bytes to structs and back, every field checked;
 * but the images and differences in them are checked where they are applied. Pure.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "replica_msg.h"

enum { FIXED = SPW_LEN_REPLICA, WHOLE = SPW_LEN_REPLICA + SPW_LEN_REPLICA_ID };

static int may_have_flag(__u8 kind)
{
	return kind == SPW_REPLICA_WHOLE || kind == SPW_REPLICA_REFUSED;
}

static int is_sound(const struct spw_wire_replica *w, __u32 len)
{
	if (w->kind == SPW_REPLICA_NONE || w->kind >= __SPW_REPLICA_KIND_MAX ||
	    w->flags > 1 || (w->flags && !may_have_flag(w->kind)))
		return 0;
	switch (w->kind) {
	case SPW_REPLICA_RESET:
		return len == FIXED && !w->number;
	case SPW_REPLICA_WHOLE:
		return len > WHOLE;
	case SPW_REPLICA_CHANGE:
		return len > FIXED && len <= SPW_LEN_REPLICA_MAX;
	default:
		return len == FIXED;
	}
}

/**
 * spw_replica_msg_parse() - read the first of several records
 * @data: their bytes
 * @len: how many
 * @msg: receives it
 *
 * Return: bytes of the record, or -EPROTO where a field is out of range or there are not
 * as many; @msg is then untouched.
 */
int spw_replica_msg_parse(const void *data, __u32 len, struct spw_replica_msg *msg)
{
	struct spw_wire_replica w;
	__be32 id[2] = { 0 };
	__u32 size, head;

	if (len < sizeof(w))
		return -EPROTO;
	memcpy(&w, data, sizeof(w));
	size = __be16_to_cpu(w.len);
	if (size > len || !is_sound(&w, size))
		return -EPROTO;
	head = w.kind == SPW_REPLICA_WHOLE ? WHOLE : FIXED;
	memcpy(id, (const __u8 *)data + FIXED, head - FIXED);
	if (w.kind == SPW_REPLICA_WHOLE && !id[0] && !id[1])
		return -EPROTO;
	msg->kind = w.kind;
	msg->flags = w.flags;
	msg->number = __be32_to_cpu(w.number);
	msg->id = (__u64)__be32_to_cpu(id[0]) << 32 | __be32_to_cpu(id[1]);
	msg->len = size - head;
	msg->data = msg->len ? (const __u8 *)data + head : NULL;
	return (int)size;
}

/**
 * spw_replica_msg_build() - write one record
 * @data: room for it
 * @msg: what to say; @msg.data may be where it belongs already
 *
 * Return: bytes that were written.
 */
__u32 spw_replica_msg_build(void *data, const struct spw_replica_msg *msg)
{
	__u32 head = msg->kind == SPW_REPLICA_WHOLE ? WHOLE : FIXED;
	const struct spw_wire_replica w = {
		.kind = msg->kind,
		.flags = msg->flags,
		.len = __cpu_to_be16((__u16)(head + msg->len)),
		.number = __cpu_to_be32(msg->number),
	};
	const __be32 id[2] = { __cpu_to_be32((__u32)(msg->id >> 32)),
			       __cpu_to_be32((__u32)msg->id) };

	memcpy(data, &w, sizeof(w));
	memcpy((__u8 *)data + FIXED, id, head - FIXED);
	if (msg->len)
		memmove((__u8 *)data + head, msg->data, msg->len);
	return head + msg->len;
}
