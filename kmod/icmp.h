/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP errors about packets of endpoints that moved. */
#ifndef _SPW_ICMP_H
#define _SPW_ICMP_H

#include <linux/types.h>

#include "gate.h"

struct sk_buff;
struct spw_device;
struct spw_peer;

enum spw_gate_verdict spw_icmp_packet(struct spw_device *spw, struct sk_buff *skb,
				      u8 family);
bool spw_icmp_admit(const struct spw_peer *peer, const struct sk_buff *skb, bool six);

#endif /* _SPW_ICMP_H */
