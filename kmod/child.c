// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A child of a listener without its handshake: the request and the ACK that would have
 * been there are made up and handed to the functions that would have got them, as the
 * kernel itself does for a SYN cookie (cookie_v4_check(), tcp_get_cookie_sock()). So the
 * child is what accept() expects: options, port, control group and security labels are
 * the listener's.
 */
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

/* Is the child of such a listener more than a socket of TCP, or its segments signed? */
static bool is_special(const struct sock *listener)
{
	return listener->sk_protocol != IPPROTO_TCP || sk_is_mptcp(listener) ||
	       inet_csk(listener)->icsk_ulp_ops ||
	       spw_compat_tcp_signed(tcp_sk(listener));
}

/* The remote's ACK that ends the handshake, as TCP gets it: at the TCP header. */
static struct sk_buff *made_up_ack(const struct spw_image *image,
				   const struct spw_tuple *t,
				   const struct tcp_request_sock *treq)
{
	bool v6 = image->tuple.family == 6;
	unsigned int len = v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	struct sk_buff *skb;
	struct tcphdr *th;

	skb = alloc_skb(len + sizeof(*th), GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reset_network_header(skb);
	skb_put_zero(skb, len);
	if (v6) {
		struct ipv6hdr *ip6h = ipv6_hdr(skb);

		ip6h->version = 6;
		ip6h->payload_len = htons(sizeof(*th));
		ip6h->nexthdr = IPPROTO_TCP;
		ip6h->hop_limit = IPDEFTTL;
		ip6h->saddr = t->raddr6;
		ip6h->daddr = t->laddr6;
		skb->protocol = htons(ETH_P_IPV6);
	} else {
		struct iphdr *iph = ip_hdr(skb);

		iph->version = 4;
		iph->ihl = sizeof(*iph) / 4;
		iph->tot_len = htons(sizeof(*iph) + sizeof(*th));
		iph->ttl = IPDEFTTL;
		iph->protocol = IPPROTO_TCP;
		iph->saddr = t->raddr;
		iph->daddr = t->laddr;
		skb->protocol = htons(ETH_P_IP);
	}
	th = skb_put_zero(skb, sizeof(*th));
	skb_pull(skb, len);
	skb_reset_transport_header(skb);
	th->source = t->rport;
	th->dest = t->lport;
	th->seq = htonl(treq->rcv_isn + 1);
	th->ack_seq = htonl(treq->snt_isn + 1);
	th->doff = sizeof(*th) / 4;
	th->ack = 1;
	skb->ip_summed = CHECKSUM_UNNECESSARY;

	memset(skb->cb, 0, sizeof(skb->cb));
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

/*
 * From the handshake's last ACK to ESTABLISHED. Lockless where the listener is
 * concerned, as in softirq. The child comes locked: nobody has seen it before it is
 * transparent (what it sends has a source that is not local) and in repair (it is
 * silent, and what ends it is too).
 */
static struct sock *establish(struct sock *listener, struct request_sock *req,
			      struct sk_buff *ack, struct dst_entry *dst,
			      const struct flowi4 *fl4)
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
		if (ack->protocol == htons(ETH_P_IP))
			inet_sk(child)->cork.fl.u.ip4 = *fl4;
		/* Not the inline of this name, which calls tcp_v6_do_rcv(). */
		child->sk_backlog_rcv(child, ack);
		bh_unlock_sock(child);
	} else {
		kfree_skb(ack);
	}
	local_bh_enable();
	rcu_read_unlock();
	return child;
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
	restored->sk = establish(listener, req, ack, dst, &fl4);
	if (restored->sk) {
		restored->req = req;
		return 0;
	}
	reason = sk_acceptq_is_full(listener) ? SPW_MOVE_BECAUSE_BACKLOG :
						SPW_MOVE_BECAUSE_MEMORY;
	goto free_request;
free_ack:
	kfree_skb(ack);
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
 * queue. Its queues are empty: they begin with what is to be filled in. Process context.
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
	if (in_use(net, image, &t))
		return SPW_MOVE_BECAUSE_IN_USE;
	listener = find_listener(net, image, &t);
	if (!listener)
		return SPW_MOVE_BECAUSE_LISTENER;
	if (is_special(listener))
		reason = SPW_MOVE_BECAUSE_FEATURE;
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
