// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many endpoints may be frozen at one time, by delay as in TCP Vegas: one that took
 * hardly more than the path does lets there be more, one that waited for others lets
 * there be fewer. So there are few on a path without delay, where the two nodes are busy
 * with them all the time and each would wait for those before it, and many on a long one,
 * which would else be idle.
 *
 * Until the window shrinks for the first time it doubles with each round trip, as in slow
 * start (RFC 5681 section 3.1), and from then on it grows by one.
 */
#include "pace.h"

#define US 1000ULL

/**
 * spw_pace_window() - how many may be frozen
 * @pace: of the peer
 *
 * Return: %SPW_PACE_MIN to %SPW_PACE_MAX.
 */
__u32 spw_pace_window(const struct spw_pace *pace)
{
	return pace->size ? pace->size : SPW_PACE_START;
}

/**
 * spw_pace_may() - may one more be frozen?
 * @pace: of the peer
 */
bool spw_pace_may(const struct spw_pace *pace)
{
	return pace->frozen < spw_pace_window(pace);
}

/**
 * spw_pace_begin() - one is frozen
 * @pace: of the peer; spw_pace_cancel() or spw_pace_end() is to follow
 */
void spw_pace_begin(struct spw_pace *pace)
{
	pace->frozen++;
}

/**
 * spw_pace_cancel() - one is not any more, which says nothing of the path
 * @pace: of the peer
 */
void spw_pace_cancel(struct spw_pace *pace)
{
	pace->frozen--;
}

static void shrink(struct spw_pace *pace, __u64 now)
{
	__u32 size = spw_pace_window(pace);

	size -= size / 4 ? size / 4 : 1;
	pace->size = size < SPW_PACE_MIN ? SPW_PACE_MIN : size;
	pace->calm = now;
	pace->short_ones = 0;
}

static void grow(struct spw_pace *pace)
{
	__u32 size = spw_pace_window(pace);

	if (size >= SPW_PACE_MAX || (pace->calm && ++pace->short_ones < size))
		return;
	pace->size = size + 1;
	pace->short_ones = 0;
}

/**
 * spw_pace_end() - the packets of one go on
 * @pace: of the peer
 * @one: that was frozen
 */
void spw_pace_end(struct spw_pace *pace, const struct spw_paced *one)
{
	__u64 took = one->now - one->since;
	__u64 path = one->rtt + SPW_PACE_JITTERS * one->jitter;
	/* A window that was not needed says nothing of a wider one (RFC 7661). */
	bool used = !spw_pace_may(pace);

	pace->frozen--;
	if (!one->rtt)
		return;
	/* What was frozen before the window shrank had still to wait for more. */
	if (took > path + SPW_PACE_MORE_US * US && one->since >= pace->calm)
		shrink(pace, one->now);
	else if (took <= path + SPW_PACE_LESS_US * US && used)
		grow(pace);
}
