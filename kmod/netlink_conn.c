// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests about connections: one, all that match a filter, or the best N of them.
 * Filtering, reading the sockets and choosing the best happen here, so that a dump
 * of few out of a million copies few.
 */
#include <linux/inetdevice.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "compat.h"
#include "conntab.h"
#include "device.h"
#include "netlink_ops.h"
#include "peer.h"
#include "replica.h"

/* Connections looked at before others get the device's lock. */
#define CHUNK	512

#define FILTER_ATTRS (SPW_ATTRS_DEVICE | SPW_ATTRS_PEER |		\
		      SPW_ATTR(CONN_DIRECTION) | SPW_ATTR(CONN_ROLE) |	\
		      SPW_ATTR(LOCAL_ADDR4) | SPW_ATTR(LOCAL_ADDR6) |	\
		      SPW_ATTR(LOCAL_PLEN) | SPW_ATTR(LOCAL_PORT) |	\
		      SPW_ATTR(REMOTE_ADDR4) | SPW_ATTR(REMOTE_ADDR6) |	\
		      SPW_ATTR(REMOTE_PLEN) | SPW_ATTR(REMOTE_PORT) |	\
		      SPW_ATTR(AGE_MS) | SPW_ATTR(TOP) | SPW_ATTR(SORT))

/**
 * struct end_filter - what a filter says of one end
 * @family: AF_INET, AF_INET6, or 0 for any address
 * @plen: bits of the address that count
 * @port: 0 for any
 * @addr4: for AF_INET
 * @addr6: for AF_INET6
 */
struct end_filter {
	u8 family;
	u8 plen;
	u16 port;
	union {
		__be32 addr4;
		struct in6_addr addr6;
	};
};

/* The attributes that speak of one end. */
struct end_attrs {
	u8 addr4;
	u8 addr6;
	u8 plen;
	u8 port;
};

static const struct end_attrs local_attrs = {
	SPILLWAY_A_LOCAL_ADDR4, SPILLWAY_A_LOCAL_ADDR6,
	SPILLWAY_A_LOCAL_PLEN, SPILLWAY_A_LOCAL_PORT,
};

static const struct end_attrs remote_attrs = {
	SPILLWAY_A_REMOTE_ADDR4, SPILLWAY_A_REMOTE_ADDR6,
	SPILLWAY_A_REMOTE_PLEN, SPILLWAY_A_REMOTE_PORT,
};

/**
 * struct conn_filter - which connections; -1 where a field does not matter
 * @direction: &enum spillway_conn_direction
 * @role: &enum spillway_conn_role
 * @peer_id: who relays it
 * @local: our end
 * @remote: far end
 * @age_ms: at least this old
 */
struct conn_filter {
	int direction;
	int role;
	int peer_id;
	struct end_filter local;
	struct end_filter remote;
	u64 age_ms;
};

/**
 * struct ranked - a place among the best
 * @node: ordered by @rank, then older id first; the leftmost is the worst
 * @rank: by what is sorted
 * @id: of the connection
 */
struct ranked {
	struct rb_node node;
	u64 rank;
	u64 id;
};

/**
 * struct conn_dump - a dump under way; lives from its first part to done
 * @ifindex: device, found again for each part
 * @next_id: where to go on
 * @filter: what to show
 * @sort: &enum spillway_sort
 * @top: places, 0 if all are wanted by id
 * @used: places taken
 * @ranks: places
 * @tree: of @ranks
 */
struct conn_dump {
	int ifindex;
	u64 next_id;
	struct conn_filter filter;
	u8 sort;
	u32 top;
	u32 used;
	struct ranked *ranks;
	struct rb_root_cached tree;
};

/**
 * spw_nl_put_tuple() - the two ends of a connection
 * @skb: message
 * @family: AF_INET or AF_INET6
 * @t: its name
 *
 * Return: 0, or another value where there is no room.
 */
int spw_nl_put_tuple(struct sk_buff *skb, u8 family, const struct spw_tuple *t)
{
	int err;

	if (family == AF_INET6)
		err = nla_put_in6_addr(skb, SPILLWAY_A_LOCAL_ADDR6, &t->laddr6) ||
		      nla_put_in6_addr(skb, SPILLWAY_A_REMOTE_ADDR6, &t->raddr6);
	else
		err = nla_put_in_addr(skb, SPILLWAY_A_LOCAL_ADDR4, t->laddr) ||
		      nla_put_in_addr(skb, SPILLWAY_A_REMOTE_ADDR4, t->raddr);
	return err || nla_put_u16(skb, SPILLWAY_A_LOCAL_PORT, ntohs(t->lport)) ||
	       nla_put_u16(skb, SPILLWAY_A_REMOTE_PORT, ntohs(t->rport));
}

static int put_replica(struct sk_buff *skb, struct spw_device *spw, u64 id)
{
	struct spw_replica_view view;
	struct nlattr *nest;

	if (!spw_replica_show(spw, id, &view))
		return 0;
	nest = nla_nest_start(skb, SPILLWAY_A_REPLICA);
	if (!nest ||
	    nla_put_string(skb, SPILLWAY_REPLICA_A_PEER_NAME, view.peer->name) ||
	    (view.age_us && nla_put_u64_64bit(skb, SPILLWAY_REPLICA_A_AGE_US, view.age_us,
					      SPILLWAY_REPLICA_A_PAD)) ||
	    nla_put_u64_64bit(skb, SPILLWAY_REPLICA_A_LAG_US, view.lag_us,
			      SPILLWAY_REPLICA_A_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * spw_nl_put_conn() - a connection
 * @skb: message
 * @spw: device
 * @conn: under the device's lock, or RCU if @info is NULL
 * @info: what its socket told, or NULL
 *
 * Return: 0 or -EMSGSIZE.
 */
int spw_nl_put_conn(struct sk_buff *skb, struct spw_device *spw,
		    struct spw_conn *conn, const struct spw_conn_info *info)
{
	struct spw_peer *peer;
	int err;

	rcu_read_lock();
	peer = rcu_dereference(conn->peer);
	err = nla_put_u32(skb, SPILLWAY_A_IFINDEX, spw->dev->ifindex) ||
	      nla_put_u64_64bit(skb, SPILLWAY_A_CONN_ID, conn->id,
				SPILLWAY_A_PAD) ||
	      nla_put_u8(skb, SPILLWAY_A_CONN_DIRECTION, conn->direction) ||
	      nla_put_u8(skb, SPILLWAY_A_CONN_ROLE, peer ?
			 SPILLWAY_ROLE_OFFLOADED : SPILLWAY_ROLE_LOCAL) ||
	      (peer && nla_put_u16(skb, SPILLWAY_A_PEER_ID, peer->id)) ||
	      (peer && nla_put_string(skb, SPILLWAY_A_PEER_NAME, peer->name)) ||
	      spw_nl_put_tuple(skb, conn->family, &conn->tuple);
	rcu_read_unlock();
	if (err)
		return -EMSGSIZE;
	if (!info)
		return 0;
	return nla_put_u8(skb, SPILLWAY_A_TCP_STATE, info->tcp_state) ||
	       nla_put_u64_64bit(skb, SPILLWAY_A_AGE_MS, info->age_ms,
				 SPILLWAY_A_PAD) ||
	       (info->rtt_us &&
		nla_put_u32(skb, SPILLWAY_A_RTT_US, info->rtt_us)) ||
	       nla_put_u64_64bit(skb, SPILLWAY_A_TX_RATE, info->tx_rate,
				 SPILLWAY_A_PAD) ||
	       nla_put_u64_64bit(skb, SPILLWAY_A_RX_RATE, info->rx_rate,
				 SPILLWAY_A_PAD) ||
	       nla_put_u64_64bit(skb, SPILLWAY_A_TX_BYTES, info->tx_bytes,
				 SPILLWAY_A_PAD) ||
	       nla_put_u64_64bit(skb, SPILLWAY_A_RX_BYTES, info->rx_bytes,
				 SPILLWAY_A_PAD) ||
	       nla_put_u32(skb, SPILLWAY_A_RETRANS, info->retrans) ||
	       nla_put_u32(skb, SPILLWAY_A_SEND_QUEUE, info->send_queue) ||
	       nla_put_u32(skb, SPILLWAY_A_RECV_QUEUE, info->recv_queue) ||
	       put_replica(skb, spw, conn->id) ?
	       -EMSGSIZE : 0;
}

static int conn_reply(struct spw_device *spw, struct spw_conn *conn,
		      const struct spw_conn_info *found, struct genl_info *info)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &spw_genl_family, 0,
				SPILLWAY_CMD_CONN_GET);
	if (!hdr || spw_nl_put_conn(msg, spw, conn, found)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/**
 * spw_nl_conn_get() - CONN_GET, do
 * @skb: request
 * @info: request
 */
int spw_nl_conn_get(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[SPILLWAY_A_CONN_ID];
	struct spw_conn_info found;
	struct spw_device *spw;
	struct spw_conn *conn;
	int err = -EINVAL;

	spw = spw_nl_begin(info, SPW_ATTR(CONN_ID));
	if (IS_ERR(spw))
		return PTR_ERR(spw);
	if (GENL_REQ_ATTR_CHECK(info, SPILLWAY_A_CONN_ID))
		goto out;
	conn = spw_conntab_get(spw, nla_get_u64(id));
	if (conn && spw_conn_ask(spw, conn, &found)) {
		err = conn_reply(spw, conn, &found, info);
	} else {
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no such connection");
		err = -ENOENT;
	}
out:
	spw_nl_end(spw);
	return err;
}

static int read_int(const struct nlattr *attr)
{
	return attr ? nla_get_u8(attr) : -1;
}

static int read_plen(struct end_filter *end, const struct nlattr *plen,
		     struct netlink_ext_ack *extack)
{
	u8 max = end->family == AF_INET6 ? 128 : 32;

	end->plen = plen ? nla_get_u8(plen) : max;
	if (end->plen <= max)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, plen,
			    "an IPv4 prefix has at most 32 bits");
	return -ERANGE;
}

static int read_end(struct end_filter *end, struct nlattr **attrs,
		    const struct end_attrs *a, struct netlink_ext_ack *extack)
{
	struct nlattr *addr4 = attrs[a->addr4], *addr6 = attrs[a->addr6];

	memset(end, 0, sizeof(*end));
	if (attrs[a->port])
		end->port = nla_get_u16(attrs[a->port]);
	if (addr4 && addr6) {
		NL_SET_ERR_MSG_ATTR(extack, addr6, "an end has one address");
		return -EINVAL;
	}
	if (addr6) {
		end->family = AF_INET6;
		end->addr6 = nla_get_in6_addr(addr6);
	} else if (addr4) {
		end->family = AF_INET;
		end->addr4 = nla_get_in_addr(addr4);
	} else if (attrs[a->plen]) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[a->plen],
				    "a prefix length without its address");
		return -EINVAL;
	} else {
		return 0;
	}
	return read_plen(end, attrs[a->plen], extack);
}

static int read_ends(struct conn_filter *filter, struct nlattr **attrs,
		     struct netlink_ext_ack *extack)
{
	int err;

	err = read_end(&filter->local, attrs, &local_attrs, extack) ?:
	      read_end(&filter->remote, attrs, &remote_attrs, extack);
	if (err)
		return err;
	if (filter->local.family && filter->remote.family &&
	    filter->local.family != filter->remote.family) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[remote_attrs.addr6] ?:
				    attrs[remote_attrs.addr4],
				    "both ends of a connection are of one family");
		return -EINVAL;
	}
	return 0;
}

static int read_filter(struct spw_device *spw, struct conn_filter *filter,
		       struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	struct nlattr *name = attrs[SPILLWAY_A_PEER_NAME];
	struct spw_peer *peer;

	filter->direction = read_int(attrs[SPILLWAY_A_CONN_DIRECTION]);
	filter->role = read_int(attrs[SPILLWAY_A_CONN_ROLE]);
	filter->peer_id = -1;
	if (attrs[SPILLWAY_A_PEER_ID]) {
		filter->peer_id = nla_get_u16(attrs[SPILLWAY_A_PEER_ID]);
	} else if (name) {
		peer = spw_peer_by_name(spw, nla_data(name));
		if (!peer) {
			NL_SET_ERR_MSG_ATTR(extack, name, "no such peer");
			return -ENOENT;
		}
		filter->peer_id = peer->id;
	}
	if (attrs[SPILLWAY_A_AGE_MS])
		filter->age_ms = nla_get_u64(attrs[SPILLWAY_A_AGE_MS]);
	return read_ends(filter, attrs, extack);
}

static bool addr_matches(const struct end_filter *end, __be32 addr4,
			 const struct in6_addr *addr6)
{
	if (end->family == AF_INET6)
		return ipv6_prefix_equal(addr6, &end->addr6, end->plen);
	return !((addr4 ^ end->addr4) & inet_make_mask(end->plen));
}

static bool ends_match(const struct conn_filter *f, const struct spw_conn *conn)
{
	const struct spw_tuple *t = &conn->tuple;

	if ((f->local.port && f->local.port != ntohs(t->lport)) ||
	    (f->remote.port && f->remote.port != ntohs(t->rport)))
		return false;
	if (f->local.family && (f->local.family != conn->family ||
				!addr_matches(&f->local, t->laddr, &t->laddr6)))
		return false;
	return !f->remote.family ||
	       (f->remote.family == conn->family &&
		addr_matches(&f->remote, t->raddr, &t->raddr6));
}

/* What can be said without the socket. */
static bool matches(const struct conn_filter *f, const struct spw_device *spw,
		    const struct spw_conn *conn)
{
	const struct spw_peer *peer;

	peer = rcu_dereference_protected(conn->peer,
					 lockdep_is_held(&spw->lock));
	if (f->direction >= 0 && f->direction != conn->direction)
		return false;
	if (f->role >= 0 && f->role != (peer ? SPILLWAY_ROLE_OFFLOADED : SPILLWAY_ROLE_LOCAL))
		return false;
	if (f->peer_id >= 0 && (!peer || peer->id != f->peer_id))
		return false;
	return ends_match(f, conn);
}

static bool ask_matching(struct spw_device *spw, struct conn_dump *dump,
			 struct spw_conn *conn, struct spw_conn_info *info)
{
	return matches(&dump->filter, spw, conn) &&
	       spw_conn_ask(spw, conn, info) &&
	       info->age_ms >= dump->filter.age_ms;
}

static u64 rank_of(u8 sort, const struct spw_conn_info *info)
{
	switch (sort) {
	case SPILLWAY_SORT_RX_RATE:
		return info->rx_rate;
	case SPILLWAY_SORT_RATE:
		return info->tx_rate + info->rx_rate;
	case SPILLWAY_SORT_AGE:
		return info->age_ms;
	default:
		return info->tx_rate;
	}
}

/* Is a worse than b? Of equal ones the younger id is. */
static bool worse(struct rb_node *a, const struct rb_node *b)
{
	const struct ranked *x = rb_entry(a, struct ranked, node);
	const struct ranked *y = rb_entry(b, struct ranked, node);

	return x->rank != y->rank ? x->rank < y->rank : x->id > y->id;
}

static void rank_in(struct conn_dump *dump, u64 rank, u64 id)
{
	struct ranked *place;

	if (dump->used < dump->top) {
		place = &dump->ranks[dump->used++];
	} else {
		place = rb_entry(rb_first_cached(&dump->tree), struct ranked,
				 node);
		if (rank <= place->rank)
			return;
		rb_erase_cached(&place->node, &dump->tree);
	}
	place->rank = rank;
	place->id = id;
	rb_add_cached(&place->node, &dump->tree, worse);
}

static bool rank_chunk(struct spw_device *spw, struct conn_dump *dump, u64 *id)
{
	struct spw_conn_info info;
	struct spw_conn *conn;
	int i;

	for (i = 0; i < CHUNK; i++, (*id)++) {
		conn = spw_conntab_next(spw, id);
		if (!conn)
			return false;
		if (ask_matching(spw, dump, conn, &info))
			rank_in(dump, rank_of(dump->sort, &info), conn->id);
	}
	return true;
}

static void rank_all(struct spw_device *spw, struct conn_dump *dump)
{
	bool more = true;
	u64 id = 0;

	while (more) {
		mutex_lock(&spw->lock);
		more = !spw->dying && rank_chunk(spw, dump, &id);
		mutex_unlock(&spw->lock);
		cond_resched();
	}
}

static int dump_open(struct conn_dump *dump, struct spw_device *spw,
		     struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	int err;

	dump->ifindex = spw->dev->ifindex;
	mutex_lock(&spw->lock);
	err = read_filter(spw, &dump->filter, attrs, extack);
	mutex_unlock(&spw->lock);
	if (err)
		return err;
	if (attrs[SPILLWAY_A_SORT])
		dump->sort = nla_get_u8(attrs[SPILLWAY_A_SORT]);
	if (!attrs[SPILLWAY_A_TOP])
		return 0;
	dump->top = nla_get_u32(attrs[SPILLWAY_A_TOP]);
	dump->ranks = kvcalloc(dump->top, sizeof(*dump->ranks), GFP_KERNEL);
	if (!dump->ranks)
		return -ENOMEM;
	dump->tree = RB_ROOT_CACHED;
	rank_all(spw, dump);
	return 0;
}

/*
 * Read the filter, rank if asked to; args[0] becomes the &struct conn_dump. Done by
 * the first part, not by a start operation: 6.1 gives that one no place for words.
 */
static int dump_begin(struct netlink_callback *cb)
{
	struct nlattr **attrs = spw_compat_dump_attrs(cb);
	struct spw_device *spw;
	struct conn_dump *dump;
	int err;

	err = spw_nl_only(attrs, FILTER_ATTRS, cb->extack);
	if (err)
		return err;
	if (attrs[SPILLWAY_A_SORT] && !attrs[SPILLWAY_A_TOP]) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[SPILLWAY_A_SORT],
				    "only the best N are sorted: say how many");
		return -EINVAL;
	}
	spw = spw_nl_device(sock_net(cb->skb->sk), attrs, cb->extack);
	if (IS_ERR(spw))
		return PTR_ERR(spw);
	dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	err = dump ? dump_open(dump, spw, attrs, cb->extack) : -ENOMEM;
	dev_put(spw->dev);
	if (err) {
		if (dump)
			kvfree(dump->ranks);
		kfree(dump);
		return err;
	}
	cb->args[0] = (long)dump;
	return 0;
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    struct spw_device *spw, struct spw_conn *conn,
		    const struct spw_conn_info *info)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &spw_genl_family,
				NLM_F_MULTI, SPILLWAY_CMD_CONN_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (spw_nl_put_conn(skb, spw, conn, info)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int dump_by_id(struct sk_buff *skb, struct netlink_callback *cb,
		      struct spw_device *spw, struct conn_dump *dump)
{
	struct spw_conn_info info;
	struct spw_conn *conn;
	int i;

	for (i = 0; i < CHUNK || !skb->len; i++, dump->next_id++) {
		conn = spw_conntab_next(spw, &dump->next_id);
		if (!conn)
			break;
		if (ask_matching(spw, dump, conn, &info) &&
		    dump_one(skb, cb, spw, conn, &info))
			return -EMSGSIZE;
	}
	return 0;
}

/* Best first. One that ended since it was ranked is left out. */
static int dump_by_rank(struct sk_buff *skb, struct netlink_callback *cb,
			struct spw_device *spw, struct conn_dump *dump)
{
	struct spw_conn_info info;
	struct spw_conn *conn;
	struct rb_node *node;

	while ((node = rb_last(&dump->tree.rb_root))) {
		conn = spw_conntab_get(spw,
				       rb_entry(node, struct ranked, node)->id);
		if (conn && spw_conn_ask(spw, conn, &info) &&
		    dump_one(skb, cb, spw, conn, &info))
			return -EMSGSIZE;
		rb_erase_cached(node, &dump->tree);
	}
	return 0;
}

/**
 * spw_nl_conn_dump() - CONN_GET, dump: one part
 * @skb: reply
 * @cb: of the dump
 *
 * A device that is deleted meanwhile ends the dump.
 */
int spw_nl_conn_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct conn_dump *dump;
	struct spw_device *spw;
	struct net_device *dev;
	int err;

	err = cb->args[0] ? 0 : dump_begin(cb);
	if (err)
		return err;
	dump = (struct conn_dump *)cb->args[0];
	dev = dev_get_by_index(sock_net(skb->sk), dump->ifindex);
	if (!dev)
		return 0;
	if (spw_device_is(dev)) {
		spw = netdev_priv(dev);
		mutex_lock(&spw->lock);
		if (!spw->dying)
			err = dump->top ? dump_by_rank(skb, cb, spw, dump) :
					  dump_by_id(skb, cb, spw, dump);
		mutex_unlock(&spw->lock);
	}
	dev_put(dev);
	return skb->len ?: err;
}

/**
 * spw_nl_conn_done() - CONN_GET, dump: the end, also where the reader went away
 * @cb: of the dump
 */
int spw_nl_conn_done(struct netlink_callback *cb)
{
	struct conn_dump *dump = (struct conn_dump *)cb->args[0];

	if (dump)
		kvfree(dump->ranks);
	kfree(dump);
	return 0;
}
