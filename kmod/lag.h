/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far replicas lag behind: what was said in rounds, and for how long it had been
 * true when the other side acknowledged it. Pure: time comes in as an argument (us).
 */
#ifndef _SPW_LAG_H
#define _SPW_LAG_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <linux/types.h>
#include <stdbool.h>
#endif

enum spw_lag_limits {
	SPW_LAG_ROUNDS = 16,		/* under way at one time */
	SPW_LAG_STEP_US = 250,		/* what one bucket spans */
	SPW_LAG_AGES = 64,		/* buckets of a round, 16 ms */
	SPW_LAG_BUCKETS = 400,		/* of all, 100 ms */
	SPW_LAG_WINDOW_US = 10000000,	/* what is told is of this time or twice as long */
};

/**
 * struct spw_lag_round - what was said at one time
 * @at: when (us)
 * @bytes: of it
 * @oldest: age of the oldest change in it (us)
 * @ages: changes by age at that time, the last bucket for all that were older
 */
struct spw_lag_round {
	__u64 at;
	__u32 bytes;
	__u32 oldest;
	__u16 ages[SPW_LAG_AGES];
};

/**
 * struct spw_lag - of one peer
 * @last: number of the newest round
 * @acked: of the newest that was acknowledged
 * @bytes: of those between the two
 * @rounds: these, a place each modulo %SPW_LAG_ROUNDS
 * @half: of the two below that is being filled
 * @turned: when that began (us)
 * @count: changes by lag, the last bucket for all that was more
 * @most: largest lag (us)
 */
struct spw_lag {
	__u32 last;
	__u32 acked;
	__u32 bytes;
	struct spw_lag_round rounds[SPW_LAG_ROUNDS];
	__u8 half;
	__u64 turned;
	__u32 count[2][SPW_LAG_BUCKETS];
	__u32 most[2];
};

bool spw_lag_room(const struct spw_lag *lag);
void spw_lag_begin(struct spw_lag *lag, __u64 now);
void spw_lag_change(struct spw_lag *lag, __u64 since);
void spw_lag_end(struct spw_lag *lag, __u32 bytes);
void spw_lag_undo(struct spw_lag *lag);
bool spw_lag_ack(struct spw_lag *lag, __u32 round, __u64 now);
void spw_lag_forget(struct spw_lag *lag);
__u32 spw_lag_quantile(const struct spw_lag *lag, __u32 permille);
__u32 spw_lag_most(const struct spw_lag *lag);

#endif /* _SPW_LAG_H */
