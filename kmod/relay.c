// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Relay: the socket stays, its packets leave through a peer. The only state is one
 * pointer in the connection's entry, so taking a connection back is one step that
 * cannot fail.
 *
 * A packet is steered by giving it a route into the device in the last LOCAL_OUT
 * hook: OUTPUT has seen it with its own route before, POSTROUTING and the device's
 * taps see it after. The socket's cached route is not touched.
 */
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/inet_hashtables.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/tcp.h>

#include "back.h"
#include "clamp.h"
#include "conntab.h"
#include "crypt.h"
#include "health.h"
#include "ipv6.h"
#include "netlink.h"
#include "peer.h"
#include "relay.h"
#include "replica.h"
#include "trace.h"

/* Connections that are given or taken back before heartbeats are thought of. */
#define BREATH	64

/* As ip_route_input_slow() and ip6_pol_route() have it for an address of this node. */
static int init_local(struct spw_device *spw)
{
	struct net_device *lo = spw->net->loopback_dev;
	struct rtable *rt = rt_dst_alloc(lo, RTCF_LOCAL, RTN_LOCAL, true);
	struct dst_entry *dst;
	int err;

	if (!rt)
		return -ENOMEM;
	rt->rt_is_input = 1;
	rcu_assign_pointer(spw->local4, &rt->dst);
	err = spw_ipv6_local_dst(lo, &dst);
	if (!err)
		rcu_assign_pointer(spw->local6, dst);
	return err;
}

/**
 * spw_relay_init() - the routes into the device and to sockets here, for each family
 * @spw: device, registered, not published to a hook yet; under RTNL
 *
 * No table holds them; they live until spw_relay_exit(), also where this fails.
 *
 * Return: 0 or -ENOMEM.
 */
int spw_relay_init(struct spw_device *spw)
{
	struct rtable *rt = rt_dst_alloc(spw->dev, 0, RTN_UNICAST, true);
	struct dst_entry *dst;
	int err;

	if (!rt)
		return -ENOMEM;
	rcu_assign_pointer(spw->steer4, &rt->dst);
	err = spw_ipv6_steer_dst(spw->dev, &dst);
	if (err)
		return err;
	rcu_assign_pointer(spw->steer6, dst);
	return init_local(spw);
}

static void put_steer(struct dst_entry __rcu **steer)
{
	struct dst_entry *dst = rcu_replace_pointer(*steer, NULL,
						    lockdep_rtnl_is_held());

	if (!dst)
		return;
	synchronize_net();
	dst_dev_put(dst);
	dst_release(dst);
}

/**
 * spw_relay_exit() - give the routes back
 * @spw: device whose hooks are unregistered
 *
 * Packets under way may hold a route a little longer; dst_dev_put() makes it let
 * go of the device now.
 */
void spw_relay_exit(struct spw_device *spw)
{
	put_steer(&spw->steer4);
	put_steer(&spw->steer6);
	put_steer(&spw->local4);
	put_steer(&spw->local6);
}

/*
 * The connections that are relayed are few and busy: a keyed hash for each of their
 * packets, twice, costs as much as the frame around them. Remote ends choose ports, and
 * whoever makes two meet gets the table's lookup for one of them.
 */
static struct spw_conn __rcu **slot_of(struct spw_device *spw,
				       const struct spw_tuple *tuple)
{
	u16 ports = (__force u16)tuple->lport ^ (__force u16)tuple->rport;

	return &spw->relayed[(ports ^ ports >> 8) % SPW_RELAYED_SLOTS];
}

/**
 * spw_relay_find() - the connection of a packet that may be relayed
 * @spw: device
 * @family: of the packet
 * @tuple: of its connection
 *
 * Return: valid until rcu_read_unlock(), or NULL.
 */
struct spw_conn *spw_relay_find(struct spw_device *spw, u8 family,
				const struct spw_tuple *tuple)
{
	struct spw_conn *conn = rcu_dereference(*slot_of(spw, tuple));

	/* One that a new connection has replaced is waiting for the collector. */
	if (conn && conn->family == family && spw_tuple_equal(family, &conn->tuple, tuple) &&
	    !test_bit(SPW_CONN_GONE, &conn->flags))
		return conn;
	return spw_conntab_find(spw, family, tuple);
}

/*
 * Relay carries IPv6 where TCP is right behind the header; a packet with something
 * between the two leaves as if nobody relayed it. So does everything while IPv6 is
 * switched off for the device: ip6_output() would drop it.
 */
static bool can_steer(const struct spw_device *spw, const struct sk_buff *skb,
		      u8 family)
{
	return family == AF_INET || (ipv6_hdr(skb)->nexthdr == IPPROTO_TCP &&
				     spw_ipv6_is_on(spw->dev));
}

/**
 * spw_relay_steer() - lead a packet into the device if it leaves through a peer
 * @spw: device
 * @skb: in LOCAL_OUT, under RCU
 * @family: of the packet
 * @tuple: of its connection
 */
void spw_relay_steer(struct spw_device *spw, struct sk_buff *skb, u8 family,
		     const struct spw_tuple *tuple)
{
	struct spw_conn *conn = spw_relay_find(spw, family, tuple);
	const struct spw_peer *peer;
	struct dst_entry *dst;

	peer = conn ? rcu_dereference(conn->peer) : NULL;
	/* A socket in TIME_WAIT, which still answers, has no entry. */
	if (!peer && (!conn || test_bit(SPW_CONN_MOVED, &conn->flags)))
		peer = spw_back_peer(spw, family, tuple);
	if (!peer || !can_steer(spw, skb, family)) {
		if (conn)
			spw_clamp_lift(spw, conn, skb);
		return;
	}
	if (conn)
		spw_clamp_set(spw, conn, peer, skb);
	dst = rcu_dereference(*(family == AF_INET ? &spw->steer4 : &spw->steer6));
	if (!dst)
		return;
	skb_dst_drop(skb);
	skb_dst_set(skb, dst_clone(dst));
}

/**
 * spw_relay_check_peer() - may a peer be given something?
 * @spw: device, its lock held
 * @move: entry; receives what was found
 *
 * Return: why not, or %SPILLWAY_REASON_NONE.
 */
enum spillway_reason spw_relay_check_peer(struct spw_device *spw, struct spw_move *move)
{
	struct spw_peer *peer;

	if (move->peer_id == spw->node_id)
		return SPILLWAY_REASON_PEER_SELF;
	peer = spw_peer_by_id(spw, move->peer_id);
	if (!peer)
		return SPILLWAY_REASON_PEER_UNKNOWN;
	if (!rcu_access_pointer(peer->tx_key) || !peer->rx_keys[0])
		return SPILLWAY_REASON_PEER_NO_KEY;
	if (spw_peer_tx_ends(peer, spw_key_clock()))
		return SPILLWAY_REASON_KEY_EXPIRING;
	if (peer->state != SPILLWAY_PEER_UP)
		return SPILLWAY_REASON_PEER_DOWN;
	if (peer->admin != SPILLWAY_ADMIN_READY || !peer->weight)
		return SPILLWAY_REASON_PEER_DRAIN;
	move->peer = peer;
	return SPILLWAY_REASON_NONE;
}

static bool is_own(struct spw_device *spw, const struct spw_conn *conn)
{
	__be32 raddr = conn->tuple.raddr;

	if (conn->family == AF_INET6)
		return spw_ipv6_is_own(spw->net, &conn->tuple.raddr6);
	return ipv4_is_loopback(raddr) ||
	       inet_addr_type(spw->net, raddr) != RTN_UNICAST;
}

static bool is_at(const struct spw_conn *conn, const struct spw_endpoint *endpoint)
{
	if (conn->family != endpoint->family)
		return false;
	return conn->family == AF_INET6 ?
	       ipv6_addr_equal(&conn->tuple.raddr6, &endpoint->addr6) :
	       conn->tuple.raddr == endpoint->addr4;
}

/* Is the far end this node or another of the pool? Relay would go in a circle. */
static bool inside_pool(struct spw_device *spw, const struct spw_conn *conn)
{
	struct spw_endpoint endpoint;
	struct spw_peer *peer;
	unsigned long id;

	if (is_own(spw, conn))
		return true;
	xa_for_each(&spw->peers, id, peer) {
		spw_peer_get_endpoint(peer, &endpoint);
		if (is_at(conn, &endpoint))
			return true;
	}
	return false;
}

/*
 * A link-local address means nothing on another link (RFC 4007), and another node does
 * not forward what comes from one.
 */
static enum spillway_reason check_ipv6(struct spw_device *spw,
				       const struct spw_move *move)
{
	const struct spw_tuple *t = &move->conn->tuple;

	if (move->conn->family != AF_INET6)
		return SPILLWAY_REASON_NONE;
	if (__ipv6_addr_needs_scope_id(__ipv6_addr_type(&t->laddr6)) ||
	    __ipv6_addr_needs_scope_id(__ipv6_addr_type(&t->raddr6)))
		return SPILLWAY_REASON_CONN_SCOPE;
	if (!spw_ipv6_is_on(spw->dev) || !move->peer->ipv6)
		return SPILLWAY_REASON_NO_IPV6;
	return SPILLWAY_REASON_NONE;
}

static enum spillway_reason check_state(const struct spw_conn *conn,
					const struct sock *sk)
{
	if (!spw_sock_lives(sk))
		return SPILLWAY_REASON_CONN_GONE;
	if (!((1 << READ_ONCE(sk->sk_state)) &
	      (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT)))
		return SPILLWAY_REASON_CONN_STATE;
	if (conn->family == AF_INET6 && spw_ipv6_has_options(sk))
		return SPILLWAY_REASON_CONN_OPTIONS;
	return SPILLWAY_REASON_NONE;
}

static enum spillway_reason check_socket(struct spw_device *spw,
					 const struct spw_conn *conn)
{
	enum spillway_reason reason;
	struct sock *sk;

	rcu_read_lock();
	sk = spw_conn_sock(spw, conn);
	reason = check_state(conn, sk);
	if (sk)
		sock_gen_put(sk);
	rcu_read_unlock();
	return reason;
}

/**
 * spw_relay_check() - may a connection be given to a peer?
 * @spw: device, its lock held
 * @move: entry; receives what was found
 *
 * Return: why not, or %SPILLWAY_REASON_NONE.
 */
enum spillway_reason spw_relay_check(struct spw_device *spw, struct spw_move *move)
{
	enum spillway_reason reason;

	if (!netif_running(spw->dev))
		return SPILLWAY_REASON_DEVICE_DOWN;
	move->conn = spw_conntab_get(spw, move->conn_id);
	if (!move->conn)
		return SPILLWAY_REASON_CONN_GONE;
	if (rcu_access_pointer(move->conn->peer))
		return SPILLWAY_REASON_CONN_BUSY;
	reason = spw_relay_check_peer(spw, move);
	if (reason)
		return reason;
	if (inside_pool(spw, move->conn))
		return SPILLWAY_REASON_CONN_LOOPBACK;
	reason = check_ipv6(spw, move);
	if (reason)
		return reason;
	return check_socket(spw, move->conn);
}

static enum spillway_reason check_recall(struct spw_device *spw,
					 struct spw_move *move)
{
	move->conn = spw_conntab_get(spw, move->conn_id);
	if (!move->conn)
		return SPILLWAY_REASON_CONN_GONE;
	if (!rcu_access_pointer(move->conn->peer))
		return SPILLWAY_REASON_CONN_LOCAL;
	return SPILLWAY_REASON_NONE;
}

static int errno_of(enum spillway_reason reason)
{
	switch (reason) {
	case SPILLWAY_REASON_CONN_GONE:
	case SPILLWAY_REASON_PEER_UNKNOWN:
		return -ENOENT;
	case SPILLWAY_REASON_CONN_BUSY:
	case SPILLWAY_REASON_CONN_LOCAL:
	case SPILLWAY_REASON_REPLICA_NONE:
		return -EALREADY;
	case SPILLWAY_REASON_PEER_DOWN:
		return -EHOSTDOWN;
	case SPILLWAY_REASON_PEER_DRAIN:
		return -EBUSY;
	case SPILLWAY_REASON_PEER_NO_KEY:
		return -ENOKEY;
	case SPILLWAY_REASON_KEY_EXPIRING:
		return -EKEYEXPIRED;
	case SPILLWAY_REASON_DEVICE_DOWN:
		return -ENETDOWN;
	case SPILLWAY_REASON_CONN_STATE:
	case SPILLWAY_REASON_CONN_LOOPBACK:
	case SPILLWAY_REASON_CONN_SCOPE:
	case SPILLWAY_REASON_CONN_OPTIONS:
	case SPILLWAY_REASON_NO_IPV6:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

/**
 * spw_relay_check_all() - check every entry of a batch
 * @spw: device, its lock held
 * @moves: entries; each receives its reason
 * @n: how many
 * @check: of one entry
 *
 * Return: 0, or the error of the first entry that is refused.
 */
int spw_relay_check_all(struct spw_device *spw, struct spw_move *moves, u32 n,
			enum spillway_reason (*check)(struct spw_device *spw,
						      struct spw_move *move))
{
	int err = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		struct spw_move *m = &moves[i];

		if (!m->reason)
			m->reason = check(spw, m);
		if (m->conn && test_and_set_bit(SPW_CONN_IN_BATCH,
						&m->conn->flags)) {
			m->conn = NULL;
			m->reason = SPILLWAY_REASON_CONN_TWICE;
		}
		if (m->reason && !err)
			err = errno_of(m->reason);
	}
	for (i = 0; i < n; i++)
		if (moves[i].conn)
			clear_bit(SPW_CONN_IN_BATCH, &moves[i].conn->flags);
	return err;
}

static void give(struct spw_device *spw, struct spw_conn *conn,
		 struct spw_peer *peer)
{
	spw_repair_prepare(peer);
	atomic_inc(&spw->nr_offloaded);
	atomic_inc(&spw->nr_watched);
	atomic_inc(&peer->nr_conns);
	rcu_assign_pointer(conn->peer, peer);
	rcu_assign_pointer(*slot_of(spw, &conn->tuple), conn);
	spw_clamp_begin(spw, conn, peer);
	spw_notify_conn(peer, conn, SPW_NOTICE_OFFLOADED);
	spw_replica_relayed(peer, conn);
	spw_peer_count(peer, SPILLWAY_STAT_OFFLOADED, 1);
	trace_spillway_offload(peer, conn,
			       spw_reason_name(SPILLWAY_REASON_OPERATOR));
	spw_netlink_conn_event(spw, conn, SPILLWAY_CONN_OFFLOADED,
			       SPILLWAY_REASON_OPERATOR, GFP_KERNEL);
}

static struct spw_peer *take_back(struct spw_device *spw, struct spw_conn *conn,
				  enum spw_notice_event why)
{
	struct spw_conn __rcu **slot = slot_of(spw, &conn->tuple);
	struct spw_peer *peer;

	peer = rcu_replace_pointer(conn->peer, NULL,
				   lockdep_is_held(&spw->lock));
	if (!peer)
		return NULL;
	if (rcu_access_pointer(*slot) == conn)
		rcu_assign_pointer(*slot, NULL);
	atomic_dec(&peer->nr_conns);
	atomic_dec(&spw->nr_offloaded);
	atomic_dec(&spw->nr_watched);
	spw_notify_conn(peer, conn, why);
	spw_replica_returned(peer, conn);
	return peer;
}

static void recall(struct spw_device *spw, struct spw_conn *conn,
		   enum spillway_reason reason)
{
	struct spw_peer *peer = take_back(spw, conn, SPW_NOTICE_RECALLED);

	if (!peer)
		return;
	spw_peer_count(peer, SPILLWAY_STAT_RECALLED, 1);
	if (reason == SPILLWAY_REASON_OPERATOR) {
		trace_spillway_recall(peer, conn, spw_reason_name(reason));
	} else {
		spw_peer_count(peer, SPILLWAY_STAT_RETURNED, 1);
		trace_spillway_return(peer, conn, spw_reason_name(reason));
	}
	spw_netlink_conn_event(spw, conn, SPILLWAY_CONN_RECALLED, reason,
			       GFP_KERNEL);
}

/* One of very many is done. */
static void breathe(struct spw_device *spw, u32 nth)
{
	if (nth % BREATH == BREATH - 1)
		spw_health_breathe(spw);
}

/**
 * spw_relay_offload() - give connections to peers, all or none
 * @spw: device, its lock held
 * @moves: entries; each receives its reason
 * @n: how many
 *
 * Return: 0, or the error of the first entry that is refused; nothing has changed
 * then.
 */
int spw_relay_offload(struct spw_device *spw, struct spw_move *moves, u32 n)
{
	int err;
	u32 i;

	lockdep_assert_held(&spw->lock);
	err = spw_relay_check_all(spw, moves, n, spw_relay_check);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		give(spw, moves[i].conn, moves[i].peer);
		breathe(spw, i);
	}
	return 0;
}

/**
 * spw_relay_recall() - take connections back, all or none
 * @spw: device, its lock held
 * @moves: entries; each receives its reason
 * @n: how many
 *
 * Return: as spw_relay_offload().
 */
int spw_relay_recall(struct spw_device *spw, struct spw_move *moves, u32 n)
{
	int err;
	u32 i;

	lockdep_assert_held(&spw->lock);
	err = spw_relay_check_all(spw, moves, n, check_recall);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		recall(spw, moves[i].conn, SPILLWAY_REASON_OPERATOR);
		breathe(spw, i);
	}
	return 0;
}

/**
 * spw_relay_return_all() - take everything back
 * @spw: device, its lock held
 * @peer: only what this one relays, or NULL
 * @reason: told in the events
 *
 * Return: how many returned.
 */
u32 spw_relay_return_all(struct spw_device *spw, const struct spw_peer *peer,
			 enum spillway_reason reason)
{
	struct spw_conn *conn;
	u32 n = 0, seen = 0;
	unsigned long id;

	lockdep_assert_held(&spw->lock);
	if (peer ? !atomic_read(&peer->nr_conns) : !atomic_read(&spw->nr_offloaded))
		return 0;
	xa_for_each(&spw->conns_by_id, id, conn) {
		const struct spw_peer *by = rcu_access_pointer(conn->peer);

		breathe(spw, seen++);
		if (!by || (peer && by != peer))
			continue;
		recall(spw, conn, reason);
		n++;
	}
	return n;
}

/**
 * spw_relay_return_ipv6() - a peer does not forward IPv6 any more
 * @spw: device, its lock held
 * @peer: peer
 */
void spw_relay_return_ipv6(struct spw_device *spw, const struct spw_peer *peer)
{
	struct spw_conn *conn;
	unsigned long id;
	u32 seen = 0;

	lockdep_assert_held(&spw->lock);
	if (!atomic_read(&peer->nr_conns))
		return;
	xa_for_each(&spw->conns_by_id, id, conn) {
		breathe(spw, seen++);
		if (conn->family == AF_INET6 &&
		    rcu_access_pointer(conn->peer) == peer)
			recall(spw, conn, SPILLWAY_REASON_NO_IPV6);
	}
}

/**
 * spw_relay_forget() - a connection has ended
 * @spw: device, its lock held
 * @conn: unpublished
 */
void spw_relay_forget(struct spw_device *spw, struct spw_conn *conn)
{
	lockdep_assert_held(&spw->lock);
	take_back(spw, conn, SPW_NOTICE_ENDED);
	spw_clamp_forget(spw, conn);
}
