/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UDP tunnel sockets and the routes to the peers. */
#ifndef _SPW_SOCKET_H
#define _SPW_SOCKET_H

#include "peer.h"

struct sk_buff;
struct spw_device;

/**
 * struct spw_route - the outer way to a peer
 * @dst: with a reference
 * @endpoint: outer destination
 * @saddr4: outer source
 * @saddr6: outer source
 */
struct spw_route {
	struct dst_entry *dst;
	struct spw_endpoint endpoint;
	union {
		__be32 saddr4;
		struct in6_addr saddr6;
	};
};

int spw_socket_open(struct spw_device *spw);
void spw_socket_close(struct spw_device *spw);
int spw_socket_route(struct spw_peer *peer, struct spw_route *route);
int spw_socket_send(struct spw_peer *peer, struct sk_buff *skb,
		    const struct spw_route *route, u8 tos);

#endif /* _SPW_SOCKET_H */
