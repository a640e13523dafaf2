/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replay window of one receive key (RFC 6479). Pure. */
#ifndef _SPW_REPLAY_H
#define _SPW_REPLAY_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

enum spw_replay_size {
	SPW_REPLAY_WORD_BITS = 64,
	SPW_REPLAY_BITS = 8192,
	/* one word is always being cleared: RFC 6479 section 2 */
	SPW_REPLAY_WINDOW = SPW_REPLAY_BITS - SPW_REPLAY_WORD_BITS,
	SPW_REPLAY_WORDS = SPW_REPLAY_BITS / SPW_REPLAY_WORD_BITS,
};

/**
 * struct spw_replay - which packet numbers have been seen
 * @next: one above the highest number seen; 0 if none
 * @seen: ring of bits
 * @claims: one above the highest number claimed; 0 if none
 * @claimed: ring of bits: what was sent first under the number has come under another
 *
 * The caller's lock guards all; @next may be peeked at without it.
 */
struct spw_replay {
	__u64 next;
	__u64 seen[SPW_REPLAY_WORDS];
	__u64 claims;
	__u64 claimed[SPW_REPLAY_WORDS];
};

bool spw_replay_too_old(__u64 next, __u64 pn);
bool spw_replay_accept(struct spw_replay *r, __u64 pn);
bool spw_replay_claim(struct spw_replay *r, __u64 pn);
bool spw_replay_is_claimed(const struct spw_replay *r, __u64 pn);
void spw_replay_bits(const struct spw_replay *r, __u64 *bits, unsigned int words);

#endif /* _SPW_REPLAY_H */
