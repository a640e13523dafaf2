// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An endpoint with much in its queues is sent to the target while it still lives, so that
 * what is shipped while it is frozen is only what has changed since: its blackout does not
 * grow with its queues. Whatever goes wrong, the whole image is shipped.
 */
#include <net/tcp.h>

#include "ahead.h"
#include "app.h"
#include "freeze.h"
#include "image_patch.h"
#include "offer.h"
#include "peer.h"

/* Bytes that make an image large; without the socket's lock a hint. */
static u32 bytes_of(const struct spw_offer *offer, const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct spw_device *spw = offer->moves->spw;
	struct spw_session *session = spw_app_session(spw, spw_app_id(spw, sk));
	u32 bytes = READ_ONCE(tp->write_seq) - READ_ONCE(tp->snd_una) +
		    READ_ONCE(tp->rcv_nxt) - READ_ONCE(tp->copied_seq);

	if (session)
		bytes += session->len;
	spw_session_put(session);
	return bytes;
}

static int say(struct spw_offer *offer)
{
	struct spw_captured *image = &offer->ahead.image;
	struct spw_move_msg msg;

	spw_moves_key(&msg, SPW_MOVE_AHEAD, offer->moves->life, offer->id);
	msg.size = image->len;
	spw_move_msg_build(image->data, &msg);
	return spw_messenger_append(offer->peer, SPW_MESSAGE_MOVE, image->data,
				    image->head + image->len, image->head + image->len);
}

/**
 * spw_ahead_drop() - nothing of it is needed any more
 * @offer: move; under &spw_moves.lock
 */
void spw_ahead_drop(struct spw_offer *offer)
{
	struct spw_captured *image = &offer->ahead.image;

	offer->ahead.waits = false;
	if (!image->data)
		return;
	kvfree(image->data);
	image->data = NULL;
	offer->moves->ahead_bytes -= image->len;
}

/* Between two of its packets: the application waits for as long as the copy takes. */
static bool take(struct spw_offer *offer, struct sock *sk)
{
	struct spw_captured *image = &offer->ahead.image;
	bool taken;

	if (bytes_of(offer, sk) < SPW_AHEAD_LEAST ||
	    offer->moves->ahead_bytes >= SPW_AHEAD_MAX || !spw_freeze_lock(sk))
		return false;
	taken = spw_sock_lives(sk) && !spw_capture_refused(sk) &&
		!spw_freeze_image(offer, sk, image);
	release_sock(sk);
	if (taken)
		offer->moves->ahead_bytes += image->len;
	return taken;
}

static void begin(struct spw_offer *offer)
{
	struct sock *sk = spw_freeze_sock(offer);

	if (!sk)
		return;
	if (take(offer, sk)) {
		offer->ahead.waits = !say(offer);
		if (offer->ahead.waits)
			spw_peer_count(offer->peer, SPILLWAY_STAT_MOVE_AHEAD, 1);
		else
			spw_ahead_drop(offer);
	}
	sock_put(sk);
}

/**
 * spw_ahead_waits() - is the image under way ahead of the move?
 * @offer: move that may be frozen; under &spw_moves.lock, process context
 *
 * Sends it when asked first, where that is worth it. The deadline for that is the machine's.
 */
bool spw_ahead_waits(struct spw_offer *offer)
{
	if (!offer->ahead.looked)
		begin(offer);
	offer->ahead.looked = true;
	return offer->ahead.waits;
}

/**
 * spw_ahead_taken() - the target has it, or has not kept it
 * @offer: move; under &spw_moves.lock
 * @msg: TAKEN
 */
void spw_ahead_taken(struct spw_offer *offer, const struct spw_move_msg *msg)
{
	if (!offer->ahead.waits)
		return;
	offer->ahead.waits = false;
	if (msg->size != offer->ahead.image.len)
		spw_ahead_drop(offer);
	spw_moves_turn(offer->moves);
}

static bool read_blob(struct spw_image_blob *blob, const struct spw_captured *image)
{
	enum spw_image_why why;

	blob->data = image->data + image->head;
	blob->len = image->len;
	return !spw_image_parse(blob->data, blob->len, &blob->image, &why);
}

static u32 write_patch(u8 *to, const struct spw_captured *from, const struct spw_captured *whole)
{
	struct spw_image_blob *blobs = kmalloc_array(2, sizeof(*blobs), GFP_KERNEL | __GFP_NOWARN);
	u32 len = 0;

	if (blobs && read_blob(&blobs[0], from) && read_blob(&blobs[1], whole))
		len = spw_image_patch_build(to, whole->len, &blobs[0], &blobs[1]);
	kfree(blobs);
	return len;
}

/**
 * spw_ahead_patch() - the image of a frozen endpoint becomes what the target lacks of it
 * @offer: move; under &spw_moves.lock
 *
 * Return: whether it is a patch now. It may as well stay whole.
 */
bool spw_ahead_patch(struct spw_offer *offer)
{
	struct spw_captured *image = &offer->image;
	u8 *data;
	u32 len;

	if (!offer->ahead.image.data)
		return false;
	data = kvmalloc(image->head + image->len, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	len = data ? write_patch(data + image->head, &offer->ahead.image, image) : 0;
	spw_ahead_drop(offer);
	if (!len) {
		kvfree(data);
		return false;
	}
	kvfree(image->data);
	image->data = data;
	image->len = len;
	spw_peer_count(offer->peer, SPILLWAY_STAT_MOVE_PATCHED, 1);
	return true;
}
