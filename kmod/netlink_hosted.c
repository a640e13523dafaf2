// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about connections that this node relays for its peers. */
#include <net/genetlink.h>

#include "compat.h"
#include "device.h"
#include "hosted.h"
#include "netlink_ops.h"
#include "peer.h"

static int put_addrs(struct sk_buff *skb, const struct spw_notice *notice)
{
	struct in6_addr laddr, raddr;
	__be32 laddr4, raddr4;

	if (notice->family == 4) {
		memcpy(&laddr4, notice->laddr, sizeof(laddr4));
		memcpy(&raddr4, notice->raddr, sizeof(raddr4));
		return nla_put_in_addr(skb, SPILLWAY_A_LOCAL_ADDR4, laddr4) ||
		       nla_put_in_addr(skb, SPILLWAY_A_REMOTE_ADDR4, raddr4);
	}
	memcpy(&laddr, notice->laddr, sizeof(laddr));
	memcpy(&raddr, notice->raddr, sizeof(raddr));
	return nla_put_in6_addr(skb, SPILLWAY_A_LOCAL_ADDR6, &laddr) ||
	       nla_put_in6_addr(skb, SPILLWAY_A_REMOTE_ADDR6, &raddr);
}

static int put_hosted(struct sk_buff *skb, const struct spw_peer *peer,
		      const struct spw_notice *notice)
{
	return nla_put_u32(skb, SPILLWAY_A_IFINDEX, peer->spw->dev->ifindex) ||
	       nla_put_u64_64bit(skb, SPILLWAY_A_CONN_ID, notice->id,
				 SPILLWAY_A_PAD) ||
	       nla_put_u8(skb, SPILLWAY_A_CONN_ROLE, SPILLWAY_ROLE_HOSTED) ||
	       nla_put_u16(skb, SPILLWAY_A_PEER_ID, peer->id) ||
	       nla_put_string(skb, SPILLWAY_A_PEER_NAME, peer->name) ||
	       put_addrs(skb, notice) ||
	       nla_put_u16(skb, SPILLWAY_A_LOCAL_PORT, ntohs(notice->lport)) ||
	       nla_put_u16(skb, SPILLWAY_A_REMOTE_PORT, ntohs(notice->rport)) ?
	       -EMSGSIZE : 0;
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct spw_peer *peer, const struct spw_notice *notice)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &spw_genl_family,
				NLM_F_MULTI, SPILLWAY_CMD_HOSTED_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (put_hosted(skb, peer, notice)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* args[1] is the next connection's id, 0 where another peer begins. */
static int dump_peer(struct sk_buff *skb, struct netlink_callback *cb,
		     struct spw_peer *peer)
{
	struct spw_notice *notice;
	unsigned long id;
	int err = 0;

	mutex_lock(&peer->hosted.lock);
	xa_for_each_start(&peer->hosted.conns, id, notice, cb->args[1]) {
		cb->args[1] = id;
		err = dump_one(skb, cb, peer, notice);
		if (err)
			break;
	}
	mutex_unlock(&peer->hosted.lock);
	if (!err)
		cb->args[1] = 0;
	return err;
}

static int which_peer(struct spw_device *spw, struct nlattr **attrs,
		      struct spw_peer **peer, struct netlink_ext_ack *extack)
{
	struct nlattr *id = attrs[SPILLWAY_A_PEER_ID];
	struct nlattr *name = attrs[SPILLWAY_A_PEER_NAME];

	*peer = NULL;
	if (!id && !name)
		return 0;
	*peer = id ? spw_peer_by_id(spw, nla_get_u16(id)) :
		     spw_peer_by_name(spw, nla_data(name));
	if (*peer)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, id ?: name, "no such peer");
	return -ENOENT;
}

static int dump(struct sk_buff *skb, struct netlink_callback *cb,
		struct spw_device *spw, struct nlattr **attrs)
{
	struct spw_peer *peer, *only;
	unsigned long id;
	int err;

	err = which_peer(spw, attrs, &only, cb->extack);
	if (err)
		return err;
	xa_for_each_start(&spw->peers, id, peer, cb->args[0]) {
		/* Another one than that of the last part, which was deleted. */
		if (id != cb->args[0])
			cb->args[1] = 0;
		cb->args[0] = id;
		if (only && peer != only)
			continue;
		err = dump_peer(skb, cb, peer);
		if (err)
			return err;
		cb->args[0] = id + 1;
	}
	return 0;
}

/**
 * spw_nl_hosted_dump() - HOSTED_GET, dump: one part
 * @skb: reply
 * @cb: args[0] is the peer's id, args[1] the connection's: where to go on
 */
int spw_nl_hosted_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = spw_compat_dump_attrs(cb);
	struct spw_device *spw;
	int err;

	err = spw_nl_only(attrs, SPW_ATTRS_DEVICE | SPW_ATTRS_PEER, cb->extack);
	if (err)
		return err;
	spw = spw_nl_device(sock_net(skb->sk), attrs, cb->extack);
	if (IS_ERR(spw))
		return PTR_ERR(spw);
	mutex_lock(&spw->lock);
	err = dump(skb, cb, spw, attrs);
	spw_nl_end(spw);
	return skb->len ?: err;
}
