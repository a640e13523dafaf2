// SPDX-License-Identifier: GPL-2.0-or-later
/* Counters: summed over the CPUs and put into netlink messages. */
#include <net/netlink.h>

#include "stats.h"

/**
 * spw_stats_sum() - one counter over all CPUs
 * @stats: set
 * @which: counter
 *
 * Return: a value that is never below one returned before.
 */
u64 spw_stats_sum(const struct spw_stats __percpu *stats,
		  enum spillway_stat which)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(stats, cpu)->value[which]);
	return sum;
}

/**
 * spw_stats_put() - a nest with every counter
 * @skb: message
 * @attr: type of the nest
 * @stats: set
 *
 * Return: 0 or -EMSGSIZE, the nest then taken back.
 */
int spw_stats_put(struct sk_buff *skb, int attr,
		  const struct spw_stats __percpu *stats)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = SPILLWAY_STAT_UNSPEC + 1; i <= SPILLWAY_STAT_MAX; i++)
		if (nla_put_u64_64bit(skb, i, spw_stats_sum(stats, i),
				      SPILLWAY_STAT_UNSPEC)) {
			nla_nest_cancel(skb, nest);
			return -EMSGSIZE;
		}
	nla_nest_end(skb, nest);
	return 0;
}
