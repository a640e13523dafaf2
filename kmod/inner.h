/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inner packets: what relay carries, and which of them belong together. Pure. */
#ifndef _SPW_INNER_H
#define _SPW_INNER_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

enum spw_inner_len {
	SPW_INNER_IP4 = 20,
	SPW_INNER_IP6 = 40,
	SPW_INNER_TCP = 20,
	SPW_INNER_ICMP = 8,
	SPW_INNER_QUOTED = 8, /* of the segment: ports and number */
	SPW_INNER_ICMP4 = 2 * SPW_INNER_IP4 + SPW_INNER_ICMP + SPW_INNER_QUOTED,
	SPW_INNER_ICMP6 = 2 * SPW_INNER_IP6 + SPW_INNER_ICMP + SPW_INNER_QUOTED,
	/* IPv4's and TCP's largest, RFC 791 and RFC 9293 */
	SPW_INNER_HDR_MAX = 60 + 60,
	SPW_INNER_MAX = 65535,
};

/**
 * struct spw_inner - shape of an inner packet
 * @family: 4 or 6
 * @ip_len: bytes of its IP header
 * @icmp: an ICMP error instead of TCP: all of it counts as headers
 * @hdr_len: bytes of IP and TCP headers
 * @payload: bytes behind them
 */
struct spw_inner {
	__u8 family;
	bool icmp;
	__u8 ip_len;
	__u8 hdr_len;
	__u16 payload;
};

/**
 * struct spw_merge - packets of one connection that follow one another
 * @hdr: headers of the first, and of the whole once spw_merge_finish() was called
 * @shape: of the first
 * @count: packets, 0 if none
 * @payload: bytes in all of them
 * @closed: nothing may follow
 */
struct spw_merge {
	__u8 hdr[SPW_INNER_HDR_MAX];
	struct spw_inner shape;
	__u16 count;
	__u32 payload;
	bool closed;
};

int spw_inner_parse(const void *data, size_t len, struct spw_inner *inner);
void spw_merge_begin(struct spw_merge *m, const void *hdr,
		     const struct spw_inner *inner);
bool spw_merge_add(struct spw_merge *m, const void *hdr,
		   const struct spw_inner *inner);
void spw_merge_finish(struct spw_merge *m);

#endif /* _SPW_INNER_H */
