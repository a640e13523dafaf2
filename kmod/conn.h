/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection: what the table keeps of it, and what its socket tells. */
#ifndef _SPW_CONN_H
#define _SPW_CONN_H

#include <linux/rhashtable-types.h>
#include <linux/spillway.h>
#include <linux/types.h>

struct iphdr;
struct sk_buff;
struct sock;
struct spw_device;
struct spw_peer;
struct tcphdr;

/**
 * struct spw_tuple - a connection's name on this node; hashed as it lies
 * @laddr: local address
 * @raddr: remote address
 * @lport: local port
 * @rport: remote port
 */
struct spw_tuple {
	__be32 laddr;
	__be32 raddr;
	__be16 lport;
	__be16 rport;
};

enum spw_conn_flags {
	SPW_CONN_GONE,	/* out of the tuple table: replaced or ended */
	SPW_CONN_STILLBORN, /* never in the tuple table: another was there first */
	SPW_CONN_IN_BATCH, /* while a batch is checked: named once already */
};

/**
 * struct spw_conn - one connection of this node
 * @node: in &spw_device.conns
 * @tuple: key there
 * @bound_if: interface that its socket is bound to, or 0; needed to find it
 * @isn: our initial sequence number, tells a repeated handshake from a new one
 * @has_isn: @isn is known: the handshake was seen
 * @direction: &enum spillway_conn_direction
 * @flags: &enum spw_conn_flags
 * @id: never given twice while the device lives
 * @born: ktime (ns) when it was seen first, or its socket's own age says so
 * @peer: who relays it, or NULL; written under &spw_device.lock, read under RCU
 * @sampled: ktime (ns) of the last sample, 0 if none; this and the next four under
 *	&spw_device.lock
 * @tx_bytes: sent by then
 * @rx_bytes: received by then
 * @tx_rate: bytes a second between the last two samples
 * @rx_rate: likewise
 * @rcu: freed after a grace period
 */
struct spw_conn {
	struct rhash_head node;
	struct spw_tuple tuple;
	u32 bound_if;
	u32 isn;
	bool has_isn;
	u8 direction;
	unsigned long flags;
	u64 id;
	u64 born;
	struct spw_peer __rcu *peer;
	u64 sampled;
	u64 tx_bytes;
	u64 rx_bytes;
	u64 tx_rate;
	u64 rx_rate;
	struct rcu_head rcu;
};

/**
 * struct spw_conn_info - a connection as it is at the time of asking
 * @tcp_state: TCP_ESTABLISHED and others
 * @rtt_us: smoothed by TCP, 0 if unknown
 * @retrans: segments
 * @send_queue: bytes written and not yet acknowledged
 * @recv_queue: bytes received and not yet read
 * @tx_bytes: payload sent, without retransmissions
 * @rx_bytes: payload received in order
 * @tx_rate: bytes a second
 * @rx_rate: bytes a second
 * @age_ms: since seen first
 */
struct spw_conn_info {
	u8 tcp_state;
	u32 rtt_us;
	u32 retrans;
	u32 send_queue;
	u32 recv_queue;
	u64 tx_bytes;
	u64 rx_bytes;
	u64 tx_rate;
	u64 rx_rate;
	u64 age_ms;
};

void spw_tuple_out(struct spw_tuple *tuple, const struct iphdr *iph,
		   const struct tcphdr *th);
struct sock *spw_conn_sock(struct spw_device *spw, const struct spw_conn *conn);
bool spw_sock_lives(const struct sock *sk);
void spw_conn_baseline(struct spw_conn *conn, const struct sock *sk);
bool spw_conn_ask(struct spw_device *spw, struct spw_conn *conn,
		  struct spw_conn_info *info);

#endif /* _SPW_CONN_H */
