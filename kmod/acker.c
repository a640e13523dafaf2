// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When to acknowledge (RFC 9002 section 6.2, RFC 9000 section 13.2): each 128th
 * datagram; two milliseconds after the newest, so that the sender knows of the last
 * when it begins to wonder; six after the first, since it cannot forget before; and
 * soon where the order is broken, but not for each packet of a path that breaks it all
 * the time. An acknowledgment costs as much as a packet of data. Pure.
 */
#include "acker.h"
#include "messages.h"

#define GAP_INTERVAL	250000ULL	/* ns */

/**
 * spw_acker_heard() - datagrams came
 * @a: acknowledger
 * @heard: of one packet
 * @now: ns
 */
void spw_acker_heard(struct spw_acker *a, const struct spw_heard *heard,
		     __u64 now)
{
	if (heard->top)
		a->top_at = now;
	if (!heard->n)
		return;
	if (!a->pending)
		a->since = now;
	a->pending += heard->n;
	a->gap |= heard->gap;
}

/**
 * spw_acker_due() - when to acknowledge
 * @a: acknowledger
 *
 * Return: ns, in the past for now, or 0 where nothing is pending.
 */
__u64 spw_acker_due(const struct spw_acker *a)
{
	__u64 newest = a->top_at > a->since ? a->top_at : a->since;
	__u64 due = newest + SPW_ACK_DELAY_US * 1000ULL;
	__u64 soon = a->gap_at + GAP_INTERVAL;

	if (!a->pending)
		return 0;
	if (due > a->since + SPW_ACK_FIRST_US * 1000ULL)
		due = a->since + SPW_ACK_FIRST_US * 1000ULL;
	if (a->pending >= SPW_ACKER_COUNT)
		return a->since;
	if (a->gap && soon < due)
		return soon < a->since ? a->since : soon;
	return due;
}

/**
 * spw_acker_told() - an acknowledgment is about to leave
 * @a: acknowledger
 * @now: ns
 *
 * Return: how long ago the highest number came (us).
 */
__u32 spw_acker_told(struct spw_acker *a, __u64 now)
{
	__u64 delay = now - a->top_at;

	if (a->gap)
		a->gap_at = now;
	a->gap = false;
	a->pending = 0;
	/* Whole seconds say as much: the sender has given up by then. */
	return delay < 1000000000ULL ? (__u32)delay / 1000 : 1000000;
}
