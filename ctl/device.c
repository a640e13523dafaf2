// SPDX-License-Identifier: GPL-2.0-or-later
/* device: the tunnel's netdevice by rtnetlink. */
#include <errno.h>
#include <linux/spillway.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <string.h>

#include "device.h"

/* libnl has error numbers of its own and keeps the kernel's to itself. */
static int to_errno(int nlerr)
{
	switch (-nlerr) {
	case NLE_SUCCESS:
		return 0;
	case NLE_OBJ_NOTFOUND:
	case NLE_NODEV:
		return -ENODEV;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_PERM:
		return -EPERM;
	case NLE_NOACCESS:
		return -EACCES;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_BUSY:
		return -EBUSY;
	case NLE_RANGE:
		return -ERANGE;
	case NLE_INVAL:
		return -EINVAL;
	default:
		return -EIO;
	}
}

static int fail(int nlerr, char *error, size_t size, const char *name, const char *what)
{
	/* The kernel's own want of memory, or that of its answer (netlink_ack()). */
	snprintf(error, size, "%s: %s: %s%s", name, what, nl_geterror(nlerr),
		 nlerr == -NLE_NOMEM ? ": or the answer is lost, it may have been done" : "");
	return to_errno(nlerr);
}

static struct nl_sock *route_socket(char *error, size_t size)
{
	struct nl_sock *sock = nl_socket_alloc();
	int ret;

	if (!sock) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	ret = nl_connect(sock, NETLINK_ROUTE);
	if (!ret)
		return sock;
	snprintf(error, size, "rtnetlink: %s", nl_geterror(ret));
	nl_socket_free(sock);
	return NULL;
}

/* 1: a device of our kind; 0: none; negative: one of another kind, or an error. */
static int look(struct nl_sock *sock, const char *name, unsigned int *flags, char *error,
		size_t size)
{
	struct rtnl_link *link;
	const char *kind;
	int ret;

	ret = rtnl_link_get_kernel(sock, 0, name, &link);
	if (ret == -NLE_OBJ_NOTFOUND || ret == -NLE_NODEV)
		return 0;
	if (ret)
		return fail(ret, error, size, name, "cannot be read");
	kind = rtnl_link_get_type(link);
	*flags = rtnl_link_get_flags(link);
	ret = 1;
	if (!kind || strcmp(kind, SPILLWAY_LINK_KIND)) {
		snprintf(error, size, "%s: is a device of kind %s, not %s", name,
			 kind ? kind : "none", SPILLWAY_LINK_KIND);
		ret = -EEXIST;
	}
	rtnl_link_put(link);
	return ret;
}

static int make(struct nl_sock *sock, const char *name, char *error, size_t size)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int ret;

	if (!link)
		return fail(-NLE_NOMEM, error, size, name, "cannot be made");
	rtnl_link_set_name(link, name);
	ret = rtnl_link_set_type(link, SPILLWAY_LINK_KIND);
	if (!ret)
		ret = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(link);
	if (ret == -NLE_OPNOTSUPP) {
		snprintf(error, size, "%s: the kernel has no %s device: is the module there?", name,
			 SPILLWAY_LINK_KIND);
		return -EOPNOTSUPP;
	}
	return ret ? fail(ret, error, size, name, "cannot be made") : 0;
}

int device_ensure(const char *name, bool create, bool *made, char *error, size_t size)
{
	struct nl_sock *sock = route_socket(error, size);
	unsigned int flags;
	int ret;

	*made = false;
	if (!sock)
		return -ENOMEM;
	ret = look(sock, name, &flags, error, size);
	if (!ret && create) {
		ret = make(sock, name, error, size);
		*made = !ret;
	} else if (!ret) {
		snprintf(error, size, "%s: no such device, and node.create is false", name);
		ret = -ENODEV;
	}
	nl_socket_free(sock);
	return ret < 0 ? ret : 0;
}

int device_set_up(const char *name, bool up, char *error, size_t size)
{
	struct nl_sock *sock = route_socket(error, size);
	struct rtnl_link *link, *change;
	int ret;

	if (!sock)
		return -ENOMEM;
	change = rtnl_link_alloc();
	ret = change ? rtnl_link_get_kernel(sock, 0, name, &link) : -NLE_NOMEM;
	if (!ret) {
		if (up)
			rtnl_link_set_flags(change, IFF_UP);
		else
			rtnl_link_unset_flags(change, IFF_UP);
		ret = rtnl_link_change(sock, link, change, 0);
		rtnl_link_put(link);
	}
	rtnl_link_put(change);
	nl_socket_free(sock);
	return ret ? fail(ret, error, size, name, up ? "cannot be set up" : "cannot be set down") :
		     0;
}

static int add_address(struct nl_sock *sock, int ifindex, const struct address *address)
{
	struct nl_addr *local = nl_addr_build(address->family, &address->v6, address_size(address));
	struct rtnl_addr *addr = rtnl_addr_alloc();
	int ret = -NLE_NOMEM;

	if (local && addr) {
		rtnl_addr_set_ifindex(addr, ifindex);
		ret = rtnl_addr_set_local(addr, local);
	}
	if (!ret)
		ret = rtnl_addr_add(sock, addr, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_addr_put(addr);
	nl_addr_put(local);
	return ret == -NLE_EXIST ? 0 : ret;
}

int device_add_address(const char *name, const struct address *address, char *error, size_t size)
{
	struct nl_sock *sock = route_socket(error, size);
	unsigned int ifindex;
	int ret;

	if (!sock)
		return -ENOMEM;
	ifindex = if_nametoindex(name);
	ret = ifindex ? add_address(sock, (int)ifindex, address) : -NLE_NODEV;
	nl_socket_free(sock);
	return ret ? fail(ret, error, size, name, "address cannot be added") : 0;
}

int device_is_up(const char *name, char *error, size_t size)
{
	struct nl_sock *sock = route_socket(error, size);
	unsigned int flags = 0;
	int ret;

	if (!sock)
		return -ENOMEM;
	ret = look(sock, name, &flags, error, size);
	nl_socket_free(sock);
	if (!ret) {
		snprintf(error, size, "%s: no such device", name);
		return -ENODEV;
	}
	return ret < 0 ? ret : !!(flags & IFF_UP);
}

int device_delete(const char *name, char *error, size_t size)
{
	struct nl_sock *sock = route_socket(error, size);
	struct rtnl_link *link;
	unsigned int flags;
	int ret;

	if (!sock)
		return -ENOMEM;
	ret = look(sock, name, &flags, error, size);
	if (ret > 0) {
		link = rtnl_link_alloc();
		if (link)
			rtnl_link_set_name(link, name);
		ret = link ? rtnl_link_delete(sock, link) : -NLE_NOMEM;
		rtnl_link_put(link);
		if (ret)
			ret = fail(ret, error, size, name, "cannot be deleted");
	}
	nl_socket_free(sock);
	return ret;
}
