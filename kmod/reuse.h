/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A new connection of the same four numbers as one that has moved. */
#ifndef _SPW_REUSE_H
#define _SPW_REUSE_H

#include <linux/types.h>

struct sk_buff;
struct spw_gate;

bool spw_reuse_over(const struct spw_gate *gate, const struct sk_buff *skb);
bool spw_reuse_ends(struct spw_gate *gate, struct sk_buff *skb);

#endif /* _SPW_REUSE_H */
