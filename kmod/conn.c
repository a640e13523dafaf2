// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One connection: its socket is found and read when somebody asks, so that a
 * connection that nobody asks about costs nothing.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/tcp.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>

#include "conn.h"
#include "device.h"
#include "ipv6.h"

/* A rate is taken over half a second at least, however often somebody asks. */
#define RATE_INTERVAL_NS	(NSEC_PER_SEC / 2)

/**
 * spw_tuple_out4() - the tuple of an IPv4 packet that leaves this node
 * @tuple: receives it
 * @iph: IPv4 header
 * @th: TCP header
 */
void spw_tuple_out4(struct spw_tuple *tuple, const struct iphdr *iph,
		    const struct tcphdr *th)
{
	tuple->laddr = iph->saddr;
	tuple->raddr = iph->daddr;
	tuple->lport = th->source;
	tuple->rport = th->dest;
}

/**
 * spw_tuple_out6() - the tuple of an IPv6 packet that leaves this node
 * @tuple: receives it
 * @ip6h: IPv6 header
 * @th: TCP header
 */
void spw_tuple_out6(struct spw_tuple *tuple, const struct ipv6hdr *ip6h,
		    const struct tcphdr *th)
{
	tuple->laddr6 = ip6h->saddr;
	tuple->raddr6 = ip6h->daddr;
	tuple->lport = th->source;
	tuple->rport = th->dest;
}

/**
 * spw_conn_copy() - what names a connection, and does not change
 * @copy: zeroed; receives it
 * @conn: entry of the table, of which an IPv4 one is shorter than the struct; under RCU
 *	or &spw_device.lock
 */
void spw_conn_copy(struct spw_conn *copy, const struct spw_conn *conn)
{
	copy->id = conn->id;
	copy->born = conn->born;
	copy->bound_if = conn->bound_if;
	copy->family = conn->family;
	copy->direction = conn->direction;
	memcpy(&copy->tuple, &conn->tuple,
	       conn->family == AF_INET6 ? SPW_TUPLE6 : SPW_TUPLE4);
}

/**
 * spw_conn_sock() - the socket of a connection
 * @spw: device
 * @conn: connection
 *
 * Finds full sockets, request sockets and TIME_WAIT ones, as the kernel's own input
 * path does. Any context under RCU.
 *
 * Return: with a reference that sock_gen_put() drops, or NULL.
 */
struct sock *spw_conn_sock(struct spw_device *spw, const struct spw_conn *conn)
{
	const struct spw_tuple *t = &conn->tuple;

	if (conn->family == AF_INET6)
		return spw_ipv6_sock(spw->net, t, conn->bound_if);
	return __inet_lookup_established(spw->net,
					 spw->net->ipv4.tcp_death_row.hashinfo,
					 t->raddr, t->rport, t->laddr,
					 ntohs(t->lport), conn->bound_if, 0);
}

/**
 * spw_sock_lives() - does a socket still carry a connection?
 * @sk: from spw_conn_sock(), may be NULL
 */
bool spw_sock_lives(const struct sock *sk)
{
	int state;

	if (!sk)
		return false;
	state = READ_ONCE(sk->sk_state);
	return state != TCP_TIME_WAIT && state != TCP_CLOSE;
}

/*
 * Read without the socket's lock: each field by itself is right, and what is shown
 * is past a moment later anyway.
 */
static void read_tcp(const struct sock *sk, struct spw_conn_info *info)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u64 retrans = READ_ONCE(tp->bytes_retrans);
	u32 rcv_nxt = READ_ONCE(tp->rcv_nxt);

	info->tx_bytes = READ_ONCE(tp->bytes_sent);
	info->tx_bytes -= min(info->tx_bytes, retrans);
	info->rx_bytes = READ_ONCE(tp->bytes_received);
	info->rtt_us = READ_ONCE(tp->srtt_us) >> 3;
	info->retrans = READ_ONCE(tp->total_retrans);
	info->send_queue = READ_ONCE(tp->write_seq) - READ_ONCE(tp->snd_una);
	info->recv_queue = rcv_nxt - READ_ONCE(tp->copied_seq);
	if ((s32)info->recv_queue < 0)
		info->recv_queue = 0;
}

static u64 rate(u64 bytes, u64 before, u64 ns)
{
	return bytes > before ?
		mul_u64_u64_div_u64(bytes - before, NSEC_PER_SEC, ns) : 0;
}

static void take_rates(struct spw_conn *conn, struct spw_conn_info *info,
		       u64 now)
{
	u64 ns = now - conn->sampled;

	if (!conn->sampled)
		ns = max_t(u64, now - conn->born, RATE_INTERVAL_NS);
	if (ns >= RATE_INTERVAL_NS) {
		conn->tx_rate = rate(info->tx_bytes, conn->tx_bytes, ns);
		conn->rx_rate = rate(info->rx_bytes, conn->rx_bytes, ns);
		conn->tx_bytes = info->tx_bytes;
		conn->rx_bytes = info->rx_bytes;
		conn->sampled = now;
	}
	info->tx_rate = conn->tx_rate;
	info->rx_rate = conn->rx_rate;
}

/**
 * spw_conn_baseline() - begin the rates of a connection that was found running
 * @conn: not published yet
 * @sk: its socket
 *
 * What it carried before it was found says nothing of its rate.
 */
void spw_conn_baseline(struct spw_conn *conn, const struct sock *sk)
{
	struct spw_conn_info info = {};

	if (!sk_fullsock(sk))
		return;
	read_tcp(sk, &info);
	conn->tx_bytes = info.tx_bytes;
	conn->rx_bytes = info.rx_bytes;
	conn->sampled = conn->born;
}

/**
 * spw_conn_ask() - read a connection from its socket
 * @spw: device, its lock held (the rates are kept between two askings)
 * @conn: connection
 * @info: receives what is found
 *
 * Return: false where the connection has ended.
 */
bool spw_conn_ask(struct spw_device *spw, struct spw_conn *conn,
		  struct spw_conn_info *info)
{
	u64 now = ktime_get_ns();
	struct sock *sk;
	bool lives;

	lockdep_assert_held(&spw->lock);
	memset(info, 0, sizeof(*info));
	info->age_ms = div_u64(now - conn->born, NSEC_PER_MSEC);

	rcu_read_lock();
	sk = test_bit(SPW_CONN_GONE, &conn->flags) ? NULL :
						     spw_conn_sock(spw, conn);
	lives = spw_sock_lives(sk);
	if (lives) {
		info->tcp_state = READ_ONCE(sk->sk_state);
		if (info->tcp_state == TCP_NEW_SYN_RECV)
			info->tcp_state = TCP_SYN_RECV;
		else
			read_tcp(sk, info);
		take_rates(conn, info, now);
	}
	if (sk)
		sock_gen_put(sk);
	rcu_read_unlock();
	return lives;
}
