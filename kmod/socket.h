/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UDP tunnel socket and the routes to the peers. */
#ifndef _SPW_SOCKET_H
#define _SPW_SOCKET_H

#include <linux/types.h>

struct rtable;
struct sk_buff;
struct spw_device;
struct spw_endpoint;
struct spw_peer;

int spw_socket_open(struct spw_device *spw);
void spw_socket_close(struct spw_device *spw);
struct rtable *spw_socket_route(struct spw_peer *peer,
				struct spw_endpoint *endpoint, __be32 *saddr);
int spw_socket_send(struct spw_peer *peer, struct sk_buff *skb,
		    struct rtable *rt, const struct spw_endpoint *endpoint,
		    __be32 saddr, u8 tos);

#endif /* _SPW_SOCKET_H */
