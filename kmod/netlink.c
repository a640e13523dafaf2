// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The generic netlink family: policy, operations, the device's own requests, and
 * the events. Peers, connections and batches have rooms of their own.
 */
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "conn.h"
#include "crypt.h"
#include "device.h"
#include "health.h"
#include "netlink.h"
#include "netlink_ops.h"
#include "peer.h"

enum { GROUP_CONFIG, GROUP_HEALTH, GROUP_CONN };

/* Not const: 6.1's policy has a plain pointer to them. */
static struct netlink_range_validation range_port = {
	.min = 1, .max = U16_MAX,
};

static struct netlink_range_validation range_load = {
	.max = SPILLWAY_LOAD_MAX,
};

static struct netlink_range_validation range_top = {
	.min = 1, .max = SPILLWAY_TOP_MAX,
};

/* An entry's own attributes are checked one by one, so that each gets a reason. */
static const struct nla_policy policy[SPILLWAY_A_MAX + 1] = {
	[SPILLWAY_A_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SPILLWAY_A_IFNAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[SPILLWAY_A_NODE_ID] = NLA_POLICY_FULL_RANGE(NLA_U16, &range_port),
	[SPILLWAY_A_NODE_NAME] = { .type = NLA_NUL_STRING,
				   .len = SPILLWAY_NAME_MAX },
	[SPILLWAY_A_PORT] = NLA_POLICY_FULL_RANGE(NLA_U16, &range_port),
	[SPILLWAY_A_LOAD] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_load),
	[SPILLWAY_A_FORECAST] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_load),
	[SPILLWAY_A_PEER_ID] = NLA_POLICY_FULL_RANGE(NLA_U16, &range_port),
	[SPILLWAY_A_PEER_NAME] = { .type = NLA_NUL_STRING,
				   .len = SPILLWAY_NAME_MAX },
	[SPILLWAY_A_PEER_ADDR4] = { .type = NLA_U32 },
	[SPILLWAY_A_PEER_ADDR6] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[SPILLWAY_A_PEER_PORT] = NLA_POLICY_FULL_RANGE(NLA_U16, &range_port),
	[SPILLWAY_A_PEER_WEIGHT] = NLA_POLICY_MAX(NLA_U32, SPILLWAY_WEIGHT_MAX),
	[SPILLWAY_A_PEER_ADMIN] = NLA_POLICY_MAX(NLA_U8,
						 __SPILLWAY_ADMIN_MAX - 1),
	[SPILLWAY_A_KEY_DIRECTION] = NLA_POLICY_MAX(NLA_U8, SPILLWAY_KEY_RX),
	[SPILLWAY_A_KEY_ID] = { .type = NLA_U32 },
	[SPILLWAY_A_KEY] = NLA_POLICY_EXACT_LEN(SPILLWAY_KEY_LEN),
	[SPILLWAY_A_KEY_FIRST_PN] = { .type = NLA_U64 },
	[SPILLWAY_A_CONN_ID] = { .type = NLA_U64 },
	[SPILLWAY_A_CONN_DIRECTION] = NLA_POLICY_MAX(NLA_U8,
						     __SPILLWAY_DIR_MAX - 1),
	[SPILLWAY_A_CONN_ROLE] = NLA_POLICY_MAX(NLA_U8,
						__SPILLWAY_ROLE_MAX - 1),
	[SPILLWAY_A_LOCAL_ADDR4] = { .type = NLA_U32 },
	[SPILLWAY_A_LOCAL_PORT] = { .type = NLA_U16 },
	[SPILLWAY_A_REMOTE_ADDR4] = { .type = NLA_U32 },
	[SPILLWAY_A_REMOTE_PORT] = { .type = NLA_U16 },
	[SPILLWAY_A_LOCAL_PLEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[SPILLWAY_A_REMOTE_PLEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[SPILLWAY_A_AGE_MS] = { .type = NLA_U64 },
	[SPILLWAY_A_TOP] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_top),
	[SPILLWAY_A_SORT] = NLA_POLICY_MAX(NLA_U8, __SPILLWAY_SORT_MAX - 1),
	[SPILLWAY_A_BATCH] = { .type = NLA_NESTED },
	[SPILLWAY_A_JOB] = { .type = NLA_NESTED },
	[SPILLWAY_A_PEER_FREE] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_load),
	[SPILLWAY_A_CAPACITY] = { .type = NLA_U64 },
	[SPILLWAY_A_LOCAL_ADDR6] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[SPILLWAY_A_REMOTE_ADDR6] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
};

/**
 * spw_nl_only() - refuse what an operation does not take
 * @attrs: of the request
 * @allowed: mask of SPW_ATTR()
 * @extack: receives the attribute
 *
 * An attribute that would be ignored is a misunderstanding; better said than kept.
 *
 * Return: 0 or -EINVAL.
 */
int spw_nl_only(struct nlattr **attrs, u64 allowed,
		struct netlink_ext_ack *extack)
{
	int i;

	/* What comes behind those of which there is a bit is in answers only. */
	for (i = 1; i <= SPILLWAY_A_MAX; i++)
		if (attrs[i] && (i >= 64 || !(allowed & BIT_ULL(i)))) {
			NL_SET_ERR_MSG_ATTR(extack, attrs[i],
					    "this operation does not take the attribute");
			return -EINVAL;
		}
	return 0;
}

/**
 * spw_nl_device() - the device that a request names
 * @net: of the request
 * @attrs: its attributes
 * @extack: receives what is wrong
 *
 * Return: with a reference on the netdevice, or -EINVAL or -ENODEV.
 */
struct spw_device *spw_nl_device(struct net *net, struct nlattr **attrs,
				 struct netlink_ext_ack *extack)
{
	struct nlattr *index = attrs[SPILLWAY_A_IFINDEX];
	struct nlattr *name = attrs[SPILLWAY_A_IFNAME];
	struct net_device *dev;

	if (!index == !name) {
		NL_SET_ERR_MSG(extack, "name the device by ifindex or by ifname");
		return ERR_PTR(-EINVAL);
	}
	dev = index ? dev_get_by_index(net, nla_get_u32(index)) :
		      dev_get_by_name(net, nla_data(name));
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(extack, index ?: name, "no such device");
		return ERR_PTR(-ENODEV);
	}
	if (!spw_device_is(dev)) {
		dev_put(dev);
		NL_SET_ERR_MSG_ATTR(extack, index ?: name,
				    "not a spillway device");
		return ERR_PTR(-ENODEV);
	}
	return netdev_priv(dev);
}

/**
 * spw_nl_begin() - check a request and lock its device
 * @info: request
 * @allowed: attributes that it may have beside the device's
 *
 * Return: locked and referenced until spw_nl_end(), or an error pointer.
 */
struct spw_device *spw_nl_begin(struct genl_info *info, u64 allowed)
{
	struct spw_device *spw;
	int err;

	err = spw_nl_only(info->attrs, allowed | SPW_ATTRS_DEVICE, info->extack);
	if (err)
		return ERR_PTR(err);
	spw = spw_nl_device(genl_info_net(info), info->attrs, info->extack);
	if (IS_ERR(spw))
		return spw;
	mutex_lock(&spw->lock);
	if (spw->dying) {
		spw_nl_end(spw);
		NL_SET_ERR_MSG(info->extack, "the device is being deleted");
		return ERR_PTR(-ENODEV);
	}
	return spw;
}

/**
 * spw_nl_end() - unlock and release
 * @spw: from spw_nl_begin()
 */
void spw_nl_end(struct spw_device *spw)
{
	struct net_device *dev = spw->dev;

	mutex_unlock(&spw->lock);
	dev_put(dev);
}

static int put_report(struct sk_buff *skb, const struct spw_report *report)
{
	return nla_put_u32(skb, SPILLWAY_A_LOAD, report->load) ||
	       nla_put_u32(skb, SPILLWAY_A_FORECAST, report->forecast) ||
	       nla_put_u32(skb, SPILLWAY_A_PEER_FREE, report->free) ||
	       nla_put_u64_64bit(skb, SPILLWAY_A_CAPACITY, report->capacity,
				 SPILLWAY_A_PAD) ? -EMSGSIZE : 0;
}

static int put_which(struct sk_buff *skb, const struct spw_device *spw)
{
	return nla_put_u32(skb, SPILLWAY_A_IFINDEX, spw->dev->ifindex) ||
	       nla_put_string(skb, SPILLWAY_A_IFNAME, spw->dev->name) ?
	       -EMSGSIZE : 0;
}

/**
 * spw_nl_put_device() - the whole device
 * @skb: message
 * @spw: device, its lock held
 *
 * Return: 0 or -EMSGSIZE.
 */
int spw_nl_put_device(struct sk_buff *skb, struct spw_device *spw)
{
	return put_which(skb, spw) ||
	       nla_put_u64_64bit(skb, SPILLWAY_A_GENERATION,
				 atomic64_read(&spw->generation),
				 SPILLWAY_A_PAD) ||
	       nla_put_u16(skb, SPILLWAY_A_NODE_ID, spw->node_id) ||
	       nla_put_string(skb, SPILLWAY_A_NODE_NAME, spw->node_name) ||
	       nla_put_u16(skb, SPILLWAY_A_PORT, spw->port) ||
	       put_report(skb, &spw->report) ||
	       nla_put_u32(skb, SPILLWAY_A_CONNS, atomic_read(&spw->nr_conns)) ||
	       nla_put_u32(skb, SPILLWAY_A_CONNS_OFFLOADED,
			   atomic_read(&spw->nr_offloaded)) ||
	       nla_put_u32(skb, SPILLWAY_A_CONNS_HOSTED,
			   atomic_read(&spw->nr_hosted)) ||
	       spw_stats_put(skb, SPILLWAY_A_STATS, spw->stats) ? -EMSGSIZE : 0;
}

/* What health knows of a peer; absent means unknown. */
static int put_heard(struct sk_buff *skb, struct spw_peer *peer)
{
	u64 heard = READ_ONCE(peer->heard);
	struct spw_report report;
	u32 srtt_us;

	spin_lock_bh(&peer->hb_lock);
	report = peer->report;
	srtt_us = peer->srtt_us;
	spin_unlock_bh(&peer->hb_lock);
	if (srtt_us && nla_put_u32(skb, SPILLWAY_A_PEER_RTT_US, srtt_us))
		return -EMSGSIZE;
	if (heard && nla_put_u64_64bit(skb, SPILLWAY_A_PEER_SEEN_MS,
				       div_u64(ktime_get_ns() - heard,
					       NSEC_PER_MSEC), SPILLWAY_A_PAD))
		return -EMSGSIZE;
	return put_report(skb, &report);
}

static int put_key_ages(struct sk_buff *skb, struct spw_peer *peer)
{
	u64 now = spw_key_clock();
	struct spw_key *tx;

	tx = rcu_dereference_protected(peer->tx_key,
				       lockdep_is_held(&peer->spw->lock));
	if (tx && nla_put_u64_64bit(skb, SPILLWAY_A_PEER_TX_KEY_AGE_MS,
				    spw_key_age_ms(tx, now), SPILLWAY_A_PAD))
		return -EMSGSIZE;
	if (peer->rx_keys[0] &&
	    nla_put_u64_64bit(skb, SPILLWAY_A_PEER_RX_KEY_AGE_MS,
			      spw_key_age_ms(peer->rx_keys[0], now),
			      SPILLWAY_A_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_endpoint(struct sk_buff *skb, struct spw_peer *peer)
{
	struct spw_endpoint endpoint;

	spw_peer_get_endpoint(peer, &endpoint);
	return (endpoint.family == AF_INET6 ?
		nla_put_in6_addr(skb, SPILLWAY_A_PEER_ADDR6, &endpoint.addr6) :
		nla_put_in_addr(skb, SPILLWAY_A_PEER_ADDR4, endpoint.addr4)) ||
	       nla_put_u16(skb, SPILLWAY_A_PEER_PORT, ntohs(endpoint.port));
}

static int put_replica(struct sk_buff *skb, struct spw_peer *peer)
{
	u32 p50, p99, most;
	struct nlattr *nest;

	spw_replica_lag(peer, &p50, &p99, &most);
	nest = nla_nest_start(skb, SPILLWAY_A_REPLICA);
	if (!nest ||
	    nla_put_u32(skb, SPILLWAY_REPLICA_A_OUT, READ_ONCE(peer->replica.nr_out)) ||
	    nla_put_u32(skb, SPILLWAY_REPLICA_A_IN, READ_ONCE(peer->replica.nr_in)))
		return -EMSGSIZE;
	if (most && (nla_put_u32(skb, SPILLWAY_REPLICA_A_LAG_P50_US, p50) ||
		     nla_put_u32(skb, SPILLWAY_REPLICA_A_LAG_P99_US, p99) ||
		     nla_put_u32(skb, SPILLWAY_REPLICA_A_LAG_MOST_US, most)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * spw_nl_put_peer() - the whole peer
 * @skb: message
 * @peer: under its device's lock
 *
 * Return: 0 or -EMSGSIZE.
 */
int spw_nl_put_peer(struct sk_buff *skb, struct spw_peer *peer)
{
	return put_which(skb, peer->spw) ||
	       nla_put_u16(skb, SPILLWAY_A_PEER_ID, peer->id) ||
	       nla_put_string(skb, SPILLWAY_A_PEER_NAME, peer->name) ||
	       put_endpoint(skb, peer) ||
	       nla_put_u32(skb, SPILLWAY_A_PEER_WEIGHT, peer->weight) ||
	       nla_put_u8(skb, SPILLWAY_A_PEER_ADMIN, peer->admin) ||
	       nla_put_u8(skb, SPILLWAY_A_PEER_STATE, peer->state) ||
	       nla_put_u8(skb, SPILLWAY_A_PEER_REASON, peer->reason) ||
	       nla_put_u8(skb, SPILLWAY_A_PEER_IPV6, peer->ipv6) ||
	       nla_put_u32(skb, SPILLWAY_A_CONNS_OFFLOADED,
			   atomic_read(&peer->nr_conns)) ||
	       nla_put_u32(skb, SPILLWAY_A_CONNS_HOSTED,
			   READ_ONCE(peer->hosted.count)) ||
	       nla_put_u32(skb, SPILLWAY_A_PEER_PMTU,
			   READ_ONCE(peer->pmtu.size)) ||
	       put_heard(skb, peer) || put_key_ages(skb, peer) ||
	       put_replica(skb, peer) ||
	       spw_stats_put(skb, SPILLWAY_A_STATS, peer->stats) ?
	       -EMSGSIZE : 0;
}

/**
 * spw_nl_peer() - the peer that a request names
 * @spw: device, its lock held
 * @info: request, with %SPILLWAY_A_PEER_ID or %SPILLWAY_A_PEER_NAME
 *
 * Return: peer, or -EINVAL or -ENOENT.
 */
struct spw_peer *spw_nl_peer(struct spw_device *spw, struct genl_info *info)
{
	struct nlattr *id = info->attrs[SPILLWAY_A_PEER_ID];
	struct nlattr *name = info->attrs[SPILLWAY_A_PEER_NAME];
	struct spw_peer *peer;

	if (!id == !name) {
		NL_SET_ERR_MSG(info->extack, "name the peer by id or by name");
		return ERR_PTR(-EINVAL);
	}
	peer = id ? spw_peer_by_id(spw, nla_get_u16(id)) :
		    spw_peer_by_name(spw, nla_data(name));
	if (!peer) {
		NL_SET_ERR_MSG_ATTR(info->extack, id ?: name, "no such peer");
		return ERR_PTR(-ENOENT);
	}
	return peer;
}

static int device_get(struct sk_buff *skb, struct genl_info *info)
{
	struct spw_device *spw = spw_nl_begin(info, 0);
	struct sk_buff *msg;
	int err = -ENOMEM;
	void *hdr;

	if (IS_ERR(spw))
		return PTR_ERR(spw);
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		goto out;
	hdr = genlmsg_put_reply(msg, info, &spw_genl_family, 0,
				SPILLWAY_CMD_DEV_GET);
	err = hdr ? spw_nl_put_device(msg, spw) : -EMSGSIZE;
	if (err) {
		nlmsg_free(msg);
		goto out;
	}
	genlmsg_end(msg, hdr);
	err = genlmsg_reply(msg, info);
out:
	spw_nl_end(spw);
	return err;
}

/* At most one device in a namespace, so this is short. */
static int device_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct net *net = sock_net(skb->sk);
	struct spw_device *spw;
	struct net_device *dev;
	int err = 0;
	void *hdr;

	rtnl_lock();
	for_each_netdev(net, dev) {
		if (!spw_device_is(dev) || dev->ifindex <= cb->args[0])
			continue;
		spw = netdev_priv(dev);
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &spw_genl_family,
				  NLM_F_MULTI, SPILLWAY_CMD_DEV_GET);
		mutex_lock(&spw->lock);
		err = hdr ? spw_nl_put_device(skb, spw) : -EMSGSIZE;
		mutex_unlock(&spw->lock);
		if (err) {
			if (hdr)
				genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
		cb->args[0] = dev->ifindex;
	}
	rtnl_unlock();
	return skb->len ?: err;
}

/* Sealed datagrams under way name the port and the id: not while it is up. */
static int check_identity(struct spw_device *spw, struct genl_info *info)
{
	struct nlattr *id = info->attrs[SPILLWAY_A_NODE_ID];
	struct nlattr *port = info->attrs[SPILLWAY_A_PORT];

	if (id && nla_get_u16(id) != spw->node_id) {
		if (netif_running(spw->dev)) {
			NL_SET_ERR_MSG_ATTR(info->extack, id,
					    "the id changes only while the device is down");
			return -EBUSY;
		}
		if (spw_peer_by_id(spw, nla_get_u16(id))) {
			NL_SET_ERR_MSG_ATTR(info->extack, id,
					    "a peer has this id");
			return -EEXIST;
		}
	}
	if (port && nla_get_u16(port) != spw->port && netif_running(spw->dev)) {
		NL_SET_ERR_MSG_ATTR(info->extack, port,
				    "the port changes only while the device is down");
		return -EBUSY;
	}
	return 0;
}

static bool set_identity(struct spw_device *spw, struct nlattr **attrs)
{
	if (attrs[SPILLWAY_A_NODE_ID])
		spw->node_id = nla_get_u16(attrs[SPILLWAY_A_NODE_ID]);
	if (attrs[SPILLWAY_A_NODE_NAME])
		nla_strscpy(spw->node_name, attrs[SPILLWAY_A_NODE_NAME],
			    sizeof(spw->node_name));
	if (attrs[SPILLWAY_A_PORT])
		WRITE_ONCE(spw->port, nla_get_u16(attrs[SPILLWAY_A_PORT]));
	return attrs[SPILLWAY_A_NODE_ID] || attrs[SPILLWAY_A_NODE_NAME] ||
	       attrs[SPILLWAY_A_PORT];
}

static void set_report(struct spw_report *report, struct nlattr **attrs)
{
	if (attrs[SPILLWAY_A_LOAD])
		report->load = nla_get_u32(attrs[SPILLWAY_A_LOAD]);
	if (attrs[SPILLWAY_A_FORECAST])
		report->forecast = nla_get_u32(attrs[SPILLWAY_A_FORECAST]);
	if (attrs[SPILLWAY_A_PEER_FREE])
		report->free = nla_get_u32(attrs[SPILLWAY_A_PEER_FREE]);
	if (attrs[SPILLWAY_A_CAPACITY])
		report->capacity = nla_get_u64(attrs[SPILLWAY_A_CAPACITY]);
}

/* Reports come every second: only a new identity is an event. */
static int device_set(struct sk_buff *skb, struct genl_info *info)
{
	struct spw_device *spw;
	int err;

	spw = spw_nl_begin(info, SPW_ATTR(NODE_ID) | SPW_ATTR(NODE_NAME) |
			   SPW_ATTR(PORT) | SPW_ATTR(LOAD) | SPW_ATTR(FORECAST) |
			   SPW_ATTR(PEER_FREE) | SPW_ATTR(CAPACITY));
	if (IS_ERR(spw))
		return PTR_ERR(spw);
	err = check_identity(spw, info);
	if (!err) {
		set_report(&spw->report, info->attrs);
		if (set_identity(spw, info->attrs))
			spw_netlink_device_event(spw);
	}
	spw_nl_end(spw);
	return err;
}

#define OP(command, handler)						\
	{ .cmd = SPILLWAY_CMD_##command, .flags = GENL_UNS_ADMIN_PERM,	\
	  .doit = handler }

static const struct genl_ops ops[] = {
	{ .cmd = SPILLWAY_CMD_DEV_GET, .flags = GENL_UNS_ADMIN_PERM,
	  .doit = device_get, .dumpit = device_dump },
	OP(DEV_SET, device_set),
	{ .cmd = SPILLWAY_CMD_PEER_GET, .flags = GENL_UNS_ADMIN_PERM,
	  .doit = spw_nl_peer_get, .dumpit = spw_nl_peer_dump },
	OP(PEER_NEW, spw_nl_peer_new),
	OP(PEER_SET, spw_nl_peer_set),
	OP(PEER_DEL, spw_nl_peer_del),
	OP(KEY_NEW, spw_nl_key_new),
	OP(KEY_DEL, spw_nl_key_del),
	{ .cmd = SPILLWAY_CMD_CONN_GET, .flags = GENL_UNS_ADMIN_PERM,
	  .doit = spw_nl_conn_get, .dumpit = spw_nl_conn_dump,
	  .done = spw_nl_conn_done },
	OP(OFFLOAD, spw_nl_offload),
	OP(RECALL, spw_nl_recall),
	{ .cmd = SPILLWAY_CMD_HOSTED_GET, .flags = GENL_UNS_ADMIN_PERM,
	  .dumpit = spw_nl_hosted_dump },
	OP(HANDOFF, spw_nl_handoff),
	OP(REPLICATE, spw_nl_replicate),
	OP(UNREPLICATE, spw_nl_unreplicate),
	{ .cmd = SPILLWAY_CMD_JOB_GET, .flags = GENL_UNS_ADMIN_PERM,
	  .doit = spw_nl_job_get, .dumpit = spw_nl_job_dump },
	OP(JOB_CANCEL, spw_nl_job_cancel),
	{ .cmd = SPILLWAY_CMD_MOVED_GET, .flags = GENL_UNS_ADMIN_PERM,
	  .dumpit = spw_nl_moved_dump },
};

static const struct genl_multicast_group groups[] = {
	[GROUP_CONFIG] = { .name = SPILLWAY_MCGRP_CONFIG,
			   .flags = GENL_MCAST_CAP_NET_ADMIN },
	[GROUP_HEALTH] = { .name = SPILLWAY_MCGRP_HEALTH,
			   .flags = GENL_MCAST_CAP_NET_ADMIN },
	[GROUP_CONN] = { .name = SPILLWAY_MCGRP_CONN,
			 .flags = GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family spw_genl_family __ro_after_init = {
	.name = SPILLWAY_GENL_NAME,
	.version = SPILLWAY_GENL_VERSION,
	.maxattr = SPILLWAY_A_MAX,
	.policy = policy,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.resv_start_op = SPILLWAY_CMD_UNSPEC + 1,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

static struct sk_buff *event_begin(struct spw_device *spw, u8 cmd, int group,
				   gfp_t gfp, void **hdr)
{
	struct sk_buff *msg;

	atomic64_inc(&spw->generation);
	if (!genl_has_listeners(&spw_genl_family, spw->net, group))
		return NULL;
	msg = genlmsg_new(NLMSG_GOODSIZE, gfp);
	if (!msg)
		return NULL;
	*hdr = genlmsg_put(msg, 0, 0, &spw_genl_family, 0, cmd);
	return msg;
}

static void event_end(struct spw_device *spw, struct sk_buff *msg, void *hdr,
		      int group, int err, gfp_t gfp)
{
	if (err) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, hdr);
	genlmsg_multicast_netns(&spw_genl_family, spw->net, msg, 0, group, gfp);
}

/**
 * spw_netlink_device_event() - settings have changed
 * @spw: device, its lock held
 */
void spw_netlink_device_event(struct spw_device *spw)
{
	struct sk_buff *msg;
	void *hdr;

	msg = event_begin(spw, SPILLWAY_CMD_DEV_NTF, GROUP_CONFIG, GFP_KERNEL,
			  &hdr);
	if (msg)
		event_end(spw, msg, hdr, GROUP_CONFIG,
			  hdr ? spw_nl_put_device(msg, spw) : -EMSGSIZE,
			  GFP_KERNEL);
}

static int put_generation(struct sk_buff *msg, struct spw_device *spw)
{
	return nla_put_u64_64bit(msg, SPILLWAY_A_GENERATION,
				 atomic64_read(&spw->generation),
				 SPILLWAY_A_PAD);
}

/**
 * spw_netlink_peer_event() - a peer came, changed or went
 * @peer: under its device's lock
 */
void spw_netlink_peer_event(struct spw_peer *peer)
{
	struct spw_device *spw = peer->spw;
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = event_begin(spw, SPILLWAY_CMD_PEER_NTF, GROUP_HEALTH, GFP_KERNEL,
			  &hdr);
	if (!msg)
		return;
	err = hdr && !put_generation(msg, spw) ? spw_nl_put_peer(msg, peer) :
						 -EMSGSIZE;
	event_end(spw, msg, hdr, GROUP_HEALTH, err, GFP_KERNEL);
}

/**
 * spw_netlink_conn_event() - a connection came, moved or ended
 * @spw: device
 * @conn: connection; under RCU or the device's lock
 * @event: what happened
 * @reason: why
 * @gfp: %GFP_ATOMIC in softirq
 */
void spw_netlink_conn_event(struct spw_device *spw, struct spw_conn *conn,
			    enum spillway_conn_event event,
			    enum spillway_reason reason, gfp_t gfp)
{
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = event_begin(spw, SPILLWAY_CMD_CONN_NTF, GROUP_CONN, gfp, &hdr);
	if (!msg)
		return;
	err = !hdr || put_generation(msg, spw) ||
	      nla_put_u8(msg, SPILLWAY_A_CONN_EVENT, event) ||
	      nla_put_u8(msg, SPILLWAY_A_REASON, reason) ||
	      spw_nl_put_conn(msg, spw, conn, NULL) ? -EMSGSIZE : 0;
	event_end(spw, msg, hdr, GROUP_CONN, err, gfp);
}

/**
 * spw_netlink_move_event() - a connection's endpoint moved, or did not
 * @peer: whither or whence
 * @conn: connection; a copy, or under RCU
 * @role: &enum spillway_conn_role
 * @event: what happened
 * @reason: why
 *
 * Any context.
 */
void spw_netlink_move_event(struct spw_peer *peer, const struct spw_conn *conn, u8 role,
			    enum spillway_conn_event event, enum spillway_reason reason)
{
	struct spw_device *spw = peer->spw;
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = event_begin(spw, SPILLWAY_CMD_CONN_NTF, GROUP_CONN, GFP_ATOMIC, &hdr);
	if (!msg)
		return;
	err = !hdr || put_generation(msg, spw) ||
	      nla_put_u8(msg, SPILLWAY_A_CONN_EVENT, event) ||
	      nla_put_u8(msg, SPILLWAY_A_REASON, reason) ||
	      nla_put_u64_64bit(msg, SPILLWAY_A_CONN_ID, conn->id, SPILLWAY_A_PAD) ||
	      nla_put_u8(msg, SPILLWAY_A_CONN_DIRECTION, conn->direction) ||
	      spw_nl_put_moved(msg, peer, role, conn->family, &conn->tuple) ?
	      -EMSGSIZE : 0;
	event_end(spw, msg, hdr, GROUP_CONN, err, GFP_ATOMIC);
}

/**
 * spw_netlink_job_event() - a job began or is over
 * @spw: device
 * @job: under &spw_moves.lock
 */
void spw_netlink_job_event(struct spw_device *spw, const struct spw_job *job)
{
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = event_begin(spw, SPILLWAY_CMD_JOB_NTF, GROUP_CONN, GFP_KERNEL, &hdr);
	if (!msg)
		return;
	err = !hdr || put_generation(msg, spw) || spw_nl_put_job(msg, spw, job) ?
	      -EMSGSIZE : 0;
	event_end(spw, msg, hdr, GROUP_CONN, err, GFP_KERNEL);
}

/**
 * spw_netlink_init() - make the family known
 *
 * Return: 0 or a negative error.
 */
int __init spw_netlink_init(void)
{
	return genl_register_family(&spw_genl_family);
}

/**
 * spw_netlink_exit() - no request any more, once this returns
 */
void spw_netlink_exit(void)
{
	genl_unregister_family(&spw_genl_family);
}
