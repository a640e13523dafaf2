/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The round-trip time of a path, estimated. Pure. */
#ifndef _SPW_RTT_H
#define _SPW_RTT_H

#include <linux/types.h>

/**
 * struct spw_rtt - all in ns
 * @latest: last sample, 0 before the first
 * @smoothed: RFC 6298's srtt
 * @var: its rttvar
 * @jitter: from one sample to the next, RFC 3550's J
 * @min: lowest sample of late
 * @min_at: when that was
 * @base: lowest sample of minutes: what the path takes when nothing waits on it
 * @base_at: when that was
 */
struct spw_rtt {
	__u64 latest;
	__u64 smoothed;
	__u64 var;
	__u64 jitter;
	__u64 min;
	__u64 min_at;
	__u64 base;
	__u64 base_at;
};

void spw_rtt_sample(struct spw_rtt *rtt, __u64 sample, __u64 now);

#endif /* _SPW_RTT_H */
