// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TCP socket is to leave: may it, is it a good moment, and its silent end. Its image
 * is made in capture_image.c.
 */
#include <linux/ipv6.h>
#include <net/mptcp.h>
#include <net/tcp.h>

#include "capture.h"
#include "compat.h"
#include "move.h"

#define STATES	(TCPF_ESTABLISHED | TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2 | TCPF_CLOSE_WAIT)

/* Options of IP that a packet of this socket carries (source routes and the like). */
static bool has_ip_options(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 && rcu_access_pointer(inet6_sk(sk)->opt))
		return true;
#endif
	return rcu_access_pointer(inet_sk(sk)->inet_opt);
}

/*
 * Who uses it inside the kernel, or has put callbacks of his own in place, keeps
 * something in sk_user_data: sockmap its psock, SMC and RPC their socket. Others come as
 * an upper layer protocol: kTLS.
 */
static bool is_of_the_kernel(const struct sock *sk)
{
	return sk->sk_kern_sock || READ_ONCE(sk->sk_user_data) ||
	       READ_ONCE(inet_csk(sk)->icsk_ulp_ops);
}

static bool has_odd_tcp(const struct tcp_sock *tp)
{
	return spw_compat_tcp_signed(tp) || spw_compat_tcp_smc(tp) ||
	       rcu_access_pointer(tp->fastopen_rsk) ||
	       READ_ONCE(tp->fastopen_req) || tp->repair || tp->is_sack_reneg;
}

/**
 * spw_capture_odd() - does a socket use what an image cannot tell of?
 * @sk: full TCP socket, in any state
 *
 * Without its lock the answer is a hint.
 */
bool spw_capture_odd(const struct sock *sk)
{
	return sk_is_mptcp(sk) || is_of_the_kernel(sk) || has_odd_tcp(tcp_sk(sk)) ||
	       has_ip_options(sk) || spw_compat_sock_policy(sk);
}

/**
 * spw_capture_refused() - can this socket move at all?
 * @sk: socket, of any kind and state, with a reference
 *
 * Without the socket's lock the answer is a hint; under it, it holds for as long. Pages
 * that belong to the application still (MSG_ZEROCOPY) are found by spw_capture() only.
 *
 * Return: 0; %SPW_MOVE_BECAUSE_STATE where it is not an open TCP connection in the hands
 * of an application: one that waits to be accepted is not yet, an orphan not any more;
 * %SPW_MOVE_BECAUSE_FEATURE where it uses what an image cannot tell of.
 */
u8 spw_capture_refused(const struct sock *sk)
{
	if (!sk_fullsock(sk) || sk->sk_type != SOCK_STREAM ||
	    sk->sk_protocol != IPPROTO_TCP ||
	    !((1 << inet_sk_state_load(sk)) & STATES))
		return SPW_MOVE_BECAUSE_STATE;
	/* inet_csk_listen_stop() must not meet a child that somebody owns. */
	if (sock_flag(sk, SOCK_DEAD) || !READ_ONCE(sk->sk_socket))
		return SPW_MOVE_BECAUSE_STATE;
	return spw_capture_odd(sk) ? SPW_MOVE_BECAUSE_FEATURE : 0;
}

/* Was everything read that came, and sent that was written? */
static bool is_drained(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return READ_ONCE(tp->copied_seq) == READ_ONCE(tp->rcv_nxt) &&
	       RB_EMPTY_ROOT(&tp->out_of_order_queue) &&
	       READ_ONCE(tp->write_seq) == READ_ONCE(tp->snd_nxt) &&
	       skb_queue_empty_lockless(&sk->sk_write_queue);
}

/*
 * Both clocks say the same: which of the two was the last?
 *
 * tcp_ack() and tcp_rcv_established() set snd_wl1 to the number of each segment that is
 * newer than the one before. So after the remote's last data it is where that data
 * began, and it is rcv_nxt only if a bare acknowledgment came behind it. A remote that
 * waits for the answer to one request before it sends the next has acknowledged all it
 * got with that request or before, and read it; so it has nothing to acknowledge and
 * no window to open, unless we have sent something that is newer. Two other segments
 * have that number: the answer to our keepalive, which comes no sooner than such a probe
 * may be sent, and the acknowledgments of a remote that sends requests ahead of answers
 * (pipelining), of which nothing tells.
 */
static bool is_acknowledged_behind(const struct tcp_sock *tp)
{
	return READ_ONCE(tp->snd_una) == READ_ONCE(tp->snd_nxt) &&
	       READ_ONCE(tp->snd_wl1) == READ_ONCE(tp->rcv_nxt) &&
	       READ_ONCE(tp->rcv_tstamp) - READ_ONCE(tp->lsndtime) <
		       (u32)keepalive_time_when(tp);
}

/**
 * spw_capture_answered() - is an unmodified server at a boundary between requests?
 * @sk: TCP socket, with a reference; its lock held, or the answer is a hint
 * @idle_ms: for how long no data may have come or gone (ms)
 *
 * That the last data was sent by this end means that the request is answered only where
 * the remote waits for one answer before it asks again; the operator knows the protocol
 * of the ports that he names. What the remote has not acknowledged is no hindrance.
 *
 * Return: false also for one that never sent or never received anything, and where it
 * cannot be told. One that came from another node is as it was there until something
 * comes or goes: spw_restore() sets the clocks accordingly.
 */
bool spw_capture_answered(const struct sock *sk, u32 idle_ms)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 now = tcp_jiffies32, sent, came;

	if (inet_sk_state_load(sk) != TCP_ESTABLISHED || !is_drained(sk) ||
	    !READ_ONCE(tp->bytes_received) != !READ_ONCE(tp->bytes_sent))
		return false;
	sent = now - READ_ONCE(tp->lsndtime);
	came = now - READ_ONCE(inet_csk(sk)->icsk_ack.lrcvtime);
	if (sent > came || jiffies_to_msecs(sent) < idle_ms)
		return false;
	/* A remote that waits for an answer acknowledges all of it with the next request:
	 * what is unacknowledged is newer than the last that came.
	 */
	return sent < came || READ_ONCE(tp->snd_una) != READ_ONCE(tp->snd_nxt) ||
	       (READ_ONCE(tp->bytes_sent) && is_acknowledged_behind(tp));
}

/**
 * spw_capture_answered_since() - the same, while nothing could come in
 * @sk: as spw_capture_answered()
 * @write_seq: what the socket's was when it had got all that it could get
 * @idle_ms: for how long no data may have gone (ms)
 *
 * Return: whether the application wrote since then, and is done with that.
 */
bool spw_capture_answered_since(const struct sock *sk, u32 write_seq, u32 idle_ms)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 sent = tcp_jiffies32 - READ_ONCE(tp->lsndtime);

	return inet_sk_state_load(sk) == TCP_ESTABLISHED && is_drained(sk) &&
	       READ_ONCE(tp->write_seq) != write_seq && jiffies_to_msecs(sent) >= idle_ms;
}

/*
 * What tcp_write_queue_purge() does, which is not exported. The accounts are settled by
 * tcp_wmem_free_skb().
 */
static void purge_write_queues(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&sk->sk_write_queue))) {
		tcp_skb_tsorted_anchor_cleanup(skb);
		tcp_wmem_free_skb(sk, skb);
	}
	tp->highest_sack = NULL;
	while ((skb = tcp_rtx_queue_head(sk))) {
		/* This cleans the anchor; the list is begun anew below. */
		tcp_rtx_queue_unlink(skb, sk);
		tcp_wmem_free_skb(sk, skb);
	}
	INIT_LIST_HEAD(&tp->tsorted_sent_queue);
	tcp_clear_all_retrans_hints(tp);
	tp->packets_out = 0;
	tp->sacked_out = 0;
	tp->lost_out = 0;
	tp->retrans_out = 0;
	inet_csk(sk)->icsk_backoff = 0;
}

/* What came and was not read is the target's; and so are its numbers. */
static void purge_receive_queues(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct sk_buff *skb;

	__skb_queue_purge(&sk->sk_receive_queue);
	while ((skb = skb_rb_first(&tp->out_of_order_queue))) {
		rb_erase(&skb->rbnode, &tp->out_of_order_queue);
		kfree_skb(skb);
	}
	tp->ooo_last_skb = NULL;
	WRITE_ONCE(tp->copied_seq, tp->rcv_nxt);
	WRITE_ONCE(tp->urg_data, 0);
}

/**
 * spw_capture_kill() - remove a socket without a word to the remote
 * @sk: TCP socket, with a reference
 * @eof: its application reads the end of file, and cannot write (EPIPE); else it is
 *	told ECONNRESET
 *
 * Process context, under lock_sock(). Nothing is sent, now or later: in TCP_CLOSE
 * __tcp_close() does not, what release_sock() put off finds nothing to do, and what is
 * in the backlog is dropped by tcp_rcv_state_process(). The rest is as in tcp_abort().
 */
void spw_capture_kill(struct sock *sk, bool eof)
{
	sock_owned_by_me(sk);
	if (sk->sk_state == TCP_CLOSE)
		return;
	/* After a FIN, SOCK_DONE would hide that unread bytes went with the queue. */
	sock_valbool_flag(sk, SOCK_DONE, eof);
	if (!eof)
		WRITE_ONCE(sk->sk_err, ECONNRESET);
	smp_wmb();	/* tcp_poll() reads the state, then the error */
	purge_write_queues(sk);
	purge_receive_queues(sk);

	/* Against those who hold but the spinlock: inet_csk_listen_stop() */
	local_bh_disable();
	bh_lock_sock(sk);
	tcp_done(sk);
	if (!sock_flag(sk, SOCK_DEAD)) {
		if (eof)
			sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_HUP);
		else
			sk_error_report(sk);
	}
	bh_unlock_sock(sk);
	local_bh_enable();
}
