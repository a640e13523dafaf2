// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inner packets of a received burst, handed up as few large ones.
 *
 * Each frame is opened straight to where its payload belongs: behind the payload
 * before it. Its headers then lie on the end of that payload, so those bytes are put
 * aside first and put back once the headers have been looked at:
 *
 *     ... payload of the one before | payload ...
 *              frame hdr | IP | TCP | payload ...
 *              `----- covers -----'
 *
 * Nothing is moved unless a packet turns out not to follow the one before.
 */
#include <linux/skbuff.h>

#include "deliver.h"
#include "peer.h"
#include "train.h"

/**
 * spw_train_begin() - nothing is waiting
 * @t: of any content
 * @tos: outer type of service or traffic class of the burst
 * @todo: bytes of the burst
 */
void spw_train_begin(struct spw_train *t, u8 tos, unsigned int todo)
{
	t->tos = tos;
	t->skb = NULL;
	t->chunk = (struct spw_chunk){};
	t->todo = todo;
	t->covers = 0;
}

/**
 * spw_train_room() - room for one more frame and its tag
 * @t: train
 * @len: bytes
 *
 * spw_train_skip() or spw_train_add() must follow.
 *
 * Return: where it is to be opened to, or NULL without memory.
 */
void *spw_train_room(struct spw_train *t, unsigned int len)
{
	unsigned int covers = 0;

	if (t->skb && !t->merge.closed)
		covers = SPW_LEN_FRAME_HDR + t->merge.shape.hdr_len;
	if (covers > t->chunk.used || len > spw_chunk_left(&t->chunk) + covers) {
		covers = 0;
		if (len > spw_chunk_left(&t->chunk) &&
		    !spw_chunk_renew(&t->chunk, len, t->todo))
			return NULL;
	}
	t->todo -= min(t->todo, len);
	t->frame = spw_chunk_end(&t->chunk) - covers;
	t->covers = covers;
	memcpy(t->saved, t->frame, covers);
	return t->frame;
}

/**
 * spw_train_skip() - the frame is of no use, or has been used
 * @t: after spw_train_room()
 */
void spw_train_skip(struct spw_train *t)
{
	memcpy(t->frame, t->saved, t->covers);
	t->covers = 0;
}

static void flush(struct spw_train *t)
{
	struct sk_buff *skb = t->skb;

	if (!skb)
		return;
	t->skb = NULL;
	spw_merge_finish(&t->merge);
	memcpy(skb->data, t->merge.hdr, t->merge.shape.hdr_len);
	spw_deliver(t->peer, skb, t->tos, &t->merge.shape, t->merge.count,
		    t->partial);
}

/* The payload follows that of the last fragment, or needs one of its own. */
static void attach(struct spw_train *t, const u8 *payload, unsigned int len)
{
	struct sk_buff *skb = t->skb;
	u8 *base = page_address(t->chunk.page);
	unsigned int nr = skb_shinfo(skb)->nr_frags;

	if (!len)
		return;
	if (t->covers) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[nr - 1], len);
		skb->len += len;
		skb->data_len += len;
	} else {
		get_page(t->chunk.page);
		skb_add_rx_frag(skb, nr, t->chunk.page, payload - base, len,
				t->chunk.size);
	}
	t->chunk.used = payload - base + len;
}

static bool follows(struct spw_train *t, struct spw_peer *peer,
		    const struct spw_inner *inner)
{
	return t->skb && t->peer == peer &&
	       (t->covers || skb_shinfo(t->skb)->nr_frags < MAX_SKB_FRAGS) &&
	       spw_merge_add(&t->merge, t->frame + SPW_LEN_FRAME_HDR, inner);
}

/* Free the payload that the frame covers, though it does not follow it. */
static bool step_aside(struct spw_train *t, const struct spw_inner *inner)
{
	unsigned int len = SPW_LEN_FRAME_HDR + inner->hdr_len + inner->payload;
	struct spw_chunk fresh = {};
	u8 *to;

	if (!t->covers)
		return true;
	if (len <= spw_chunk_left(&t->chunk)) {
		to = spw_chunk_end(&t->chunk);
		memmove(to, t->frame, len);
		spw_train_skip(t);
		t->frame = to;
		return true;
	}
	if (!spw_chunk_renew(&fresh, len, len + t->todo)) {
		spw_train_skip(t);
		return false;
	}
	to = page_address(fresh.page);
	memcpy(to, t->frame, len);
	spw_train_skip(t);
	spw_chunk_put(&t->chunk);
	t->chunk = fresh;
	t->frame = to;
	return true;
}

static bool start(struct spw_train *t, struct spw_peer *peer, bool partial,
		  const struct spw_inner *inner)
{
	const u8 *hdr = t->frame + SPW_LEN_FRAME_HDR;
	struct sk_buff *skb;

	skb = alloc_skb(NET_SKB_PAD + LL_MAX_HEADER + inner->hdr_len,
			GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!skb))
		return false;
	skb_reserve(skb, NET_SKB_PAD + LL_MAX_HEADER);
	skb_put(skb, inner->hdr_len);
	t->peer = peer;
	t->partial = partial;
	t->skb = skb;
	spw_merge_begin(&t->merge, hdr, inner);
	attach(t, hdr + inner->hdr_len, inner->payload);
	return true;
}

/**
 * spw_train_add() - the frame was opened and holds a packet that relay carries
 * @t: after spw_train_room()
 * @peer: who sent it
 * @partial: its TCP checksum is still to be made
 * @inner: its shape
 *
 * Return: 0 or the counter of the drop.
 */
int spw_train_add(struct spw_train *t, struct spw_peer *peer, bool partial,
		  const struct spw_inner *inner)
{
	if (likely(follows(t, peer, inner))) {
		const u8 *payload = t->frame + SPW_LEN_FRAME_HDR + inner->hdr_len;

		attach(t, payload, inner->payload);
		spw_train_skip(t);
		return 0;
	}
	if (!step_aside(t, inner))
		return SPILLWAY_STAT_RX_DROP_NOMEM;
	flush(t);
	return start(t, peer, partial, inner) ? 0 : SPILLWAY_STAT_RX_DROP_NOMEM;
}

/**
 * spw_train_end() - hand up what is waiting
 * @t: begun
 */
void spw_train_end(struct spw_train *t)
{
	flush(t);
	spw_chunk_put(&t->chunk);
}
