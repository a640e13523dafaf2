/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys, nonces, seal and open. */
#ifndef _SPW_CRYPT_H
#define _SPW_CRYPT_H

#include <linux/spinlock.h>
#include <linux/spillway.h>

#include "replay.h"

struct spw_ack;
struct spw_peer;

/**
 * struct spw_key - a data key of one direction
 * @peer: whose it is; lives longer than the key
 * @id: unique on the receiver
 * @secret: never leaves the kernel, wiped before the memory is freed
 * @first_pn: transmit: where the numbers began
 * @next_pn: transmit: next packet number
 * @link_offset: transmit: from packet numbers to those of arq.c, see repair.c
 * @replay_lock: receive: guards @replay
 * @replay: receive: numbers seen
 * @rcu: freed after a grace period
 */
struct spw_key {
	struct spw_peer *peer;
	u32 id;
	u8 secret[SPILLWAY_KEY_LEN];
	u64 first_pn;
	atomic64_t next_pn;
	u64 link_offset;
	spinlock_t replay_lock; /* guards replay */
	struct spw_replay replay;
	struct rcu_head rcu;
};

/**
 * struct spw_accepted - how a number stands to those before
 * @newest: it is above them all
 * @gap: it is not the next one
 */
struct spw_accepted {
	bool newest;
	bool gap;
};

struct spw_key *spw_key_new(struct spw_peer *peer, u32 id, const u8 *secret,
			    u64 first_pn);
void spw_key_free(struct spw_key *key);
int spw_key_take(struct spw_key *key, unsigned int n, u64 *first);
void spw_seal(const struct spw_key *key, u64 pn, void *dgram, size_t frame_len);
bool spw_open(const struct spw_key *key, u64 pn, void *frame, const void *sealed,
	      size_t len, const void *hdr);
bool spw_key_too_old(const struct spw_key *key, u64 pn);
bool spw_key_accept(struct spw_key *key, u64 pn, struct spw_accepted *how);
bool spw_key_seen(struct spw_key *key, struct spw_ack *ack);

#endif /* _SPW_CRYPT_H */
