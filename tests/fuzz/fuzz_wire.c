// SPDX-License-Identifier: GPL-2.0-or-later
/* The wire codec: what is read and written again has the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const void *a, const void *b, size_t len)
{
	if (memcmp(a, b, len))
		abort();
}

static void dgram(const uint8_t *data, size_t size)
{
	uint8_t again[SPW_LEN_DGRAM_HDR];
	uint32_t key_id;
	__u64 pn;

	if (spw_link_parse_dgram(data, size, &key_id, &pn))
		return;
	if (size < SPW_LEN_DGRAM_MIN)
		abort();
	spw_link_build_dgram(again, key_id, pn);
	same(again, data, sizeof(again));
}

static void heartbeat(const struct spw_frame *frame)
{
	uint8_t again[SPW_LEN_HEARTBEAT];
	struct spw_heartbeat hb;

	if (spw_link_parse_heartbeat(frame, &hb))
		return;
	spw_link_build_heartbeat(again, &hb);
	same(again, frame->body, sizeof(again));
}

static void probe(const struct spw_frame *frame)
{
	uint8_t again[SPW_LEN_PROBE];
	struct spw_pmtu_probe said;

	if (spw_link_parse_probe(frame, &said))
		return;
	spw_link_build_probe(again, &said);
	same(again, frame->body, sizeof(again));
}

static void control(const struct spw_frame *frame)
{
	uint8_t again[SPW_LEN_CONTROL];
	struct spw_chunk_head head;

	if (spw_link_parse_control(frame, &head))
		return;
	if (head.offset + (frame->len - sizeof(again)) > head.length)
		abort();
	spw_link_build_control(again, &head);
	same(again, frame->body, sizeof(again));
}

static void control_ack(const struct spw_frame *frame)
{
	uint8_t again[SPW_LEN_CONTROL_ACK];
	struct spw_control_ack ack;

	if (spw_link_parse_control_ack(frame, &ack))
		return;
	spw_link_build_control_ack(again, &ack);
	same(again, frame->body, sizeof(again));
}

static void frame_of(const uint8_t *data, size_t size)
{
	uint8_t again[SPW_LEN_FRAME_HDR];
	struct spw_frame frame;

	if (spw_link_parse_frame(data, size, &frame))
		return;
	if (frame.body + frame.len != data + size)
		abort();
	spw_link_build_frame(again, frame.type, frame.flags, frame.ago ? frame.ago : frame.len);
	same(again, data, sizeof(again));
	if (frame.type == SPW_FRAME_HEARTBEAT)
		heartbeat(&frame);
	if (frame.type == SPW_FRAME_PROBE || frame.type == SPW_FRAME_PROBE_REPLY)
		probe(&frame);
	if (frame.type == SPW_FRAME_CONTROL)
		control(&frame);
	if (frame.type == SPW_FRAME_CONTROL_ACK)
		control_ack(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	dgram(data, size);
	frame_of(data, size);
	return 0;
}
