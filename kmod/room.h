/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Room around a packet, and who is charged for it. */
#ifndef _SPW_ROOM_H
#define _SPW_ROOM_H

#include <linux/types.h>

struct sk_buff;

bool spw_charged(const struct sk_buff *skb);
void spw_charge_move(struct sk_buff *to, struct sk_buff *from);
struct sk_buff *spw_room_make(struct sk_buff *skb, unsigned int head);

#endif /* _SPW_ROOM_H */
