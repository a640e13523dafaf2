// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TCP socket becomes an image: its fields, each brought into the limits that image.h
 * tells of, and its queues.
 */
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <net/tcp.h>

#include "capture.h"
#include "capture_queues.h"
#include "compat.h"
#include "image.h"
#include "move.h"

static u32 up_to_int(u64 value)
{
	return min_t(u64, value, INT_MAX);
}

static u32 one_to_int(u64 value)
{
	return clamp_t(u64, value, 1, INT_MAX);
}

/* IPv4 on a socket of IPv6 as well: both kinds of addresses are kept up to date then. */
static bool is_ipv4(const struct sock *sk)
{
	return sk->sk_family == AF_INET || ipv6_addr_v4mapped(&sk->sk_v6_daddr);
}

static void fill_tuple(const struct sock *sk, struct spw_image_tuple *t)
{
	t->family = is_ipv4(sk) ? 4 : 6;
	if (t->family == 4) {
		memcpy(t->laddr, &sk->sk_rcv_saddr, sizeof(sk->sk_rcv_saddr));
		memcpy(t->raddr, &sk->sk_daddr, sizeof(sk->sk_daddr));
	} else {
		memcpy(t->laddr, &sk->sk_v6_rcv_saddr, sizeof(t->laddr));
		memcpy(t->raddr, &sk->sk_v6_daddr, sizeof(t->raddr));
	}
	t->lport = ntohs(inet_sk(sk)->inet_sport);
	t->rport = ntohs(sk->sk_dport);
	t->state = sk->sk_state;
}

static void fill_send_sequence(const struct tcp_sock *tp,
			       struct spw_image_sequence *s)
{
	u32 most = min_t(u32, 65535U << tp->rx_opt.snd_wscale, SPW_IMAGE_WINDOW_MAX);

	s->snd_una = tp->snd_una;
	s->snd_nxt = tp->snd_nxt;
	s->write_seq = tp->write_seq;
	s->snd_wnd = min(tp->snd_wnd, most);
	/* The ACK that ends a passive handshake sets snd_wnd alone. */
	s->max_window = clamp(tp->max_window, s->snd_wnd, most);
	/* It is left behind where no urgent data is under way, see tcp_urg_mode(). */
	s->snd_up = tp->snd_up - tp->snd_una > tp->write_seq - tp->snd_una ?
			    tp->snd_una :
			    tp->snd_up;
}

static void fill_receive_sequence(const struct tcp_sock *tp,
				  struct spw_image_sequence *s)
{
	s->rcv_nxt = tp->rcv_nxt;
	s->rcv_wup = tp->rcv_wup;
	s->copied_seq = tp->copied_seq;
	s->rcv_wnd = min_t(u32, tp->rcv_wnd, SPW_IMAGE_WINDOW_MAX);
	/* The same edge, told from rcv_nxt. */
	if (s->rcv_nxt - s->rcv_wup > SPW_IMAGE_WINDOW_MAX) {
		s->rcv_wup = s->rcv_nxt;
		s->rcv_wnd = min_t(u32, tcp_receive_window(tp),
				   SPW_IMAGE_WINDOW_MAX);
	}
	/* A segment ahead of the others, and the window was shrunk to nothing since. */
	s->snd_wl1 = after(tp->snd_wl1, s->rcv_nxt + s->rcv_wnd) ?
			     s->rcv_nxt + s->rcv_wnd :
			     tp->snd_wl1;
	s->rcv_ssthresh = up_to_int(tp->rcv_ssthresh);
	s->window_clamp = one_to_int(tp->window_clamp);
}

/* The relations that a socket in good health has; the lengths are made of them. */
static bool sequence_is_sound(const struct spw_image *image)
{
	const struct spw_image_sequence *s = &image->sequence;
	u32 state = image->tuple.state;

	if (before(s->snd_nxt, s->snd_una) || before(s->write_seq, s->snd_nxt) ||
	    before(s->rcv_nxt, s->copied_seq))
		return false;
	if (state == SPW_IMAGE_FIN_WAIT1)
		return s->snd_una != s->write_seq;
	return state != SPW_IMAGE_FIN_WAIT2 || s->snd_una == s->write_seq;
}

static void fill_options(const struct tcp_sock *tp, struct spw_image_options *o)
{
	const struct tcp_options_received *rx = &tp->rx_opt;
	u32 ecn = tp->ecn_flags;

	BUILD_BUG_ON(TCP_ECN_OK * SPW_IMAGE_OPT_ECN != SPW_IMAGE_OPT_ECN);
	BUILD_BUG_ON(TCP_ECN_QUEUE_CWR * SPW_IMAGE_OPT_ECN !=
		     SPW_IMAGE_OPT_ECN_QUEUE_CWR);
	BUILD_BUG_ON(TCP_ECN_DEMAND_CWR * SPW_IMAGE_OPT_ECN !=
		     SPW_IMAGE_OPT_ECN_DEMAND_CWR);
	BUILD_BUG_ON(TCP_ECN_SEEN * SPW_IMAGE_OPT_ECN != SPW_IMAGE_OPT_ECN_SEEN);
	if (ecn & TCP_ECN_OK)
		o->flags = (ecn & (TCP_ECN_OK | TCP_ECN_QUEUE_CWR |
				   TCP_ECN_DEMAND_CWR | TCP_ECN_SEEN)) *
			   SPW_IMAGE_OPT_ECN;
	if (rx->sack_ok)
		o->flags |= SPW_IMAGE_OPT_SACK;
	if (rx->tstamp_ok)
		o->flags |= SPW_IMAGE_OPT_TSTAMP;
	if (rx->wscale_ok) {
		o->flags |= SPW_IMAGE_OPT_WSCALE;
		o->snd_wscale = rx->snd_wscale;
		o->rcv_wscale = rx->rcv_wscale;
	}
	o->mss_clamp = max_t(u32, rx->mss_clamp, 1);
	o->advmss = max_t(u32, tp->advmss, 1);
	if (rx->user_mss)
		o->user_mss = clamp_t(u32, rx->user_mss, SPW_IMAGE_USER_MSS_MIN,
				      SPW_IMAGE_USER_MSS_MAX);
}

/*
 * The clock of its timestamps. With the fq scheduler a segment is stamped with the time
 * at which it is to leave, tcp_wstamp_ns: what is sent after the move must not be older
 * than that, or the remote drops it (PAWS).
 */
static u32 timestamp_now(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u64 ns = tcp_clock_ns();

	if (sk->sk_pacing_status == SK_PACING_FQ)
		ns = max(ns, tp->tcp_wstamp_ns);
	ns = div_u64(ns, spw_compat_tcp_usec_ts(tp) ? NSEC_PER_USEC : NSEC_PER_MSEC);
	return (u32)ns + tp->tsoffset;
}

static void fill_timestamps(const struct sock *sk, struct spw_image_timestamps *ts)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	const struct tcp_options_received *rx = &tp->rx_opt;
	u32 age = (u32)ktime_get_seconds() - (u32)rx->ts_recent_stamp;

	if (!rx->tstamp_ok)
		return;
	ts->flags = spw_compat_tcp_usec_ts(tp) ? SPW_IMAGE_TS_US : 0;
	ts->tsval = timestamp_now(sk);
	ts->ts_recent = rx->ts_recent;
	/* No stamp: nothing came yet, so that PAWS is not to be applied. */
	ts->ts_recent_age = rx->ts_recent_stamp ?
				    min_t(u32, age, SPW_IMAGE_TS_AGE_MAX) :
				    SPW_IMAGE_TS_AGE_MAX;
}

/* What image_check.c takes as a name; the kernel is not that strict. */
static bool fill_name(const struct sock *sk, u8 *name)
{
	const char *from = inet_csk(sk)->icsk_ca_ops->name;
	size_t len = strnlen(from, SPW_IMAGE_CA_NAME), i;

	if (!len || len == SPW_IMAGE_CA_NAME)
		return false;
	for (i = 0; i < len; i++)
		if (!(from[i] >= 'a' && from[i] <= 'z') &&
		    !(from[i] >= '0' && from[i] <= '9') && from[i] != '_' &&
		    from[i] != '-')
			return false;
	memcpy(name, from, len);
	return true;
}

static void fill_congestion(const struct sock *sk, struct spw_image_congestion *c)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	c->snd_cwnd = one_to_int(tcp_snd_cwnd(tp));
	c->snd_ssthresh = one_to_int(tp->snd_ssthresh);
	c->srtt_us = up_to_int(tp->srtt_us);
	c->mdev_us = up_to_int(tp->mdev_us);
	c->rttvar_us = up_to_int(tp->rttvar_us);
	/* With the back-off that is in it: RFC 6298 section 5.7 keeps that, too. */
	c->rto_us = clamp_t(u32, jiffies_to_usecs(inet_csk(sk)->icsk_rto),
			    SPW_IMAGE_RTO_MIN_US, SPW_IMAGE_RTO_MAX_US);
	c->min_rtt_us = tcp_min_rtt(tp);
	c->reordering = clamp_t(u32, tp->reordering, 1, 65535);
}

static u32 socket_flags(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 flags = 0;

	if (sock_flag(sk, SOCK_KEEPOPEN))
		flags |= SPW_IMAGE_SOCK_KEEPALIVE;
	if (tp->nonagle & TCP_NAGLE_OFF)
		flags |= SPW_IMAGE_SOCK_NODELAY;
	if (tp->nonagle & TCP_NAGLE_CORK)
		flags |= SPW_IMAGE_SOCK_CORK;
	if (sk->sk_userlocks & SOCK_SNDBUF_LOCK)
		flags |= SPW_IMAGE_SOCK_SNDBUF_LOCK;
	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK)
		flags |= SPW_IMAGE_SOCK_RCVBUF_LOCK;
	if (sock_flag(sk, SOCK_LINGER))
		flags |= SPW_IMAGE_SOCK_LINGER;
	if (sock_flag(sk, SOCK_URGINLINE))
		flags |= SPW_IMAGE_SOCK_OOBINLINE;
	/* tcp_fin() sets it as well. */
	if ((sk->sk_shutdown & RCV_SHUTDOWN) && sk->sk_state != TCP_CLOSE_WAIT)
		flags |= SPW_IMAGE_SOCK_RCV_SHUTDOWN;
	if (spw_capture_answered(sk, 0))
		flags |= SPW_IMAGE_SOCK_ANSWERED;
	return flags;
}

/* Of the family of the packets; of TTL and hop limit -1 is the system's. */
static void fill_header(const struct sock *sk, struct spw_image_socket *s)
{
	const struct inet_sock *inet = inet_sk(sk);
	int ttl = inet->uc_ttl;

	s->tos = inet->tos;
#if IS_ENABLED(CONFIG_IPV6)
	if (!is_ipv4(sk)) {
		const struct ipv6_pinfo *np = inet6_sk(sk);

		ttl = np->hop_limit;
		s->tos = np->tclass;
		s->flow_label = ntohl(np->flow_label & IPV6_FLOWLABEL_MASK);
	}
#endif
	s->ttl = ttl > 0 && ttl <= 255 ? ttl : 0;
}

static void fill_socket(const struct sock *sk, struct spw_image_socket *s)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	unsigned long rate = sk->sk_max_pacing_rate;

	s->flags = socket_flags(sk);
	s->keepidle = min_t(u32, tp->keepalive_time / HZ, SPW_IMAGE_KEEP_MAX);
	s->keepintvl = min_t(u32, tp->keepalive_intvl / HZ, SPW_IMAGE_KEEP_MAX);
	s->keepcnt = min_t(u32, tp->keepalive_probes, SPW_IMAGE_KEEPCNT_MAX);
	s->user_timeout_ms = up_to_int(inet_csk(sk)->icsk_user_timeout);
	if (s->flags & SPW_IMAGE_SOCK_LINGER)
		s->linger_s = up_to_int(sk->sk_lingertime / HZ);
	s->sndbuf = clamp(sk->sk_sndbuf, 1, INT_MAX);
	s->rcvbuf = clamp(sk->sk_rcvbuf, 1, INT_MAX);
	s->rcvlowat = clamp(sk->sk_rcvlowat, 1, INT_MAX);
	s->notsent_lowat = tp->notsent_lowat;
	s->priority = sk->sk_priority;
	s->mark = sk->sk_mark;
	s->max_pacing_rate[0] = rate == ~0UL ? ~0U : upper_32_bits(rate);
	s->max_pacing_rate[1] = lower_32_bits(rate);
	fill_header(sk, s);
}

/* What the application has passed says nothing any more. */
static void fill_urgent(const struct tcp_sock *tp, struct spw_image *image)
{
	const struct spw_image_sequence *s = &image->sequence;
	u32 data = tp->urg_data, seq = tp->urg_seq;

	BUILD_BUG_ON((int)TCP_URG_VALID != (int)SPW_IMAGE_URG_VALID ||
		     (int)TCP_URG_NOTYET != (int)SPW_IMAGE_URG_NOTYET ||
		     (int)TCP_URG_READ != (int)SPW_IMAGE_URG_READ);
	if ((data & ~SPW_IMAGE_URG_BYTE) != SPW_IMAGE_URG_VALID &&
	    data != SPW_IMAGE_URG_NOTYET && data != SPW_IMAGE_URG_READ)
		return;
	if (seq - s->copied_seq >
	    s->rcv_nxt - s->copied_seq + s->rcv_wnd + 65535)
		return;
	image->urgent.data = data;
	image->urgent.seq = seq;
}

static u8 fill(const struct sock *sk, struct spw_image *image)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	fill_tuple(sk, &image->tuple);
	fill_send_sequence(tp, &image->sequence);
	fill_receive_sequence(tp, &image->sequence);
	if (!sequence_is_sound(image))
		return SPW_MOVE_BECAUSE_STATE;
	fill_options(tp, &image->options);
	fill_timestamps(sk, &image->timestamps);
	if (!fill_name(sk, image->congestion.name))
		return SPW_MOVE_BECAUSE_FEATURE;
	fill_congestion(sk, &image->congestion);
	fill_socket(sk, &image->socket);
	fill_urgent(tp, image);
	return 0;
}

/**
 * spw_capture_numbers() - what an image tells of a socket, but for its queues
 * @sk: TCP socket, with a reference; bh_lock_sock() held, and nobody's who does more
 * @image: receives it, the queues without their bytes; written to only on success
 *
 * Whether such a socket could move is not asked; whether it is answered is not told, since
 * that changes with each request.
 *
 * Return: 0, or &enum spw_move_reason where it is not open or makes no sense.
 */
u8 spw_capture_numbers(const struct sock *sk, struct spw_image *image)
{
	struct spw_image now = { .skipped = 0 };
	u8 why;

	if (!((1 << inet_sk_state_load(sk)) & (TCPF_ESTABLISHED | TCPF_FIN_WAIT1 |
					       TCPF_FIN_WAIT2 | TCPF_CLOSE_WAIT)))
		return SPW_MOVE_BECAUSE_STATE;
	why = fill(sk, &now);
	if (why)
		return why;
	now.socket.flags &= ~SPW_IMAGE_SOCK_ANSWERED;
	spw_image_strip(&now);
	*image = now;
	return 0;
}

/* An error is the writer's, and told at the end. */
static void write_session(struct spw_image_writer *w,
			  const struct spw_image_bytes *session)
{
	void *to = spw_image_bulk(w, SPW_IMAGE_SESSION, session->len);

	if (to && session->len)
		memcpy(to, session->data, session->len);
}

/**
 * spw_capture() - make an image of a socket
 * @sk: socket
 * @head: bytes to be left free before the image
 * @session: the application's data, of length 0 if there is none
 * @captured: receives it; written to only on success
 *
 * Process context, may sleep, under lock_sock() with the backlog processed. The socket
 * is not changed.
 *
 * Return: 0, or &enum spw_move_reason: what spw_capture_refused() says,
 * %SPW_MOVE_BECAUSE_FEATURE for queues that cannot be read, %SPW_MOVE_BECAUSE_ROOM for
 * such as are longer than an image may be, %SPW_MOVE_BECAUSE_MEMORY.
 */
u8 spw_capture(struct sock *sk, u32 head, const struct spw_image_bytes *session,
	       struct spw_captured *captured)
{
	struct spw_image image = { .skipped = 0 };
	struct spw_image_room room = { .session = session->len };
	struct spw_image_writer w;
	size_t size;
	u8 why, *data;
	int len;

	sock_owned_by_me(sk);
	why = spw_capture_refused(sk);
	if (!why)
		why = fill(sk, &image);
	if (!why)
		why = spw_queues_measure(sk, &image, &room);
	if (why)
		return why;
	size = spw_image_size(&room);
	if (size > SPW_MOVE_IMAGE_MAX)
		return SPW_MOVE_BECAUSE_ROOM;
	data = kvmalloc(head + size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!data)
		return SPW_MOVE_BECAUSE_MEMORY;
	spw_image_begin(&w, data + head, size, &image);
	if (room.received | room.segments | room.sent | room.unsent)
		why = spw_queues_write(sk, &image, &w);
	if (!why)
		write_session(&w, session);
	len = why ? 0 : spw_image_end(&w);
	if (why || len < 0) {
		kvfree(data);
		return why ?: SPW_MOVE_BECAUSE_ROOM;
	}
	captured->data = data;
	captured->head = head;
	captured->len = len;
	return 0;
}
