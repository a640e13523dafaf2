/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inner packets go up the stack. */
#ifndef _SPW_DELIVER_H
#define _SPW_DELIVER_H

#include <linux/types.h>

struct list_head;
struct sk_buff;
struct spw_inner;
struct spw_peer;

void spw_deliver(struct spw_peer *peer, struct sk_buff *skb, u8 outer_tos,
		 const struct spw_inner *inner, unsigned int segs, bool partial);
void spw_deliver_later(struct spw_peer *peer, struct sk_buff *skb,
		       const struct spw_inner *inner, struct list_head *list);

#endif /* _SPW_DELIVER_H */
