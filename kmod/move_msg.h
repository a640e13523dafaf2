/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two nodes say of a move, as bytes and as a struct. Pure. */
#ifndef _SPW_MOVE_MSG_H
#define _SPW_MOVE_MSG_H

#include "messages.h"
#include "move.h"

/**
 * struct spw_move_msg - one message; all that does not belong to its kind is 0
 * @kind: &enum spw_move_event, one of the messages
 * @reason: &enum spw_move_reason, of REFUSED, which has one, and GONE, which may
 * @family: 4 or 6, of RESERVE, STILL and those with a third node
 * @lport: port of the origin's end, big-endian, likewise
 * @rport: port of the far end, likewise
 * @instance: the origin's, never 0
 * @id: of the move in that life of the origin; 0 of HELLO and HELLO_BACK, which have
 *	the sender's instance, else never
 * @size: bytes of the image or patch; of RESERVE what is to be expected, of IMAGE, GIVE,
 *	AHEAD and PATCH those that follow, of TAKEN those that are kept. Of RESERVED 1
 *	where GIVE may come, of COMMITTED microseconds since the image or COMMIT came
 * @laddr: address of the origin's end, likewise; of IPv4 the first 4 bytes
 * @raddr: of the far end
 * @conn: origin's id of the connection, of RESERVE, never 0
 * @direction: who opened it, &enum spillway_conn_direction, of RESERVE
 * @third: node id, of FOLLOW, FOLLOWS, WENT_ON, SHORTER, STAYS and LED, never 0
 * @question: its number, or that of the question that this answers, of LED 0
 * @third_instance: of that node, likewise
 * @third_id: of the move from there or to there, likewise
 * @image: of those three, in the buffer that was read
 */
struct spw_move_msg {
	__u8 kind;
	__u8 reason;
	__u8 family;
	__be16 lport;
	__be16 rport;
	__u32 instance;
	__u64 id;
	__u32 size;
	__u8 laddr[16];
	__u8 raddr[16];
	__u64 conn;
	__u8 direction;
	__u16 third;
	__u16 question;
	__u32 third_instance;
	__u64 third_id;
	const __u8 *image;
};

static inline bool spw_move_msg_has_third(__u8 kind)
{
	return kind >= SPW_MOVE_FOLLOW && kind <= SPW_MOVE_LED;
}

static inline bool spw_move_msg_has_tuple(__u8 kind)
{
	return kind == SPW_MOVE_RESERVE || kind == SPW_MOVE_STILL ||
	       spw_move_msg_has_third(kind);
}

static inline bool spw_move_msg_has_patch(__u8 kind)
{
	return kind == SPW_MOVE_PATCH || kind == SPW_MOVE_GIVE_PATCH;
}

/* Or a patch. */
static inline bool spw_move_msg_has_image(__u8 kind)
{
	return kind == SPW_MOVE_IMAGE || kind == SPW_MOVE_GIVE || kind == SPW_MOVE_AHEAD ||
	       spw_move_msg_has_patch(kind);
}

__u32 spw_move_msg_size(const void *data, __u32 len);
int spw_move_msg_parse(const void *data, __u32 len, struct spw_move_msg *msg);
__u32 spw_move_msg_build(void *data, const struct spw_move_msg *msg);

#endif /* _SPW_MOVE_MSG_H */
