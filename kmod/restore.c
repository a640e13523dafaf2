// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An image becomes a TCP socket, in two steps: first it is there and says nothing, then
 * it is somebody's and alive. What the kernel's own code does not set on the way is set
 * here by hand.
 */
#include <linux/jiffies.h>
#include <linux/tcp.h>
#include <linux/win_minmax.h>
#include <net/inet_connection_sock.h>
#include <net/inet_ecn.h>
#include <net/tcp.h>

#include "accepted.h"
#include "child.h"
#include "compat.h"
#include "image.h"
#include "ipv6.h"
#include "move.h"
#include "refill.h"
#include "restore.h"

/* A name that is not padded with NULs is taken for another, which is set once more. */
static bool has_congestion_control(const struct sock *sk, const struct spw_image *image)
{
	const struct tcp_congestion_ops *ops = inet_csk(sk)->icsk_ca_ops;

	BUILD_BUG_ON(sizeof(ops->name) != SPW_IMAGE_CA_NAME);
	return !memcmp(ops->name, image->congestion.name, SPW_IMAGE_CA_NAME);
}

/**
 * spw_restore_congestion_control() - the origin's
 * @sk: socket; its lock is taken
 * @image: endpoint
 *
 * One that this node does not have, or not for the like of it, is no reason to refuse:
 * the listener's does as well.
 */
void spw_restore_congestion_control(struct sock *sk, const struct spw_image *image)
{
	char name[SPW_IMAGE_CA_NAME + 1] = {};

	if (has_congestion_control(sk, image))
		return;
	memcpy(name, image->congestion.name, SPW_IMAGE_CA_NAME);
	sk->sk_prot->setsockopt(sk, SOL_TCP, TCP_CONGESTION, KERNEL_SOCKPTR(name),
				strlen(name));
}

/* The largest segment depends on it: tcp_bound_to_half_wnd(). */
static void set_max_window(struct sock *sk, const struct spw_image *image)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	tcp_sk(sk)->max_window = image->sequence.max_window;
	tcp_sk(sk)->rx_opt.user_mss = image->options.user_mss;
	icsk->icsk_sync_mss(sk, icsk->icsk_pmtu_cookie);
}

static void set_windows(struct sock *sk, const struct spw_image *image)
{
	const struct spw_image_sequence *s = &image->sequence;
	struct tcp_sock *tp = tcp_sk(sk);

	tp->snd_wl1 = s->snd_wl1;
	tp->snd_wnd = s->snd_wnd;
	tp->max_window = s->max_window;
	tp->snd_up = s->snd_up;
	WRITE_ONCE(tp->copied_seq, s->copied_seq);
	tp->rcvq_space.seq = s->copied_seq;
	tp->rcv_wup = s->rcv_wup;
	tp->rcv_wnd = s->rcv_wnd;
	WRITE_ONCE(tp->window_clamp, s->window_clamp);
	tp->rcv_ssthresh = min(s->rcv_ssthresh, s->window_clamp);
	tp->advmss = image->options.advmss;
	/* By the slow path, until it finds that the fast one can be taken. */
	tp->pred_flags = 0;

	if (image->urgent.data) {
		WRITE_ONCE(tp->urg_seq, image->urgent.seq);
		WRITE_ONCE(tp->urg_data, image->urgent.data);
	}
}

/*
 * The clock goes on from where the remote saw it last; the time that the image was
 * under way is not counted, which makes it late but never has it step back (RFC 7323
 * section 5.4).
 */
static void set_timestamps(struct sock *sk, const struct spw_image *image)
{
	const struct spw_image_timestamps *ts = &image->timestamps;
	struct tcp_sock *tp = tcp_sk(sk);
	u64 now = tcp_clock_ns();
	u32 clock;

	/* As tcp_mstamp_refresh(). */
	tp->tcp_clock_cache = now;
	tp->tcp_mstamp = div_u64(now, NSEC_PER_USEC);
	tp->rcvq_space.time = tp->tcp_mstamp;
	if (!tp->rx_opt.tstamp_ok)
		return;
	clock = spw_compat_tcp_usec_ts(tp) ? tp->tcp_mstamp : div_u64(now, NSEC_PER_MSEC);
	WRITE_ONCE(tp->tsoffset, ts->tsval - clock);
	tp->rx_opt.ts_recent = ts->ts_recent;
	tp->rx_opt.ts_recent_stamp = ktime_get_seconds() - ts->ts_recent_age;
}

static void set_ecn(struct tcp_sock *tp, u32 flags)
{
	tp->ecn_flags = 0;
	if (flags & SPW_IMAGE_OPT_ECN)
		tp->ecn_flags |= TCP_ECN_OK;
	if (flags & SPW_IMAGE_OPT_ECN_QUEUE_CWR)
		tp->ecn_flags |= TCP_ECN_QUEUE_CWR;
	if (flags & SPW_IMAGE_OPT_ECN_DEMAND_CWR)
		tp->ecn_flags |= TCP_ECN_DEMAND_CWR;
	if (flags & SPW_IMAGE_OPT_ECN_SEEN)
		tp->ecn_flags |= TCP_ECN_SEEN;
}

static void set_congestion(struct sock *sk, const struct spw_image *image)
{
	const struct spw_image_congestion *c = &image->congestion;
	struct tcp_sock *tp = tcp_sk(sk);
	u32 now = tcp_jiffies32;

	tcp_snd_cwnd_set(tp, max(min(c->snd_cwnd, tp->snd_cwnd_clamp), 1U));
	tp->snd_cwnd_cnt = 0;
	tp->snd_cwnd_stamp = now;
	tp->snd_ssthresh = c->snd_ssthresh;
	tp->srtt_us = c->srtt_us;
	tp->mdev_us = c->mdev_us;
	tp->rttvar_us = c->rttvar_us;
	tp->mdev_max_us = c->rttvar_us;
	tp->rtt_seq = tp->snd_nxt;
	minmax_reset(&tp->rtt_min, now, c->min_rtt_us);
	inet_csk(sk)->icsk_rto = clamp_t(unsigned long,
					 usecs_to_jiffies(c->rto_us),
					 TCP_RTO_MIN, TCP_RTO_MAX);
	tp->reordering = min_t(u32, c->reordering,
			       READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_max_reordering));
	tp->lsndtime = now;
	tp->rcv_tstamp = now;
	/* Who has answered all waits for the remote here, too: spw_capture_answered(). */
	inet_csk(sk)->icsk_ack.lrcvtime =
		now - !!(image->socket.flags & SPW_IMAGE_SOCK_ANSWERED);
}

/*
 * As the application set the buffers, but the window that was promised must have room
 * beside what is there already: an skb is larger than its bytes, and on another kernel
 * by another factor.
 */
static void set_buffers(struct sock *sk, const struct spw_image *image)
{
	const struct spw_image_socket *set = &image->socket;
	struct tcp_sock *tp = tcp_sk(sk);
	u64 need = atomic_read(&sk->sk_rmem_alloc) + 2ULL * tcp_receive_window(tp);
	u8 locks = 0;

	if (set->flags & SPW_IMAGE_SOCK_SNDBUF_LOCK)
		locks |= SOCK_SNDBUF_LOCK;
	if (set->flags & SPW_IMAGE_SOCK_RCVBUF_LOCK)
		locks |= SOCK_RCVBUF_LOCK;
	sk->sk_userlocks &= ~(SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK);
	sk->sk_userlocks |= locks;
	WRITE_ONCE(sk->sk_rcvbuf,
		   (int)clamp_t(u64, max_t(u64, set->rcvbuf, need),
				SOCK_MIN_RCVBUF, INT_MAX / 2));
	WRITE_ONCE(sk->sk_sndbuf,
		   (int)clamp_t(u32, set->sndbuf, SOCK_MIN_SNDBUF, INT_MAX / 2));
	WRITE_ONCE(sk->sk_rcvlowat,
		   (int)clamp_t(u32, set->rcvlowat, 1, sk->sk_rcvbuf >> 1));
	WRITE_ONCE(tp->notsent_lowat, set->notsent_lowat);
}

static void set_ip_options(struct sock *sk, const struct spw_image *image)
{
	const struct spw_image_socket *set = &image->socket;
	struct inet_sock *inet = inet_sk(sk);

	WRITE_ONCE(sk->sk_priority, set->priority);
	WRITE_ONCE(sk->sk_mark, set->mark);
	if (image->tuple.family == 6) {
		spw_ipv6_set_options(sk, set);
		return;
	}
	/* The congestion control has set the bits of ECN (INET_ECN_xmit()). */
	inet->tos = (set->tos & ~INET_ECN_MASK) | (inet->tos & INET_ECN_MASK);
	inet->uc_ttl = set->ttl ?: -1;
}

/* As tcp_update_pacing_rate(), which comes with the next acknowledgment. */
static u64 pacing_rate(const struct sock *sk)
{
	const struct netns_ipv4 *ipv4 = &sock_net(sk)->ipv4;
	const struct tcp_sock *tp = tcp_sk(sk);
	u64 rate = (u64)tp->mss_cache * ((USEC_PER_SEC / 100) << 3);

	if (tcp_snd_cwnd(tp) < tp->snd_ssthresh / 2)
		rate *= READ_ONCE(ipv4->sysctl_tcp_pacing_ss_ratio);
	else
		rate *= READ_ONCE(ipv4->sysctl_tcp_pacing_ca_ratio);
	rate *= max(tcp_snd_cwnd(tp), tp->packets_out);
	return tp->srtt_us ? div_u64(rate, tp->srtt_us) : rate;
}

static void set_pacing(struct sock *sk, const struct spw_image *image)
{
	u64 rate = (u64)image->socket.max_pacing_rate[0] << 32 |
		   image->socket.max_pacing_rate[1];

	sk->sk_max_pacing_rate = rate == ~0ULL ? ~0UL : min_t(u64, rate, ~0UL);
	if (sk->sk_max_pacing_rate != ~0UL)
		cmpxchg(&sk->sk_pacing_status, SK_PACING_NONE, SK_PACING_NEEDED);
	if (!inet_csk(sk)->icsk_ca_ops->cong_control)
		sk->sk_pacing_rate = min_t(u64, pacing_rate(sk), ~0UL);
	sk->sk_pacing_rate = min(sk->sk_pacing_rate, sk->sk_max_pacing_rate);
}

static void set_socket_options(struct sock *sk, const struct spw_image *image)
{
	const struct spw_image_socket *set = &image->socket;
	struct tcp_sock *tp = tcp_sk(sk);

	tp->nonagle = 0;
	if (set->flags & SPW_IMAGE_SOCK_NODELAY)
		tp->nonagle |= TCP_NAGLE_OFF;
	if (set->flags & SPW_IMAGE_SOCK_CORK)
		tp->nonagle |= TCP_NAGLE_CORK;
	sock_valbool_flag(sk, SOCK_KEEPOPEN,
			  set->flags & SPW_IMAGE_SOCK_KEEPALIVE);
	sock_valbool_flag(sk, SOCK_LINGER, set->flags & SPW_IMAGE_SOCK_LINGER);
	sock_valbool_flag(sk, SOCK_URGINLINE,
			  set->flags & SPW_IMAGE_SOCK_OOBINLINE);
	sk->sk_lingertime = min_t(u64, (u64)set->linger_s * HZ,
				  MAX_SCHEDULE_TIMEOUT);
	tp->keepalive_time = set->keepidle * HZ;
	tp->keepalive_intvl = set->keepintvl * HZ;
	tp->keepalive_probes = set->keepcnt;
	inet_csk(sk)->icsk_user_timeout = set->user_timeout_ms;
}

/**
 * spw_restore_fill() - an established socket becomes that of an image
 * @sk: in repair, its queues empty; locked
 * @image: endpoint
 *
 * All but spw_restore_options(), which is to follow. Process context.
 *
 * Return: 0 or &enum spw_move_reason
 */
u8 spw_restore_fill(struct sock *sk, const struct spw_image *image)
{
	u8 reason;

	if (sk->sk_state != TCP_ESTABLISHED || sock_flag(sk, SOCK_DEAD))
		return SPW_MOVE_BECAUSE_CLOSED;
	set_max_window(sk, image);
	reason = spw_refill(sk, image);
	/* Of a listener with keepalive, and of the filling. */
	if (sock_flag(sk, SOCK_KEEPOPEN) || !spw_refill_nothing(image))
		inet_csk_clear_xmit_timers(sk);
	if (reason)
		return reason;
	set_windows(sk, image);
	set_timestamps(sk, image);
	set_ecn(tcp_sk(sk), image->options.flags);
	set_congestion(sk, image);
	return 0;
}

/**
 * spw_restore_options() - what the origin's application has set on its socket
 * @sk: filled; locked
 * @image: endpoint
 */
void spw_restore_options(struct sock *sk, const struct spw_image *image)
{
	set_buffers(sk, image);
	set_ip_options(sk, image);
	set_pacing(sk, image);
	set_socket_options(sk, image);
}

/**
 * spw_restore_possible() - is there nothing in an image that this kernel cannot have?
 * @image: endpoint
 */
bool spw_restore_possible(const struct spw_image *image)
{
	return !(image->timestamps.flags & SPW_IMAGE_TS_US) || spw_compat_has_usec_ts();
}

/**
 * spw_restore() - a socket is made of an image, dormant
 * @net: namespace; the socket holds a reference on it as any other does
 * @image: endpoint, passed spw_image_check()
 * @restored: receives it
 *
 * It is in the table of connections, silent whatever is done to it: no packet leaves
 * and no timer runs. The remote's packets are not to reach it before spw_restore_go().
 * Process context; sleeps.
 *
 * Return: 0, or &enum spw_move_reason with @restored empty
 */
u8 spw_restore(struct net *net, const struct spw_image *image,
	       struct spw_restored *restored)
{
	struct sock *sk;
	u8 reason;

	memset(restored, 0, sizeof(*restored));
	if (!spw_restore_possible(image))
		return SPW_MOVE_BECAUSE_FEATURE;
	reason = spw_child_make(net, image, restored);
	if (reason)
		return reason;
	sk = restored->sk;
	if (!has_congestion_control(sk, image)) {
		release_sock(sk);
		spw_restore_congestion_control(sk, image);
		lock_sock_nested(sk, SINGLE_DEPTH_NESTING);
	}
	reason = spw_restore_fill(sk, image);
	if (!reason)
		spw_restore_options(sk, image);
	release_sock(sk);
	if (reason)
		spw_restore_undo(restored);
	return reason;
}

/*
 * Is the remote to hear from it? Of what came since the window was offered last; of
 * what is missing; or of the window, if there is less of it than there could be.
 */
static bool owes_ack(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return tp->rcv_nxt != tp->rcv_wup ||
	       !RB_EMPTY_ROOT(&tp->out_of_order_queue) ||
	       tcp_receive_window(tp) < tp->rcv_ssthresh / 2;
}

/**
 * spw_restore_wake() - a socket that is filled comes alive
 * @sk: in repair, locked
 *
 * Timers that would run if the socket had lived here all the time, and what is to be
 * sent is sent as soon as it is unlocked: tcp_release_cb() does so for the sake of TCP
 * small queues, which is the only way to tcp_write_xmit() under the lock. A remote that
 * takes nothing is probed.
 */
void spw_restore_wake(struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);
	struct tcp_sock *tp = tcp_sk(sk);

	tp->repair = 0;
	if (sock_flag(sk, SOCK_KEEPOPEN))
		inet_csk_reset_keepalive_timer(sk, keepalive_time_when(tp));
	if (tp->packets_out)
		inet_csk_reset_xmit_timer(sk, ICSK_TIME_RETRANS, icsk->icsk_rto,
					  TCP_RTO_MAX);
	else if (!tcp_write_queue_empty(sk))
		inet_csk_reset_xmit_timer(sk, ICSK_TIME_PROBE0,
					  tcp_probe0_base(sk), TCP_RTO_MAX);
	if (owes_ack(sk)) {
		icsk->icsk_ack.ato = TCP_ATO_MIN;
		inet_csk_schedule_ack(sk);
		inet_csk_reset_xmit_timer(sk, ICSK_TIME_DACK, TCP_DELACK_MIN,
					  TCP_RTO_MAX);
	}
	if (!tcp_write_queue_empty(sk) &&
	    !test_and_set_bit(TCP_TSQ_DEFERRED, &sk->sk_tsq_flags))
		sock_hold(sk);
}

/*
 * Both are locked, so that the listener cannot be closed, nor the socket be accepted,
 * before all is done.
 */
static u8 hand_over(struct sock *listener, struct request_sock *req, struct sock *sk)
{
	struct sock *queued;

	if (!spw_child_alive(sk))
		return SPW_MOVE_BECAUSE_CLOSED;
	if (spw_accepted_watch(req, sk))
		return SPW_MOVE_BECAUSE_MEMORY;
	local_bh_disable();
	queued = inet_csk_reqsk_queue_add(listener, req, sk);
	local_bh_enable();
	if (!queued) {
		spw_accepted_unwatch(req, sk);
		return SPW_MOVE_BECAUSE_LISTENER;
	}
	spw_restore_wake(sk);
	return 0;
}

/**
 * spw_restore_go() - a dormant socket comes alive, in the queue of its listener
 * @restored: from spw_restore()
 * @image: what it was made of
 *
 * From then on it is the application's: the caller keeps a reference on
 * &spw_restored.sk, to be dropped with sock_put(), and is to tell the listener by
 * spw_restore_tell(). Process context; sleeps.
 *
 * Return: 0, or &enum spw_move_reason: then nothing was sent, and spw_restore_undo() is
 * to be called
 */
u8 spw_restore_go(struct spw_restored *restored, const struct spw_image *image)
{
	struct sock *listener = restored->listener, *sk = restored->sk;
	u8 reason;

	if (!sk)
		return SPW_MOVE_BECAUSE_CLOSED;
	lock_sock(listener);
	if (listener->sk_state != TCP_LISTEN) {
		reason = SPW_MOVE_BECAUSE_LISTENER;
	} else if (sk_acceptq_is_full(listener)) {
		reason = SPW_MOVE_BECAUSE_BACKLOG;
	} else {
		lock_sock_nested(sk, SINGLE_DEPTH_NESTING);
		reason = hand_over(listener, restored->req, sk);
		release_sock(sk);
	}
	release_sock(listener);
	if (!reason)
		restored->req = NULL;
	return reason;
}

/**
 * spw_restore_tell() - who listens is woken
 * @restored: after spw_restore_go() succeeded; nothing is left in it but the socket
 *
 * What is more urgent comes before: to wake somebody costs nearly as much as to make his
 * socket alive. Process context.
 */
void spw_restore_tell(struct spw_restored *restored)
{
	struct sock *listener = restored->listener;
	void (*data_ready)(struct sock *sk) = READ_ONCE(listener->sk_data_ready);

	data_ready(listener);
	sock_put(listener);
	restored->listener = NULL;
}

/**
 * spw_restore_undo() - a dormant socket ends without a word
 * @restored: from spw_restore(), also where that failed; not after spw_restore_go() has
 *	succeeded; empty afterwards
 *
 * Process context; sleeps.
 */
void spw_restore_undo(struct spw_restored *restored)
{
	if (!restored->sk)
		return;
	spw_child_destroy(restored->sk);
	sock_put(restored->sk);
	reqsk_put(restored->req);
	sock_put(restored->listener);
	memset(restored, 0, sizeof(*restored));
}
