/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters, one set for a device and one for each peer. */
#ifndef _SPW_STATS_H
#define _SPW_STATS_H

#include <linux/percpu.h>
#include <linux/spillway.h>

struct sk_buff;

/* Per CPU and monotonic. Nothing zeroes them: two readers never disturb each other. */
struct spw_stats {
	u64 value[SPILLWAY_STAT_MAX + 1];
};

static inline void spw_stat_add(struct spw_stats __percpu *stats,
				enum spillway_stat which, u64 n)
{
	this_cpu_add(stats->value[which], n);
}

static inline void spw_stat_inc(struct spw_stats __percpu *stats,
				enum spillway_stat which)
{
	this_cpu_inc(stats->value[which]);
}

const char *spw_stat_name(enum spillway_stat which);
const char *spw_reason_name(enum spillway_reason reason);
u64 spw_stats_sum(const struct spw_stats __percpu *stats,
		  enum spillway_stat which);
int spw_stats_put(struct sk_buff *skb, int attr,
		  const struct spw_stats __percpu *stats);

#endif /* _SPW_STATS_H */
