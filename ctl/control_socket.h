/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_socket: addresses and the listening socket of control connections. */
#ifndef SPILLWAY_CTL_CONTROL_SOCKET_H
#define SPILLWAY_CTL_CONTROL_SOCKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "config_walk.h"

/* Where a peer is; returns the address' length. */
socklen_t control_socket_address(const struct config_endpoint *endpoint,
				 struct sockaddr_storage *to);

/* An address without its port, IPv4 mapped into IPv6 (RFC 4291 section 2.5.5.2). */
struct in6_addr control_socket_in6(const struct sockaddr *from);

bool control_socket_same_host(const struct sockaddr_storage *peer, const struct in6_addr *addr);

/* Both families on one port, or IPv4 alone; returns a descriptor or a negative errno. */
int control_socket_listen(uint16_t port);

#endif /* SPILLWAY_CTL_CONTROL_SOCKET_H */
