// SPDX-License-Identifier: GPL-2.0-or-later
/* Counters: summed over the CPUs and put into netlink messages. */
#include <net/netlink.h>

#include "stats.h"

/* The words are those of spillctl. */
static const char *const stat_names[] = {
#include <spillway/stat_words.h>
};

static const char *const reason_names[] = {
#include <spillway/reason_words.h>
};

/**
 * spw_stat_name() - a counter in words
 * @which: counter
 */
const char *spw_stat_name(enum spillway_stat which)
{
	BUILD_BUG_ON(ARRAY_SIZE(stat_names) != SPILLWAY_STAT_MAX + 1);
	return which < ARRAY_SIZE(stat_names) && stat_names[which] ?
	       stat_names[which] : "?";
}

/**
 * spw_reason_name() - a reason in words
 * @reason: reason
 */
const char *spw_reason_name(enum spillway_reason reason)
{
	BUILD_BUG_ON(ARRAY_SIZE(reason_names) != __SPILLWAY_REASON_MAX);
	return reason < ARRAY_SIZE(reason_names) && reason_names[reason] ?
	       reason_names[reason] : "?";
}

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
