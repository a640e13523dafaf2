// SPDX-License-Identifier: GPL-2.0-or-later
/* control_socket: addresses and the listening socket of control connections. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "control_socket.h"

#define BACKLOG 128

socklen_t control_socket_address(const struct config_endpoint *endpoint,
				 struct sockaddr_storage *to)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
	struct sockaddr_in *in = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	to->ss_family = endpoint->addr.family;
	if (endpoint->addr.family == AF_INET6) {
		six->sin6_addr = endpoint->addr.v6;
		six->sin6_port = htons(endpoint->port);
		return sizeof(*six);
	}
	in->sin_addr = endpoint->addr.v4;
	in->sin_port = htons(endpoint->port);
	return sizeof(*in);
}

struct in6_addr control_socket_in6(const struct sockaddr *from)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;
	struct in6_addr addr = { 0 };

	if (from->sa_family == AF_INET6)
		return ((const struct sockaddr_in6 *)from)->sin6_addr;
	addr.s6_addr[10] = 0xff;
	addr.s6_addr[11] = 0xff;
	memcpy(&addr.s6_addr[12], &in->sin_addr, sizeof(in->sin_addr));
	return addr;
}

bool control_socket_same_host(const struct sockaddr_storage *peer, const struct in6_addr *addr)
{
	struct in6_addr mine = control_socket_in6((const struct sockaddr *)peer);

	return !memcmp(&mine, addr, sizeof(mine));
}

static int listen_on(const struct sockaddr *sa, socklen_t len)
{
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0, err;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    (sa->sa_family != AF_INET6 ||
	     !setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off))) &&
	    !bind(fd, sa, len) && !listen(fd, BACKLOG))
		return fd;
	err = errno;
	close(fd);
	return -err;
}

int control_socket_listen(uint16_t port)
{
	const struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = listen_on((const struct sockaddr *)&six, sizeof(six));

	/* No IPv6 in this kernel, or it is switched off. */
	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
		fd = listen_on((const struct sockaddr *)&four, sizeof(four));
	return fd;
}
