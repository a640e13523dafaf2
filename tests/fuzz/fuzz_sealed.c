// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Past the seal: the input is frames, each behind its packet number (8 bits) and length
 * (16 bits, big-endian). Each is sealed here, so that the fuzzer need not guess a tag,
 * opened, and taken through the steps of kmod/receive.c. A peer that is authenticated may
 * still say anything.
 *
 * The top bit of the number spoils one bit of the datagram, anywhere: nothing may come
 * out of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"
#include "link.h"
#include "replay.h"
#include "seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t secret[32] = "a secret of thirty-two bytes....";
#define KEY_ID 7

/**
 * struct receiver - what kmod keeps of a peer
 * @replay: numbers seen
 * @merge: packets waiting for one that follows
 * @waiting: there are any
 * @taken: frames accepted
 */
struct receiver {
	struct spw_replay replay;
	struct spw_merge merge;
	bool waiting;
	unsigned int taken;
};

static void frame_in(struct receiver *r, const uint8_t *data, size_t len, uint64_t pn)
{
	struct spw_heartbeat hb;
	struct spw_frame frame;
	struct spw_inner inner;

	if (spw_link_parse_frame(data, len, &frame))
		return;
	if (frame.type == SPW_FRAME_HEARTBEAT) {
		spw_link_parse_heartbeat(&frame, &hb);
		return;
	}
	if (frame.ago > pn || spw_inner_parse(frame.body, frame.len, &inner) ||
	    spw_replay_is_claimed(&r->replay, pn) ||
	    (frame.ago && !spw_replay_claim(&r->replay, pn - frame.ago)))
		return;
	if (r->waiting && spw_merge_add(&r->merge, frame.body, &inner))
		return;
	if (r->waiting)
		spw_merge_finish(&r->merge);
	spw_merge_begin(&r->merge, frame.body, &inner);
	r->waiting = true;
}

static void receive(struct receiver *r, const uint8_t *dgram, size_t len)
{
	uint8_t *frame;
	uint32_t key_id;
	__u64 pn;

	if (spw_link_parse_dgram(dgram, len, &key_id, &pn) || key_id != KEY_ID ||
	    spw_replay_too_old(r->replay.next, pn))
		return;
	frame = malloc(len - SPW_LEN_DGRAM_HDR - SPW_LEN_TAG);
	if (frame && seal_open(secret, pn, frame, dgram, len) &&
	    spw_replay_accept(&r->replay, pn)) {
		r->taken++;
		frame_in(r, frame, len - SPW_LEN_DGRAM_HDR - SPW_LEN_TAG, pn);
	}
	free(frame);
}

static void send_one(struct receiver *r, uint8_t number, const uint8_t *frame, size_t len)
{
	size_t size = SPW_LEN_DGRAM_HDR + len + SPW_LEN_TAG;
	unsigned int taken = r->taken, bit;
	uint8_t *dgram = malloc(size);
	struct spw_replay before = r->replay;
	bool spoilt = number & 0x80;
	uint64_t pn = number & 0x7f;

	if (!dgram)
		return;
	memcpy(dgram + SPW_LEN_DGRAM_HDR, frame, len);
	seal(secret, KEY_ID, pn, dgram, len);
	if (spoilt) {
		bit = (unsigned int)((number + 131U * len) % (8 * size));
		dgram[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	receive(r, dgram, size);
	if (len < SPW_LEN_FRAME_HDR || spoilt ? r->taken != taken :
						r->taken - taken != spw_replay_accept(&before, pn))
		abort();
	free(dgram);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct receiver r = { .taken = 0 };
	size_t at = 0, len;

	while (at + 3 <= size) {
		len = (size_t)(data[at + 1] << 8 | data[at + 2]);
		if (len > size - at - 3)
			len = size - at - 3;
		send_one(&r, data[at], data + at + 3, len);
		at += 3 + len;
	}
	return 0;
}
