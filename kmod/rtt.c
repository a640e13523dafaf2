// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The round-trip time of a path: RFC 6298 section 2, RFC 9002 section 5; its jitter: RFC
 * 3550 section 6.4.1. Pure.
 */
#include "rtt.h"

/* The minimum is forgotten after this long: the path may be another (tcp_rack.c). */
#define MIN_LIFE	10000000000ULL
/* A queue may stand for longer than that. */
#define BASE_LIFE	300000000000ULL

static __u64 apart(__u64 a, __u64 b)
{
	return a > b ? a - b : b - a;
}

/**
 * spw_rtt_sample() - one more measurement
 * @rtt: estimator, zeroed before the first
 * @sample: ns, without what the far end says it waited
 * @now: ns
 */
void spw_rtt_sample(struct spw_rtt *rtt, __u64 sample, __u64 now)
{
	__u64 before = rtt->latest;

	if (!sample)
		sample = 1;
	rtt->latest = sample;
	if (!rtt->min || sample <= rtt->min || now - rtt->min_at > MIN_LIFE) {
		rtt->min = sample;
		rtt->min_at = now;
	}
	if (!rtt->base || sample <= rtt->base || now - rtt->base_at > BASE_LIFE) {
		rtt->base = sample;
		rtt->base_at = now;
	}
	if (!rtt->smoothed) {
		rtt->smoothed = sample;
		rtt->var = sample / 2;
		return;
	}
	rtt->var = (3 * rtt->var + apart(sample, rtt->smoothed)) / 4;
	rtt->jitter = (15 * rtt->jitter + apart(sample, before)) / 16;
	rtt->smoothed = (7 * rtt->smoothed + sample) / 8;
}
