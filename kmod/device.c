// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The netdevice kind "spillway": one device in a network namespace, the root of all
 * that the node has. Its constructor's steps are undone in reverse by the way it
 * goes: netlink, the module's or the namespace's end.
 */
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/rtnetlink.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netns/generic.h>
#include <net/rtnetlink.h>

#include "adopt.h"
#include "app.h"
#include "compat.h"
#include "conntab.h"
#include "crypt.h"
#include "device.h"
#include "gate.h"
#include "health.h"
#include "hook.h"
#include "ipv6.h"
#include "messages.h"
#include "moves.h"
#include "netlink.h"
#include "peer.h"
#include "probe.h"
#include "relay.h"
#include "replica.h"
#include "send.h"
#include "socket.h"
#include "sockopt.h"
#include "sysfs.h"

static unsigned int spw_net_id __read_mostly;

/**
 * struct spw_net - what a namespace has of us
 * @spw: its device or NULL; RCU, changes under RTNL
 */
struct spw_net {
	struct spw_device __rcu *spw;
};

/*
 * Relayed packets have sources that are routed elsewhere, and are forwarded: the
 * device needs forwarding and no more than a loose reverse path filter, both for itself
 * alone. See spw_device_follow() for the latter.
 */
static void set_sysctls(struct net_device *dev)
{
	struct in_device *in_dev = __in_dev_get_rtnl(dev);

	spw_ipv6_set_sysctls(dev);
	if (!in_dev)
		return;
	IN_DEV_CONF_SET(in_dev, FORWARDING, 1);
	IN_DEV_CONF_SET(in_dev, SEND_REDIRECTS, 0);
	IN_DEV_CONF_SET(in_dev, RP_FILTER, 2);
	spw_device_follow(netdev_priv(dev));
}

static int spw_open_dev(struct net_device *dev)
{
	struct spw_device *spw = netdev_priv(dev);
	int err;

	set_sysctls(dev);
	err = spw_socket_open(spw);
	if (err)
		return err;
	spw_health_start(spw);
	spw_probe_start(spw);
	return 0;
}

static int spw_stop_dev(struct net_device *dev)
{
	struct spw_device *spw = netdev_priv(dev);

	mutex_lock(&spw->lock);
	spw_relay_return_all(spw, NULL, SPILLWAY_REASON_DEVICE_DOWN);
	spw_health_leave(spw, NULL);
	mutex_unlock(&spw->lock);
	spw_health_stop(spw);
	spw_socket_close(spw);
	spw_probe_stop(spw);
	return 0;
}

static int spw_init_dev(struct net_device *dev)
{
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	return dev->tstats ? 0 : -ENOMEM;
}

static void spw_uninit_dev(struct net_device *dev)
{
	struct spw_device *spw = netdev_priv(dev);

	spw_relay_exit(spw);
	free_percpu(dev->tstats);
}

static const struct net_device_ops netdev_ops = {
	.ndo_init = spw_init_dev,
	.ndo_uninit = spw_uninit_dev,
	.ndo_open = spw_open_dev,
	.ndo_stop = spw_stop_dev,
	.ndo_start_xmit = spw_send_xmit,
	.ndo_get_stats64 = dev_get_tstats64,
};

/* Last reference gone: nothing can reach the device any more. */
static void destruct(struct net_device *dev)
{
	struct spw_device *spw = netdev_priv(dev);

	spw_conntab_destroy(spw);
	spw_apps_destroy(spw);
	spw_gate_destroy(spw);
	spw_moves_free(spw);
	spw_replica_free(spw);
	xa_destroy(&spw->peers);
	xa_destroy(&spw->rx_keys);
	free_percpu(spw->stats);
	kvfree(spw->relayed);
	mutex_destroy(&spw->lock);
}

static const struct device_type device_type = { .name = SPILLWAY_LINK_KIND };

static void setup(struct net_device *dev)
{
	const netdev_features_t features = NETIF_F_HW_CSUM | NETIF_F_RXCSUM |
					   NETIF_F_SG | NETIF_F_HIGHDMA |
					   NETIF_F_GSO_SOFTWARE;

	SET_NETDEV_DEVTYPE(dev, &device_type);
	dev->netdev_ops = &netdev_ops;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->needed_headroom = LL_MAX_HEADER + SPW_LEN_OVERHEAD6;
	dev->needed_tailroom = SPW_LEN_TAG;
	/* Large on purpose: what is too big for the path is re-cut. */
	dev->mtu = IP_MAX_MTU;
	/* Below this the kernel takes IPv6 off a device. */
	dev->min_mtu = IPV6_MIN_MTU;
	dev->max_mtu = IP_MAX_MTU;
	dev->features |= features;
	dev->hw_features |= features;
	dev->hw_enc_features |= features;
	spw_compat_dev_flags(dev);
	dev->sysfs_groups[0] = &spw_sysfs_group;
	dev->needs_free_netdev = true;
}

/* Fields and tables of a device that nobody can find yet. */
static int construct(struct spw_device *spw, struct net_device *dev)
{
	int err;

	spw->dev = dev;
	spw->net = dev_net(dev);
	spw->port = SPILLWAY_PORT_DEFAULT;
	mutex_init(&spw->lock);
	spw_settings_init(&spw->settings);
	spw_apps_init(spw);
	spw_adopts_init(spw);
	xa_init(&spw->peers);
	xa_init(&spw->rx_keys);
	spw_health_init(spw);
	spw_probe_init(spw);
	spw->relayed = kvcalloc(SPW_RELAYED_SLOTS, sizeof(*spw->relayed), GFP_KERNEL);
	if (!spw->relayed)
		return -ENOMEM;
	err = -ENOMEM;
	spw->stats = alloc_percpu(struct spw_stats);
	if (!spw->stats)
		goto err_relayed;
	err = spw_gate_init(spw);
	if (err)
		goto err_stats;
	err = spw_moves_init(spw);
	if (err)
		goto err_gate;
	err = spw_replica_init(spw);
	if (err)
		goto err_moves;
	err = spw_conntab_init(spw);
	if (err)
		goto err_replica;
	return 0;

err_replica:
	spw_replica_free(spw);
err_moves:
	spw_moves_free(spw);
err_gate:
	spw_gate_destroy(spw);
err_stats:
	free_percpu(spw->stats);
err_relayed:
	kvfree(spw->relayed);
	return err;
}

/*
 * Unpublish first: no hook, no request finds the device after this; connections are
 * local again. unregister_netdevice() then waits out what is still under way.
 */
static void retire(struct spw_device *spw)
{
	mutex_lock(&spw->lock);
	spw->dying = true;
	spw_peer_remove_all(spw);
	mutex_unlock(&spw->lock);
	spw_moves_stop(spw);
	spw_adopts_stop(spw);
	spw_replica_stop(spw);
	spw_hook_unregister(spw);
	spw_conntab_stop(spw);
	spw_health_end(spw);
}

static int newlink(struct net *src_net, struct net_device *dev,
		   struct nlattr *tb[], struct nlattr *data[],
		   struct netlink_ext_ack *extack)
{
	struct spw_device *spw = netdev_priv(dev);
	struct spw_net *sn = net_generic(dev_net(dev), spw_net_id);
	int err;

	if (rtnl_dereference(sn->spw)) {
		NL_SET_ERR_MSG(extack, "this network namespace has a spillway device already");
		return -EEXIST;
	}
	err = construct(spw, dev);
	if (err)
		return err;
	err = register_netdevice(dev);
	if (err) {
		destruct(dev);
		return err;
	}
	/* From here the destructor runs when the netdevice is unregistered. */
	dev->priv_destructor = destruct;
	err = spw_relay_init(spw);
	if (err)
		goto err_unregister;
	err = spw_hook_register(spw);
	if (err)
		goto err_unregister;
	err = spw_sockopt_register();
	if (err)
		goto err_unregister;
	rcu_assign_pointer(sn->spw, spw);
	spw_conntab_start(spw);
	netdev_dbg(dev, "created\n");
	return 0;

err_unregister:
	retire(spw);
	unregister_netdevice(dev);
	return err;
}

static void dellink(struct net_device *dev, struct list_head *head)
{
	struct spw_device *spw = netdev_priv(dev);
	struct spw_net *sn = net_generic(dev_net(dev), spw_net_id);

	retire(spw);
	/* Whoever finds it before has a reference when its end begins to wait for these. */
	RCU_INIT_POINTER(sn->spw, NULL);
	spw_sockopt_unregister();
	netdev_dbg(dev, "destroyed\n");
	unregister_netdevice_queue(dev, head);
}

static struct rtnl_link_ops link_ops __read_mostly = {
	.kind = SPILLWAY_LINK_KIND,
	.priv_size = sizeof(struct spw_device),
	.setup = setup,
	.newlink = newlink,
	.dellink = dellink,
};

static struct pernet_operations pernet_ops = {
	.id = &spw_net_id,
	.size = sizeof(struct spw_net),
};

/**
 * spw_device_get() - the device of a namespace
 * @net: namespace
 *
 * Any context.
 *
 * Return: with a reference on its netdevice, to be dropped soon: whoever deletes it
 * waits for that; or NULL.
 */
struct spw_device *spw_device_get(const struct net *net)
{
	const struct spw_net *sn = net_generic(net, spw_net_id);
	struct spw_device *spw;

	rcu_read_lock();
	spw = rcu_dereference(sn->spw);
	if (spw)
		dev_hold(spw->dev);
	rcu_read_unlock();
	return spw;
}

/**
 * spw_device_is() - is a netdevice ours?
 * @dev: any
 */
bool spw_device_is(const struct net_device *dev)
{
	return dev->netdev_ops == &netdev_ops;
}

/**
 * spw_device_follow() - keep the reverse path filter of the device as loose as can be
 * @spw: device
 *
 * The greater of "all" and the device's own value counts, so where "all" is strict the
 * device's must be loose; where "all" is off the device needs none, which saves a lookup
 * for each packet that comes out of the tunnel. The operator may change "all" at any
 * time: this is asked again with each heartbeat. A strict filter is the operator's own
 * word and stays. Under RTNL or in process context.
 */
void spw_device_follow(struct spw_device *spw)
{
	struct in_device *in_dev;

	rcu_read_lock();
	in_dev = __in_dev_get_rcu(spw->dev);
	if (in_dev && IN_DEV_CONF_GET(in_dev, RP_FILTER) != 1)
		IN_DEV_CONF_SET(in_dev, RP_FILTER,
				IPV4_DEVCONF_ALL(spw->net, RP_FILTER) ? 2 : 0);
	rcu_read_unlock();
}

/**
 * spw_device_init() - make the kind known
 *
 * Return: 0 or a negative error.
 */
int __init spw_device_init(void)
{
	int err;

	err = register_pernet_subsys(&pernet_ops);
	if (err)
		return err;
	err = rtnl_link_register(&link_ops);
	if (err)
		unregister_pernet_subsys(&pernet_ops);
	return err;
}

/**
 * spw_device_exit() - delete all devices of all namespaces
 */
void spw_device_exit(void)
{
	rtnl_link_unregister(&link_ops);
	unregister_pernet_subsys(&pernet_ops);
}
