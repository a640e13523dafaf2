/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notices: what has become of a relayed connection, as bytes and as a struct. Pure. */
#ifndef _SPW_NOTICE_H
#define _SPW_NOTICE_H

#include "messages.h"

/**
 * struct spw_notice - one notice; all that does not belong to its event is 0
 * @event: &enum spw_notice_event
 * @family: 4 or 6
 * @lport: port of the sender's end, big-endian
 * @rport: port of the far end, likewise
 * @id: of the connection on the sender
 * @laddr: address of the sender's end; of IPv4 the first 4 bytes
 * @raddr: of the far end
 */
struct spw_notice {
	__u8 event;
	__u8 family;
	__be16 lport;
	__be16 rport;
	__u64 id;
	__u8 laddr[16];
	__u8 raddr[16];
};

int spw_notice_parse(const void *data, struct spw_notice *notice);
void spw_notice_build(void *data, const struct spw_notice *notice);

#endif /* _SPW_NOTICE_H */
