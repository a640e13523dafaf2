/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The netfilter hooks. */
#ifndef _SPW_HOOK_H
#define _SPW_HOOK_H

#include <linux/types.h>

struct sk_buff;
struct spw_device;

int spw_hook_register(struct spw_device *spw);
void spw_hook_unregister(struct spw_device *spw);
int spw_hook_arriving(struct spw_device *spw);
void spw_hook_not_arriving(struct spw_device *spw);

bool spw_hook_checksum(struct sk_buff *skb, u8 family);
bool spw_hook_icmp_checksum(struct sk_buff *skb, u8 family);

#endif /* _SPW_HOOK_H */
