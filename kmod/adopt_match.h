/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For which connection a socket waits: is it sound, and does a connection fit? Pure. */
#ifndef _SPW_ADOPT_MATCH_H
#define _SPW_ADOPT_MATCH_H

#include <linux/spillway.h>
#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

/**
 * struct spw_adopt_offer - a connection that is to come
 * @peer: name of its origin
 * @id: there
 * @family: of its packets, 4 or 6
 * @direction: &enum spillway_conn_direction
 * @lport: local port, host order
 * @rport: remote port
 * @raddr: address of the far end; of IPv4 the first 4 bytes
 */
struct spw_adopt_offer {
	const char *peer;
	__u64 id;
	__u8 family;
	__u8 direction;
	__u16 lport;
	__u16 rport;
	const __u8 *raddr;
};

int spw_adopt_check(const struct spillway_adopt *want);
bool spw_adopt_fits(const struct spillway_adopt *want, const struct spw_adopt_offer *offer);

#endif /* _SPW_ADOPT_MATCH_H */
