/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the netlink rooms share: objects of a request, and the handlers. */
#ifndef _SPW_NETLINK_OPS_H
#define _SPW_NETLINK_OPS_H

#include <linux/spillway.h>
#include <net/genetlink.h>

struct spw_conn;
struct spw_conn_info;
struct spw_device;
struct spw_job;
struct spw_peer;
struct spw_tuple;

/* One bit for each attribute that an operation takes. */
#define SPW_ATTR(name)	BIT_ULL(SPILLWAY_A_##name)
#define SPW_ATTRS_DEVICE (SPW_ATTR(IFINDEX) | SPW_ATTR(IFNAME))
#define SPW_ATTRS_PEER	(SPW_ATTR(PEER_ID) | SPW_ATTR(PEER_NAME))

extern struct genl_family spw_genl_family;

int spw_nl_only(struct nlattr **attrs, u64 allowed,
		struct netlink_ext_ack *extack);
struct spw_device *spw_nl_device(struct net *net, struct nlattr **attrs,
				 struct netlink_ext_ack *extack);
struct spw_device *spw_nl_begin(struct genl_info *info, u64 allowed);
void spw_nl_end(struct spw_device *spw);
struct spw_peer *spw_nl_peer(struct spw_device *spw, struct genl_info *info);

int spw_nl_put_device(struct sk_buff *skb, struct spw_device *spw);
int spw_nl_put_peer(struct sk_buff *skb, struct spw_peer *peer);
int spw_nl_put_tuple(struct sk_buff *skb, u8 family, const struct spw_tuple *t);
int spw_nl_put_conn(struct sk_buff *skb, struct spw_device *spw,
		    struct spw_conn *conn, const struct spw_conn_info *info);

int spw_nl_peer_get(struct sk_buff *skb, struct genl_info *info);
int spw_nl_peer_dump(struct sk_buff *skb, struct netlink_callback *cb);
int spw_nl_peer_new(struct sk_buff *skb, struct genl_info *info);
int spw_nl_peer_set(struct sk_buff *skb, struct genl_info *info);
int spw_nl_peer_del(struct sk_buff *skb, struct genl_info *info);
int spw_nl_key_new(struct sk_buff *skb, struct genl_info *info);
int spw_nl_key_del(struct sk_buff *skb, struct genl_info *info);

int spw_nl_conn_get(struct sk_buff *skb, struct genl_info *info);
int spw_nl_conn_dump(struct sk_buff *skb, struct netlink_callback *cb);
int spw_nl_conn_done(struct netlink_callback *cb);

int spw_nl_hosted_dump(struct sk_buff *skb, struct netlink_callback *cb);

int spw_nl_offload(struct sk_buff *skb, struct genl_info *info);
int spw_nl_recall(struct sk_buff *skb, struct genl_info *info);
int spw_nl_replicate(struct sk_buff *skb, struct genl_info *info);
int spw_nl_unreplicate(struct sk_buff *skb, struct genl_info *info);
int spw_nl_handoff(struct sk_buff *skb, struct genl_info *info);

int spw_nl_job_read(const struct nlattr *nest, enum spillway_job_attr which, u32 *value,
		    struct netlink_ext_ack *extack);
int spw_nl_put_job(struct sk_buff *skb, const struct spw_device *spw,
		   const struct spw_job *job);
int spw_nl_put_moved(struct sk_buff *skb, const struct spw_peer *peer, u8 role, u8 family,
		     const struct spw_tuple *tuple);
int spw_nl_job_get(struct sk_buff *skb, struct genl_info *info);
int spw_nl_job_dump(struct sk_buff *skb, struct netlink_callback *cb);
int spw_nl_job_cancel(struct sk_buff *skb, struct genl_info *info);
int spw_nl_moved_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _SPW_NETLINK_OPS_H */
