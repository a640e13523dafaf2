// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The segments of a relayed connection are made to fit the tunnel: what TCP has cut for
 * its own link would leave as two datagrams, each of which can be lost, and one of which
 * is nearly empty. The limit that the remote gave in its handshake (rx_opt.mss_clamp) is
 * the one that no route change undoes, so that is what is lowered, and given back when
 * the connection returns.
 *
 * Both happen in the LOCAL_OUT hook, with a packet that the socket itself is sending:
 * TCP sends under the socket's lock, as a bottom half or as its owner. (A user's NFQUEUE
 * may reinject the packet without it. What is written then is what would be written
 * anyway, and tcp_current_mss() reads it one word at a time.) But what TCP sends in one
 * go it cuts by the limit of its beginning, so for a connection that is silent when it
 * is given away that would be a whole window too late: its limit is lowered at once.
 */
#include <linux/tcp.h>
#include <net/tcp.h>

#include "clamp.h"
#include "conn.h"
#include "conntab.h"
#include "device.h"
#include "messages.h"
#include "peer.h"

/* Has the remote given its limit, and is there anybody left to send? */
static bool has_limit(const struct sock *sk)
{
	return !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN | TCPF_SYN_SENT));
}

/* The connection's own socket, and not one that answers for it; NULL if none sends. */
static struct sock *sender(const struct spw_conn *conn, const struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	if (!sk || !sk_fullsock(sk) || sk->sk_protocol != IPPROTO_TCP ||
	    inet_sk(sk)->inet_sport != conn->tuple.lport ||
	    inet_sk(sk)->inet_dport != conn->tuple.rport)
		return NULL;
	return has_limit(sk) ? sk : NULL;
}

/* Payload and TCP options of a segment that one datagram takes; 0 where unknown. */
static u16 room(const struct spw_conn *conn, const struct spw_peer *peer)
{
	unsigned int size = READ_ONCE(peer->pmtu.size), over;

	over = READ_ONCE(peer->endpoint.family) == AF_INET6 ? SPW_LEN_OVERHEAD6 :
							      SPW_LEN_OVERHEAD4;
	over += conn->family == AF_INET6 ? sizeof(struct ipv6hdr) :
					   sizeof(struct iphdr);
	over += sizeof(struct tcphdr);
	return size < over + TCP_MIN_MSS ? 0 : size - over;
}

static void write_clamp(struct sock *sk, u16 mss)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	tcp_sk(sk)->rx_opt.mss_clamp = mss;
	icsk->icsk_sync_mss(sk, icsk->icsk_pmtu_cookie);
}

/* Follows the path's size both ways, up to what the remote has given. */
static void lower(struct spw_device *spw, struct spw_conn *conn,
		  const struct spw_peer *peer, struct sock *sk)
{
	u16 want, now, given;

	now = tcp_sk(sk)->rx_opt.mss_clamp;
	given = READ_ONCE(conn->mss_clamp) ?: now;
	want = room(conn, peer);
	if (!want || likely(now == min(want, given)))
		return;
	if (!xchg(&conn->mss_clamp, given))
		atomic_inc(&spw->nr_watched);
	write_clamp(sk, min(want, given));
	/* It may have been forgotten meanwhile. */
	if (unlikely(test_bit(SPW_CONN_GONE, &conn->flags)))
		spw_clamp_forget(spw, conn);
}

/**
 * spw_clamp_set() - a relayed connection sends
 * @spw: device
 * @conn: connection
 * @peer: who relays it
 * @skb: what it sends, in LOCAL_OUT, under RCU
 */
void spw_clamp_set(struct spw_device *spw, struct spw_conn *conn,
		   const struct spw_peer *peer, const struct sk_buff *skb)
{
	struct sock *sk = sender(conn, skb);

	if (sk)
		lower(spw, conn, peer, sk);
}

/**
 * spw_clamp_begin() - a connection is relayed from now on
 * @spw: device, its lock held
 * @conn: connection, @peer published in it
 * @peer: who relays it
 *
 * A socket that its owner has locked is left to its next packet: it is not silent.
 */
void spw_clamp_begin(struct spw_device *spw, struct spw_conn *conn,
		     const struct spw_peer *peer)
{
	struct sock *sk;

	rcu_read_lock();
	sk = spw_conn_sock(spw, conn);
	if (!sk)
		goto out;
	if (!sk_fullsock(sk))
		goto put;
	local_bh_disable();
	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk) && has_limit(sk))
		lower(spw, conn, peer, sk);
	bh_unlock_sock(sk);
	local_bh_enable();
put:
	sock_gen_put(sk);
out:
	rcu_read_unlock();
}

/**
 * spw_clamp_lift() - a connection sends that nobody relays
 * @spw: device
 * @conn: connection
 * @skb: what it sends, in LOCAL_OUT, under RCU
 */
void spw_clamp_lift(struct spw_device *spw, struct spw_conn *conn,
		    const struct sk_buff *skb)
{
	struct sock *sk;
	u16 given;

	if (likely(!READ_ONCE(conn->mss_clamp)))
		return;
	sk = sender(conn, skb);
	given = sk ? xchg(&conn->mss_clamp, 0) : 0;
	if (!given)
		return;
	write_clamp(sk, given);
	atomic_dec(&spw->nr_watched);
}

/**
 * spw_clamp_capture() - an endpoint's image is to be taken
 * @spw: device
 * @family: AF_INET or AF_INET6
 * @tuple: of the connection
 * @sk: its socket, locked
 *
 * The image has what the remote gave, not what this node's tunnel has room for. Should
 * the connection stay, its next packet lowers the limit again.
 */
void spw_clamp_capture(struct spw_device *spw, u8 family,
		       const struct spw_tuple *tuple, struct sock *sk)
{
	struct spw_conn *conn;
	u16 given;

	rcu_read_lock();
	conn = spw_conntab_find(spw, family, tuple);
	given = conn ? xchg(&conn->mss_clamp, 0) : 0;
	if (given) {
		write_clamp(sk, given);
		atomic_dec(&spw->nr_watched);
	}
	rcu_read_unlock();
}

/**
 * spw_clamp_forget() - a connection has ended
 * @spw: device
 * @conn: unpublished, or about to be
 */
void spw_clamp_forget(struct spw_device *spw, struct spw_conn *conn)
{
	if (xchg(&conn->mss_clamp, 0))
		atomic_dec(&spw->nr_watched);
}
