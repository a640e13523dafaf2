// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The UDP tunnel sockets and the routes to the peers.
 *
 * Datagrams are taken in sk_data_ready, in softirq, and not by encap_rcv: a socket
 * with that is given bursts only after they were cut into single datagrams (see
 * udp_unexpected_gso()), and that cut costs more than anything else done here.
 */
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/ipv6_stubs.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/udp_tunnel.h>

#include "receive.h"
#include "socket.h"

/* Whatever comes after this was asked is told of by another data_ready(). */
static bool is_empty(const struct sock *sk)
{
	return skb_queue_empty_lockless(&udp_sk(sk)->reader_queue) &&
	       skb_queue_empty_lockless(&sk->sk_receive_queue);
}

static void data_ready(struct sock *sk)
{
	struct spw_device *spw;
	struct sk_buff *skb;
	int err;

	rcu_read_lock();
	spw = rcu_dereference_sk_user_data(sk);
	/* An error that ICMP left behind is taken off by asking once. */
	do {
		skb = skb_recv_udp(sk, MSG_DONTWAIT, &err);
		if (skb && likely(spw))
			spw_receive(spw, skb);
		else
			kfree_skb(skb);
	} while (!is_empty(sk));
	rcu_read_unlock();
}

static int enable_gro(struct socket *sock)
{
	int on = 1;

	return sock->ops->setsockopt(sock, SOL_UDP, UDP_GRO,
				     KERNEL_SOCKPTR(&on), sizeof(on));
}

static int open_family(struct spw_device *spw, u8 family, struct sock __rcu **sk)
{
	struct udp_port_cfg port = {
		.family = family,
		.local_udp_port = htons(spw->port),
		.use_udp_checksums = true,
		.use_udp6_tx_checksums = true,
		.use_udp6_rx_checksums = true,
		.ipv6_v6only = true,
	};
	struct socket *sock;
	int err;

	err = udp_sock_create(spw->net, &port, &sock);
	if (err)
		return err;
	err = enable_gro(sock);
	if (err) {
		udp_tunnel_sock_release(sock);
		return err;
	}
	write_lock_bh(&sock->sk->sk_callback_lock);
	rcu_assign_sk_user_data(sock->sk, spw);
	sock->sk->sk_data_ready = data_ready;
	write_unlock_bh(&sock->sk->sk_callback_lock);
	rcu_assign_pointer(*sk, sock->sk);
	return 0;
}

static void close_family(struct sock __rcu **sk)
{
	struct sock *old = rcu_replace_pointer(*sk, NULL, lockdep_rtnl_is_held());

	if (!old)
		return;
	synchronize_net();
	udp_tunnel_sock_release(old->sk_socket);
}

/**
 * spw_socket_open() - listen on the tunnel's port
 * @spw: device that comes up
 *
 * Return: 0 or a negative error, -EADDRINUSE among them. A kernel whose IPv6 is off
 * does without it.
 */
int spw_socket_open(struct spw_device *spw)
{
	int err;

	err = open_family(spw, AF_INET, &spw->sock4);
	if (err)
		return err;
	err = open_family(spw, AF_INET6, &spw->sock6);
	if (!err || err == -EAFNOSUPPORT || err == -EPFNOSUPPORT)
		return 0;
	close_family(&spw->sock4);
	return err;
}

/**
 * spw_socket_close() - neither send nor receive any more, once this returns
 * @spw: device that goes down; under RTNL
 */
void spw_socket_close(struct spw_device *spw)
{
	close_family(&spw->sock4);
	close_family(&spw->sock6);
}

static struct dst_entry *route4(struct spw_peer *peer, struct spw_route *route)
{
	struct flowi4 fl4 = {
		.flowi4_proto = IPPROTO_UDP,
		.fl4_sport = htons(READ_ONCE(peer->spw->port)),
		.fl4_dport = route->endpoint.port,
		.daddr = route->endpoint.addr4,
	};
	struct rtable *rt = ip_route_output_key(peer->spw->net, &fl4);

	if (IS_ERR(rt))
		return ERR_CAST(rt);
	route->saddr4 = fl4.saddr;
	return &rt->dst;
}

static struct dst_entry *route6(struct spw_peer *peer, struct spw_route *route)
{
	struct sock *sk = rcu_dereference(peer->spw->sock6);
	struct flowi6 fl6 = {
		.flowi6_proto = IPPROTO_UDP,
		.fl6_sport = htons(READ_ONCE(peer->spw->port)),
		.fl6_dport = route->endpoint.port,
		.daddr = route->endpoint.addr6,
	};
	struct dst_entry *dst;

	if (!sk)
		return ERR_PTR(-EAFNOSUPPORT);
	dst = ipv6_stub->ipv6_dst_lookup_flow(peer->spw->net, sk, &fl6, NULL);
	if (!IS_ERR(dst))
		route->saddr6 = fl6.saddr;
	return dst;
}

#if IS_ENABLED(CONFIG_IPV6)
static struct dst_entry *cached6(struct spw_peer *peer, struct spw_route *route)
{
	return dst_cache_get_ip6(&peer->dst_cache, &route->saddr6);
}

static void cache6(struct spw_peer *peer, const struct spw_route *route)
{
	dst_cache_set_ip6(&peer->dst_cache, route->dst, &route->saddr6);
}
#else
static struct dst_entry *cached6(struct spw_peer *peer, struct spw_route *route)
{
	return NULL;
}

static void cache6(struct spw_peer *peer, const struct spw_route *route)
{
}
#endif

static struct dst_entry *cached(struct spw_peer *peer, struct spw_route *route)
{
	struct rtable *rt;

	if (route->endpoint.family == AF_INET6)
		return cached6(peer, route);
	rt = dst_cache_get_ip4(&peer->dst_cache, &route->saddr4);
	return rt ? &rt->dst : NULL;
}

static void cache(struct spw_peer *peer, const struct spw_route *route)
{
	if (route->endpoint.family == AF_INET6)
		cache6(peer, route);
	else
		dst_cache_set_ip4(&peer->dst_cache, route->dst, route->saddr4);
}

/**
 * spw_socket_route() - the way to a peer
 * @peer: under RCU, bottom halves off
 * @route: receives it, with a reference to its dst
 *
 * Return: 0, -ELOOP where it leads back into the device, or what the routing said.
 */
int spw_socket_route(struct spw_peer *peer, struct spw_route *route)
{
	spw_peer_get_endpoint(peer, &route->endpoint);
	route->dst = cached(peer, route);
	if (likely(route->dst))
		return 0;
	route->dst = route->endpoint.family == AF_INET6 ? route6(peer, route) :
							  route4(peer, route);
	if (IS_ERR(route->dst))
		return PTR_ERR(route->dst);
	if (route->dst->dev == peer->spw->dev) {
		dst_release(route->dst);
		return -ELOOP;
	}
	cache(peer, route);
	return 0;
}

static int send4(struct spw_peer *peer, struct sk_buff *skb,
		 const struct spw_route *route, u8 tos)
{
	struct sock *sk = rcu_dereference(peer->spw->sock4);

	if (unlikely(!sk))
		return -ENOTCONN;
	dst_hold(route->dst);
	udp_tunnel_xmit_skb((struct rtable *)route->dst, sk, skb, route->saddr4,
			    route->endpoint.addr4, tos,
			    ip4_dst_hoplimit(route->dst), htons(IP_DF),
			    htons(READ_ONCE(peer->spw->port)),
			    route->endpoint.port, false, false);
	return 0;
}

static int send6(struct spw_peer *peer, struct sk_buff *skb,
		 const struct spw_route *route, u8 tos)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct in6_addr saddr = route->saddr6, daddr = route->endpoint.addr6;
	struct sock *sk = rcu_dereference(peer->spw->sock6);

	if (unlikely(!sk))
		return -ENOTCONN;
	skb_scrub_packet(skb, false);
	dst_hold(route->dst);
	udp_tunnel6_xmit_skb(route->dst, sk, skb, NULL, &saddr, &daddr, tos,
			     ip6_dst_hoplimit(route->dst), 0,
			     htons(READ_ONCE(peer->spw->port)),
			     route->endpoint.port, false);
	return 0;
#else
	return -EAFNOSUPPORT;
#endif
}

/**
 * spw_socket_send() - send one sealed datagram, or a UDP GSO burst of them
 * @peer: to whom, under RCU, bottom halves off
 * @skb: at the first datagram; consumed
 * @route: from spw_socket_route()
 * @tos: outer type of service or traffic class
 *
 * The path's size was kept by whoever made the datagrams, so none is fragmented.
 *
 * Return: 0, or -ENOTCONN where the device just went down.
 */
int spw_socket_send(struct spw_peer *peer, struct sk_buff *skb,
		    const struct spw_route *route, u8 tos)
{
	int err;

	if (skb_is_gso(skb)) {
		/* As udp_send_skb() does: each datagram's checksum is made late. */
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) - sizeof(struct udphdr);
		skb->csum_offset = offsetof(struct udphdr, check);
	} else {
		skb->ip_summed = CHECKSUM_NONE;
	}
	skb->encapsulation = 0;
	skb->dev = NULL; /* the device counts inner packets, not these */
	skb_set_queue_mapping(skb, 0);
	err = route->endpoint.family == AF_INET6 ?
	      send6(peer, skb, route, tos) : send4(peer, skb, route, tos);
	if (unlikely(err))
		kfree_skb(skb);
	return err;
}
