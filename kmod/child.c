// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A child of a listener without its handshake: the request and the ACK that would have
 * been there are made up and handed to who makes a child of them, as the kernel itself
 * does for a SYN cookie (cookie_v4_check(), tcp_get_cookie_sock()). So the child is what
 * accept() expects: options, port, control group and security labels are the listener's.
 *
 * What the ACK would do to the child then is done by hand: most of what
 * tcp_rcv_state_process() finds out the image knows better.
 */
#include <linux/bpf-cgroup.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/security.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/inet_ecn.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/mptcp.h>
#include <net/route.h>
#include <net/tcp.h>

#include "child.h"
#include "compat.h"
#include "conn.h"
#include "image.h"
#include "ipv6.h"
#include "move.h"
#include "restore.h"
#include "sock_lock.h"

#ifdef CONFIG_TCP_MD5SIG
static struct tcp_md5sig_key *no_md5_key(const struct sock *sk,
					 const struct sock *addr_sk)
{
	return NULL;
}
#endif

/* tcp_create_openreq_child() of 6.1 asks it for a key. Nothing else is called: those
 * of the kernel are not exported, and the request is never in the table of connections.
 */
static const struct tcp_request_sock_ops request_ops = {
#ifdef CONFIG_TCP_MD5SIG
	.req_md5_lookup = no_md5_key,
#endif
};

static void tuple_of(struct spw_tuple *t, const struct spw_image *image)
{
	memset(t, 0, sizeof(*t));
	t->lport = htons(image->tuple.lport);
	t->rport = htons(image->tuple.rport);
	if (image->tuple.family == 6) {
		memcpy(&t->laddr6, image->tuple.laddr, sizeof(t->laddr6));
		memcpy(&t->raddr6, image->tuple.raddr, sizeof(t->raddr6));
	} else {
		memcpy(&t->laddr, image->tuple.laddr, sizeof(t->laddr));
		memcpy(&t->raddr, image->tuple.raddr, sizeof(t->raddr));
	}
}

/* Also one in TIME_WAIT, and a request: whatever would get the remote's packets. */
static bool in_use(struct net *net, const struct spw_image *image,
		   const struct spw_tuple *t)
{
	struct sock *sk;

	rcu_read_lock();
	if (image->tuple.family == 6)
		sk = spw_ipv6_sock(net, t, 0);
	else
		sk = __inet_lookup_established(net,
					       net->ipv4.tcp_death_row.hashinfo,
					       t->raddr, t->rport, t->laddr,
					       ntohs(t->lport), 0, 0);
	if (sk)
		sock_gen_put(sk);
	rcu_read_unlock();
	return sk;
}

/*
 * Who would have got the SYN; with a reference. Of IPv4 that may be a socket of IPv6,
 * as the kernel's own look-up has it.
 */
static struct sock *find_listener(struct net *net, const struct spw_image *image,
				  const struct spw_tuple *t)
{
	struct sock *sk;

	rcu_read_lock();
	if (image->tuple.family == 6)
		sk = spw_ipv6_listener(net, t);
	else
		sk = __inet_lookup_listener(net,
					    net->ipv4.tcp_death_row.hashinfo,
					    NULL, 0, t->raddr, t->rport,
					    t->laddr, ntohs(t->lport), 0, 0);
	if (sk && !refcount_inc_not_zero(&sk->sk_refcnt))
		sk = NULL;
	rcu_read_unlock();
	return sk;
}

/*
 * Who puts a child into the table of connections looks whether there is one of the same
 * name, but among those of the same family of sockets only (inet_ehash_lookup_by_sk()).
 */
static bool is_blind(const struct sock *listener, const struct spw_image *image)
{
	return listener->sk_family == AF_INET6 && image->tuple.family == 4;
}

/* Is the child of such a listener more than a socket of TCP, or its segments signed? */
static bool is_special(const struct sock *listener)
{
	return listener->sk_protocol != IPPROTO_TCP || sk_is_mptcp(listener) ||
	       inet_csk(listener)->icsk_ulp_ops ||
	       spw_compat_tcp_signed(tcp_sk(listener));
}

#define HEADROOM	sizeof(struct ipv6hdr)

/*
 * Who makes a child looks at the ACK and leaves it as it is, so that one does for all
 * that are made one after another.
 */
static struct sk_buff *spare_ack;

static struct sk_buff *take_ack(void)
{
	struct sk_buff *skb = xchg(&spare_ack, NULL);

	if (skb)
		return skb;
	skb = alloc_skb(HEADROOM + sizeof(struct tcphdr), GFP_KERNEL | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, HEADROOM);
	skb_put(skb, sizeof(struct tcphdr));
	skb_reset_transport_header(skb);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	memset(skb->cb, 0, sizeof(skb->cb));
	return skb;
}

static void give_ack_back(struct sk_buff *skb)
{
	skb = xchg(&spare_ack, skb);
	if (unlikely(skb))
		kfree_skb(skb);
}

/* Module exit: no device is left, hence nobody who makes one. */
void spw_child_exit(void)
{
	kfree_skb(spare_ack);
}

static void fill_ip_header(struct sk_buff *skb, const struct spw_tuple *t)
{
	struct iphdr *iph;

	skb_set_network_header(skb, -(int)sizeof(*iph));
	skb->protocol = htons(ETH_P_IP);
	iph = ip_hdr(skb);
	memset(iph, 0, sizeof(*iph));
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tot_len = htons(sizeof(*iph) + sizeof(struct tcphdr));
	iph->ttl = IPDEFTTL;
	iph->protocol = IPPROTO_TCP;
	iph->saddr = t->raddr;
	iph->daddr = t->laddr;
}

static void fill_ipv6_header(struct sk_buff *skb, const struct spw_tuple *t)
{
	struct ipv6hdr *ip6h;

	skb_set_network_header(skb, -(int)sizeof(*ip6h));
	skb->protocol = htons(ETH_P_IPV6);
	ip6h = ipv6_hdr(skb);
	memset(ip6h, 0, sizeof(*ip6h));
	ip6h->version = 6;
	ip6h->payload_len = htons(sizeof(struct tcphdr));
	ip6h->nexthdr = IPPROTO_TCP;
	ip6h->hop_limit = IPDEFTTL;
	ip6h->saddr = t->raddr6;
	ip6h->daddr = t->laddr6;
}

/* The remote's ACK that ends the handshake, as TCP gets it: at the TCP header. */
static struct sk_buff *made_up_ack(const struct spw_image *image,
				   const struct spw_tuple *t,
				   const struct tcp_request_sock *treq)
{
	struct sk_buff *skb = take_ack();
	struct tcphdr *th;

	if (!skb)
		return NULL;
	if (image->tuple.family == 6)
		fill_ipv6_header(skb, t);
	else
		fill_ip_header(skb, t);
	th = tcp_hdr(skb);
	memset(th, 0, sizeof(*th));
	th->source = t->rport;
	th->dest = t->lport;
	th->seq = htonl(treq->rcv_isn + 1);
	th->ack_seq = htonl(treq->snt_isn + 1);
	th->doff = sizeof(*th) / 4;
	th->ack = 1;

	TCP_SKB_CB(skb)->seq = treq->rcv_isn + 1;
	TCP_SKB_CB(skb)->end_seq = treq->rcv_isn + 1;
	TCP_SKB_CB(skb)->ack_seq = treq->snt_isn + 1;
	TCP_SKB_CB(skb)->tcp_flags = TCPHDR_ACK;
	return skb;
}

/*
 * The numbers are such that the queues begin where the handshake ends. What
 * inet_reqsk_alloc() leaves as it was in memory is set here, all of it.
 */
static void fill_request(struct request_sock *req, const struct spw_image *image,
			 const struct spw_tuple *t)
{
	const struct spw_image_sequence *s = &image->sequence;
	const struct spw_image_options *o = &image->options;
	struct inet_request_sock *ireq = inet_rsk(req);
	struct tcp_request_sock *treq = tcp_rsk(req);
	u32 fin = image->tuple.state == SPW_IMAGE_CLOSE_WAIT ? 1 : 0;

	req->mss = o->mss_clamp;
	req->num_retrans = 0;
	req->num_timeout = 0;
	req->ts_recent = image->timestamps.ts_recent;
	req->secid = 0;
	req->peer_secid = 0;
	req->rsk_window_clamp = image->sequence.window_clamp;
	req->rsk_rcv_wnd = s->rcv_wnd;

	ireq->ir_num = image->tuple.lport;
	ireq->ir_rmt_port = t->rport;
	ireq->ir_iif = 0;
	ireq->ir_mark = image->socket.mark;
	if (image->tuple.family == 6) {
		spw_ipv6_request(ireq, t);
	} else {
		sk_rcv_saddr_set(req_to_sk(req), t->laddr);
		sk_daddr_set(req_to_sk(req), t->raddr);
	}
	ireq->snd_wscale = o->snd_wscale;
	ireq->rcv_wscale = o->rcv_wscale;
	ireq->tstamp_ok = !!(o->flags & SPW_IMAGE_OPT_TSTAMP);
	ireq->sack_ok = o->flags & SPW_IMAGE_OPT_SACK ? TCP_SACK_SEEN : 0;
	ireq->wscale_ok = !!(o->flags & SPW_IMAGE_OPT_WSCALE);
	ireq->ecn_ok = !!(o->flags & SPW_IMAGE_OPT_ECN);
	ireq->acked = 0;
	ireq->no_srccheck = 1;
	ireq->smc_ok = 0;

	treq->af_specific = &request_ops;
	treq->snt_synack = 0;
	treq->tfo_listener = false;
	treq->txhash = net_tx_rndhash();
	treq->rcv_isn = s->rcv_nxt - fin - spw_image_received(image) - 1;
	treq->snt_isn = s->snd_una - 1;
	treq->ts_off = 0;
	treq->last_oow_ack_time = 0;
	treq->rcv_nxt = treq->rcv_isn + 1;
	treq->syn_tos = 0;
	spw_compat_request_clear(treq, image->timestamps.flags & SPW_IMAGE_TS_US);
}

/*
 * The way to the remote. The source is the origin's address, hence not looked for on
 * this node (FLOWI_FLAG_ANYSRC, as a transparent socket has it).
 */
static struct dst_entry *route(struct sock *listener, struct request_sock *req,
			       const struct spw_image *image,
			       const struct spw_tuple *t, struct flowi4 *fl4)
{
	struct net *net = sock_net(listener);
	struct rtable *rt;

	if (image->tuple.family == 6)
		return spw_ipv6_route(listener, req, t, &image->socket);
	memset(fl4, 0, sizeof(*fl4));
	flowi4_init_output(fl4, 0, image->socket.mark,
			   RT_TOS(image->socket.tos) & ~INET_ECN_MASK, RT_SCOPE_UNIVERSE,
			   IPPROTO_TCP, FLOWI_FLAG_ANYSRC, t->raddr, t->laddr,
			   t->rport, t->lport, listener->sk_uid);
	security_req_classify_flow(req, flowi4_to_flowi_common(fl4));
	rt = ip_route_output_flow(net, fl4, listener);
	if (IS_ERR(rt))
		return NULL;
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return NULL;
	}
	return &rt->dst;
}

/* As tcp_init_congestion_control(). */
static void begin_congestion_control(struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	tcp_sk(sk)->prior_ssthresh = 0;
	if (icsk->icsk_ca_ops->init)
		icsk->icsk_ca_ops->init(sk);
	if (tcp_ca_needs_ecn(sk))
		INET_ECN_xmit(sk);
	else
		INET_ECN_dontxmit(sk);
	icsk->icsk_ca_initialized = 1;
}

/*
 * From SYN_RECV to ESTABLISHED, as tcp_rcv_state_process() and tcp_init_transfer() have
 * it, without what spw_restore_fill() and spw_restore_options() set: windows, RTT, RTO,
 * congestion window and buffers.
 */
static void establish(struct sock *sk, const struct spw_image *image)
{
	struct inet_connection_sock *icsk = inet_csk(sk);
	const struct dst_entry *dst = __sk_dst_get(sk);
	struct tcp_sock *tp = tcp_sk(sk);
	u32 mss = image->options.advmss;

	tp->delivered++;	/* the SYN-ACK */
	tp->retrans_stamp = 0;
	tcp_mtup_init(sk);
	if (dst_metric_locked(dst, RTAX_CWND))
		tp->snd_cwnd_clamp = dst_metric(dst, RTAX_CWND);
	if (cgroup_bpf_enabled(CGROUP_SOCK_OPS))
		tcp_call_bpf(sk, BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB, 0, NULL);
	/* Unless that program did. */
	if (!icsk->icsk_ca_initialized)
		begin_congestion_control(sk);
	tp->rcvq_space.space = min3(tp->rcv_ssthresh, tp->rcv_wnd, TCP_INIT_CWND * mss);
	icsk->icsk_ack.rcv_mss = max_t(u32, min_t(u32, icsk->icsk_ack.rcv_mss, mss),
				       TCP_MIN_MSS);
	tcp_set_state(sk, TCP_ESTABLISHED);
	sk->sk_state_change(sk);
}

/*
 * Lockless where the listener is concerned, as in softirq. The child comes with its
 * spinlock held: nobody has seen it before it is transparent (what it sends has a source
 * that is not local) and in repair (it is silent, and what ends it is too), and nobody
 * gets hold of it before it is filled, since it is locked for good then.
 */
static struct sock *bear(struct sock *listener, struct request_sock *req,
			 struct sk_buff *ack, struct dst_entry *dst,
			 const struct flowi4 *fl4, const struct spw_image *image)
{
	bool own_req = false;
	struct sock *child;

	rcu_read_lock();
	local_bh_disable();
	child = spw_compat_syn_recv_sock(listener, ack, req, dst, &own_req);
	if (child) {
		__acquire(&child->sk_lock.slock);
		refcount_set(&req->rsk_refcnt, 1);
		spw_compat_set_transparent(child, true);
		tcp_sk(child)->repair = 1;
		tcp_sk(child)->repair_queue = TCP_NO_QUEUE;
		/* ip_queue_xmit() depends on it, see cookie_v4_check(). */
		if (image->tuple.family == 4)
			inet_sk(child)->cork.fl.u.ip4 = *fl4;
		establish(child, image);
		spw_sock_own(child);
	}
	local_bh_enable();
	rcu_read_unlock();
	return child;
}

/* The kernel has looked for the like of it when it was to be put into its table. */
static u8 why_unborn(struct sock *listener, const struct spw_image *image,
		     const struct spw_tuple *t)
{
	if (sk_acceptq_is_full(listener))
		return SPW_MOVE_BECAUSE_BACKLOG;
	return in_use(sock_net(listener), image, t) ? SPW_MOVE_BECAUSE_IN_USE :
						      SPW_MOVE_BECAUSE_MEMORY;
}

static u8 make(struct sock *listener, const struct spw_image *image,
	       const struct spw_tuple *t, struct spw_restored *restored)
{
	struct request_sock *req;
	struct dst_entry *dst;
	struct flowi4 fl4;
	struct sk_buff *ack;
	u8 reason;

	/* Without a reference on the listener, which is held in @restored. */
	req = inet_reqsk_alloc(listener->sk_prot->rsk_prot, listener, false);
	if (!req)
		return SPW_MOVE_BECAUSE_MEMORY;
	fill_request(req, image, t);

	reason = SPW_MOVE_BECAUSE_MEMORY;
	ack = made_up_ack(image, t, tcp_rsk(req));
	if (!ack)
		goto free_request;
	reason = SPW_MOVE_BECAUSE_LISTENER;
	if (security_inet_conn_request(listener, ack, req))
		goto free_ack;
	reason = SPW_MOVE_BECAUSE_ROUTE;
	dst = route(listener, req, image, t, &fl4);
	if (!dst)
		goto free_ack;

	/* It consumes the route in any case. */
	restored->sk = bear(listener, req, ack, dst, &fl4, image);
	give_ack_back(ack);
	if (restored->sk) {
		restored->req = req;
		return 0;
	}
	reason = why_unborn(listener, image, t);
	goto free_request;
free_ack:
	give_ack_back(ack);
free_request:
	__reqsk_free(req);
	return reason;
}

/**
 * spw_child_alive() - can a child still become somebody's socket?
 * @sk: child; locked
 *
 * It cannot where it was ended meanwhile (tcp_abort(), or a RST).
 */
bool spw_child_alive(const struct sock *sk)
{
	return sk->sk_state != TCP_CLOSE && !sock_flag(sk, SOCK_DEAD);
}

/**
 * spw_child_make() - a connection is established without a packet
 * @net: namespace
 * @image: endpoint
 * @restored: empty; receives all its members, with references, if there is a child;
 *	untouched if not
 *
 * The child is in the table of connections, in ESTABLISHED, silent and in nobody's
 * queue. Its queues are empty: they begin with what is to be filled in. It is locked, to
 * be unlocked by release_sock(). Process context.
 *
 * Return: 0 or &enum spw_move_reason
 */
u8 spw_child_make(struct net *net, const struct spw_image *image,
		  struct spw_restored *restored)
{
	struct sock *listener;
	struct spw_tuple t;
	u8 reason;

	tuple_of(&t, image);
	listener = find_listener(net, image, &t);
	if (!listener)
		return SPW_MOVE_BECAUSE_LISTENER;
	if (is_special(listener))
		reason = SPW_MOVE_BECAUSE_FEATURE;
	else if (is_blind(listener, image) && in_use(net, image, &t))
		reason = SPW_MOVE_BECAUSE_IN_USE;
	else if (sk_acceptq_is_full(listener))
		reason = SPW_MOVE_BECAUSE_BACKLOG;
	else
		reason = make(listener, image, &t, restored);
	if (reason)
		sock_put(listener);
	else
		restored->listener = listener;
	return reason;
}

/**
 * spw_child_destroy() - a child that nobody has got ends without a word
 * @sk: child, in repair; its caller's reference is not dropped
 *
 * As inet_child_forget(), which is for those that a listener has not handed out.
 * Process context.
 */
void spw_child_destroy(struct sock *sk)
{
	lock_sock(sk);
	if (!sock_flag(sk, SOCK_DEAD)) {
		sk->sk_prot->disconnect(sk, O_NONBLOCK);
		local_bh_disable();
		bh_lock_sock(sk);
		sock_orphan(sk);
		this_cpu_inc(*sk->sk_prot->orphan_count);
		inet_csk_destroy_sock(sk);
		bh_unlock_sock(sk);
		local_bh_enable();
	}
	release_sock(sk);
}
