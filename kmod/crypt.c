// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys, nonces, seal and open: ChaCha20-Poly1305 (RFC 8439) by the kernel's own
 * library, which is synchronous and may be called in softirq. The packet number is
 * the nonce; the clear header is the associated data.
 */
#include <crypto/chacha20poly1305.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "crypt.h"
#include "link.h"
#include "messages.h"

/**
 * spw_key_new() - a key that nobody can find yet
 * @peer: whose
 * @id: as the receiver knows it
 * @secret: %SPILLWAY_KEY_LEN bytes, copied
 * @first_pn: first packet number to send with it
 *
 * Return: the key, or NULL without memory.
 */
struct spw_key *spw_key_new(struct spw_peer *peer, u32 id, const u8 *secret,
			    u64 first_pn)
{
	struct spw_key *key = kzalloc(sizeof(*key), GFP_KERNEL);

	if (!key)
		return NULL;
	key->peer = peer;
	key->id = id;
	memcpy(key->secret, secret, sizeof(key->secret));
	key->first_pn = first_pn;
	atomic64_set(&key->next_pn, first_pn);
	spin_lock_init(&key->replay_lock);
	return key;
}

static void key_free_rcu(struct rcu_head *rcu)
{
	kfree_sensitive(container_of(rcu, struct spw_key, rcu));
}

/**
 * spw_key_free() - wipe a key once nobody uses it
 * @key: unpublished; may be NULL
 */
void spw_key_free(struct spw_key *key)
{
	if (key)
		call_rcu(&key->rcu, key_free_rcu);
}

/**
 * spw_seal() - turn a frame into a datagram, in place
 * @key: transmit key, under RCU
 * @skb: linear, not shared; a whole frame, with %SPW_LEN_DGRAM_HDR bytes of head
 *	room and %SPW_LEN_TAG of tail room
 *
 * Each call takes a packet number; it is never used again, sent or not.
 *
 * Return: 0, or -EKEYEXPIRED where the key has sealed all that it may.
 */
int spw_seal(struct spw_key *key, struct sk_buff *skb)
{
	u64 pn = atomic64_inc_return(&key->next_pn) - 1;
	unsigned int len = skb->len;
	u8 *hdr;

	if (unlikely(pn - key->first_pn >= SPW_KEY_PACKETS_MAX))
		return -EKEYEXPIRED;
	hdr = skb_push(skb, SPW_LEN_DGRAM_HDR);
	spw_link_build_dgram(hdr, key->id, pn);
	skb_put(skb, SPW_LEN_TAG);
	chacha20poly1305_encrypt(hdr + SPW_LEN_DGRAM_HDR,
				 hdr + SPW_LEN_DGRAM_HDR, len,
				 hdr, SPW_LEN_DGRAM_HDR, pn, key->secret);
	return 0;
}

/**
 * spw_open() - turn a datagram into a frame, in place
 * @key: receive key, under RCU
 * @skb: linear and writable, at the datagram's header
 * @pn: its packet number
 *
 * On success header and tag are taken off.
 *
 * Return: whether it is authentic. If not, @skb is of no use any more.
 */
bool spw_open(struct spw_key *key, struct sk_buff *skb, u64 pn)
{
	u8 *hdr = skb->data;
	u8 *sealed = hdr + SPW_LEN_DGRAM_HDR;

	if (!chacha20poly1305_decrypt(sealed, sealed,
				      skb->len - SPW_LEN_DGRAM_HDR,
				      hdr, SPW_LEN_DGRAM_HDR, pn, key->secret))
		return false;
	__skb_pull(skb, SPW_LEN_DGRAM_HDR);
	return !pskb_trim(skb, skb->len - SPW_LEN_TAG);
}

/**
 * spw_key_too_old() - may a number be refused before its datagram is opened?
 * @key: receive key
 * @pn: packet number, not authenticated
 */
bool spw_key_too_old(const struct spw_key *key, u64 pn)
{
	return spw_replay_too_old(READ_ONCE(key->replay.next), pn);
}

/**
 * spw_key_accept() - note the number of an authentic datagram
 * @key: receive key
 * @pn: packet number
 *
 * Return: false for a replay.
 */
bool spw_key_accept(struct spw_key *key, u64 pn)
{
	bool fresh;

	spin_lock_bh(&key->replay_lock);
	fresh = spw_replay_accept(&key->replay, pn);
	spin_unlock_bh(&key->replay_lock);
	return fresh;
}
