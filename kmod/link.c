// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames: bytes to structs and back, every field checked. Pure: compiled for user
 * space too, where it is unit-tested. Layouts are in messages.h.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/spillway.h>

#include "link.h"

static __u64 get_halves(const __be32 half[2])
{
	return (__u64)__be32_to_cpu(half[0]) << 32 | __be32_to_cpu(half[1]);
}

static void put_halves(__be32 half[2], __u64 value)
{
	half[0] = __cpu_to_be32((__u32)(value >> 32));
	half[1] = __cpu_to_be32((__u32)value);
}

/**
 * spw_link_parse_dgram() - check the clear header
 * @data: UDP payload, at least %SPW_LEN_DGRAM_HDR bytes of it readable
 * @len: whole UDP payload
 * @key_id: receives the key's id
 * @pn: receives the packet number
 *
 * Nothing in it is to be believed before the datagram has been opened.
 *
 * Return: 0, -EMSGSIZE (too short for a sealed frame), -EPROTO (not ours).
 */
int spw_link_parse_dgram(const void *data, size_t len, __u32 *key_id, __u64 *pn)
{
	struct spw_dgram_hdr hdr;

	if (len < SPW_LEN_DGRAM_MIN)
		return -EMSGSIZE;
	memcpy(&hdr, data, sizeof(hdr));
	if (hdr.version != SPW_WIRE_VERSION || hdr.type != SPW_WIRE_SEALED ||
	    hdr.reserved)
		return -EPROTO;
	*key_id = __be32_to_cpu(hdr.key_id);
	*pn = __be64_to_cpu(hdr.pn);
	return 0;
}

/**
 * spw_link_build_dgram() - write the clear header
 * @data: room for %SPW_LEN_DGRAM_HDR bytes
 * @key_id: of the key that seals, as the receiver knows it
 * @pn: packet number
 */
void spw_link_build_dgram(void *data, __u32 key_id, __u64 pn)
{
	struct spw_dgram_hdr hdr = {
		.version = SPW_WIRE_VERSION,
		.type = SPW_WIRE_SEALED,
		.key_id = __cpu_to_be32(key_id),
		.pn = __cpu_to_be64(pn),
	};

	memcpy(data, &hdr, sizeof(hdr));
}

static bool known(__u8 type)
{
	switch (type) {
	case SPW_FRAME_DATA:
	case SPW_FRAME_HEARTBEAT:
	case SPW_FRAME_ACK:
	case SPW_FRAME_PROBE:
	case SPW_FRAME_PROBE_REPLY:
	case SPW_FRAME_CONTROL:
	case SPW_FRAME_CONTROL_ACK:
		return true;
	default:
		return false;
	}
}

/**
 * spw_link_parse_frame() - find the frame in an opened datagram
 * @data: opened bytes, header and tag taken off
 * @len: how many
 * @frame: receives the frame
 *
 * Authenticated does not mean well-formed: the peer may run another version.
 *
 * Return: 0 or -EPROTO.
 */
int spw_link_parse_frame(const void *data, size_t len, struct spw_frame *frame)
{
	struct spw_frame_hdr hdr;
	bool again;

	if (len < sizeof(hdr) || len - sizeof(hdr) > 0xffff)
		return -EPROTO;
	memcpy(&hdr, data, sizeof(hdr));
	if (!known(hdr.type))
		return -EPROTO;
	if (hdr.flags & ~(hdr.type == SPW_FRAME_DATA ? SPW_DATA_FLAGS : 0))
		return -EPROTO;
	again = hdr.flags & SPW_DATA_AGAIN;
	if (again ? !hdr.len : __be16_to_cpu(hdr.len) != len - sizeof(hdr))
		return -EPROTO;
	frame->type = hdr.type;
	frame->flags = hdr.flags;
	frame->ago = again ? __be16_to_cpu(hdr.len) : 0;
	frame->len = (__u16)(len - sizeof(hdr));
	frame->body = (const __u8 *)data + sizeof(hdr);
	return 0;
}

/**
 * spw_link_build_frame() - write a frame's header
 * @data: room for %SPW_LEN_FRAME_HDR bytes
 * @type: &enum spw_frame_type
 * @flags: of that type
 * @len: of the body, or what stands in its place, see %SPW_DATA_AGAIN
 */
void spw_link_build_frame(void *data, __u8 type, __u8 flags, __u16 len)
{
	struct spw_frame_hdr hdr = {
		.type = type,
		.flags = flags,
		.len = __cpu_to_be16(len),
	};

	memcpy(data, &hdr, sizeof(hdr));
}

/**
 * spw_link_parse_heartbeat() - read a heartbeat
 * @frame: of type %SPW_FRAME_HEARTBEAT
 * @hb: receives it
 *
 * Return: 0, or -EPROTO where a length or field is out of range; @hb is then
 * untouched.
 */
int spw_link_parse_heartbeat(const struct spw_frame *frame,
			     struct spw_heartbeat *hb)
{
	struct spw_wire_heartbeat wire;
	struct spw_heartbeat got;

	if (frame->len != sizeof(wire))
		return -EPROTO;
	memcpy(&wire, frame->body, sizeof(wire));
	got.node_id = __be16_to_cpu(wire.node_id);
	got.flags = __be16_to_cpu(wire.flags);
	got.load = __be32_to_cpu(wire.load);
	got.forecast = __be32_to_cpu(wire.forecast);
	got.free = __be32_to_cpu(wire.free);
	got.echo_delay_us = __be32_to_cpu(wire.echo_delay_us);
	got.capacity = get_halves(wire.capacity);
	got.stamp = get_halves(wire.stamp);
	got.echo = get_halves(wire.echo);
	got.instance = __be32_to_cpu(wire.instance);

	if ((got.flags & ~SPW_HB_FLAGS) || !got.node_id || !got.stamp ||
	    !got.instance ||
	    got.load > SPILLWAY_LOAD_MAX || got.forecast > SPILLWAY_LOAD_MAX ||
	    got.free > SPILLWAY_LOAD_MAX)
		return -EPROTO;
	*hb = got;
	return 0;
}

/**
 * spw_link_build_heartbeat() - write a heartbeat's body
 * @body: room for %SPW_LEN_HEARTBEAT bytes
 * @hb: what to say
 */
void spw_link_build_heartbeat(void *body, const struct spw_heartbeat *hb)
{
	struct spw_wire_heartbeat wire = {
		.node_id = __cpu_to_be16(hb->node_id),
		.flags = __cpu_to_be16(hb->flags),
		.load = __cpu_to_be32(hb->load),
		.forecast = __cpu_to_be32(hb->forecast),
		.free = __cpu_to_be32(hb->free),
		.echo_delay_us = __cpu_to_be32(hb->echo_delay_us),
		.instance = __cpu_to_be32(hb->instance),
	};

	put_halves(wire.capacity, hb->capacity);
	put_halves(wire.stamp, hb->stamp);
	put_halves(wire.echo, hb->echo);
	memcpy(body, &wire, sizeof(wire));
}

/**
 * spw_link_parse_ack() - read an acknowledgment
 * @frame: of type %SPW_FRAME_ACK
 * @ack: receives it
 *
 * Return: 0, or -EPROTO where it is of another size or denies its own highest number.
 */
int spw_link_parse_ack(const struct spw_frame *frame, struct spw_ack *ack)
{
	struct spw_wire_ack wire;
	int i;

	if (frame->len != sizeof(wire))
		return -EPROTO;
	memcpy(&wire, frame->body, sizeof(wire));
	ack->key_id = __be32_to_cpu(wire.key_id);
	ack->delay_us = __be32_to_cpu(wire.delay_us);
	ack->largest = get_halves(wire.largest);
	for (i = 0; i < SPW_ACK_WORDS; i++)
		ack->bits[i] = get_halves(wire.bits[i]);
	if (!(ack->bits[0] >> (ack->largest % 64) & 1))
		return -EPROTO;
	return 0;
}

/**
 * spw_link_build_ack() - write an acknowledgment's body
 * @body: room for %SPW_LEN_ACK bytes
 * @ack: what to say
 */
void spw_link_build_ack(void *body, const struct spw_ack *ack)
{
	struct spw_wire_ack wire = {
		.key_id = __cpu_to_be32(ack->key_id),
		.delay_us = __cpu_to_be32(ack->delay_us),
	};
	int i;

	put_halves(wire.largest, ack->largest);
	for (i = 0; i < SPW_ACK_WORDS; i++)
		put_halves(wire.bits[i], ack->bits[i]);
	memcpy(body, &wire, sizeof(wire));
}

/* A probe is as large as it says, outer headers of one family included. */
static bool size_is_true(const struct spw_frame *frame, __u16 size)
{
	return size == frame->len + SPW_LEN_OVERHEAD4 ||
	       size == frame->len + SPW_LEN_OVERHEAD6;
}

/**
 * spw_link_parse_probe() - read a probe or the reply to one
 * @frame: of type %SPW_FRAME_PROBE or %SPW_FRAME_PROBE_REPLY
 * @probe: receives it
 *
 * Return: 0, or -EPROTO where a length or field is out of range; @probe is then
 * untouched.
 */
int spw_link_parse_probe(const struct spw_frame *frame,
			 struct spw_pmtu_probe *probe)
{
	struct spw_wire_probe wire;
	__u16 size;

	if (frame->len < sizeof(wire))
		return -EPROTO;
	memcpy(&wire, frame->body, sizeof(wire));
	size = __be16_to_cpu(wire.size);
	if (wire.reserved)
		return -EPROTO;
	if (frame->type == SPW_FRAME_PROBE ? !size_is_true(frame, size) :
					     frame->len != sizeof(wire))
		return -EPROTO;
	probe->id = __be32_to_cpu(wire.id);
	probe->size = size;
	return 0;
}

/**
 * spw_link_build_probe() - write the body of a probe or reply, without padding
 * @body: room for %SPW_LEN_PROBE bytes
 * @probe: what to say
 */
void spw_link_build_probe(void *body, const struct spw_pmtu_probe *probe)
{
	struct spw_wire_probe wire = {
		.id = __cpu_to_be32(probe->id),
		.size = __cpu_to_be16(probe->size),
	};

	memcpy(body, &wire, sizeof(wire));
}

/**
 * spw_link_parse_control() - read the head of a chunk
 * @frame: of type %SPW_FRAME_CONTROL; the chunk's bytes are behind the head
 * @head: receives it
 *
 * Return: 0, or -EPROTO where a length or field is out of range; @head is then
 * untouched.
 */
int spw_link_parse_control(const struct spw_frame *frame,
			   struct spw_chunk_head *head)
{
	struct spw_wire_control wire;
	struct spw_chunk_head got;
	__u32 len;

	if (frame->len < sizeof(wire) ||
	    frame->len > sizeof(wire) + SPW_CONTROL_CHUNK)
		return -EPROTO;
	len = frame->len - sizeof(wire);
	memcpy(&wire, frame->body, sizeof(wire));
	got.from = __be32_to_cpu(wire.from);
	got.to = __be32_to_cpu(wire.to);
	got.stream = __be32_to_cpu(wire.stream);
	got.type = __be16_to_cpu(wire.type);
	got.attempt = __be16_to_cpu(wire.attempt);
	got.seq = get_halves(wire.seq);
	got.length = __be32_to_cpu(wire.length);
	got.offset = __be32_to_cpu(wire.offset);

	if (!got.from || !got.to || !got.stream || !got.type ||
	    got.length > SPW_MESSAGE_MAX || got.offset > got.length ||
	    len > got.length - got.offset || (!len && got.length) ||
	    got.seq >> 63)
		return -EPROTO;
	*head = got;
	return 0;
}

/**
 * spw_link_build_control() - write the head of a chunk
 * @body: room for %SPW_LEN_CONTROL bytes; the chunk's bytes follow
 * @head: what to say
 */
void spw_link_build_control(void *body, const struct spw_chunk_head *head)
{
	struct spw_wire_control wire = {
		.from = __cpu_to_be32(head->from),
		.to = __cpu_to_be32(head->to),
		.stream = __cpu_to_be32(head->stream),
		.type = __cpu_to_be16(head->type),
		.attempt = __cpu_to_be16(head->attempt),
		.length = __cpu_to_be32(head->length),
		.offset = __cpu_to_be32(head->offset),
	};

	put_halves(wire.seq, head->seq);
	memcpy(body, &wire, sizeof(wire));
}

/* Nothing has come that lies outside the window, nor the chunk that is missing. */
static bool is_sound(const struct spw_control_ack *ack)
{
	__u64 i, width = ack->limit - ack->next;

	if (!ack->from || !ack->to || !ack->stream || ack->next >> 63 ||
	    ack->limit < ack->next || width > SPW_CONTROL_WINDOW ||
	    ack->newest >= ack->next + SPW_CONTROL_WINDOW || ack->bits[0] & 1)
		return false;
	for (i = width; i < SPW_CONTROL_WINDOW; i++)
		if (ack->bits[i / 64] >> (i % 64) & 1)
			return false;
	return true;
}

/**
 * spw_link_parse_control_ack() - read an acknowledgment of chunks
 * @frame: of type %SPW_FRAME_CONTROL_ACK
 * @ack: receives it
 *
 * Return: 0, or -EPROTO where a length or field is out of range.
 */
int spw_link_parse_control_ack(const struct spw_frame *frame,
			       struct spw_control_ack *ack)
{
	struct spw_wire_control_ack wire;
	int i;

	if (frame->len != sizeof(wire))
		return -EPROTO;
	memcpy(&wire, frame->body, sizeof(wire));
	ack->from = __be32_to_cpu(wire.from);
	ack->to = __be32_to_cpu(wire.to);
	ack->stream = __be32_to_cpu(wire.stream);
	ack->delay_us = __be32_to_cpu(wire.delay_us);
	ack->next = get_halves(wire.next);
	ack->limit = get_halves(wire.limit);
	ack->newest = get_halves(wire.newest);
	ack->attempt = __be16_to_cpu(wire.attempt);
	for (i = 0; i < SPW_CONTROL_WORDS; i++)
		ack->bits[i] = get_halves(wire.bits[i]);
	return is_sound(ack) && !wire.reserved ? 0 : -EPROTO;
}

/**
 * spw_link_build_control_ack() - write an acknowledgment of chunks
 * @body: room for %SPW_LEN_CONTROL_ACK bytes
 * @ack: what to say
 */
void spw_link_build_control_ack(void *body, const struct spw_control_ack *ack)
{
	struct spw_wire_control_ack wire = {
		.from = __cpu_to_be32(ack->from),
		.to = __cpu_to_be32(ack->to),
		.stream = __cpu_to_be32(ack->stream),
		.delay_us = __cpu_to_be32(ack->delay_us),
		.attempt = __cpu_to_be16(ack->attempt),
	};
	int i;

	put_halves(wire.next, ack->next);
	put_halves(wire.limit, ack->limit);
	put_halves(wire.newest, ack->newest);
	for (i = 0; i < SPW_CONTROL_WORDS; i++)
		put_halves(wire.bits[i], ack->bits[i]);
	memcpy(body, &wire, sizeof(wire));
}
