// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sealed datagrams of one burst, walking the stack as one UDP GSO packet: routing,
 * the user's firewall and the device see it once. A device that can (or the other
 * end of a veth) takes it whole; for others the kernel cuts it last thing.
 */
#include <linux/skbuff.h>
#include <linux/udp.h>

#include "burst.h"

/**
 * spw_burst_begin() - an empty burst
 * @b: of any content
 * @inner: packet whose priority, mark and time of departure the burst takes over
 * @head: bytes of room for outer headers
 * @todo: bytes of all datagrams that there are still to be sent
 * @size: bytes of the first
 *
 * Return: false without memory.
 */
bool spw_burst_begin(struct spw_burst *b, const struct sk_buff *inner,
		     unsigned int head, unsigned int todo, unsigned int size)
{
	/* A datagram alone is best linear: it will be opened in place. */
	unsigned int tail = todo == size ? size : 0;

	*b = (struct spw_burst){ .size = size, .todo = todo };
	b->skb = alloc_skb(head + tail, GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!b->skb))
		return false;
	skb_reserve(b->skb, head);
	skb_copy_header(b->skb, inner);
	b->skb->ip_summed = CHECKSUM_NONE;
	return true;
}

static bool next_fragment(struct spw_burst *b, unsigned int len)
{
	unsigned int nr = skb_shinfo(b->skb)->nr_frags;
	unsigned int want = min_t(unsigned int, b->todo, SPW_BURST_BYTES);

	if (nr == MAX_SKB_FRAGS || !spw_chunk_renew(&b->chunk, len, want))
		return false;
	get_page(b->chunk.page);
	skb_add_rx_frag(b->skb, nr, b->chunk.page, 0, 0, b->chunk.size);
	return true;
}

/**
 * spw_burst_room() - room for one more datagram
 * @b: begun
 * @len: its bytes, at most those of the first
 *
 * Return: where it goes, in one piece, to be filled before the next call; NULL where
 * the burst is full or there is no memory: end it and begin another.
 */
void *spw_burst_room(struct spw_burst *b, unsigned int len)
{
	struct skb_shared_info *info = skb_shinfo(b->skb);
	void *room;

	if (b->count == SPW_BURST_DATAGRAMS || b->skb->len + len > SPW_BURST_BYTES)
		return NULL;
	if (!b->count && skb_tailroom(b->skb) >= len && b->todo == len) {
		b->count = 1;
		return skb_put(b->skb, len);
	}
	if (spw_chunk_left(&b->chunk) < len && !next_fragment(b, len))
		return NULL;
	room = spw_chunk_end(&b->chunk);
	b->chunk.used += len;
	skb_frag_size_add(&info->frags[info->nr_frags - 1], len);
	b->skb->len += len;
	b->skb->data_len += len;
	b->todo -= len;
	b->count++;
	return room;
}

/**
 * spw_burst_end() - no datagram follows
 * @b: begun
 *
 * Return: the packet, or NULL if the burst is empty.
 */
struct sk_buff *spw_burst_end(struct spw_burst *b)
{
	struct skb_shared_info *info = skb_shinfo(b->skb);

	spw_chunk_put(&b->chunk);
	if (!b->count) {
		kfree_skb(b->skb);
		return NULL;
	}
	info->gso_size = b->count > 1 ? b->size : 0;
	info->gso_type = b->count > 1 ? SKB_GSO_UDP_L4 : 0;
	info->gso_segs = b->count > 1 ? b->count : 0;
	return b->skb;
}
