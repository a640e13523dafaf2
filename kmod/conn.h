/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection: what the table keeps of it, and what its socket tells. */
#ifndef _SPW_CONN_H
#define _SPW_CONN_H

#include <linux/in6.h>
#include <linux/rhashtable-types.h>
#include <linux/socket.h>
#include <linux/spillway.h>
#include <linux/types.h>
#include <net/ipv6.h>

struct iphdr;
struct ipv6hdr;
struct sk_buff;
struct sock;
struct spw_device;
struct spw_peer;
struct tcphdr;

/**
 * struct spw_tuple - a connection's name on this node; hashed as it lies
 * @lport: local port
 * @rport: remote port
 * @laddr: local address, IPv4
 * @raddr: remote address, IPv4
 * @laddr6: local address, IPv6
 * @raddr6: remote address, IPv6
 *
 * The family is said beside it. Of an IPv4 tuple only %SPW_TUPLE4 bytes are there.
 */
struct spw_tuple {
	__be16 lport;
	__be16 rport;
	union {
		struct {
			__be32 laddr;
			__be32 raddr;
		};
		struct {
			struct in6_addr laddr6;
			struct in6_addr raddr6;
		};
	};
};

/* Of one family, and the rest of an IPv4 tuple is not there to be compared. */
static inline bool spw_tuple_equal(u8 family, const struct spw_tuple *a,
				   const struct spw_tuple *b)
{
	if (a->lport != b->lport || a->rport != b->rport)
		return false;
	return family == AF_INET6 ? ipv6_addr_equal(&a->laddr6, &b->laddr6) &&
				    ipv6_addr_equal(&a->raddr6, &b->raddr6) :
				    a->laddr == b->laddr && a->raddr == b->raddr;
}

enum spw_tuple_len {
	SPW_TUPLE4 = offsetofend(struct spw_tuple, raddr),
	SPW_TUPLE6 = offsetofend(struct spw_tuple, raddr6),
};

enum spw_conn_flags {
	SPW_CONN_GONE,	/* out of the tuple table: replaced or ended */
	SPW_CONN_STILLBORN, /* never in the tuple table: another was there first */
	SPW_CONN_IN_BATCH, /* while a batch is checked: named once already */
	SPW_CONN_HAS_ISN, /* the handshake was seen */
	SPW_CONN_UNTOLD, /* nobody was told that it came: nor is of its end */
	SPW_CONN_MOVED, /* there was a gate when it was found: see back.c */
};

/**
 * struct spw_conn - one connection of this node
 * @sampled: ktime (ns) of the last sample, 0 if none; this and the next four under
 *	&spw_device.lock
 * @tx_bytes: sent by then
 * @rx_bytes: received by then
 * @tx_rate: bytes a second between the last two samples
 * @rx_rate: likewise
 * @rcu: freed after a grace period; who holds the device's lock sees it no more then
 * @id: never given twice while the device lives
 * @born: ktime (ns) when it was seen first, or its socket's own age says so
 * @isn: our initial sequence number if %SPW_CONN_HAS_ISN, tells a repeated handshake
 *	from a new one
 * @bound_if: interface that its socket is bound to, or 0; needed to find it
 * @flags: &enum spw_conn_flags
 * @peer: who relays it, or NULL; written under &spw_device.lock, read under RCU
 * @node: in &spw_device.conns4 or &spw_device.conns6
 * @family: AF_INET or AF_INET6, as its packets are (a socket of the latter may have
 *	a mapped address and send the former)
 * @direction: &enum spillway_conn_direction
 * @mss_clamp: what the remote gave its socket, while a smaller one is in force there,
 *	else 0; see clamp.c
 * @tuple: key in the table; last, so that IPv4 takes no more memory than it needs
 *
 * There may be millions. What the packet path reads stands together.
 */
struct spw_conn {
	union {
		struct {
			u64 sampled;
			u64 tx_bytes;
			u64 rx_bytes;
			u64 tx_rate;
			u64 rx_rate;
		};
		struct rcu_head rcu;
	};
	u64 id;
	u64 born;
	u32 isn;
	u32 bound_if;
	unsigned long flags;
	struct spw_peer __rcu *peer;
	struct rhash_head node;
	u8 family;
	u8 direction;
	u16 mss_clamp;
	struct spw_tuple tuple;
};

enum spw_conn_len {
	SPW_CONN4 = offsetof(struct spw_conn, tuple) + SPW_TUPLE4,
	SPW_CONN6 = offsetof(struct spw_conn, tuple) + SPW_TUPLE6,
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

void spw_tuple_out4(struct spw_tuple *tuple, const struct iphdr *iph,
		    const struct tcphdr *th);
void spw_tuple_out6(struct spw_tuple *tuple, const struct ipv6hdr *ip6h,
		    const struct tcphdr *th);
void spw_conn_copy(struct spw_conn *copy, const struct spw_conn *conn);
struct sock *spw_conn_sock(struct spw_device *spw, const struct spw_conn *conn);
bool spw_sock_lives(const struct sock *sk);
void spw_conn_baseline(struct spw_conn *conn, const struct sock *sk);
bool spw_conn_ask(struct spw_device *spw, struct spw_conn *conn,
		  struct spw_conn_info *info);

#endif /* _SPW_CONN_H */
