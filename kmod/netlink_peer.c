// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about peers and their keys. */
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "compat.h"
#include "device.h"
#include "health.h"
#include "netlink.h"
#include "netlink_ops.h"
#include "peer.h"
#include "relay.h"

/**
 * spw_nl_peer_get() - PEER_GET, do
 * @skb: request
 * @info: request
 */
int spw_nl_peer_get(struct sk_buff *skb, struct genl_info *info)
{
	struct spw_device *spw = spw_nl_begin(info, SPW_ATTRS_PEER);
	struct spw_peer *peer;
	struct sk_buff *msg;
	void *hdr;
	int err;

	if (IS_ERR(spw))
		return PTR_ERR(spw);
	peer = spw_nl_peer(spw, info);
	err = PTR_ERR_OR_ZERO(peer);
	if (err)
		goto out;
	err = -ENOMEM;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		goto out;
	hdr = genlmsg_put_reply(msg, info, &spw_genl_family, 0,
				SPILLWAY_CMD_PEER_GET);
	err = hdr ? spw_nl_put_peer(msg, peer) : -EMSGSIZE;
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

static int dump_from(struct sk_buff *skb, struct netlink_callback *cb,
		     struct spw_device *spw)
{
	struct spw_peer *peer;
	unsigned long id;
	void *hdr;

	xa_for_each_start(&spw->peers, id, peer, cb->args[0]) {
		cb->args[0] = id;
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &spw_genl_family,
				  NLM_F_MULTI, SPILLWAY_CMD_PEER_GET);
		if (!hdr)
			return -EMSGSIZE;
		if (spw_nl_put_peer(skb, peer)) {
			genlmsg_cancel(skb, hdr);
			return -EMSGSIZE;
		}
		genlmsg_end(skb, hdr);
		cb->args[0] = id + 1;
	}
	return 0;
}

/**
 * spw_nl_peer_dump() - PEER_GET, dump
 * @skb: reply
 * @cb: args[0] is the next id, so that the dump survives changes between its parts
 */
int spw_nl_peer_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = spw_compat_dump_attrs(cb);
	struct spw_device *spw;
	int err;

	err = spw_nl_only(attrs, SPW_ATTRS_DEVICE, cb->extack);
	if (err)
		return err;
	spw = spw_nl_device(sock_net(skb->sk), attrs, cb->extack);
	if (IS_ERR(spw))
		return PTR_ERR(spw);
	mutex_lock(&spw->lock);
	err = dump_from(skb, cb, spw);
	spw_nl_end(spw);
	return skb->len ?: err;
}

static bool addr4_is_sane(__be32 addr)
{
	return !ipv4_is_zeronet(addr) && !ipv4_is_loopback(addr) &&
	       !ipv4_is_multicast(addr) && !ipv4_is_lbcast(addr);
}

/* A link-local address would need its interface beside it. */
static bool addr6_is_sane(const struct in6_addr *addr)
{
	return (ipv6_addr_type(addr) & IPV6_ADDR_UNICAST) &&
	       !(ipv6_addr_type(addr) & (IPV6_ADDR_LOOPBACK |
					 IPV6_ADDR_LINKLOCAL |
					 IPV6_ADDR_MAPPED));
}

static int read_endpoint(struct genl_info *info, struct spw_endpoint *endpoint)
{
	struct nlattr *addr4 = info->attrs[SPILLWAY_A_PEER_ADDR4];
	struct nlattr *addr6 = info->attrs[SPILLWAY_A_PEER_ADDR6];
	struct nlattr *port = info->attrs[SPILLWAY_A_PEER_PORT];
	bool sane;

	memset(endpoint, 0, sizeof(*endpoint));
	if (addr4 && addr6) {
		NL_SET_ERR_MSG_ATTR(info->extack, addr6,
				    "an endpoint has one address");
		return -EINVAL;
	}
	if (!addr6 && GENL_REQ_ATTR_CHECK(info, SPILLWAY_A_PEER_ADDR4))
		return -EINVAL;
	endpoint->port = htons(port ? nla_get_u16(port) : SPILLWAY_PORT_DEFAULT);
	if (addr6) {
		endpoint->family = AF_INET6;
		endpoint->addr6 = nla_get_in6_addr(addr6);
		sane = addr6_is_sane(&endpoint->addr6);
	} else {
		endpoint->family = AF_INET;
		endpoint->addr4 = nla_get_in_addr(addr4);
		sane = addr4_is_sane(endpoint->addr4);
	}
	if (!sane) {
		NL_SET_ERR_MSG_ATTR(info->extack, addr6 ?: addr4,
				    "not the address of another node");
		return -EINVAL;
	}
	return 0;
}

static int read_config(struct spw_device *spw, struct genl_info *info,
		       struct spw_peer_config *config)
{
	struct nlattr **attrs = info->attrs;

	if (GENL_REQ_ATTR_CHECK(info, SPILLWAY_A_PEER_ID) ||
	    GENL_REQ_ATTR_CHECK(info, SPILLWAY_A_PEER_NAME))
		return -EINVAL;
	config->id = nla_get_u16(attrs[SPILLWAY_A_PEER_ID]);
	config->name = nla_data(attrs[SPILLWAY_A_PEER_NAME]);
	config->weight = attrs[SPILLWAY_A_PEER_WEIGHT] ?
			 nla_get_u32(attrs[SPILLWAY_A_PEER_WEIGHT]) : 1;
	config->admin = attrs[SPILLWAY_A_PEER_ADMIN] ?
			nla_get_u8(attrs[SPILLWAY_A_PEER_ADMIN]) :
			SPILLWAY_ADMIN_READY;
	if (!*config->name) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SPILLWAY_A_PEER_NAME],
				    "a name must not be empty");
		return -EINVAL;
	}
	if (config->id == spw->node_id) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SPILLWAY_A_PEER_ID],
				    "this is the node's own id");
		return -EINVAL;
	}
	return read_endpoint(info, &config->endpoint);
}

static int check_new(struct spw_device *spw, struct genl_info *info,
		     const struct spw_peer_config *config)
{
	if (spw_peer_by_id(spw, config->id)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SPILLWAY_A_PEER_ID],
				    "a peer has this id already");
		return -EEXIST;
	}
	if (spw_peer_by_name(spw, config->name)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SPILLWAY_A_PEER_NAME],
				    "a peer has this name already");
		return -EEXIST;
	}
	return 0;
}

/**
 * spw_nl_peer_new() - PEER_NEW
 * @skb: request
 * @info: request
 */
int spw_nl_peer_new(struct sk_buff *skb, struct genl_info *info)
{
	struct spw_peer_config config;
	struct spw_device *spw;
	int err;

	spw = spw_nl_begin(info, SPW_ATTRS_PEER | SPW_ATTR(PEER_ADDR4) |
			   SPW_ATTR(PEER_ADDR6) |
			   SPW_ATTR(PEER_PORT) | SPW_ATTR(PEER_WEIGHT) |
			   SPW_ATTR(PEER_ADMIN));
	if (IS_ERR(spw))
		return PTR_ERR(spw);
	err = read_config(spw, info, &config) ?: check_new(spw, info, &config);
	if (!err)
		err = PTR_ERR_OR_ZERO(spw_peer_add(spw, &config));
	if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack, "too many peers");
	spw_nl_end(spw);
	return err;
}

static void apply_admin(struct spw_peer *peer, u8 admin)
{
	peer->admin = admin;
	if (admin == SPILLWAY_ADMIN_MAINT)
		spw_relay_return_all(peer->spw, peer,
				     SPILLWAY_REASON_OPERATOR);
}

static int peer_change(struct spw_peer *peer, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct spw_endpoint endpoint;
	bool moved = attrs[SPILLWAY_A_PEER_ADDR4] ||
		     attrs[SPILLWAY_A_PEER_ADDR6] || attrs[SPILLWAY_A_PEER_PORT];
	int err;

	if (moved) {
		err = read_endpoint(info, &endpoint);
		if (err)
			return err;
		spw_peer_set_endpoint(peer, &endpoint);
		spw_health_kick(peer->spw);
	}
	if (attrs[SPILLWAY_A_PEER_WEIGHT])
		peer->weight = nla_get_u32(attrs[SPILLWAY_A_PEER_WEIGHT]);
	if (attrs[SPILLWAY_A_PEER_ADMIN])
		apply_admin(peer, nla_get_u8(attrs[SPILLWAY_A_PEER_ADMIN]));
	spw_netlink_peer_event(peer);
	return 0;
}

/**
 * spw_nl_peer_set() - PEER_SET
 * @skb: request
 * @info: request
 */
int spw_nl_peer_set(struct sk_buff *skb, struct genl_info *info)
{
	struct spw_device *spw;
	struct spw_peer *peer;
	int err;

	spw = spw_nl_begin(info, SPW_ATTRS_PEER | SPW_ATTR(PEER_ADDR4) |
			   SPW_ATTR(PEER_ADDR6) |
			   SPW_ATTR(PEER_PORT) | SPW_ATTR(PEER_WEIGHT) |
			   SPW_ATTR(PEER_ADMIN));
	if (IS_ERR(spw))
		return PTR_ERR(spw);
	peer = spw_nl_peer(spw, info);
	err = IS_ERR(peer) ? PTR_ERR(peer) : peer_change(peer, info);
	spw_nl_end(spw);
	return err;
}

/**
 * spw_nl_peer_del() - PEER_DEL
 * @skb: request
 * @info: request
 */
int spw_nl_peer_del(struct sk_buff *skb, struct genl_info *info)
{
	struct spw_device *spw = spw_nl_begin(info, SPW_ATTRS_PEER);
	struct spw_peer *peer;

	if (IS_ERR(spw))
		return PTR_ERR(spw);
	peer = spw_nl_peer(spw, info);
	if (!IS_ERR(peer))
		spw_peer_remove(peer);
	spw_nl_end(spw);
	return PTR_ERR_OR_ZERO(peer);
}

static int add_tx_key(struct spw_peer *peer, struct genl_info *info, u32 id)
{
	struct nlattr *pn = info->attrs[SPILLWAY_A_KEY_FIRST_PN];
	u64 first_pn = pn ? nla_get_u64(pn) : 0;
	int err;

	/* The last numbers must not wrap. */
	if (first_pn >= U64_MAX / 2) {
		NL_SET_ERR_MSG_ATTR(info->extack, pn, "must be below 2^63");
		return -ERANGE;
	}
	err = spw_peer_add_tx_key(peer, id,
				  nla_data(info->attrs[SPILLWAY_A_KEY]),
				  first_pn);
	if (err == -EINVAL)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    pn ?: info->attrs[SPILLWAY_A_KEY],
				    "this key has used packet numbers up to there or above");
	return err;
}

static int add_key(struct spw_peer *peer, struct genl_info *info)
{
	u32 id = nla_get_u32(info->attrs[SPILLWAY_A_KEY_ID]);
	struct nlattr *pn = info->attrs[SPILLWAY_A_KEY_FIRST_PN];
	int err;

	if (nla_get_u8(info->attrs[SPILLWAY_A_KEY_DIRECTION]) == SPILLWAY_KEY_TX)
		return add_tx_key(peer, info, id);
	if (pn) {
		NL_SET_ERR_MSG_ATTR(info->extack, pn, "for transmit keys only");
		return -EINVAL;
	}
	err = spw_peer_add_rx_key(peer, id,
				  nla_data(info->attrs[SPILLWAY_A_KEY]));
	if (err == -EEXIST)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SPILLWAY_A_KEY_ID],
				    "another key has this id");
	return err;
}

/**
 * spw_nl_key_new() - KEY_NEW
 * @skb: request
 * @info: request; the key is wiped from it
 */
int spw_nl_key_new(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *secret = info->attrs[SPILLWAY_A_KEY];
	struct spw_device *spw;
	struct spw_peer *peer;
	int err;

	spw = spw_nl_begin(info, SPW_ATTRS_PEER | SPW_ATTR(KEY_DIRECTION) |
			   SPW_ATTR(KEY_ID) | SPW_ATTR(KEY) |
			   SPW_ATTR(KEY_FIRST_PN));
	err = PTR_ERR_OR_ZERO(spw);
	if (err)
		goto wipe;
	peer = spw_nl_peer(spw, info);
	if (IS_ERR(peer))
		err = PTR_ERR(peer);
	else if (GENL_REQ_ATTR_CHECK(info, SPILLWAY_A_KEY_DIRECTION) ||
		 GENL_REQ_ATTR_CHECK(info, SPILLWAY_A_KEY_ID) ||
		 GENL_REQ_ATTR_CHECK(info, SPILLWAY_A_KEY))
		err = -EINVAL;
	else
		err = add_key(peer, info);
	if (!err)
		spw_health_kick(spw);
	spw_nl_end(spw);
wipe:
	if (secret)
		memzero_explicit(nla_data(secret), nla_len(secret));
	return err;
}

/**
 * spw_nl_key_del() - KEY_DEL
 * @skb: request
 * @info: request
 */
int spw_nl_key_del(struct sk_buff *skb, struct genl_info *info)
{
	struct spw_device *spw = spw_nl_begin(info, SPW_ATTRS_PEER);
	struct spw_peer *peer;

	if (IS_ERR(spw))
		return PTR_ERR(spw);
	peer = spw_nl_peer(spw, info);
	if (!IS_ERR(peer)) {
		spw_relay_return_all(spw, peer, SPILLWAY_REASON_PEER_NO_KEY);
		spw_health_leave(spw, peer);
		spw_peer_drop_keys(peer);
	}
	spw_nl_end(spw);
	return PTR_ERR_OR_ZERO(peer);
}
