/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two nodes say of replicated connections, as bytes and as a struct. Pure. */
#ifndef _SPW_REPLICA_MSG_H
#define _SPW_REPLICA_MSG_H

#include "messages.h"

enum spw_replica_kind {
	SPW_REPLICA_NONE,
	/* of the origin */
	SPW_REPLICA_RESET,	/* the first of a stream: what was said before is void */
	SPW_REPLICA_WHOLE,	/* an image */
	SPW_REPLICA_CHANGE,	/* its difference from what was said of it last */
	SPW_REPLICA_END,	/* it is not replicated any more */
	SPW_REPLICA_ROUND,	/* the last of a message: to be acknowledged */
	/* of the target */
	SPW_REPLICA_ACK,	/* of all up to this round */
	SPW_REPLICA_REFUSED,	/* an image was not taken */

	__SPW_REPLICA_KIND_MAX
};

enum spw_replica_flags {
	SPW_REPLICA_RELAYED = 1,	/* of WHOLE: by the target */
	SPW_REPLICA_AGAIN = 1,		/* of REFUSED: as a whole, please */
};

/**
 * struct spw_replica_msg - one record; all that does not belong to its kind is 0
 * @kind: &enum spw_replica_kind
 * @flags: &enum spw_replica_flags, of WHOLE and REFUSED
 * @number: place of the connection, or the round
 * @id: of WHOLE: the origin's id of the connection, never 0
 * @data: of WHOLE and CHANGE: image or difference; in the buffer that was read
 * @len: its bytes
 */
struct spw_replica_msg {
	__u8 kind;
	__u8 flags;
	__u32 number;
	__u64 id;
	const __u8 *data;
	__u32 len;
};

int spw_replica_msg_parse(const void *data, __u32 len, struct spw_replica_msg *msg);
__u32 spw_replica_msg_build(void *data, const struct spw_replica_msg *msg);

#endif /* _SPW_REPLICA_MSG_H */
