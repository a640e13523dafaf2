// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client that was served by a node opens a new connection from the port that it used
 * before. Where the old one has moved, its packets are sent on to the node that has its
 * endpoint, which may be in TIME_WAIT there for a minute. The new one is not that node's:
 * nobody gave it. So what is left of the old one ends there, as it would for a SYN that
 * came to a socket in TIME_WAIT (RFC 9293 section 3.10.7.4, RFC 6191), the origin hears of
 * it, and the SYN that the client sends again, a second later, is the origin's to answer.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/inet_timewait_sock.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "conn.h"
#include "device.h"
#include "gate.h"
#include "ipv6.h"
#include "moves.h"
#include "reuse.h"

static int tcp_offset(const struct sk_buff *skb, u32 family)
{
	return skb_network_offset(skb) +
	       (family == AF_INET6 ? spw_ipv6_tcp_offset(skb) : (int)ip_hdrlen(skb));
}

static bool opens(const struct sk_buff *skb, u32 family)
{
	struct tcphdr buf, *th;

	th = skb_header_pointer(skb, tcp_offset(skb, family), sizeof(buf), &buf);
	return th && th->syn && !th->ack && !th->rst;
}

/* As tcp_timewait_state_process(); a socket still in FIN_WAIT2 answers for itself. */
static bool is_newer(struct sock *sk, struct sk_buff *skb, u32 family)
{
	const struct inet_timewait_sock *tw = inet_twsk(sk);
	const struct tcp_timewait_sock *tcptw = tcp_twsk(sk);
	struct tcp_options_received opt = { };
	__u16 transport = skb->transport_header;
	int offset = tcp_offset(skb, family);
	const struct tcphdr *th;
	u32 seq;

	if (READ_ONCE(tw->tw_substate) != TCP_TIME_WAIT ||
	    !pskb_may_pull(skb, offset + sizeof(*th)))
		return false;
	th = (const struct tcphdr *)(skb->data + offset);
	if (th->doff < sizeof(*th) / 4 || !pskb_may_pull(skb, offset + th->doff * 4))
		return false;
	skb_set_transport_header(skb, offset);
	th = tcp_hdr(skb);
	seq = ntohl(th->seq);
	if (READ_ONCE(tcptw->tw_ts_recent_stamp))
		tcp_parse_options(twsk_net(tw), skb, &opt, 0, NULL);
	skb->transport_header = transport;
	if (opt.saw_tstamp) {
		opt.ts_recent = READ_ONCE(tcptw->tw_ts_recent);
		opt.ts_recent_stamp = READ_ONCE(tcptw->tw_ts_recent_stamp);
		if (tcp_paws_reject(&opt, 0))
			return false;
		if ((s32)(opt.ts_recent - opt.rcv_tsval) < 0)
			return true;
	}
	return after(seq, READ_ONCE(tcptw->tw_rcv_nxt));
}

/* Consumes the reference. */
static bool end_waiting(struct sock *sk, struct sk_buff *skb, u32 family)
{
	if (sk->sk_state == TCP_TIME_WAIT && is_newer(sk, skb, family)) {
		inet_twsk_deschedule_put(inet_twsk(sk));
		return true;
	}
	sock_gen_put(sk);
	return false;
}

/**
 * spw_reuse_ends() - a packet for an endpoint that came here
 * @gate: of it; under RCU, any context
 * @skb: packet, at its network header
 *
 * Where it opens a connection and the old one is at an end, that is forgotten at once.
 *
 * Return: whether the packet ends here, or a listener of this node would take what is
 * not its own.
 */
bool spw_reuse_ends(struct spw_gate *gate, struct sk_buff *skb)
{
	struct spw_conn conn = {
		.family = gate->key.family,
		.bound_if = gate->bound_if,
		.tuple = gate->key.tuple,
	};
	struct spw_moves *moves = gate->spw->moves;
	struct sock *sk;

	if (likely(!opens(skb, gate->key.family)))
		return false;
	sk = spw_conn_sock(gate->spw, &conn);
	if (sk && !end_waiting(sk, skb, gate->key.family))
		return false;
	spw_stat_inc(gate->spw->stats, SPILLWAY_STAT_MOVE_REUSED);
	WRITE_ONCE(moves->gates_all, true);
	WRITE_ONCE(moves->gates_due, jiffies);
	spw_moves_soon(moves, 0);
	return true;
}

/**
 * spw_reuse_over() - a packet for an endpoint that went
 * @gate: of it; under RCU
 * @skb: packet, at its network header
 *
 * Return: whether it opens a connection after the peer said that the old one ended, so
 * that it is this node's.
 */
bool spw_reuse_over(const struct spw_gate *gate, const struct sk_buff *skb)
{
	return unlikely(READ_ONCE(gate->over)) && !READ_ONCE(gate->from) &&
	       opens(skb, gate->key.family);
}
