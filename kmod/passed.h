/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far each connection got that a peer sends through this node: by that a reset hits
 * the number that its remote expects, however old the replica is. One word for each
 * connection, found without a lock, a list or a keyed hash, and overwritten by whichever
 * shares its place: then what the replica says has to do.
 */
#ifndef _SPW_PASSED_H
#define _SPW_PASSED_H

#include <linux/bitops.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include "inner.h"
#include "replica.h"

static inline u32 spw_passed_fold(const struct in6_addr *a)
{
	return (__force u32)(a->s6_addr32[0] ^ a->s6_addr32[1] ^ a->s6_addr32[2] ^
			     a->s6_addr32[3]);
}

static inline u32 spw_passed_key(u32 from, u32 to, __be16 from_port, __be16 to_port)
{
	u32 ports = (__force u32)from_port << 16 | (__force u32)to_port;
	u32 key = (from ^ rol32(to, 13) ^ ports) * 0x9e3779b1U;

	return key ^ key >> 15;
}

static inline u64 *spw_passed_slot(u64 *passed, u32 key)
{
	return &passed[key >> (32 - SPW_PASSED_BITS)];
}

/**
 * spw_passed() - a packet of a peer goes on to its remote
 * @passed: of the peer
 * @skb: with both headers linear and found
 * @inner: its shape
 *
 * Softirq, on any CPU. Two at one time may lose one of the two numbers.
 */
static inline void spw_passed(u64 *passed, const struct sk_buff *skb,
			      const struct spw_inner *inner)
{
	const struct tcphdr *th = tcp_hdr(skb);
	u32 end = ntohl(th->seq) + skb->len - inner->hdr_len + th->fin;
	u32 from, to, key;
	u64 *slot, was;

	if (inner->family == 6) {
		from = spw_passed_fold(&ipv6_hdr(skb)->saddr);
		to = spw_passed_fold(&ipv6_hdr(skb)->daddr);
	} else {
		from = (__force u32)ip_hdr(skb)->saddr;
		to = (__force u32)ip_hdr(skb)->daddr;
	}
	key = spw_passed_key(from, to, th->source, th->dest);
	slot = spw_passed_slot(passed, key);
	was = READ_ONCE(*slot);
	/* What is sent again does not set it back. */
	if (was >> 32 != key || (s32)(end - (u32)was) > 0)
		WRITE_ONCE(*slot, (u64)key << 32 | end);
}

#endif /* _SPW_PASSED_H */
