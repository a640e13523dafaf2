/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control_msg: the messages on a control connection, all fields big-endian. Pure.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +---------------+---------------+-------------------------------+
 *  | version = 1   | type          | length of the body            |
 *  +---------------+---------------+-------------------------------+
 *  | body ...
 *
 * HELLO, from the node that dialled: who it is and whom it means, and the number that
 * the data keys of this connection are derived with.
 *
 *  +-------------------------------+-------------------------------+
 *  | sender's node id              | receiver's node id            |
 *  +-------------------------------+-------------------------------+
 *  | epoch (64 bits)                                               |
 *  |                                                               |
 *  +---------------------------------------------------------------+
 *
 * READY: the sender opens what is sealed with this connection's key from now on, and
 * wants to see it under this id.
 *
 *  +---------------------------------------------------------------+
 *  | key id                                                        |
 *  +---------------------------------------------------------------+
 *
 * DONE, from the node that was dialled: it seals with its key. PING: nothing, but it is
 * heard. Both without a body.
 */
#ifndef SPILLWAY_CTL_CONTROL_MSG_H
#define SPILLWAY_CTL_CONTROL_MSG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTROL_MSG_VERSION 1
#define CONTROL_MSG_HDR     4
#define CONTROL_MSG_MAX     16 /* longest, with its header */

enum control_msg_type {
	CONTROL_HELLO = 1,
	CONTROL_READY = 2,
	CONTROL_DONE = 3,
	CONTROL_PING = 4,
};

/**
 * struct control_msg - one message
 * @type: &enum control_msg_type
 * @from: HELLO: node id of who dials
 * @to: HELLO: node id of who is dialled
 * @epoch: HELLO
 * @key_id: READY
 */
struct control_msg {
	uint8_t type;
	uint16_t from;
	uint16_t to;
	uint64_t epoch;
	uint32_t key_id;
};

/* Returns the length. */
size_t control_msg_build(const struct control_msg *msg, uint8_t bytes[CONTROL_MSG_MAX]);

/**
 * control_msg_parse() - the first message of what has come
 * @bytes: what has come
 * @len: how much
 * @msg: filled where one is complete
 *
 * Return: its length; 0: more is needed; -EPROTONOSUPPORT for another version,
 * -EBADMSG for an unknown type or a wrong length, both told by the header alone.
 */
ssize_t control_msg_parse(const uint8_t *bytes, size_t len, struct control_msg *msg);

#endif /* SPILLWAY_CTL_CONTROL_MSG_H */
