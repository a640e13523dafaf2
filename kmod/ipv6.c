// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What IPv6 needs of the kernel, and IPv4 needs not or gets by another name: the walk
 * over extension headers, sockets, addresses, the device's settings, and the route
 * that leads relayed packets into the device.
 */
#include <linux/security.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/inet6_hashtables.h>
#include <net/inet_ecn.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>

#include "conn.h"
#include "image.h"
#include "ipv6.h"

/**
 * spw_ipv6_tcp_offset() - where the TCP header of an IPv6 packet is
 * @skb: at its network header
 *
 * Return: bytes behind the IPv6 header where it begins, or a negative error where the
 * packet is a fragment or carries something else.
 */
int spw_ipv6_tcp_offset(const struct sk_buff *skb)
{
	unsigned int offset = 0;
	unsigned short frag = 0;
	int flags = 0, err;

	if (likely(ipv6_hdr(skb)->nexthdr == IPPROTO_TCP))
		return sizeof(struct ipv6hdr);
	err = ipv6_find_hdr(skb, &offset, IPPROTO_TCP, &frag, &flags);
	if (err < 0 || (flags & IP6_FH_F_FRAG))
		return -ENOENT;
	return offset - skb_network_offset(skb);
}

#if IS_ENABLED(CONFIG_IPV6)

/**
 * spw_ipv6_tuple() - the addresses of a socket whose packets are IPv6
 * @tuple: receives them
 * @sk: full socket
 *
 * A socket of this family with a mapped address sends IPv4 (RFC 4291, 2.5.5.2).
 *
 * Return: false where its packets are IPv4; @tuple is untouched then.
 */
bool spw_ipv6_tuple(struct spw_tuple *tuple, const struct sock *sk)
{
	if (sk->sk_family != AF_INET6 || ipv6_addr_v4mapped(&sk->sk_v6_daddr))
		return false;
	tuple->laddr6 = sk->sk_v6_rcv_saddr;
	tuple->raddr6 = sk->sk_v6_daddr;
	return true;
}

/**
 * spw_ipv6_sock() - as spw_conn_sock()
 * @net: namespace
 * @t: tuple
 * @bound_if: interface that the socket is bound to, or 0
 */
struct sock *spw_ipv6_sock(struct net *net, const struct spw_tuple *t, int bound_if)
{
	return __inet6_lookup_established(net,
					  net->ipv4.tcp_death_row.hashinfo,
					  &t->raddr6, t->rport, &t->laddr6,
					  ntohs(t->lport), bound_if, 0);
}

/**
 * spw_ipv6_listens() - would the connection be accepted here?
 * @net: namespace
 * @t: its tuple
 * @bound_if: interface that its socket is bound to, or 0
 *
 * Under RCU.
 */
bool spw_ipv6_listens(struct net *net, const struct spw_tuple *t, int bound_if)
{
	return inet6_lookup_listener(net, net->ipv4.tcp_death_row.hashinfo,
				     NULL, 0, &t->raddr6, t->rport, &t->laddr6,
				     ntohs(t->lport), bound_if, 0);
}

/**
 * spw_ipv6_is_own() - does an address lead to this node?
 * @net: namespace
 * @addr: address
 *
 * A route asked for, not the list of addresses, so that anycast and prefixes that are
 * local as a whole count (as inet_addr_type() does for IPv4).
 */
bool spw_ipv6_is_own(struct net *net, const struct in6_addr *addr)
{
	struct rt6_info *rt = rt6_lookup(net, addr, NULL, 0, NULL, 0);
	bool own;

	if (!rt)
		return ipv6_addr_loopback(addr);
	own = rt->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST);
	ip6_rt_put(rt);
	return own;
}

/**
 * spw_ipv6_has_options() - does a socket send extension headers?
 * @sk: full socket whose packets are IPv6; under RCU
 */
bool spw_ipv6_has_options(const struct sock *sk)
{
	return rcu_access_pointer(inet6_sk(sk)->opt);
}

/**
 * spw_ipv6_set_sysctls() - the device has nothing to say of its own
 * @dev: before it comes up; under RTNL
 *
 * No link-local address, hence no router solicitation from it; and nobody in the
 * tunnel is a router to listen to. Forwarding is not the device's: IPv6 has one switch
 * for the namespace, which makes a router of the whole node (RFC 4861 section 6.2.2),
 * and that is the operator's to turn.
 */
void spw_ipv6_set_sysctls(struct net_device *dev)
{
	struct inet6_dev *idev = __in6_dev_get(dev);

	if (!idev)
		return;
	idev->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;
	idev->cnf.accept_ra = 0;
}

/**
 * spw_ipv6_is_on() - does IPv6 pass the device?
 * @dev: device; under RCU or RTNL
 */
bool spw_ipv6_is_on(const struct net_device *dev)
{
	const struct inet6_dev *idev = __in6_dev_get(dev);

	return idev && !READ_ONCE(idev->cnf.disable_ipv6);
}

/**
 * spw_ipv6_forwards() - would IPv6 packets that come in by the device be forwarded?
 * @dev: device; under RCU or RTNL
 *
 * As ip6_forward() decides: by the switch for all devices.
 */
bool spw_ipv6_forwards(const struct net_device *dev)
{
	return spw_ipv6_is_on(dev) &&
	       READ_ONCE(dev_net(dev)->ipv6.devconf_all->forwarding);
}

/**
 * spw_ipv6_steer_dst() - a route into the device
 * @dev: registered; under RTNL
 * @dst: receives it, with a reference; NULL where the kernel runs without IPv6
 *
 * As vrf_rt6_create() makes one, but its packets leave as ip6_output() sends any
 * other: by POSTROUTING and the cgroup's filter. The gateway of no address stands for
 * every next hop, so that there is one neighbour entry and not one for each remote (as
 * __ipv4_neigh_lookup_noref() has it for point-to-point devices). No table holds the
 * route.
 *
 * Return: 0 or -ENOMEM.
 */
int spw_ipv6_steer_dst(struct net_device *dev, struct dst_entry **dst)
{
	struct inet6_dev *idev;
	struct rt6_info *rt;

	*dst = NULL;
	if (!ipv6_mod_enabled())
		return 0;
	idev = in6_dev_get(dev);
	if (!idev)
		return -ENOMEM;
	rt = ip6_dst_alloc(dev_net(dev), dev, DST_NOXFRM);
	if (!rt) {
		in6_dev_put(idev);
		return -ENOMEM;
	}
	rt->rt6i_idev = idev;
	rt->rt6i_flags = RTF_UP | RTF_GATEWAY;
	rt->dst.output = ip6_output;
	*dst = &rt->dst;
	return 0;
}

/**
 * spw_ipv6_listener() - who would have got the SYN of a connection
 * @net: namespace
 * @t: its tuple
 *
 * Under RCU.
 *
 * Return: without a reference, or NULL.
 */
struct sock *spw_ipv6_listener(struct net *net, const struct spw_tuple *t)
{
	return inet6_lookup_listener(net, net->ipv4.tcp_death_row.hashinfo,
				     NULL, 0, &t->raddr6, t->rport, &t->laddr6,
				     ntohs(t->lport), 0, 0);
}

/**
 * spw_ipv6_request() - the addresses of a request for a connection
 * @ireq: request
 * @t: tuple of the connection
 */
void spw_ipv6_request(struct inet_request_sock *ireq, const struct spw_tuple *t)
{
	ireq->ir_v6_loc_addr = t->laddr6;
	ireq->ir_v6_rmt_addr = t->raddr6;
}

/**
 * spw_ipv6_route() - the way to the remote of a connection that is to live here
 * @sk: its listener
 * @req: request for it
 * @t: tuple
 * @set: what its application has set
 *
 * As inet6_csk_route_req(), which has the source be looked for in a listener's options.
 * Process context.
 *
 * Return: with a reference, or NULL; also for an address that needs an interface.
 */
struct dst_entry *spw_ipv6_route(const struct sock *sk, const struct request_sock *req,
				 const struct spw_tuple *t,
				 const struct spw_image_socket *set)
{
	struct dst_entry *dst;
	struct flowi6 fl6 = {
		.flowi6_proto = IPPROTO_TCP,
		.flowi6_mark = set->mark,
		.flowi6_uid = sk->sk_uid,
		.flowlabel = ip6_make_flowinfo(set->tos, htonl(set->flow_label)),
		.daddr = t->raddr6,
		.saddr = t->laddr6,
		.fl6_dport = t->rport,
		.fl6_sport = t->lport,
	};

	if (ipv6_addr_type(&t->raddr6) & (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_MULTICAST))
		return NULL;
	security_req_classify_flow(req, flowi6_to_flowi_common(&fl6));
	dst = ip6_dst_lookup_flow(sock_net(sk), sk, &fl6, NULL);
	return IS_ERR(dst) ? NULL : dst;
}

/**
 * spw_ipv6_set_options() - what an application has set on a socket of IPv6
 * @sk: it; locked, and its packets are IPv6
 * @set: what
 */
void spw_ipv6_set_options(struct sock *sk, const struct spw_image_socket *set)
{
	struct ipv6_pinfo *np = inet6_sk(sk);

	/* The congestion control has set the bits of ECN (INET_ECN_xmit()). */
	np->tclass = (set->tos & ~INET_ECN_MASK) | (np->tclass & INET_ECN_MASK);
	np->hop_limit = set->ttl ?: -1;
	np->flow_label = htonl(set->flow_label);
}

/**
 * spw_ipv6_local_dst() - a route to a socket of this node, whatever the address
 * @lo: loopback device of the namespace; under RTNL
 * @dst: receives it, with a reference; NULL where the kernel runs without IPv6
 *
 * Return: 0 or -ENOMEM.
 */
int spw_ipv6_local_dst(struct net_device *lo, struct dst_entry **dst)
{
	struct inet6_dev *idev;
	struct rt6_info *rt;

	*dst = NULL;
	if (!ipv6_mod_enabled())
		return 0;
	idev = in6_dev_get(lo);
	if (!idev)
		return 0;
	rt = ip6_dst_alloc(dev_net(lo), lo, DST_NOXFRM);
	if (!rt) {
		in6_dev_put(idev);
		return -ENOMEM;
	}
	rt->rt6i_idev = idev;
	rt->rt6i_flags = RTF_UP | RTF_LOCAL;
	rt->dst.input = ip6_input;
	*dst = &rt->dst;
	return 0;
}

/**
 * spw_ipv6_way_out() - the way that a packet of a connection of this node takes
 * @net: namespace
 * @skb: it; its source may be another node's
 *
 * As ip6_route_me_harder(). Under RCU.
 *
 * Return: with a reference, or NULL.
 */
struct dst_entry *spw_ipv6_way_out(struct net *net, const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	struct flowi6 fl6 = {
		.flowi6_proto = IPPROTO_TCP,
		.flowi6_mark = skb->mark,
		.flowlabel = ip6_flowinfo(ip6h),
		.daddr = ip6h->daddr,
		.saddr = ip6h->saddr,
		.fl6_sport = tcp_hdr(skb)->source,
		.fl6_dport = tcp_hdr(skb)->dest,
	};
	struct dst_entry *dst = ip6_dst_lookup_flow(net, NULL, &fl6, NULL);

	return IS_ERR(dst) ? NULL : dst;
}

#endif
