/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only place where a kernel version or feature is tested.
 *
 * Debian 6.1 and 6.12 differ here in names and in where a header lives; features
 * are found by the macro or header that carries them wherever there is one, since
 * stable kernels backport (a version number alone is not a test).
 */
#ifndef _SPW_COMPAT_H
#define _SPW_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/netdevice.h>
#include <linux/version.h>
#include <net/genetlink.h>
#include <net/tcp.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#endif

/* Lockless transmission and the binding to a namespace left the feature bits. */
static inline void spw_compat_dev_flags(struct net_device *dev)
{
#ifdef NETIF_F_LLTX
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
#ifdef NETIF_F_NETNS_LOCAL
	dev->features |= NETIF_F_NETNS_LOCAL;
#else
	dev->netns_immutable = true;
#endif
}

/* The attributes of a dump's request: genl_info_dump() came with the split ops. */
static inline struct nlattr **spw_compat_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* What a request has on some kernels only, and what its allocation leaves as it was. */
static inline void spw_compat_request_clear(struct tcp_request_sock *treq, bool usec_ts)
{
	treq->is_mptcp = false;
#if IS_ENABLED(CONFIG_MPTCP)
	treq->drop_req = false;
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	treq->req_usec_ts = usec_ts;
#endif
#ifdef CONFIG_TCP_AO
	treq->ao_keyid = 0;
	treq->ao_rcv_next = 0;
	treq->used_tcp_ao = false;
#endif
}

/* What is allocated ahead changes by a function of its own since 6.6. */
static inline void spw_compat_forward_alloc_add(struct sock *sk, int bytes)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	sk_forward_alloc_add(sk, bytes);
#else
	sk->sk_forward_alloc += bytes;
#endif
}

/* Can timestamps count us? */
static inline bool spw_compat_has_usec_ts(void)
{
	return LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0);
}

/* Does what a softirq is to do wait for ksoftirqd, once that was woken? Not since 6.5. */
static inline bool spw_compat_softirqs_wait(void)
{
	return LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0);
}

/* Who may send from an address that is not local: a bit-field until 6.6. */
static inline void spw_compat_set_transparent(struct sock *sk, bool on)
{
#ifdef inet_assign_bit
	inet_assign_bit(TRANSPARENT, sk, on);
#else
	inet_sk(sk)->transparent = on;
#endif
}

/* The last argument of syn_recv_sock() came within the stable series of either kernel. */
static inline struct sock *
spw_compat_syn_recv_sock(const struct sock *sk, struct sk_buff *skb,
			 struct request_sock *req, struct dst_entry *dst, bool *own_req)
{
	const struct inet_connection_sock_af_ops *ops = inet_csk(sk)->icsk_af_ops;
	struct sock *(*six)(const struct sock *sk, struct sk_buff *skb,
			    struct request_sock *req, struct dst_entry *dst,
			    struct request_sock *req_unhash, bool *own_req);
	struct sock *(*seven)(const struct sock *sk, struct sk_buff *skb,
			      struct request_sock *req, struct dst_entry *dst,
			      struct request_sock *req_unhash, bool *own_req,
			      void (*child_init)(struct sock *newsk,
						 const struct sock *sk));

	BUILD_BUG_ON(!__same_type(ops->syn_recv_sock, six) &&
		     !__same_type(ops->syn_recv_sock, seven));
	if (__same_type(ops->syn_recv_sock, six)) {
		six = (void *)ops->syn_recv_sock;
		return six(sk, skb, req, dst, NULL, own_req);
	}
	seven = (void *)ops->syn_recv_sock;
	return seven(sk, skb, req, dst, NULL, own_req, NULL);
}

/* hrtimer_setup() is there since 6.13, hrtimer_init() went in 6.15. */
static inline void
spw_compat_hrtimer_setup(struct hrtimer *timer,
			 enum hrtimer_restart (*function)(struct hrtimer *timer),
			 clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = function;
#endif
}

/* Timestamps that count us came with 6.7, and a name for the clock of either kind. */
static inline bool spw_compat_tcp_usec_ts(const struct tcp_sock *tp)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return tp->tcp_usec_ts;
#else
	return false;
#endif
}

/* The image was refused where this kernel has none. */
static inline void spw_compat_set_usec_ts(struct tcp_sock *tp, bool on)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	tp->tcp_usec_ts = on;
#endif
}

/* Are segments signed (RFC 2385; RFC 5925, which came with 6.7)? */
static inline bool spw_compat_tcp_signed(const struct tcp_sock *tp)
{
#ifdef CONFIG_TCP_MD5SIG
	if (rcu_access_pointer(tp->md5sig_info))
		return true;
#endif
#ifdef CONFIG_TCP_AO
	if (rcu_access_pointer(tp->ao_info))
		return true;
#endif
	return false;
}

/* Was SMC asked for on it? */
static inline bool spw_compat_tcp_smc(const struct tcp_sock *tp)
{
#if IS_ENABLED(CONFIG_SMC)
	return tp->syn_smc;
#else
	return false;
#endif
}

/* Has it an IPsec policy of its own? */
static inline bool spw_compat_sock_policy(const struct sock *sk)
{
#ifdef CONFIG_XFRM
	return rcu_access_pointer(sk->sk_policy[0]) ||
	       rcu_access_pointer(sk->sk_policy[1]);
#else
	return false;
#endif
}

/*
 * For what is large and filled only where it is needed: the kernel would have it zeroed
 * for each packet (CONFIG_INIT_STACK_ALL_ZERO).
 */
#if __has_attribute(__uninitialized__)
#define spw_uninitialized __attribute__((__uninitialized__))
#else
#define spw_uninitialized
#endif

#endif /* _SPW_COMPAT_H */
