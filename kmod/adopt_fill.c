// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An image becomes the connection of a socket that waits, the application's own.
 *
 * It takes the way of TCP_REPAIR: bound to the origin's address and port, connected
 * without a packet (tcp_connect() in repair), then filled as the child of a listener is.
 * All of it, to the end or back, is one stretch under the socket's lock: so the application
 * can do nothing to what is not yet its connection, and where it is blocked it is for that
 * long. Waiters are not woken meanwhile. poll() takes no lock: one that looks at that very
 * moment may see what is undone a moment later, as said in include/spillway/app.h.
 *
 * The target does it when it is asked to commit, since until then nothing else may be
 * visible. What fails then is not too late: the origin is frozen, and goes on.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "adopt.h"
#include "adopt_fill.h"
#include "capture.h"
#include "compat.h"
#include "image.h"
#include "move.h"
#include "restore.h"

/**
 * struct spw_adopt_saved - what a socket was like that waits on after all
 * @wq: of its waiters, which nobody finds meanwhile
 * @af_ops: tcp_v6_connect() changes these for an IPv4 address, and nothing changes
 *	them back
 * @backlog_rcv: likewise
 * @af_specific: likewise
 * @rcvbuf: spw_refill() sets the rest
 * @sndbuf: likewise
 * @notsent_lowat: likewise
 * @user_mss: tcp_disconnect() forgets it
 * @reuse: binding in repair sets it
 * @transparent: likewise
 */
struct spw_adopt_saved {
	struct socket_wq *wq;
	const struct inet_connection_sock_af_ops *af_ops;
	int (*backlog_rcv)(struct sock *sk, struct sk_buff *skb);
#if defined(CONFIG_TCP_MD5SIG) || defined(CONFIG_TCP_AO)
	const struct tcp_sock_af_ops *af_specific;
#endif
	int rcvbuf;
	int sndbuf;
	u32 notsent_lowat;
	u16 user_mss;
	u8 reuse;
	bool transparent;
};

/* Nobody waits on it. Not NULL, which not all that poll() does looks for. */
static struct socket_wq nobody = { .wait = __WAIT_QUEUE_HEAD_INITIALIZER(nobody.wait) };

static void hide(struct sock *sk, struct spw_adopt_saved *saved)
{
	write_lock_bh(&sk->sk_callback_lock);
	saved->wq = rcu_dereference_protected(sk->sk_wq, true);
	rcu_assign_pointer(sk->sk_wq, &nobody);
	write_unlock_bh(&sk->sk_callback_lock);
}

static void show(struct sock *sk, const struct spw_adopt_saved *saved)
{
	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_pointer(sk->sk_wq, saved->wq);
	write_unlock_bh(&sk->sk_callback_lock);
}

static void save(struct sock *sk, struct spw_adopt_saved *saved)
{
	saved->af_ops = inet_csk(sk)->icsk_af_ops;
	saved->backlog_rcv = sk->sk_backlog_rcv;
#if defined(CONFIG_TCP_MD5SIG) || defined(CONFIG_TCP_AO)
	saved->af_specific = tcp_sk(sk)->af_specific;
#endif
	saved->rcvbuf = sk->sk_rcvbuf;
	saved->sndbuf = sk->sk_sndbuf;
	saved->notsent_lowat = tcp_sk(sk)->notsent_lowat;
	saved->user_mss = tcp_sk(sk)->rx_opt.user_mss;
	saved->reuse = sk->sk_reuse;
	saved->transparent = inet_sk_transparent(sk);
}

/* As inet_bind() and inet6_bind(); the port is taken whoever else has it, as in repair. */
static int bind_to(struct sock *sk, const struct spw_image_tuple *t)
{
	struct inet_sock *inet = inet_sk(sk);
	__be32 addr;

	if (t->family == 4) {
		memcpy(&addr, t->laddr, sizeof(addr));
		inet->inet_rcv_saddr = addr;
		inet->inet_saddr = addr;
	}
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		if (t->family == 4)
			ipv6_addr_set_v4mapped(addr, &sk->sk_v6_rcv_saddr);
		else
			memcpy(&sk->sk_v6_rcv_saddr, t->laddr, 16);
		inet6_sk(sk)->saddr = sk->sk_v6_rcv_saddr;
	}
#endif
	sk->sk_reuse = SK_FORCE_REUSE;
	spw_compat_set_transparent(sk, true);
	if (sk->sk_prot->get_port(sk, t->lport))
		return -EADDRINUSE;
	inet->inet_sport = htons(inet->inet_num);
	inet->inet_daddr = 0;
	inet->inet_dport = 0;
	return 0;
}

static int connect_to(struct sock *sk, const struct spw_image_tuple *t)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(t->rport),
	};
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(t->rport),
	};

	if (sk->sk_family == AF_INET) {
		memcpy(&sin.sin_addr, t->raddr, sizeof(sin.sin_addr));
		return sk->sk_prot->connect(sk, (struct sockaddr *)&sin, sizeof(sin));
	}
	if (t->family == 6) {
		memcpy(&sin6.sin6_addr, t->raddr, sizeof(sin6.sin6_addr));
	} else {
		memcpy(&sin.sin_addr, t->raddr, sizeof(sin.sin_addr));
		ipv6_addr_set_v4mapped(sin.sin_addr.s_addr, &sin6.sin6_addr);
	}
	return sk->sk_prot->connect(sk, (struct sockaddr *)&sin6, sizeof(sin6));
}

/* The queues begin where what is to be filled in does; see fill_request(). */
static void set_numbers(struct sock *sk, const struct spw_image *image)
{
	const struct spw_image_sequence *s = &image->sequence;
	u32 fin = image->tuple.state == SPW_IMAGE_CLOSE_WAIT ? 1 : 0;
	struct tcp_sock *tp = tcp_sk(sk);

	/* Of an earlier connection: it would have the numbers be forgotten. */
	tp->rx_opt.ts_recent_stamp = 0;
	WRITE_ONCE(tp->write_seq, s->snd_una);
	WRITE_ONCE(tp->rcv_nxt, s->rcv_nxt - fin - spw_image_received(image));
}

/* What the handshake would have found, as tcp_create_openreq_child() sets it. */
static void set_options(struct sock *sk, const struct spw_image *image)
{
	const struct spw_image_options *o = &image->options;
	struct inet_connection_sock *icsk = inet_csk(sk);
	struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_options_received *rx = &tp->rx_opt;

	rx->tstamp_ok = !!(o->flags & SPW_IMAGE_OPT_TSTAMP);
	rx->sack_ok = o->flags & SPW_IMAGE_OPT_SACK ? TCP_SACK_SEEN : 0;
	rx->wscale_ok = !!(o->flags & SPW_IMAGE_OPT_WSCALE);
	rx->snd_wscale = o->snd_wscale;
	rx->rcv_wscale = o->rcv_wscale;
	rx->mss_clamp = o->mss_clamp;
	spw_compat_set_usec_ts(tp, image->timestamps.flags & SPW_IMAGE_TS_US);
	tp->tcp_header_len = sizeof(struct tcphdr);
	if (rx->tstamp_ok)
		tp->tcp_header_len += TCPOLEN_TSTAMP_ALIGNED;
	/* As tcp_mtup_init() has it, which did not know the segment's size yet. */
	icsk->icsk_mtup.search_high = rx->mss_clamp + sizeof(struct tcphdr) +
				      icsk->icsk_af_ops->net_header_len;
}

static u8 connect_in_repair(struct sock *sk, const struct spw_image *image)
{
	int err;

	tcp_sk(sk)->repair = 1;
	tcp_sk(sk)->repair_queue = TCP_NO_QUEUE;
	set_numbers(sk, image);
	err = bind_to(sk, &image->tuple) ?: connect_to(sk, &image->tuple);
	switch (err) {
	case 0:
		set_options(sk, image);
		return 0;
	case -EADDRINUSE:
	case -EADDRNOTAVAIL:
		return SPW_MOVE_BECAUSE_IN_USE;
	case -ENOMEM:
	case -ENOBUFS:
		return SPW_MOVE_BECAUSE_MEMORY;
	default:
		return SPW_MOVE_BECAUSE_ROUTE;
	}
}

/* Back to waiting. tcp_disconnect() says nothing to the remote in repair. */
static void restore(struct sock *sk, struct spw_adopt_saved *saved)
{
	struct tcp_sock *tp = tcp_sk(sk);

	sk->sk_prot->disconnect(sk, 0);
	tp->repair = 0;
	inet_csk(sk)->icsk_af_ops = saved->af_ops;
	sk->sk_backlog_rcv = saved->backlog_rcv;
#if defined(CONFIG_TCP_MD5SIG) || defined(CONFIG_TCP_AO)
	tp->af_specific = saved->af_specific;
#endif
	WRITE_ONCE(sk->sk_rcvbuf, saved->rcvbuf);
	WRITE_ONCE(sk->sk_sndbuf, saved->sndbuf);
	WRITE_ONCE(tp->notsent_lowat, saved->notsent_lowat);
	tp->rx_opt.user_mss = saved->user_mss;
	sk->sk_reuse = saved->reuse;
	spw_compat_set_transparent(sk, saved->transparent);
	WRITE_ONCE(sk->sk_err, 0);
	tcp_set_state(sk, TCP_SYN_SENT);
}

static u8 check(const struct spw_adopter *adopter)
{
	const struct sock *sk = adopter->sk;

	if (!spw_adopter_waits(adopter) || !sk->sk_socket)
		return SPW_MOVE_BECAUSE_CLOSED;
	/* Set since it began to wait. */
	if (spw_capture_odd(sk) || sk->sk_bound_dev_if || tcp_sk(sk)->fastopen_connect)
		return SPW_MOVE_BECAUSE_FEATURE;
	return 0;
}

/**
 * spw_adopt_begin() - the socket gets its connection, and is silent
 * @adopter: claimed
 * @image: endpoint, passed spw_image_check()
 * @saved: receives what spw_adopt_commit() or spw_adopt_undo() needs
 *
 * Process context; sleeps.
 *
 * Return: 0 with the socket locked, or &enum spw_move_reason: it waits then as before.
 */
u8 spw_adopt_begin(const struct spw_adopter *adopter, const struct spw_image *image,
		   struct spw_adopt_saved **saved)
{
	struct sock *sk = adopter->sk;
	u8 reason;

	if (!spw_adopter_waits(adopter))
		return SPW_MOVE_BECAUSE_CLOSED;
	*saved = kzalloc(sizeof(**saved), GFP_KERNEL | __GFP_NOWARN);
	if (!*saved)
		return SPW_MOVE_BECAUSE_MEMORY;
	spw_restore_congestion_control(sk, image);
	lock_sock(sk);
	reason = check(adopter);
	if (reason) {
		release_sock(sk);
		kfree(*saved);
		return reason;
	}
	save(sk, *saved);
	hide(sk, *saved);
	reason = connect_in_repair(sk, image);
	if (!reason)
		reason = spw_restore_fill(sk, image);
	if (reason)
		spw_adopt_undo(sk, *saved);
	return reason;
}

/**
 * spw_adopt_commit() - the connection is the application's, and alive
 * @sk: after spw_adopt_begin(), locked; unlocked
 * @image: what it was made of
 * @saved: freed
 */
void spw_adopt_commit(struct sock *sk, const struct spw_image *image,
		      struct spw_adopt_saved *saved)
{
	show(sk, saved);
	spw_restore_options(sk, image);
	/* As an accepted one: nobody who listens on its port is kept from it later. */
	sk->sk_reuse = SK_CAN_REUSE;
	sk->sk_socket->state = SS_CONNECTED;
	spw_restore_wake(sk);
	sk->sk_state_change(sk);
	sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
	release_sock(sk);
	kfree(saved);
}

/**
 * spw_adopt_undo() - the socket waits on
 * @sk: after spw_adopt_begin(), locked; unlocked
 * @saved: freed
 */
void spw_adopt_undo(struct sock *sk, struct spw_adopt_saved *saved)
{
	restore(sk, saved);
	show(sk, saved);
	release_sock(sk);
	kfree(saved);
}
