/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is lost on the way to a peer is sent again: packets, time and locks for arq.c. */
#ifndef _SPW_REPAIR_H
#define _SPW_REPAIR_H

#include <linux/hrtimer.h>
#include <linux/spinlock.h>

#include "acker.h"
#include "arq.h"

struct sk_buff;
struct sock;
struct spw_cut;
struct spw_frame;
struct spw_key;
struct spw_peer;

/**
 * struct spw_repair_key - numbers of a transmit key
 * @valid: there is such a key
 * @id: as the peer knows it
 * @offset: from its packet numbers to link numbers, see &spw_key.link_offset
 * @key: to ask which numbers it has given, or NULL where it is replaced
 */
struct spw_repair_key {
	bool valid;
	u32 id;
	u64 offset;
	const struct spw_key *key;
};

/**
 * struct spw_repair - what one peer needs for it
 * @lock: guards all below but @timer; taken in softirq
 * @dead: the peer goes: nothing is kept and no timer started any more
 * @arq: what was sent; its ring is there once the peer relays for us
 * @acker: what came
 * @keys: transmit keys, newest first
 * @armed: ktime (ns) when @timer runs next, 0 if it does not
 * @timer: the one timer, for whichever deadline is next
 */
struct spw_repair {
	spinlock_t lock; /* see above */
	bool dead;
	struct spw_arq arq;
	struct spw_acker acker;
	struct spw_repair_key keys[2];
	u64 armed;
	struct hrtimer timer;
};

/**
 * struct spw_repair_path - what is known of the way to a peer, to be shown
 * @srtt_us: smoothed round-trip time, 0 if unknown
 * @loss: permille of the last thousand datagrams
 * @steps: width of the reordering window, in quarters of the least round trip
 */
struct spw_repair_path {
	u32 srtt_us;
	u32 loss;
	u32 steps;
};

/**
 * struct spw_repair_pieces - pieces of a held packet that leave in one burst
 * @skb: the packet
 * @seq: link number of the first
 * @first: which piece that is
 * @count: how many, numbered in order
 * @size: bytes of a datagram
 * @last: none follows
 * @una_known: @una is given
 * @una: what the socket's far end has acknowledged to it (snd_una)
 */
struct spw_repair_pieces {
	struct sk_buff *skb;
	u64 seq;
	u32 first;
	unsigned int count;
	unsigned int size;
	bool last;
	bool una_known;
	u32 una;
};

void spw_repair_init(struct spw_peer *peer);
void spw_repair_prepare(struct spw_peer *peer);
void spw_repair_stop(struct spw_peer *peer);
void spw_repair_new_key(struct spw_peer *peer, struct spw_key *key);
void spw_repair_no_key(struct spw_peer *peer);
void spw_repair_moved(struct spw_peer *peer);
void spw_repair_path(struct spw_peer *peer, struct spw_repair_path *path);

bool spw_repair_wanted(const struct spw_peer *peer);
void spw_repair_hold(struct sk_buff *skb, unsigned int hdr_len, unsigned int mss,
		     u8 tos, const struct sock *sk, bool needed);
void spw_repair_sent(struct spw_peer *peer, const struct spw_repair_pieces *p);
void spw_repair_drop(struct spw_peer *peer, struct sk_buff *skb);

int spw_repair_acked(struct spw_peer *peer, const struct spw_frame *frame, u64 now);
void spw_repair_heard(struct spw_peer *peer, u32 key_id,
		      const struct spw_heard *heard, u64 now);
void spw_repair_arm(struct spw_peer *peer, u64 now);

#endif /* _SPW_REPAIR_H */
