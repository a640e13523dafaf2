// SPDX-License-Identifier: GPL-2.0-or-later
/* Counters: summed over the CPUs and put into netlink messages. */
#include <net/netlink.h>

#include "stats.h"

/* The words are those of spillctl. */
static const char *const stat_names[] = {
	[SPILLWAY_STAT_TX_PACKETS] = "tx_packets",
	[SPILLWAY_STAT_TX_BYTES] = "tx_bytes",
	[SPILLWAY_STAT_RX_PACKETS] = "rx_packets",
	[SPILLWAY_STAT_RX_BYTES] = "rx_bytes",
	[SPILLWAY_STAT_TX_RECUT] = "tx_recut",
	[SPILLWAY_STAT_TX_DROP_NO_CONN] = "tx_drop_no_conn",
	[SPILLWAY_STAT_TX_DROP_NO_KEY] = "tx_drop_no_key",
	[SPILLWAY_STAT_TX_DROP_KEY_SPENT] = "tx_drop_key_spent",
	[SPILLWAY_STAT_TX_DROP_NO_ROUTE] = "tx_drop_no_route",
	[SPILLWAY_STAT_TX_DROP_LOOP] = "tx_drop_loop",
	[SPILLWAY_STAT_TX_DROP_NOMEM] = "tx_drop_nomem",
	[SPILLWAY_STAT_TX_DROP_TOO_BIG] = "tx_drop_too_big",
	[SPILLWAY_STAT_RX_DROP_SHORT] = "rx_drop_short",
	[SPILLWAY_STAT_RX_DROP_TYPE] = "rx_drop_type",
	[SPILLWAY_STAT_RX_DROP_NO_KEY] = "rx_drop_no_key",
	[SPILLWAY_STAT_RX_DROP_AUTH] = "rx_drop_auth",
	[SPILLWAY_STAT_RX_DROP_REPLAY] = "rx_drop_replay",
	[SPILLWAY_STAT_RX_DROP_FRAME] = "rx_drop_frame",
	[SPILLWAY_STAT_RX_DROP_INNER] = "rx_drop_inner",
	[SPILLWAY_STAT_RX_DROP_NOMEM] = "rx_drop_nomem",
	[SPILLWAY_STAT_CONN_NEW] = "conn_new",
	[SPILLWAY_STAT_CONN_ENDED] = "conn_ended",
	[SPILLWAY_STAT_CONN_REFUSED] = "conn_refused",
	[SPILLWAY_STAT_OFFLOADED] = "offloaded",
	[SPILLWAY_STAT_RECALLED] = "recalled",
	[SPILLWAY_STAT_RETURNED] = "returned",
	[SPILLWAY_STAT_PEER_DOWN] = "peer_down",
	[SPILLWAY_STAT_HEARTBEAT_TX] = "heartbeat_tx",
	[SPILLWAY_STAT_HEARTBEAT_RX] = "heartbeat_rx",
	[SPILLWAY_STAT_RX_DROP_ECN] = "rx_drop_ecn",
	[SPILLWAY_STAT_ROAMED] = "roamed",
	[SPILLWAY_STAT_ACK_TX] = "ack_tx",
	[SPILLWAY_STAT_ACK_RX] = "ack_rx",
	[SPILLWAY_STAT_ARQ_ACKED] = "arq_acked",
	[SPILLWAY_STAT_ARQ_LOST] = "arq_lost",
	[SPILLWAY_STAT_ARQ_SPURIOUS] = "arq_spurious",
	[SPILLWAY_STAT_ARQ_RESENT] = "arq_resent",
	[SPILLWAY_STAT_ARQ_LATE] = "arq_late",
	[SPILLWAY_STAT_ARQ_POOR] = "arq_poor",
	[SPILLWAY_STAT_ARQ_FULL] = "arq_full",
	[SPILLWAY_STAT_ARQ_PROBES] = "arq_probes",
	[SPILLWAY_STAT_ARQ_OFF] = "arq_off",
	[SPILLWAY_STAT_PROBE_TX] = "probe_tx",
	[SPILLWAY_STAT_PROBE_RX] = "probe_rx",
	[SPILLWAY_STAT_PROBE_REPLY_RX] = "probe_reply_rx",
	[SPILLWAY_STAT_RX_DROP_PROBE] = "rx_drop_probe",
	[SPILLWAY_STAT_PMTU_BLACK_HOLE] = "pmtu_black_hole",
	[SPILLWAY_STAT_RX_DROP_KEY_OLD] = "rx_drop_key_old",
	[SPILLWAY_STAT_KEY_NEW] = "key_new",
	[SPILLWAY_STAT_KEY_EXPIRED] = "key_expired",
	[SPILLWAY_STAT_CONTROL_TX] = "control_tx",
	[SPILLWAY_STAT_CONTROL_RX] = "control_rx",
	[SPILLWAY_STAT_CONTROL_RESENT] = "control_resent",
	[SPILLWAY_STAT_CONTROL_LOST] = "control_lost",
	[SPILLWAY_STAT_CONTROL_SPURIOUS] = "control_spurious",
	[SPILLWAY_STAT_CONTROL_PROBES] = "control_probes",
	[SPILLWAY_STAT_CONTROL_HALVED] = "control_halved",
	[SPILLWAY_STAT_CONTROL_ACK_TX] = "control_ack_tx",
	[SPILLWAY_STAT_CONTROL_ACK_RX] = "control_ack_rx",
	[SPILLWAY_STAT_CONTROL_DUPLICATE] = "control_duplicate",
	[SPILLWAY_STAT_CONTROL_BEYOND] = "control_beyond",
	[SPILLWAY_STAT_CONTROL_STALE] = "control_stale",
	[SPILLWAY_STAT_CONTROL_MSG_TX] = "control_msg_tx",
	[SPILLWAY_STAT_CONTROL_MSG_DONE] = "control_msg_done",
	[SPILLWAY_STAT_CONTROL_MSG_FAILED] = "control_msg_failed",
	[SPILLWAY_STAT_CONTROL_MSG_REFUSED] = "control_msg_refused",
	[SPILLWAY_STAT_CONTROL_MSG_RX] = "control_msg_rx",
	[SPILLWAY_STAT_CONTROL_MSG_BAD] = "control_msg_bad",
	[SPILLWAY_STAT_HOSTED_REFUSED] = "hosted_refused",
	[SPILLWAY_STAT_RX_DROP_TWIN] = "rx_drop_twin",
};

static const char *const reason_names[] = {
	[SPILLWAY_REASON_NONE] = "none",
	[SPILLWAY_REASON_OPERATOR] = "operator",
	[SPILLWAY_REASON_CONN_GONE] = "no-such-connection",
	[SPILLWAY_REASON_CONN_STATE] = "unsupported-state",
	[SPILLWAY_REASON_CONN_BUSY] = "offloaded-already",
	[SPILLWAY_REASON_CONN_LOCAL] = "not-offloaded",
	[SPILLWAY_REASON_CONN_TWICE] = "twice-in-batch",
	[SPILLWAY_REASON_CONN_LOOPBACK] = "inside-pool",
	[SPILLWAY_REASON_PEER_UNKNOWN] = "no-such-peer",
	[SPILLWAY_REASON_PEER_SELF] = "peer-is-self",
	[SPILLWAY_REASON_PEER_DOWN] = "peer-down",
	[SPILLWAY_REASON_PEER_DRAIN] = "peer-drains",
	[SPILLWAY_REASON_PEER_NO_KEY] = "no-key",
	[SPILLWAY_REASON_NO_HEARTBEAT] = "no-heartbeat",
	[SPILLWAY_REASON_DEVICE_DOWN] = "device-down",
	[SPILLWAY_REASON_MALFORMED] = "malformed",
	[SPILLWAY_REASON_KEY_EXPIRING] = "key-expiring",
	[SPILLWAY_REASON_CONN_SCOPE] = "link-local",
	[SPILLWAY_REASON_CONN_OPTIONS] = "extension-headers",
	[SPILLWAY_REASON_NO_IPV6] = "no-ipv6",
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
