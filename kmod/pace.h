/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many endpoints may be frozen at one time on their way to one peer, by how long they
 * are. Pure.
 */
#ifndef _SPW_PACE_H
#define _SPW_PACE_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

enum spw_pace_limits {
	SPW_PACE_START = 4,
	SPW_PACE_MIN = 2,	/* one is worked at while the other is under way */
	SPW_PACE_MAX = 256,
	SPW_PACE_LESS_US = 150,	/* beyond what the path takes: up to here there may be */
	SPW_PACE_MORE_US = 300,	/* more, and from here on there are to be fewer */
	SPW_PACE_JITTERS = 4,	/* as K of RFC 6298 section 2.3 */
};

/**
 * struct spw_pace - frozen endpoints of one peer; all zero at first
 * @size: how many there may be, 0: %SPW_PACE_START
 * @frozen: how many there are
 * @short_ones: that were short since the window grew last
 * @calm: when the window shrank last (ns), 0: it never did
 */
struct spw_pace {
	__u32 size;
	__u32 frozen;
	__u32 short_ones;
	__u64 calm;
};

/**
 * struct spw_paced - one that was frozen, and is so no longer
 * @since: when it was frozen (ns)
 * @now: ns
 * @rtt: least round-trip time of the path of late (ns), 0 if not known
 * @jitter: of that (ns)
 */
struct spw_paced {
	__u64 since;
	__u64 now;
	__u64 rtt;
	__u64 jitter;
};

__u32 spw_pace_window(const struct spw_pace *pace);
bool spw_pace_may(const struct spw_pace *pace);
void spw_pace_begin(struct spw_pace *pace);
void spw_pace_cancel(struct spw_pace *pace);
void spw_pace_end(struct spw_pace *pace, const struct spw_paced *one);

#endif /* _SPW_PACE_H */
