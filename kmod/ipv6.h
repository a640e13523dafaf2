/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What IPv6 needs of the kernel: sockets, addresses, the route into the device. */
#ifndef _SPW_IPV6_H
#define _SPW_IPV6_H

#include <linux/in6.h>
#include <linux/kconfig.h>
#include <linux/types.h>

struct dst_entry;
struct inet_request_sock;
struct net;
struct net_device;
struct request_sock;
struct sk_buff;
struct sock;
struct spw_image_socket;
struct spw_tuple;

int spw_ipv6_tcp_offset(const struct sk_buff *skb);

#if IS_ENABLED(CONFIG_IPV6)

bool spw_ipv6_tuple(struct spw_tuple *tuple, const struct sock *sk);
struct sock *spw_ipv6_sock(struct net *net, const struct spw_tuple *t, int bound_if);
bool spw_ipv6_listens(struct net *net, const struct spw_tuple *t, int bound_if);
bool spw_ipv6_is_own(struct net *net, const struct in6_addr *addr);
bool spw_ipv6_has_options(const struct sock *sk);
void spw_ipv6_set_sysctls(struct net_device *dev);
bool spw_ipv6_is_on(const struct net_device *dev);
bool spw_ipv6_forwards(const struct net_device *dev);
int spw_ipv6_steer_dst(struct net_device *dev, struct dst_entry **dst);
struct sock *spw_ipv6_listener(struct net *net, const struct spw_tuple *t);
void spw_ipv6_request(struct inet_request_sock *ireq, const struct spw_tuple *t);
struct dst_entry *spw_ipv6_route(const struct sock *sk, const struct request_sock *req,
				 const struct spw_tuple *t,
				 const struct spw_image_socket *set);
void spw_ipv6_set_options(struct sock *sk, const struct spw_image_socket *set);
int spw_ipv6_local_dst(struct net_device *lo, struct dst_entry **dst);
struct dst_entry *spw_ipv6_way_out(struct net *net, const struct sk_buff *skb);

#else

static inline bool spw_ipv6_tuple(struct spw_tuple *tuple, const struct sock *sk)
{
	return false;
}

static inline struct sock *spw_ipv6_sock(struct net *net,
					 const struct spw_tuple *t, int bound_if)
{
	return NULL;
}

static inline bool spw_ipv6_listens(struct net *net, const struct spw_tuple *t,
				    int bound_if)
{
	return false;
}

static inline bool spw_ipv6_is_own(struct net *net, const struct in6_addr *addr)
{
	return true;
}

static inline bool spw_ipv6_has_options(const struct sock *sk)
{
	return false;
}

static inline void spw_ipv6_set_sysctls(struct net_device *dev)
{
}

static inline bool spw_ipv6_is_on(const struct net_device *dev)
{
	return false;
}

static inline bool spw_ipv6_forwards(const struct net_device *dev)
{
	return false;
}

static inline int spw_ipv6_steer_dst(struct net_device *dev,
				     struct dst_entry **dst)
{
	*dst = NULL;
	return 0;
}

static inline struct sock *spw_ipv6_listener(struct net *net,
					     const struct spw_tuple *t)
{
	return NULL;
}

static inline void spw_ipv6_request(struct inet_request_sock *ireq,
				    const struct spw_tuple *t)
{
}

static inline struct dst_entry *
spw_ipv6_route(const struct sock *sk, const struct request_sock *req,
	       const struct spw_tuple *t, const struct spw_image_socket *set)
{
	return NULL;
}

static inline void spw_ipv6_set_options(struct sock *sk,
					const struct spw_image_socket *set)
{
}

static inline struct dst_entry *spw_ipv6_way_out(struct net *net,
						 const struct sk_buff *skb)
{
	return NULL;
}

static inline int spw_ipv6_local_dst(struct net_device *lo,
				     struct dst_entry **dst)
{
	*dst = NULL;
	return 0;
}

#endif

#endif /* _SPW_IPV6_H */
