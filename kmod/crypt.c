// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys, nonces, seal and open: ChaCha20-Poly1305 (RFC 8439) by the kernel's own
 * library, which is synchronous and may be called in softirq. The packet number is
 * the nonce; the clear header is the associated data.
 */
#include <crypto/chacha20poly1305.h>
#include <linux/slab.h>

#include "crypt.h"
#include "link.h"
#include "messages.h"
#include "trace.h"

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
	key->born = spw_key_clock();
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
	if (!key)
		return;
	trace_spillway_key_gone(key);
	call_rcu(&key->rcu, key_free_rcu);
}

/**
 * spw_key_ends() - is it time that another takes the place of a transmit key?
 * @key: transmit key
 * @now: spw_key_clock()
 *
 * Return: whether it has less than %SPILLWAY_KEY_MARGIN_MS or
 *	%SPW_KEY_PACKETS_MARGIN left.
 */
bool spw_key_ends(const struct spw_key *key, u64 now)
{
	u64 used = (u64)atomic64_read(&key->next_pn) - key->first_pn;

	return spw_key_age_ms(key, now) >=
	       SPILLWAY_KEY_LIFE_MS - SPILLWAY_KEY_MARGIN_MS ||
	       used >= SPW_KEY_PACKETS_MAX - SPW_KEY_PACKETS_MARGIN;
}

/**
 * spw_key_used() - has the peer sealed with a receive key?
 * @key: receive key
 */
bool spw_key_used(const struct spw_key *key)
{
	return READ_ONCE(key->replay.next);
}

/**
 * spw_key_take() - take packet numbers
 * @key: transmit key, under RCU
 * @n: how many
 * @first: receives the first of them
 *
 * A number is never given twice, whether its datagram is sent or not.
 *
 * Return: 0, or -EKEYEXPIRED where the key has sealed all that it may.
 */
int spw_key_take(struct spw_key *key, unsigned int n, u64 *first)
{
	*first = atomic64_add_return(n, &key->next_pn) - n;
	return likely(*first - key->first_pn < SPW_KEY_PACKETS_MAX - n) ?
	       0 : -EKEYEXPIRED;
}

/**
 * spw_seal() - turn a frame into a datagram, in place
 * @key: transmit key, under RCU
 * @pn: of spw_key_take(), for this datagram alone
 * @dgram: %SPW_LEN_DGRAM_HDR bytes of room, the frame, %SPW_LEN_TAG bytes of room
 * @frame_len: bytes of the frame
 */
void spw_seal(const struct spw_key *key, u64 pn, void *dgram, size_t frame_len)
{
	u8 *frame = dgram + SPW_LEN_DGRAM_HDR;

	spw_link_build_dgram(dgram, key->id, pn);
	chacha20poly1305_encrypt(frame, frame, frame_len, dgram,
				 SPW_LEN_DGRAM_HDR, pn, key->secret);
}

/**
 * spw_open() - turn a datagram into a frame
 * @key: receive key, under RCU
 * @pn: packet number that the datagram claims
 * @frame: receives the frame, @len - %SPW_LEN_TAG bytes; untouched on failure
 * @sealed: frame and tag; may be @frame itself
 * @len: bytes at @sealed
 * @hdr: the datagram's clear header
 *
 * Return: whether it is authentic.
 */
bool spw_open(const struct spw_key *key, u64 pn, void *frame, const void *sealed,
	      size_t len, const void *hdr)
{
	return chacha20poly1305_decrypt(frame, sealed, len, hdr,
					SPW_LEN_DGRAM_HDR, pn, key->secret);
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
 * @key: receive key, under RCU, bottom halves off
 * @pn: packet number
 * @how: receives how it stands to those before
 *
 * Return: false for a replay.
 */
bool spw_key_accept(struct spw_key *key, u64 pn, struct spw_accepted *how)
{
	bool fresh;

	spin_lock(&key->replay_lock);
	how->newest = pn >= key->replay.next;
	how->gap = pn != key->replay.next;
	fresh = spw_replay_accept(&key->replay, pn);
	how->twin = fresh && spw_replay_is_claimed(&key->replay, pn);
	spin_unlock(&key->replay_lock);
	return fresh;
}

/**
 * spw_key_claim() - what was sent first under a number has come under another
 * @key: receive key, under RCU, bottom halves off
 * @pn: the number that it was sent first under
 *
 * Return: false where it came before.
 */
bool spw_key_claim(struct spw_key *key, u64 pn)
{
	bool fresh;

	spin_lock(&key->replay_lock);
	fresh = spw_replay_claim(&key->replay, pn);
	spin_unlock(&key->replay_lock);
	return fresh;
}

/**
 * spw_key_seen() - which numbers came
 * @key: receive key
 * @ack: receives them
 *
 * Return: false where none has come yet.
 */
bool spw_key_seen(struct spw_key *key, struct spw_ack *ack)
{
	bool any;

	spin_lock_bh(&key->replay_lock);
	any = key->replay.next;
	if (any) {
		ack->largest = key->replay.next - 1;
		spw_replay_bits(&key->replay, ack->bits, SPW_ACK_WORDS);
	}
	spin_unlock_bh(&key->replay_lock);
	return any;
}
