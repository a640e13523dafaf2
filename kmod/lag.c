// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lag of replicas. A change is as old as the last look that did not find it, so the lag is
 * never told too small; buckets count with their upper end for the same reason. Pure.
 */
#include <linux/string.h>

#include "lag.h"

static struct spw_lag_round *round_of(struct spw_lag *lag, __u32 number)
{
	return &lag->rounds[number % SPW_LAG_ROUNDS];
}

/**
 * spw_lag_room() - may another round begin?
 * @lag: of a peer
 */
bool spw_lag_room(const struct spw_lag *lag)
{
	return lag->last - lag->acked < SPW_LAG_ROUNDS;
}

/**
 * spw_lag_begin() - a round begins
 * @lag: with room for it
 * @now: us
 */
void spw_lag_begin(struct spw_lag *lag, __u64 now)
{
	struct spw_lag_round *round = round_of(lag, ++lag->last);

	memset(round, 0, sizeof(*round));
	round->at = now;
}

/**
 * spw_lag_change() - a change is told in this round
 * @lag: of a peer
 * @since: when it was not there yet (us), not after the round began
 */
void spw_lag_change(struct spw_lag *lag, __u64 since)
{
	struct spw_lag_round *round = round_of(lag, lag->last);
	__u64 age = round->at > since ? round->at - since : 0;
	__u64 bucket = age / SPW_LAG_STEP_US;

	if (bucket >= SPW_LAG_AGES)
		bucket = SPW_LAG_AGES - 1;
	if (round->ages[bucket] != 0xffff)
		round->ages[bucket]++;
	if (age > round->oldest)
		round->oldest = age > 0x7fffffff ? 0x7fffffff : (__u32)age;
}

/**
 * spw_lag_end() - the round is on its way
 * @lag: of a peer
 * @bytes: of it
 */
void spw_lag_end(struct spw_lag *lag, __u32 bytes)
{
	round_of(lag, lag->last)->bytes = bytes;
	lag->bytes += bytes;
}

/**
 * spw_lag_undo() - the round that was begun was not sent
 * @lag: of a peer
 */
void spw_lag_undo(struct spw_lag *lag)
{
	lag->last--;
}

/* What is told is of the last window at least, and of two at most. */
static void turn(struct spw_lag *lag, __u64 now)
{
	__u64 passed = now - lag->turned;

	if (passed < SPW_LAG_WINDOW_US)
		return;
	if (passed >= 2 * SPW_LAG_WINDOW_US)
		memset(lag->count[lag->half], 0, sizeof(lag->count[0]));
	if (passed >= 2 * SPW_LAG_WINDOW_US)
		lag->most[lag->half] = 0;
	lag->half ^= 1;
	memset(lag->count[lag->half], 0, sizeof(lag->count[0]));
	lag->most[lag->half] = 0;
	lag->turned = now;
}

static void add(struct spw_lag *lag, __u64 us, __u32 n)
{
	__u64 bucket = us / SPW_LAG_STEP_US;

	if (bucket >= SPW_LAG_BUCKETS)
		bucket = SPW_LAG_BUCKETS - 1;
	lag->count[lag->half][bucket] += n;
	if (us > lag->most[lag->half])
		lag->most[lag->half] = us > 0x7fffffff ? 0x7fffffff : (__u32)us;
}

static void settle(struct spw_lag *lag, const struct spw_lag_round *round, __u64 now)
{
	__u64 way = now > round->at ? now - round->at : 0;
	__u64 age;
	int i;

	for (i = 0; i < SPW_LAG_AGES; i++) {
		if (!round->ages[i])
			continue;
		age = (i + 1) * SPW_LAG_STEP_US - 1;
		/* No change is older than the oldest, and the last bucket has no end. */
		if (age > round->oldest || i == SPW_LAG_AGES - 1)
			age = round->oldest;
		add(lag, age + way, round->ages[i]);
	}
}

/**
 * spw_lag_ack() - all up to a round has been acknowledged
 * @lag: of a peer
 * @round: its number, as the peer says
 * @now: us
 *
 * Return: false where no such round is under way.
 */
bool spw_lag_ack(struct spw_lag *lag, __u32 round, __u64 now)
{
	if (round - lag->acked - 1 >= lag->last - lag->acked)
		return false;
	turn(lag, now);
	while (lag->acked != round) {
		const struct spw_lag_round *r = round_of(lag, ++lag->acked);

		settle(lag, r, now);
		lag->bytes -= r->bytes;
	}
	return true;
}

/**
 * spw_lag_forget() - what is under way will not be acknowledged
 * @lag: of a peer
 */
void spw_lag_forget(struct spw_lag *lag)
{
	lag->acked = lag->last;
	lag->bytes = 0;
}

/**
 * spw_lag_quantile() - which lag was not exceeded by so many of the changes?
 * @lag: of a peer
 * @permille: of them
 *
 * Return: us, up to one bucket too many; 0 where there was none.
 */
__u32 spw_lag_quantile(const struct spw_lag *lag, __u32 permille)
{
	__u64 total = 0, sum = 0;
	int i;

	for (i = 0; i < SPW_LAG_BUCKETS; i++)
		total += lag->count[0][i] + lag->count[1][i];
	if (!total)
		return 0;
	for (i = 0; i < SPW_LAG_BUCKETS - 1; i++) {
		sum += lag->count[0][i] + lag->count[1][i];
		if (sum * 1000 >= total * permille)
			return (i + 1) * SPW_LAG_STEP_US;
	}
	return spw_lag_most(lag);
}

/**
 * spw_lag_most() - the largest lag
 * @lag: of a peer
 *
 * Return: us.
 */
__u32 spw_lag_most(const struct spw_lag *lag)
{
	return lag->most[0] > lag->most[1] ? lag->most[0] : lag->most[1];
}
