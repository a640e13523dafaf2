// SPDX-License-Identifier: GPL-2.0-or-later
/* The round-trip time of a path: RFC 6298 section 2, RFC 9002 section 5. Pure. */
#include "rtt.h"

/* The minimum is forgotten after this long: the path may be another (tcp_rack.c). */
#define MIN_LIFE	10000000000ULL

/**
 * spw_rtt_sample() - one more measurement
 * @rtt: estimator, zeroed before the first
 * @sample: ns, without what the far end says it waited
 * @now: ns
 */
void spw_rtt_sample(struct spw_rtt *rtt, __u64 sample, __u64 now)
{
	__u64 off;

	if (!sample)
		sample = 1;
	rtt->latest = sample;
	if (!rtt->min || sample <= rtt->min || now - rtt->min_at > MIN_LIFE) {
		rtt->min = sample;
		rtt->min_at = now;
	}
	if (!rtt->smoothed) {
		rtt->smoothed = sample;
		rtt->var = sample / 2;
		return;
	}
	off = sample > rtt->smoothed ? sample - rtt->smoothed :
				       rtt->smoothed - sample;
	rtt->var = (3 * rtt->var + off) / 4;
	rtt->smoothed = (7 * rtt->smoothed + sample) / 8;
}
