// SPDX-License-Identifier: GPL-2.0-or-later
/* control_msg: the messages on a control connection. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "control_msg.h"

/* Length of each type's body; a type that is not there is unknown. */
static const struct {
	uint8_t known;
	uint8_t body;
} types[] = {
	[CONTROL_HELLO] = { 1, 12 },
	[CONTROL_READY] = { 1, 4 },
	[CONTROL_DONE] = { 1, 0 },
	[CONTROL_PING] = { 1, 0 },
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static void put16(uint8_t *to, uint16_t value)
{
	value = htobe16(value);
	memcpy(to, &value, sizeof(value));
}

static void put32(uint8_t *to, uint32_t value)
{
	value = htobe32(value);
	memcpy(to, &value, sizeof(value));
}

static void put64(uint8_t *to, uint64_t value)
{
	value = htobe64(value);
	memcpy(to, &value, sizeof(value));
}

static uint16_t get16(const uint8_t *from)
{
	uint16_t value;

	memcpy(&value, from, sizeof(value));
	return be16toh(value);
}

static uint32_t get32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return be32toh(value);
}

static uint64_t get64(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return be64toh(value);
}

size_t control_msg_build(const struct control_msg *msg, uint8_t bytes[CONTROL_MSG_MAX])
{
	uint8_t *body = bytes + CONTROL_MSG_HDR;

	bytes[0] = CONTROL_MSG_VERSION;
	bytes[1] = msg->type;
	put16(bytes + 2, types[msg->type].body);
	if (msg->type == CONTROL_HELLO) {
		put16(body, msg->from);
		put16(body + 2, msg->to);
		put64(body + 4, msg->epoch);
	} else if (msg->type == CONTROL_READY) {
		put32(body, msg->key_id);
	}
	return CONTROL_MSG_HDR + (size_t)types[msg->type].body;
}

static void parse_body(const uint8_t *body, struct control_msg *msg)
{
	if (msg->type == CONTROL_HELLO) {
		msg->from = get16(body);
		msg->to = get16(body + 2);
		msg->epoch = get64(body + 4);
	} else if (msg->type == CONTROL_READY) {
		msg->key_id = get32(body);
	}
}

ssize_t control_msg_parse(const uint8_t *bytes, size_t len, struct control_msg *msg)
{
	size_t whole;

	memset(msg, 0, sizeof(*msg));
	if (len && bytes[0] != CONTROL_MSG_VERSION)
		return -EPROTONOSUPPORT;
	if (len < CONTROL_MSG_HDR)
		return 0;
	msg->type = bytes[1];
	if (msg->type >= TYPES || !types[msg->type].known ||
	    get16(bytes + 2) != types[msg->type].body)
		return -EBADMSG;
	whole = CONTROL_MSG_HDR + (size_t)types[msg->type].body;
	if (len < whole)
		return 0;
	parse_body(bytes + CONTROL_MSG_HDR, msg);
	return (ssize_t)whole;
}
