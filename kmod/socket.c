// SPDX-License-Identifier: GPL-2.0-or-later
/* The UDP tunnel socket and the routes to the peers. */
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/route.h>
#include <net/udp_tunnel.h>

#include "peer.h"
#include "receive.h"
#include "socket.h"

/**
 * spw_socket_open() - listen on the tunnel's port
 * @spw: device that comes up
 *
 * Return: 0 or a negative error, -EADDRINUSE among them.
 */
int spw_socket_open(struct spw_device *spw)
{
	struct udp_port_cfg port = {
		.family = AF_INET,
		.local_udp_port = htons(spw->port),
		.use_udp_checksums = true,
	};
	struct udp_tunnel_sock_cfg tunnel = {
		.sk_user_data = spw,
		.encap_type = 1,
		.encap_rcv = spw_receive,
	};
	struct socket *sock;
	int err;

	err = udp_sock_create(spw->net, &port, &sock);
	if (err)
		return err;
	setup_udp_tunnel_sock(spw->net, sock, &tunnel);
	rcu_assign_pointer(spw->sock, sock->sk);
	return 0;
}

/**
 * spw_socket_close() - neither send nor receive any more, once this returns
 * @spw: device that goes down; under RTNL
 */
void spw_socket_close(struct spw_device *spw)
{
	struct sock *sk = rcu_replace_pointer(spw->sock, NULL,
					      lockdep_rtnl_is_held());

	if (!sk)
		return;
	synchronize_net();
	udp_tunnel_sock_release(sk->sk_socket);
}

/**
 * spw_socket_route() - the way to a peer
 * @peer: under RCU, bottom halves off
 * @endpoint: receives where it is
 * @saddr: receives our outer address
 *
 * Return: a route with a reference, or an error pointer: -ELOOP where it leads back
 * into the device, or what the routing said.
 */
struct rtable *spw_socket_route(struct spw_peer *peer,
				struct spw_endpoint *endpoint, __be32 *saddr)
{
	struct spw_device *spw = peer->spw;
	struct flowi4 fl4 = {
		.flowi4_proto = IPPROTO_UDP,
		.fl4_sport = htons(READ_ONCE(spw->port)),
	};
	struct rtable *rt;

	spw_peer_get_endpoint(peer, endpoint);
	rt = dst_cache_get_ip4(&peer->dst_cache, saddr);
	if (rt)
		return rt;
	fl4.daddr = endpoint->addr4;
	fl4.fl4_dport = endpoint->port;
	rt = ip_route_output_key(spw->net, &fl4);
	if (IS_ERR(rt))
		return rt;
	if (rt->dst.dev == spw->dev) {
		ip_rt_put(rt);
		return ERR_PTR(-ELOOP);
	}
	dst_cache_set_ip4(&peer->dst_cache, &rt->dst, fl4.saddr);
	*saddr = fl4.saddr;
	return rt;
}

/**
 * spw_socket_send() - send one sealed datagram
 * @peer: to whom, under RCU, bottom halves off
 * @skb: datagram; consumed
 * @rt: from spw_socket_route(); one reference is consumed
 * @endpoint: likewise
 * @saddr: likewise
 * @tos: outer type of service
 *
 * The path's size was kept by whoever made the datagram, so it is never fragmented.
 *
 * Return: 0, or -ENOTCONN where the device just went down.
 */
int spw_socket_send(struct spw_peer *peer, struct sk_buff *skb,
		    struct rtable *rt, const struct spw_endpoint *endpoint,
		    __be32 saddr, u8 tos)
{
	struct sock *sk = rcu_dereference(peer->spw->sock);

	if (unlikely(!sk)) {
		ip_rt_put(rt);
		kfree_skb(skb);
		return -ENOTCONN;
	}
	udp_tunnel_xmit_skb(rt, sk, skb, saddr, endpoint->addr4, tos,
			    ip4_dst_hoplimit(&rt->dst), htons(IP_DF),
			    htons(READ_ONCE(peer->spw->port)), endpoint->port,
			    false, false);
	return 0;
}
