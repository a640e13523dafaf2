// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netdev: bytes of the uplink, sent and received, against its rate: 64-bit counters
 * over rtnetlink (IFLA_STATS64), so that it is the device of spilld's own network
 * namespace whatever is mounted at /sys.
 *
 * Unit: bytes a second, of the busier direction: an uplink that is full one way is full.
 */
#include <errno.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include "metrics/metrics.h"
#include "metrics/rate.h"

struct netdev {
	struct nl_sock *sock;
	int ifindex;
	struct metrics_rate tx;
	struct metrics_rate rx;
};

static int netdev_open(struct metrics_source *source)
{
	struct netdev *netdev = source->priv;

	netdev->sock = nl_socket_alloc();
	if (!netdev->sock)
		return -ENOMEM;
	if (nl_connect(netdev->sock, NETLINK_ROUTE)) {
		nl_socket_free(netdev->sock);
		return -ENOTCONN;
	}
	return 0;
}

static void netdev_close(struct metrics_source *source)
{
	struct netdev *netdev = source->priv;

	nl_socket_free(netdev->sock);
}

/* Another device of the same name has counters of its own. */
static void note_ifindex(struct netdev *netdev, int ifindex)
{
	if (netdev->ifindex == ifindex)
		return;
	netdev->ifindex = ifindex;
	netdev->tx.valid = false;
	netdev->rx.valid = false;
}

static int netdev_read(struct metrics_source *source, uint64_t now_ns,
		       struct metrics_reading *reading)
{
	struct netdev *netdev = source->priv;
	struct rtnl_link *link;
	double tx, rx;
	int ret, ret_rx;

	ret = rtnl_link_get_kernel(netdev->sock, 0, source->where->uplink, &link);
	if (ret)
		return ret == -NLE_OBJ_NOTFOUND || ret == -NLE_NODEV ? -ENODEV : -EIO;
	note_ifindex(netdev, rtnl_link_get_ifindex(link));
	ret = metrics_rate_step(&netdev->tx, rtnl_link_get_stat(link, RTNL_LINK_TX_BYTES), now_ns,
				&tx);
	ret_rx = metrics_rate_step(&netdev->rx, rtnl_link_get_stat(link, RTNL_LINK_RX_BYTES),
				   now_ns, &rx);
	rtnl_link_put(link);
	if (ret || ret_rx)
		return -EAGAIN;
	reading->tx = tx;
	reading->rx = rx;
	reading->used = tx > rx ? tx : rx;
	reading->capacity = (double)source->where->uplink_rate;
	return 0;
}

const struct metrics_ops metrics_netdev = {
	.name = "uplink",
	.priv_size = sizeof(struct netdev),
	.open = netdev_open,
	.read = netdev_read,
	.close = netdev_close,
};
