/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inbound: datagrams become inner packets and heartbeats. */
#ifndef _SPW_RECEIVE_H
#define _SPW_RECEIVE_H

struct sk_buff;
struct spw_device;

void spw_receive(struct spw_device *spw, struct sk_buff *skb);

#endif /* _SPW_RECEIVE_H */
