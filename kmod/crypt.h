/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys, nonces, seal and open. */
#ifndef _SPW_CRYPT_H
#define _SPW_CRYPT_H

#include <linux/math64.h>
#include <linux/spillway.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>

#include "replay.h"

struct spw_ack;
struct spw_peer;

/**
 * struct spw_key - a data key of one direction
 * @peer: whose it is; lives longer than the key
 * @id: unique on the receiver
 * @born: spw_key_clock() when it was installed
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
	u64 born;
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
 * @twin: what it was given to has come already, under another number
 */
struct spw_accepted {
	bool newest;
	bool gap;
	bool twin;
};

struct spw_key *spw_key_new(struct spw_peer *peer, u32 id, const u8 *secret,
			    u64 first_pn);
void spw_key_free(struct spw_key *key);
bool spw_key_ends(const struct spw_key *key, u64 now);
bool spw_key_used(const struct spw_key *key);
int spw_key_take(struct spw_key *key, unsigned int n, u64 *first);
void spw_seal(const struct spw_key *key, u64 pn, void *dgram, size_t frame_len);
bool spw_open(const struct spw_key *key, u64 pn, void *frame, const void *sealed,
	      size_t len, const void *hdr);
bool spw_key_too_old(const struct spw_key *key, u64 pn);
bool spw_key_accept(struct spw_key *key, u64 pn, struct spw_accepted *how);
bool spw_key_claim(struct spw_key *key, u64 pn);
bool spw_key_seen(struct spw_key *key, struct spw_ack *ack);

/*
 * The clock of keys, in ns: it goes on while the machine is suspended, so that a key
 * is not older than it seems. A tick more or less does not matter.
 */
static inline u64 spw_key_clock(void)
{
	return ktime_get_coarse_boottime_ns();
}

static inline u64 spw_key_age_ms(const struct spw_key *key, u64 now)
{
	return div_u64(now - key->born, NSEC_PER_MSEC);
}

/* Checked for every packet of the stack, in both directions. */
static inline bool spw_key_expired(const struct spw_key *key, u64 now)
{
	return now - key->born >= SPILLWAY_KEY_LIFE_MS * (u64)NSEC_PER_MSEC;
}

#endif /* _SPW_CRYPT_H */
